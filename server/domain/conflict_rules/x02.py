"""X2: the same serial number was received twice while the first is still in the building."""

from typing import TYPE_CHECKING

from .. import receiving
from ..work import Work
from .rule import Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def keep_earlier(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    receipt = work.get(receiving.Receipt, occurrence.evidence["receipt_id"])
    left = receipt.quantity - receipt.unreceived
    if left:
        receiving.unreceive(work, receiving.Unreceive(receipt_id=receipt.id, quantity=left, reason="X2"))


RULE = Rule(
    id="X2",
    blocking=True,
    options={"keep_earlier": Option(keep_earlier), "accept": Option(nothing, note_required=True)},
    suggested="keep_earlier",
    why="One serial number is one unit: the later scan is taken back and kept as evidence.",
)
