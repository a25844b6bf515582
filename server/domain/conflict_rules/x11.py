"""X11: an edit meets a deletion. Found where orders and lines are edited and removed (`returns.py`, `edits.py`), in either order."""

from typing import TYPE_CHECKING, Any

from .. import conflicts, edits, returns
from ..errors import WrongState
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..returns import ReturnLine, ReturnOrder


def edited_after(
    work: Work, record: "ReturnOrder | ReturnLine", order: "ReturnOrder", set: dict[str, Any], was: dict[str, Any]
) -> "Conflict":
    """Somebody edits, without network, what has been struck meanwhile."""
    values = [
        {"field": name, "base": was.get(name), "server": getattr(record, name), "device": value}
        for name, value in set.items()
    ]
    return _open(work, record, order, values, deleted=True)


def removed_after(
    work: Work, record: "ReturnOrder | ReturnLine", order: "ReturnOrder", was: dict[str, Any]
) -> "Conflict":
    """Somebody strikes what others have changed, without having seen it."""
    values = [{"field": name, "base": seen, "server": getattr(record, name), "device": None}
              for name, seen in was.items() if getattr(record, name, seen) != seen]  # fmt: skip
    return _open(work, record, order, values, deleted=False)


def keep_deleted(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """What was edited stays to be seen in the case, and can be restored from there."""
    if case.subject_kind == "ReturnOrder":
        returns.cancel_return(work, returns.CancelReturn(order_id=case.order_id, reason=command.note or "X11"))
        return
    line = work.get(returns.ReturnLine, case.subject_id)
    if line.received:
        raise WrongState("Goods of this line have been received; it stays.", received=line.received)
    if not line.removed:
        line.removed = True
        _changed(work, case)


def restore(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    record = stand_again(work, case)
    for breach in breaches:
        for value in breach.values if breach.evidence["deleted"] else ():
            edits.write_field(work, record, value["field"], value["device"])


def stand_again(work: Work, case: "Conflict") -> "ReturnOrder | ReturnLine":
    """What was struck is there again, as it was."""
    order = work.get(returns.ReturnOrder, case.order_id)
    if order.status == "cancelled":
        order.status, order.cancelled_at = "draft", 0
        returns.reopened(work, order)
    _changed(work, case)
    if case.subject_kind == "ReturnOrder":
        return order
    line = work.get(returns.ReturnLine, case.subject_id)
    line.removed = False
    return line


def passes(work: Work, case: "Conflict") -> str:
    if case.subject_kind == "ReturnOrder":
        order = work.look(returns.ReturnOrder, case.subject_id)
        if order is None or (order.status == "cancelled") == case.facts["deleted"]:
            return ""
        return (
            "The return order stands again."
            if case.facts["deleted"]
            else "It was cancelled by somebody who saw the edit."
        )
    line = work.look(returns.ReturnLine, case.subject_id)
    if line is None or line.removed == case.facts["deleted"]:
        return ""
    return "The line is there again." if case.facts["deleted"] else "The line was removed by somebody who saw the edit."


def _open(
    work: Work, record: "ReturnOrder | ReturnLine", order: "ReturnOrder", values: list[dict[str, Any]], *, deleted: bool
) -> "Conflict":
    return conflicts.open_case(
        work, "X11", order.site_id, (record.id,), order_id=order.id, subject_kind=type(record).__name__, subject_id=record.id,
        values=values, facts={"deleted": deleted}, evidence={"deleted": deleted},
    )  # fmt: skip


def _changed(work: Work, case: "Conflict") -> None:
    order = work.get(returns.ReturnOrder, case.order_id)
    returns.changed(work, order, ["lines"])


RULE = Rule(
    id="X11",
    severity="blocking",
    options={"keep_deleted": Option(keep_deleted), "restore": Option(restore)},
    suggested="keep_deleted",
    why="Whoever struck it out knew more of the order than who edited it without network; nothing of the edit is lost.",
    locks="ReturnLine, ReturnOrder",
    passes=passes,
    weighs=lambda case: "blocking" if case.subject_kind == "ReturnLine" else "advisory",
)
