"""A seat for real web processes that die at a named point. Run by tests: `python -m tests.sync.doomed FD`.

Everything is imported once; each line on standard input, `POINT N`, forks one life that serves on the socket FD as `restow serve`'s
web process does, and kills itself with SIGKILL the Nth time it passes POINT (`nowhere`: it lives until somebody else kills it). Says
the life's process id, and `ended SIGNAL` when it is over. The product knows nothing of this.
"""

import os
import select
import signal
import sys
import threading
from typing import Any

import sqlalchemy as sa

from server import main, web
from server.config import Config
from server.database import Database

POINTS = (
    "after a savepoint",
    "before the feed head",
    "after the change rows",
    "before COMMIT",
    "after COMMIT",
    "in mid-answer",
)
SAID = {"RELEASE SAVEPOINT": "after a savepoint", "INSERT INTO change": "after the change rows"}


class Fate:
    """Where this life ends."""

    def __init__(self, point: str, passes: int) -> None:
        self.point, self.left = point, passes

    def passes(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)


class Cursor:
    """The driver's cursor, watched: some points lie between two statements."""

    def __init__(self, cursor: Any, fate: Fate) -> None:
        self._cursor, self._fate = cursor, fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: str, *values: Any) -> Any:
        if sql.startswith("INSERT INTO feed "):
            self._fate.passes("before the feed head")
        done = self._cursor.execute(sql, *values)
        self._said(sql)
        return done

    def executemany(self, sql: str, values: Any) -> Any:
        done = self._cursor.executemany(sql, values)
        self._said(sql)
        return done

    def _said(self, sql: str) -> None:
        for beginning, point in SAID.items():
            if sql.startswith(beginning):
                self._fate.passes(point)


def doom(fate: Fate) -> None:
    """Wraps what a life passes: the database's work and its commit, and the answer on its way out."""
    work_of, opened, called = Database._work, Database.__init__, main.App.__call__

    def work(self: Database, connection: Any, actor: Any, *, writable: bool) -> Any:
        made = work_of(self, connection, actor, writable=writable)
        made._cursor = Cursor(made._cursor, fate)
        return made

    def open(self: Database, *args: Any, **more: Any) -> None:
        opened(self, *args, **more)
        dialect: Any = self.engine.dialect
        writing = threading.local()

        def about_to(connection: sa.Connection) -> None:
            writing.now = bool(connection.get_execution_options().get("writes"))
            if writing.now:
                fate.passes("before COMMIT")

        def commit(connection: Any) -> None:
            type(dialect).do_commit(dialect, connection)
            if getattr(writing, "now", False):
                fate.passes("after COMMIT")

        sa.event.listen(self.engine, "commit", about_to)
        dialect.do_commit = commit

    async def call(self: Any, scope: Any, receive: Any, send: Any) -> None:
        async def half(message: Any) -> None:
            body = message.get("body", b"")
            if scope["type"] == "http" and scope["path"].startswith("/sync/v1/pu") and len(body) > 1:
                await send({**message, "body": body[: len(body) // 2], "more_body": True})
                fate.passes("in mid-answer")
                message = {**message, "body": body[len(body) // 2 :]}
            await send(message)

        await called(self, scope, receive, half)

    Database._work = work  # type: ignore[method-assign]
    Database.__init__ = open  # type: ignore[method-assign]
    main.App.__call__ = call  # type: ignore[method-assign]


class Orders:
    """Standard input by the line; nothing is read ahead in a way that a fork would lose or double."""

    def __init__(self) -> None:
        self._read = b""

    def next(self, patience: float | None = None) -> str | None:
        """A whole line; None when none came in time, '' when there will be none."""
        while b"\n" not in self._read:
            if not select.select([0], [], [], patience)[0]:
                return None
            if not (read := os.read(0, 4096)):
                return ""
            self._read += read
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()


def seat(fd: int) -> None:
    config = Config.from_env()
    orders = Orders()
    while order := orders.next():
        point, _, passes = order.rpartition(" ")
        life = os.fork()
        if not life:
            if point != "nowhere":
                doom(Fate(point, int(passes)))
            web.run(config, fd)
            os._exit(0)
        print(life, flush=True)
        ended = 0
        while not ended:
            ended, status = os.waitpid(life, os.WNOHANG)
            if not ended and orders.next(0.01) == "":
                os.kill(life, signal.SIGKILL)
        print(f"ended {-os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    seat(int(sys.argv[1]))
