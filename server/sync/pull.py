"""Pull: a feed is a sealed snapshot at some revision, plus a tail. Both are stored bytes, put together.

A cursor is opaque to the device: epoch, where it stands (`s` page of a snapshot, `t` revision), and the tag of the change row it
stands on. A cursor of another epoch, or one whose row is not what it was, is answered `reset`: the device loads beside and swaps.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlmodel import col

from server.database import Database
from server.domain import errors
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.domain.records import Change, Feed, Setting
from server.domain.work import Work

from . import snapshots
from .carried import public_key
from .shapes import CATALOGUE, site_feed

PAGE_CHANGES = 2_000
PAGE_BYTES = 1_000_000
LAST_PAGE = 2**31 - 1
TAIL_BEFORE_SNAPSHOT = 5_000
"""A first sync reads at most this much tail after its snapshot; then a new snapshot is sealed."""


class Cursor(NamedTuple):
    epoch: str
    phase: str
    """s: a page of the snapshot sealed at `revision`; t: the tail after `revision`."""
    revision: int
    page: int
    tag: str

    def text(self) -> str:
        raw = "|".join((self.epoch, self.phase, str(self.revision), str(self.page), self.tag))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """What cannot be read stands nowhere: a device whose cursor was damaged loads anew, where a refusal would stop it for ever."""
        try:
            epoch, phase, revision, page, tag = (
                base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
            )
            return cls(epoch, phase, int(revision), min(int(page), LAST_PAGE), tag)
        except ValueError:
            return NOWHERE


NOWHERE = Cursor("no history", "", 0, 0, "")


def feeds(database: Database, device: Device) -> dict[str, Any]:
    """What this device may read, and how far each feed has come."""
    heads = database.heads()
    names = [CATALOGUE, site_feed(device.site_id)]
    return {
        "epoch": database.epoch,
        "carry_key": public_key(database),
        "feeds": names,
        "heads": {name: heads.get(name, 0) for name in names},
        "device": {"id": device.id, "code": device.code, "name": device.name, "site_id": device.site_id},
        "server_time": database.clock(),
    }


def pull(database: Database, device: Device, feed: str, cursor: str = "") -> bytes:
    """One page of a feed, as an encoded PullResponse. Raises NotAllowed for a feed this device may not read."""
    if feed not in (CATALOGUE, site_feed(device.site_id)):
        raise errors.NotAllowed("This device does not read that feed.", feed=feed)
    if not cursor:
        seal_if_due(database, feed)
    with database.read(SYSTEM) as work:
        epoch = history_of(work)
        at = Cursor.read(cursor) if cursor else Cursor(epoch, "s", 0, 0, "")
        reset = bool(cursor) and not stands(work, feed, at, epoch, snapshot=feed)
        if reset:
            at = Cursor(epoch, "s", 0, 0, "")
        payloads, following, more = _snapshot_page(work, feed, at) if at.phase == "s" else _tail_page(work, feed, at)
        following = tagged(work, feed, following._replace(epoch=epoch))
        known = work.look(Device, device.id)
        header = msgspec.json.encode(
            {
                "epoch": epoch,
                "feed": feed,
                "cursor": following.text(),
                "revision": following.revision,
                "more": more,
                "reset": reset,
                "device_last_seq": known.last_seq if known else 0,
            }
        )
    return header[:-1] + b',"changes":[' + b",".join(payloads) + b"]}"


def seal_if_due(database: Database, feed: str) -> None:
    """Seals a new snapshot when a first sync would have to read too long a tail."""
    snapshots.seal(
        database,
        feed,
        lambda work: head_of(work, feed) - snapshots.sealed(work, feed) >= TAIL_BEFORE_SNAPSHOT,
        lambda work: (head_of(work, feed), _members(work, feed)),
    )


def _members(work: Work, feed: str) -> Iterator[bytes]:
    """The newest change of each key, as far as it is in the feed now, in pages."""
    newest = (
        sa.select(sa.func.max(col(Change.revision)).label("revision"))
        .where(col(Change.feed) == feed)
        .group_by(col(Change.kind), col(Change.key))
        .subquery()
    )
    rows = work.stream(
        sa.select(col(Change.payload))
        .join(newest, col(Change.revision) == newest.c.revision)
        .where(col(Change.feed) == feed, col(Change.op) == "put")
        .order_by(col(Change.revision))
    )
    held: list[bytes] = []
    size = 0
    for row in rows:
        held.append(bytes(row[0]))
        size += len(held[-1])
        if len(held) >= PAGE_CHANGES or size >= PAGE_BYTES:
            yield b",".join(held)
            held, size = [], 0
    if held:
        yield b",".join(held)


def _snapshot_page(work: Work, feed: str, at: Cursor) -> tuple[list[bytes], Cursor, bool]:
    revision = at.revision or snapshots.sealed(work, feed)
    sealed = snapshots.page(work, feed, revision, at.page)
    if sealed is None:
        return _tail_page(work, feed, at._replace(phase="t", revision=0))
    payload, last = sealed
    if not last:
        return [payload] if payload else [], at._replace(revision=revision, page=at.page + 1), True
    more = head_of(work, feed) > revision
    return [payload] if payload else [], at._replace(phase="t", revision=revision, page=0), more


def _tail_page(work: Work, feed: str, at: Cursor) -> tuple[list[bytes], Cursor, bool]:
    """The newest change per key after the cursor, in order of revision."""
    head = head_of(work, feed)
    rows = work.rows(
        sa.select(col(Change.revision), col(Change.kind), col(Change.key), col(Change.payload))
        .where(col(Change.feed) == feed, col(Change.revision) > at.revision)
        .order_by(col(Change.revision))
        .limit(PAGE_CHANGES + 1)
    )
    page, more = rows[:PAGE_CHANGES], len(rows) > PAGE_CHANGES
    newest = {(row.kind, row.key): row for row in page}
    payloads = [bytes(row.payload) for row in sorted(newest.values(), key=lambda row: row.revision)]
    return payloads, at._replace(revision=page[-1].revision if more else head, page=0), more


def stands(work: Work, feed: str, at: Cursor, epoch: str, *, snapshot: str) -> bool:
    """Whether a cursor is of this history and still leads somewhere."""
    if at.epoch != epoch or at.revision > head_of(work, feed):
        return False
    if at.phase == "s" and at.page:
        return snapshots.there(work, snapshot, at.revision, at.page) and at.tag == _tag(work, feed, at.revision)
    return at.tag == _tag(work, feed, at.revision)


def tagged(work: Work, feed: str, at: Cursor) -> Cursor:
    return at._replace(tag=_tag(work, feed, at.revision))


def _tag(work: Work, feed: str, revision: int) -> str:
    """Names the change row a cursor stands on, so that a history that only looks the same is noticed."""
    row = work.rows(
        sa.select(col(Change.payload)).where(col(Change.feed) == feed, col(Change.revision) <= revision)
        .order_by(col(Change.revision).desc()).limit(1)
    )  # fmt: skip
    return hashlib.sha256(bytes(row[0][0])).hexdigest()[:12] if row else ""


def head_of(work: Work, feed: str) -> int:
    row = work.rows(sa.select(col(Feed.revision)).where(col(Feed.name) == feed))
    return int(row[0][0]) if row else 0


def history_of(work: Work) -> str:
    epoch = work.look(Setting, "epoch")
    return epoch.value if epoch else ""
