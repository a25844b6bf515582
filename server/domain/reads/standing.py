"""What stands in the building, grouped as asked, now or as the book had it at any past instant.

Now is read from the balances, the past from the ledger: both have the same columns, so one query is asked of either. Pages are told
apart by the last row's own values, so what moves meanwhile shifts nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from .. import availability as available
from ..catalog import Barcode, Bin, Item, Owner, Site, Zone
from ..containers import Container
from ..errors import Invalid
from ..records import Feed
from ..stock import STATUSES, StockBalance, StockEntry
from ..work import Work
from .rows import Json, Names, at_most, bin_ref, coded, container_ref, contains, many, unsent, visible
from .stock import reconciled_at

PLACED = ("site_id", "item_id", "status", "bin_id", "container_id", "lot", "expiry", "serial")


class Group(NamedTuple):
    """The columns that make a row, and those of joined tables that people sort by, first."""

    by: tuple[str, ...]
    sort: tuple[str, ...]


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

NARROWED = 500
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

    keys, following = _page(work, book, GROUPS[group], chosen, sort, cursor, limit, wide=wide)
    totals = _sums(work, book, (), where, state)
    asked = [part for part in totals if not status or part.share in status.split(",")]
    return {
        "rows": _rows(work, book, GROUPS[group].by, keys, chosen, state),
        "totals": _figures(work, asked) | {"by_status": _by(totals, "share")},
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
    keys, following = _page(work, StockBalance, GROUPS["item"], where, "", cursor, at_most(limit), wide=False)
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
    where.append(col(book.at) <= as_of if as_of else col(book.quantity) != 0)
    where += [col(getattr(book, name)) == value for name, value in equal.items() if value]
    if zone:
        where.append(col(book.bin_id).in_(select(col(Bin.id)).where(col(Bin.zone_id) == zone)))
    if expiry_from:
        where.append(col(book.expiry) >= expiry_from)
    if expiry_to:
        where += [col(book.expiry) <= expiry_to, col(book.expiry) != ""]
    if q := q.strip():
        by_code = select(col(Barcode.item_id)).where(col(Barcode.text) == q)
        items = select(col(Item.id)).where(
            or_(contains(Item.sku, q), contains(Item.name, q), contains(Item.name_en, q), col(Item.id).in_(by_code))
        )
        places = select(col(Bin.id)).where(col(Bin.code) == q.upper())
        totes = select(col(Container.id)).where(col(Container.label) == q.upper())
        where.append(
            or_(
                col(book.item_id).in_(items), col(book.serial) == q, col(book.lot) == q, col(book.bin_id).in_(places),
                col(book.container_id).in_(totes),
            )
        )  # fmt: skip
    return where


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
) -> tuple[list[dict[str, str]], str | None]:
    """The keys of one page of groups, in order, and the cursor of the next."""
    names = (*group.sort, *group.by)
    if wide and group.sort == ("sku",) and not sort:
        return _walked(work, book, group, where, cursor, limit)
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


def _walked(
    work: Work, book: Any, group: Group, where: list[ColumnElement[bool]], cursor: str, limit: int
) -> tuple[list[dict[str, str]], str | None]:
    """The same where nearly everything is asked for: the items are walked in their order, and only the goods of the next few are
    summed. Some of them may stand at nothing; then a few more are looked at."""
    first, look = (_cursor(cursor, len(group.sort) + len(group.by))[0] if cursor else ""), limit + 1
    while True:
        item = aliased(Item)
        standing = exists().where(book.item_id == col(item.id), *where)
        few = work.rows(
            select(col(item.id))
            .where(col(item.sku) >= first, standing)
            .order_by(col(item.sku), col(item.id))
            .limit(look)
        )
        among = book.item_id.in_([row.id for row in few])
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
    work: Work, book: Any, by: tuple[str, ...], keys: list[dict[str, str]], where: list[ColumnElement[bool]], state: Any
) -> list[Json]:
    """Each group of the page with its parts: by status, by why it is not available, and by currency."""
    parts: dict[tuple[str, ...], list[Any]] = {}
    for row in _sums(work, book, by, where, state, keys) if keys else []:
        parts.setdefault(tuple(str(getattr(row, name)) for name in by), []).append(row)

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
            **_figures(work, parts.get(tuple(key.values()), [])),
        }
        for key in keys
    ]


def _sums(
    work: Work, book: Any, by: tuple[str, ...], where: list[ColumnElement[bool]], state: Any, keys: Sequence[dict[str, str]] = ()
) -> list[Any]:  # fmt: skip
    """Units and what they cost, by status, by why they are not available, and by currency."""
    value = book.value if book is StockBalance else book.quantity * book.unit_cost
    seen = case((visible(work.actor, "see_value", book.site_id, book.owner_id), value), else_=0)
    lines = _lines(book, by, where, share=book.status, state=state, currency=book.currency, value=seen)
    columns = [lines.c[name] for name in by]
    parts = (lines.c.share, lines.c.state, lines.c.currency)
    statement = select(
        *columns, *parts, func.sum(lines.c.quantity).label("units"), func.sum(lines.c.value).label("value")
    )
    for column, name in zip(columns, by, strict=True) if 0 < len(keys) <= NARROWED else ():  # beyond, a scan is cheaper
        statement = statement.where(column.in_({key[name] for key in keys}))
    return work.rows(statement.group_by(*columns, *parts))


def _figures(work: Work, parts: list[Any]) -> Json:
    return {
        "on_hand": sum(int(part.units) for part in parts),
        "available": sum(int(part.units) for part in parts if part.state == "available"),
        "statuses": _by(parts, "share"),
        "not_available": _by([part for part in parts if part.state not in ("available", "not_sellable")], "state"),
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
