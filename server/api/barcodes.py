"""What a code says, and which codes a picture shows: for a phone that cannot tell by itself. Nothing is stored."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from litestar import Request
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ..barcodes import gs1
from ..barcodes.decode import MAX_BYTES, Code, Decoder, Reading
from ..database import Database
from ..domain.errors import Invalid
from ..domain.permissions import Actor
from ..domain.reads.barcodes import known_barcodes
from .desk import REFUSALS
from .doors import post
from .problems import Refused

AROUND = 64 * 1024  # what a form may have around its picture


class Text(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(max_length=8000)]


class Parsed(msgspec.Struct):
    """`kind`: element_string, digital_link, bracketed, gtin, sscc or text."""

    kind: str
    elements: list[gs1.Element]
    problems: list[gs1.Problem]


class SeenCode(msgspec.Struct):
    """`confirmed`: some item wears it. `position`: four corners, in pixels of the upright picture. `identifier`: the symbology's."""

    text: str
    symbology: str
    identifier: str
    engine: str
    confirmed: bool
    position: list[list[int]]


class Seen(msgspec.Struct):
    codes: list[SeenCode]
    engines: list[str]


@dataclass
class PictureForm(Operation):
    """What the document says of the body, which the handler reads itself."""

    def __post_init__(self) -> None:
        image = Schema(
            type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="JPEG, PNG or WebP, at most 8 MiB."
        )
        form = Schema(type=OpenAPIType.OBJECT, properties={"image": image}, required=["image"])
        self.request_body = RequestBody(content={"multipart/form-data": OpenAPIMediaType(schema=form)}, required=True)


@post("/api/barcodes/parse", tags=["barcodes"], status_code=200, responses=REFUSALS)
def parse(viewer: NamedDependency[Actor], data: JSONBody[Text]) -> Parsed:
    """A scanned text taken apart as GS1 means it. A code without problems may be trusted; one that is ambiguous is to be asked about."""
    found = gs1.parse(data.text)
    return Parsed(found.kind, found.elements, found.problems)


@post(
    "/api/barcodes/decode",
    tags=["barcodes"],
    status_code=200,
    responses=REFUSALS,
    request_max_body_size=MAX_BYTES + AROUND,
    operation_class=PictureForm,
)
async def decode(request: Request[Any, Any, Any], viewer: NamedDependency[Actor]) -> Seen:
    """The codes in a picture: JPEG, PNG or WebP, sent as the field `image` of a multipart form."""
    image = await _image_of(request)
    return await to_thread.run_sync(_look, request.app.state.decoder, request.app.state.database, viewer, image)


def _look(decoder: Decoder, database: Database, viewer: Actor, image: bytes) -> Seen:
    reading = decoder.read(image)
    confirmed = _confirmed(database, viewer, reading)
    codes = [
        SeenCode(code.text, code.symbology, code.identifier, code.engine, code in confirmed, code.position)
        for code in reading.codes
        if code.sure or code in confirmed
    ]
    return Seen(codes, reading.engines)


def _confirmed(database: Database, viewer: Actor, reading: Reading) -> list[Code]:
    """Those that the item master knows, in whatever length their GTIN is written there."""
    spellings = [gs1.spellings(code.text, code.identifier) for code in reading.codes]
    with database.read(viewer) as work:
        known = known_barcodes(work, (each for spelling in spellings for each in spelling))
    return [code for code, spelling in zip(reading.codes, spellings, strict=True) if known.intersection(spelling)]


async def _image_of(request: Request[Any, Any, Any]) -> bytes:
    """Read into memory with a bound; Litestar's own parser would spool it to the disk, and stumbles over a field's charset."""
    boundary = parse_options_header(request.headers.get("content-type", ""))[1].get("boundary", "")
    if not boundary:
        raise Refused("malformed", "The form's boundary is missing in its Content-Type.")
    names, image = [], bytearray()
    try:
        with PushMultipartParser(boundary, max_segment_count=4, strict=True) as parser:
            async for chunk in request.stream():
                if parser.closed:
                    break
                for part in parser.parse(chunk):
                    if isinstance(part, MultipartSegment):
                        names.append(part.name)
                    elif part:
                        image += part
    except (MultipartError, UnicodeError, LookupError, ValueError):
        raise Refused("malformed", "This form cannot be read.") from None
    if names != ["image"]:
        raise Invalid("Send one picture, as the field `image`.", field="image")
    return bytes(image)


HANDLERS = [parse, decode]
