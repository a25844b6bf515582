"""Parcels: the list, and one with what it brought and whose it may be."""

from typing import Any

from sqlalchemy import and_, literal_column, or_, select
from sqlalchemy.sql.elements import True_
from sqlmodel import col

from ..catalog import Bin, Carrier, Item, Site, Zone
from ..containers import Container
from ..devices import Device
from ..numbers import waybill_of
from ..parcels import DAY, Parcel
from ..people import Person
from ..permissions import PERMISSIONS
from ..receiving import Receipt
from ..returns import ReturnOrder
from ..work import Work
from . import matches, returns
from .rows import Json, Names, history, many, met, numbered, one, page, plain, total, visible


def parcels(
    work: Work, *, site: str = "", state: str = "", q: str = "", cursor: str = "", limit: int = 50
) -> Json:  # fmt: skip
    """`state` may be several, separated by commas; `q` is how the waybill begins or ends."""
    work.allow("see", site)
    where = [seen(work, q)]
    if site:
        where.append(col(Parcel.site_id) == site)
    if state:
        where.append(col(Parcel.state).in_(state.split(",")))
    if q.strip():
        numbers = numbered(Parcel.waybill, q)
        where.append(met(work, Parcel, (select(col(Parcel.id)).where(way) for way in numbers), or_(*numbers)))
    found, following = page(work, Parcel, where, Parcel.signed_at, cursor, limit)
    return {"rows": parcel_rows(work, found), "next": following, "total": total(work, Parcel, *where)}


def parcel_rows(work: Work, found: list[Parcel]) -> list[Json]:
    names = Names(work)
    names.learn(Person, (id for parcel in found for id in (parcel.signed_by, parcel.claimed_by)))
    names.learn(Site, (parcel.site_id for parcel in found))
    orders = many(work, ReturnOrder, (id for parcel in found for id in parcel.order_ids))
    carriers = {carrier.code: carrier.name for carrier in work.find(Carrier)}
    receipts = work.find(Receipt, col(Receipt.parcel_id).in_([parcel.id for parcel in found]))
    names.learn(Item, (receipt.item_id for receipt in receipts))
    held: dict[str, dict[str, int]] = {}
    for receipt in receipts:
        inside = held.setdefault(receipt.parcel_id, {})
        inside[receipt.item_id] = inside.get(receipt.item_id, 0) + receipt.quantity - receipt.unreceived
    return [
        plain(parcel)
        | {
            "signed_by_name": names.person(parcel.signed_by),
            "claimed_by_name": names.person(parcel.claimed_by),
            "carrier_name": carriers.get(parcel.carrier, parcel.carrier),
            "site": names.site(parcel.site_id),
            "orders": [
                {"id": orders[id].id, "number": orders[id].number, "status": orders[id].status}
                for id in parcel.order_ids
                if id in orders
            ],
            "items": [
                item | {"quantity": quantity}
                for item_id, quantity in held.get(parcel.id, {}).items()
                if quantity and (item := names.item(item_id))
            ],
        }
        for parcel in found
    ]


def unclaimed(work: Work, *, site: str = "", cursor: str = "", limit: int = 24) -> Json:
    """Whose are these? What they look like, what is in them, where they stand, whom they fit best; sales see no one else's customers."""
    work.allow("see_desk", site)
    where = [visible(work.actor, "see_desk", Parcel.site_id), col(Parcel.state) == literal_column("'unclaimed'")]
    if site:
        where.append(col(Parcel.site_id) == site)
    found, following = page(work, Parcel, where, Parcel.unclaimed_at, cursor, min(limit, 60))
    sites = many(work, Site, (parcel.site_id for parcel in found))
    stand = places(work, found)
    return {
        "rows": [
            row
            | {
                "photos": _shown_photos(work, parcel),
                "matches": matches.of_parcel(work, parcel)[:2],
                "place": stand.get(parcel.id),
                "due_at": parcel.unclaimed_at + sites[parcel.site_id].unclaimed_days * DAY,
                "rule": sites[parcel.site_id].unclaimed_rule,
            }
            for parcel, row in zip(found, parcel_rows(work, found), strict=True)
        ],
        "next": following,
        "total": total(work, Parcel, *where),
    }


def _shown_photos(work: Work, parcel: Parcel) -> list[Any]:
    """A label bears somebody's name and address: whoever sees only their own customers does not see it."""
    all_customers = work.actor.system or any(
        right.role != "sales"
        and not right.past
        and right.role in PERMISSIONS["see_desk"]
        and right.covers(parcel.site_id, "")
        for right in work.actor.rights
    )
    return [photo for photo in parcel.photos if all_customers or photo.get("kind") != "label"]


def places(work: Work, found: list[Parcel]) -> dict[str, Json]:
    """Where each parcel's goods were put last."""
    receipts = work.find(Receipt, col(Receipt.parcel_id).in_([parcel.id for parcel in found]), order_by=col(Receipt.at))
    boxes = many(work, Container, (receipt.container_id for receipt in receipts))
    of = {
        receipt.parcel_id: (boxes[receipt.container_id].bin_id if receipt.container_id in boxes else "")
        or receipt.bin_id
        for receipt in receipts
    }
    bins = many(work, Bin, of.values())
    zones = many(work, Zone, (bin.zone_id for bin in bins.values()))
    return {
        parcel_id: {
            "bin": bins[bin_id].code,
            "zone": zones[bins[bin_id].zone_id].name,
            "zone_en": zones[bins[bin_id].zone_id].name_en,
        }
        for parcel_id, bin_id in of.items()
        if bin_id in bins and bins[bin_id].zone_id in zones
    }


def parcel_page(work: Work, parcel_id: str) -> Json:
    waiting = and_(visible(work.actor, "see_desk", Parcel.site_id), col(Parcel.state) == "unclaimed")
    reached = or_(seen(work, ""), _own(work), waiting)
    parcel = one(work, Parcel, parcel_id, reached)
    receipts = work.find(Receipt, col(Receipt.parcel_id) == parcel.id, order_by=col(Receipt.at))
    names = Names(work)
    names.learn(Person, (receipt.by for receipt in receipts))
    names.learn(Device, (receipt.device_id for receipt in receipts))
    names.learn(Item, (receipt.item_id for receipt in receipts))
    ids = {*parcel.order_ids, *(receipt.order_id for receipt in receipts)}
    orders = work.find(ReturnOrder, col(ReturnOrder.id).in_(ids), returns.seen(work), order_by=col(ReturnOrder.number))
    return {
        "parcel": parcel_rows(work, [parcel])[0] | {"photos": _shown_photos(work, parcel)},
        "settles": _settles(work, parcel),
        "orders": returns.return_rows(work, orders),
        "receipts": [
            plain(receipt)
            | {
                "by_name": names.person(receipt.by),
                "device": names.device(receipt.device_id),
                "item": names.item(receipt.item_id),
            }
            for receipt in receipts
        ],
        "history": history(work, [parcel.id]),
        "matches": matches.of_parcel(work, parcel),
    }


def _settles(work: Work, parcel: Parcel) -> Json:
    """When the site's rule for a parcel that nobody claims applies, and which it is."""
    site = work.look(Site, parcel.site_id)
    days = site.unclaimed_days if site else 0
    return {
        "at": parcel.unclaimed_at + days * DAY if parcel.state == "unclaimed" else 0,
        "rule": site.unclaimed_rule if site else "",
        "days": days,
    }


def seen(work: Work, q: str) -> Any:
    """Sales see a parcel whose whole waybill they name: somebody told them, and nobody else can be found by it."""
    floor = visible(work.actor, "see", Parcel.site_id, without=("sales",))
    named = and_(visible(work.actor, "see", Parcel.site_id), col(Parcel.waybill) == (waybill_of(q) or "-"))
    return floor if isinstance(floor, True_) else or_(floor, named)


def _own(work: Work) -> Any:
    """What brought goods of one's own customers."""
    own = select(col(Receipt.parcel_id)).join(ReturnOrder, col(ReturnOrder.id) == col(Receipt.order_id))
    return col(Parcel.id).in_(own.where(returns.seen(work)))
