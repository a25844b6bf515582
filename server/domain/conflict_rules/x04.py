"""X4: an order was edited offline after the server had seen its approval or rejection. Found in `edits.py`."""

from typing import TYPE_CHECKING

from .. import conflicts, edits, outbound_claims, returns
from ..errors import WrongState
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


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
    record = work.look(_model(case), case.subject_id)
    last = conflicts.last_values(work, case)
    same = (
        record is not None and bool(last) and all(getattr(record, value["field"]) == value["device"] for value in last)
    )
    return "The record has these values now." if same else ""


def _write(work: Work, case: "Conflict", breaches: Breaches) -> None:
    record = work.get(_model(case), case.subject_id)
    for breach in breaches:
        for value in breach.values:
            edits.write_field(work, record, value["field"], value["device"])
    order = work.get(returns.ReturnOrder, case.order_id)
    order.content += 1
    outbound_claims.renew(work, order)


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
