"""X16: two documents with one number: a handheld was cloned, or restored from a backup."""

from typing import TYPE_CHECKING

from .. import conflicts, returns
from ..numbers import next_desk_number
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..returns import ReturnOrder


def found(work: Work, order: "ReturnOrder") -> "Conflict | None":
    """Asked of a new document, before anybody can have printed both."""
    if not order.number:
        return None
    work.lock("X16", order.number)
    others = _others(work, order.id, order.number)
    if not others:
        return None
    return conflicts.open_case(
        work, "X16", order.site_id, (order.id,), order_id=order.id, subject_kind="ReturnOrder", subject_id=order.id,
        facts={"number": order.number, "first": others[0].id}, evidence={"number": order.number, "first": others[0].id},
    )  # fmt: skip


def new_number(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    order = work.get(returns.ReturnOrder, case.subject_id)
    order.number = next_desk_number(work)
    returns.changed(work, order, ["number"])


def passes(work: Work, case: "Conflict") -> str:
    order = work.look(returns.ReturnOrder, case.subject_id)
    return "" if order is None or _others(work, order.id, order.number) else "No other document has this number."


def _others(work: Work, id: str, number: str) -> "list[ReturnOrder]":
    same = [each for each in work.all(returns.ReturnOrder, number=number) if each.id != id]
    return sorted(same, key=lambda each: (each.created_at, each.id))


RULE = Rule(
    id="X16",
    severity="blocking",
    options={"new_number": Option(new_number)},
    suggested="new_number",
    why="The first one's number stands on papers already; the later one gets another, and its label is printed again.",
    locks="the number itself",
    passes=passes,
)
