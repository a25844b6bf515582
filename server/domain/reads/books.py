"""Beside the stock itself: what waits to be acknowledged by another system, which lots are held, and figures somebody doubts."""

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlmodel import col

from ..catalog import Bin, Item, Site
from ..hand_overs import HandOver
from ..lot_holds import LotHold
from ..number_reports import MONEY, NumberReport
from ..people import Person
from ..permissions import PERMISSIONS, Actor
from ..returns import ReturnOrder
from ..stock import STATUSES, StockBalance
from ..work import Work
from .rows import Json, Names, bin_ref, contains, many, named, one, order_ref, page, plain, visible


def hand_overs(
    work: Work, *, site: str = "", state: str = "waiting", item: str = "", cursor: str = "", limit: int = 100
) -> Json:
    """What was put away for sale at sites that hand over. `state`: waiting, acknowledged; '' both. Newest first; `oldest_at` of all
    that wait."""
    work.allow("see_stock", site)
    seen = visible(work.actor, "see_stock", HandOver.site_id, HandOver.owner_id)
    where = [seen]
    for column, value in ((HandOver.site_id, site), (HandOver.state, state), (HandOver.item_id, item)):
        if value:
            where.append(col(column) == value)
    found, following = page(work, HandOver, where, HandOver.at, cursor, limit)
    waiting = work.rows(
        select(func.count(), func.sum(col(HandOver.quantity)), func.min(col(HandOver.at))).where(
            seen, col(HandOver.state) == "waiting", *([col(HandOver.site_id) == site] if site else [])
        )
    )[0]
    names = Names(work)
    names.learn(Site, (row.site_id for row in found))
    names.learn(ReturnOrder, (row.order_id for row in found))
    names.learn(Person, (row.acknowledged_by for row in found))
    names.learn(Item, (row.item_id for row in found))
    bins = many(work, Bin, (row.bin_id for row in found))
    return {
        "rows": [
            plain(row)
            | {
                "item": names.item(row.item_id),
                "site": names.site(row.site_id),
                "bin": bin_ref(bins.get(row.bin_id)),
                "order": order_ref(names.get(ReturnOrder, row.order_id)),
                "acknowledged_by_name": names.person(row.acknowledged_by),
            }
            for row in found
        ],
        "waiting": int(waiting[0] or 0),
        "waiting_units": int(waiting[1] or 0),
        "oldest_at": int(waiting[2] or 0),
        "next": following,
    }


def lot_holds(work: Work, *, state: str = "held", q: str = "", cursor: str = "", limit: int = 100) -> Json:
    """Lots that are held everywhere, with the units of them that stand at one's sites. `state`: held, released; '' both."""
    work.allow("see_stock")
    where = [_of_owners(work.actor)]
    if state:
        where.append(col(LotHold.released_at) == 0 if state == "held" else col(LotHold.released_at) != 0)
    if q.strip():
        where.append(contains(LotHold.lot, q.strip()))
    found, following = page(work, LotHold, where, LotHold.at, cursor, limit)
    names = Names(work)
    names.learn(Person, (id for row in found for id in (row.by, row.released_by)))
    names.learn(Item, (row.item_id for row in found))
    units = {
        (row.item_id, row.lot): int(row.units or 0)
        for row in work.rows(
            select(col(StockBalance.item_id), col(StockBalance.lot), func.sum(col(StockBalance.quantity)).label("units"))
            .where(
                visible(work.actor, "see_stock", StockBalance.site_id, StockBalance.owner_id),
                col(StockBalance.item_id).in_({row.item_id for row in found}), col(StockBalance.lot).in_({row.lot for row in found}),
                col(StockBalance.status).in_(STATUSES),
            )
            .group_by(col(StockBalance.item_id), col(StockBalance.lot))
        )
    }  # fmt: skip
    return {
        "rows": [
            plain(row)
            | {
                "item": names.item(row.item_id),
                "by_name": names.person(row.by),
                "released_by_name": names.person(row.released_by),
                "units": units.get((row.item_id, row.lot), 0),
            }
            for row in found
        ],
        "next": following,
    }


def number_report(work: Work, report_id: str) -> Json:
    """A figure somebody doubts, as it stood on their screen, and what the book said then."""
    report = one(work, NumberReport, report_id, visible(work.actor, "see_desk", NumberReport.site_id))
    if report.figure == MONEY:
        work.allow("see_value", report.site_id)
    names = Names(work)
    names.learn(Site, [report.site_id])
    names.learn(Person, [report.by, *(each["by"] for each in report.evidence.get("entries", []))])
    evidence = report.evidence if work.may("see_stock", report.site_id) else {}
    if entries := evidence.get("entries"):
        evidence = evidence | {"entries": [each | {"by_name": names.person(each["by"])} for each in entries]}
    return plain(report) | {
        "site": names.site(report.site_id), "person": named(names.get(Person, report.by)), "evidence": evidence,
    }  # fmt: skip


def _of_owners(actor: Actor) -> ColumnElement[bool]:
    """A hold belongs to an owner and to no site."""
    rights = [right for right in actor.rights if not right.past and right.role in PERMISSIONS["see_stock"]]
    ways = [col(LotHold.owner_id).in_((right.owner_id, "")) if right.owner_id else true() for right in rights]
    return true() if actor.system else or_(*ways) if ways else false()
