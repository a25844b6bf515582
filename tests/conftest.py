"""Fixtures everybody shares. Databases are real; the clock is set, never slept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.config import Config
from server.database import Database
from server.domain.permissions import SYSTEM
from server.main import create_app
from server.sync.shapes import BY_MODEL

from . import postgresql
from .cast import Desk, Handheld, seed
from .doors import Doors

HOUR = 3_600_000
DAY = 24 * HOUR


class Clock:
    """Epoch milliseconds that stand still until a test moves them. Begins on Monday 2 November 2026 at nine in Shanghai."""

    def __init__(self) -> None:
        self.now = 1_793_581_200_000

    def __call__(self) -> int:
        return self.now

    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if postgresql.programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgresql.running() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, unless a module asks for both: `pytestmark = ON_BOTH`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'restow.db'}"
    else:
        with postgresql.fresh(request.getfixturevalue("postgresql_server")) as url:
            yield url.replace("postgresql://", "postgresql+psycopg://", 1)


ON_BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def cast_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the cast in it, to be copied: making its tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("cast") / "cast.db"
    _with_the_cast(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def cast_on_postgresql(postgresql_server: str) -> Iterator[str]:
    with postgresql.fresh(postgresql_server) as url:
        _with_the_cast(url.replace("postgresql://", "postgresql+psycopg://", 1))
        yield url


def _with_the_cast(url: str) -> None:
    database = Database(url, BY_MODEL, Clock())
    database.create()
    database.write(SYSTEM, seed)
    database.close()


@pytest.fixture
def database(database_url: str, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the cast in it, before anything happened."""
    if database_url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("cast_on_sqlite"), database_url.removeprefix("sqlite:///"))
    else:
        postgresql.become(
            request.getfixturevalue("postgresql_server"), database_url, request.getfixturevalue("cast_on_postgresql")
        )
    database = Database(database_url, BY_MODEL, clock)
    yield database
    database.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def a(database: Database) -> Handheld:
    return Handheld(database, "A1")


@pytest.fixture
def b(database: Database) -> Handheld:
    return Handheld(database, "B1")


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    return Config.from_env({"RESTOW_DATA": str(tmp_path), "DATABASE_URL": database_url})


@pytest.fixture
def app(config: Config, database: Database) -> Litestar:
    return create_app(config, database)


@pytest.fixture
def doors(app: Litestar, database: Database) -> Iterator[Doors]:
    """The HTTP doors: `doors.person("sam")` is a browser signed in as Sam, `doors.device("A1")` a handheld with its token."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Doors(client, database)
