"""Stock: balances grouped as asked, the entries behind any number, and how reconciliation stands."""

from typing import Any

from sqlalchemy import case, func, or_, select
from sqlmodel import col

from ..catalog import Barcode, Bin, Item, Site
from ..containers import Container
from ..devices import Device
from ..differences import Difference
from ..errors import Invalid, NotAllowed
from ..people import Person
from ..receiving import Receipt
from ..records import Mutation, ReconcileRun
from ..returns import ReturnLine, ReturnOrder
from ..stock import STATUSES, StockBalance, StockEntry
from ..work import Work
from .rows import (
    Json,
    Names,
    at_most,
    bin_ref,
    container_ref,
    contains,
    many,
    named,
    one,
    order_ref,
    page,
    plain,
    shown,
    unsent,
    visible,
)

GROUPS: dict[str, tuple[str, ...]] = {
    "item": ("site_id", "item_id"),
    "bin": ("site_id", "bin_id", "item_id"),
    "status": ("site_id", "status", "item_id"),
    "lot": ("site_id", "item_id", "lot", "expiry"),
    "": ("site_id", "item_id", "status", "bin_id", "container_id", "lot", "expiry", "serial"),
}
AVAILABLE = func.sum(case((col(StockBalance.status) == "sellable", col(StockBalance.quantity)), else_=0))


def stock(
    work: Work,
    *,
    site: str = "",
    item: str = "",
    status: str = "",
    bin: str = "",
    lot: str = "",
    q: str = "",
    group: str = "",
    cursor: str = "",
    limit: int = 100,
) -> Json:
    """What stands in the building. `group`: item, bin, status or lot; not given: every balance by itself."""
    work.allow("see_stock", site)
    if group not in GROUPS:
        raise Invalid("Stock is grouped by item, bin, status or lot.", field="group")
    if cursor and not (cursor.isdigit() and len(cursor) < 10):
        raise Invalid("This cursor was not made here.", field="cursor")
    limit, offset = at_most(limit, 500), int(cursor or 0)
    where = [
        visible(work.actor, "see_stock", StockBalance.site_id, StockBalance.owner_id),
        col(StockBalance.quantity) != 0,
        col(StockBalance.status).in_(STATUSES),
    ]
    for column, value in (
        (StockBalance.site_id, site), (StockBalance.item_id, item), (StockBalance.bin_id, bin), (StockBalance.lot, lot),
    ):  # fmt: skip
        if value:
            where.append(col(column) == value)
    if q := q.strip():
        by_code = select(col(Barcode.item_id)).where(col(Barcode.text) == q)
        items = select(col(Item.id)).where(
            or_(contains(Item.sku, q), contains(Item.name, q), contains(Item.name_en, q), col(Item.id).in_(by_code))
        )
        places = select(col(Bin.id)).where(col(Bin.code) == q.upper())
        where.append(
            or_(
                col(StockBalance.item_id).in_(items), col(StockBalance.serial) == q, col(StockBalance.lot) == q,
                col(StockBalance.bin_id).in_(places),
            )
        )  # fmt: skip

    everywhere = [*where]  # the whole that the statuses are parts of, whichever of them is asked for
    if status:
        where.append(col(StockBalance.status).in_(status.split(",")))

    by = [getattr(StockBalance, name) for name in GROUPS[group]]
    found = work.rows(
        select(*by, func.sum(col(StockBalance.quantity)).label("on_hand"), AVAILABLE.label("available"))
        .where(*where)
        .group_by(*by)
        .order_by(func.sum(col(StockBalance.quantity)).desc(), *by)
        .offset(offset)
        .limit(limit + 1)
    )
    sums = work.rows(select(func.sum(col(StockBalance.quantity)), AVAILABLE).where(*where))[0]
    rows = found[:limit]
    shares: dict[tuple[str, ...], dict[str, int]] = {}
    for part in work.rows(
        select(*by, col(StockBalance.status).label("share"), func.sum(col(StockBalance.quantity)).label("on_hand"))
        .where(*where, col(StockBalance.item_id).in_({row.item_id for row in rows}))
        .group_by(*by, col(StockBalance.status))
    ):
        key = tuple(str(getattr(part, name)) for name in GROUPS[group])
        shares.setdefault(key, {})[part.share] = int(part.on_hand or 0)
    names = Names(work)
    names.learn(Site, (row.site_id for row in rows))
    if "item_id" in GROUPS[group]:
        names.learn(Item, (row.item_id for row in rows))
    places_of = many(work, Bin, (getattr(row, "bin_id", "") for row in rows))
    containers = many(work, Container, (getattr(row, "container_id", "") for row in rows))
    return {
        "rows": [
            {
                "id": "|".join(str(getattr(row, name)) for name in GROUPS[group]),
                "item": names.item(row.item_id),
                "site": names.site(row.site_id),
                "bin": bin_ref(places_of.get(getattr(row, "bin_id", ""))),
                "container": container_ref(containers.get(getattr(row, "container_id", ""))),
                "status": getattr(row, "status", ""),
                "lot": getattr(row, "lot", ""),
                "expiry": getattr(row, "expiry", ""),
                "serial": getattr(row, "serial", ""),
                "on_hand": int(row.on_hand or 0),
                "available": int(row.available or 0),
                "statuses": shares.get(tuple(str(getattr(row, name)) for name in GROUPS[group]), {}),
            }
            for row in rows
        ],
        "totals": {
            "on_hand": int(sums[0] or 0),
            "available": int(sums[1] or 0),
            "by_status": {
                row.status: int(row.on_hand or 0)
                for row in work.rows(
                    select(col(StockBalance.status), func.sum(col(StockBalance.quantity)).label("on_hand"))
                    .where(*everywhere)
                    .group_by(col(StockBalance.status))
                )
            },
        },
        "reconciled_at": reconciled_at(work, site),
        "unsent": unsent(work, site),
        "next": str(offset + limit) if len(found) > limit else None,
    }


def entries(
    work: Work,
    *,
    balance: str = "",
    item: str = "",
    site: str = "",
    status: str = "",
    bin: str = "",
    lot: str = "",
    serial: str = "",
    container: str = "",
    order: str = "",
    move: str = "",
    cursor: str = "",
    limit: int = 100,
) -> Json:
    """The ledger behind a number, newest first: each entry with the mutation, handheld, person and scan that made it."""
    work.allow("see_stock", site)
    where = [visible(work.actor, "see_stock", StockEntry.site_id, StockEntry.owner_id)]
    for column, value in (
        (StockEntry.balance_id, balance), (StockEntry.item_id, item), (StockEntry.site_id, site), (StockEntry.bin_id, bin),
        (StockEntry.lot, lot), (StockEntry.serial, serial), (StockEntry.container_id, container),
        (StockEntry.order_id, order), (StockEntry.move_id, move),
    ):  # fmt: skip
        if value:
            where.append(col(column) == value)
    if status:
        where.append(col(StockEntry.status).in_(status.split(",")))
    elif not move:
        where.append(col(StockEntry.status).in_(STATUSES))
    found, following = page(work, StockEntry, where, StockEntry.at, cursor, limit)

    names = Names(work)
    names.learn(Person, (entry.by for entry in found))
    names.learn(Device, (entry.device_id for entry in found))
    names.learn(Item, (entry.item_id for entry in found))
    names.learn(ReturnOrder, (entry.order_id for entry in found))
    bins = many(work, Bin, (entry.bin_id for entry in found))
    mutations = many(work, Mutation, (entry.mutation_id for entry in found))
    receipts = {
        receipt.mutation_id: receipt
        for receipt in work.find(Receipt, col(Receipt.mutation_id).in_({entry.mutation_id for entry in found} - {""}))
    }
    rows = []
    for entry in found:
        mutation = mutations.get(entry.mutation_id)
        receipt = receipts.get(entry.mutation_id)
        person = names.get(Person, entry.by)
        rows.append(
            plain(entry)
            | {
                "item": names.item(entry.item_id),
                "bin": bin_ref(bins.get(entry.bin_id)),
                "mutation": shown(mutation, "id", "name", "made_at", "at", "status") if mutation else None,
                "device": names.device(entry.device_id),
                "person": named(person) or ({"id": entry.by, "name": names.person(entry.by)} if entry.by else None),
                "order": order_ref(names.get(ReturnOrder, entry.order_id)),
                "receipt": shown(receipt, "text", "symbology") if receipt else None,
            }
        )
    return {"rows": rows, "next": following}


def reconciled_at(work: Work, site: str) -> int:
    """When the books were last compared: at this site, or at the one of one's sites that waits longest."""
    seen = visible(work.actor, "see_stock", ReconcileRun.site_id)
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
    found = work.find(ReconcileRun, *runs, order_by=col(ReconcileRun.started_at).desc(), limit=max(1, min(limit, 100)))
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
