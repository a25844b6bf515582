"""Goods of a return wait for their inspection longer than the site allows."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from .. import returns
from ..catalog import Site
from ..events import GoodsInspected, ItemScanned, ParcelClaimed, ScanTakenBack
from ..receiving import Receipt
from ..returns import ReturnLine, ReturnOrder
from ..work import Work
from .rule import Breach, Rule, itself

HOUR = 3_600_000


def breach(work: Work, subject: str) -> Breach | None:
    order = work.look(ReturnOrder, subject)
    site = work.look(Site, order.site_id) if order else None
    if order is None or site is None or order.origin == "imported":  # history of another book: nobody is late
        return None
    open_lines = [line for line in returns.lines_of(work, order.id) if line.received > line.inspected]
    since = min((_oldest(work, line) for line in open_lines), default=0)
    if not since or since + site.inspection_hours * HOUR > work.now:
        return None
    waiting = sum(line.received - line.inspected for line in open_lines)
    return Breach(
        order.site_id, {"waiting": waiting, "since": since, "hours": site.inspection_hours}, order_id=order.id
    )


def scheduled(work: Work) -> Iterable[str]:
    waiting = (
        select(col(ReturnLine.order_id))
        .join(ReturnOrder, col(ReturnOrder.id) == col(ReturnLine.order_id))
        .where(
            col(ReturnLine.received) > col(ReturnLine.inspected),
            col(ReturnLine.removed).is_(False),
            col(ReturnOrder.origin) != "imported",
        )
        .distinct()
    )
    return [row.order_id for row in work.rows(waiting)]


def _oldest(work: Work, line: "returns.ReturnLine") -> int:
    """When the first unit came that is not inspected: the first to come are the first to be looked at."""
    inspected = line.inspected
    receipts = work.all(Receipt, line_id=line.id)
    for receipt in sorted(receipts, key=lambda each: each.at):
        inspected -= receipt.quantity - receipt.unreceived
        if inspected < 0:
            return receipt.at
    return 0


RULE = Rule(
    id="inspection_overdue",
    severity="warning",
    hears=(ItemScanned, GoodsInspected, ScanTakenBack, ParcelClaimed),
    subjects=itself,
    breach=breach,
    gone="Nothing of this return waits for its inspection too long.",
    scheduled=scheduled,
)
