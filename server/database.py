"""The one place that opens, locks, numbers and commits.

`write` runs a task in one transaction and tries again when the database says another was first; `read` is one consistent
look. SQLite takes one writer at a time and makes it durable before anyone is answered (synchronous=FULL: NORMAL lost
acknowledged rows at a power cut); whoever waits for the writer shares its next commit. PostgreSQL takes many and locks rows; both lock the feeds' heads last.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from .domain import tables as _tables  # noqa: F401  the metadata must be whole before anything is asked
from .domain.errors import Duplicate, Invalid
from .domain.ids import uuid7
from .domain.permissions import Actor
from .domain.records import Feed, Setting
from .domain.work import Shape, Work

T = TypeVar("T")

RETRIES = 12
TOGETHER_FOR = 0.05
"""Seconds after which those who share a commit wait for no more of them."""
GIVES_WAY = 0.05
"""Seconds between two portions of long work: another process only looks now and then whether the writer is free."""
_TRY_AGAIN = ("40001", "40P01")  # serialisation failure, deadlock
_TAKEN = "23505"
_TOO_LONG = "54000"
_SEEN_BY = 2
"""Two who made the same derived id at once: whoever came second sees it at the next try. Taken still, it is no matter of time."""


class Database:
    """`clock` gives epoch milliseconds; tests set it."""

    def __init__(
        self,
        url: str,
        shapes: Mapping[type[SQLModel], Shape] | None = None,
        clock: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self.clock = clock
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self._shapes = shapes or {}
        self._mutex = threading.Lock()
        self._writing = False
        self._queue: deque[_Waiting] = deque()
        if self.sqlite:
            # The connection that was used last knows most of what is asked next.
            self.engine = sa.create_engine(
                url, pool_size=8, max_overflow=56, pool_use_lifo=True, connect_args={"check_same_thread": False}
            )
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            # The one used last has the statements prepared that are needed next; few are used less often than twice.
            self.engine = sa.create_engine(
                url,
                pool_size=8,
                max_overflow=24,
                pool_pre_ping=True,
                pool_use_lifo=True,
                connect_args={"prepare_threshold": 2},
            )
            sa.event.listen(self.engine, "connect", _prepare_postgresql)

    def write(self, actor: Actor, task: Callable[[Work], T]) -> T:
        """Runs `task` and commits; raising rolls back. The task may run more than once, so it touches nothing but its work."""
        return self._again_and_again(actor, task)

    def rehearse(self, actor: Actor, task: Callable[[Work], T]) -> T:
        """Runs `task` as `write` would and takes everything back: what it would do, from the very code that would do it."""

        def rehearsal(work: Work) -> T:
            result = task(work)
            work.flush()
            raise _TakenBack(result)

        try:
            return self._again_and_again(actor, rehearsal, rehearsal=True)
        except _TakenBack as taken_back:
            return cast(T, taken_back.result)

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Work]:
        """One consistent look at everything; nothing can be written."""
        with self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield self._work(connection, actor, writable=False)

    def heads(self) -> dict[str, int]:
        with self._glance() as connection:
            return {row.name: row.revision for row in connection.execute(sa.select(Feed.__table__))}  # type: ignore[attr-defined]

    def stands(self) -> tuple[str, dict[str, int]]:
        """Epoch and heads, by the driver itself: every answer to a push says them."""
        with self._glance() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            cursor = driver.cursor()
            cursor.execute("SELECT value FROM setting WHERE id = 'epoch'")
            epoch = cursor.fetchone()
            cursor.execute("SELECT name, revision FROM feed")
            return epoch[0] if epoch else "", dict(cursor.fetchall())

    def setting(self, name: str) -> str:
        with self._glance() as connection:
            return connection.execute(sa.select(col(Setting.value)).where(col(Setting.id) == name)).scalar() or ""

    @property
    def epoch(self) -> str:
        """Names this history. A restored backup has another, so that devices offer again what it may have lost."""
        return self.setting("epoch")

    def create(self) -> None:
        """The whole schema at once, for tests; an installation migrates (`migrations/`)."""
        SQLModel.metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            new_epoch(connection)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _glance(self) -> Iterator[sa.Connection]:
        """Ended by a COMMIT: at a ROLLBACK psycopg throws away every statement it has prepared on the connection."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def _again_and_again(self, actor: Actor, task: Callable[[Work], T], *, rehearsal: bool = False) -> T:
        for attempt in range(RETRIES):
            try:
                return self._once(actor, task, rehearsal=rehearsal)
            except Exception as error:
                taken = _taken(error)
                if taken and (self.sqlite or attempt == _SEEN_BY):
                    raise Duplicate("Something with this key or number exists already. Nothing was changed.") from error
                if _state_of(error) == _TOO_LONG:
                    raise Invalid("A code, name or number in this is too long to be found by.", field="") from error
                if attempt == RETRIES - 1 or not (taken or passing(error)):
                    raise
                time.sleep(0.005 * 2**attempt)
        raise AssertionError("unreachable")

    def _once(self, actor: Actor, task: Callable[[Work], T], *, rehearsal: bool) -> T:
        mine = _Waiting(actor, task, rehearsal=rehearsal)
        if not self.sqlite:
            self._transaction([mine])
            return cast(T, mine.result)
        with self._mutex:
            self._queue.append(mine)
            first, self._writing = not self._writing, True
        if not first:
            mine.turn.wait()
        if not mine.done:  # else whoever had the writer took it along
            try:
                while not mine.done:
                    self._next_transaction()
            finally:
                self._hand_over()
        if mine.error is not None:
            raise mine.error
        return cast(T, mine.result)

    def _next_transaction(self) -> None:
        """1. everybody who waits is carried out in turn; 2. one commit; 3. only then is anybody answered.

        One that is refused takes the whole transaction back, is answered, and the others begin again without it: a savepoint for
        each would make those of their mutations cost three times as much.
        """
        taken: list[_Waiting] = []
        until = time.monotonic() + TOGETHER_FOR
        try:
            self._transaction(self._those_who_wait(taken, until))
        except BaseException as error:
            if not taken:  # the writer was not to be had: nobody was carried out, and each may ask again
                taken.extend(self._those_who_wait([], float("inf")))
            elif taken[-1].refused:
                self._queue.extendleft(reversed(taken[:-1]))
                del taken[:-1]
            for each in taken:
                each.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for each in taken:
                each.done = True
                each.turn.set()

    def _hand_over(self) -> None:
        """The writer goes to who has waited longest, and is nobody's when nobody waits."""
        with self._mutex:
            self._writing = bool(self._queue)
            if self._writing:
                self._queue[0].turn.set()

    def _those_who_wait(self, taken: "list[_Waiting]", until: float) -> "Iterator[_Waiting]":
        """In turn; a rehearsal, which is always taken back, goes alone."""
        while self._queue and (not taken or (time.monotonic() < until and not self._queue[0].rehearsal)):
            taken.append(self._queue.popleft())
            yield taken[-1]
            if taken[-1].rehearsal:
                return

    def _transaction(self, tasks: "Iterable[_Waiting]") -> None:
        with self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                for each in tasks:
                    each.run(self._work(connection, each.actor, writable=True))

    def _work(self, connection: sa.Connection, actor: Actor, *, writable: bool) -> Work:
        driver = connection.connection.driver_connection
        assert driver is not None
        return Work(
            connection, driver.cursor(), actor, self.clock(), writable=writable, sqlite=self.sqlite, shapes=self._shapes
        )


class _Waiting:
    """Somebody's task, and what came of it."""

    def __init__(self, actor: Actor, task: Callable[[Work], Any], *, rehearsal: bool) -> None:
        self.actor = actor
        self.task = task
        self.rehearsal = rehearsal
        self.refused = False
        self.turn = threading.Event()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, work: Work) -> None:
        try:
            self.result = self.task(work)
            work.publish()
        except BaseException:
            self.refused = True
            raise


class _TakenBack(Exception):
    def __init__(self, result: Any) -> None:
        self.result = result


def new_epoch(connection: sa.Connection) -> str:
    """Begins a new history: at first start, and when a backup was restored."""
    epoch = uuid7()
    table = Setting.__table__  # type: ignore[attr-defined]
    connection.execute(sa.delete(table).where(table.c.id == "epoch"))
    connection.execute(sa.insert(table).values(id="epoch", value=epoch))
    return epoch


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin or commit on its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON", "cache_size=-65536",
                   "temp_store=MEMORY"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _: Any) -> None:
    connection.prepared_max = 1_000  # of the commands alone there are more than the 100 it keeps


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer says so before its first read: otherwise two that both read first cannot both go on.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def passing(error: Exception) -> bool:
    """Whether the database only asks to try the whole transaction again."""
    original = getattr(error, "orig", error)
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return _state_of(error) in _TRY_AGAIN


def _state_of(error: Exception) -> str:
    """PostgreSQL's code."""
    return getattr(getattr(error, "orig", error), "sqlstate", "") or ""


def _taken(error: Exception) -> bool:
    """Whether a key is somebody else's already."""
    original = getattr(error, "orig", error)
    if isinstance(original, sqlite3.IntegrityError):
        return original.sqlite_errorname in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return _state_of(error) == _TAKEN
