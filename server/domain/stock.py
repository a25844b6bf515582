"""Stock: an append-only ledger of paired entries, and balances as a cache of it that can be rebuilt at will."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Field, col

from .catalog import Bin, Item, Site, cost_on
from .containers import Container
from .events import StockMoved
from .ids import derived_id
from .model import Table, integer, moment, ref
from .work import Work

DAY = 86_400_000

STATUSES = (
    "quarantine", "sellable", "defective", "held", "in_repair", "scrap_pending", "vendor_pending", "customer_pending",
    "lost", "in_transit",
)  # fmt: skip
"""In the building, in somebody's care."""

OUTSIDE = (
    "out",
    "scrapped",
    "vendor_shipped",
    "customer_shipped",
    "shipped_exchange",
    "handed_over",
    "count_difference",
    "written_off",
)
"""Where goods come from and go to. Their balances are kept too, so that everything always adds up to zero."""


class StockEntry(Table, table=True):
    """One side of a move. `move_id` joins the pair; both ids come from the mutation's, so a replay cannot double them."""

    move_id: str = ref()
    mutation_id: str = ref()
    balance_id: str = ref()
    site_id: str = ""
    owner_id: str = ""
    item_id: str = ""
    status: str = ""
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = Field(default="", index=True)
    quantity: int = integer()
    unit_cost: int = integer()
    currency: str = "CNY"
    cause: str = ""  # receive | unreceive | correct | dispose | put_away | move | send_away | count | import | open | ship | hand_over | lost | found | write_off | claim
    order_id: str = ""
    line_id: str = ref()
    business_date: str = ""
    posting_date: str = ""
    device_id: str = ""
    by: str = ""
    at: int = moment()


class StockBalance(Table, table=True):
    """The id is the hash of all its dimensions."""

    site_id: str = ""
    owner_id: str = ""
    item_id: str = ref()
    status: str = ""
    bin_id: str = ""
    container_id: str = ref()
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    quantity: int = integer()
    value: int = integer()  # what its entries cost, summed: minor units of `currency`
    currency: str = "CNY"


class Place(NamedTuple):
    """Where goods are, in what state."""

    status: str
    bin_id: str = ""
    container_id: str = ""


class Lot(NamedTuple):
    """What tells units of one item apart."""

    lot: str = ""
    expiry: str = ""
    serial: str = ""


class Cause(NamedTuple):
    """Why goods moved: the word, and the line they moved for. `on`: the day it happened, where a paper says so."""

    word: str
    order_id: str = ""
    line_id: str = ""
    on: str = ""


OUT = Place("out")
"""With the customer."""

DIFFERENCE = Place("count_difference")
"""Where counted goods come from that the book did not have, and where those go that it had and nobody found."""


def move(
    work: Work, site_id: str, item: Item, quantity: int, source: Place, target: Place, cause: Cause, lot: Lot = Lot(),
    *, unit_cost: int | None = None,
) -> None:  # fmt: skip
    """Moves goods: one pair of entries, and the two balances they change. Goods only ever move, so everything adds up to zero.

    What comes into the building takes the item's cost of that day (or `unit_cost`, where a paper says it); inside, goods keep
    what they came with to the last unit, so that a place that is empty is worth nothing.
    """
    if quantity == 0 or source == target:
        return
    site = work.look(Site, site_id)
    posting = date_at(work.now, site)
    business = cause.on or (date_at(work.made_at, site) if abs(work.made_at - work.now) < 40 * DAY else posting)
    given, taken = _balance(work, site_id, item, source, lot), _balance(work, site_id, item, target, lot)
    today = cost_on(item, business) if unit_cost is None else unit_cost
    for units, cost in _at_cost(quantity, None if source.status in OUTSIDE else given, today):
        move_id = work.new_id()
        for place, balance, signed in ((source, given, -units), (target, taken, units)):
            work.count(balance, quantity=signed, value=signed * cost)
            entry = work.add(
                StockEntry,
                move_id=move_id,
                mutation_id=work.cause,
                balance_id=balance.id,
                site_id=site_id,
                owner_id=item.owner_id,
                item_id=item.id,
                status=place.status,
                bin_id=place.bin_id,
                container_id=place.container_id,
                lot=lot.lot,
                expiry=lot.expiry,
                serial=lot.serial,
                quantity=signed,
                unit_cost=cost,
                currency=item.currency,
                cause=cause.word,
                order_id=cause.order_id,
                line_id=cause.line_id,
                business_date=business,
                posting_date=posting,
                device_id=work.device_id,
                by=work.actor.id,
                at=work.now,
            )
            work.let_go(entry)
    work.record(StockMoved(site_id=site_id, quantity=quantity, source=source.status, target=target.status), item.id)


def take(
    work: Work, site_id: str, item: Item, quantity: int, place: Place, lot: Lot = Lot(), *, read: bool = False,
    only: Callable[[StockBalance], bool] | None = None,
) -> list[tuple[int, Place, Lot]]:  # fmt: skip
    """Where these units really stand: the place that was named first, then the same goods elsewhere at the site. `read`: somebody
    read their lot, so goods of that lot come first wherever they stand; no lot is one too. `only`: which may be taken at all.

    Somebody without network may have moved them meanwhile. What no balance has is still taken from the named place: the goods
    were in somebody's hands, and the negative balance raises its alert.
    """
    standing = work.find(
        StockBalance,
        StockBalance.site_id == site_id,
        StockBalance.item_id == item.id,
        StockBalance.status == place.status,
        StockBalance.quantity > 0,
        *([StockBalance.lot == lot.lot] if lot.lot else []),
        *([StockBalance.serial == lot.serial] if lot.serial else []),
    )
    standing.sort(
        key=lambda each: (
            read and each.lot != lot.lot,
            each.container_id != place.container_id,
            each.bin_id != place.bin_id,
            each.serial != lot.serial,
            each.lot != lot.lot,
            each.expiry != lot.expiry,
            each.expiry,
            each.id,
        )
    )
    taken = []
    for balance in standing:
        if quantity <= 0:
            break
        if only and not only(balance):
            continue
        units = min(quantity, balance.quantity)
        taken.append(
            (
                units,
                Place(balance.status, balance.bin_id, balance.container_id),
                Lot(balance.lot, balance.expiry, balance.serial),
            )
        )
        quantity -= units
    if quantity > 0:
        taken.append((quantity, place, lot))
    return taken


def transfer(
    work: Work, site_id: str, item: Item, quantity: int, source: Place, target: Place, cause: Cause, lot: Lot = Lot(),
    *, read: bool = False, only: Callable[[StockBalance], bool] | None = None,
) -> None:  # fmt: skip
    """Takes units from where they really stand and moves them to `target`."""
    for units, place, kind in take(work, site_id, item, quantity, source, lot, read=read, only=only):
        move(work, site_id, item, units, place, target, cause, kind)


def contents(work: Work, container_id: str) -> list[StockBalance]:
    return work.find(
        StockBalance,
        StockBalance.container_id == container_id,
        StockBalance.quantity != 0,
        col(StockBalance.status).in_(STATUSES),
    )


def standing_in(work: Work, bin_id: str, item_id: str) -> list[StockBalance]:
    return work.find(
        StockBalance, StockBalance.bin_id == bin_id, StockBalance.item_id == item_id, StockBalance.quantity > 0,
        order_by=StockBalance.id,
    )  # fmt: skip


def filled(work: Work, bin: Bin) -> int:
    """How much of a bin's capacity is taken, in what the capacity counts. Asked of the database itself: whoever holds the bin's
    lock sees what others have put there."""
    counted = (
        func.sum(col(StockBalance.quantity))
        if bin.holds == "units"
        else func.count(col(StockBalance.container_id).distinct())
    )
    total = work.rows(
        select(counted).where(
            col(StockBalance.bin_id) == bin.id,
            col(StockBalance.quantity) > 0,
            col(StockBalance.status).in_(STATUSES),
            *([col(StockBalance.container_id) != ""] if bin.holds == "containers" else []),
        )
    )
    return int(total[0][0] or 0)


def on_hand(work: Work, site_id: str, item_id: str, status: str) -> int:
    standing = work.find(
        StockBalance, StockBalance.site_id == site_id, StockBalance.item_id == item_id, StockBalance.status == status
    )
    return sum(balance.quantity for balance in standing)


def in_building(work: Work, site_id: str, item_id: str, serial: str) -> int:
    """How many units of one serial number the book has in the building: more than 1 cannot be. Asked of the database itself,
    so that whoever holds the number's lock sees what others have written."""
    total = work.rows(
        select(func.sum(col(StockBalance.quantity))).where(
            col(StockBalance.site_id) == site_id,
            col(StockBalance.item_id) == item_id,
            col(StockBalance.serial) == serial,
            col(StockBalance.status).in_(STATUSES),
        )
    )
    return int(total[0][0] or 0)


def exact_balance(work: Work, balance_id: str) -> int:
    """What the ledger says, summed now. `StockBalance.quantity` is the cheap answer."""
    total = work.rows(select(func.sum(col(StockEntry.quantity))).where(col(StockEntry.balance_id) == balance_id))
    return int(total[0][0] or 0)


def rebuild(work: Work, site_id: str) -> int:
    """Sets every balance of a site to what the ledger says; returns how many were wrong."""
    worth = func.sum(col(StockEntry.quantity) * col(StockEntry.unit_cost))
    sums = {
        row[0]: (int(row[1]), int(row[2]))
        for row in work.rows(
            select(col(StockEntry.balance_id), func.sum(col(StockEntry.quantity)), worth)
            .where(col(StockEntry.site_id) == site_id)
            .group_by(col(StockEntry.balance_id))
        )
    }
    wrong = 0
    for balance in work.find(StockBalance, StockBalance.site_id == site_id):
        said = sums.get(balance.id, (0, 0))
        if (balance.quantity, balance.value) != said:
            balance.quantity, balance.value = said
            wrong += 1
    return wrong


def receiving_bin(work: Work, site_id: str, bin_id: str, container_id: str) -> str:
    """The bin goods come to stand in: the one named, the container's, or the site's quarantine."""
    if bin_id:
        return bin_id
    container = work.look(Container, container_id) if container_id else None
    if container is not None and container.bin_id:
        return container.bin_id
    found = work.first(
        Bin, Bin.site_id == site_id, Bin.kind == "quarantine", Bin.active == True, order_by=Bin.code  # noqa: E712
    )  # fmt: skip
    return found.id if found else ""


def _balance(work: Work, site_id: str, item: Item, place: Place, lot: Lot) -> StockBalance:
    id = derived_id("balance", site_id, item.id, *place, *lot)
    return work.seek(StockBalance, id) or work.add(
        StockBalance,
        id=id,
        site_id=site_id,
        owner_id=item.owner_id,
        item_id=item.id,
        status=place.status,
        bin_id=place.bin_id,
        container_id=place.container_id,
        lot=lot.lot,
        expiry=lot.expiry,
        serial=lot.serial,
        currency=item.currency,
    )


def _at_cost(quantity: int, given: StockBalance | None, today: int) -> list[tuple[int, int]]:
    """(units, cost of each): what the balance has keeps its cost, cent for cent; what it does not have is worth what it is today."""
    known = min(quantity, max(given.quantity, 0)) if given else 0
    if not given or not known:
        return [(quantity, today)]
    cost, dearer = divmod(given.value, given.quantity)
    dearer = min(dearer, known)
    parts = ((known - dearer, cost), (dearer, cost + 1), (quantity - known, today))
    return [(units, each) for units, each in parts if units]


def date_at(milliseconds: int, site: Site | None) -> str:
    zone = ZoneInfo(site.time_zone) if site else UTC
    return datetime.fromtimestamp(milliseconds / 1000, zone).date().isoformat()
