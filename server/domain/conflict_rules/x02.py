"""X2: the same serial number, or the same unit sticker, was received twice while the first is still in the building.

Sold again and returned again is no conflict: then the book has only one of them here.
"""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, receiving, returns, stock
from ..errors import Duplicate, Invalid
from ..numbers import is_own_label
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    unit = receipt.serial or (receipt.text if is_own_label(receipt.text) else "")
    if not unit:
        return None
    work.lock("X2", receipt.item_id, unit)
    facts = {"serial": receipt.serial, "label": "" if receipt.serial else unit, "item_id": receipt.item_id}
    here = _here(work, order.site_id, facts)
    if here <= 1:
        return None
    return conflicts.open_case(
        work, "X2", order.site_id, (receipt.item_id, unit), order_id=order.id, subject_kind="ReturnLine", subject_id=line.id,
        facts={**facts, "units": here}, evidence={"receipt_id": receipt.id},
    )  # fmt: skip


def keep_earlier(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for receipt in _later(work, breaches):
        receiving.take_back(work, receipt, "X2")


def reassign(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The later unit has another number than was read."""
    number = command.value
    if not isinstance(number, str) or not number.strip():
        raise Invalid("Enter the serial number this unit really has.", field="value")
    if stock.in_building(work, case.site_id, case.facts["item_id"], number.strip()):
        raise Duplicate("A unit with that serial number is here already.", serial=number.strip())
    for receipt in _later(work, breaches)[:1]:
        corrections.correct(work, receipt, serial=number.strip())


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Neither scan is believed: all are taken back, to be scanned afresh."""
    for receipt in _standing(work, case.site_id, case.facts):
        receiving.take_back(work, receipt, "X2")


def passes(work: Work, case: "Conflict") -> str:
    return "" if _here(work, case.site_id, case.facts) > 1 else "Only one unit with this number is in the building."


def _here(work: Work, site_id: str, facts: dict[str, str]) -> int:
    """By the book where it knows the number; a sticker is known from its scans alone."""
    standing = len(_standing(work, site_id, facts))
    if standing < 2 or facts["label"]:
        return standing
    return stock.in_building(work, site_id, facts["item_id"], facts["serial"])


def _standing(work: Work, site_id: str, facts: dict[str, str]) -> "list[receiving.Receipt]":
    receipt = receiving.Receipt
    same = receipt.text == facts["label"] if facts["label"] else receipt.serial == facts["serial"]
    scans = work.find(receipt, same, receipt.item_id == facts["item_id"], receipt.site_id == site_id)
    return [each for each in scans if corrections.standing(each)]


def _later(work: Work, breaches: Breaches) -> "list[receiving.Receipt]":
    scans = [work.get(receiving.Receipt, breach.evidence["receipt_id"]) for breach in breaches]
    return [each for each in scans if corrections.standing(each)]


RULE = Rule(
    id="X2",
    severity="blocking",
    options={
        "keep_earlier": Option(keep_earlier),
        "reassign": Option(reassign, takes="serial"),
        "void": Option(void, note_required=True),
        "accept": Option(nothing, note_required=True),
    },
    suggested="keep_earlier",
    why="One serial number is one unit: the later scan is taken back and kept as evidence.",
    locks="the number itself",
    passes=passes,
)
