"""How reconciliation stands."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from ..catalog import Item, Site
from ..differences import Difference
from ..errors import NotAllowed
from ..people import Person
from ..records import ReconcileRun
from ..returns import ReturnLine, ReturnOrder
from ..stock import StockBalance
from ..work import Work
from .rows import (
    Json,
    Names,
    at_most,
    many,
    one,
    order_ref,
    plain,
    visible,
)


def reconciled_at(work: Work, site: str) -> int:
    """When the books were last compared: at this site, or at the one of one's sites that waits longest."""
    seen = visible(work.actor, "see", ReconcileRun.site_id)
    where = [seen, col(ReconcileRun.state) == "done"]
    if site:
        where.append(col(ReconcileRun.site_id) == site)
    last = work.rows(
        select(col(ReconcileRun.site_id), func.max(col(ReconcileRun.finished_at)).label("at"))
        .where(*where)
        .group_by(col(ReconcileRun.site_id))
    )
    return min((int(row.at) for row in last), default=0)


def run_page(work: Work, run_id: str) -> Json:
    run = one(work, ReconcileRun, run_id, visible(work.actor, "see_stock", ReconcileRun.site_id))
    return _runs(work, [run])[0]


def reconciliations(work: Work, *, site: str = "", limit: int = 20) -> Json:
    """The last runs, and what still differs."""
    if not work.may("see_stock", site):
        raise NotAllowed("You do not have the right to see this.", action="see_stock")
    runs = [visible(work.actor, "see_stock", ReconcileRun.site_id)]
    open_ones = [visible(work.actor, "see_stock", Difference.site_id), col(Difference.state) == "open"]
    if site:
        runs.append(col(ReconcileRun.site_id) == site)
        open_ones.append(col(Difference.site_id) == site)
    found = work.find(ReconcileRun, *runs, order_by=col(ReconcileRun.started_at).desc(), limit=at_most(limit, 100))
    differences = work.find(Difference, *open_ones, order_by=col(Difference.last_at).desc(), limit=200)
    return {"runs": _runs(work, found), "differences": _differences(work, differences)}


def _runs(work: Work, found: list[ReconcileRun]) -> list[Json]:
    names = Names(work)
    names.learn(Site, (run.site_id for run in found))
    names.learn(Person, (run.asked_by for run in found))
    return [
        plain(run) | {"site": names.site(run.site_id), "asked_by_name": names.person(run.asked_by)} for run in found
    ]


def _differences(work: Work, found: list[Difference]) -> list[Json]:
    """With the item and order that the subject, a balance or a line, speaks of."""
    balances = many(work, StockBalance, (row.subject_id for row in found))
    lines = many(work, ReturnLine, (row.subject_id for row in found))
    names = Names(work)
    names.learn(Item, [*(balance.item_id for balance in balances.values()), *(line.item_id for line in lines.values())])
    names.learn(ReturnOrder, (line.order_id for line in lines.values()))
    rows = []
    for row in found:
        about: Any = balances.get(row.subject_id) or lines.get(row.subject_id)
        line = lines.get(row.subject_id)
        rows.append(
            plain(row)
            | {
                "item": names.item(about.item_id) if about else None,
                "order": order_ref(names.get(ReturnOrder, line.order_id)) if line else None,
            }
        )
    return rows
