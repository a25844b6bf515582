"""Goods came that the return order does not name, or that nobody can name: an unknown code."""

from ..events import (
    BarcodeMapped,
    ItemScanned,
    ParcelClaimed,
    ReturnCreated,
    ReturnEdited,
    ScanCorrected,
    ScanTakenBack,
)
from ..returns import ReturnLine, ReturnOrder
from ..work import Work
from .rule import Breach, Rule, lines


def breach(work: Work, subject: str) -> Breach | None:
    line = work.look(ReturnLine, subject)
    order = work.look(ReturnOrder, line.order_id) if line else None
    if line is None or order is None or line.removed or line.received <= 0:
        return None
    unknown = not line.item_id
    # Before its document has arrived, and where there is none, everything is unexpected: that says nothing.
    unplanned = line.expected == 0 and order.origin == "filed" and not order.stub
    if not (unknown or unplanned):
        return None
    facts = {"received": line.received, "text": line.text} if unknown else {"received": line.received}
    return Breach(line.site_id, facts, order_id=order.id, item_id=line.item_id)


RULE = Rule(
    id="unexpected_item",
    severity="warning",
    hears=(ItemScanned, ScanCorrected, ScanTakenBack, ReturnCreated, ReturnEdited, ParcelClaimed, BarcodeMapped),
    subjects=lines,
    breach=breach,
    gone="The return order names these goods now, or they were taken back.",
)
