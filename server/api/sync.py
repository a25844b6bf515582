"""The conversation with handhelds, at the door: bounds, inflation, and nothing else."""

import re
import zlib
from pathlib import Path
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ..domain.errors import Invalid, NotFound
from ..sync import pull as pulling
from ..sync import push as pushing
from ..sync import schemas as describing
from ..sync import waybills as listing
from ..sync.protocol import MAX_BODY, PullResponse, PushRequest, PushResponse, WaybillPage
from .answers import FeedHeads
from .desk import CLASH, MISSING, REFUSALS
from .doors import get, post
from .identity import Handheld
from .problems import Refused

VECTORS = Path(__file__).parents[2] / "docs" / "vectors"
PUSHES_AT_ONCE = 16
"""So many wait for the writer, or for their site, in threads of their own; whoever only reads never waits behind them."""


_DECODER = msgspec.json.Decoder(PushRequest)


@post("/sync/v1/push", tags=["sync"], status_code=200, responses=REFUSALS | CLASH)
async def push(request: Request[Any, Any, Any], any_handheld: NamedDependency[Handheld]) -> PushResponse:
    """Numbered mutations in order, JSON (`PushRequest`), gzip accepted. Each is answered with its stored outcome, after commit."""
    body = await _inflated(request)
    return await to_thread.run_sync(_push, any_handheld, body, limiter=request.app.state.pushing)


def _push(handheld: Handheld, body: bytes) -> PushResponse:
    try:
        sent = _DECODER.decode(_storable(body))
    except UnicodeDecodeError:
        raise Refused("malformed", "The JSON is not UTF-8.") from None
    except RecursionError:
        raise Refused("malformed", "The JSON is nested too deeply.") from None
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise Invalid(f"{text}.", field=path.rstrip("`").lstrip(".")) from None
    except msgspec.DecodeError as error:
        raise Refused("malformed", f"The JSON cannot be read: {error}.") from None
    if sent.device != handheld.device.id:
        raise Invalid("This token belongs to another device.", field="device")
    return pushing.push(handheld.database, handheld.device, sent, handheld.config.held_days * 86_400_000)


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _storable(body: bytes) -> bytes:
    """Text a database cannot keep, NUL or half a character (an emoji a length limit cut in two), gets a visible mark in its place.

    Refusing it would stop the handheld for ever: what it sends next is always this.
    """
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], body) if b"\\u" in body else body


@get("/sync/v1/feeds", tags=["sync"], responses=REFUSALS)
def feeds(handheld: NamedDependency[Handheld]) -> FeedHeads:
    """What this handheld may read, and how far each feed has come."""
    return pulling.feeds(handheld.database, handheld.device)  # type: ignore[return-value]


@get("/sync/v1/pull/{feed:str}", tags=["sync"], responses=REFUSALS)
def pull(
    handheld: NamedDependency[Handheld], feed: FromPath[str], cursor: FromQuery[str] = ""
) -> Response[PullResponse]:
    """One page of a feed. Without a cursor: from the beginning."""
    page = pulling.pull(handheld.database, handheld.device, feed, cursor)
    return Response(page, media_type="application/json")  # type: ignore[arg-type]


@get("/sync/v1/waybills", tags=["sync"], responses=REFUSALS)
def waybills(handheld: NamedDependency[Handheld], cursor: FromQuery[str] = "") -> Response[WaybillPage]:
    """One page of the waybills this handheld's site has seen in the last 60 days. Without a cursor: from the beginning."""
    page = listing.waybills(handheld.database, handheld.device, cursor)
    return Response(page, media_type="application/json")  # type: ignore[arg-type]


@get("/sync/v1/schemas", tags=["sync"])
def schemas() -> dict[str, Any]:
    """What may be sent and what is answered, as JSON Schema. Anybody may read it: it holds no data."""
    return describing.schemas()


@get("/sync/v1/vectors", tags=["sync"])
def vectors() -> dict[str, Any]:
    """The conformance vectors: conversations with what must be answered, each at /sync/v1/vectors/{name}."""
    told = {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(VECTORS.glob("*.json"))}
    return {"vectors": [{"name": name, "about": each["about"], "shows": each["shows"]} for name, each in told.items()]}


@get("/sync/v1/vectors/{name:str}", tags=["sync"], responses=MISSING)
def vector(name: FromPath[str]) -> dict[str, Any]:
    """One conversation. Anybody may read it: it holds no data."""
    path = VECTORS / f"{name}.json"
    if path not in VECTORS.glob("*.json"):
        raise NotFound("There is no vector of this name.")
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


async def _inflated(request: Request[Any, Any, Any]) -> bytes:
    """The body, at most MAX_BODY on the wire and at most MAX_BODY inflated: a small bomb never becomes a large one."""
    zipped = request.headers.get("content-encoding", "").strip().lower() == "gzip"
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        if not chunk:
            continue
        if zipped:
            try:
                chunk = inflater.decompress(chunk, MAX_BODY - size + 1)
            except zlib.error:
                raise Refused("malformed", "The body is not gzip, as its Content-Encoding says.") from None
        size += len(chunk)
        if size > MAX_BODY:
            raise Refused("too_large", "One push holds at most 8 MiB, inflated.", limit=MAX_BODY)
        parts.append(chunk)
    if zipped and not inflater.eof:
        raise Refused("malformed", "The gzip body ends before its end.")
    return b"".join(parts)


HANDLERS = [push, feeds, pull, waybills, schemas, vectors, vector]
