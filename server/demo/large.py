"""`restow demo --large`: the demo with a year of a large house behind it, for seeing how Restow is at size.

A million ledger entries, 100,000 items, 200,000 returns with what belongs to them, in the same tables and consistent: every balance is
the sum of its entries, every line counts its receipts, inspections and dispositions. What handhelds are to see goes through the unit
of work and so is in the feeds; what was over a month ago has left them, and is only put into its tables.
"""

import datetime as dt
import sys
import time
from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple

import msgspec
from sqlmodel import SQLModel, col, select

from server.database import Database
from server.domain import (
    alerts,
    catalog,
    conflicts,
    dispositions,
    documents,
    inspections,
    parcels,
    receiving,
    returns,
    stock,
)
from server.domain.devices import Device
from server.domain.ids import derived_id, uuid7
from server.domain.people import Person
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation, Setting
from server.domain.words import SearchWord, rows_of
from server.domain.work import Row, Work, row_of
from server.importers.ean import ean13
from server.sync.leaving import KEPT

from .world import OWNER_ID

ITEMS, RETURNS, CUSTOMERS, ALERTS, CONFLICTS = 100_000, 200_000, 5_000, 20_000, 5_000
"""Four ledger entries a line: received, and put where it was decided to be."""
PORTION = 5_000
CACHE_KIB = 400_000
MANY: tuple[type[SQLModel], ...] = (
    returns.ReturnOrder, returns.ReturnLine, receiving.Receipt, inspections.Inspection, dispositions.Disposition, parcels.Parcel,
    documents.OutboundOrder, documents.OutboundLine, Mutation, stock.StockEntry,
    SearchWord,
)  # fmt: skip
"""Of which there will be hundreds of thousands."""
DAY = 86_400_000

KINDS = ("电水壶", "台灯", "蓝牙耳机", "面霜", "床品套装", "保温杯", "剃须刀", "吹风机", "电饭煲", "儿童积木", "跑步鞋", "双肩包",
         "雨伞", "砂锅", "键盘", "鼠标", "收纳箱", "毛巾", "洗发水", "行车记录仪")  # fmt: skip
KINDS_EN = ("Kettle", "Lamp", "Headphones", "Face cream", "Bed linen", "Flask", "Shaver", "Hair dryer", "Rice cooker", "Building bricks",
            "Running shoes", "Backpack", "Umbrella", "Clay pot", "Keyboard", "Mouse", "Storage box", "Towel", "Shampoo", "Dashcam")  # fmt: skip
COLOURS = (
    ("白色", "white"),
    ("黑色", "black"),
    ("绿色", "green"),
    ("蓝色", "blue"),
    ("红色", "red"),
    ("米色", "beige"),
    ("灰色", "grey"),
)
FAMILY_NAMES, GIVEN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡",
    ("晓雯", "建国", "一鸣", "可欣", "思远", "丽华", "志强", "雨桐", "子涵", "佳怡", "浩然"),
)
# what was decided → the status it ends in and the kind of zone it stands in; how often of a hundred
ENDS = {"restock": ("sellable", "sellable", 62), "scrap": ("scrap_pending", "scrap", 12), "repair": ("in_repair", "repair", 10),
        "return_to_vendor": ("vendor_pending", "vendor", 16)}  # fmt: skip
OPEN = {"draft": 8, "submitted": 10, "approved": 30, "receiving": 20, "inspecting": 15, "disposing": 15, "rejected": 2}
"""Of the returns that are not over; about one in twenty."""
CHECKS = [{"check": check, "outcome": "pass"} for check in ("appearance", "function", "accessories", "packaging")]


class AtSite(NamedTuple):
    site: catalog.Site
    bins: dict[str, list[str]]
    people: list[str]
    devices: list[str]
    customers: list[str]


def add(database: Database) -> None:
    """Adds it to a database with the demo in it, once."""
    with database.read(SYSTEM) as work:
        begun = work.look(Setting, "demo:large")
    if begun is not None:
        done = begun.value == "whole"
        print(
            "The large demo is there." if done else "A large demo was cut off here. Begin with an empty data folder.",
            file=sys.stderr,
        )
        return
    began = time.monotonic()
    database.write(SYSTEM, lambda work: work.add(Setting, id="demo:large", value="begun"))
    if database.sqlite:
        with database.engine.connect() as connection:  # the one that is used again and again
            connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
    indexes = [index for model in MANY for index in model.__table__.indexes]  # type: ignore[attr-defined]
    for index in indexes:  # made once at the end, they cost a tenth of being kept up row by row
        index.drop(database.engine)
    house = _House(database, Random(20_261_130))
    house.catalogue()
    house.returns()
    house.balances()
    house.cases()
    house.words()
    for n, index in enumerate(indexes, 1):
        index.create(database.engine)
        house._say("indexes", n, len(indexes))
    database.write(SYSTEM, house.finish)
    if database.sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize=0x10002")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    print(f"The large demo is loaded, in {time.monotonic() - began:.0f} s.", file=sys.stderr)


class _Bulk:
    """Rows on their way into their tables, as the driver takes them."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._rows: dict[type[SQLModel], list[tuple[Any, ...]]] = {}

    def add(self, model: type[SQLModel], **values: Any) -> None:
        row = row_of(model, self._mark)
        cells = list(msgspec.structs.astuple(row.make(**values)))
        for at, encode in row.encoders.items():
            cells[at] = encode(cells[at])
        self._rows.setdefault(model, []).append(tuple(cells))

    def write(self, work: Work) -> None:
        driver = work.connection.connection.driver_connection
        assert driver is not None
        for model, rows in self._rows.items():
            _fill(driver.cursor(), row_of(model, self._mark), rows)


def _fill(cursor: Any, row: Row, rows: Iterable[tuple[Any, ...]]) -> None:
    if not hasattr(cursor, "copy"):
        cursor.executemany(row.insert, rows)
        return
    columns = ", ".join(f'"{name}"' for name in row.fields)
    with cursor.copy(f"COPY {row.name} ({columns}) FROM STDIN") as copy:
        for cells in rows:
            copy.write_row(cells)


class _House:
    def __init__(self, database: Database, random: Random) -> None:
        self.database, self.random = database, random
        self.mark = "?" if database.sqlite else "%s"
        self.now = database.clock()
        self.moments = sorted(self._moment() for _ in range(RETURNS))
        """When each return began: in order, so that rows lie as they would have come."""
        self.items: list[tuple[str, str, int]] = []
        """id, barcode, cost"""
        self.stands: dict[tuple[str, str, str, str], list[int]] = {}
        """site, item, status, bin → units and what they cost"""
        with database.read(SYSTEM) as work:
            self.sites = [self._at(work, site) for site in work.find(catalog.Site, order_by=col(catalog.Site.code))]
            self.types = [row.code for row in work.find(catalog.ReturnType)]
            self.sales = [row.id for row in work.find(Person)]

    def _at(self, work: Work, site: catalog.Site) -> AtSite:
        bins: dict[str, list[str]] = {}
        for bin in work.find(catalog.Bin, col(catalog.Bin.site_id) == site.id):
            bins.setdefault(bin.kind, []).append(bin.id)
        people = [row.id for row in work.find(Person, col(Person.badge) != "")]
        devices = [row.id for row in work.find(Device, col(Device.site_id) == site.id)]
        return AtSite(site, bins, people, devices, [])

    # What stands still

    def catalogue(self) -> None:
        for start in range(0, ITEMS, PORTION):
            self.database.write(SYSTEM, lambda work, start=start: self._items(work, range(start, start + PORTION)))  # type: ignore[misc]
            self._say("items", start + PORTION, ITEMS)
        self.customers = self.database.write(SYSTEM, self._customers)

    def _items(self, work: Work, numbers: range) -> None:
        work.words_later = True
        made = []
        for n in numbers:
            kind, colour = n % len(KINDS), COLOURS[n // len(KINDS) % len(COLOURS)]
            model, cost = n // 140, 500 + n * 7919 % 60_000
            item = work.add(
                catalog.Item, owner_id=OWNER_ID, sku=f"L{n:06d}", name=f"{KINDS[kind]} {model:03d} 型 {colour[0]}",
                name_en=f"{KINDS_EN[kind]} {model:03d}, {colour[1]}", spec=colour[0], unit_cost=cost,
            )  # fmt: skip
            text = ean13(f"26{n:010d}")
            work.add(catalog.Barcode, owner_id=OWNER_ID, item_id=item.id, text=text)
            made.append((item.id, text, cost))
        self.items[numbers.start :] = made

    def _customers(self, work: Work) -> list[str]:
        work.words_later = True
        made = []
        for n in range(CUSTOMERS):
            name = FAMILY_NAMES[n % len(FAMILY_NAMES)] + GIVEN[n // len(FAMILY_NAMES) % len(GIVEN)]
            customer = work.add(
                catalog.Customer, owner_id=OWNER_ID, code=f"L{n:05d}", name=name, phone=f"137{n * 7919 % 10**8:08d}", country="CN",
                sales_person_id=self.random.choice(self.sales) if n % 3 == 0 else "",
            )  # fmt: skip
            made.append(customer.id)
        return made

    # What happened

    def returns(self) -> None:
        lines = 0
        for start in range(0, RETURNS, PORTION):
            portion = [(n, 1 if self.random.random() < 0.7 else 2 if self.random.random() < 0.75 else 3)
                       for n in range(start, start + PORTION)]  # fmt: skip
            state = self.random.getstate()

            def write(work: Work, portion: list[tuple[int, int]] = portion, state: Any = state) -> dict[Any, list[int]]:
                self.random.setstate(state)  # it may be run again
                return _Portion(self, work).write(portion)

            for place, (units, value) in self.database.write(SYSTEM, write).items():
                stands = self.stands.setdefault(place, [0, 0])
                stands[0] += units
                stands[1] += value
            lines += sum(count for _, count in portion)
            self._say("returns", start + PORTION, RETURNS)

    def balances(self) -> None:
        found = sorted(self.stands.items())
        for start in range(0, len(found), 10_000):
            self.database.write(SYSTEM, lambda work, start=start: self._balances(work, found[start : start + 10_000]))  # type: ignore[misc]
            self._say("balances", min(start + 10_000, len(found)), len(found))

    def _balances(self, work: Work, some: Iterable[tuple[tuple[str, str, str, str], list[int]]]) -> None:
        for (site_id, item_id, status, bin_id), (units, value) in some:
            work.add(
                stock.StockBalance, id=balance_id(site_id, item_id, status, bin_id), site_id=site_id, owner_id=OWNER_ID,
                item_id=item_id, status=status, bin_id=bin_id, quantity=units, value=value,
            )  # fmt: skip

    def cases(self) -> None:
        """Alerts and conflicts of the year, nearly all closed."""

        def write(work: Work) -> None:
            bulk = _Bulk(self.mark)
            for n in range(ALERTS):
                site, at = self.random.choice(self.sites).site, self._moment()
                closed = n % 100 != 0
                bulk.add(
                    alerts.Alert, id=derived_id("large", "alert", str(n)), rule=("short_received", "inspection_overdue", "over_received")[n % 3],
                    subject=f"large-{n}", site_id=site.id, state="auto_closed" if closed else "open", first_at=at, last_at=at,
                    item_id=self.items[n % ITEMS][0], closed_at=at + DAY if closed else 0, severity="warning" if n % 7 else "critical",
                )  # fmt: skip
            for n in range(CONFLICTS):
                site, at = self.random.choice(self.sites).site, min(self._moment(), self.now - KEPT - DAY)
                bulk.add(
                    conflicts.Conflict, id=derived_id("large", "conflict", str(n)), rule=("X1", "X3", "X6", "X9", "X12")[n % 5], site_id=site.id,
                    subject_kind="ReturnLine", subject_id=f"large-{n}", blocking=n % 4 != 3, state="resolved", opened_at=at, last_at=at,
                    resolved_at=at + DAY, resolution="keep_first",
                )  # fmt: skip
            bulk.write(work)

        self.database.write(SYSTEM, write)

    def words(self) -> None:
        """What items and customers are found by: millions, sorted first, for each would else go to another place of its table."""
        waiting: list[tuple[str, str, str]] = []
        with self.database.read(SYSTEM) as work:
            for model in (catalog.Item, catalog.Customer):
                found = work.find(model, col(model.id).not_in(select(col(SearchWord.subject_id))))
                for n, record in enumerate(found, 1):
                    waiting += rows_of(record)
                    if n % PORTION == 0 or n == len(found):
                        self._say(f"words of {model.__name__.lower()}s", n, len(found))
        waiting.sort()
        for start in range(0, len(waiting), 500_000):
            some = waiting[start : start + 500_000]
            self.database.write(SYSTEM, lambda work, some=some: self._words(work, some))  # type: ignore[misc]
            self._say("words", start + len(some), len(waiting))

    def _words(self, work: Work, some: list[tuple[str, str, str]]) -> None:
        driver = work.connection.connection.driver_connection
        assert driver is not None
        _fill(driver.cursor(), row_of(SearchWord, self.mark), some)

    def finish(self, work: Work) -> None:
        work.get(Setting, "demo:large").value = "whole"
        for at in self.sites:
            for word in ("left", "left_parcel"):
                place = work.seek(Setting, f"{word}:{at.site.id}") or work.add(Setting, id=f"{word}:{at.site.id}")
                # What was over a month ago was never in the feeds: nothing of it has to leave.
                place.value = f"{self.now - KEPT}|"

    def _moment(self) -> int:
        """Some time of the last year; of late somewhat more, by day more than by night."""
        day = int(365 * self.random.random() ** 1.3)
        return self.now - day * DAY - int(abs(self.random.gauss(0, 0.17)) % 1 * DAY)

    def _say(self, what: str, done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what}: {done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)
        elif done == of:
            print(f"{what}: {of:,}", file=sys.stderr, flush=True)


class _Portion:
    """Some of the returns, in one transaction."""

    def __init__(self, house: _House, work: Work) -> None:
        self.house, self.work, self.random = house, work, house.random
        self.bulk = _Bulk(house.mark)
        self.stands: dict[tuple[str, str, str, str], list[int]] = {}

    def write(self, portion: list[tuple[int, int]]) -> dict[tuple[str, str, str, str], list[int]]:
        for n, lines in portion:
            self._return(n, lines)
        self.bulk.write(self.work)
        return self.stands

    def _return(self, n: int, lines: int) -> None:
        house, random = self.house, self.random
        at_site = house.sites[0 if random.random() < 0.7 else -1]
        at = house.moments[n]
        over = n % 20 != 0
        if not over:
            at = house.now - int((house.now - at) / 40)  # what is open began lately
        status = (
            ("completed" if n % 50 != 1 else "cancelled")
            if over
            else random.choices(list(OPEN), weights=list(OPEN.values()))[0]
        )
        closed = at + int(DAY * (1 + 6 * random.random())) if over else 0
        if over and closed > house.now:
            closed = house.now - 1
        # A month after it was closed nothing of it is in a feed; the rest is written as anything is, and so is in it.
        add: Any = self.bulk.add if over and closed <= house.now - KEPT else self.work.add
        self.at, self.add, self.place = at, add, at_site
        order_id = uuid7(at)
        customer = random.choice(house.customers)
        filed_by = random.choice(house.sales)
        add(
            returns.ReturnOrder, id=order_id, number=f"RT-L0-{n:06d}", site_id=at_site.site.id, owner_id=OWNER_ID, customer_id=customer,
            status=status, type_code=random.choice(house.types), origin="filed", authorised=status not in ("draft", "submitted", "rejected"),
            filed_by=filed_by, submitted_by=filed_by if status != "draft" else "", submitted_at=at + 60_000 if status != "draft" else 0,
            reviewed_at=at + 3_600_000 if status not in ("draft", "submitted") else 0, created_at=at,
            completed_at=closed if status == "completed" else 0, cancelled_at=closed if status == "cancelled" else 0,
        )  # fmt: skip
        arrived = status in ("completed", "receiving", "inspecting", "disposing")
        parcel_id = ""
        if arrived and n % 10 < 7:
            waybill = f"SF9{n:012d}"
            parcel_id = derived_id("parcel", "SF", waybill)
            add(
                parcels.Parcel, id=parcel_id, site_id=at_site.site.id, carrier="SF", waybill=waybill, state="done" if over else "opened",
                signed_by=random.choice(at_site.people), signed_at=at + DAY, signed_count=1, opened_at=at + DAY, closed_at=closed,
                order_ids=[order_id],
            )  # fmt: skip
        outbound_id = uuid7(at - 20 * DAY)
        if n % 2 == 0:  # half of what comes back is of a shipment that is known
            self.bulk.add(
                documents.OutboundOrder, id=outbound_id, number=f"SO-L{n:06d}", site_id=at_site.site.id, owner_id=OWNER_ID,
                customer_id=customer, platform_number=f"P{n * 7_919 % 10**12:012d}", waybill=f"SF8{n:012d}",
                shipped_on=dt.datetime.fromtimestamp((at - 20 * DAY) / 1000, dt.UTC).date().isoformat(), shipped_at=at - 20 * DAY,
                source="demo",
            )  # fmt: skip
        for line in range(lines):
            self._line(order_id, line, status, parcel_id, outbound_id if n % 2 == 0 else "")

    def _line(self, order_id: str, number: int, status: str, parcel_id: str, outbound_id: str) -> None:
        random, add, place, at = self.random, self.add, self.place, self.at + DAY + number * 60_000
        site_id = place.site.id
        # A few items come back often, most seldom; each has its home in every zone.
        item = int(ITEMS * random.random() ** 4)
        item_id, barcode, cost = self.house.items[item]
        units = 1 if random.random() < 0.7 else random.randint(2, 12)
        reached = {"receiving": 1, "inspecting": 1, "disposing": 2, "completed": 3}.get(status, 0)
        line_id, by, device = uuid7(at), random.choice(place.people), random.choice(place.devices)
        line = {"order_id": order_id, "site_id": site_id, "item_id": item_id}
        counted = dict.fromkeys(("received", "inspected", "disposed", "closed")[: (0, 1, 3, 4)[reached]], units)
        outbound_line = uuid7(at) if outbound_id else ""
        add(
            returns.ReturnLine,
            id=line_id,
            **line,
            expected=units,
            unit_amount=cost * 3,
            outbound_line_id=outbound_line,
            **counted,
        )
        if outbound_id:
            self.bulk.add(
                documents.OutboundLine, id=outbound_line, outbound_id=outbound_id, site_id=site_id, item_id=item_id, line_number=number + 1,
                quantity=units, returned=units if reached else 0, unit_price=cost * 3,
            )  # fmt: skip
        if not reached:
            return
        scan = uuid7(at)
        who: dict[str, Any] = {"by": by, "device_id": device, "made_at": at, "at": at}
        self.bulk.add(
            Mutation,
            id=scan,
            name="scan_item",
            site_id=site_id,
            status="applied",
            body={"args": {"line_id": line_id, "text": barcode}},
            **who,
        )
        waiting = _home(place.bins["quarantine"], item)
        fact = line | {"line_id": line_id, "quantity": units, "mutation_id": scan} | who
        add(receiving.Receipt, id=scan, **fact, parcel_id=parcel_id, bin_id=waiting, text=barcode, symbology="]E0")
        self._move(scan, line_id, line, units, cost, ("out", ""), ("quarantine", waiting), "receive", who)
        if reached < 2:
            return
        verdict = "pass" if random.random() < 0.8 else "fail"
        inspection = uuid7(at + 600_000)
        add(
            inspections.Inspection,
            id=inspection,
            **fact,
            verdict=verdict,
            grade="ABCD"[int(4 * random.random() ** 2)],
            checks=CHECKS,
        )
        kind = random.choices(list(ENDS), weights=[weight for _, _, weight in ENDS.values()])[0]
        posted = units if reached == 3 else 0
        add(
            dispositions.Disposition, id=uuid7(at + 900_000), **fact, inspection_id=inspection, kind=kind, posted=posted, put_away=posted,
            state="posted" if posted else "decided",
        )  # fmt: skip
        if posted:
            end, zone, _ = ENDS[kind]
            put = _home(place.bins[zone], item)
            self._move(
                uuid7(at + DAY),
                line_id,
                line,
                units,
                cost,
                ("quarantine", waiting),
                (end, put),
                "put_away",
                who | {"at": at + DAY},
            )

    def _move(
        self, cause: str, line_id: str, line: dict[str, str], units: int, cost: int, source: tuple[str, str], target: tuple[str, str],
        word: str, who: dict[str, Any],
    ) -> None:  # fmt: skip
        site_id, item_id = line["site_id"], line["item_id"]
        on = dt.datetime.fromtimestamp(who["at"] / 1000, dt.UTC).date().isoformat()
        move_id = uuid7(who["at"])
        for (status, bin_id), signed in ((source, -units), (target, units)):
            stands = self.stands.setdefault((site_id, item_id, status, bin_id), [0, 0])
            stands[0] += signed
            stands[1] += signed * cost
            self.bulk.add(
                stock.StockEntry, id=uuid7(who["at"]), move_id=move_id, mutation_id=cause, balance_id=balance_id(site_id, item_id, status, bin_id),
                **line, line_id=line_id, owner_id=OWNER_ID, status=status, bin_id=bin_id, quantity=signed, unit_cost=cost, cause=word,
                business_date=on, posting_date=on, by=who["by"], device_id=who["device_id"], at=who["at"],
            )  # fmt: skip


def _home(bins: list[str], item: int) -> str:
    return bins[item % len(bins)]


def balance_id(site_id: str, item_id: str, status: str, bin_id: str) -> str:
    return derived_id("balance", site_id, item_id, status, bin_id, "", "", "", "")
