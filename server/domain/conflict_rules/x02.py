"""X2: the same serial number, unit sticker or SSCC was received twice while the first is still in the building; or two handhelds
each took one label (LPN) for a new container's, and both put goods into it.

Sold again and returned again is no conflict: then the book has only one of them here, or it was shipped since.
"""

from typing import TYPE_CHECKING, Any

from .. import conflicts, corrections, dispositions, receiving, returns, stock
from ..catalog import Item, Site
from ..containers import Container, container_or_stub
from ..documents import OutboundLine, OutboundOrder
from ..errors import Duplicate, Invalid
from ..ids import derived_id
from ..numbers import is_own_label, is_sscc
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    unit = receipt.serial or (receipt.text if is_own_label(receipt.text) or is_sscc(receipt.text) else "")
    if not unit:
        return _found_container(work, receipt, order)
    work.lock("X2", receipt.item_id, unit)
    facts = {"serial": receipt.serial, "label": "" if receipt.serial else unit, "item_id": receipt.item_id,
             "sold_at": _sold_at(work, line, receipt.serial)}  # fmt: skip
    here = _here(work, order.site_id, facts)
    if here <= 1:
        return _found_container(work, receipt, order)
    return conflicts.open_case(
        work, "X2", order.site_id, (receipt.item_id, unit), order_id=order.id, subject_kind="ReturnLine", subject_id=line.id,
        facts={**facts, "units": here}, evidence={"receipt_id": receipt.id},
    )  # fmt: skip


def _found_container(work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder") -> "Conflict | None":
    """The container is locked: whoever puts goods into it holds it."""
    container = work.seek(Container, receipt.container_id)
    if container is None or receipt.device_id not in container.used_on or len(container.used_on) < 2:
        return None
    others = [each for each in _put_in(work, container) if each.device_id != receipt.device_id]
    if not others:
        return None
    same = any(each.item_id == receipt.item_id for each in others)
    facts = {"serial": "", "label": container.label, "item_id": "", "container_id": container.id,
             "same_goods": same or _same_goods(work, container)}  # fmt: skip
    return conflicts.open_case(
        work, "X2", order.site_id, ("container", container.id), order_id=order.id, subject_kind="Container",
        subject_id=container.id, facts=facts, evidence={"receipt_id": receipt.id},
    )  # fmt: skip


def keep_earlier(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for receipt in _later(work, breaches):
        receiving.take_back(work, receipt, "X2")


def reassign(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The later unit has another number than was read; the later goods stand in another container."""
    number = command.value.strip() if isinstance(command.value, str) else ""
    if "container_id" in case.facts:
        _into_another(work, case, breaches, number)
        return
    if not number:
        raise Invalid("Enter the serial number this unit really has.", field="value")
    if stock.in_building(work, case.site_id, case.facts["item_id"], number):
        raise Duplicate("A unit with that serial number is here already.", serial=number)
    for receipt in _later(work, breaches)[:1]:
        corrections.correct(work, receipt, serial=number)


def void(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """No scan is believed: all are taken back, to be scanned afresh."""
    for receipt in _standing(work, case.site_id, case.facts):
        receiving.take_back(work, receipt, "X2")


def passes(work: Work, case: "Conflict") -> str:
    if "container_id" in case.facts:
        devices = {each.device_id for each in _standing(work, case.site_id, case.facts)}
        return "" if len(devices) > 1 else "Only one handheld's goods are in this container."
    return "" if _here(work, case.site_id, case.facts) > 1 else "Only one unit with this number is in the building."


def _sold_at(work: Work, line: "returns.ReturnLine", serial: str) -> int:
    """When the shipment this return belongs to left, if it names the unit: whatever was here before had been sold again."""
    sold = work.look(OutboundLine, line.outbound_line_id) if line.outbound_line_id else None
    if sold is None or (serial and sold.serials and serial not in sold.serials):
        return 0
    order = work.look(OutboundOrder, sold.outbound_id)
    return order.shipped_at if order else 0


def _here(work: Work, site_id: str, facts: dict[str, Any]) -> int:
    """By the book where it knows the number; a sticker is known from its scans alone, and from what has left since."""
    standing = len(_standing(work, site_id, facts))
    if standing < 2 or facts["label"]:
        return standing
    return stock.in_building(work, site_id, facts["item_id"], facts["serial"])


def _standing(work: Work, site_id: str, facts: dict[str, Any]) -> "list[receiving.Receipt]":
    if "container_id" in facts:
        container = work.look(Container, facts["container_id"])
        return _put_in(work, container) if container else []
    receipt = receiving.Receipt
    same = receipt.text == facts["label"] if facts["label"] else receipt.serial == facts["serial"]
    scans = work.find(
        receipt, same, receipt.item_id == facts["item_id"], receipt.site_id == site_id, order_by=receipt.id
    )
    standing = [each for each in scans if corrections.standing(each)]
    if not standing:
        return []
    latest = max(standing, key=lambda each: (each.at, each.id))
    gone = [each for each in standing if each is not latest
            and (each.at < facts.get("sold_at", 0) or (facts["label"] and _all_sent(work, each.line_id)))]  # fmt: skip
    return [each for each in standing if each not in gone]


def _all_sent(work: Work, line_id: str) -> bool:
    """All units of its line have left the building."""
    line = work.look(returns.ReturnLine, line_id)
    left = sum(
        each.sent for each in dispositions.of_line(work, line_id) if each.kind != "exchange" and each.state != "void"
    )
    return line is not None and 0 < line.received <= left


def _put_in(work: Work, container: Container) -> "list[receiving.Receipt]":
    """What was received into it by those who took it for a new one, and may still be in it."""
    there = {balance.item_id for balance in stock.contents(work, container.id)}
    found = work.find(receiving.Receipt, receiving.Receipt.container_id == container.id, order_by=receiving.Receipt.id)
    return [each for each in found if each.device_id in container.used_on and corrections.standing(each)
            and (not each.item_id or each.item_id in there)]  # fmt: skip


def _same_goods(work: Work, container: Container) -> bool:
    by_device: dict[str, set[str]] = {}
    for receipt in _put_in(work, container):
        by_device.setdefault(receipt.device_id, set()).add(receipt.item_id)
    all = [item for items in by_device.values() for item in items]
    return len(all) > len(set(all))


def _into_another(work: Work, case: "Conflict", breaches: Breaches, label: str) -> None:
    if not is_own_label(label):
        raise Invalid("Enter the label of the container the later goods stand in.", field="value")
    site = work.look(Site, case.site_id)
    target = container_or_stub(work, derived_id("container", case.site_id, label))
    if site is None or not label.startswith(f"L{site.code}") or target.id == case.facts["container_id"]:
        raise Invalid("Enter the label of the container the later goods stand in.", field="value")
    if stock.contents(work, target.id):
        raise Duplicate("That container holds other goods already.", label=label)
    target.site_id, target.label = case.site_id, label
    for receipt in _later(work, breaches):
        target.bin_id = target.bin_id or receipt.bin_id
        item = work.look(Item, receipt.item_id)
        if item is not None:
            stock.transfer(
                work, case.site_id, item, corrections.standing(receipt), stock.Place("quarantine", receipt.bin_id, receipt.container_id),
                stock.Place("quarantine", target.bin_id, target.id), stock.Cause("correct", receipt.order_id, receipt.line_id),
                stock.Lot(receipt.lot, receipt.expiry, receipt.serial),
            )  # fmt: skip
        receipt.container_id, receipt.bin_id = target.id, target.bin_id


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
    locks="the number itself; Container",
    passes=passes,
    weighs=lambda case: "blocking" if case.facts.get("same_goods", True) else "advisory",
    suggests=lambda case: "keep_earlier" if case.facts.get("same_goods", True) else "accept",
)
