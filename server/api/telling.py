"""What takes a while, told as it goes: a line of JSON for each step, the last one what came of it (application/x-ndjson).

Whatever is refused before the first step is an ordinary problem; a refusal after it is the last line, {"problem": {…}}.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar.response import Stream

from ..domain.errors import Refusal
from . import problems

log = logging.getLogger("restow.api")

NDJSON = "application/x-ndjson"
HEADERS = {"X-Accel-Buffering": "no"}
Tell = Callable[[dict[str, Any]], None]


async def telling(run: Callable[[Tell], Any]) -> Stream:
    """`run` works in a thread and is given `tell`; it goes on to its end even if nobody listens any more."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(line: bytes | None) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    def work() -> None:
        spoken = False

        def tell(step: dict[str, Any]) -> None:
            nonlocal spoken
            spoken = True
            say(_line(step))

        try:
            say(_line({"done": run(tell)}))
        except Exception as error:
            if not spoken:
                raise
            if isinstance(error, Refusal):
                problem = problems.body_of(error.code, error.sentence, error.facts)
            else:
                log.exception("a fault in the middle of an answer")
                problem = problems.body_of("internal_error", "Something went wrong here.", {})
            say(_line({"problem": problem}))
        finally:
            say(None)

    task = asyncio.ensure_future(to_thread.run_sync(work))
    first = await lines.get()
    if first is None:
        await task  # raises what was refused

    async def answer() -> AsyncIterator[bytes]:
        line = first
        while line is not None:
            yield line
            line = await lines.get()
        await task

    return Stream(answer(), media_type=NDJSON, headers=HEADERS)


def _line(said: Any) -> bytes:
    return msgspec.json.encode(said) + b"\n"
