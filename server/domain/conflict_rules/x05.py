"""X5: the order was cancelled or rejected, and its goods were received by somebody who could not know."""

from typing import TYPE_CHECKING

from .. import conflicts, dispositions, receiving, returns, tasks
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict

STRUCK = ("cancelled", "rejected")


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    if order.status not in STRUCK:
        return None
    return conflicts.open_case(
        work, "X5", order.site_id, (order.id,), order_id=order.id, subject_kind="ReturnOrder", subject_id=order.id,
        facts={"status": order.status, "received": _received(work, order.id)},
        evidence={"receipt_id": receipt.id, "quantity": receipt.quantity},
    )  # fmt: skip


def without_order(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    order.origin = "without_order"
    order.authorised = False
    order.rejection = ""
    order.status = "receiving"
    order.cancelled_at = 0
    order.content += 1
    returns.reopened(work, order)


def refuse_goods(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The order stays as it was decided; its goods wait to be sent back to the customer, and somebody is sent to put them apart."""
    for line in returns.lines_of(work, case.order_id):
        if undecided := line.received - line.disposed:
            dispositions.decided_for(work, line, "return_to_customer", undecided, command.note)
    tasks.send(work, "refuse", case.site_id, question=command.note, order_id=case.order_id, conflict_id=case.id)


def reinstate(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    order.authorised = True
    order.rejection = ""
    order.status = "receiving"
    order.cancelled_at = 0
    returns.reopened(work, order)


def passes(work: Work, case: "Conflict") -> str:
    order = work.look(returns.ReturnOrder, case.order_id)
    if order is not None and order.status not in STRUCK:
        return "The return order stands again."
    return "" if _received(work, case.order_id) else "What was received has been taken back."


def _received(work: Work, order_id: str) -> int:
    return sum(line.received for line in returns.lines_of(work, order_id))


RULE = Rule(
    id="X5",
    severity="blocking",
    options={
        "without_order": Option(without_order),
        "refuse_goods": Option(refuse_goods, note_required=True),
        "reinstate": Option(reinstate, note_required=True),
    },
    suggested="without_order",
    why="The goods are here and nobody has approved them: they wait in quarantine for a new review.",
    locks="ReturnOrder",
    passes=passes,
)
