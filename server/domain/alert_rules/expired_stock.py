"""Goods for sale are past their expiry date. The subject is site, item, lot and expiry, joined: one alert however many bins."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from ..catalog import Site
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
    site = work.look(Site, site_id)
    if site is None or expiry >= _date(work.now, site.time_zone):  # the day itself is still good
        return None
    standing = work.find(
        StockBalance,
        StockBalance.site_id == site_id,
        StockBalance.item_id == item_id,
        StockBalance.lot == lot,
        StockBalance.expiry == expiry,
        StockBalance.status == "sellable",
        StockBalance.quantity > 0,
    )
    units = sum(balance.quantity for balance in standing)
    return Breach(site_id, {"lot": lot, "expiry": expiry, "quantity": units}, item_id=item_id) if units else None


def scheduled(work: Work) -> Iterable[str]:
    somewhere = (datetime.fromtimestamp(work.now / 1000, UTC) + timedelta(hours=14)).date().isoformat()
    expired = (
        select(col(StockBalance.site_id), col(StockBalance.item_id), col(StockBalance.lot), col(StockBalance.expiry))
        .where(
            col(StockBalance.status) == "sellable",
            col(StockBalance.expiry) != "",
            col(StockBalance.expiry) < somewhere,
            col(StockBalance.quantity) > 0,
        )
        .distinct()
    )
    return [_subject(*row) for row in work.rows(expired)]


def _subject(site_id: str, item_id: str, lot: str, expiry: str) -> str:
    return "|".join((site_id, item_id, lot.replace("|", " "), expiry))


def _date(now: int, zone: str) -> str:
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date().isoformat()


RULE = Rule(
    id="expired_stock",
    severity="critical",
    hears=(StockMoved,),
    subjects=subjects,
    breach=breach,
    gone="Nothing of this lot is for sale any more.",
    scheduled=scheduled,
)
