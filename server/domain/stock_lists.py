"""Lists of stock of another system (ERP, WMS): what it says a site holds, as of a moment. The latest one is what reconciling compares.

A list is a fact about the other book: it changes nothing here. Its rows say as much as the file said; what it does not tell apart
(lot, status, bin, serial number) is compared summed up.
"""

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col

from .catalog import Item, Site
from .errors import Invalid, NotFound
from .events import StockListed
from .ids import derived_id
from .model import Command, Table, integer, json_list, moment, ref
from .stock import STATUSES, StockBalance, StockEntry
from .work import Work

DIMENSIONS = ("lot", "status", "bin_id", "serial")
COMPARED = tuple(status for status in STATUSES if status not in ("lost", "in_transit"))
"""What another book may have in the building."""


class StockList(Table, table=True):
    """`dimensions`: what its rows tell apart. `whole`: what is not on it, it has none of."""

    site_id: str = ref()
    source: str = ""  # the file's name, or the system's
    as_of: int = moment()
    whole: bool = True
    dimensions: list[Any] = json_list()
    statuses: list[Any] = json_list()  # of ours: those it speaks of
    rows: int = integer()
    units: int = integer()
    by: str = ""
    at: int = moment()


class ListedStock(Table, table=True):
    list_id: str = ref()
    site_id: str = ""
    item_id: str = ref()
    lot: str = ""
    status: str = ""
    bin_id: str = ""
    serial: str = ""
    quantity: int = integer()


class ListedRow(Command, frozen=True):
    item_id: str
    quantity: int
    lot: str = ""
    status: str = ""
    bin_id: str = ""
    serial: str = ""


class ListStock(Command, frozen=True):
    """`list_id` comes from the file, so that the same file twice is one list. `statuses` []: those of its rows, else all in the
    building. `as_of` 0: now."""

    list_id: str
    site_id: str
    source: str
    rows: list[ListedRow]
    as_of: int = 0
    whole: bool = True
    dimensions: list[str] = []
    statuses: list[str] = []


class Compared(NamedTuple):
    subject_id: str
    item_id: str
    lot: str
    status: str
    bin_id: str
    serial: str
    listed: int
    here: int


def list_stock(work: Work, command: ListStock) -> StockList | None:
    """None when this very list is here already."""
    if work.look(Site, command.site_id) is None:
        raise NotFound("This site does not exist.", kind="Site", id=command.site_id)
    work.allow("import", command.site_id)
    if work.seek(StockList, command.list_id) is not None:
        return None
    if command.as_of > work.now:
        raise Invalid("A list of stock is of a moment that has been.", field="as_of")
    if unknown := [name for name in command.dimensions if name not in DIMENSIONS]:
        raise Invalid(
            "A list of stock is told apart by lot, status, bin or serial number.", field="dimensions", unknown=unknown
        )
    statuses = command.statuses or sorted({row.status for row in command.rows if row.status}) or list(COMPARED)
    found = work.add(
        StockList, id=command.list_id, site_id=command.site_id, source=command.source, as_of=command.as_of or work.now,
        whole=command.whole, dimensions=list(command.dimensions), statuses=statuses, rows=len(command.rows),
        units=sum(row.quantity for row in command.rows), by=work.actor.id, at=work.now,
    )  # fmt: skip
    for number, row in enumerate(command.rows):
        work.add(
            ListedStock, id=derived_id("listed", found.id, str(number)), list_id=found.id, site_id=found.site_id, item_id=row.item_id,
            lot=row.lot, status=row.status, bin_id=row.bin_id, serial=row.serial, quantity=row.quantity,
        )  # fmt: skip
    work.record(StockListed(site_id=found.site_id, source=found.source, rows=found.rows), found.id)
    return found


def end_of(work: Work, site: Site, day: str) -> int:
    """The last moment of a day there, or now if that is still to come. '' is now."""
    if not day:
        return work.now
    following = dt.datetime.combine(
        dt.date.fromisoformat(day) + dt.timedelta(days=1), dt.time(), ZoneInfo(site.time_zone)
    )
    return min(work.now, int(following.timestamp() * 1000) - 1)


def latest(work: Work, site_id: str) -> StockList | None:
    return work.first(
        StockList, StockList.site_id == site_id, order_by=(col(StockList.as_of).desc(), col(StockList.id).desc())
    )


def compared(work: Work, given: StockList) -> list[Compared]:
    """What differs, by as much as the list tells apart."""
    by = ["item_id", *(name for name in DIMENSIONS if name in given.dimensions)]
    listed = _sums(work, ListedStock, by, col(ListedStock.list_id) == given.id)
    of_site = (col(StockBalance.site_id) == given.site_id, col(StockBalance.status).in_(given.statuses))
    here = _sums(work, StockBalance, by, *of_site)
    since = _sums(
        work, StockEntry, by, col(StockEntry.site_id) == given.site_id, col(StockEntry.status).in_(given.statuses),
        col(StockEntry.at) > given.as_of,
    )  # fmt: skip
    found = []
    for key in sorted(
        listed.keys() | (here.keys() if given.whole else set()) | (since.keys() if given.whole else set())
    ):
        theirs, ours = listed.get(key, 0), here.get(key, 0) - since.get(key, 0)
        if theirs == ours or work.look(Item, key[0]) is None:
            continue
        said = dict(zip(by, key, strict=True))
        rest = {name: said.get(name, "") for name in DIMENSIONS}
        found.append(
            Compared(derived_id("listed stock", given.site_id, *key), key[0], listed=theirs, here=ours, **rest)
        )
    return found


def _sums(work: Work, model: Any, by: list[str], *where: Any) -> dict[tuple[str, ...], int]:
    columns = [col(getattr(model, name)) for name in by]
    rows = work.rows(select(*columns, func.sum(col(model.quantity))).where(*where).group_by(*columns))
    return {tuple(str(part) for part in row[:-1]): int(row[-1] or 0) for row in rows}
