"""Somebody says that a number on their screen is wrong. It waits until a person says what came of it: nothing closes it by itself."""

from ..events import NumberReported
from ..number_reports import MONEY, NumberReport
from ..people import Person
from ..work import Work
from .rule import Breach, Rule, itself


def breach(work: Work, subject: str) -> Breach | None:
    report = work.look(NumberReport, subject)
    if report is None:
        return None
    person = work.look(Person, report.by)
    numbers = {
        "shown": report.shown,
        "balances": report.evidence["balances"],
        "ledger": report.evidence["ledger"],
    }
    facts = {
        "figure": report.figure,
        **(numbers if report.figure != MONEY else {}),  # an alert is read by some who may not see what stock cost
        "note": report.note,
        "reported_by": person.name if person else "",
        "report_id": report.id,
    }
    return Breach(report.site_id, facts, item_id=report.asked.get("item", ""))


RULE = Rule(
    id="number_reported",
    severity="warning",
    hears=(NumberReported,),
    subjects=itself,
    breach=breach,
    gone="The report is not there any more.",
)
