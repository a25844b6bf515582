"""X15: what a mutation waits for never arrived from the device that has it."""

from typing import TYPE_CHECKING

from .. import held
from ..records import Mutation
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def force(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    held.carry_out_now(work, work.get(Mutation, case.subject_id))


def wait(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    held.wait_on(work, work.get(Mutation, case.subject_id))


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    held.void(work, work.get(Mutation, case.subject_id), command.note)


def passes(work: Work, case: "Conflict") -> str:
    waiting = work.look(Mutation, case.subject_id)
    arrived = waiting is not None and waiting.status not in ("held", "rejected")
    return "What it waited for has arrived, and it was carried out." if arrived else ""


RULE = Rule(
    id="X15",
    severity="blocking",
    options={"force": Option(force), "wait": Option(wait), "void": Option(void, note_required=True)},
    suggested="force",
    why="Somebody really did this; it is carried out with what is there, and the rest is still expected.",
    locks="Mutation",
    passes=passes,
    suggests=lambda case: "force" if case.facts.get("forceable") else "wait",
)
