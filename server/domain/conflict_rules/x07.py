"""X7: goods were put into a bin that is closed or is for another status."""

from typing import TYPE_CHECKING

from .. import dispositions
from ..catalog import Bin
from ..errors import WrongState
from ..work import Work
from .rule import Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def moved(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    target = work.get(Bin, case.facts["bin_id"])
    if mixed := dispositions.misplaced(work, target, case.facts["item_id"]):
        raise WrongState("The goods still stand there.", bin=target.code, statuses=mixed)


RULE = Rule(
    id="X7",
    blocking=False,
    options={"moved": Option(moved), "override": Option(nothing, note_required=True)},
    suggested="moved",
    why="Somebody moves the goods to a bin that fits; until then they are not counted as available.",
)
