"""The shape all conflict rules share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..work import Work

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict
    from ..tasks import Task, TaskAnswer

Severity = Literal["blocking", "advisory"]
"""Blocking: only the records it touches wait. Advisory: applied, and flagged."""

Breaches = list["Occurrence"]
"""What nobody has decided yet, in the order it came; never empty."""

Resolution = Callable[[Work, "Conflict", Breaches, "ResolveConflict"], None]

Takes = Literal["", "text", "quantity", "item", "serial", "lot", "bin", "photo", "return_type", "record", "name"]
"""What an option's value is. 'text' is the field's own value, 'record' an item, bin or return type, as the case's facts say."""


def no_value(work: Work, case: "Conflict") -> Any:
    return None


def never(work: Work, case: "Conflict") -> str:
    """Nothing but a decision closes it."""
    return ""


def heard(work: Work, case: "Conflict", task: "Task", answer: "TaskAnswer") -> None:
    """The answer stands beside the case, for whoever decides it."""


class Option(NamedTuple):
    """One way out. `run` is an ordinary change in the same transaction as the verdict; it may itself be refused.

    `begins_with`: the value a supervisor is offered first. `final`: false where the same facts ask again later. `sends`: somebody is
    sent, and the case stays open until what they find settles it.
    """

    run: Resolution
    note_required: bool = False
    takes: Takes = ""
    begins_with: Callable[[Work, "Conflict"], Any] = no_value
    final: bool = True
    sends: bool = False


class Rule(NamedTuple):
    """`why` is the written reason for the suggested option; screens have it in their own words by the rule's id.

    `locks`: the row that makes two who breach at the same moment see each other. `passes`: why the rule is kept again, '' while
    it is not. `weighs`, `suggests`: where the facts of a case say otherwise than the rule does. `answered`: what the answer of
    somebody who was sent changes in the case.
    """

    id: str
    severity: Severity
    options: dict[str, Option]
    suggested: str
    why: str
    locks: str
    passes: Callable[[Work, "Conflict"], str] = never
    weighs: Callable[["Conflict"], Severity] | None = None
    suggests: Callable[["Conflict"], str] | None = None
    answered: Callable[[Work, "Conflict", "Task", "TaskAnswer"], None] = heard

    def blocks(self, case: "Conflict") -> bool:
        return (self.weighs(case) if self.weighs else self.severity) == "blocking"

    def suggestion(self, case: "Conflict") -> str:
        return self.suggests(case) if self.suggests else self.suggested


def nothing(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The record stays as it is; the verdict alone is kept."""
