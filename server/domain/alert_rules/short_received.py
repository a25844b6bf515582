"""Fewer units came than the return order asks for, and nobody waits for more: its parcels are unpacked, or nothing came for a day."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from .. import returns
from ..catalog import Site
from ..events import (
    ItemScanned,
    LineSettledShort,
    ParcelClaimed,
    ParcelClosed,
    ReturnCancelled,
    ReturnEdited,
    ScanCorrected,
    ScanTakenBack,
)
from ..parcels import Parcel
from ..receiving import Receipt
from ..returns import ReturnLine, ReturnOrder
from ..work import Work
from .rule import Breach, Rule, lines

HOUR = 3_600_000


def breach(work: Work, subject: str) -> Breach | None:
    line = work.look(ReturnLine, subject)
    order = work.look(ReturnOrder, line.order_id) if line else None
    if line is None or order is None or line.removed or not _expects_goods(order):
        return None
    missing = line.expected - line.received - line.short - line.lost - line.refused
    if missing <= 0 or not _over(work, order):
        return None
    facts = {"expected": line.expected, "received": line.received, "missing": missing}
    return Breach(line.site_id, facts, order_id=order.id, item_id=line.item_id)


def scheduled(work: Work) -> Iterable[str]:
    waiting = (
        select(col(ReturnLine.id))
        .join(ReturnOrder, col(ReturnOrder.id) == col(ReturnLine.order_id))
        .where(
            col(ReturnOrder.status) == "receiving",
            col(ReturnOrder.authorised).is_(True),
            col(ReturnOrder.origin) == "filed",
            col(ReturnLine.removed).is_(False),
            col(ReturnLine.expected)
            > col(ReturnLine.received) + col(ReturnLine.short) + col(ReturnLine.lost) + col(ReturnLine.refused),
        )
    )
    return [row.id for row in work.rows(waiting)]


def _expects_goods(order: "returns.ReturnOrder") -> bool:
    return order.status == "receiving" and order.authorised and order.origin == "filed"


def _over(work: Work, order: "returns.ReturnOrder") -> bool:
    """Whether what came is all that seems to come."""
    receipts = work.all(Receipt, order_id=order.id)
    if not receipts:
        return False
    brought_by = [work.look(Parcel, id) for id in {receipt.parcel_id for receipt in receipts if receipt.parcel_id}]
    if brought_by and all(parcel is not None and parcel.state in ("done", "claimed") for parcel in brought_by):
        return True
    site = work.look(Site, order.site_id)
    patience = (site.inspection_hours if site else 24) * HOUR
    return max(receipt.at for receipt in receipts) + patience <= work.now


RULE = Rule(
    id="short_received",
    severity="warning",
    hears=(
        ItemScanned,
        ScanCorrected,
        ScanTakenBack,
        LineSettledShort,
        ParcelClosed,
        ParcelClaimed,
        ReturnEdited,
        ReturnCancelled,
    ),
    subjects=lines,
    breach=breach,
    gone="Everything that is still expected has arrived or was settled.",
    scheduled=scheduled,
)
