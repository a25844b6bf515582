"""X12: what came is another item than the line it was scanned for, or another lot, expiry date or specification than was shipped
(错货); or it has fewer days left than its item asks of goods that come back.

None where the shipment does not say. The item says whether its lot binds; where it does, the goods wait.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .. import conflicts, corrections, receiving, returns
from ..catalog import Item, Site
from ..documents import OutboundLine
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict

Facts = dict[str, Any]


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    """Each difference is a case of its own; the one that holds the goods back is the scan's outcome."""
    cases = [_open(work, receipt, order, line, facts) for facts in _differs(work, receipt, line)]
    return next((case for case in cases if case.blocking), cases[0] if cases else None)


def wrong_item(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """A line of its own, which nobody planned; the shipment is not charged with it."""
    order, what = work.get(returns.ReturnOrder, case.order_id), case.facts["what"]
    for receipt in _these(work, case):
        apart = {"item_id": "", "lot": receipt.lot}.get(what, f"{what}:{case.facts['came']}")
        target = corrections.line_for(work, order, receipt.item_id, apart=apart, lot=receipt.lot if apart else "")
        corrections.reassign(work, receipt, corrections.standing(receipt), target)


def correct(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """It is what was shipped, and was read or typed wrongly."""
    what, right = case.facts["what"], command.value or case.facts["shipped"]
    if what == "shelf_life":
        right = _long_enough(work, case, command.value)
    elif what == "spec":
        right = command.value or _of_that_spec(work, case)
        if not isinstance(right, str) or work.look(Item, right) is None:
            raise Invalid("Choose the item that was shipped.", field="value")
    elif right != case.facts["shipped"]:
        raise Invalid(
            "Only what was shipped can be right; anything else is a wrong item.",
            field="value",
            shipped=case.facts["shipped"],
        )
    for receipt in _these(work, case):
        if what == "lot":
            corrections.correct(work, receipt, lot=right)
        elif what in ("expiry", "shelf_life"):
            corrections.correct(work, receipt, expiry=right)
        else:
            corrections.correct(work, receipt, item=work.get(Item, right))
            line = work.get(returns.ReturnLine, receipt.line_id)
            line.item_id = right if what == "spec" else line.item_id


def shipped(work: Work, case: "Conflict") -> str | None:
    if case.facts["what"] == "spec":
        return _of_that_spec(work, case)
    return str(case.facts["shipped"]) or None


def passes(work: Work, case: "Conflict") -> str:
    standing = _these(work, case)
    if not standing:
        return "None of these goods is counted on that line any more."
    line = work.look(returns.ReturnLine, case.subject_id)
    what = case.facts["what"]
    if line is None or any(facts["what"] == what for receipt in standing for facts in _differs(work, receipt, line)):
        return ""
    return "What came is what is asked for, as it is told now."


def days_left(work: Work, receipt: "receiving.Receipt", expiry: str) -> int | None:
    """Whole days until that date, from the day it was received; None where it is no date."""
    try:
        until = date.fromisoformat(expiry)
    except ValueError:
        return None
    site = work.look(Site, receipt.site_id)
    day = datetime.fromtimestamp(receipt.at / 1000, ZoneInfo(site.time_zone) if site else UTC).date()
    return (until - day).days


def _differs(work: Work, receipt: "receiving.Receipt", line: "returns.ReturnLine") -> list[Facts]:
    if receipt.item_id and line.item_id and receipt.item_id != line.item_id:
        return [{"what": "item_id", "shipped": line.item_id, "came": receipt.item_id, "weight": "blocking"}]
    item = work.look(Item, receipt.item_id)
    sent = work.look(OutboundLine, line.outbound_line_id) if line.outbound_line_id else None
    weight = {"weight": "blocking" if item is not None and item.binds_lot else "advisory"}
    found: list[Facts] = []
    if sent is not None and sent.lot and receipt.lot and sent.lot != receipt.lot:
        found.append(
            {"what": "lot", "shipped": sent.lot, "came": receipt.lot, **weight}
        )  # another lot has its own date
    elif sent is not None and sent.expiry and receipt.expiry and sent.expiry != receipt.expiry:
        found.append({"what": "expiry", "shipped": sent.expiry, "came": receipt.expiry, **weight})
    if sent is not None and item is not None and sent.spec and item.spec and _said(sent.spec) != _said(item.spec):
        found.append({"what": "spec", "shipped": sent.spec, "came": item.spec, **weight})
    left = days_left(work, receipt, receipt.expiry) if item is not None and item.min_days_to_accept else None
    if item is not None and left is not None and left < item.min_days_to_accept:
        needed = {"needed": item.min_days_to_accept}
        found.append({"what": "shelf_life", "shipped": "", "came": receipt.expiry, **needed, **weight})
    return found


def _said(words: str) -> str:
    return "".join(words.split()).casefold()


def _open(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine", facts: Facts
) -> "Conflict":
    what = facts["what"]
    same = () if what in ("item_id", "lot") else (what, facts["came"])
    return conflicts.open_case(
        work, "X12", order.site_id, (line.id, receipt.item_id, receipt.lot, *same), order_id=order.id, subject_kind="ReturnLine",
        subject_id=line.id, facts=facts, evidence={"receipt_id": receipt.id, "quantity": receipt.quantity},
        values=[{"field": what, "base": None, "server": facts["shipped"] or None, "device": facts["came"]}],
    )  # fmt: skip


def _these(work: Work, case: "Conflict") -> "list[receiving.Receipt]":
    """The receipts on that line that differ in the same way."""
    what, came = case.facts["what"], case.facts["came"]
    field = {"spec": "item_id", "shelf_life": "expiry"}.get(what, what)
    if what == "spec":
        first = work.look(receiving.Receipt, conflicts.occurrences_of(work, case.id)[0].evidence["receipt_id"])
        came = first.item_id if first else ""
    return [
        receipt
        for receipt in receiving.of_line(work, case.subject_id)
        if corrections.standing(receipt) and getattr(receipt, field) == came
    ]


def _of_that_spec(work: Work, case: "Conflict") -> str | None:
    """The item of the same name and owner that has the specification the shipment says."""
    receipts = _these(work, case)
    item = work.look(Item, receipts[0].item_id) if receipts else None
    others = work.find(Item, Item.owner_id == item.owner_id, Item.name == item.name, order_by=Item.sku) if item else []
    return next((each.id for each in others if _said(each.spec) == _said(case.facts["shipped"])), None)


def _long_enough(work: Work, case: "Conflict", value: Any) -> str:
    right = value if isinstance(value, str) else ""
    for receipt in _these(work, case):
        left = days_left(work, receipt, right)
        if left is None:
            raise Invalid("A date is written as YYYY-MM-DD.", field="value")
        if left < case.facts["needed"]:
            raise Invalid("With that date too few days are left as well.", field="value", needed=case.facts["needed"])
    return right


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
