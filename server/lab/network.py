"""The network between a handheld and the server: a proxy per handheld that passes, delays, doubles, cuts and loses what goes through.

It understands just enough HTTP to know where a request ends: a handheld's requests carry a length, and each connection here carries one.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from .plan import HARMLESS, Plan

PATIENCE = 30.0
LARGEST_HEAD = 64 * 1024


class Gone(Exception):
    """The server is not there, or went away in the middle."""


class Network:
    """One handheld's way to the server. `calm`: nothing goes wrong any more but what a story has cut."""

    def __init__(self, plan: Plan, device: int, server: str) -> None:
        parts = urlsplit(server)
        self.host, self.port, self.secure = (
            parts.hostname or "",
            parts.port or (443 if parts.scheme == "https" else 80),
            parts.scheme == "https",
        )
        self.plan, self.device = plan, device
        self.calm = True
        self.cut: set[str] = set()
        self.began = 0.0
        self.asked = 0
        self.counts: dict[str, int] = {}
        self._open: set[asyncio.StreamWriter] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._door: asyncio.Server | None = None

    async def start(self) -> str:
        """The address the handheld is to use."""
        self._door = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=LARGEST_HEAD)
        return f"http://127.0.0.1:{self._door.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        for task in (*self._late, *self._conversations):
            task.cancel()
        self.hang_up()
        if self._door is not None:
            self._door.close()

    @property
    def offline(self) -> bool:
        if self.cut:
            return True
        at = time.monotonic() - self.began
        return not self.calm and any(
            window.device == self.device and window.begins <= at < window.ends for window in self.plan.windows
        )

    def hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def keep_watch(self) -> None:
        """Cuts what is open when the network goes."""
        if self.offline:
            self.hang_up()

    async def settle(self) -> None:
        """Until no late copy is on its way any more."""
        if self._late:
            await asyncio.wait(self._late, timeout=PATIENCE)

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._conversations.add(task)  # the loop itself would let go of one whose connection was cut
        task.add_done_callback(self._conversations.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if not self.offline:
                await self._pass(reader, writer)
        except (Gone, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
            if value
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        kept = [
            line for line in lines[1:] if line and line.partition(":")[0].strip().lower() not in ("connection", "host")
        ]
        said = "\r\n".join([lines[0], f"Host: {self.host}:{self.port}", "Connection: close", *kept, "", ""])
        request = said.encode("latin-1") + body
        path = lines[0].split(" ")[1]

        if path.startswith("/sync/v1/events"):
            await self._stream(request, writer)
            return
        what, delay, where = self._fault() if path.startswith(("/sync/", "/blobs/")) else (HARMLESS, 0.0, 0.0)
        await asyncio.sleep(delay)
        if what == "request lost":
            raise Gone
        if what == "request cut":
            await self._ask(
                request[: len(request) - 1 - int(where * len(body))] if body else request[: len(request) // 2],
                whole=False,
            )
            raise Gone
        if what == "twice":
            answer, _ = await asyncio.gather(self._ask(request), self._quietly(self._ask(request)))
        else:
            answer = await self._ask(request)
        if what == "again later":
            self._later(1 + delay * 10, request)
        if what == "answer lost" or self.offline:
            raise Gone
        if what == "answer cut":
            writer.write(answer[: int(len(answer) * where)])
            await writer.drain()
            raise Gone
        writer.write(answer)
        await writer.drain()

    async def _stream(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Pokes: passed on as they come, until either side has had enough."""
        there, back = await self._connect()
        try:
            back.write(request)
            while part := await there.read(65536):
                writer.write(part)
                await writer.drain()
        finally:
            back.transport.abort()

    async def _ask(self, request: bytes, *, whole: bool = True) -> bytes:
        there, back = await self._connect()
        try:
            back.write(request)
            await back.drain()
            if not whole:
                await asyncio.sleep(0.05)
                return b""
            async with asyncio.timeout(PATIENCE):
                answer = await there.read(-1)
        except OSError as gone:
            raise Gone from gone
        finally:
            back.transport.abort()
        if not _is_whole(answer, bare=request.startswith(b"HEAD ")):
            raise Gone  # it died in mid-answer; a handheld must not take the half for the whole
        return answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_connection(self.host, self.port, ssl=self.secure or None)
        except OSError as gone:
            raise Gone from gone

    def _later(self, seconds: float, request: bytes) -> None:
        async def again() -> None:
            await asyncio.sleep(seconds)
            await self._quietly(self._ask(request))

        task = asyncio.create_task(again())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _quietly(self, asking: Coroutine[Any, Any, bytes]) -> None:
        with contextlib.suppress(Gone, OSError, TimeoutError):
            await asking

    def _fault(self) -> tuple[str, float, float]:
        if self.calm:
            return HARMLESS, 0.0, 0.0
        faults = self.plan.faults[self.device - 1]
        what, delay, where = faults[self.asked % len(faults)]
        self.asked += 1
        if what in ("killed before", "killed after"):
            what = HARMLESS  # a real server is killed by its process, at the plan's times
        self.counts[str(what)] = self.counts.get(str(what), 0) + 1
        return str(what), float(delay), float(where)


def _is_whole(answer: bytes, *, bare: bool) -> bool:
    """`bare`: the answer to a HEAD, which has no body whatever its length says."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found or bare:
        return bool(found)
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
    headers = {name.strip(): value.strip() for name, _, value in lines}
    if headers.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(headers.get(b"content-length", b"0"))
