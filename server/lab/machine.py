"""The lab's own server: `restow serve` as anybody runs it, on a data folder of its own, killed and started again when the plan says so."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.config import VARIABLES, Config

UP_WITHIN = 60.0


class DidNotStart(Exception):
    """Carries what the server said."""


class Server:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.log = config.data_dir / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    @property
    def url(self) -> str:
        return f"http://{self.config.host}:{self.config.port}"

    def start(self) -> None:
        ours = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve", "--no-build"], env=ours | self.config.to_env(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_until_up(self) -> None:
        until = time.monotonic() + UP_WITHIN
        while not self.answers():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > until:
                raise DidNotStart(f"The server did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/setup", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False

    def kill(self) -> None:
        """As a power cut does: nobody is asked. What it had started ends with it."""
        self.kills += 1
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", 0))
        yield int(door.getsockname()[1])


def config_for(data: Path, environ: dict[str, str] | None = None) -> Config:
    """A server on loopback in this folder; of the environment only the database, Redis and the number of processes count."""
    given = os.environ if environ is None else environ
    kept = {
        name: given[name]
        for name in ("DATABASE_URL", "REDIS_URL", "RESTOW_PROCESSES", "RESTOW_WORKERS")
        if given.get(name)
    }
    with free_port() as port:
        return Config.from_env(
            kept | {"RESTOW_DATA": str(data), "RESTOW_PORT": str(port), "RESTOW_LOG_LEVEL": "warning"}
        )
