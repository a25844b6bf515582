"""A site that hands over 移交: what was put away for sale is told to the ERP or WMS, and leaves Restow's book once that is acknowledged.

Until then the goods stand in the balance, and the hand-over is listed with its age.
"""

from typing import TYPE_CHECKING

from . import stock
from .catalog import Item, Site
from .errors import Invalid
from .events import HandOverAcknowledged, HandOverBegun
from .model import Command, Outcome, Table, integer, moment, ref
from .work import Work

if TYPE_CHECKING:
    from .dispositions import Disposition


class HandOver(Table, table=True):
    site_id: str = ref()
    owner_id: str = ""
    item_id: str = ref()
    quantity: int = integer()
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    bin_id: str = ""
    container_id: str = ""
    order_id: str = ref()
    line_id: str = ""
    state: str = "waiting"  # waiting | acknowledged
    reference: str = ""  # what the other system calls its receipt
    mutation_id: str = ""
    at: int = moment()
    acknowledged_by: str = ""
    acknowledged_at: int = moment()


class AcknowledgeHandOvers(Command, frozen=True):
    """The other system has them in its book. `reference`: its receipt's number. Those acknowledged already are nothing."""

    hand_over_ids: list[str]
    reference: str = ""


MOST = 500


def begin(
    work: Work, disposition: "Disposition", item: Item, quantity: int, place: stock.Place, lot: stock.Lot
) -> None:
    """Goods have just become sellable, and stand in their bin."""
    site = work.look(Site, disposition.site_id)
    if site is None or site.book != "hand_over":
        return
    hand_over = work.add(
        HandOver, site_id=site.id, owner_id=item.owner_id, item_id=item.id, quantity=quantity, lot=lot.lot, expiry=lot.expiry,
        serial=lot.serial, bin_id=place.bin_id, container_id=place.container_id, order_id=disposition.order_id,
        line_id=disposition.line_id, mutation_id=work.cause, at=work.now,
    )  # fmt: skip
    work.record(HandOverBegun(site_id=site.id, item_id=item.id, quantity=quantity), hand_over.id)


def acknowledge_hand_overs(work: Work, command: AcknowledgeHandOvers) -> Outcome | None:
    if not 0 < len(command.hand_over_ids) <= MOST:
        raise Invalid(f"Between 1 and {MOST} hand-overs are acknowledged at once.", field="hand_over_ids")
    waiting = []
    for id in sorted(set(command.hand_over_ids)):
        hand_over = work.get(HandOver, id)
        work.allow("acknowledge_hand_over", hand_over.site_id, hand_over.owner_id)
        if hand_over.state == "waiting":
            waiting.append(hand_over)
    for hand_over in waiting:
        # They may have been carried on meanwhile: taken from where they stand now.
        stock.transfer(
            work, hand_over.site_id, work.get(Item, hand_over.item_id), hand_over.quantity,
            stock.Place("sellable", hand_over.bin_id, hand_over.container_id), stock.Place("handed_over"),
            stock.Cause("hand_over", hand_over.order_id, hand_over.line_id),
            stock.Lot(hand_over.lot, hand_over.expiry, hand_over.serial),
        )  # fmt: skip
        hand_over.state, hand_over.reference = "acknowledged", command.reference.strip()
        hand_over.acknowledged_by, hand_over.acknowledged_at = work.actor.id, work.now
        work.record(
            HandOverAcknowledged(
                site_id=hand_over.site_id, item_id=hand_over.item_id, quantity=hand_over.quantity,
                reference=hand_over.reference,
            ),
            hand_over.id,
        )  # fmt: skip
    return None if waiting else Outcome("noop")
