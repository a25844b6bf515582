"""Photos: what a handheld uploads as it is, and what people are shown repainted."""

import re
from collections.abc import Callable
from typing import Any, Literal

from anyio import to_thread
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from .. import media
from ..config import Config
from ..database import Database
from ..domain.attachments import note_photo
from ..domain.devices import Device
from ..domain.documents import Blob, Document
from ..domain.errors import Invalid, NotAllowed, NotFound
from ..domain.permissions import SYSTEM, Actor
from ..domain.reads import returns
from ..domain.reads.rows import one
from ..domain.returns import ReturnOrder
from ..domain.work import Work
from .answers import PhotoStored
from .desk import MISSING, REFUSALS
from .doors import get, head, put
from .identity import Desk, Handheld
from .problems import Refused

SHA256 = re.compile(r"[0-9a-f]{64}")


@put("/blobs/{sha256:str}", tags=["sync"], responses=REFUSALS, request_max_body_size=media.MAX_BYTES)
async def upload(
    request: Request[Any, Any, Any], any_handheld: NamedDependency[Handheld], sha256: FromPath[str]
) -> Response[PhotoStored]:
    """The photo's own bytes, named by their SHA-256. Sent again, it is there already. A revoked handheld hands over its photos too."""
    device = any_handheld.device
    return await _taken_in(request, any_handheld.database, any_handheld.config, sha256, device.site_id, device.id)


@put("/api/photos/{sha256:str}", tags=["photos"], responses=REFUSALS, request_max_body_size=media.MAX_BYTES)
async def add_photo(
    request: Request[Any, Any, Any], desk: NamedDependency[Desk], sha256: FromPath[str], site: FromQuery[str]
) -> Response[PhotoStored]:
    """A photo to decide with, or of how an item should look: the file's own bytes, named by their SHA-256."""
    if not desk.actor.may("see", site):
        raise NotFound("This site does not exist, or is not for you to see.")
    if not desk.actor.may("add_photos", site):
        raise NotAllowed("You do not have the right to do this here.")
    return await _taken_in(request, desk.database, desk.config, sha256, site, "")


@put(
    "/api/papers/{id:str}/{sha256:str}",
    tags=["returns"],
    responses=REFUSALS | MISSING,
    request_max_body_size=media.MAX_BYTES,
)
async def add_file(
    request: Request[Any, Any, Any], desk: NamedDependency[Desk], id: FromPath[str], sha256: FromPath[str]
) -> Response[PhotoStored]:
    """A paper to be linked to this return: a PDF or a photo, the file's own bytes, named by their SHA-256."""
    order = _return(desk, id)
    if not desk.actor.may("amend", order.site_id, order.owner_id):
        raise NotAllowed("You do not have the right to do this here.")
    return await _taken_in(request, desk.database, desk.config, sha256, order.site_id, "", look=media.paper_or_picture)


@get("/api/papers/{id:str}/{sha256:str}", tags=["returns"], responses=REFUSALS | MISSING, sent_as_it_is=True)
def paper(desk: NamedDependency[Desk], id: FromPath[str], sha256: FromPath[str]) -> Response[bytes]:
    """A return's PDF, to be kept and never shown here; photos are shown repainted, by their own door."""
    _check(sha256)
    order = _return(desk, id)
    with desk.read() as work:
        linked = work.first(Document, Document.order_id == order.id, Document.blob == sha256)
        blob = work.look(Blob, sha256)
    place = media.original(desk.config.blobs_dir, sha256)
    if linked is None or blob is None or blob.media_type != media.PDF or not place.exists():
        raise NotFound("This paper does not exist, or is not for you to see.")
    return Response(
        place.read_bytes(),
        media_type=media.PDF,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{order.number}-{sha256[:8]}.pdf"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _return(desk: Desk, id: str) -> ReturnOrder:
    with desk.read() as work:
        return one(work, ReturnOrder, id, returns.seen(work))


async def _taken_in(
    request: Request[Any, Any, Any], database: Database, config: Config, sha256: str, site_id: str, device_id: str,
    look: Callable[[bytes], media.Picture] = media.look_at,
) -> Response[PhotoStored]:  # fmt: skip
    _check(sha256)
    blobs = config.blobs_dir
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > media.MAX_BYTES:
        raise Refused("too_large", "A photo has at most 8 MiB.", limit=media.MAX_BYTES)
    there = await to_thread.run_sync(_stored, database, config, sha256)
    if there is not None:
        return Response(PhotoStored(sha256=sha256, size=there.size), status_code=200)

    arriving = await to_thread.run_sync(media.Upload, blobs, sha256)
    try:
        async for chunk in request.stream():
            if chunk:
                await to_thread.run_sync(arriving.take, chunk)
        picture = await to_thread.run_sync(arriving.keep, look)
    finally:
        await to_thread.run_sync(arriving.end)

    def note(work: Work) -> None:
        note_photo(
            work, sha256, size=arriving.size, media_type=picture.media_type, width=picture.width, height=picture.height,
            site_id=site_id, device_id=device_id,
        )  # fmt: skip

    await to_thread.run_sync(database.write, SYSTEM, note)
    return Response(PhotoStored(sha256=sha256, size=arriving.size), status_code=201)


def keep(database: Database, config: Config, sha256: str, data: bytes, site_id: str, device_id: str) -> None:
    """A photo that came within something else. Raises Invalid when the bytes are not those named, or no picture."""
    _check(sha256)
    if _stored(database, config, sha256) is not None:
        return
    arriving = media.Upload(config.blobs_dir, sha256)
    try:
        arriving.take(data)
        picture = arriving.keep()
    finally:
        arriving.end()
    database.write(
        SYSTEM,
        lambda work: note_photo(
            work, sha256, size=arriving.size, media_type=picture.media_type, width=picture.width, height=picture.height,
            site_id=site_id, device_id=device_id,
        ),
    )  # fmt: skip


@head("/blobs/{sha256:str}", tags=["sync"])
def is_stored(any_handheld: NamedDependency[Handheld], sha256: FromPath[str]) -> Response[None]:
    """Whether it is there already, before it is sent over a slow network."""
    _check(sha256)
    blob = _stored(any_handheld.database, any_handheld.config, sha256)
    return Response(None, status_code=200 if blob else 404)


@get("/api/photos/{sha256:str}", tags=["photos"], responses=REFUSALS | MISSING, sent_as_it_is=True)
def photo(
    viewer: NamedDependency[Actor],
    request: Request[Any, Any, Any],
    sha256: FromPath[str],
    size: FromQuery[Literal["thumb", "full"]] = "thumb",
) -> Response[Any]:
    """The repainted JPEG; 202 while it is not painted yet. The original is never served."""
    _check(sha256)
    state = request.app.state
    with state.database.read(viewer) as work:
        blob = work.look(Blob, sha256)
        device = work.look(Device, blob.device_id) if blob else None
        sites = viewer.sites("see")
        if blob is None or (sites is not None and device is not None and device.site_id not in sites):
            raise NotFound("This photo does not exist, or is not for you to see.")
    if blob.state == "unreadable":
        raise NotFound(
            "This photo cannot be shown: no decoder could read it. The original is kept.", state="unreadable"
        )
    place = media.repainted(state.config.blobs_dir, sha256, size)
    if blob.state != "shown" or not place.exists():
        return Response({"state": "stored"}, status_code=202, headers={"Retry-After": "2"})
    return Response(
        place.read_bytes(),
        media_type="image/jpeg",
        headers={"Cache-Control": "private, max-age=31536000, immutable", "Content-Disposition": "inline"},
    )


def _stored(database: Database, config: Config, sha256: str) -> Blob | None:
    """Known, and its bytes really there: a restored database may know what its folder lost."""
    with database.read(SYSTEM) as work:
        blob = work.look(Blob, sha256)
    return blob if blob and media.original(config.blobs_dir, sha256).exists() else None


def _check(sha256: str) -> None:
    if not SHA256.fullmatch(sha256):
        raise Invalid("A photo is named by its SHA-256 in lower-case hexadecimal.", field="sha256")


HANDLERS = [upload, add_photo, add_file, paper, is_stored, photo]
