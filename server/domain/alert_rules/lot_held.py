"""Goods of a lot that is held everywhere stand at a site. The subject is site, item and lot, joined."""

from collections.abc import Iterable

from sqlmodel import col

from ..events import LotHeld, LotReleased, StockMoved
from ..lot_holds import LotHold, standing
from ..stock import STATUSES, StockBalance
from ..work import Work
from .rule import Breach, Heard, Rule, balances


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    if heard.kind == StockMoved.__name__:
        return {_subject(each) for each in balances(work, heard) if standing(work, each.item_id, each.lot)}
    hold = work.look(LotHold, heard.subject_id)
    return {_subject(each) for each in work.all(StockBalance, item_id=hold.item_id, lot=hold.lot)} if hold else ()


def breach(work: Work, subject: str) -> Breach | None:
    site_id, item_id, lot = subject.split("|", 2)
    hold = standing(work, item_id, lot)
    if hold is None:
        return None
    there = work.find(
        StockBalance, StockBalance.site_id == site_id, StockBalance.item_id == item_id, StockBalance.lot == lot,
        col(StockBalance.status).in_(STATUSES),
    )  # fmt: skip
    units = sum(balance.quantity for balance in there)
    facts = {"lot": lot, "quantity": units, "reason": hold.reason}
    return Breach(site_id, facts, item_id=item_id) if units > 0 else None


def _subject(balance: StockBalance) -> str:
    return "|".join((balance.site_id, balance.item_id, balance.lot))


RULE = Rule(
    id="lot_held",
    severity="warning",
    hears=(LotHeld, LotReleased, StockMoved),
    subjects=subjects,
    breach=breach,
    gone="The lot was released, or nothing of it is here any more.",
)
