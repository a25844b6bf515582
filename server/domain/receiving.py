"""Receiving by scan: each scan is a fact, counted, and stands in quarantine whatever became of the order."""

from sqlmodel import Field

from . import conflict_rules, conflicts, corrections, counts, inspections, outbound_claims, returns, stock
from .catalog import Barcode, Item
from .containers import container_or_stub
from .errors import Duplicate, Invalid, Waiting, WrongState
from .events import BarcodeMapped, ItemScanned, ScanTakenBack
from .model import CODE, Command, Outcome, Table, integer, moment, ref
from .work import Work

LONGEST_KNOWN = 500
"""Characters of a code that an item can be found by."""


class Receipt(Table, table=True):
    """One scan, or one typed quantity, at the dock. The id is the device's, so a replay is the same receipt."""

    site_id: str = ref()
    order_id: str = ref()
    line_id: str = ref()
    parcel_id: str = ref()
    container_id: str = ""
    bin_id: str = ""
    item_id: str = ref()
    quantity: int = integer()
    unreceived: int = integer()  # taken back by undo or correction
    lot: str = Field(default="", index=True, sa_type=CODE)
    expiry: str = ""
    serial: str = Field(default="", index=True, sa_type=CODE)
    text: str = ""  # exactly what the scanner sent
    symbology: str = ""
    catalogue_revision: int = integer()
    customer_id: str = ""
    mutation_id: str = ref()
    device_id: str = ""
    by: str = ""
    made_at: int = moment()  # the device's clock: a claim
    at: int = moment()


class ScanItem(Command, frozen=True):
    """`line_id` of a line nobody planned is derived from order and item (see `line_of`)."""

    receipt_id: str
    order_id: str
    line_id: str
    site_id: str
    parcel_id: str = ""
    item_id: str = ""
    quantity: int = 1
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    text: str = ""
    symbology: str = ""
    catalogue_revision: int = 0
    container_id: str = ""
    bin_id: str = ""


class Unreceive(Command, frozen=True):
    """Undo of a scan, or a correction before completion: a compensating fact, never an erasure."""

    receipt_id: str
    quantity: int
    reason: str = ""


class MapBarcode(Command, frozen=True):
    """An unknown code is this item (from now on, and for every line like it)."""

    barcode_id: str
    text: str
    item_id: str
    quantity: int = 1


def scan_item(work: Work, command: ScanItem) -> Outcome | None:
    order = returns.order_or_stub(work, command.order_id, command.site_id)
    work.allow("receive", order.site_id, fact=True)
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    if work.seek(Receipt, command.receipt_id) is not None:
        return Outcome("noop")

    line = _line(work, command, order)
    work.allow("receive", line.site_id, fact=True)
    # The handheld may not have heard yet what this code is.
    item = work.look(Item, command.item_id) if command.item_id else known_item(work, command.text, order.owner_id)
    item_id = command.item_id or (item.id if item else "")
    line.item_id = line.item_id or item_id
    bin_id = stock.receiving_bin(work, order.site_id, command.bin_id, command.container_id)
    if command.container_id:
        container_or_stub(work, command.container_id)
    receipt = work.add(
        Receipt,
        id=command.receipt_id,
        site_id=order.site_id,
        order_id=order.id,
        line_id=line.id,
        parcel_id=command.parcel_id,
        container_id=command.container_id,
        bin_id=bin_id,
        item_id=item_id,
        quantity=command.quantity,
        lot=command.lot,
        expiry=command.expiry,
        serial=command.serial,
        text=command.text,
        symbology=command.symbology,
        catalogue_revision=command.catalogue_revision,
        customer_id=order.customer_id,
        mutation_id=work.cause,
        device_id=work.device_id,
        by=work.actor.id,
        made_at=work.made_at,
        at=work.now,
    )

    # Never refused, whatever became of the order meanwhile: the goods stand on the dock. They count and stay in
    # quarantine; a refused scan would leave goods that no book knows.
    work.count(line, received=command.quantity)
    outbound_claims.received(work, line, command.quantity)
    if item is not None:
        stock.move(
            work, order.site_id, item, command.quantity, stock.OUT,
            stock.Place("quarantine", bin_id, command.container_id), stock.Cause("receive", order.id, line.id),
            stock.Lot(command.lot, command.expiry, command.serial),
        )  # fmt: skip
    work.record(
        ItemScanned(
            site_id=order.site_id, line_id=line.id, receipt_id=command.receipt_id, quantity=command.quantity,
            scanned=command.text,
        ),
        order.id,
    )  # fmt: skip
    returns.progress(work, order)
    cases = [case for found in conflict_rules.OF_A_SCAN if (case := found(work, receipt, order, line))]
    work.let_go(receipt)
    return conflicts.outcome_of(cases)


def unreceive(work: Work, command: Unreceive) -> None:
    receipt = work.seek(Receipt, command.receipt_id)
    if receipt is None:
        raise Waiting("The scan this takes back has not arrived yet.", subject=command.receipt_id)
    work.allow("receive", receipt.site_id, fact=True)
    left = receipt.quantity - receipt.unreceived
    if not 0 < command.quantity <= left:
        raise Invalid(f"Only {left} of this scan can be taken back.", field="quantity", left=left)
    line = work.get(returns.ReturnLine, receipt.line_id)
    if line.inspected > line.received - command.quantity:
        raise WrongState("These goods have been inspected; correct the inspection first.", inspected=line.inspected)

    work.count(receipt, unreceived=command.quantity)
    work.count(line, received=-command.quantity)
    outbound_claims.received(work, line, -command.quantity)
    if item := work.look(Item, receipt.item_id):
        stock.transfer(
            work, receipt.site_id, item, command.quantity,
            stock.Place("quarantine", receipt.bin_id, receipt.container_id), stock.OUT,
            stock.Cause("unreceive", line.order_id, line.id), stock.Lot(receipt.lot, receipt.expiry, receipt.serial), read=True,
        )  # fmt: skip
    work.record(
        ScanTakenBack(
            site_id=receipt.site_id,
            line_id=line.id,
            receipt_id=receipt.id,
            quantity=command.quantity,
            reason=command.reason,
        ),
        line.order_id,
    )
    returns.progress(work, work.get(returns.ReturnOrder, line.order_id))


def map_barcode(work: Work, command: MapBarcode) -> Outcome | None:
    """From now on this code is that item; what was received under it as unknown becomes stock of it, wherever it stands."""
    item = work.get(Item, command.item_id)
    work.allow("map_barcode", owner_id=item.owner_id)
    if work.seek(Barcode, command.barcode_id):
        return Outcome("noop")
    if len(command.text) > LONGEST_KNOWN:
        raise Invalid(
            f"A code longer than {LONGEST_KNOWN} characters cannot stand for an item.",
            field="text",
            limit=LONGEST_KNOWN,
        )
    if any(other.item_id != item.id for other in work.find(Barcode, Barcode.text == command.text,
                                                           Barcode.owner_id == item.owner_id)):  # fmt: skip
        raise Duplicate("This code belongs to another item already.", text=command.text)
    work.add(
        Barcode,
        id=command.barcode_id,
        item_id=item.id,
        owner_id=item.owner_id,
        text=command.text,
        quantity=command.quantity,
    )
    waiting = work.find(Receipt, Receipt.text == command.text, Receipt.item_id == "", order_by=Receipt.id)
    for receipt in waiting:
        identify(work, receipt, item, command.quantity)
    counts.identify(work, command.text, item, command.quantity)
    for site_id in sorted({receipt.site_id for receipt in waiting}):
        if case := work.seek(conflicts.Conflict, conflicts.case_id("X8", site_id, command.text)):
            conflicts.ease_case(work, case)
    work.record(BarcodeMapped(text=command.text, item_id=item.id), item.id)
    return None


def identify(work: Work, receipt: Receipt, item: Item, pack: int = 1) -> None:
    """Goods received under an unknown code are this item, `pack` of it for each scan: they become stock, on the line that expects
    them."""
    line = work.get(returns.ReturnLine, receipt.line_id)
    if pack > 1:
        work.count(line, received=corrections.standing(receipt) * (pack - 1))
        receipt.quantity, receipt.unreceived = receipt.quantity * pack, receipt.unreceived * pack
    corrections.correct(work, receipt, item=item)
    line.item_id = line.item_id or item.id
    order = work.get(returns.ReturnOrder, receipt.order_id)
    target = corrections.line_for(work, order, item.id)
    receipt = corrections.reassign(work, receipt, corrections.standing(receipt), target)
    if corrections.standing(receipt):  # nobody could ask before what these are
        for found in conflict_rules.OF_AN_ITEM:
            found(work, receipt, order, work.get(returns.ReturnLine, receipt.line_id))


def known_item(work: Work, text: str, owner_id: str = "") -> Item | None:
    """The one item this code stands for, if there is just one."""
    found = (
        {code.item_id for code in work.all(Barcode, text=text) if not owner_id or code.owner_id == owner_id}
        if text
        else set()
    )
    return work.look(Item, found.pop()) if len(found) == 1 else None


def take_back(work: Work, receipt: Receipt, reason: str) -> None:
    """All of it that has not been taken back yet."""
    if left := corrections.standing(receipt):
        unreceive(work, Unreceive(receipt_id=receipt.id, quantity=left, reason=reason))


def of_line(work: Work, line_id: str) -> list[Receipt]:
    """In the order in which they came."""
    return work.find(Receipt, Receipt.line_id == line_id, order_by=(Receipt.at, Receipt.id))


def _line(work: Work, command: ScanItem, order: "returns.ReturnOrder") -> "returns.ReturnLine":
    line = work.seek(returns.ReturnLine, command.line_id)
    if line is None:
        line = work.add(
            returns.ReturnLine,
            id=command.line_id,
            order_id=order.id,
            site_id=order.site_id,
            item_id=command.item_id,
            text="" if command.item_id else command.text,
            lot=command.lot,
        )
    elif line.stub:  # inspected on a handheld whose work came first
        line.order_id, line.item_id, line.lot, line.stub = order.id, command.item_id, command.lot, False
        line.text = "" if command.item_id else command.text
        for inspection in work.all(inspections.Inspection, line_id=line.id):
            inspection.order_id, inspection.item_id = order.id, command.item_id
    line.removed = False  # struck from the document meanwhile; the goods came all the same
    return line
