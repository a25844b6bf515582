"""Outbox files: what a handheld without any network recorded, brought home by another handheld or at a desk."""

from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.di import NamedDependency

from ..domain import devices
from ..domain.errors import Invalid
from ..domain.permissions import Actor
from ..sync import carried
from . import photos
from .answers import Named, OutboxFile
from .desk import CLASH, REFUSALS
from .doors import post
from .pictures import qr_svg


@post(
    "/api/outbox-files",
    tags=["sync"],
    status_code=200,
    responses=REFUSALS | CLASH,
    request_max_body_size=carried.MAX_FILE,
)
async def bring(request: Request[Any, Any, Any], viewer: NamedDependency[Actor]) -> OutboxFile:
    """The file's own bytes. Brought twice it counts once; one that lacks an earlier file is refused and can be brought again."""
    return await to_thread.run_sync(_bring, request.app.state, viewer, await request.body())


def _bring(state: Any, actor: Actor, data: bytes) -> OutboxFile:
    database, config = state.database, state.config
    opened = carried.open_file(database, data)
    head, device = opened.head, opened.device
    with database.read(actor) as work:
        devices.may_carry(work, device)

    arrived = carried.take_in(database, opened, config.held_days * 86_400_000)
    refused = 0
    for photo, content in opened.photos:
        try:
            photos.keep(database, config, photo.sha256, content, device.site_id, device.id)
        except Invalid:  # it is no picture and will not become one; the work it was taken for has been counted
            refused += 1
    database.write(
        actor,
        lambda work: devices.carry_work(
            work, device, first=head.first, last=head.last, new=arrived.new, photos=len(opened.photos) - refused
        ),
    )
    return OutboxFile(
        device=Named(id=device.id, name=device.name, code=device.code), part=head.part, parts=head.parts, first=head.first,
        last=head.last, new=arrived.new, already=arrived.already, outcomes=arrived.outcomes, photos=len(opened.photos) - refused,
        photos_refused=refused,
        made_at=head.made_at, device_last_seq=arrived.device_last_seq, receipt=arrived.receipt,
        receipt_svg=qr_svg(arrived.receipt),
    )  # fmt: skip


HANDLERS = [bring]
