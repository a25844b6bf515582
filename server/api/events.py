"""Pokes over server-sent events: which feeds have moved, never what is in them.

One task looks for new commits, of whichever process, and only while somebody listens. Pokes are coalesced: a listener that is
slow gets the newest heads, not a queue.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request
from litestar.di import NamedDependency
from litestar.response import Stream

from ..database import Database
from ..domain.errors import Refusal
from ..sync.protocol import Poke
from ..sync.shapes import CATALOGUE, site_feed
from .doors import get
from .identity import Desk, Handheld
from .identity import desk as desk_of
from .identity import handheld as handheld_of
from .problems import Refused

LOOK_EVERY = 0.25
HEARTBEAT = 20.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Pokes:
    """Tells listeners when feeds move."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.heads: dict[str, int] = {}

    async def listen(self, may: Callable[[str], bool], still: Callable[[], bool]) -> AsyncIterator[bytes]:
        """A stream for whoever `may` read a feed, until `still` says at a heartbeat that the right is gone."""
        moved = asyncio.Event()
        self._listeners.add(moved)
        try:
            if self._task is None or self._task.done():
                self.heads = await to_thread.run_sync(self._database.heads)
                self._task = asyncio.create_task(self._watch())
            told: dict[str, int] = {}
            moved.set()
            while not self._closed:
                try:
                    await asyncio.wait_for(moved.wait(), HEARTBEAT)
                except TimeoutError:
                    if not await to_thread.run_sync(still):
                        return
                    yield b": still here\n\n"
                    continue
                moved.clear()
                news = {feed: head for feed, head in self.heads.items() if may(feed) and told.get(feed) != head}
                if (news or not told) and not self._ended():
                    told |= news
                    yield b"event: poke\ndata: " + msgspec.json.encode(Poke(heads=news)) + b"\n\n"
        finally:
            self._listeners.discard(moved)

    def _ended(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends every stream, so that the server can stop at once."""
        self._closed = True
        for moved in self._listeners:
            moved.set()

    async def _watch(self) -> None:
        changed = self._sqlite_changed() if self._database.sqlite else _always
        try:
            while self._listeners and not self._closed:
                await asyncio.sleep(LOOK_EVERY)
                with contextlib.suppress(Exception):  # a database that is away for a moment is asked again
                    if await to_thread.run_sync(changed):
                        heads = await to_thread.run_sync(self._database.heads)
                        if heads != self.heads:
                            self.heads = heads
                            for moved in self._listeners:
                                moved.set()
        finally:
            if isinstance(changed, _DataVersion):
                await to_thread.run_sync(changed.close)

    def _sqlite_changed(self) -> "_DataVersion":
        return _DataVersion(str(self._database.engine.url.database))


class _DataVersion:
    """`PRAGMA data_version` changes when any other connection commits: far cheaper than a query."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen = -1

    def __call__(self) -> bool:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, check_same_thread=False)
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        changed, self._seen = version != self._seen, version
        return changed

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _always() -> bool:
    return True


@get("/sync/v1/events", tags=["sync"], media_type="text/event-stream", sent_as_it_is=True)
def device_events(request: Request[Any, Any, Any], handheld: NamedDependency[Handheld]) -> Stream:
    """Pokes for a handheld: `event: poke`, `data: {"heads": {feed: revision}}`; a comment every 20 seconds."""
    mine = (CATALOGUE, site_feed(handheld.device.site_id))
    pokes: Pokes = request.app.state.pokes
    return Stream(
        pokes.listen(mine.__contains__, lambda: _still(request, handheld_of)),
        media_type="text/event-stream",
        headers=HEADERS,
    )


@get("/api/events/stream", tags=["search"], media_type="text/event-stream", sent_as_it_is=True)
def desk_events(request: Request[Any, Any, Any], desk: NamedDependency[Desk]) -> Stream:
    """The same for a desk, for the catalogue and every site this person may see."""
    sites = desk.actor.sites("see")

    def may(feed: str) -> bool:
        return feed == CATALOGUE or sites is None or feed.removeprefix("site:") in sites

    pokes: Pokes = request.app.state.pokes
    return Stream(pokes.listen(may, lambda: _still(request, desk_of)), media_type="text/event-stream", headers=HEADERS)


def _still(request: Request[Any, Any, Any], ask: Callable[[Request[Any, Any, Any]], object]) -> bool:
    """Whether the session or token that opened this stream still holds."""
    try:
        ask(request)
    except (Refusal, Refused):
        return False
    return True


HANDLERS = [device_events, desk_events]
