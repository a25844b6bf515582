"""Faults around COMMIT, where a server that dies decides what was done: before it nothing was, after it everything."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from server.database import Database


class Died(Exception):
    """The server went away at this point."""


def die() -> None:
    raise Died


@contextmanager
def at_commit(
    database: Database, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
) -> Iterator[None]:
    """Calls `before` and `after` around the COMMIT of whatever writes; what only reads is left alone."""
    dialect: Any = database.engine.dialect
    writing = threading.local()

    def about_to(connection: sa.Connection) -> None:
        writing.now = bool(connection.get_execution_options().get("writes"))
        if writing.now and before is not None:
            before()

    def do_commit(connection: Any) -> None:
        type(dialect).do_commit(dialect, connection)
        if getattr(writing, "now", False) and after is not None:
            after()

    sa.event.listen(database.engine, "commit", about_to)
    dialect.do_commit = do_commit
    try:
        yield
    finally:
        sa.event.remove(database.engine, "commit", about_to)
        del dialect.do_commit


class Pause:
    """Stops whoever calls it first until it is let go; the others pass."""

    def __init__(self, patience: float = 10.0) -> None:
        self.reached = threading.Event()
        self._go = threading.Event()
        self._patience = patience

    def __call__(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            self._go.wait(self._patience)

    def let_go(self) -> None:
        self._go.set()


class Doing(threading.Thread):
    """Runs something beside the test; `result` joins and gives what it returned, or raises what it raised."""

    def __init__(self, task: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._task = task
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._task()
        except BaseException as error:
            self._error = error

    def result(self, patience: float = 30.0) -> Any:
        self.join(patience)
        assert not self.is_alive(), "it never ended"
        if self._error is not None:
            raise self._error
        return self._result
