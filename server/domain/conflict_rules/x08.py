"""X8: a code nobody knows. The goods are counted and wait until somebody says what they are; then all like them are known."""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, receiving, returns
from ..catalog import Item
from ..errors import Invalid
from ..ids import derived_id
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    if receipt.item_id:
        return None
    return conflicts.open_case(
        work, "X8", order.site_id, (order.site_id, receipt.text or receipt.id), order_id=order.id, subject_kind="ReturnLine",
        subject_id=line.id, facts={"text": receipt.text},
        evidence={"receipt_id": receipt.id, "quantity": receipt.quantity, "symbology": receipt.symbology},
    )  # fmt: skip


def map(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """From now on this code is that item, here and on every handheld."""
    item = work.seek(Item, command.value) if isinstance(command.value, str) else None
    if item is None:
        raise Invalid("Choose the item this code belongs to.", field="value")
    text = case.facts["text"]
    if text:
        barcode_id = derived_id("barcode", item.owner_id, text)
        receiving.map_barcode(work, receiving.MapBarcode(barcode_id=barcode_id, text=text, item_id=item.id))
    for receipt in _unknown(work, case):
        receiving.identify(work, receipt, item)


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for receipt in _unknown(work, case):
        receiving.take_back(work, receipt, "X8")


def passes(work: Work, case: "Conflict") -> str:
    if _unknown(work, case):
        return ""
    text = case.facts["text"]
    return (
        "This code is known now." if text and receiving.known_item(work, text) else "No goods under this code are left."
    )


def _unknown(work: Work, case: "Conflict") -> "list[receiving.Receipt]":
    receipt = receiving.Receipt
    first = conflicts.occurrences_of(work, case.id)[0].evidence["receipt_id"]
    same = receipt.text == case.facts["text"] if case.facts["text"] else receipt.id == first
    found = work.find(receipt, same, receipt.item_id == "", receipt.site_id == case.site_id)
    return [each for each in found if corrections.standing(each)]


RULE = Rule(
    id="X8",
    severity="advisory",
    options={"map": Option(map, takes="item"), "void": Option(void, note_required=True)},
    suggested="map",
    why="Named once, the code is known on every handheld, and all goods that wait under it become stock.",
    locks="Receipt",
    passes=passes,
)
