"""One field for any number: returns, outbound orders, waybills, serials, lots, items, customers, labels, bins."""

from sqlalchemy import or_, select
from sqlmodel import col

from ..catalog import Barcode, Bin, Customer, Item
from ..containers import Container
from ..documents import OutboundOrder
from ..numbers import waybill_of
from ..parcels import Parcel
from ..receiving import Receipt
from ..returns import ReturnOrder
from ..work import Work
from . import parcels as parcel_reads
from . import returns
from .rows import Json, contains, history, seen_customers, visible

EACH = 6


def search(work: Work, *, q: str = "") -> Json:
    """Hits in the order in which they are likely meant. Only what one may see."""
    work.allow("see")
    q = q.strip()[:100]
    if len(q) < 2:
        return {"hits": []}
    hits = [*_returns(work, q), *_parcels(work, q)]
    if work.actor.sites("see_desk") != set():
        hits += [*_outbound(work, q), *_customers(work, q)]
    if work.actor.sites("see_stock") != set():
        hits += [*_items(work, q), *_traces(work, q), *_places(work, q)]
    return {"hits": hits}


def events(work: Work, *, subject: str) -> list[Json]:
    """What happened to one thing, oldest first, where its site may be seen."""
    work.allow("see_desk")
    sites = work.actor.sites("see_desk")
    found = history(work, [subject])
    return found if sites is None else [row for row in found if row["feed"] in {f"site:{site}" for site in sites}]


def _hit(kind: str, id: str, title: str, subtitle: str, url: str) -> Json:
    return {"kind": kind, "id": id, "title": title, "subtitle": subtitle, "url": url}


def _returns(work: Work, q: str) -> list[Json]:
    found = work.find(
        ReturnOrder, returns.seen(work), contains(ReturnOrder.number, q), order_by=col(ReturnOrder.created_at).desc(),
        limit=EACH,
    )  # fmt: skip
    return [_hit("return", order.id, order.number, order.status, f"/desk/returns/{order.id}") for order in found]


def _parcels(work: Work, q: str) -> list[Json]:
    waybill = waybill_of(q)
    found = work.find(
        Parcel, parcel_reads.seen(work, q), contains(Parcel.waybill, waybill), order_by=col(Parcel.signed_at).desc(),
        limit=EACH,
    )  # fmt: skip
    return [_hit("parcel", parcel.id, parcel.waybill, parcel.state, f"/desk/parcels/{parcel.id}") for parcel in found]


def _outbound(work: Work, q: str) -> list[Json]:
    seen = visible(work.actor, "see_desk", OutboundOrder.site_id, OutboundOrder.owner_id, OutboundOrder.customer_id)
    found = work.find(
        OutboundOrder,
        seen,
        or_(
            contains(OutboundOrder.number, q),
            contains(OutboundOrder.platform_number, q),
            col(OutboundOrder.waybill) == q,
        ),
        order_by=col(OutboundOrder.shipped_on).desc(),
        limit=EACH,
    )
    return [_hit("outbound", order.id, order.number, order.shipped_on, f"/desk/outbound/{order.id}") for order in found]


def _customers(work: Work, q: str) -> list[Json]:
    ways = [contains(Customer.name, q), contains(Customer.code, q)]
    if work.may("see_personal") and q.isdigit() and len(q) >= 4:
        ways.append(col(Customer.phone).endswith(q))
    found = work.find(Customer, seen_customers(work.actor), or_(*ways), order_by=col(Customer.code), limit=EACH)
    return [
        _hit("customer", customer.id, customer.name, customer.code, f"/desk/returns?customer={customer.id}")
        for customer in found
    ]


def _items(work: Work, q: str) -> list[Json]:
    by_code = select(col(Barcode.item_id)).where(col(Barcode.text) == q)
    found = work.find(
        Item,
        or_(contains(Item.sku, q), contains(Item.name, q), contains(Item.name_en, q), col(Item.id).in_(by_code)),
        order_by=col(Item.sku),
        limit=EACH,
    )
    return [
        _hit("item", item.id, item.sku, f"{item.name} {item.spec}".strip(), f"/desk/stock?item={item.id}")
        for item in found
    ]


def _traces(work: Work, q: str) -> list[Json]:
    """A serial or a lot, where it was received."""
    found = work.find(
        Receipt, visible(work.actor, "see_stock", Receipt.site_id), or_(col(Receipt.serial) == q, col(Receipt.lot) == q),
        order_by=col(Receipt.at).desc(), limit=EACH,
    )  # fmt: skip
    return [
        _hit(
            "serial" if receipt.serial == q else "lot", receipt.id, q, receipt.text, f"/desk/returns/{receipt.order_id}"
        )
        for receipt in found
    ]


def _places(work: Work, q: str) -> list[Json]:
    bins = work.find(Bin, visible(work.actor, "see_stock", Bin.site_id), contains(Bin.code, q), limit=EACH)
    containers = work.find(
        Container, visible(work.actor, "see_stock", Container.site_id), col(Container.label) == q.upper(), limit=EACH
    )
    return [_hit("bin", place.id, place.code, place.kind, f"/desk/stock?bin={place.id}") for place in bins] + [
        _hit("container", box.id, box.label, box.outcome, f"/desk/stock?q={box.label}") for box in containers
    ]
