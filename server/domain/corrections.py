"""Setting right what was scanned: another line's goods, another item, lot or serial number than was read.

Goods stay where they stand. What was counted, inspected and decided goes along with them, and the ledger keeps both sides.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from . import dispositions, inspections, outbound_claims, receiving, returns, stock
from .catalog import Bin, Item
from .errors import WrongState
from .events import ScanCorrected
from .ids import derived_id
from .work import Work

if TYPE_CHECKING:
    from .dispositions import Disposition
    from .inspections import Inspection
    from .receiving import Receipt
    from .returns import ReturnLine, ReturnOrder


def reassign(work: Work, receipt: "Receipt", units: int, target: "ReturnLine") -> "Receipt":
    """So many units of a receipt are another line's, perhaps of another order. Returns the receipt that is there now."""
    source = work.get(returns.ReturnLine, receipt.line_id)
    if source.id == target.id or units <= 0:
        return receipt
    if units < standing(receipt):
        rest = receipt
        work.count(rest, unreceived=units)
        receipt = work.add(
            receiving.Receipt, **(_fields(rest) | {"id": work.new_id(), "quantity": units, "unreceived": 0})
        )
    receipt.order_id, receipt.line_id = target.order_id, target.id
    for line, signed in ((source, -units), (target, units)):
        work.count(line, received=signed)
        outbound_claims.received(work, line, signed)
    target.removed = False
    _inspected(work, source, target, receipt.serial)
    _decided(work, source, target, receipt.serial)
    for line, signed in ((source, -units), (target, units)):
        told = ScanCorrected(site_id=receipt.site_id, line_id=line.id, receipt_id=receipt.id, quantity=signed)
        work.record(told, line.order_id)
    for order_id in {source.order_id, target.order_id}:
        if order := work.seek(returns.ReturnOrder, order_id):
            returns.progress(work, order)
    return receipt


def correct(
    work: Work, receipt: "Receipt", *, item: Item | None = None, lot: str | None = None, serial: str | None = None,
    expiry: str | None = None,
) -> None:  # fmt: skip
    """It was another item, lot, expiry or serial number than was read. Only what is still in quarantine can be put right like this."""
    line = work.get(returns.ReturnLine, receipt.line_id)
    units = standing(receipt)
    if line.closed > line.received - units:
        raise WrongState("These goods have left quarantine already; move them by hand.", closed=line.closed)
    before, was = work.look(Item, receipt.item_id), stock.Lot(receipt.lot, receipt.expiry, receipt.serial)
    receipt.item_id = item.id if item else receipt.item_id
    receipt.lot = receipt.lot if lot is None else lot
    receipt.serial = receipt.serial if serial is None else serial
    receipt.expiry = receipt.expiry if expiry is None else expiry
    now, cause = (
        stock.Lot(receipt.lot, receipt.expiry, receipt.serial),
        stock.Cause("correct", receipt.order_id, line.id),
    )
    after = item or before
    place = stock.Place("quarantine", receipt.bin_id, receipt.container_id)
    if after is not None and units:
        stands = (
            stock.take(work, receipt.site_id, before, units, place, was, read=True) if before else [(units, place, now)]
        )
        for taken, here, kind in stands:
            if before is not None:
                stock.move(work, receipt.site_id, before, taken, here, stock.OUT, cause, kind)
            stock.move(work, receipt.site_id, after, taken, stock.OUT, here, cause, now)
    for inspection in inspections.current(work, line.id):
        if was.serial and inspection.serial == was.serial:
            inspection.serial, inspection.lot = receipt.serial, receipt.lot
    work.record(
        ScanCorrected(site_id=receipt.site_id, line_id=line.id, receipt_id=receipt.id, quantity=units), receipt.order_id
    )


def stood_in(work: Work, receipt: "Receipt", bin: Bin) -> None:
    """The bin it was put down in is another one than was named."""
    item, units = work.look(Item, receipt.item_id), standing(receipt)
    if item is not None and units:
        stock.transfer(
            work, receipt.site_id, item, units, stock.Place("quarantine", receipt.bin_id, receipt.container_id),
            stock.Place("quarantine", bin.id, receipt.container_id), stock.Cause("correct", receipt.order_id, receipt.line_id),
            stock.Lot(receipt.lot, receipt.expiry, receipt.serial),
        )  # fmt: skip
    receipt.bin_id = bin.id


def line_for(work: Work, order: "ReturnOrder", item_id: str, *, apart: str = "", lot: str = "") -> "ReturnLine":
    """The line of an order where goods of this item belong: the one that expects more of it, or one of its own. `apart` names
    goods that are no planned line's, such as another lot than was sold."""
    lines = [line for line in returns.lines_of(work, order.id) if line.item_id == item_id and not line.stub]
    for line in () if apart else (*(each for each in lines if each.expected > each.received), *lines):
        return work.get(returns.ReturnLine, line.id)
    id = derived_id("line", order.id, item_id, *([apart] if apart else []))
    return work.seek(returns.ReturnLine, id) or work.add(
        returns.ReturnLine, id=id, order_id=order.id, site_id=order.site_id, item_id=item_id, lot=lot
    )


def standing(receipt: "Receipt") -> int:
    return receipt.quantity - receipt.unreceived


def _inspected(work: Work, source: "ReturnLine", target: "ReturnLine", serial: str) -> None:
    """What was inspected goes with its goods: the inspection of that serial number, or as much as the line has no goods for."""
    need = max(0, source.inspected - source.received)
    found = inspections.current(work, source.id)
    if serial and not any(standing(each) and each.serial == serial for each in receiving.of_line(work, source.id)):
        for each in (each for each in found if each.serial == serial):
            _to(each, target)
            work.count(source, inspected=-min(need, each.quantity))
            work.count(target, inspected=min(need, each.quantity))
            need -= min(need, each.quantity)
    for each in reversed(found):
        if need <= 0:
            break
        if each.line_id != source.id or not each.quantity:
            continue
        part = min(need, each.quantity)
        if part < each.quantity:
            stays = work.add(
                inspections.Inspection, **(_fields(each) | {"id": work.new_id(), "quantity": each.quantity - part})
            )
            goes = work.add(inspections.Inspection, **(_fields(each) | {"id": work.new_id(), "quantity": part}))
            each.superseded_by = stays.id
            _to(goes, target)
        else:
            _to(each, target)
        work.count(source, inspected=-part)
        work.count(target, inspected=part)
        need -= part


def _decided(work: Work, source: "ReturnLine", target: "ReturnLine", serial: str) -> None:
    need = max(0, source.disposed - source.received)
    free = [each for each in dispositions.of_line(work, source.id) if each.state == "decided" and not each.posted]
    for each in sorted(free, key=lambda each: (each.serial != serial, -each.at)):
        if need <= 0:
            break
        part = min(need, each.quantity)
        if part < each.quantity:
            work.count(each, quantity=-part)
            each = work.add(
                dispositions.Disposition, **(_fields(each) | {"id": work.new_id(), "quantity": part, "put_away": 0})
            )
        _to(each, target)
        work.count(source, disposed=-part)
        work.count(target, disposed=part)
        need -= part
    if need > 0:
        raise WrongState(
            "Some of these goods have left quarantine already; move them by hand.", disposed=source.disposed
        )


def _to(record: "Inspection | Disposition", line: "ReturnLine") -> None:
    record.order_id, record.line_id, record.item_id = line.order_id, line.id, line.item_id or record.item_id


def _fields(record: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(record)
