"""A PostgreSQL server of its own for tests: made in a temporary folder, reachable by a socket in it, gone afterwards."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg

from .places import quick_folder


def programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps them off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """Yields the URL of an empty server, as `postgresql://…`; `fresh` makes databases in it. `durable`: on a disk, and synced."""
    place = programs()
    assert place is not None, "PostgreSQL is not installed; tests that need it skip themselves before they come here"
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="restow-pg-") if durable else quick_folder("restow-pg-") as folder:
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "user": user}
        made = [place / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run(made, check=True, **quiet)
        settings = (
            f"-c listen_addresses= -c fsync={'on' if durable else 'off'} -c shared_buffers=64MB -c max_connections=100"
        )
        control = [place / "pg_ctl", "-D", data, "-w"]
        subprocess.run([*control, "-o", f"-k {folder} {settings}", "start"], check=True, **quiet)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)


@contextmanager
def fresh(server: str) -> Iterator[str]:
    """Yields the URL of an empty database on that server."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield server.replace("@/postgres?", f"@/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def become(server: str, url: str, template: str) -> None:
    """The database at `url` is from now on a copy of the one at `template`, which nobody is connected to."""
    name, source = (each.partition("@/")[2].partition("?")[0] for each in (url, template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
