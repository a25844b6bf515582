"""Outbound orders, where goods came from."""

from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import col

from ..catalog import Customer, Item, Site
from ..documents import OutboundLine, OutboundOrder
from ..work import Work
from .rows import Json, Names, coded, many, met, numbered, one, plain, visible


def outbound(work: Work, *, q: str = "", customer: str = "", item: str = "", limit: int = 20) -> list[Json]:
    """By how the number, platform number or waybill begins or ends; by customer; by an item that is on it."""
    work.allow("see")
    where = [_seen(work)]
    if q := q.strip():
        columns = (OutboundOrder.number, OutboundOrder.platform_number, OutboundOrder.waybill)
        numbers = [way for column in columns for way in numbered(column, q)]
        where.append(
            met(work, OutboundOrder, (select(col(OutboundOrder.id)).where(way) for way in numbers), or_(*numbers))
        )
    if customer:
        where.append(col(OutboundOrder.customer_id) == customer)
    if item:
        holding = select(col(OutboundLine.outbound_id)).where(col(OutboundLine.item_id) == item)
        where.append(col(OutboundOrder.id).in_(holding))
    found = work.find(
        OutboundOrder, *where, order_by=(col(OutboundOrder.shipped_on).desc(), col(OutboundOrder.id).desc()),
        limit=max(1, min(limit, 100)),
    )  # fmt: skip
    names = Names(work)
    names.learn(Customer, (order.customer_id for order in found))
    counts = {
        row[0]: row[1]
        for row in work.rows(
            select(col(OutboundLine.outbound_id), func.count())
            .where(col(OutboundLine.outbound_id).in_([order.id for order in found]))
            .group_by(col(OutboundLine.outbound_id))
        )
    }
    return [
        plain(order) | {"customer": coded(names.get(Customer, order.customer_id)), "lines": counts.get(order.id, 0)}
        for order in found
    ]


def outbound_page(work: Work, outbound_id: str) -> Json:
    order = one(work, OutboundOrder, outbound_id, _seen(work))
    lines = work.find(OutboundLine, col(OutboundLine.outbound_id) == order.id, order_by=col(OutboundLine.line_number))
    items = many(work, Item, (line.item_id for line in lines))
    names = Names(work)
    names.learn(Item, items)
    names.learn(Site, [order.site_id])
    return {
        "order": plain(order)
        | {
            "customer": coded(work.look(Customer, order.customer_id)),
            "site": names.site(order.site_id),
            "lines": len(lines),
        },
        "lines": [
            plain(line) | {"item": names.item(line.item_id), "returnable": line.quantity - line.returned}
            for line in lines
        ],
    }


def _seen(work: Work) -> Any:
    return visible(work.actor, "see", OutboundOrder.site_id, OutboundOrder.owner_id, OutboundOrder.customer_id)
