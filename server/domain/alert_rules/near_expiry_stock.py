"""Goods for sale have fewer days left than their item must have to be sold: they are not available any more, and still good."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlmodel import col

from .. import availability
from ..catalog import Item
from ..events import StockMoved
from ..work import Work
from . import expired_stock
from .rule import Breach, Rule


def breach(work: Work, subject: str) -> Breach | None:
    site_id, item_id, lot, expiry = subject.split("|")
    if availability.dated(work, site_id, item_id, expiry) != "near_expiry":
        return None
    units = expired_stock.for_sale(work, site_id, item_id, lot, expiry)
    return Breach(site_id, {"lot": lot, "expiry": expiry, "quantity": units}, item_id=item_id) if units else None


def scheduled(work: Work) -> Iterable[str]:
    longest = int(work.rows(select(func.max(col(Item.min_days_to_sell))))[0][0] or 0)
    return expired_stock.dated_before(work, dt.timedelta(days=longest)) if longest else ()


RULE = Rule(
    id="near_expiry_stock",
    severity="warning",
    hears=(StockMoved,),
    subjects=expired_stock.subjects,
    breach=breach,
    gone="Nothing of this lot is for sale any more, or it is past its date by now.",
    scheduled=scheduled,
)
