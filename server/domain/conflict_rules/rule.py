"""The shape all conflict rules share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..work import Work

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict

Resolution = Callable[[Work, "Conflict", "Occurrence", "ResolveConflict"], None]


class Option(NamedTuple):
    """One way out. `run` is an ordinary change in the same transaction as the verdict; it may itself be refused."""

    run: Resolution
    note_required: bool = False


class Rule(NamedTuple):
    """`why` is the written reason for the suggested option; screens have it in their own words by the rule's id."""

    id: str
    blocking: bool
    options: dict[str, Option]
    suggested: str
    why: str


def nothing(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    """The record stays as it is; the verdict alone is kept."""
