"""What may be promised 可用: sellable, good for long enough still, and of no held lot. By date alone, without a posting.

SQL and Python each say it, once each: lists sum it in the database, commands ask it of one balance.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, literal, literal_column, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from . import lot_holds, stock
from .catalog import Item, Site
from .lot_holds import LotHold
from .work import Work

FEW = 200
STATES = ("available", "near_expiry", "expired", "lot_held", "not_sellable")


def state_of(work: Work, balance: "stock.StockBalance") -> str:
    if balance.status != "sellable":
        return "not_sellable"
    if lot_holds.standing(work, balance.item_id, balance.lot):
        return "lot_held"
    return dated(work, balance.site_id, balance.item_id, balance.expiry)


def dated(work: Work, site_id: str, item_id: str, expiry: str) -> str:
    """available, near_expiry or expired: what the date says today at that site. The day itself is still good."""
    if not expiry:
        return "available"
    item = work.look(Item, item_id)
    today = stock.date_at(work.now, work.look(Site, site_id))
    if expiry < today:
        return "expired"
    return "near_expiry" if expiry < _later(today, item.min_days_to_sell if item else 0) else "available"


def may_leave(work: Work) -> "Callable[[stock.StockBalance], bool]":
    return lambda balance: state_of(work, balance) == "available"


def units(work: Work, site_id: str, item_id: str) -> int:
    """How many of an item may be promised at a site."""
    standing = work.all(stock.StockBalance, site_id=site_id, item_id=item_id, status="sellable")
    return sum(balance.quantity for balance in standing if state_of(work, balance) == "available")


def state_in(work: Work, book: Any, at: int = 0) -> ColumnElement[str]:
    """The same of each row of balances or entries, at an instant (0: now)."""
    moment = at or work.now
    then = col(LotHold.at) <= moment, or_(col(LotHold.released_at) == 0, col(LotHold.released_at) > moment)
    lots = work.rows(select(col(LotHold.item_id), col(LotHold.lot)).where(*then).distinct().limit(FEW + 1))
    held: ColumnElement[bool] = tuple_(book.item_id, book.lot).in_([tuple(row) for row in lots])
    if len(lots) > FEW:
        held = exists().where(col(LotHold.item_id) == book.item_id, col(LotHold.lot) == book.lot, *then)
    sites: dict[str, list[str]] = {}
    for site in work.find(Site):
        sites.setdefault(stock.date_at(moment, site), []).append(site.id)
    kept = col(Item.min_days_to_sell) > literal_column("0")  # as its index says it
    keeps = [row[0] for row in work.rows(select(col(Item.min_days_to_sell)).where(kept).distinct())]

    def first_good(today: str) -> Any:
        if not keeps:
            return literal(today)
        item = aliased(Item)  # the goods' own, whatever else the query joins
        days = [(col(item.min_days_to_sell) == each, _later(today, each)) for each in keeps]
        return select(case(*days, else_=today)).where(col(item.id) == book.item_id).correlate(book).scalar_subquery()

    today = _at_each(sites, lambda date: literal(date), book)
    good_for_all = _later(max(sites, default="1970-01-01"), max(keeps, default=0))
    good_from = _at_each(sites, first_good, book)
    return case(
        (book.status != "sellable", "not_sellable"),
        *([(and_(book.lot != "", held), "lot_held")] if lots else []),
        (book.expiry == "", "available"),
        (book.expiry < today, "expired"),
        (book.expiry >= good_for_all, "available"),
        (book.expiry < good_from, "near_expiry"),
        else_="available",
    )


def _at_each(sites: dict[str, list[str]], said: Callable[[str], Any], book: Any) -> Any:
    """Sites of different time zones have different days."""
    dates = sorted(sites)
    if not dates:
        return literal("")
    elsewhere = [(book.site_id.in_(sites[date]), said(date)) for date in dates[1:]]
    return case(*elsewhere, else_=said(dates[0])) if elsewhere else said(dates[0])


def _later(date: str, days: int) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=days)).isoformat()
