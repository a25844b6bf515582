"""X9: probably the same return without order twice: one customer, one item, another device, within three days."""

from typing import TYPE_CHECKING

from sqlmodel import col

from .. import conflicts, corrections, dispositions, inspections, receiving, returns
from ..errors import WrongState
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..receiving import Receipt
    from ..returns import ReturnLine, ReturnOrder

NEAR = 72 * 3_600_000


def found(work: Work, receipt: "Receipt", order: "ReturnOrder", line: "ReturnLine") -> "Conflict | None":
    if order.origin != "without_order" or order.stub or not order.customer_id or not receipt.item_id:
        return None
    work.lock("X9", order.customer_id)
    for other in work.find(
        returns.ReturnOrder, returns.ReturnOrder.customer_id == order.customer_id, returns.ReturnOrder.id != order.id,
        returns.ReturnOrder.site_id == order.site_id, returns.ReturnOrder.origin == "without_order",
        returns.ReturnOrder.status != "cancelled", order_by=(col(returns.ReturnOrder.created_at), col(returns.ReturnOrder.id)),
    ):  # fmt: skip
        for twin in work.find(
            receiving.Receipt, receiving.Receipt.order_id == other.id, receiving.Receipt.item_id == receipt.item_id
        ):
            if corrections.standing(twin) and _alike(receipt, twin):
                return _open(work, order, other, receipt, twin)
    return None


def found_in(work: Work, order: "ReturnOrder") -> "Conflict | None":
    """Whose return it is has only now become known."""
    for line in returns.lines_of(work, order.id):
        for receipt in receiving.of_line(work, line.id):
            if corrections.standing(receipt) and (case := found(work, receipt, order, line)):
                return case
    return None


def merge(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The later return is the earlier one told again: what both have is counted once, the rest joins the earlier."""
    earlier, later = (work.get(returns.ReturnOrder, case.facts[which]) for which in ("earlier", "later"))
    for line in returns.lines_of(work, later.id):
        line = work.get(returns.ReturnLine, line.id)
        twin = next(
            (each for each in returns.lines_of(work, earlier.id) if each.item_id == line.item_id and line.item_id), None
        )
        if twin is not None:
            _count_once(work, case, line, min(line.received, twin.received))
    returns.hand_over_lines(work, later, earlier)


def passes(work: Work, case: "Conflict") -> str:
    earlier, later = (work.look(returns.ReturnOrder, case.facts[which]) for which in ("earlier", "later"))
    for order in (earlier, later):
        if order is None or order.status == "cancelled":
            return "One of the two is cancelled."
    if not _items(work, case.facts["earlier"]) & _items(work, case.facts["later"]):
        return "The two have no item in common any more."
    if earlier and later and earlier.customer_id != later.customer_id:
        return "The two belong to different customers."
    return ""


def _alike(receipt: "Receipt", twin: "Receipt") -> bool:
    if twin.device_id == receipt.device_id or (twin.parcel_id and twin.parcel_id == receipt.parcel_id):
        return False
    if twin.serial and receipt.serial and twin.serial != receipt.serial:
        return False
    return abs(twin.at - receipt.at) <= NEAR or abs(twin.made_at - receipt.made_at) <= NEAR


def _items(work: Work, order_id: str) -> set[str]:
    return {line.item_id for line in returns.lines_of(work, order_id) if line.received and line.item_id}


def _open(work: Work, order: "ReturnOrder", other: "ReturnOrder", receipt: "Receipt", twin: "Receipt") -> "Conflict":
    earlier, later = sorted((order, other), key=lambda each: (each.created_at, each.id))
    return conflicts.open_case(
        work, "X9", order.site_id, tuple(sorted((order.id, other.id))), order_id=later.id, subject_kind="ReturnOrder",
        subject_id=later.id, facts={"earlier": earlier.id, "later": later.id},
        evidence={"receipt_id": receipt.id, "twin_id": twin.id, "item_id": receipt.item_id, "numbers": [earlier.number, later.number]},
    )  # fmt: skip


def _count_once(work: Work, case: "Conflict", line: "ReturnLine", units: int) -> None:
    if line.closed > line.received - units:
        raise WrongState("Some of these goods have left quarantine already; keep both and say why.", closed=line.closed)
    for disposition in dispositions.of_line(work, line.id):
        if (
            disposition.state in ("proposed", "decided")
            and not disposition.posted
            and line.disposed > line.received - units
        ):
            disposition.state = "void"
            work.count(line, disposed=-disposition.quantity)
    for inspection in inspections.current(work, line.id):
        if line.inspected > line.received - units:
            inspection.superseded_by = case.id
            work.count(line, inspected=-inspection.quantity)
    for receipt in reversed(receiving.of_line(work, line.id)):
        less = min(units, corrections.standing(receipt))
        if less:
            receiving.unreceive(work, receiving.Unreceive(receipt_id=receipt.id, quantity=less, reason="X9"))
            units -= less


RULE = Rule(
    id="X9",
    severity="advisory",
    options={"merge": Option(merge), "keep_both": Option(nothing)},
    suggested="merge",
    why="Two handhelds opened a return for the same customer and item within three days: most often it is one return, told twice.",
    locks="the customer's returns without order",
    passes=passes,
)
