"""More units came than the return order asks for."""

from ..events import (
    BarcodeMapped,
    ItemScanned,
    ParcelClaimed,
    ReturnApproved,
    ReturnCreated,
    ReturnEdited,
    ScanCorrected,
    ScanTakenBack,
)
from ..returns import ReturnLine
from ..work import Work
from .rule import Breach, Rule, lines


def breach(work: Work, subject: str) -> Breach | None:
    line = work.look(ReturnLine, subject)
    if line is None or line.removed or not line.expected or line.received <= line.expected:
        return None
    facts = {"expected": line.expected, "received": line.received, "over": line.received - line.expected}
    return Breach(line.site_id, facts, order_id=line.order_id, item_id=line.item_id)


RULE = Rule(
    id="over_received",
    severity="warning",
    hears=(
        ItemScanned,
        ScanCorrected,
        ScanTakenBack,
        ReturnCreated,
        ReturnEdited,
        ReturnApproved,
        ParcelClaimed,
        BarcodeMapped,
    ),
    subjects=lines,
    breach=breach,
    gone="No more was received than the return order asks for.",
)
