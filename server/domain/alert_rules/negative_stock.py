"""The book has fewer than no units in a place: something was moved from where the book did not know it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from ..catalog import Bin
from ..events import StockMoved
from ..stock import STATUSES, StockBalance
from ..work import Work
from .rule import Breach, Heard, Rule, balances


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    return [each.id for each in balances(work, heard)]


def breach(work: Work, subject: str) -> Breach | None:
    balance = work.look(StockBalance, subject)
    if balance is None or balance.quantity >= 0 or balance.status not in STATUSES:
        return None
    place = work.look(Bin, balance.bin_id)
    facts = {
        "quantity": balance.quantity,
        "status": balance.status,
        "bin": place.code if place else "",
        "lot": balance.lot,
        "serial": balance.serial,
    }
    return Breach(balance.site_id, facts, item_id=balance.item_id)


def scheduled(work: Work) -> Iterable[str]:
    return [row.id for row in work.rows(
        select(col(StockBalance.id)).where(col(StockBalance.quantity) < 0, col(StockBalance.status).in_(STATUSES))
    )]  # fmt: skip


RULE = Rule(
    id="negative_stock",
    severity="critical",
    hears=(StockMoved,),
    subjects=subjects,
    breach=breach,
    gone="This balance is not below zero any more.",
    scheduled=scheduled,
)
