"""X4: an order was edited offline after the server had seen its approval or rejection."""

from typing import TYPE_CHECKING

from .. import edits, returns
from ..errors import WrongState
from ..work import Work
from .rule import Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def new_revision(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    if order.status not in ("approved", "submitted", "rejected"):
        raise WrongState(
            "Goods of this return are already being handled; discard the edit or amend by hand.", status=order.status
        )
    record = work.get(
        returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine, case.subject_id
    )
    for value in occurrence.values:
        edits.write_field(work, record, value["field"], value["device"])
    order.status = "submitted"
    order.authorised = False
    order.revision += 1
    order.content += 1
    order.submitted_by = occurrence.by
    order.submitted_at = work.now
    work.add(
        returns.ReviewRound, order_id=order.id, site_id=order.site_id, revision=order.revision, submitted_by=occurrence.by,
        submitted_at=work.now,
    )  # fmt: skip


RULE = Rule(
    id="X4",
    blocking=True,
    options={"new_revision": Option(new_revision), "discard": Option(nothing)},
    suggested="new_revision",
    why="Whoever edited had not seen the decision: a reviewer should see both.",
)
