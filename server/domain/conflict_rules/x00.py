"""X0, the catch-all: a mutation that nothing expected to fail did, three times. Nothing fails silently."""

from typing import TYPE_CHECKING

from .. import held
from ..records import Mutation
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def retry(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    held.carry_out_now(work, work.get(Mutation, case.subject_id), forced=False)


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    held.void(work, work.get(Mutation, case.subject_id), command.note)


def passes(work: Work, case: "Conflict") -> str:
    waiting = work.look(Mutation, case.subject_id)
    return "It has been carried out." if waiting is not None and waiting.status not in ("held", "rejected") else ""


RULE = Rule(
    id="X0",
    severity="blocking",
    options={"retry": Option(retry), "void": Option(void, note_required=True)},
    suggested="retry",
    why="Most of what fails unexpectedly works once its cause is mended; its whole content is kept until then.",
    locks="Mutation",
    passes=passes,
)
