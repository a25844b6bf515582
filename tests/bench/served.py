"""Restow's own web processes on a free port, and clients that keep their connections, each a handheld of its own."""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from server.config import VARIABLES, Config
from tests.bench.shift import token

UP_WITHIN = 30.0


@contextmanager
def serving(database_url: str, folder: Path, processes: int = 1) -> Iterator[int]:
    """The port. The database has been made already."""
    config = Config.from_env({"RESTOW_DATA": str(folder), "DATABASE_URL": database_url, "RESTOW_LOG_LEVEL": "warning"})
    ours = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
    door = socket.create_server(("127.0.0.1", 0), backlog=256)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "server.cli", "web", "--fd", str(door.fileno())], env=ours | config.to_env(),
            pass_fds=[door.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        ) for _ in range(processes)
    ]  # fmt: skip
    port = door.getsockname()[1]
    try:
        until = time.monotonic() + UP_WITHIN
        while True:
            try:
                if Client(port, 0).get("/sync/v1/feeds"):
                    break
            except OSError:
                if time.monotonic() > until or any(process.poll() is not None for process in started):
                    raise
            time.sleep(0.1)
        yield port
    finally:
        door.close()
        for process in started:
            process.terminate()
        for process in started:
            process.wait(10)


class Client:
    def __init__(self, port: int, handheld: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {token(handheld)}", "Accept-Encoding": "gzip"}
        self.received = 0
        """Bytes of bodies, as they came over the wire."""

    def get(self, path: str) -> Any:
        return msgspec.json.decode(self._ask("GET", path, None, {}))

    def push(self, body: bytes, *, zipped: bool = False) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if zipped else {})
        return msgspec.json.decode(self._ask("POST", "/sync/v1/push", body, headers))

    def read_all(self, path: str) -> list[Any]:
        """Every page of a feed or list."""
        pages: list[Any] = []
        cursor = ""
        while not pages or pages[-1]["more"]:
            pages.append(self.get(f"{path}?cursor={cursor}"))
            cursor = pages[-1]["cursor"]
        return pages

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, self._headers | headers)
        answer = self._connection.getresponse()
        came = answer.read()
        self.received += len(came)
        if answer.headers.get("Content-Encoding") == "gzip":
            came = gzip.decompress(came)
        assert answer.status == 200, came[:500]
        return came


def all_at_once(port: int, requests: list[list[bytes]]) -> tuple[list[float], float]:
    """Each list is one handheld's, sent one after the other: how long each took, and how long it took in all, in seconds."""
    took: list[float] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(len(requests) + 1)

    def one(n: int) -> None:
        try:
            client = Client(port, n)
            client.get("/sync/v1/feeds")
            ready.wait()
            for body in requests[n]:
                began = time.perf_counter()
                answer = client.push(body)
                took.append(time.perf_counter() - began)
                assert {result["status"] for result in answer["results"]} == {"applied"}, answer["results"]
        except BaseException as error:
            failed.append(error)
            ready.abort()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(requests))]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return took, time.perf_counter() - began
