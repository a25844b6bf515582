"""A network between devices and servers that cuts, delays and repeats. It knows HTTP just well enough to say where a request ends.

What it does to a request is drawn when the request has come:

passes          it and its answer go through
late            the same, after a while
cut before      nothing of it arrives, and the line is dead
cut in it       half of it arrives
cut after       all of it arrives, and the line is dead before the answer
cut in answer   half of the answer arrives
twice           it goes through, and its very bytes come to a server once more, on another line, at once or after others
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

FATES = ("passes", "late", "cut before", "cut in it", "cut after", "cut in answer", "twice")
BAD = (12, 4, 1, 1, 3, 1, 4)
"""How often, in proportion: nearly every other request meets something."""


class Message(NamedTuple):
    head: bytes
    body: bytes

    @property
    def bytes(self) -> bytes:
        return self.head + self.body


class Network:
    """Listens on a port of its own and speaks to `target`. `heal` ends all faults."""

    def __init__(self, target: int, seed: int, weights: tuple[int, ...] = BAD, longest: float = 0.15) -> None:
        self.target, self.weights, self.longest = target, weights, longest
        self.dice = random.Random(seed)
        self.met: Counter[str] = Counter()
        self.port = 0
        self._repeats: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.StreamWriter] = set()

    def heal(self) -> None:
        self.weights = (1,) + (0,) * (len(FATES) - 1)

    async def serve(self, up: threading.Event, down: asyncio.Event) -> None:
        server = await asyncio.start_server(self._line, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        up.set()
        await down.wait()
        server.close()
        for task in self._repeats:
            task.cancel()
        for line in self._lines:
            line.close()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a device, with one of its own behind it, request after request until either ends or is cut."""
        behind: asyncio.StreamWriter | None = None
        self._lines.add(writer)
        try:
            from_server, behind = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 24)
            while (request := await _message(reader)) is not None:
                (fate,) = self.dice.choices(FATES, self.weights)
                self.met[fate] += 1
                if not await self._pass(fate, request, from_server, behind, writer):
                    return
        except (OSError, asyncio.IncompleteReadError):
            pass  # a server died; to the device it is a dead line like any other
        finally:
            self._lines.discard(writer)
            for end in filter(None, (writer, behind)):
                end.close()

    async def _pass(
        self, fate: str, request: Message, from_server: asyncio.StreamReader, to_server: asyncio.StreamWriter,
        to_device: asyncio.StreamWriter,
    ) -> bool:  # fmt: skip
        """Whether the line still stands afterwards."""
        if fate == "cut before":
            return False
        if fate == "late":
            await asyncio.sleep(self.dice.uniform(0, self.longest))
        if fate == "twice":
            repeat = asyncio.create_task(self._again(request.bytes, self.dice.choice((0.0, self.longest))))
            self._repeats.add(repeat)
            repeat.add_done_callback(self._repeats.discard)
        to_server.write(request.bytes[: len(request.bytes) // 2] if fate == "cut in it" else request.bytes)
        await to_server.drain()
        if fate in ("cut in it", "cut after"):
            await asyncio.sleep(self.dice.uniform(0, self.longest / 5))
            return False
        answer = await _message(from_server)
        if answer is None:
            return False
        to_device.write(answer.bytes[: len(answer.bytes) // 2] if fate == "cut in answer" else answer.bytes)
        await to_device.drain()
        return fate != "cut in answer"

    async def _again(self, request: bytes, after: float) -> None:
        await asyncio.sleep(after * self.dice.random())
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 24)
            try:
                writer.write(request)
                await _message(reader)
            finally:
                writer.close()


async def _message(reader: asyncio.StreamReader) -> Message | None:
    """A whole request or answer; None when the other side has nothing more to say."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return Message(head, await reader.readexactly(length))


@contextmanager
def between(target: int, seed: int) -> Iterator[Network]:
    network = Network(target, seed)
    up = threading.Event()
    loop = asyncio.new_event_loop()
    down = asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(network.serve(up, down))
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield network
    finally:
        loop.call_soon_threadsafe(down.set)
        thread.join(20)
