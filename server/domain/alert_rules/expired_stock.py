"""Goods for sale are past their expiry date. The subject is site, item, lot and expiry, joined: one alert however many bins."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from .. import availability
from ..events import StockMoved
from ..stock import StockBalance
from ..work import Work
from .rule import Breach, Heard, Rule, balances


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    return {
        _subject(each.site_id, each.item_id, each.lot, each.expiry) for each in balances(work, heard) if each.expiry
    }


def breach(work: Work, subject: str) -> Breach | None:
    site_id, item_id, lot, expiry = subject.split("|")
    if availability.dated(work, site_id, item_id, expiry) != "expired":
        return None
    units = for_sale(work, site_id, item_id, lot, expiry)
    return Breach(site_id, {"lot": lot, "expiry": expiry, "quantity": units}, item_id=item_id) if units else None


def for_sale(work: Work, site_id: str, item_id: str, lot: str, expiry: str) -> int:
    standing = work.all(StockBalance, site_id=site_id, item_id=item_id, expiry=expiry, status="sellable")
    return sum(
        each.quantity
        for each in standing
        if each.quantity > 0 and _subject("", "", each.lot, "") == _subject("", "", lot, "")
    )


def dated_before(work: Work, later: dt.timedelta = dt.timedelta()) -> list[str]:
    """What is for sale and, somewhere on earth, past this many days before its date."""
    somewhere = (dt.datetime.fromtimestamp(work.now / 1000, dt.UTC) + dt.timedelta(hours=14) + later).date().isoformat()
    found = (
        select(col(StockBalance.site_id), col(StockBalance.item_id), col(StockBalance.lot), col(StockBalance.expiry))
        .where(
            col(StockBalance.status) == "sellable",
            col(StockBalance.expiry) != "",
            col(StockBalance.expiry) < somewhere,
            col(StockBalance.quantity) > 0,
        )
        .distinct()
    )
    return [_subject(*row) for row in work.rows(found)]


def _subject(site_id: str, item_id: str, lot: str, expiry: str) -> str:
    return "|".join((site_id, item_id, lot.replace("|", " "), expiry))


RULE = Rule(
    id="expired_stock",
    severity="critical",
    hears=(StockMoved,),
    subjects=subjects,
    breach=breach,
    gone="Nothing of this lot is for sale any more.",
    scheduled=dated_before,
)
