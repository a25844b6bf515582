"""Lots that are held everywhere at once 批次冻结: nothing of them is available at any site, and every handheld says so.

A hold posts nothing: the goods stay what they are, and are available again the moment it is released.
"""

from .catalog import Item
from .errors import Invalid
from .events import LotHeld, LotReleased
from .model import Command, Outcome, Table, moment, ref
from .work import Work


class LotHold(Table, table=True):
    """One decision to hold a lot, and who ended it. A lot held again is another hold."""

    owner_id: str = ""
    item_id: str = ref()
    lot: str = ""
    reason: str = ""
    by: str = ""
    at: int = moment()
    released_by: str = ""
    released_at: int = moment()
    release_reason: str = ""


class HoldLot(Command, frozen=True):
    item_id: str
    lot: str
    reason: str


class ReleaseLot(Command, frozen=True):
    hold_id: str
    reason: str


def hold_lot(work: Work, command: HoldLot) -> Outcome | None:
    item = work.look(Item, command.item_id)
    if item is None:
        raise Invalid("There is no such item.", field="item_id")
    work.allow("hold_lot", owner_id=item.owner_id)
    lot = command.lot.strip()
    if not lot:
        raise Invalid("Say which lot.", field="lot")
    if not command.reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    work.lock("lot hold", item.id, lot)
    if standing(work, item.id, lot):
        return Outcome("noop")
    hold = work.add(
        LotHold, owner_id=item.owner_id, item_id=item.id, lot=lot, reason=command.reason.strip(), by=work.actor.id,
        at=work.now,
    )  # fmt: skip
    work.record(LotHeld(item_id=item.id, lot=lot, reason=hold.reason), hold.id)
    return None


def release_lot(work: Work, command: ReleaseLot) -> Outcome | None:
    hold = work.get(LotHold, command.hold_id)
    work.allow("hold_lot", owner_id=hold.owner_id)
    if not command.reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    if hold.released_at:
        return Outcome("noop")
    hold.released_by, hold.released_at, hold.release_reason = work.actor.id, work.now, command.reason.strip()
    work.record(LotReleased(item_id=hold.item_id, lot=hold.lot, reason=hold.release_reason), hold.id)
    return None


def standing(work: Work, item_id: str, lot: str) -> LotHold | None:
    """The hold that stands over this lot."""
    return next(iter(work.all(LotHold, item_id=item_id, lot=lot, released_at=0)), None) if lot else None
