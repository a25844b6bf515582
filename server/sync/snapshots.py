"""Sealed snapshots: everything a first sync needs up to one revision, in pages that are never changed again.

Built from one consistent look, with nothing locked, and then written a little at a time: a snapshot counts once its last page is
there. The one before it stays until the next, so whoever is reading it reads on.
"""

import gzip
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from server.database import GIVES_WAY, Database
from server.domain.permissions import SYSTEM
from server.domain.records import Snapshot
from server.domain.work import Work

WRITTEN_AT_ONCE = 1_000_000
"""Bytes of pages in one transaction: a moment of the only writer, who then lets others go first."""

DELETED_AT_ONCE = 8
"""Pages."""

Content = Callable[[Work], tuple[int, Iterable[bytes]]]
"""What is to be sealed, and the revision it is at."""

_ONE_AT_A_TIME = threading.Lock()


def sealed(work: Work, name: str) -> int:
    """The revision of the newest whole snapshot; 0 when there is none."""
    found = work.rows(
        sa.select(sa.func.max(col(Snapshot.revision))).where(
            col(Snapshot.feed) == name, col(Snapshot.page) == col(Snapshot.pages) - 1
        )
    )
    return int(found[0][0] or 0)


def page(work: Work, name: str, revision: int, number: int) -> tuple[bytes, bool] | None:
    """A page as it was sealed, and whether it is the last."""
    found = work.rows(
        sa.select(col(Snapshot.body), col(Snapshot.pages)).where(
            col(Snapshot.feed) == name, col(Snapshot.revision) == revision, col(Snapshot.page) == number
        )
    )
    return (gzip.decompress(bytes(found[0].body)), number + 1 >= found[0].pages) if found else None


def there(work: Work, name: str, revision: int, number: int) -> bool:
    return bool(
        work.rows(
            sa.select(col(Snapshot.page)).where(
                col(Snapshot.feed) == name, col(Snapshot.revision) == revision, col(Snapshot.page) == number
            )
        )
    )


def seal(database: Database, name: str, due: Callable[[Work], bool], content: Content) -> None:
    """Seals a snapshot if it is due. Several who ask at once wait for the one that is being made."""
    if not _due(database, due):
        return
    with _ONE_AT_A_TIME:
        if not _due(database, due):
            return
        with database.read(SYSTEM) as work:
            revision, bodies = content(work)
            pages = [gzip.compress(body, 5, mtime=0) for body in bodies] or [gzip.compress(b"", mtime=0)]
        _write(database, name, revision, pages)


def _due(database: Database, due: Callable[[Work], bool]) -> bool:
    with database.read(SYSTEM) as work:
        return due(work)


def _write(database: Database, name: str, revision: int, pages: list[bytes]) -> None:
    table: Any = Snapshot.__table__  # type: ignore[attr-defined]
    mine = sa.and_(table.c.feed == name, table.c.revision == revision)
    parts: dict[int, list[int]] = {}
    bytes_before = 0
    for number, body in enumerate(pages):
        parts.setdefault(bytes_before // WRITTEN_AT_ONCE, []).append(number)
        bytes_before += len(body)

    def put(work: Work, part: list[int]) -> int:
        # Another process, or one that was killed in the middle, may have written the same page.
        before = sealed(work, name)
        work.connection.execute(sa.delete(table).where(mine, table.c.page.in_(part)))
        work.connection.execute(
            sa.insert(table),
            [{"feed": name, "revision": revision, "page": n, "pages": len(pages), "body": pages[n]} for n in part],
        )
        return before

    for part in parts.values():
        before = database.write(SYSTEM, lambda work, part=part: put(work, part))  # type: ignore[misc]
        time.sleep(GIVES_WAY if len(parts) > 1 else 0)

    def tidy(work: Work) -> int:
        older = sa.select(table.c.revision, table.c.page).where(
            table.c.feed == name, table.c.revision < min(before, revision)
        )
        found = work.rows(older.limit(DELETED_AT_ONCE))
        for row in found:
            one = sa.and_(table.c.feed == name, table.c.revision == row.revision, table.c.page == row.page)
            work.connection.execute(sa.delete(table).where(one))
        return len(found)

    while database.write(SYSTEM, tidy) == DELETED_AT_ONCE:
        time.sleep(GIVES_WAY)
