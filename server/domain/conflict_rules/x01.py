"""X1: over all devices, more came back of a shipped line than was shipped and had not come back already (超退).

Filed under a reservation that had expired, it is the same case before the goods arrive.
"""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, outbound_claims, receiving, returns, tasks
from ..documents import OutboundLine
from ..errors import WrongState
from ..events import ReturnOpenedWithoutOrder
from ..numbers import next_desk_number
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..tasks import Task, TaskAnswer


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    shipped = work.seek(OutboundLine, line.outbound_line_id)
    if shipped is None or shipped.returned <= shipped.quantity:
        return None
    return _open(work, order, shipped, {"receipt_id": receipt.id, "line_id": line.id, "quantity": receipt.quantity})


def filed(work: Work, order: "returns.ReturnOrder", line: "returns.ReturnLine", shipped: OutboundLine) -> "Conflict":
    """More is filed than was shipped, under a reservation that had expired by the time it arrived."""
    return _open(work, order, shipped, {"line_id": line.id, "quantity": line.expected})


def counted_again(work: Work, order: "returns.ReturnOrder") -> None:
    """Whoever sent the goods to be counted again lets the order go on: is it still too much?"""
    for line in returns.lines_of(work, order.id):
        shipped = work.seek(OutboundLine, line.outbound_line_id)
        if shipped is not None and shipped.returned > shipped.quantity:
            _open(work, order, shipped, {"line_id": line.id, "quantity": line.received})


def keep_first(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The latest receipts are what is too much: as many units of them become a return without order."""
    shipped = work.get(OutboundLine, case.subject_id)
    excess: returns.ReturnOrder | None = None
    for receipt, units in _too_many(work, shipped):
        source = work.get(returns.ReturnOrder, receipt.order_id)
        excess = excess or _new_order(work, source)
        corrections.reassign(work, receipt, units, corrections.line_for(work, excess, receipt.item_id))
    _file_less(work, shipped)


def void_later(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    shipped = work.get(OutboundLine, case.subject_id)
    for receipt, units in _too_many(work, shipped):
        receiving.unreceive(work, receiving.Unreceive(receipt_id=receipt.id, quantity=units, reason="X1"))
    _file_less(work, shipped)


def recount(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Somebody counts what is really here; until then the goods stay in quarantine."""
    for line in _lines(work, case):
        tasks.send(
            work, "recount", case.site_id, question=command.note, order_id=line.order_id, line_id=line.id, item_id=line.item_id,
            conflict_id=case.id,
        )  # fmt: skip


def answered(work: Work, case: "Conflict", task: "Task", answer: "TaskAnswer") -> None:
    """The question is asked again, with what was counted and what the book has."""
    line = work.look(returns.ReturnLine, task.line_id)
    if answer.found >= 0 and line is not None:
        case.facts = {**case.facts, "counted": answer.found, "booked": line.received}


def suggests(case: "Conflict") -> str:
    """Counted, and the excess is not there: what came last was scanned twice."""
    twice = case.facts.get("booked", 0) - case.facts.get("counted", 0)
    return "void_later" if twice >= case.facts["over"] > 0 else "keep_first"


def passes(work: Work, case: "Conflict") -> str:
    shipped = work.look(OutboundLine, case.subject_id)
    if shipped is None or shipped.returned > shipped.quantity:
        return ""
    only_filed = not case.facts["over"]
    if only_filed and shipped.returned + shipped.claimed > shipped.quantity:
        return ""
    return "No more has come back than was shipped."


def _lines(work: Work, case: "Conflict") -> "list[returns.ReturnLine]":
    return [line for line in returns.lines_of(work, case.order_id) if line.outbound_line_id == case.subject_id]


def _open(work: Work, order: "returns.ReturnOrder", shipped: OutboundLine, evidence: dict[str, object]) -> "Conflict":
    facts = {"shipped": shipped.quantity, "returned": shipped.returned, "filed": shipped.claimed}
    return conflicts.open_case(
        work, "X1", order.site_id, (shipped.id, order.id), order_id=order.id, subject_kind="OutboundLine", subject_id=shipped.id,
        facts={**facts, "over": max(0, shipped.returned - shipped.quantity)}, evidence={**evidence, **facts},
    )  # fmt: skip


def _too_many(work: Work, shipped: OutboundLine) -> "list[tuple[receiving.Receipt, int]]":
    """The latest receipts of this shipped line, and how many units of each are too much."""
    over, found = shipped.returned - shipped.quantity, []
    lines = work.find(returns.ReturnLine, returns.ReturnLine.outbound_line_id == shipped.id)
    free = {line.id: line.received - line.closed for line in lines if not line.removed}
    receipts = [receipt for line_id in free for receipt in receiving.of_line(work, line_id)]
    for receipt in sorted(receipts, key=lambda each: (each.at, each.id), reverse=True):
        units = min(over, corrections.standing(receipt), free[receipt.line_id])
        if units > 0:
            found.append((receipt, units))
            free[receipt.line_id] -= units
            over -= units
    if over > 0:
        raise WrongState("These goods have left quarantine already; keep both and say why.", over=over)
    return found


def _new_order(work: Work, source: "returns.ReturnOrder") -> "returns.ReturnOrder":
    order = work.add(
        returns.ReturnOrder, number=next_desk_number(work), site_id=source.site_id, owner_id=source.owner_id,
        customer_id=source.customer_id, type_code=source.type_code, status="receiving", origin="without_order",
        filed_by=work.actor.id, created_at=work.now, currency=source.currency, note=f"← {source.number}",
    )  # fmt: skip
    work.record(ReturnOpenedWithoutOrder(site_id=order.site_id, number=order.number), order.id)
    return order


def _file_less(work: Work, shipped: OutboundLine) -> None:
    """What was filed last asks back no more than there is."""
    over = shipped.returned + shipped.claimed - shipped.quantity
    for claim in outbound_claims.newest_first(work, shipped.id):
        units = min(over, claim.open)
        if units <= 0:
            break
        line = work.get(returns.ReturnLine, claim.line_id)
        order = work.get(returns.ReturnOrder, claim.order_id)
        work.count(line, expected=-units)
        line.removed = line.removed or not (line.expected or line.received)
        order.content += 1
        outbound_claims.give_back_units(work, line, units)
        over -= units


RULE = Rule(
    id="X1",
    severity="blocking",
    options={
        "keep_first": Option(keep_first),
        "recount": Option(recount, sends=True),
        "keep_both": Option(nothing, note_required=True),
        "void_later": Option(void_later, note_required=True),
    },
    suggested="keep_first",
    why="What came first fits the shipment; the rest is really here too, and gets a return of its own to be reviewed.",
    locks="OutboundLine",
    passes=passes,
    suggests=suggests,
    answered=answered,
)
