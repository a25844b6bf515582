"""What happened in the demo's two warehouses in the last weeks: returns in every state, and what a morning's work waits for.

Each scene is one return or parcel, told in the steps people took. What is still open is open on purpose.
"""

import random
from functools import partial
from typing import Any, NamedTuple

from server.domain import attachments, stock
from server.domain.catalog import Item
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.ids import derived_id
from server.domain.numbers import own_label
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.work import Work
from server.sync.protocol import DeviceState, MutationIn

from . import goods
from .goods import customer_id, item_id
from .stage import NEXT, Scan, Stage
from .world import GOODS, OWNER_ID, Shelves, Unit

CHECKS = ("appearance", "function", "accessories", "packaging")
SH_1, SH_2, SH_PHONE, HZ_1, HZ_2 = range(5)


class Sent(NamedTuple):
    """A line of an outbound order."""

    line_id: str
    sku: str
    quantity: int
    unit: Unit


class Shipment(NamedTuple):
    site: str
    customer: str
    waybill: str
    lines: list[Sent]


class Story:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shelves = Shelves(stage.date(0))
        self._shipments = 0
        self._totes = {"SH": 100, "HZ": 100}
        self._waybills = 0

    def waybill(self, carrier: str) -> str:
        self._waybills += 1
        begin = {"SF": "SF", "JD": "JD", "ZTO": "7557", "YTO": "YT", "YUNDA": "46", "EMS": "115"}[carrier]
        digits = str(31_415_926_535 * (self._waybills + 7) % 10**11).zfill(11)
        return begin + (digits if carrier in ("ZTO", "YUNDA", "EMS") else digits + str(self._waybills % 10) + "6")

    def tote(self, site: str) -> int:
        self._totes[site] += 1
        return self._totes[site]

    def opening(self) -> None:
        for site in ("SH", "HZ"):
            self.stage.write(self.stage.day(70, 8), partial(self._open, site))

    def _open(self, site: str, work: Work) -> None:
        bins = [self.stage.bin(code) for code in sorted(self.stage.bins) if code.startswith(f"{site}-GOOD-")]
        self.shelves.open(work, site, self.stage.sites[site], bins)

    def ship(self, days: int, site: str, customer: str, *lines: tuple[str, int]) -> Shipment:
        """An order that left: it takes its goods from the shelf."""
        self._shipments += 1
        n = self._shipments
        order_id = derived_id("demo", "outbound", str(n))
        carrier = ("SF", "JD", "YTO")[n % 3]
        sent = [
            Sent(derived_id("demo", "outbound", str(n), str(at), str(part)), sku, units, unit)
            for at, (sku, quantity) in enumerate(lines)
            for part, (unit, units) in enumerate(self._parts(site, sku, quantity))
        ]
        shipment = Shipment(site, customer, self.waybill(carrier), sent)
        platform = f"{('TB', 'JD', 'DY')[n % 3]}{26_100_000_000_000 + n * 7_919_113}"
        at = self.stage.day(days, 9 + n % 8, n * 7 % 60)
        self.stage.write(at, lambda work: self._ship(work, order_id, f"CK{260_000 + n}", platform, shipment, days))
        return shipment

    def _parts(self, site: str, sku: str, quantity: int) -> list[tuple[Unit, int]]:
        """Lots are lines of their own; serial numbers of one line stand together."""
        taken = self.shelves.take(site, sku, quantity)
        if not GOODS[sku].family.serial:
            return taken
        return [(Unit(serial=" ".join(unit.serial for unit, _ in taken)), quantity)]

    def _ship(self, work: Work, order_id: str, number: str, platform: str, shipment: Shipment, days: int) -> None:
        if work.seek(OutboundOrder, order_id):
            return
        cause = derived_id("demo", "shipped", order_id)
        work.because_of(cause)
        site_id = self.stage.sites[shipment.site]
        work.add(
            OutboundOrder, id=order_id, number=number, site_id=site_id, owner_id=OWNER_ID,
            customer_id=customer_id(shipment.customer), platform_number=platform, waybill=shipment.waybill,
            shipped_on=self.stage.date(days), shipped_at=work.now, source="import",
        )  # fmt: skip
        for at, line in enumerate(shipment.lines, 1):
            serials = line.unit.serial.split()
            work.add(
                OutboundLine, id=line.line_id, outbound_id=order_id, site_id=site_id, item_id=item_id(line.sku), line_number=at,
                quantity=line.quantity, posted=line.quantity, unit_price=GOODS[line.sku].price, lot=line.unit.lot, serials=serials,
            )  # fmt: skip
            item = work.get(Item, item_id(line.sku))
            units = [(1, stock.Lot(serial=serial)) for serial in serials] or [(line.quantity, stock.Lot(*line.unit))]
            for quantity, lot in units:
                stock.transfer(
                    work, site_id, item, quantity, stock.Place("sellable"), stock.OUT, stock.Cause("ship"), lot
                )
        work.add(
            Mutation, id=cause, name="import_outbound", by=SYSTEM.id, site_id=site_id, status="applied", made_at=work.now,
            at=work.now, body={"args": {"number": number}},
        )  # fmt: skip

    def sign(self, at: int, device: int, who: str, site: str, *waybills: tuple[str, str], listed: int = -1) -> None:
        """A carrier's hand-over: (carrier, waybill) of each parcel; `listed` is what its list says."""
        load = self.stage.id("load", site, str(at))
        door = self.stage.bin(f"{site}-DOCK-01-01")
        scans: list[Scan] = [
            (
                "sign_parcel",
                {"parcel_id": self.stage.parcel(site, carrier, waybill), "site_id": self.stage.sites[site], "waybill": waybill,
                 "carrier": carrier, "load_id": load, "door_id": door},
            )
            for carrier, waybill in waybills
        ]  # fmt: skip
        carriers = {carrier for carrier, _ in waybills}
        if len(carriers) == 1:
            scans.append(
                ("close_load", {"load_id": load, "site_id": self.stage.sites[site], "carrier": carriers.pop(),
                                "counted": len(waybills), "listed": listed})
            )  # fmt: skip
        self.stage.floor(at, device, who, *scans)


class Case:
    """One return order on its way through the house."""

    def __init__(
        self, story: Story, site: str, customer: str, kind: str = "", reason: str = "", note: str = "", name: str = ""
    ) -> None:
        self.story, self.stage = story, story.stage
        self.site, self.customer, self.kind, self.reason, self.note = site, customer, kind, reason, note
        self.id = self.stage.id("return", name or f"{site}-{customer}-{kind}-{reason}")
        self._made = 0
        self.lines: list[tuple[str, str, Unit]] = []  # line id, sku, the unit it was sent as

    # At the desk

    def file(self, at: int, *lines: tuple[Sent, int], by: str = "sun", submit: int = 0) -> "Case":
        drafts = []
        for n, (sent, quantity) in enumerate(lines):
            line_id = self.stage.id("line", self.id, str(n))
            self.lines.append((line_id, sent.sku, sent.unit))
            drafts.append({
                "line_id": line_id, "item_id": item_id(sent.sku), "quantity": quantity, "outbound_line_id": sent.line_id,
                "unit_amount": GOODS[sent.sku].price, "lot": sent.unit.lot, "serials": sent.unit.serial.split()[:quantity],
            })  # fmt: skip
        self._desk(
            at, by, "create_return", order_id=self.id, number=NEXT, site_id=self.stage.sites[self.site], type_code=self.kind,
            reason_code=self.reason, customer_id=customer_id(self.customer), owner_id=OWNER_ID, note=self.note, lines=drafts,
        )  # fmt: skip
        if submit:
            self._desk(submit, by, "submit_return", order_id=self.id)
        return self

    def paper(self, at: int, kind: str, number: str, by: str = "sun") -> "Case":
        date = self.stage.date(3)
        self.stage.paper(
            at,
            by,
            lambda work: attachments.add_document(
                work,
                attachments.AddDocument(order_id=self.id, kind=kind, number=number, date=date),  # type: ignore[arg-type]
            ),
        )
        return self

    def approve(self, at: int, by: str = "chen", note: str = "") -> "Case":
        return self._desk(at, by, "approve_return", order_id=self.id, note=note)

    def reject(self, at: int, reason: str, by: str = "chen") -> "Case":
        return self._desk(at, by, "reject_return", order_id=self.id, reason=reason)

    def decide(self, at: int, by: str, name: str, **args: Any) -> "Case":
        return self._desk(at, by, name, **args)

    def _desk(self, at: int, by: str, name: str, **args: Any) -> "Case":
        self.stage.desk(at, by, self.site, name, **args)
        return self

    # On the floor

    def arrives(self, at: int, device: int, who: str, carrier: str = "SF") -> str:
        """Signed for; returns the parcel's id."""
        waybill = self.story.waybill(carrier)
        self.story.sign(at, device, who, self.site, (carrier, waybill))
        return self.stage.parcel(self.site, carrier, waybill)

    def receive(
        self, at: int, device: int, who: str, parcel: str, tote: int, *scans: Scan, close: bool = True, sent: int = 0
    ) -> "Case":
        done: list[Scan] = [
            ("open_parcel", {"parcel_id": parcel}),
            ("bind_parcel", {"parcel_id": parcel, "order_id": self.id}),
            self.use(tote),
        ]
        done += [(name, {**args, "parcel_id": parcel}) for name, args in scans]
        if close:
            done.append(("close_parcel", {"parcel_id": parcel}))
        self.stage.floor(at, device, who, *done, sent=sent)
        return self

    def use(self, tote: int, bin: str = "WAIT-01-01", outcome: str = "") -> Scan:
        return (
            "use_container",
            {"container_id": self.stage.tote(self.site, tote), "site_id": self.stage.sites[self.site],
             "label": own_label(self.site, tote), "bin_id": self.stage.bin(f"{self.site}-{bin}"), "outcome": outcome},
        )  # fmt: skip

    def scan(self, line: int, tote: int, quantity: int = 1, **more: str) -> Scan:
        """Goods of a line that was planned; lot or serial as sent, unless told otherwise."""
        line_id, sku, unit = self.lines[line]
        said = {"lot": unit.lot, "expiry": unit.expiry, "serial": unit.serial.split()[0] if unit.serial else ""} | more
        return self._scan(line_id, sku, tote, quantity, said)

    def unplanned(self, sku: str, tote: int, quantity: int = 1, **more: str) -> Scan:
        line_id = derived_id("line", self.id, item_id(sku))
        if all(known != line_id for known, _, _ in self.lines):
            self.lines.append((line_id, sku, Unit()))
        return self._scan(line_id, sku, tote, quantity, more)

    def unknown(self, text: str, tote: int) -> Scan:
        return (
            "scan_item",
            {"receipt_id": self._fresh("receipt"), "order_id": self.id, "line_id": derived_id("line", self.id, f"text:{text}"),
             "site_id": self.stage.sites[self.site], "text": text, "symbology": "]C1",
             "container_id": self.stage.tote(self.site, tote)},
        )  # fmt: skip

    def inspect(
        self, line: int, tote: int, quantity: int = 1, verdict: str = "pass", grade: str = "A", fails: str = "", note: str = "",
        **unit: str,
    ) -> Scan:  # fmt: skip
        """`fails` is 'check severity DEFECT', several with commas."""
        failed = {each.split()[0]: each.split()[1:] for each in fails.split(",") if each}
        checks = [
            {"check": check, "outcome": "fail", "severity": failed[check][0], "defects": failed[check][1:]}
            if check in failed
            else {"check": check, "outcome": "pass"}
            for check in CHECKS
        ]
        line_id, sku, sent = self.lines[line]
        steps = [{"code": step["code"], "value": _usual(step, verdict)} for step in GOODS[sku].family.steps]
        return (
            "inspect",
            {"inspection_id": self._fresh("inspection"), "line_id": line_id, "site_id": self.stage.sites[self.site],
             "quantity": quantity, "verdict": verdict, "grade": grade, "checks": checks, "steps": steps, "note": note,
             "lot": unit.get("lot", sent.lot), "serial": unit.get("serial", _first(sent.serial)),
             "container_id": self.stage.tote(self.site, tote)},
        )  # fmt: skip

    def dispose(
        self, line: int, kind: str, tote: int, to: int = 0, quantity: int = 1, reason: str = "", **unit: str
    ) -> Scan:
        line_id, _, sent = self.lines[line]
        return (
            "dispose",
            {"disposition_id": self._fresh("disposition"), "line_id": line_id, "site_id": self.stage.sites[self.site],
             "quantity": quantity, "kind": kind, "reason": reason, "lot": unit.get("lot", sent.lot),
             "expiry": unit.get("expiry", sent.expiry), "serial": unit.get("serial", _first(sent.serial)),
             "container_id": self.stage.tote(self.site, tote),
             "to_container_id": self.stage.tote(self.site, to) if to else ""},
        )  # fmt: skip

    def move(self, tote: int, bin: str) -> Scan:
        return (
            "move_container",
            {"container_id": self.stage.tote(self.site, tote), "bin_id": self.stage.bin(f"{self.site}-{bin}")},
        )

    def on(self, at: int, device: int, who: str, *scans: Scan, sent: int = 0) -> "Case":
        self.stage.floor(at, device, who, *scans, sent=sent)
        return self

    def _scan(self, line_id: str, sku: str, tote: int, quantity: int, said: dict[str, str]) -> Scan:
        return (
            "scan_item",
            {"receipt_id": self._fresh("receipt"), "order_id": self.id, "line_id": line_id,
             "site_id": self.stage.sites[self.site], "item_id": item_id(sku), "quantity": quantity,
             "text": GOODS[sku].barcode, "symbology": "]E0", "container_id": self.stage.tote(self.site, tote),
             **{name: value for name, value in said.items() if value}},
        )  # fmt: skip

    def _fresh(self, kind: str) -> str:
        self._made += 1
        return self.stage.id(kind, self.id, str(self._made))


def _first(serials: str) -> str:
    return serials.split()[0] if serials else ""


def _usual(step: dict[str, Any], verdict: str) -> str:
    if step["kind"] == "number":
        return "94" if verdict == "pass" else "61"
    if step["kind"] == "choice":
        return str(step["choices"][0 if verdict == "pass" else -1])
    return "yes"


def tell(stage: Stage) -> None:
    """Notes every step; `stage.play` then plays them in the order of their times."""
    story = Story(stage)
    story.opening()
    for scene in (
        completed, repaired, sent_back_to_the_vendor, drafts, waiting_for_review, decided_against, on_their_way, being_received,
        came_short, too_many, another_lot, waiting_for_inspection, failed, being_disposed, beyond_the_inspector, held,
        without_order, unclaimed, edited_twice, cancelled_too_late, seen_differently, at_the_dock, in_hangzhou, background,
        fleet,
    ):  # fmt: skip
        scene(story)


# What is over


def completed(story: Story) -> None:
    """Three kettles, nothing wrong with them: from the customer back to the shelf."""
    day = story.stage.day
    shipment = story.ship(24, "SH", "C1001", ("KET-GN", 6), ("MUG-BU", 12))
    case = Case(story, "SH", "C1001", "customer", "colour", "客户换了厨房颜色 / the kitchen has another colour now")
    case.file(day(13, 10, 12), (shipment.lines[0], 3), submit=day(13, 10, 14)).approve(day(13, 11, 2))
    parcel = case.arrives(day(10, 9, 5), SH_1, "wang")
    tote, good = story.tote("SH"), story.tote("SH")
    case.receive(day(10, 9, 40), SH_1, "wang", parcel, tote, *(case.scan(0, tote) for _ in range(3)))
    case.on(
        day(10, 14, 20), SH_2, "min", case.use(good, outcome="restock"), case.inspect(0, tote, 3),
        case.dispose(0, "restock", tote, good, 3),
    )  # fmt: skip
    case.on(day(10, 15, 5), SH_1, "wang", case.move(good, "GOOD-01-02"))


def repaired(story: Story) -> None:
    """Headphones with a fault: one is repaired, one goes back to the shelf."""
    day = story.stage.day
    shipment = story.ship(30, "SH", "C1005", ("HPH-BK", 2))
    first, second = shipment.lines[0].unit.serial.split()
    case = Case(story, "SH", "C1005", "quality", "fault", "左耳无声 / no sound on the left")
    case.file(day(15, 15, 30), (shipment.lines[0], 2), by="zhou")
    case.paper(day(15, 15, 40), "inspection_report", "QC-2026-0412", by="zhou")
    case.decide(day(15, 15, 45), "zhou", "submit_return", order_id=case.id).approve(day(14, 9, 10), by="emma")
    parcel = case.arrives(day(12, 10, 30), SH_2, "qian", "JD")
    tote, fix, good = story.tote("SH"), story.tote("SH"), story.tote("SH")
    case.receive(
        day(12, 11, 0), SH_2, "qian", parcel, tote, case.scan(0, tote, serial=first), case.scan(0, tote, serial=second)
    )
    case.on(
        day(12, 16, 0), SH_2, "min", case.use(fix, outcome="repair"), case.use(good, outcome="restock"),
        case.inspect(0, tote, 1, "fail", "C", "function major NOISE", serial=first),
        case.dispose(0, "repair", tote, fix, serial=first), case.inspect(0, tote, serial=second),
        case.dispose(0, "restock", tote, good, serial=second),
    )  # fmt: skip
    case.on(day(12, 16, 40), SH_1, "wang", case.move(fix, "REP-01-01"), case.move(good, "GOOD-02-01"))


def sent_back_to_the_vendor(story: Story) -> None:
    """Summer's fans come back from a store and go on to their maker."""
    day = story.stage.day
    shipment = story.ship(55, "SH", "C1004", ("FAN-WH", 24), ("FAN-PK", 12))
    case = Case(story, "SH", "C1004", "strategy", "season", "风扇换季下架 / summer is over")
    case.file(day(9, 9, 30), (shipment.lines[0], 10), (shipment.lines[1], 6)).paper(
        day(9, 9, 32), "sales_contract", "HT-2026-118"
    )
    case.decide(day(9, 9, 40), "sun", "submit_return", order_id=case.id).approve(day(9, 13, 15))
    parcel = case.arrives(day(7, 8, 50), SH_1, "wang", "ZTO")
    tote, vendor = story.tote("SH"), story.tote("SH")
    case.receive(
        day(7, 9, 20), SH_1, "wang", parcel, tote, case.scan(0, tote, 10), *(case.scan(1, tote) for _ in range(6))
    )
    case.on(
        day(7, 13, 30), SH_2, "min", case.use(vendor, outcome="return_to_vendor"),
        case.inspect(0, tote, 10, "conditional", "B", "packaging minor OPENED"),
        case.dispose(0, "return_to_vendor", tote, vendor, 10),
        case.inspect(1, tote, 6, "conditional", "B", "packaging minor OPENED"),
        case.dispose(1, "return_to_vendor", tote, vendor, 6),
    )  # fmt: skip
    case.on(day(7, 14, 30), SH_1, "wang", case.move(vendor, "VEN-01-01"))


# What waits at a desk


def drafts(story: Story) -> None:
    shipment = story.ship(12, "SH", "C1008", ("TSH-M", 20), ("SWT-L", 8))
    case = Case(story, "SH", "C1008", "wrong_goods", "wrong_size")
    case.file(story.stage.ago(50), (shipment.lines[0], 8), (shipment.lines[1], 2))


def waiting_for_review(story: Story) -> None:
    """One for three days, one since this hour, one that asks for much."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(18, "SH", "C1002", ("BED-18G", 6), ("TWL-WH", 40))
    Case(story, "SH", "C1002", "stock", "overstock", "多发 2 套 / two sets too many").file(
        day(3, 16, 20), (shipment.lines[0], 2), submit=day(3, 16, 25)
    )
    shipment = story.ship(9, "SH", "C1011", ("LMP-BU", 1))
    Case(story, "SH", "C1011", "customer", "changed_mind").file(
        ago(70), (shipment.lines[0], 1), by="zhou", submit=ago(66)
    )
    shipment = story.ship(20, "SH", "C1005", ("TAB-GY", 2), ("WTC-BK", 2))
    case = Case(story, "SH", "C1005", "quality", "dead_on_arrival", "整批开机失败 / none of them starts")
    case.file(day(1, 11, 0), (shipment.lines[0], 2), (shipment.lines[1], 1), by="zhou")
    case.paper(day(1, 11, 5), "inspection_report", "QC-2026-0431", by="zhou")
    case.decide(day(1, 11, 8), "zhou", "submit_return", order_id=case.id)


def decided_against(story: Story) -> None:
    """One rejected, one rejected and then filed again, one cancelled."""
    day = story.stage.day
    shipment = story.ship(65, "SH", "C1012", ("SRM-VC", 2))
    case = Case(story, "SH", "C1012", "customer", "changed_mind")
    case.file(day(6, 14, 0), (shipment.lines[0], 1), by="zhou", submit=day(6, 14, 3))
    case.reject(day(6, 15, 30), "已拆封的化妆品不接受无理由退货 / opened cosmetics are not taken back without a reason")
    shipment = story.ship(21, "SH", "C1009", ("HUM-PK", 4))
    case = Case(story, "SH", "C1009", "customer", "function")
    case.file(day(5, 10, 0), (shipment.lines[0], 4), submit=day(5, 10, 2))
    case.reject(day(5, 10, 50), "请说明功能问题 / say what does not work")
    note = "雾量不足 / too little mist"
    case.decide(day(5, 14, 0), "sun", "edit_return", id=case.id, set={"note": note}, was={"note": ""})
    case.decide(day(5, 14, 2), "sun", "submit_return", order_id=case.id).approve(
        day(5, 16, 0), by="emma", note="已说明 / explained"
    )
    shipment = story.ship(16, "SH", "C1010", ("PAN-30", 3))
    case = Case(story, "SH", "C1010", "customer", "size")
    case.file(day(4, 9, 0), (shipment.lines[0], 1), submit=day(4, 9, 5))
    case.decide(day(4, 13, 0), "sun", "cancel_return", order_id=case.id, reason="客户决定留下 / the customer keeps it")


def on_their_way(story: Story) -> None:
    """Approved: two on the road, one signed for this morning and not opened."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(14, "SH", "C1007", ("RCK-WH", 8), ("TOA-CR", 6))
    Case(story, "SH", "C1007", "customer", "colour").file(
        day(2, 9, 30), (shipment.lines[0], 2), (shipment.lines[1], 1), submit=day(2, 9, 33)
    ).approve(day(2, 10, 10))
    shipment = story.ship(11, "SH", "C1015", ("SPK-RD", 1), ("PWR-WH", 1))
    case = Case(story, "SH", "C1015", "customer", "function")
    case.file(day(2, 14, 0), (shipment.lines[0], 1), (shipment.lines[1], 1), by="zhou", submit=day(2, 14, 5))
    case.approve(day(2, 15, 0), by="emma")
    parcel = case.arrives(ago(130), SH_1, "wang", "SF")
    case.on(ago(128), SH_1, "wang", ("bind_parcel", {"parcel_id": parcel, "order_id": case.id}))


# What waits on the floor


def being_received(story: Story) -> None:
    """Two of five mugs are out of the box; Wang Fang has the task."""
    ago = story.stage.ago
    shipment = story.ship(17, "SH", "C1003", ("MUG-WH", 24))
    case = Case(story, "SH", "C1003", "wrong_goods", "wrong_colour", "发成白色 / white instead of blue")
    case.file(story.stage.day(3, 9, 0), (shipment.lines[0], 5), submit=story.stage.day(3, 9, 3)).approve(
        story.stage.day(3, 10, 0)
    )
    parcel = case.arrives(ago(95), SH_1, "wang", "YTO")
    tote = story.tote("SH")
    case.on(ago(40), SH_1, "wang", ("take_task", {"order_id": case.id}))
    case.receive(ago(38), SH_1, "wang", parcel, tote, case.scan(0, tote), case.scan(0, tote), close=False)


def came_short(story: Story) -> None:
    """Four towels were announced, three were in the parcel."""
    day = story.stage.day
    shipment = story.ship(19, "SH", "C1002", ("TWL-GY", 40))
    case = Case(story, "SH", "C1002", "customer", "changed_mind")
    case.file(day(5, 11, 0), (shipment.lines[0], 4), submit=day(5, 11, 4)).approve(day(5, 13, 0))
    parcel = case.arrives(day(2, 9, 12), SH_2, "qian", "YUNDA")
    tote = story.tote("SH")
    case.receive(day(2, 9, 30), SH_2, "qian", parcel, tote, case.scan(0, tote, 3))
    case.on(day(2, 15, 0), SH_2, "min", case.inspect(0, tote, 3))


def too_many(story: Story) -> None:
    """Four flasks instead of three, a pan nobody announced, and a code nobody knows."""
    day = story.stage.day
    shipment = story.ship(22, "SH", "C1010", ("THM-BK", 12))
    case = Case(story, "SH", "C1010", "customer", "function")
    case.file(day(4, 15, 0), (shipment.lines[0], 3), submit=day(4, 15, 3)).approve(day(4, 16, 0))
    parcel = case.arrives(day(1, 9, 20), SH_1, "wang", "SF")
    tote = story.tote("SH")
    case.receive(
        day(1, 9, 45), SH_1, "wang", parcel, tote, *(case.scan(0, tote) for _ in range(4)), case.unplanned("PAN-28", tote),
        case.unknown("X0012-77341-B", tote),
    )  # fmt: skip


def another_lot(story: Story) -> None:
    """Serum of a lot that was never sent to them."""
    day = story.stage.day
    shipment = story.ship(26, "SH", "C1006", ("SRM-30", 6))
    case = Case(story, "SH", "C1006", "stock", "near_expiry")
    case.file(day(4, 10, 30), (shipment.lines[0], 4), submit=day(4, 10, 33)).approve(day(4, 11, 0))
    parcel = case.arrives(day(1, 14, 0), SH_2, "qian", "SF")
    tote = story.tote("SH")
    other = {"lot": "SRM250101", "expiry": story.stage.date(-40)}
    case.receive(day(1, 14, 20), SH_2, "qian", parcel, tote, case.scan(0, tote, 2), case.scan(0, tote, 2, **other))


def waiting_for_inspection(story: Story) -> None:
    """Received the day before yesterday, and nobody has looked at them."""
    day = story.stage.day
    shipment = story.ship(23, "SH", "C1007", ("BLN-RD", 6), ("HDR-PK", 10))
    case = Case(story, "SH", "C1007", "customer", "function", "噪音大 / too loud")
    case.file(day(6, 9, 0), (shipment.lines[0], 2), (shipment.lines[1], 3), submit=day(6, 9, 5)).approve(day(6, 9, 50))
    parcel = case.arrives(day(2, 10, 0), SH_1, "wang", "JD")
    tote = story.tote("SH")
    case.receive(day(2, 10, 25), SH_1, "wang", parcel, tote, case.scan(0, tote, 2), case.scan(1, tote, 3))


def failed(story: Story) -> None:
    """A power bank with a swollen battery goes to the hazard zone."""
    day = story.stage.day
    shipment = story.ship(28, "SH", "C1013", ("PWR-BK", 1), ("NLT-YE", 2))
    case = Case(story, "SH", "C1013", "customer", "function")
    case.file(day(3, 13, 0), (shipment.lines[0], 1), (shipment.lines[1], 2), by="zhou", submit=day(3, 13, 4))
    case.approve(day(3, 14, 0))
    parcel = case.arrives(day(1, 10, 0), SH_2, "qian", "SF")
    tote, hazard = story.tote("SH"), story.tote("SH")
    case.receive(day(1, 10, 15), SH_2, "qian", parcel, tote, case.scan(0, tote), case.scan(1, tote, 2))
    case.on(
        day(1, 13, 0), SH_2, "min", case.use(hazard, "HAZ-01-01", "scrap"),
        case.inspect(0, tote, 1, "fail", "D", "appearance critical DENT,function critical BATTERY", "电池鼓包 / swollen battery"),
        case.dispose(0, "scrap", tote, hazard, reason="电池鼓包 / swollen battery"),
    )  # fmt: skip


def being_disposed(story: Story) -> None:
    """Good towels and lamps on a cart: decided, not on the shelf yet, so not for sale."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(15, "SH", "C1004", ("LMP-WH", 6), ("NLT-PK", 10))
    case = Case(story, "SH", "C1004", "customer", "colour")
    case.file(day(3, 15, 0), (shipment.lines[0], 2), (shipment.lines[1], 3), submit=day(3, 15, 3)).approve(
        day(3, 16, 0)
    )
    parcel = case.arrives(day(1, 15, 10), SH_1, "wang", "SF")
    tote, good = story.tote("SH"), story.tote("SH")
    case.receive(day(1, 15, 30), SH_1, "wang", parcel, tote, case.scan(0, tote, 2), case.scan(1, tote, 3))
    case.on(
        ago(100), SH_2, "min", case.use(good, outcome="restock"), case.inspect(0, tote, 2), case.dispose(0, "restock", tote, good, 2),
        case.inspect(1, tote, 3), case.dispose(1, "restock", tote, good, 3),
    )  # fmt: skip


def beyond_the_inspector(story: Story) -> None:
    """A tablet to be scrapped is worth more than an inspector may decide: it is proposed, and Zhang Wei decides."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(27, "SH", "C1014", ("TAB-BU", 1))
    case = Case(story, "SH", "C1014", "customer", "function", "进水 / water got in")
    case.file(day(4, 11, 0), (shipment.lines[0], 1), by="zhou", submit=day(4, 11, 5)).approve(day(4, 14, 0))
    parcel = case.arrives(day(1, 11, 0), SH_1, "wang", "SF")
    tote, scrap = story.tote("SH"), story.tote("SH")
    case.receive(day(1, 11, 10), SH_1, "wang", parcel, tote, case.scan(0, tote))
    case.on(
        ago(150), SH_2, "min", case.use(scrap, outcome="scrap"),
        case.inspect(0, tote, 1, "fail", "D", "function critical NO_POWER,appearance major STAIN", "主板进水 / water on the board"),
        case.dispose(0, "scrap", tote, scrap, reason="无法修复 / beyond repair"),
    )  # fmt: skip


def held(story: Story) -> None:
    """Put on hold by the supervisor while the customer answers."""
    day = story.stage.day
    shipment = story.ship(25, "SH", "C1009", ("MSK-HA", 20))
    case = Case(story, "SH", "C1009", "quality", "allergy")
    case.file(day(4, 9, 30), (shipment.lines[0], 6), by="zhou").paper(
        day(4, 9, 35), "inspection_report", "QC-2026-0427", by="zhou"
    )
    case.decide(day(4, 9, 40), "zhou", "submit_return", order_id=case.id).approve(day(4, 10, 0))
    parcel = case.arrives(day(2, 11, 0), SH_2, "qian", "YTO")
    tote = story.tote("SH")
    case.receive(day(2, 11, 20), SH_2, "qian", parcel, tote, case.scan(0, tote, 6))
    case.on(day(2, 14, 0), SH_2, "min", case.inspect(0, tote, 6, "conditional", "B", "packaging minor OPENED"))
    reason = "等客户补充医生证明 / waits for the doctor's note"
    case.decide(day(2, 15, 0), "zhang", "hold_return", order_id=case.id, reason=reason)


def without_order(story: Story) -> None:
    """Goods without an order: one whose customer is known, one that only the goods themselves can tell."""
    day, ago = story.stage.day, story.stage.ago
    story.ship(10, "SH", "C1011", ("KET-WH", 1), ("THM-RD", 1))
    case = Case(story, "SH", "C1011", name="without order, customer known")
    parcel = case.arrives(day(1, 16, 0), SH_1, "wang", "YTO")
    tote = story.tote("SH")
    case.on(
        day(1, 16, 5), SH_1, "wang",
        ("open_return_without_order",
         {"order_id": case.id, "number": NEXT, "site_id": story.stage.sites["SH"], "parcel_id": parcel, "customer_id": customer_id("C1011")}),
    )  # fmt: skip
    case.receive(
        day(1, 16, 6), SH_1, "wang", parcel, tote, case.unplanned("KET-WH", tote), case.unplanned("THM-RD", tote)
    )
    case.on(
        ago(140),
        SH_2,
        "min",
        case.inspect(0, tote),
        case.inspect(1, tote, 1, "conditional", "B", "packaging minor NO_BOX"),
    )

    shipment = story.ship(8, "SH", "C1016", ("SPK-GN", 1))
    case = Case(story, "SH", "", name="without order, serial known")
    parcel = case.arrives(ago(85), SH_2, "qian", "SF")
    tote = story.tote("SH")
    case.on(
        ago(80), SH_2, "qian",
        ("open_return_without_order", {"order_id": case.id, "number": NEXT, "site_id": story.stage.sites["SH"], "parcel_id": parcel}),
    )  # fmt: skip
    known = shipment.lines[0].unit.serial
    case.receive(ago(79), SH_2, "qian", parcel, tote, case.unplanned("SPK-GN", tote, serial=known), close=False)


def unclaimed(story: Story) -> None:
    """Nobody knows whose they are: one for nine days, one since yesterday, one that was claimed, and one refused at the door."""
    day = story.stage.day
    story.ship(35, "SH", "C1012", ("HDR-WH", 1), ("MUG-RD", 2))
    for name, at, skus, carrier in (
        ("nine days", day(9, 15, 0), ("HDR-WH", "MUG-RD"), "ZTO"),
        ("yesterday", day(1, 13, 30), ("SOC-BK", "TSH-L"), "YUNDA"),
        ("claimed", day(8, 9, 0), ("FLL-WD",), "SF"),
    ):
        case = Case(story, "SH", "", name=f"unclaimed {name}")
        parcel = case.arrives(at, SH_1, "wang", carrier)
        tote = story.tote("SH")
        scans = [case.unplanned(sku, tote) for sku in skus]
        case.on(
            at + 600_000, SH_1, "wang",
            ("open_return_without_order", {"order_id": case.id, "number": NEXT, "site_id": story.stage.sites["SH"], "parcel_id": parcel}),
        )  # fmt: skip
        case.receive(at + 660_000, SH_1, "wang", parcel, tote, *scans, close=False)
        case.on(
            at + 900_000,
            SH_1,
            "wang",
            ("close_parcel", {"parcel_id": parcel, "unclaimed": True}),
            case.move(tote, "LOST-01-01"),
        )
        case.on(at + 7_200_000, SH_2, "min", *(case.inspect(n, tote) for n in range(len(skus))))
        if name == "claimed":
            case.decide(day(6, 11, 0), "zhou", "claim_parcel", parcel_id=parcel, customer_id=customer_id("C1014"))
    refused = story.waybill("EMS")
    parcel = story.stage.parcel("SH", "EMS", refused)
    story.sign(day(2, 16, 0), SH_1, "wang", "SH", ("EMS", refused))
    story.stage.floor(
        day(2, 16, 2), SH_1, "wang",
        ("refuse_parcel", {"parcel_id": parcel, "reason": "外箱压扁并渗漏 / crushed and leaking"}),
    )  # fmt: skip


# What clashes


def edited_twice(story: Story) -> None:
    """X14: sales wrote a note at the desk; Zhang Wei, without network, another one on the phone."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(13, "SH", "C1003", ("FLL-BK", 4))
    case = Case(story, "SH", "C1003", "customer", "changed_mind", name="edited twice")
    case.file(day(1, 9, 0), (shipment.lines[0], 1))
    desk, floor = "周五上门取件 / collected on Friday", "客户自送 / the customer brings it"
    case.decide(ago(160), "sun", "edit_return", id=case.id, set={"note": desk}, was={"note": ""})
    case.on(
        ago(200),
        SH_PHONE,
        "zhang",
        ("edit_return", {"id": case.id, "set": {"note": floor}, "was": {"note": ""}}),
        sent=ago(120),
    )


def cancelled_too_late(story: Story) -> None:
    """X5: cancelled at the desk while its goods were being unpacked out of reach of the network."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(16, "SH", "C1013", ("TOA-BK", 2))
    case = Case(story, "SH", "C1013", "customer", "changed_mind", name="cancelled too late")
    case.file(day(3, 10, 0), (shipment.lines[0], 1), by="zhou", submit=day(3, 10, 2)).approve(day(3, 11, 0))
    parcel = case.arrives(day(1, 8, 30), SH_1, "wang", "SF")
    case.decide(
        ago(230), "zhou", "cancel_return", order_id=case.id, reason="客户改变主意 / the customer changed their mind"
    )
    tote = story.tote("SH")
    case.receive(ago(240), SH_2, "qian", parcel, tote, case.scan(0, tote), sent=ago(220))


def seen_differently(story: Story) -> None:
    """X3: two inspectors, one watch, two grades."""
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(20, "SH", "C1015", ("WTC-WH", 1))
    case = Case(story, "SH", "C1015", "customer", "function", name="seen differently")
    case.file(day(4, 13, 0), (shipment.lines[0], 1), by="zhou", submit=day(4, 13, 5)).approve(day(4, 15, 0), by="emma")
    parcel = case.arrives(day(1, 9, 0), SH_1, "wang", "JD")
    tote = story.tote("SH")
    case.receive(day(1, 9, 10), SH_1, "wang", parcel, tote, case.scan(0, tote))
    case.on(ago(190), SH_2, "min", case.inspect(0, tote))
    case.on(
        ago(185), SH_1, "tom", case.inspect(0, tote, 1, "conditional", "B", "appearance minor SCRATCH"), sent=ago(115)
    )


# The rest


def at_the_dock(story: Story) -> None:
    """This morning's parcels wait to be opened; the carrier's list says one more. One is damaged."""
    ago = story.stage.ago
    waybills = [("SF", story.waybill("SF")) for _ in range(6)]
    story.sign(ago(30), SH_1, "wang", "SH", *waybills, listed=7)
    damaged = story.stage.parcel("SH", *waybills[2])
    story.stage.floor(
        ago(28), SH_1, "wang", ("note_damage", {"parcel_id": damaged, "damage": "一角压坏 / one corner is crushed"})
    )


def in_hangzhou(story: Story) -> None:
    day, ago = story.stage.day, story.stage.ago
    shipment = story.ship(24, "HZ", "C1003", ("KET-GN", 6), ("CRM-30", 12))
    case = Case(story, "HZ", "C1003", "customer", "colour")
    case.file(day(11, 10, 0), (shipment.lines[0], 2), submit=day(11, 10, 3)).approve(day(11, 11, 0))
    parcel = case.arrives(day(8, 9, 0), HZ_1, "xu", "SF")
    tote, good = story.tote("HZ"), story.tote("HZ")
    case.receive(day(8, 9, 15), HZ_1, "xu", parcel, tote, case.scan(0, tote, 2))
    case.on(
        day(8, 13, 0),
        HZ_1,
        "fang",
        case.use(good, outcome="restock"),
        case.inspect(0, tote, 2),
        case.dispose(0, "restock", tote, good, 2),
    )
    case.on(day(8, 14, 0), HZ_1, "xu", case.move(good, "GOOD-01-02"))

    shipment = story.ship(18, "HZ", "C1016", ("HUM-WH", 2), ("LMP-BU", 1))
    case = Case(story, "HZ", "C1016", "customer", "function")
    case.file(day(4, 9, 0), (shipment.lines[0], 1), (shipment.lines[1], 1), by="zhou", submit=day(4, 9, 2)).approve(
        day(4, 9, 30)
    )
    parcel = case.arrives(ago(110), HZ_1, "xu", "JD")
    tote = story.tote("HZ")
    case.receive(ago(60), HZ_1, "xu", parcel, tote, case.scan(0, tote), case.scan(1, tote))
    case.on(ago(45), HZ_1, "fang", case.inspect(0, tote, 1, "fail", "C", "function major NO_POWER"))

    shipment = story.ship(9, "HZ", "C1014", ("RCK-RD", 3))
    Case(story, "HZ", "C1014", "wrong_goods", "wrong_quantity").file(ago(300), (shipment.lines[0], 1), submit=ago(295))
    shipment = story.ship(7, "HZ", "C1010", ("TSH-S", 12))
    Case(story, "HZ", "C1010", "stock", "overstock").file(
        day(1, 14, 0), (shipment.lines[0], 4), submit=day(1, 14, 3)
    ).approve(day(1, 16, 0), by="emma")
    story.sign(ago(55), HZ_1, "xu", "HZ", ("YTO", story.waybill("YTO")), ("YTO", story.waybill("YTO")), listed=2)


def background(story: Story) -> None:
    """Ordinary orders of two months, for returns to come."""
    chance = random.Random(20)
    for n in range(48):
        site = "SH" if n % 3 else "HZ"
        plain = [sku for sku, _ in story.shelves.planned(site) if not GOODS[sku].family.serial and sku != "LIP-03"]
        lines = [(sku, chance.randint(1, 2)) for sku in chance.sample(plain, chance.randint(1, 3))]
        story.ship(1 + n * 58 // 48, site, goods.CUSTOMERS[n % len(goods.CUSTOMERS)][0], *lines)


def fleet(story: Story) -> None:
    """What the handhelds last said of themselves. One in Hangzhou has been silent for three days, with work it has not sent."""
    stage = story.stage
    nothing: list[MutationIn] = []
    silent = DeviceState(
        app_version="0.1.0",
        pending=6,
        pending_photos=2,
        oldest_pending_at=stage.day(3, 15, 5),
        storage={"persisted": True},
    )
    stage.then(stage.day(3, 17, 20), lambda: stage.push(HZ_2, nothing, silent))
    unsent = DeviceState(
        app_version="0.1.0", pending=3, pending_photos=1, oldest_pending_at=stage.ago(26), storage={"persisted": True}
    )
    stage.then(stage.ago(3), partial(stage.push, SH_PHONE, nothing, unsent))
    for device in (SH_1, SH_2, HZ_1):
        stage.then(stage.ago(2), partial(stage.push, device, nothing))
