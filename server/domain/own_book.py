"""A site that keeps its own book 自有账: its balance is its whole stock. It begins with opening stock, counted at the start of one day,
and from that day on every shipment, imported or by API, posts goods out. What was shipped before that day is not in the book.

Both come from other systems, late and more than once: each carries the number it has there, and said again it changes nothing.
A shipment is a physical fact: it is never refused for what the book has, and a place that falls below zero raises its alert.
"""

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import select
from sqlmodel import Field, col

from . import stock
from .catalog import Bin, Customer, Item, Site
from .containers import Container
from .documents import OutboundLine, OutboundOrder
from .errors import Duplicate, Invalid
from .events import ShipmentRecorded, StockOpened
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_list, moment, ref
from .work import Work


class OpeningStock(Table, table=True):
    """One row of the stock a site's book began with. The id is made of the site and the row's number in the other system."""

    site_id: str = ref()
    owner_id: str = ""
    external_id: str = ""
    said: list[Any] = json_list()  # what the row said: the same said again is nothing, anything else is refused
    item_id: str = ref()
    quantity: int = integer()
    counted_on: str = ""
    source: str = ""
    mutation_id: str = Field(default="", index=True)
    by: str = ""
    at: int = moment()


class OpenStock(Command, frozen=True):
    """`counted_on`: the day at whose start the goods stood there; one day for a site. `expiry`, or `produced` with the item's shelf
    life. `unit_cost`: what these cost, in minor units of the item's currency; not given, the item's cost of that day.
    """

    site_id: str
    external_id: str
    item_id: str
    quantity: int
    counted_on: str
    status: str = "sellable"
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    produced: str = ""
    serial: str = ""
    unit_cost: int | None = None
    source: str = ""


class ShippedLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`line_number`: as the other system numbers it; it names the line for good."""

    line_number: int
    item_id: str
    quantity: int
    unit_price: int = 0
    lot: str = ""
    expiry: str = ""
    spec: str = ""
    serials: list[str] = []


class RecordShipment(Command, frozen=True):
    """An outbound order as it left. `external_id`: its number in the other system, where that is not `number`."""

    site_id: str
    number: str
    lines: list[ShippedLine]
    shipped_on: str
    external_id: str = ""
    owner_id: str = ""
    customer_id: str = ""
    platform_number: str = ""
    waybill: str = ""
    shipped_at: int = 0
    currency: str = ""
    source: str = ""


def opening_id(site_id: str, external_id: str) -> str:
    return derived_id("opening stock", site_id, external_id)


def shipment_id(site_id: str, owner_id: str, external_id: str) -> str:
    return derived_id("shipment", site_id, owner_id, external_id)


def open_stock(work: Work, command: OpenStock) -> Outcome | None:
    site = work.get(Site, command.site_id)
    item = work.look(Item, command.item_id)
    if item is None:
        raise Invalid("There is no such item.", field="item_id")
    work.allow("import", site.id, item.owner_id)
    if not command.external_id.strip():
        raise Invalid("A row of opening stock needs a number of its own.", field="external_id")
    id = opening_id(site.id, command.external_id.strip())
    said = list(msgspec.structs.asdict(command).values())
    if known := work.seek(OpeningStock, id):
        if known.said == said:
            return Outcome("noop")
        raise Duplicate(
            "Opening stock with this number is in the book already, and says something else.", field="external_id"
        )

    if site.book != "own":
        raise Invalid("This site hands its goods over and keeps no book of its own.", field="site_id")
    _check_opening(work, site, item, command)
    expiry = command.expiry or expiry_of(item, command.produced)
    site.book_from = command.counted_on
    work.add(
        OpeningStock, id=id, site_id=site.id, owner_id=item.owner_id, external_id=command.external_id.strip(), said=said,
        item_id=item.id, quantity=command.quantity, counted_on=command.counted_on, source=command.source,
        mutation_id=work.cause, by=work.actor.id, at=work.now,
    )  # fmt: skip
    stock.move(
        work, site.id, item, command.quantity, stock.OUT, stock.Place(command.status, command.bin_id, command.container_id),
        stock.Cause("open", on=command.counted_on), stock.Lot(command.lot, expiry, command.serial), unit_cost=command.unit_cost,
    )  # fmt: skip
    work.record(StockOpened(site_id=site.id, quantity=command.quantity), item.id)
    return None


def record_shipment(work: Work, command: RecordShipment) -> Outcome | None:
    """Lines that are new are added and posted; the same again are nothing; one that says something else refuses the whole."""
    site = work.get(Site, command.site_id)
    owner_id = _owner(work, command)
    work.allow("import", site.id, owner_id)
    _check_shipment(work, command)

    id = shipment_id(site.id, owner_id, command.external_id or command.number)
    order = work.seek(OutboundOrder, id) or work.first(
        OutboundOrder, OutboundOrder.number == command.number, OutboundOrder.site_id == site.id,
        OutboundOrder.owner_id == owner_id,
    )  # fmt: skip
    there = {line.line_number: line for line in work.all(OutboundLine, outbound_id=order.id)} if order else {}
    new = [line for line in command.lines if not _there_already(there.get(line.line_number), line)]
    if order is None:
        order = work.add(
            OutboundOrder, id=id, number=command.number, site_id=site.id, owner_id=owner_id, customer_id=command.customer_id,
            platform_number=command.platform_number, waybill=command.waybill, shipped_on=command.shipped_on,
            shipped_at=command.shipped_at, currency=command.currency or site.currency, source=command.source,
        )  # fmt: skip
    elif not new:
        return Outcome("noop")
    posts = posts_out(site, order.shipped_on)
    for each in new:
        line = work.add(
            OutboundLine, id=derived_id("shipped line", order.id, str(each.line_number)), outbound_id=order.id,
            site_id=site.id, **msgspec.structs.asdict(each),
        )  # fmt: skip
        if posts:
            post_out(work, order, line)
    work.record(ShipmentRecorded(site_id=site.id, number=order.number, lines=len(new), posted=posts), order.id)
    return None


def posts_out(site: Site, shipped_on: str) -> bool:
    """Whether what left that day is to leave this site's book."""
    return site.book == "own" and site.book_from != "" and shipped_on >= site.book_from


def post_out(work: Work, order: OutboundOrder, line: OutboundLine) -> None:
    """Once: the line keeps how many units have left the book for it."""
    left = line.quantity - line.posted
    if left <= 0:
        return
    item = work.get(Item, line.item_id)
    cause = stock.Cause("ship", line_id=line.id, on=order.shipped_on)
    units = [(1, serial) for serial in line.serials[:left]]
    units += [(left - len(units), "")] if left > len(units) else []
    for quantity, serial in units:
        stock.transfer(
            work, order.site_id, item, quantity, stock.Place("sellable"), stock.OUT, cause,
            stock.Lot(line.lot, line.expiry, serial), read=bool(line.lot),
        )  # fmt: skip
    work.count(line, posted=left)


def post_due(work: Work, site: Site, most: int) -> int:
    """Posts lines that came by another door, or before the site's book began on a day before theirs; returns how many."""
    if site.book != "own" or not site.book_from:
        return 0
    due = work.find(
        OutboundLine, OutboundLine.posted < OutboundLine.quantity,
        col(OutboundLine.outbound_id).in_(
            select(col(OutboundOrder.id)).where(
                col(OutboundOrder.site_id) == site.id, col(OutboundOrder.shipped_on) >= site.book_from
            )
        ),
        order_by=OutboundLine.id, limit=most,
    )  # fmt: skip
    for line in due:
        post_out(work, work.get(OutboundOrder, line.outbound_id), work.get(OutboundLine, line.id))
    return len(due)


def expiry_of(item: Item, produced: str) -> str:
    """The date it is good until, from the day it was made."""
    if not produced:
        return ""
    if not item.shelf_life_days:
        raise Invalid("This item has no shelf life to compute an expiry date from.", field="produced")
    return (_date("produced", produced) + dt.timedelta(days=item.shelf_life_days)).isoformat()


def _check_opening(work: Work, site: Site, item: Item, command: OpenStock) -> None:
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    if command.status not in stock.STATUSES or command.status == "in_transit":
        raise Invalid("This is no status of goods in the building.", field="status")
    if command.serial and command.quantity != 1:
        raise Invalid("A serial number is one unit.", field="quantity")
    if command.serial and stock.in_building(work, site.id, item.id, command.serial):
        raise Invalid("This serial number is in the building already.", field="serial")
    if command.unit_cost is not None and command.unit_cost < 0:
        raise Invalid("A cost is at least 0.", field="unit_cost")
    if command.expiry:
        _date("expiry", command.expiry)
    _date("counted_on", command.counted_on)
    if site.book_from and site.book_from != command.counted_on:
        raise Invalid(f"The book of this site begins on {site.book_from}: opening stock is of that day.", field="counted_on",
                      book_from=site.book_from)  # fmt: skip
    bin = work.look(Bin, command.bin_id) if command.bin_id else None
    if command.bin_id and (bin is None or bin.site_id != site.id):
        raise Invalid("This bin is not one of the site's.", field="bin_id")
    container = work.look(Container, command.container_id) if command.container_id else None
    if command.container_id and (container is None or container.site_id != site.id):
        raise Invalid("This container is not one of the site's.", field="container_id")


def _check_shipment(work: Work, command: RecordShipment) -> None:
    if not command.number.strip():
        raise Invalid("An outbound order needs a number.", field="number")
    if not command.lines:
        raise Invalid("A shipment has at least one line.", field="lines")
    _date("shipped_on", command.shipped_on)
    numbers = [line.line_number for line in command.lines]
    for at, line in enumerate(command.lines):
        if line.quantity <= 0:
            raise Invalid("A quantity is at least 1.", field=f"lines[{at}].quantity")
        if numbers.count(line.line_number) > 1:
            raise Invalid("Two lines have this number.", field=f"lines[{at}].line_number")
        if len(line.serials) > line.quantity or len(set(line.serials)) < len(line.serials):
            raise Invalid("More serial numbers than units, or one of them twice.", field=f"lines[{at}].serials")
        if line.expiry:
            _date(f"lines[{at}].expiry", line.expiry)
    if command.customer_id and work.look(Customer, command.customer_id) is None:
        raise Invalid("There is no such customer.", field="customer_id")


def _owner(work: Work, command: RecordShipment) -> str:
    """One owner's goods: that of the items, which the order may name too."""
    owners = set()
    for at, line in enumerate(command.lines):
        item = work.look(Item, line.item_id)
        if item is None:
            raise Invalid("There is no such item.", field=f"lines[{at}].item_id")
        owners.add(item.owner_id)
    if len(owners | ({command.owner_id} if command.owner_id else set())) > 1:
        raise Invalid("The goods of one shipment belong to one owner.", field="owner_id")
    return owners.pop() if owners else command.owner_id


def _there_already(known: OutboundLine | None, line: ShippedLine) -> bool:
    if known is None:
        return False
    said = (line.item_id, line.quantity, line.lot, line.serials)
    if (known.item_id, known.quantity, known.lot, known.serials) != said:
        raise Duplicate(
            f"Line {line.line_number} of this shipment is recorded already, and says something else.", field="lines",
            line_number=line.line_number, quantity=known.quantity,
        )  # fmt: skip
    return True


def _date(field: str, text: str) -> dt.date:
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("A date is written as YYYY-MM-DD.", field=field)
