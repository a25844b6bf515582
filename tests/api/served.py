"""A real server for what a test client hides: bytes that are no HTTP body, streams, and a process whose memory can be watched."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.config import Config

PROGRAM = """
import socket, sys, uvicorn
from server.config import Config
from server.main import create_app
config = Config.from_env()
uvicorn.run(create_app(config), fd=int(sys.argv[1]), log_config=None, access_log=False, server_header=False, lifespan="on",
            proxy_headers=False, timeout_graceful_shutdown=1)
"""


class Server:
    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, process
        self.origin = f"http://127.0.0.1:{port}"

    def memory(self) -> int:
        """Resident bytes at most so far."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in text.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def raw(self, request: bytes, *, patience: float = 10) -> bytes:
        """Sends bytes and reads until the server closes or has nothing more to say."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as door:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before everything was read: what we want to see
                door.sendall(request)
            answer = b""
            try:
                while chunk := door.recv(65536):
                    answer += chunk
                    head, _, body = answer.partition(b"\r\n\r\n")
                    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                    if length and len(body) >= int(length[0].split(b":")[1]):
                        break
            except (TimeoutError, ConnectionResetError):
                pass
            return answer


@contextmanager
def serving(config: Config) -> Iterator[Server]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(door.fileno())], env=os.environ | config.to_env(), pass_fds=[door.fileno()],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port = door.getsockname()[1]
    try:
        server = Server(port, process)
        for _ in range(200):
            if process.poll() is not None:
                raise AssertionError("the server did not start")
            try:
                if b"200 OK" in server.raw(
                    b"GET /api/setup HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", patience=1
                ):
                    break
            except OSError:
                pass
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
