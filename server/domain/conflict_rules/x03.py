"""X3: two people inspected the same unit and came to different verdicts or grades."""

from typing import TYPE_CHECKING

from .. import inspections, returns
from ..work import Work
from .rule import Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def reinspect(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    first, second = _both(work, occurrence)
    first.superseded_by = second.superseded_by = case.id
    work.count(work.get(returns.ReturnLine, first.line_id), inspected=-first.quantity)


def keep_first(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    first, second = _both(work, occurrence)
    second.superseded_by = first.id


def take_later(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    first, second = _both(work, occurrence)
    first.superseded_by = second.id


def worse_grade(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    first, second = _both(work, occurrence)
    better, worse = sorted((first, second), key=lambda each: each.grade)
    better.superseded_by = worse.id


def _both(work: Work, occurrence: "Occurrence") -> tuple[inspections.Inspection, inspections.Inspection]:
    return (
        work.get(inspections.Inspection, occurrence.evidence["first"]),
        work.get(inspections.Inspection, occurrence.evidence["second"]),
    )


RULE = Rule(
    id="X3",
    blocking=True,
    options={
        "reinspect": Option(reinspect),
        "worse_grade": Option(worse_grade),
        "keep_first": Option(keep_first, note_required=True),
        "take_later": Option(take_later, note_required=True),
    },
    suggested="reinspect",
    why="Two people saw the same unit differently: a third look costs a minute, a wrong grade a customer.",
)
