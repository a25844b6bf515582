"""X13: the author was disabled, or lost the right, between doing it and sending it.

A fact is counted and waits (found in `commands.execute`); an intention is held, and carried out if somebody adopts it (`held.py`).
"""

from typing import TYPE_CHECKING

from .. import held, receiving
from ..errors import WrongState
from ..records import Mutation
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def adopt(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for breach in breaches:
        waiting = work.seek(Mutation, breach.mutation_id)
        if waiting is not None and waiting.status == "held":
            held.carry_out_now(work, waiting, work.actor, forced=False)


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for breach in breaches:
        waiting = work.seek(Mutation, breach.mutation_id)
        if waiting is not None and waiting.status == "held":
            held.void(work, waiting, command.note)
            continue
        receipts = work.find(receiving.Receipt, receiving.Receipt.mutation_id == breach.mutation_id)
        if not receipts:
            raise WrongState(
                "This cannot be taken back as such; adopt it, then correct it.", mutation=breach.mutation_id
            )
        for receipt in receipts:
            receiving.take_back(work, receipt, "X13")


RULE = Rule(
    id="X13",
    severity="blocking",
    options={"adopt": Option(adopt), "void": Option(void, note_required=True)},
    suggested="adopt",
    why="The goods were really handled; somebody with the right vouches for it.",
    locks="Mutation",
)
