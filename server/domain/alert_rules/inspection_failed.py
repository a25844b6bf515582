"""Goods failed their inspection and are still here."""

from .. import inspections
from ..dispositions import Disposition
from ..events import GoodsInspected, GoodsSentAway, ParcelClaimed, ScanTakenBack
from ..returns import ReturnLine
from ..work import Work
from .rule import Breach, Rule, lines


def breach(work: Work, subject: str) -> Breach | None:
    line = work.look(ReturnLine, subject)
    if line is None or line.removed:
        return None
    failed = [each for each in inspections.current(work, line.id) if each.verdict == "fail"]
    gone = sum(each.sent for each in work.all(Disposition, line_id=line.id) if each.state != "void")
    units = sum(each.quantity for each in failed) - gone
    if units <= 0:
        return None
    findings = [result for each in failed for result in each.checks if result["outcome"] == "fail"]
    facts = {
        "failed": units,
        "grade": max(each.grade for each in failed),
        "checks": sorted({result["check"] for result in findings}),
        "defects": sorted({code for result in findings for code in result["defects"]}),
    }
    critical = any(result["severity"] == "critical" for result in findings)
    return Breach(
        line.site_id, facts, order_id=line.order_id, item_id=line.item_id, severity="critical" if critical else ""
    )


RULE = Rule(
    id="inspection_failed",
    severity="warning",
    hears=(GoodsInspected, GoodsSentAway, ScanTakenBack, ParcelClaimed),
    subjects=lines,
    breach=breach,
    gone="The goods that failed have left, or another inspection corrects the verdict.",
)
