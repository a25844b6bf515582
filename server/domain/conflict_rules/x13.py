"""X13: the author was disabled, or lost the right, between doing it and sending it."""

from typing import TYPE_CHECKING

from .. import receiving
from ..errors import WrongState
from ..work import Work
from .rule import Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def void(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    receipts = work.find(receiving.Receipt, receiving.Receipt.mutation_id == occurrence.mutation_id)
    if not receipts:
        raise WrongState(
            "This cannot be taken back as such; adopt it, then correct it.", mutation=occurrence.mutation_id
        )
    for receipt in receipts:
        if left := receipt.quantity - receipt.unreceived:
            receiving.unreceive(work, receiving.Unreceive(receipt_id=receipt.id, quantity=left, reason="X13"))


RULE = Rule(
    id="X13",
    blocking=True,
    options={"adopt": Option(nothing), "void": Option(void, note_required=True)},
    suggested="adopt",
    why="The goods were really handled; somebody with the right vouches for it.",
)
