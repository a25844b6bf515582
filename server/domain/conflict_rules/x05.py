"""X5: the order was cancelled or rejected, and its goods were received by somebody who could not know."""

from typing import TYPE_CHECKING

from .. import returns
from ..work import Work
from .rule import Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def without_order(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    order.origin = "without_order"
    order.authorised = False
    order.rejection = ""
    order.status = "receiving"
    order.cancelled_at = 0
    order.content += 1


def reinstate(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    order.authorised = True
    order.rejection = ""
    order.status = "receiving"
    order.cancelled_at = 0


RULE = Rule(
    id="X5",
    blocking=True,
    options={"without_order": Option(without_order), "reinstate": Option(reinstate, note_required=True)},
    suggested="without_order",
    why="The goods are here and nobody has approved them: they wait in quarantine for a new review.",
)
