"""X8: a code nobody knows. The goods are counted and wait until somebody says what they are; then all like them are known."""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, receiving, returns
from ..catalog import Barcode, Customer, Item, Owner
from ..errors import Duplicate, Invalid
from ..events import ItemCreated
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


def create_item(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """The item is made from what is known: its name as given, its code as SKU, and followed by what its scans told. Then all goods
    like it are it."""
    name = command.value.strip() if isinstance(command.value, str) else ""
    if not name:
        raise Invalid("Give the new item a name.", field="value")
    receipts = _unknown(work, case)
    owner_id = _owner(work, case)
    sku = case.facts["text"] or f"N-{case.id[:8].upper()}"
    if work.first(Item, Item.owner_id == owner_id, Item.sku == sku):
        raise Duplicate("An item with this SKU is there already: say that it is this one.", sku=sku)
    item = work.add(
        Item, id=derived_id("item", owner_id, sku), owner_id=owner_id, sku=sku, name=name[:200],
        lot_tracked=any(each.lot for each in receipts), serial_tracked=any(each.serial for each in receipts),
        expiry_tracked=any(each.expiry for each in receipts),
    )  # fmt: skip
    work.record(ItemCreated(sku=sku, name=item.name), item.id)
    _is(work, case, item)


def known_name(work: Work, case: "Conflict") -> str | None:
    """What another owner calls goods with this code."""
    for barcode in work.all(Barcode, text=case.facts["text"]) if case.facts["text"] else []:
        if item := work.look(Item, barcode.item_id):
            return item.name
    return None


def map(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """From now on this code is that item, here and on every handheld."""
    item = work.seek(Item, command.value) if isinstance(command.value, str) else None
    if item is None:
        raise Invalid("Choose the item this code belongs to.", field="value")
    _is(work, case, item)


def _is(work: Work, case: "Conflict", item: Item) -> None:
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


def _owner(work: Work, case: "Conflict") -> str:
    """Whose goods they are: their order says it, or there is one owner alone."""
    order = work.look(returns.ReturnOrder, case.order_id)
    customer = work.look(Customer, order.customer_id) if order else None
    if known := (order.owner_id if order else "") or (customer.owner_id if customer else ""):
        return known
    owners = work.find(Owner, limit=2)
    if len(owners) != 1:
        raise Invalid("Say on the return first whose goods these are.", field="owner_id")
    return owners[0].id


def _unknown(work: Work, case: "Conflict") -> "list[receiving.Receipt]":
    receipt = receiving.Receipt
    first = conflicts.occurrences_of(work, case.id)[0].evidence["receipt_id"]
    same = receipt.text == case.facts["text"] if case.facts["text"] else receipt.id == first
    found = work.find(receipt, same, receipt.item_id == "", receipt.site_id == case.site_id)
    return [each for each in found if corrections.standing(each)]


RULE = Rule(
    id="X8",
    severity="advisory",
    options={
        "map": Option(map, takes="item"),
        "create_item": Option(create_item, takes="name", begins_with=known_name),
        "void": Option(void, note_required=True),
    },
    suggested="map",
    why="Named once, the code is known on every handheld, and all goods that wait under it become stock.",
    locks="Receipt",
    passes=passes,
)
