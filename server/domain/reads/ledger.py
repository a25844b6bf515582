"""The ledger behind any number, and each entry with the whole chain that made it: mutation, scan, device, photo, person."""

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from ..catalog import Bin, Item, Site
from ..containers import Container
from ..devices import Device
from ..documents import OutboundLine, OutboundOrder
from ..parcels import Parcel
from ..people import Person
from ..photos import PhotoUse
from ..receiving import Receipt
from ..records import Mutation
from ..returns import ReturnOrder
from ..stock import STATUSES, StockEntry
from ..work import Work
from .rows import Json, Names, bin_ref, container_ref, many, named, one, order_ref, page, plain, shown, visible

COMPANIONS = 12
"""An import makes thousands with one act; all of them are one link away."""


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
    mutation: str = "",
    owner: str = "",
    zone: str = "",
    expiry: str = "",
    line: str = "",
    as_of: int = 0,
    cursor: str = "",
    limit: int = 100,
) -> Json:
    """The ledger behind a number, newest first: each entry with the mutation, handheld, person and scan that made it.
    `as_of`: epoch milliseconds, the entries there were then. `sum` is that of all of them, not of this page.
    """
    work.allow("see_stock", site)
    where = [visible(work.actor, "see_stock", StockEntry.site_id, StockEntry.owner_id)]
    for column, value in (
        (StockEntry.balance_id, balance), (StockEntry.item_id, item), (StockEntry.site_id, site), (StockEntry.bin_id, bin),
        (StockEntry.lot, lot), (StockEntry.serial, serial), (StockEntry.container_id, container),
        (StockEntry.order_id, order), (StockEntry.move_id, move), (StockEntry.mutation_id, mutation),
        (StockEntry.owner_id, owner), (StockEntry.expiry, expiry), (StockEntry.line_id, line),
    ):  # fmt: skip
        if value:
            where.append(col(column) == value)
    if status:
        where.append(col(StockEntry.status).in_(status.split(",")))
    elif not move and not mutation:
        where.append(col(StockEntry.status).in_(STATUSES))
    if zone:
        where.append(col(StockEntry.bin_id).in_(select(col(Bin.id)).where(col(Bin.zone_id) == zone)))
    if as_of:
        where.append(col(StockEntry.at) <= as_of)
    found, following = page(work, StockEntry, where, StockEntry.at, cursor, limit)
    summed = work.rows(select(func.sum(col(StockEntry.quantity)), func.count()).where(*where))[0]
    return {"rows": _rows(work, found), "sum": int(summed[0] or 0), "count": int(summed[1]), "next": following}


def entry_page(work: Work, entry_id: str) -> Json:
    """One entry and all that made it: where the goods came from, what the place held before and after, the mutation as it was sent,
    the scan, the photos of these goods, and what it led to."""
    entry = one(work, StockEntry, entry_id, visible(work.actor, "see_stock", StockEntry.site_id, StockEntry.owner_id))
    earlier = or_(col(StockEntry.at) < entry.at, and_(col(StockEntry.at) == entry.at, col(StockEntry.id) < entry.id))
    before = int(
        work.rows(
            select(func.sum(col(StockEntry.quantity))).where(col(StockEntry.balance_id) == entry.balance_id, earlier)
        )[0][0]
        or 0
    )
    others = work.all(StockEntry, mutation_id=entry.mutation_id) if entry.mutation_id else []
    others = [each for each in others or work.all(StockEntry, move_id=entry.move_id) if each.id != entry.id]
    mutation = work.look(Mutation, entry.mutation_id)
    shipped = work.look(OutboundLine, entry.line_id) if entry.cause == "ship" else None
    outbound = work.look(OutboundOrder, shipped.outbound_id) if shipped else None
    return {
        "entry": _rows(work, [entry])[0],
        "before": before,
        "after": before + entry.quantity,
        "with": _rows(work, sorted(others, key=lambda each: (each.move_id != entry.move_id, each.id))[:COMPANIONS]),
        "args": mutation.body.get("args", {}) if mutation else {},
        "outbound": shown(outbound, "id", "number") if outbound else None,
        "parcel": _parcel(work, entry),
        "photos": _photos(work, entry),
    }


def _parcel(work: Work, entry: StockEntry) -> Json | None:
    receipt = next(iter(work.all(Receipt, mutation_id=entry.mutation_id)), None) if entry.mutation_id else None
    parcel = work.look(Parcel, receipt.parcel_id) if receipt and receipt.parcel_id else None
    return shown(parcel, "id", "waybill") if parcel else None


def _photos(work: Work, entry: StockEntry) -> list[Json]:
    """Of this very mutation, and of the same goods: their line, and where it is known, their serial number."""
    uses = work.all(PhotoUse, line_id=entry.line_id) if entry.line_id else []
    found = {
        use.sha256: {"sha256": use.sha256, "kind": use.kind}
        for use in sorted(uses, key=lambda use: (use.mutation_id != entry.mutation_id, use.at, use.id))
        if not entry.serial or use.serial in ("", entry.serial)
    }
    return list(found.values())[:24]


def _rows(work: Work, found: list[StockEntry]) -> list[Json]:
    names = Names(work)
    names.learn(Person, (entry.by for entry in found))
    names.learn(Device, (entry.device_id for entry in found))
    names.learn(Item, (entry.item_id for entry in found))
    names.learn(ReturnOrder, (entry.order_id for entry in found))
    names.learn(Site, (entry.site_id for entry in found))
    money = {site: work.may("see_value", site) for site in {entry.site_id for entry in found}}
    containers = many(work, Container, (entry.container_id for entry in found))
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
                "site": names.site(entry.site_id),
                "bin": bin_ref(bins.get(entry.bin_id)),
                "container": container_ref(containers.get(entry.container_id)),
                "unit_cost": entry.unit_cost if money[entry.site_id] else None,
                "mutation": shown(mutation, "id", "name", "made_at", "at", "status") if mutation else None,
                "device": names.device(entry.device_id),
                "person": named(person) or ({"id": entry.by, "name": names.person(entry.by)} if entry.by else None),
                "order": order_ref(names.get(ReturnOrder, entry.order_id)),
                "receipt": shown(receipt, "text", "symbology") if receipt else None,
            }
        )
    return rows
