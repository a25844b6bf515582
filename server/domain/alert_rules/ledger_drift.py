"""The books of a site disagree. Reconciling finds it and asks this rule; nothing is corrected silently."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from ..differences import BOOKS, OPEN, Difference
from ..work import Work
from .rule import Breach, Heard, Rule


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    return ()


def breach(work: Work, subject: str) -> Breach | None:
    found = work.all(Difference, site_id=subject, kind=BOOKS, state=OPEN)
    if not found:
        return None
    of_balances = [each for each in found if each.kind == "ledger_balance"]
    facts = {
        "balances": len(of_balances),
        "lines": len(found) - len(of_balances),
        "units": sum(abs(each.expected - each.found) for each in found),
    }
    return Breach(subject, facts)


def scheduled(work: Work) -> Iterable[str]:
    return [
        row.site_id
        for row in work.rows(
            select(col(Difference.site_id))
            .where(col(Difference.kind).in_(BOOKS), col(Difference.state).in_(OPEN))
            .distinct()
        )
    ]


RULE = Rule(
    id="ledger_drift",
    severity="critical",
    hears=(),
    subjects=subjects,
    breach=breach,
    gone="The last reconciliation found no difference.",
    scheduled=scheduled,
)
