"""Units came with a lot or serial number that this customer was never sent (错货)."""

from ..documents import OutboundLine
from ..events import ItemScanned, ParcelClaimed, ReturnCreated, ReturnEdited, ScanCorrected, ScanTakenBack
from ..receiving import Receipt
from ..returns import ReturnLine
from ..work import Work
from .rule import Breach, Rule, lines


def breach(work: Work, subject: str) -> Breach | None:
    line = work.look(ReturnLine, subject)
    if line is None or line.removed:
        return None
    sent = work.look(OutboundLine, line.outbound_line_id)
    lots = {lot for lot in (line.lot if line.expected else "", sent.lot if sent else "") if lot}
    serials = {*(line.serials if line.expected else ()), *(sent.serials if sent else ())}
    if not lots and not serials:
        return None

    kept = [receipt for receipt in work.all(Receipt, line_id=line.id) if receipt.quantity > receipt.unreceived]
    wrong_lots = sorted({receipt.lot for receipt in kept if lots and receipt.lot and receipt.lot not in lots})
    wrong_serials = sorted(
        {receipt.serial for receipt in kept if serials and receipt.serial and receipt.serial not in serials}
    )
    if not wrong_lots and not wrong_serials:
        return None
    facts = {"lots": sorted(lots), "wrong_lots": wrong_lots, "wrong_serials": wrong_serials}
    return Breach(line.site_id, facts, order_id=line.order_id, item_id=line.item_id)


RULE = Rule(
    id="wrong_lot_or_serial",
    severity="warning",
    hears=(ItemScanned, ScanCorrected, ScanTakenBack, ReturnCreated, ReturnEdited, ParcelClaimed),
    subjects=lines,
    breach=breach,
    gone="Every lot and serial number received is one that was sent.",
)
