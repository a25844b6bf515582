"""X4: an order was edited offline after the server had seen its approval or rejection.

Of fields it is found in `edits.py`; a line that was added or struck is told in the same case of its own.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from .. import conflicts, edits, outbound_claims, returns
from ..catalog import Item
from ..errors import WrongState
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..returns import LineDraft, ReturnLine, ReturnOrder


LINES = "lines"
"""Stands for a whole line among the fields of a breach; what is to become of it is in the evidence."""


def decided_meanwhile(work: Work, order: "ReturnOrder") -> bool:
    """A handheld that had not heard of it, and an order whose goods nobody handles yet."""
    return bool(work.device_id) and order.status in ("submitted", "approved")


def added(work: Work, order: "ReturnOrder", draft: "LineDraft") -> "Conflict":
    item = work.look(Item, draft.item_id)
    told = {
        "field": LINES,
        "base": None,
        "server": None,
        "device": f"+{draft.quantity} {item.sku if item else ''}".strip(),
    }
    return _of_line(work, order, draft.line_id, told, {"add": msgspec.to_builtins(draft)})


def struck(work: Work, order: "ReturnOrder", line: "ReturnLine") -> "Conflict":
    item = work.look(Item, line.item_id)
    told = {
        "field": LINES,
        "base": None,
        "server": f"{line.expected} {item.sku if item else line.text}".strip(),
        "device": None,
    }
    return _of_line(work, order, line.id, told, {"strike": line.id})


def new_revision(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    if order.status not in ("approved", "submitted", "rejected"):
        raise WrongState(
            "Goods of this return are already being handled; discard the edit or apply it.", status=order.status
        )
    _write(work, case, breaches)
    order.status = "submitted"
    order.authorised = False
    order.revision += 1
    order.submitted_by = breaches[-1].by
    order.submitted_at = work.now
    work.add(
        returns.ReviewRound, order_id=order.id, site_id=order.site_id, revision=order.revision, submitted_by=order.submitted_by,
        submitted_at=work.now,
    )  # fmt: skip


def apply(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    _write(work, case, breaches)


def passes(work: Work, case: "Conflict") -> str:
    last_evidence = conflicts.occurrences_of(work, case.id)[-1].evidence
    if _told_of_line(last_evidence):
        line = work.look(returns.ReturnLine, case.subject_id)
        there = line is not None and not line.removed
        return "The return order has these lines now." if there == ("add" in last_evidence) else ""
    record = work.look(_model(case), case.subject_id)
    last = conflicts.last_values(work, case)
    same = (
        record is not None and bool(last) and all(getattr(record, value["field"]) == value["device"] for value in last)
    )
    return "The record has these values now." if same else ""


def _write(work: Work, case: "Conflict", breaches: Breaches) -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    for breach in breaches:
        if _told_of_line(breach.evidence):
            _write_line(work, order, breach.evidence)
            continue
        record = work.get(_model(case), case.subject_id)
        for value in breach.values:
            edits.write_field(work, record, value["field"], value["device"])
    order.content += 1
    outbound_claims.renew(work, order)


def _write_line(work: Work, order: "ReturnOrder", evidence: dict[str, Any]) -> None:
    if "add" in evidence:
        returns.put_line(work, order, msgspec.convert(evidence["add"], returns.LineDraft))
        return
    line = work.get(returns.ReturnLine, evidence["strike"])
    if line.received:
        raise WrongState("Goods of this line have been received; it stays.", received=line.received)
    line.removed = True


def _of_line(
    work: Work, order: "ReturnOrder", line_id: str, told: dict[str, Any], evidence: dict[str, Any]
) -> "Conflict":
    return conflicts.open_case(
        work, "X4", order.site_id, (line_id, LINES), order_id=order.id, subject_kind="ReturnLine", subject_id=line_id, values=[told],
        facts={"status": order.status, "revision": order.revision}, evidence=evidence,
    )  # fmt: skip


def _told_of_line(evidence: dict[str, Any]) -> bool:
    return "add" in evidence or "strike" in evidence


def _model(case: "Conflict") -> "type[returns.ReturnOrder | returns.ReturnLine]":
    return returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine


RULE = Rule(
    id="X4",
    severity="blocking",
    options={
        "new_revision": Option(new_revision), "discard": Option(nothing), "apply": Option(apply, note_required=True),
    },
    suggested="new_revision",
    why="Whoever edited had not seen the decision: a reviewer should see both.",
    locks="ReturnOrder",
    passes=passes,
)  # fmt: skip
