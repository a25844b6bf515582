"""Return orders: the list, and one with everything a reviewer, an office or a customer's question needs."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Text, and_, func, literal_column, or_, select, type_coerce
from sqlmodel import col

from .. import correspondence, returns
from ..alerts import Alert
from ..catalog import Customer, Item, Site
from ..conflicts import Conflict
from ..devices import Device
from ..dispositions import Disposition
from ..documents import Blob, Document, DocumentRequest, OutboundLine, OutboundOrder
from ..errors import Invalid
from ..inspections import Inspection
from ..parcels import Parcel
from ..people import Person
from ..receiving import Receipt
from ..returns import ReturnLine, ReturnOrder, ReviewRound
from ..words import named
from ..work import Work
from . import cases, matches
from .rows import (
    Json,
    Names,
    coded,
    contains,
    history,
    many,
    met,
    numbered,
    one,
    page,
    plain,
    seen_customers,
    total,
    unsent,
    visible,
)

STATUS_WORDS = {
    "draft": ("草稿，还未提交", "A draft that has not been submitted"),
    "submitted": ("待审核", "Waiting for review"),
    "rejected": ("已驳回", "Rejected"),
    "approved": ("审核通过，等待收货", "Approved; the goods have not arrived"),
    "receiving": ("收货中", "Being received"),
    "inspecting": ("质检中", "Being inspected"),
    "disposing": ("处理中", "Dispositions are being carried out"),
    "on_hold": ("挂起", "On hold"),
    "completed": ("已完成", "Completed"),
    "cancelled": ("已取消", "Cancelled"),
}


def seen(work: Work) -> Any:
    return visible(
        work.actor, "see", ReturnOrder.site_id, ReturnOrder.owner_id, ReturnOrder.customer_id, ReturnOrder.filed_by
    )  # fmt: skip


def returns_list(
    work: Work, *, site: str = "", status: str = "", type: str = "", customer: str = "", origin: str = "", filed: str = "",
    since: str = "", until: str = "", q: str = "", cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`status` may be several, separated by commas. `filed`: by this person, `me` is oneself. `since`, `until`: filed on or after,
    on or before this day, where the site is. `q` finds by how the number begins or ends,
    by note or the customer's name."""
    where = _asked(work, site, status, type, customer, origin, filed, since, until, q)
    found, following = page(work, ReturnOrder, where, ReturnOrder.created_at, cursor, limit)
    return {"rows": return_rows(work, found), "next": following, "total": total(work, ReturnOrder, *where)}


def return_totals(
    work: Work, *, site: str = "", status: str = "", type: str = "", customer: str = "", origin: str = "", filed: str = "",
    since: str = "", until: str = "", q: str = "",
) -> Json:  # fmt: skip
    """What the list with the same filters comes to, to its last row: units, and what was paid for them in each currency."""
    where = _asked(work, site, status, type, customer, origin, filed, since, until, q)
    counted = ("expected", "received", "inspected", "closed")
    sums = work.rows(
        select(
            col(ReturnOrder.currency),
            func.count(func.distinct(col(ReturnOrder.id))).label("orders"),
            *(func.sum(getattr(ReturnLine, name)).label(name) for name in counted),
            func.sum(col(ReturnLine.expected) * col(ReturnLine.unit_amount)).label("amount"),
        )
        .select_from(ReturnOrder)
        .outerjoin(
            ReturnLine, and_(col(ReturnLine.order_id) == col(ReturnOrder.id), col(ReturnLine.removed).is_(False))
        )
        .where(*where)
        .group_by(col(ReturnOrder.currency))
    )
    return {
        "orders": sum(row.orders for row in sums),
        "amounts": [{"currency": row.currency, "amount": int(row.amount or 0)} for row in sums if row.amount],
    } | {name: sum(int(getattr(row, name) or 0) for row in sums) for name in counted}


def _asked(
    work: Work,
    site: str,
    status: str,
    type: str,
    customer: str,
    origin: str,
    filed: str,
    since: str,
    until: str,
    q: str,
) -> list[Any]:
    work.allow("see", site)
    where = [seen(work)]
    for column, value in (
        (ReturnOrder.site_id, site), (ReturnOrder.type_code, type), (ReturnOrder.customer_id, customer),
        (ReturnOrder.origin, origin), (ReturnOrder.filed_by, work.actor.id if filed == "me" else filed),
    ):  # fmt: skip
        if value:
            where.append(col(column) == value)
    if status:
        where.append(col(ReturnOrder.status).in_(status.split(",")))
    zone = _time_zone(work, site)
    if since:
        where.append(col(ReturnOrder.created_at) >= _midnight(since, zone))
    if until:
        where.append(col(ReturnOrder.created_at) < _midnight(until, zone, days=1))
    if q := q.strip():
        where.append(_worded(work, q))
    return where


def _worded(work: Work, q: str) -> Any:
    ident = select(col(ReturnOrder.id))
    theirs = col(ReturnOrder.customer_id).in_(select(col(Customer.id)).where(named(Customer, q)))
    numbers = numbered(ReturnOrder.number, q)
    noted = and_(col(ReturnOrder.note) != literal_column("''"), contains(ReturnOrder.note, q))
    ways = [*numbers, theirs, noted]
    return met(
        work,
        ReturnOrder,
        (ident.where(way) for way in ways),
        or_(*numbers, theirs, col(ReturnOrder.id).in_(ident.where(noted))),
    )


def _time_zone(work: Work, site_id: str) -> ZoneInfo:
    """Of the site that is asked for, or of the first."""
    site = work.look(Site, site_id) if site_id else work.first(Site, order_by=col(Site.code))
    return ZoneInfo(site.time_zone if site else "Asia/Shanghai")


def _midnight(day: str, zone: ZoneInfo, days: int = 0) -> int:
    try:
        date = dt.date.fromisoformat(day) + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        raise Invalid("A date is written as YYYY-MM-DD.", field="since") from None
    return int(dt.datetime.combine(date, dt.time(), zone).timestamp() * 1000)


def return_rows(work: Work, orders: Iterable[ReturnOrder]) -> list[Json]:
    orders = list(orders)
    names = Names(work)
    names.learn(Customer, (order.customer_id for order in orders))
    names.learn(Site, (order.site_id for order in orders))
    names.learn(Person, (id for order in orders for id in (order.filed_by, order.submitted_by)))
    sums = {
        row.order_id: row
        for row in work.rows(
            select(
                col(ReturnLine.order_id),
                func.count().label("lines"),
                *(
                    func.sum(getattr(ReturnLine, name)).label(name)
                    for name in ("expected", "received", "inspected", "disposed", "closed")
                ),
                func.sum(col(ReturnLine.expected) * col(ReturnLine.unit_amount)).label("amount"),
            )
            .where(col(ReturnLine.order_id).in_([order.id for order in orders]), col(ReturnLine.removed).is_(False))
            .group_by(col(ReturnLine.order_id))
        )
    }
    rows = []
    for order in orders:
        summed = sums.get(order.id)
        counted = ("lines", "expected", "received", "inspected", "disposed", "closed", "amount")
        rows.append(
            plain(order)
            | {name: int(getattr(summed, name) or 0) if summed else 0 for name in counted}
            | {
                "customer": coded(names.get(Customer, order.customer_id)),
                "site": names.site(order.site_id),
                "filed_by_name": names.person(order.filed_by),
                "submitted_by_name": names.person(order.submitted_by),
            }
        )
    return rows


def return_page(work: Work, order_id: str) -> Json:
    order = one(work, ReturnOrder, order_id, seen(work))
    lines = work.find(ReturnLine, col(ReturnLine.order_id) == order.id, order_by=col(ReturnLine.id))
    rounds = work.find(ReviewRound, col(ReviewRound.order_id) == order.id, order_by=col(ReviewRound.submitted_at))
    receipts = work.find(Receipt, col(Receipt.order_id) == order.id, order_by=col(Receipt.at))
    inspections = work.find(Inspection, col(Inspection.order_id) == order.id, order_by=col(Inspection.at))
    dispositions = work.find(Disposition, col(Disposition.order_id) == order.id, order_by=col(Disposition.at))
    documents = work.find(Document, col(Document.order_id) == order.id, order_by=col(Document.added_at))
    requests = work.find(
        DocumentRequest, col(DocumentRequest.order_id) == order.id, order_by=col(DocumentRequest.asked_at)
    )
    written = correspondence.of_order(work, order.id)
    files = many(work, Blob, (document.blob for document in documents))
    parcels = parcels_of(work, order, receipts)
    conflicts = work.find(Conflict, col(Conflict.order_id) == order.id, order_by=col(Conflict.opened_at))
    alerts = work.find(Alert, col(Alert.order_id) == order.id, order_by=col(Alert.first_at))

    names = Names(work)
    everything: list[Any] = [*receipts, *inspections, *dispositions]
    names.learn(
        Person,
        [order.filed_by, order.submitted_by, order.reviewed_by, order.claimed_by]
        + [id for round in rounds for id in (round.submitted_by, round.decided_by)]
        + [record.by for record in everything]
        + [disposition.decided_by for disposition in dispositions]
        + [document.added_by for document in documents]
        + [asked.asked_by for asked in requests]
        + [message.by for message in written]
        + [id for parcel in parcels for id in (parcel.signed_by, parcel.claimed_by)],
    )
    names.learn(Device, (record.device_id for record in everything))
    names.learn(Item, [line.item_id for line in lines] + [record.item_id for record in everything])
    names.learn(Site, [order.site_id])
    customer = work.look(Customer, order.customer_id)
    if (
        customer is not None
        and work.first(Customer, col(Customer.id) == customer.id, seen_customers(work.actor)) is None
    ):
        customer = None
    shown_lines = _lines(work, order, lines, names)
    missing = returns.missing_documents(work, order)
    waiting = unsent(work, order.site_id)

    def by(record: Any) -> Json:
        return {
            "by_name": names.person(record.by),
            "device": names.device(record.device_id),
            "item": names.item(record.item_id),
        }

    return {
        "order": plain(order)
        | {
            f"{field}_name": names.person(getattr(order, field))
            for field in ("filed_by", "submitted_by", "reviewed_by", "claimed_by")
        }
        | {"match": matches.of_order(work, order)},
        "sentence": sentence(order, lines, waiting),
        "customer": (coded(customer) or {})
        | ({"phone": customer.phone} if work.may("see_personal", order.site_id) else {})
        if customer
        else None,
        "site": names.site(order.site_id),
        "lines": shown_lines,
        "rounds": [
            plain(round)
            | {"submitted_by_name": names.person(round.submitted_by), "decided_by_name": names.person(round.decided_by)}
            for round in rounds
        ],
        "parcels": [
            plain(parcel)
            | {"signed_by_name": names.person(parcel.signed_by), "claimed_by_name": names.person(parcel.claimed_by)}
            for parcel in parcels
        ],
        "receipts": [plain(receipt) | by(receipt) for receipt in receipts],
        "inspections": [plain(inspection) | by(inspection) for inspection in inspections],
        "dispositions": [
            plain(disposition) | by(disposition) | {"decided_by_name": names.person(disposition.decided_by)}
            for disposition in dispositions
        ],
        "requests": [plain(asked) | {"asked_by_name": names.person(asked.asked_by)} for asked in requests],
        "messages": [plain(message) | {"by_name": names.person(message.by)} for message in written],
        "documents": [
            plain(document)
            | {
                "added_by_name": names.person(document.added_by),
                "media_type": files[document.blob].media_type if document.blob in files else "",
            }
            for document in documents
        ],
        "conflicts": cases.conflict_rows(work, conflicts, placed=True),
        "alerts": cases.alert_rows(work, alerts),
        "history": history(work, [order.id, *(line.id for line in lines), *(parcel.id for parcel in parcels)]),
        "checklist": [
            {"code": "reason", "done": bool(order.type_code)},
            {"code": "documents", "done": not missing, "missing": missing},
            {"code": "condition", "done": bool(receipts) and all(line.inspected >= line.received for line in lines)},
        ],
        "outside_terms": _outside_terms(shown_lines),
        "missing_for_completion": returns.why_not_complete(work, order),
        "unsent": waiting,
    }


def sentence(order: ReturnOrder, lines: list[ReturnLine], waiting: Json) -> Json:
    """Where it is, said so that it can be copied to whoever asks."""
    kept = [line for line in lines if not line.removed]
    expected, received = (sum(getattr(line, name) for line in kept) for name in ("expected", "received"))
    inspected, closed = (sum(getattr(line, name) for line in kept) for name in ("inspected", "closed"))
    zh, en = STATUS_WORDS[order.status]
    if order.status == "rejected" and order.rejection:
        zh, en = f"{zh}：{order.rejection}", f"{en}: {order.rejection}"
    if order.status in ("receiving", "inspecting", "disposing", "completed"):
        of = f" of {expected}" if expected else ""
        zh += (f"：应收 {expected}，" if expected else "：") + f"已收 {received}，已质检 {inspected}，已结案 {closed}"
        en += f": {received}{of} received, {inspected} inspected, {closed} closed"
    if order.status in ("approved", "receiving") and received < expected and waiting["devices"]:
        zh += f"。本仓有 {waiting['devices']} 台 PDA 尚有 {waiting['pending']} 条未上传"
        holding = (
            "1 handheld at this site still holds"
            if waiting["devices"] == 1
            else f"{waiting['devices']} handhelds at this site still hold"
        )
        en += f". {holding} {waiting['pending']} unsent"
    if (
        not order.authorised
        and order.origin != "filed"
        and order.status not in ("draft", "submitted", "rejected", "cancelled")
    ):
        zh += "。无单收货，尚待审核"
        en += ". Received without an order; approval is pending"
    return {"zh": f"{order.number} {zh}。", "en": f"{order.number}: {en}."}


def line_state(line: ReturnLine) -> str:
    """Computed from quantities, never stored."""
    gone = line.short + line.lost + line.refused
    if line.removed:
        return "removed"
    if line.received == 0:
        if gone and gone >= line.expected:
            return "short_closed" if line.short else "lost" if line.lost else "refused"
        return "pending"
    if line.closed >= line.received and line.received + gone >= line.expected:
        return "closed"
    if line.received + gone < line.expected:
        return "partly_received"
    if line.disposed >= line.received:
        return "disposed"
    return "inspected" if line.inspected >= line.received else "received"


def parcels_of(work: Work, order: ReturnOrder, receipts: list[Receipt]) -> list[Parcel]:
    """Those that were bound to it, and those its goods were scanned from."""
    mentioned = type_coerce(col(Parcel.order_ids), Text).like(f"%{order.id}%")
    bound = work.find(Parcel, col(Parcel.site_id) == order.site_id, mentioned)
    found = {parcel.id: parcel for parcel in bound if order.id in parcel.order_ids}
    found |= many(work, Parcel, (receipt.parcel_id for receipt in receipts))
    return sorted(found.values(), key=lambda parcel: (parcel.signed_at, parcel.id))


def _lines(work: Work, order: ReturnOrder, lines: list[ReturnLine], names: Names) -> list[Json]:
    outbound = many(work, OutboundLine, (line.outbound_line_id for line in lines))
    orders = many(work, OutboundOrder, (line.outbound_id for line in outbound.values()))
    rows = []
    for line in lines:
        source = outbound.get(line.outbound_line_id)
        origin = orders.get(source.outbound_id) if source else None
        rows.append(
            plain(line)
            | {
                "item": names.item(line.item_id),
                "state": line_state(line),
                "outbound": {
                    "id": origin.id,
                    "line_id": source.id,
                    "number": origin.number,
                    "shipped_on": origin.shipped_on,
                    "quantity": source.quantity,
                    "returned": source.returned,
                    "returnable": source.quantity - source.returned,
                    "unit_price": source.unit_price,
                }
                if source and origin
                else None,
            }
        )
    return rows


def _outside_terms(lines: list[Json]) -> list[Json]:
    """What the order asks beyond what was shipped and not yet returned."""
    found = []
    for line in lines:
        source = line["outbound"]
        still_to_come = max(0, line["expected"] - line["received"])
        if source and not line["removed"] and still_to_come > source["returnable"]:
            sku = line["item"]["sku"] if line["item"] else line["text"]
            shipped, returned, asked = source["quantity"], source["returned"], line["expected"]
            found.append(
                {
                    "zh": f"{sku}：出库 {shipped}，已退 {returned}，本单要退 {asked}",
                    "en": f"{sku}: {shipped} shipped, {returned} returned already, {asked} on this order",
                }
            )
    return found
