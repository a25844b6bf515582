"""Alembic, configured in code. Forward only; each step safe under the version of Restow that still runs.

python -m server.migrations "what changes"     writes the next step from what the tables say now
"""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Alembic
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from server.config import Config
from server.database import Database, new_epoch
from server.domain import tables as _tables  # noqa: F401  the metadata must be whole

PLACE = Path(__file__).parent
ONE_AT_A_TIME = 0x7265_7374  # PostgreSQL's name for our lock


class TooNew(Exception):
    """The database was written by a later Restow; this one would not know what it does to it."""


def migrate(config: Config, to: str = "head") -> list[str]:
    """Brings the database to a step, the newest, in one transaction; returns what was done, in words. Safe to run twice at once."""
    if config.database_path:
        config.database_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(config.database_url)
    try:
        with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if not database.sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
            done = _upgrade(connection, to)
            if database.sqlite:  # else it guesses which index is the shorter way; PostgreSQL sees to that itself
                connection.exec_driver_sql("PRAGMA analysis_limit=2000")
                connection.exec_driver_sql("ANALYZE")
            return done
    finally:
        database.close()


def version(connection: sa.Connection) -> str:
    """The step a database stands at; '' before the first."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def differences(connection: sa.Connection) -> list[Any]:
    """What the steps made that the tables do not say, and the other way round; empty when the steps are complete."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    with _silent_about_expressions():
        return list(compare_metadata(context, SQLModel.metadata))


def new_step(message: str) -> None:
    """Compares the tables with a scratch database at the newest step, and writes the difference as the next one."""
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/scratch.db")
        with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
            alembic = _alembic(connection)
            command.upgrade(alembic, "head")
            number = len(list(ScriptDirectory.from_config(alembic).walk_revisions())) + 1
            with _silent_about_expressions():
                command.revision(alembic, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()


@contextmanager
def _silent_about_expressions() -> Iterator[None]:
    """SQLite does not tell of what an index of an expression is made: such a one is compared on PostgreSQL alone."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*expression-based index")
        yield


def _upgrade(connection: sa.Connection, to: str) -> list[str]:
    scripts = ScriptDirectory.from_config(_alembic(connection))
    stands_at = version(connection)
    known = {step.revision: step for step in scripts.walk_revisions()}
    if stands_at and stands_at not in known:
        raise TooNew(
            f"The database stands at step {stands_at}, which this Restow does not know: it was opened by a later one."
        )
    command.upgrade(_alembic(connection), to)
    setting = SQLModel.metadata.tables["setting"]
    if connection.execute(sa.select(setting.c.value).where(setting.c.id == "epoch")).scalar() is None:
        new_epoch(connection)
    done = [step for step in scripts.iterate_revisions(to, stands_at or "base") if step.revision != stands_at]
    return [f"{step.revision}  {step.doc}" for step in reversed(done)]


def _alembic(connection: sa.Connection) -> Alembic:
    alembic = Alembic()
    alembic.set_main_option("script_location", str(PLACE))
    alembic.set_main_option("path_separator", "os")
    alembic.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    alembic.attributes["connection"] = connection
    return alembic
