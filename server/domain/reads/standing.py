"""What stands in the building, grouped as asked, now or as the book had it at any past instant.

Now is read from the balances, the past from the ledger: both have the same columns, so one query is asked of either. Pages are told
apart by the last row's own values, so what moves meanwhile shifts nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, literal_column, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_
from sqlmodel import col

from .. import availability as available
from ..catalog import Barcode, Bin, Item, Owner, Site, Zone
from ..containers import Container
from ..errors import Invalid
from ..records import Feed
from ..stock import STATUSES, StockBalance, StockEntry
from ..words import asked_for, begin_with
from ..work import Work
from .rows import Json, Names, at_most, bin_ref, coded, container_ref, many, unsent, visible
from .stock import reconciled_at

PLACED = ("site_id", "item_id", "status", "bin_id", "container_id", "lot", "expiry", "serial")


class Group(NamedTuple):
    """The columns that make a row, and those of joined tables that people sort by, first."""

    by: tuple[str, ...]
    sort: tuple[str, ...]


NARROWED = 500
FEW = {"owner_id", "site_id", "status", "zone_id"}
"""A house has so few of these that its groups are one page, and summed once."""
TELLING = ("item_id", "bin_id", "container_id", "serial")
"""Columns by whose values few of many are found; by others a scan is not made shorter."""
GROUPS: dict[str, Group] = {
    "item": Group(("item_id", "site_id"), ("sku",)),
    "owner": Group(("owner_id",), ()),
    "site": Group(("site_id",), ()),
    "zone": Group(("site_id", "zone_id"), ()),
    "bin": Group(("bin_id", "item_id", "site_id"), ("bin",)),
    "container": Group(("container_id", "item_id", "site_id"), ("container",)),
    "status": Group(("status", "site_id"), ()),
    "lot": Group(("item_id", "lot", "expiry", "site_id"), ("sku",)),
    "expiry": Group(("expiry", "item_id", "lot", "site_id"), ()),
    "serial": Group(("serial", "item_id", "site_id"), ()),
    "": Group(("item_id", *(name for name in PLACED if name != "item_id")), ("sku",)),
}
"""Not named: every balance by itself."""

WALKED: dict[str, tuple[Any, str, str, int]] = {
    "sku": (Item, "sku", "item_id", 101),
    "bin": (Bin, "code", "bin_id", 1),
}
"""What leads the order of a group: its table and column, what names it in the book, and how many of it a page has at first."""
ONLY = ("", "available", "near_expiry", "expired", "lot_held")


def stock(
    work: Work,
    *,
    site: str = "",
    owner: str = "",
    item: str = "",
    zone: str = "",
    bin: str = "",
    container: str = "",
    status: str = "",
    lot: str = "",
    serial: str = "",
    expiry_from: str = "",
    expiry_to: str = "",
    only: str = "",
    q: str = "",
    group: str = "",
    sort: str = "",
    as_of: int = 0,
    cursor: str = "",
    limit: int = 100,
) -> Json:
    """What stands in the building. `group`: item, owner, site, zone, bin, container, status, lot, expiry or serial; not given: every
    balance by itself. `only`: available, near_expiry, expired or lot_held. `sort`: on_hand, the largest first; else by name.
    `as_of`: epoch milliseconds, what the book had then. Cost only for those who may see it.
    """
    work.allow("see_stock", site)
    if group not in GROUPS:
        raise Invalid("Stock cannot be grouped like this.", field="group")
    if only not in ONLY:
        raise Invalid("Goods are available, near_expiry, expired or lot_held.", field="only")
    if sort not in ("", "on_hand"):
        raise Invalid("Stock is sorted by name or by on_hand.", field="sort")
    limit = at_most(limit, 500)
    book: Any = StockEntry if as_of else StockBalance
    state = available.state_in(work, book, as_of)
    where = _asked(
        work, book, as_of,
        {"site_id": site, "owner_id": owner, "item_id": item, "bin_id": bin, "container_id": container, "lot": lot, "serial": serial},
        zone, expiry_from, expiry_to, q,
    )  # fmt: skip
    if only:
        where.append(state == only)
    wide = limit <= NARROWED and not any(
        (item, zone, bin, container, lot, serial, expiry_from, expiry_to, only, q.strip())
    )
    chosen = [*where, col(book.status).in_(status.split(","))] if status else where

    by, parts = GROUPS[group].by, None
    if not cursor and not sort and set(by) <= FEW:
        parts = (
            _in_zones(work, _sums(work, book, ("site_id", "bin_id"), chosen))
            if group == "zone"
            else _sums(work, book, by, chosen)
        )
        keys, following = _keys(parts, by), None
    else:
        keys, following = _page(work, book, GROUPS[group], chosen, sort, cursor, limit, wide=wide, site=site)
    whole = parts is not None and not status
    totals = (
        parts if parts and whole else _sums(work, book, ("site_id",), where)
    )  # in the order of its index, added up here
    asked = [part for part in totals if not status or part.share in status.split(",")]
    return {
        "rows": _rows(work, book, by, keys, chosen, state, parts),
        "totals": _figures(work, asked, _kept_back(work, book, (), chosen, state))
        | {"by_status": _by(totals, "share")},
        "as_of": as_of,
        "revisions": _revisions(work, site),
        "reconciled_at": reconciled_at(work, site),
        "unsent": unsent(work, site),
        "next": following,
    }


def availability(work: Work, *, q: str = "", site: str = "", cursor: str = "", limit: int = 50) -> Json:
    """What may be promised of each item at each site: one number, and no other."""
    work.allow("see_availability", site)
    state = available.state_in(work, StockBalance)
    where = _asked(work, StockBalance, 0, {"site_id": site}, "", "", "", q, action="see_availability")
    where += [col(StockBalance.status) == "sellable", state == "available"]
    keys, following = _page(
        work,
        StockBalance,
        GROUPS["item"],
        where,
        "",
        cursor,
        at_most(limit),
        wide=at_most(limit) <= NARROWED and not q.strip(),
    )
    rows = _rows(work, StockBalance, GROUPS["item"].by, keys, where, state)
    return {
        "rows": [{name: row[name] for name in ("id", "item", "site", "available")} for row in rows],
        "unsent": unsent(work, site),
        "next": following,
    }


def _asked(
    work: Work, book: Any, as_of: int, equal: dict[str, str], zone: str, expiry_from: str, expiry_to: str, q: str,
    action: str = "see_stock",
) -> list[ColumnElement[bool]]:  # fmt: skip
    """All that is asked for but the status: the whole that the statuses are parts of."""
    where = [visible(work.actor, action, book.site_id, book.owner_id), col(book.status).in_(STATUSES)]
    where.append(col(book.at) <= as_of if as_of else col(book.quantity) != literal_column("0"))  # as its index says it
    where += [col(getattr(book, name)) == value for name, value in equal.items() if value]
    if zone:
        where.append(col(book.bin_id).in_(select(col(Bin.id)).where(col(Bin.zone_id) == zone)))
    if expiry_from:
        where.append(col(book.expiry) >= expiry_from)
    if expiry_to:
        where += [col(book.expiry) <= expiry_to, col(book.expiry) != ""]
    if q := q.strip():
        where.append(_worded(work, book, q))
    return where


def _worded(work: Work, book: Any, q: str) -> ColumnElement[bool]:
    """An item by its name, SKU or barcode, a bin, a container, a lot or a serial number. It is looked first which of them there are."""
    by_code = select(col(Barcode.item_id)).where(col(Barcode.text) == q)
    parts = [begin_with("Item", part) for part in asked_for(q)]
    ways = [and_(*(book.item_id.in_(part) for part in parts))] if parts and work.rows(parts[0].limit(1)) else []
    if work.rows(by_code.limit(1)):
        ways.append(book.item_id.in_(by_code))
    for found, column in (
        (select(col(Bin.id)).where(col(Bin.code) == q.upper()), book.bin_id),
        (select(col(Container.id)).where(col(Container.label) == q.upper()), book.container_id),
    ):
        if ids := [row.id for row in work.rows(found)]:
            ways.append(column.in_(ids))
    lot = col(StockBalance.lot) == q, col(StockBalance.lot) != literal_column("''")
    for known, way in ((lot, book.lot == q), ((col(StockBalance.serial) == q,), book.serial == q)):
        if work.rows(select(literal_column("1")).select_from(StockBalance).where(*known).limit(1)):
            ways.append(way)
    return or_(*ways) if ways else false()


def _lines(book: Any, names: Iterable[str], where: list[ColumnElement[bool]], **more: Any) -> Any:
    """The rows of the book that are asked for, with columns of the tables beside it: what is grouped and summed."""
    beside: dict[str, Any] = {
        "sku": Item.sku,
        "bin": func.coalesce(col(Bin.code), ""),
        "zone_id": func.coalesce(col(Bin.zone_id), ""),
        "container": func.coalesce(col(Container.label), ""),
    }
    columns = [(beside[name] if name in beside else getattr(book, name)).label(name) for name in names]
    statement = select(*columns, book.quantity, *(value.label(name) for name, value in more.items())).select_from(book)
    if "sku" in names:
        statement = statement.join(Item, col(Item.id) == book.item_id)
    if {"bin", "zone_id"} & set(names):
        statement = statement.outerjoin(Bin, col(Bin.id) == book.bin_id)
    if "container" in names:
        statement = statement.outerjoin(Container, col(Container.id) == book.container_id)
    return statement.where(*where).subquery("line")


def _page(
    work: Work,
    book: Any,
    group: Group,
    where: list[ColumnElement[bool]],
    sort: str,
    cursor: str,
    limit: int,
    *,
    wide: bool,
    site: str = "",
) -> tuple[list[dict[str, str]], str | None]:
    """The keys of one page of groups, in order, and the cursor of the next."""
    names = (*group.sort, *group.by)
    if wide and group.sort and group.sort[0] in WALKED and not sort:
        return _walked(work, book, group, where, cursor, limit, site)
    lines = _lines(book, names, where)
    columns = [lines.c[name] for name in names]
    total = func.sum(lines.c.quantity)
    statement = select(*columns, total.label("on_hand")).group_by(*columns).having(total != 0)
    if cursor:
        after = _cursor(cursor, len(names) + (sort == "on_hand"))
        beyond = tuple_(*columns) > tuple_(*(literal(value) for value in after[-len(names) :]))
        if sort == "on_hand":
            statement = statement.having(or_(total < int(after[0]), and_(total == int(after[0]), beyond)))
        else:
            statement = statement.where(beyond)
    found = work.rows(
        statement.order_by(*((total.desc(), *columns) if sort == "on_hand" else columns)).limit(limit + 1)
    )
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        values = [str(getattr(last, name)) for name in names]
        following = msgspec.json.encode([str(last.on_hand), *values] if sort == "on_hand" else values).hex()
    return [{name: str(getattr(row, name)) for name in group.by} for row in found[:limit]], following


class Part(NamedTuple):
    site_id: str
    zone_id: str
    share: str
    currency: str
    units: int
    value: int


def _in_zones(work: Work, parts: list[Any]) -> list[Part]:
    """What stands in bins, by their zones: hundreds of bins are joined here, and not with every balance."""
    zones = {bin.id: bin.zone_id for bin in many(work, Bin, {part.bin_id for part in parts}).values()}
    return [
        Part(part.site_id, zones.get(part.bin_id, ""), part.share, part.currency, int(part.units), int(part.value))
        for part in parts
    ]


def _keys(parts: list[Any], by: tuple[str, ...]) -> list[dict[str, str]]:
    """The groups these are parts of, in order; without those that come to nothing."""
    units: dict[tuple[str, ...], int] = {}
    for part in parts:
        key = tuple(str(getattr(part, name)) for name in by)
        units[key] = units.get(key, 0) + int(part.units)
    return [dict(zip(by, key, strict=True)) for key in sorted(units) if units[key]]


def _walked(
    work: Work, book: Any, group: Group, where: list[ColumnElement[bool]], cursor: str, limit: int, site: str
) -> tuple[list[dict[str, str]], str | None]:
    """The same where nearly everything is asked for: items, bins or containers are walked in their order, and only the goods of the
    next few are summed. Some of them may stand at nothing; then a few more are looked at. What stands in no bin comes first."""
    model, name, place, look = WALKED[group.sort[0]]
    first = _cursor(cursor, len(group.sort) + len(group.by))[0] if cursor else ""
    while True:
        thing = aliased(model)
        here = getattr(book, place)
        standing: list[ColumnElement[bool]] = [exists().where(here == col(thing.id), *where)]
        if site and model is Bin:
            standing.append(col(thing.site_id) == site)
        order = col(getattr(thing, name))
        few = [row.id for row in work.rows(
            select(col(thing.id)).where(order >= first, *standing).order_by(order, col(thing.id)).limit(look)
        )]  # fmt: skip
        among = here.in_([*few, *([] if first or model is Item else [""])])
        found, following = _page(work, book, group, [*where, among], "", cursor, limit, wide=False)
        if following or len(few) < look:
            return found, following
        look *= 4


def _cursor(cursor: str, parts: int) -> list[str]:
    try:
        after = msgspec.json.decode(bytes.fromhex(cursor), type=list[str])
        if len(after) == parts:
            return after
    except (ValueError, msgspec.DecodeError):
        pass
    raise Invalid("This cursor was not made here.", field="cursor")


def _rows(
    work: Work, book: Any, by: tuple[str, ...], keys: list[dict[str, str]], where: list[ColumnElement[bool]], state: Any,
    summed: list[Any] | None = None,
) -> list[Json]:  # fmt: skip
    """Each group of the page with its parts: by status, by why it is not available, and by currency."""
    parts: dict[tuple[str, ...], list[Any]] = {}
    kept_back: dict[tuple[str, ...], list[Any]] = {}
    for rows, of in (
        (summed if summed is not None else _sums(work, book, by, where, keys) if keys else [], parts),
        (_kept_back(work, book, by, where, state, keys) if keys else [], kept_back),
    ):
        for row in rows:
            of.setdefault(tuple(str(getattr(row, name)) for name in by), []).append(row)

    names = Names(work)
    names.learn(Site, (key.get("site_id", "") for key in keys))
    names.learn(Item, (key.get("item_id", "") for key in keys))
    bins = many(work, Bin, (key.get("bin_id", "") for key in keys))
    zones = many(work, Zone, (key.get("zone_id", "") for key in keys))
    owners = many(work, Owner, (key.get("owner_id", "") for key in keys))
    containers = many(work, Container, (key.get("container_id", "") for key in keys))
    return [
        {
            "id": "|".join(key.values()),
            "item": names.item(key.get("item_id", "")),
            "owner": coded(owners.get(key.get("owner_id", ""))),
            "site": names.site(key.get("site_id", "")),
            "zone": coded(zones.get(key.get("zone_id", ""))),
            "bin": bin_ref(bins.get(key.get("bin_id", ""))),
            "container": container_ref(containers.get(key.get("container_id", ""))),
            **{name: key.get(name, "") for name in ("status", "lot", "expiry", "serial")},
            **_figures(work, parts.get(tuple(key.values()), []), kept_back.get(tuple(key.values()), [])),
        }
        for key in keys
    ]


def _sums(
    work: Work, book: Any, by: tuple[str, ...], where: list[ColumnElement[bool]], keys: Sequence[dict[str, str]] = ()
) -> list[Any]:
    """Units and what they cost, by status and currency."""
    value = book.value if book is StockBalance else book.quantity * book.unit_cost
    sees = visible(work.actor, "see_value", book.site_id, book.owner_id)
    seen = value if isinstance(sees, True_) else case((sees, value), else_=0)
    lines = _lines(book, by, where, share=book.status, currency=book.currency, value=seen)
    parts = (
        (lines.c.currency,) if "status" in by else (lines.c.share, lines.c.currency)
    )  # said once, an index has it in order
    share = [lines.c.status.label("share")] if "status" in by else []
    return _summed(work, lines, by, parts, keys, *share, func.sum(lines.c.value).label("value"))


def _kept_back(
    work: Work, book: Any, by: tuple[str, ...], where: list[ColumnElement[bool]], state: Any, keys: Sequence[dict[str, str]] = ()
) -> list[Any]:  # fmt: skip
    """What is sellable and yet not available, by why. Only what has a lot or a date can be."""
    sellable = [
        *where,
        col(book.status) == "sellable",
        or_(book.lot != literal_column("''"), book.expiry != literal_column("''")),
    ]
    lines = _lines(book, by, [*sellable, state != "available"], state=state)
    return _summed(work, lines, by, (lines.c.state,), keys)


def _summed(
    work: Work, lines: Any, by: tuple[str, ...], parts: tuple[Any, ...], keys: Sequence[dict[str, str]], *more: Any
) -> list[Any]:
    columns = [lines.c[name] for name in by]
    statement = select(*columns, *parts, func.sum(lines.c.quantity).label("units"), *more)
    for column, name in zip(columns, by, strict=True) if 0 < len(keys) <= NARROWED else ():  # beyond, a scan is cheaper
        if name in TELLING:
            statement = statement.where(column.in_({key[name] for key in keys}))
    return work.rows(statement.group_by(*columns, *parts))


def _figures(work: Work, parts: list[Any], kept_back: list[Any]) -> Json:
    sellable = sum(int(part.units) for part in parts if part.share == "sellable")
    return {
        "on_hand": sum(int(part.units) for part in parts),
        "available": sellable - sum(int(part.units) for part in kept_back),
        "statuses": _by(parts, "share"),
        "not_available": _by(kept_back, "state"),
        "value": _by(parts, "currency", "value") if work.may("see_value") else None,
    }


def _by(parts: list[Any], name: str, what: str = "units") -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        key = getattr(part, name)
        sums[key] = sums.get(key, 0) + int(getattr(part, what))
    return {key: units for key, units in sums.items() if units}


def _revisions(work: Work, site: str) -> dict[str, int]:
    """Where each site's feed stands: what a report of a wrong number names."""
    seen = visible(work.actor, "see_stock", Site.id)
    feeds = [f"site:{each.id}" for each in work.find(Site, seen, *([col(Site.id) == site] if site else []))]
    return {
        row.name.removeprefix("site:"): int(row.revision)
        for row in work.rows(select(col(Feed.name), col(Feed.revision)).where(col(Feed.name).in_(feeds)))
    }
