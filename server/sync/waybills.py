"""The waybills a site has seen, outbound and back, of the last 60 days: so many that documents of them would be too much for a
handheld. What a scan needs to know of each is a few bytes: which outbound order it left with, or that its parcel was signed for.

The newest papers are in the site's feed as documents; this list knows all of them, and is read like a feed: sealed pages, then what
came since, by the revisions of the site's feed.
"""

import datetime as dt
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from sqlmodel import col

from server.database import Database
from server.domain.devices import Device
from server.domain.documents import OutboundOrder
from server.domain.numbers import waybill_of
from server.domain.parcels import Parcel
from server.domain.permissions import SYSTEM
from server.domain.records import Change
from server.domain.work import Work

from . import snapshots
from .protocol import OutboundWaybills, ParcelWaybills
from .pull import Cursor, head_of, history_of, stands, tagged
from .shapes import site_feed

DAY = 86_400_000
EPOCH = dt.date(1970, 1, 1)
KEPT_DAYS = 60
PAGE = 20_000
TAIL_BEFORE_SEAL = 20_000
TAIL_PAGE = 20_000
"""Revisions of the site's feed that one page after the sealed ones looks through."""


def waybills(database: Database, device: Device, cursor: str = "") -> bytes:
    """One page, as an encoded WaybillPage."""
    feed = site_feed(device.site_id)
    if not cursor:
        seal_if_due(database, feed)
    with database.read(SYSTEM) as work:
        epoch = history_of(work)
        at = Cursor.read(cursor) if cursor else Cursor(epoch, "s", 0, 0, "")
        reset = bool(cursor) and not stands(work, feed, at, epoch, snapshot=_name(feed))
        if reset:
            at = Cursor(epoch, "s", 0, 0, "")
        body, following, more = _sealed_page(work, feed, at) if at.phase == "s" else _since(work, feed, at)
        following = tagged(work, feed, following._replace(epoch=epoch))
        since = _day(work.now) - KEPT_DAYS
    header = msgspec.json.encode(
        {"epoch": epoch, "cursor": following.text(), "revision": following.revision, "more": more, "reset": reset,
         "since": since}
    )  # fmt: skip
    return header[:-1] + b"," + body + b"}"


def seal_if_due(database: Database, feed: str) -> None:
    """`feed` is a site's. Sealed anew when much has moved since: what is read after it is as large as what moved."""

    def due(work: Work) -> bool:
        head, sealed = head_of(work, feed), snapshots.sealed(work, _name(feed))
        return head > 0 and (not sealed or head - sealed >= TAIL_BEFORE_SEAL)

    snapshots.seal(database, _name(feed), due, lambda work: (head_of(work, feed), _pages(work, feed)))


def _name(feed: str) -> str:
    return f"waybills:{feed}"


def _pages(work: Work, feed: str) -> Iterator[bytes]:
    """By day and number: like stands by like, and compresses to a few bytes each."""
    site_id = feed.removeprefix("site:")
    first = work.now - KEPT_DAYS * DAY
    orders = work.stream(
        sa.select(col(OutboundOrder.waybill), col(OutboundOrder.number), col(OutboundOrder.shipped_on), col(OutboundOrder.shipped_at))
        .where(
            col(OutboundOrder.site_id) == site_id,
            col(OutboundOrder.waybill) != "",
            sa.or_(col(OutboundOrder.shipped_on) >= _date(first), sa.and_(
                col(OutboundOrder.shipped_on) == "", col(OutboundOrder.shipped_at) >= first)),
        )
        .order_by(col(OutboundOrder.shipped_on), col(OutboundOrder.number))
    )  # fmt: skip
    outbound = OutboundWaybills()
    for row in orders:
        _put_outbound(outbound, row.waybill, row.number, _day_of(row.shipped_on, row.shipped_at))
        if len(outbound.waybill) >= PAGE:
            yield _body(outbound, ParcelWaybills())
            outbound = OutboundWaybills()
    parcels = ParcelWaybills()
    signed = work.stream(
        sa.select(col(Parcel.waybill), col(Parcel.carrier), col(Parcel.signed_at))
        .where(col(Parcel.site_id) == site_id, col(Parcel.waybill) != "", col(Parcel.signed_at) >= first)
        .order_by(col(Parcel.signed_at), col(Parcel.waybill))
    )
    for row in signed:
        _put_parcel(parcels, row.waybill, row.carrier, row.signed_at)
        if len(parcels.waybill) >= PAGE:
            yield _body(outbound, parcels)
            outbound, parcels = OutboundWaybills(), ParcelWaybills()
    if outbound.waybill or parcels.waybill:
        yield _body(outbound, parcels)


def _sealed_page(work: Work, feed: str, at: Cursor) -> tuple[bytes, Cursor, bool]:
    revision = at.revision or snapshots.sealed(work, _name(feed))
    sealed = snapshots.page(work, _name(feed), revision, at.page)
    if sealed is None:  # nothing has ever happened at this site
        return _since(work, feed, at._replace(phase="t", revision=0))
    body, last = sealed
    body = body or _body(OutboundWaybills(), ParcelWaybills())
    if not last:
        return body, at._replace(revision=revision, page=at.page + 1), True
    return body, at._replace(phase="t", revision=revision, page=0), head_of(work, feed) > revision


def _since(work: Work, feed: str, at: Cursor) -> tuple[bytes, Cursor, bool]:
    """What the feed tells of papers and parcels after the cursor. Leaving the feed is not leaving this list."""
    head = head_of(work, feed)
    upto = min(head, at.revision + TAIL_PAGE)
    rows = work.rows(
        sa.select(col(Change.payload))
        .where(
            col(Change.feed) == feed, col(Change.revision) > at.revision, col(Change.revision) <= upto,
            col(Change.kind).in_(("outbound_order", "parcel")), col(Change.op) == "put",
        )
        .order_by(col(Change.revision))
    )  # fmt: skip
    outbound, parcels = OutboundWaybills(), ParcelWaybills()
    for row in rows:
        change = msgspec.json.decode(row.payload)
        value = change["value"]
        if not value["waybill"]:
            continue
        if change["kind"] == "parcel":
            _put_parcel(parcels, value["waybill"], value["carrier"], value["signed_at"] or work.now)
        else:
            _put_outbound(outbound, value["waybill"], value["number"], _day_of(value["shipped_on"], work.now))
    return _body(outbound, parcels), at._replace(revision=upto, page=0), upto < head


def _put_outbound(outbound: OutboundWaybills, waybill: str, number: str, day: int) -> None:
    outbound.waybill.append(waybill_of(waybill))
    outbound.number.append(number)
    outbound.day.append(day)


def _put_parcel(parcels: ParcelWaybills, waybill: str, carrier: str, signed_at: int) -> None:
    parcels.waybill.append(waybill)
    parcels.carrier.append(carrier)
    parcels.day.append(_day(signed_at))


def _body(outbound: OutboundWaybills, parcels: ParcelWaybills) -> bytes:
    return msgspec.json.encode({"outbound": outbound, "parcels": parcels})[1:-1]


def _day(milliseconds: int) -> int:
    return milliseconds // DAY


def _day_of(date: str, milliseconds: int) -> int:
    return (dt.date.fromisoformat(date) - EPOCH).days if date else _day(milliseconds)


def _date(milliseconds: int) -> str:
    return (EPOCH + dt.timedelta(days=_day(milliseconds))).isoformat()
