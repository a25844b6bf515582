"""X12: what came is another lot, or another item, than the line it was scanned for says was shipped (错货).

None where the shipment names no lot.
"""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, receiving, returns
from ..catalog import Item
from ..documents import OutboundLine
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    facts = _differs(work, receipt, line)
    if facts is None:
        return None
    return conflicts.open_case(
        work, "X12", order.site_id, (line.id, receipt.item_id, receipt.lot), order_id=order.id, subject_kind="ReturnLine",
        subject_id=line.id, values=[{"field": facts["what"], "base": None, "server": facts["shipped"], "device": facts["came"]}],
        facts=facts, evidence={"receipt_id": receipt.id, "quantity": receipt.quantity},
    )  # fmt: skip


def wrong_item(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """A line of its own, which nobody planned; the shipment is not charged with it."""
    order = work.get(returns.ReturnOrder, case.order_id)
    for receipt in _these(work, case):
        target = corrections.line_for(
            work, order, receipt.item_id, apart=receipt.lot if case.facts["what"] == "lot" else ""
        )
        corrections.reassign(work, receipt, corrections.standing(receipt), target)


def correct(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """It is what was shipped, and was read or typed wrongly."""
    right = command.value or case.facts["shipped"]
    if right != case.facts["shipped"]:
        raise Invalid(
            "Only what was shipped can be right; anything else is a wrong item.",
            field="value",
            shipped=case.facts["shipped"],
        )
    for receipt in _these(work, case):
        if case.facts["what"] == "lot":
            corrections.correct(work, receipt, lot=right)
        else:
            corrections.correct(work, receipt, item=work.get(Item, right))


def shipped(work: Work, case: "Conflict") -> str:
    return str(case.facts["shipped"])


def passes(work: Work, case: "Conflict") -> str:
    return "" if _these(work, case) else "None of these goods is counted on that line any more."


def _differs(work: Work, receipt: "receiving.Receipt", line: "returns.ReturnLine") -> "dict[str, str] | None":
    if receipt.item_id and line.item_id and receipt.item_id != line.item_id:
        return {"what": "item_id", "shipped": line.item_id, "came": receipt.item_id, "weight": "blocking"}
    sent = work.look(OutboundLine, line.outbound_line_id) if receipt.lot and line.outbound_line_id else None
    if sent is None or not sent.lot or sent.lot == receipt.lot:
        return None
    item = work.look(Item, receipt.item_id)
    bound = item is not None and item.binds_lot
    return {"what": "lot", "shipped": sent.lot, "came": receipt.lot, "weight": "blocking" if bound else "advisory"}


def _these(work: Work, case: "Conflict") -> "list[receiving.Receipt]":
    """The receipts on that line that differ in the same way."""
    field = case.facts["what"]
    return [
        receipt
        for receipt in receiving.of_line(work, case.subject_id)
        if corrections.standing(receipt) and getattr(receipt, field) == case.facts["came"]
    ]


RULE = Rule(
    id="X12",
    severity="advisory",
    options={
        "wrong_item": Option(wrong_item),
        "correct": Option(correct, takes="record", begins_with=shipped),
        "accept": Option(nothing, note_required=True),
    },
    suggested="wrong_item",
    why="What came is not what was sold: it gets a line of its own, and the shipment is not charged with it.",
    locks="ReturnLine",
    passes=passes,
    weighs=lambda case: "blocking" if case.facts["weight"] == "blocking" else "advisory",
)
