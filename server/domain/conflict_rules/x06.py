"""X6: two dispositions for the same quantity."""

from typing import TYPE_CHECKING

from .. import dispositions, returns
from ..errors import WrongState
from ..work import Work
from .rule import Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def keep_first(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    _later(work, occurrence).state = "void"


def take_later(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    later = _later(work, occurrence)
    earlier = [
        each
        for each in work.find(
            dispositions.Disposition,
            dispositions.Disposition.line_id == later.line_id,
            order_by=dispositions.Disposition.at,
        )
        if each.id != later.id and each.state in ("proposed", "decided") and not each.posted
    ]
    line = work.get(returns.ReturnLine, later.line_id)
    room = line.inspected - line.disposed
    for each in earlier:
        if room >= later.quantity:
            break
        each.state = "void"
        work.count(line, disposed=-each.quantity)
        room += each.quantity
    if room < later.quantity:
        raise WrongState("The earlier disposition is posted already; move the goods instead.", room=room)
    later.state = "decided"
    later.decided_by = work.actor.id
    work.count(line, disposed=later.quantity)


def _later(work: Work, occurrence: "Occurrence") -> dispositions.Disposition:
    return work.get(dispositions.Disposition, occurrence.evidence["disposition_id"])


RULE = Rule(
    id="X6",
    blocking=True,
    options={"keep_first": Option(keep_first), "take_later": Option(take_later)},
    suggested="keep_first",
    why="The first decision may have been acted upon; the goods stay in quarantine until this is decided.",
)
