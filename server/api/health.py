"""Whether Restow works, in one word and by part; and what Prometheus reads."""

import ipaddress
import shutil
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, Response

from ..backup import mark as backup_mark
from ..barcodes import decode
from ..config import Config
from ..database import Database
from ..domain import explanations
from ..domain.errors import NotAllowed
from ..domain.permissions import SYSTEM
from . import metrics
from .doors import get
from .identity import desk

WORKER_SILENT_AFTER = 120.0
LATEST_EVENT = 10  # minutes an event may wait for a worker
OLDEST_BACKUP = 8  # days
LEAST_DISK = 200 * 1024 * 1024
KEPT_FOR = 2.0  # seconds: a monitor that asks often costs nothing


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    ok: bool
    words: str
    version: str = ""


class Health(msgspec.Struct, kw_only=True):
    """`degraded`: people can work, and something behind it does not. `down`: nothing can be kept."""

    status: str
    parts: dict[str, Part]


class Checkup:
    """Asks every part, at most every two seconds."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config, self._database = config, database
        self._lock = threading.Lock()
        self._found: Health | None = None
        self._at = 0.0

    def __call__(self) -> Health:
        with self._lock:
            if self._found is None or time.monotonic() - self._at > KEPT_FOR:
                self._found, self._at = self._ask(), time.monotonic()
            return self._found

    def _ask(self) -> Health:
        questions: dict[str, Callable[[], Part]] = {
            "server": _ask_server,
            "database": self._ask_database,
            "worker": self._ask_worker,
            "queue": self._ask_queue,
            "redis": self._ask_redis,
            "disk": self._ask_disk,
            "backups": self._ask_backups,
            "devices": self._ask_devices,
            "engines": _ask_engines,
        }
        parts = {}
        for name, question in questions.items():
            try:
                parts[name] = question()
            except Exception as error:  # a part that cannot answer is what this page is for
                parts[name] = Part(ok=False, words=f"does not answer ({type(error).__name__})")
        status = "down" if not parts["database"].ok else "ok" if all(part.ok for part in parts.values()) else "degraded"
        return Health(status=status, parts=parts)

    def _ask_database(self) -> Part:
        if not self._database.epoch:
            return Part(ok=False, words="holds no tables yet")
        return Part(ok=True, words="SQLite" if self._database.sqlite else "PostgreSQL")

    def _ask_redis(self) -> Part:
        with self._redis() as client:
            client.ping()
        return Part(ok=True, words="answers")

    def _ask_worker(self) -> Part:
        import datetime as dt

        from rq import Worker

        with self._redis() as client:
            now = dt.datetime.now(dt.UTC)
            beats = [worker.last_heartbeat for worker in Worker.all(connection=client) if worker.last_heartbeat]
        ages = [(now - (beat if beat.tzinfo else beat.replace(tzinfo=dt.UTC))).total_seconds() for beat in beats]
        alive = sum(age < WORKER_SILENT_AFTER for age in ages)
        if not alive:
            return Part(ok=False, words="no worker runs: stock is not reconciled and alerts are not raised")
        return Part(ok=True, words=f"{alive} at work")

    def _ask_disk(self) -> Part:
        folder = self._config.data_dir
        free = shutil.disk_usage(folder if folder.exists() else ".").free
        return Part(ok=free > LEAST_DISK, words=f"{free // (1024 * 1024)} MiB free")

    def _ask_queue(self) -> Part:
        with self._database.read(SYSTEM) as work:
            waiting = explanations.waiting(work)
            minutes = max(0, work.now - waiting.since) // 60_000 if waiting.events else 0
        if not waiting.events:
            return Part(ok=True, words="nothing waits")
        return Part(ok=minutes < LATEST_EVENT, words=f"{waiting.events} events wait, the oldest for {minutes} minutes")

    def _ask_backups(self) -> Part:
        """By the mark that `restow backup` leaves behind."""
        mark = backup_mark(self._config)
        if not mark.exists():
            return Part(ok=True, words="none has been made yet: restow backup makes one")
        days = int((time.time() - mark.stat().st_mtime) // 86_400)
        return Part(
            ok=days <= OLDEST_BACKUP, words=f"the last one is {days} days old" if days else "the last one is of today"
        )

    def _ask_devices(self) -> Part:
        """Counts, never names: this page is open to everybody."""
        with self._database.read(SYSTEM) as work:
            fleet = explanations.fleet(work)
        if fleet.silent:
            return Part(
                ok=False, words=f"{fleet.silent} of {fleet.devices} hold unsent work and have not been heard of"
            )
        return Part(ok=True, words=f"{fleet.devices} in use, {fleet.holding} with unsent work")

    def _redis(self) -> Any:
        import redis

        return redis.Redis.from_url(self._config.redis_address, socket_timeout=1, socket_connect_timeout=1)


def _ask_server() -> Part:
    """Whoever reads this has been answered."""
    return Part(ok=True, words="answers", version=version("restow"))


def _ask_engines() -> Part:
    """What can read a barcode in a photo."""
    found = decode.engines()
    return Part(ok=bool(found), words=", ".join(found) or "none is installed")


@get("/health", tags=["operations"])
def health(request: Request[Any, Any, Any]) -> Response[Health]:
    """In one word, and by part. 503 when nothing can be kept."""
    found: Health = request.app.state.checkup()
    return Response(found, status_code=503 if found.status == "down" else 200)


@get("/metrics", tags=["operations"])
def exposition(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text: from this machine, or for somebody signed in who may see devices. Counts, never names."""
    if not _is_local(request):
        actor = desk(request).actor
        if not actor.may("see_devices"):
            raise NotAllowed("Metrics are read from this machine, or by supervisors and administrators.")
    return Response(metrics.exposition(request.app.state.database), media_type="text/plain; version=0.0.4")


def _is_local(request: Request[Any, Any, Any]) -> bool:
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


HANDLERS = [health, exposition]
