"""The cast of every test: the people, the site, return R-1001, and two handhelds that speak the real protocol.

Cleo the operator, Ines the inspector, Sam the supervisor, Rita the reviewer, Sally of sales, Otto of the office, Ada the admin, and a
stranger whom nobody gave a right. R-1001 asks GREEN-KETTLE ×3 and BLUE-LAMP ×1 back. Records of the cast have readable ids.
"""

from typing import Any

import msgspec

from server.database import Database
from server.domain import catalog, devices, people
from server.domain.commands import perform
from server.domain.ids import derived_id, uuid7
from server.domain.model import Outcome
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, Lost, MutationIn, PushRequest, Result
from server.sync.pull import pull
from server.sync.push import push

SITE = "site-sh"
ROLES = {
    "cleo": "operator",
    "ines": "inspector",
    "sam": "supervisor",
    "rita": "reviewer",
    "sally": "sales",
    "otto": "office",
    "ada": "admin",
    "stranger": "",
}
ZONES = ("dock", "quarantine", "unclaimed", "exception", "sellable", "defective", "repair", "scrap", "vendor", "hazard")
PASSED = [{"check": check, "outcome": "pass"} for check in ("appearance", "function", "accessories", "packaging")]
FAILED = [{**PASSED[0], "outcome": "fail", "severity": "major"}, *PASSED[1:]]
R_1001 = "return-1001"
TOTE = derived_id("container", SITE, "LSH00000018")


def seed(work: Work) -> None:
    """The world before anything happened."""
    work.add(catalog.Owner, id="owner", code="OWN", name="货主")
    work.add(catalog.Site, id=SITE, code="SH", name="上海仓", name_en="Shanghai")
    for kind in ZONES:
        work.add(catalog.Zone, id=f"zone-{kind}", site_id=SITE, code=kind.upper(), kind=kind, name=kind, name_en=kind)
        work.add(
            catalog.Bin, id=f"bin-{kind}", site_id=SITE, zone_id=f"zone-{kind}", code=f"SH-{kind.upper()}-01", kind=kind
        )
    for item, sku, cost, code in (
        ("kettle", "GREEN-KETTLE", 8_000, "2000000000015"),
        ("lamp", "BLUE-LAMP", 5_000, "2000000000022"),
        ("camera", "RED-CAMERA", 90_000, "2000000000039"),
    ):
        work.add(catalog.Item, id=item, owner_id="owner", sku=sku, name=sku, name_en=sku.title(), unit_cost=cost,
                 serial_tracked=item == "camera")  # fmt: skip
        work.add(catalog.Barcode, id=f"code-{item}", item_id=item, owner_id="owner", text=code)
    work.add(catalog.Customer, id="customer", owner_id="owner", code="C1", name="王小姐", phone="13800000000")
    work.add(catalog.ReturnType, id="type-customer", code="customer", name="客户退货", name_en="Customer return",
             policy={"default_disposition": "restock", "scrap_limit": 100_000})  # fmt: skip
    work.add(catalog.ReturnType, id="type-quality", code="quality", name="质量问题", name_en="Quality",
             policy={"required_documents": ["inspection_report"]})  # fmt: skip
    work.add(catalog.Carrier, id="carrier-sf", code="SF", name="顺丰", prefixes=["SF"])
    for name, role in ROLES.items():
        work.add(people.Person, id=name, username=name, name=name.title())
        if role:
            work.add(
                people.Grant, id=f"grant-{name}", person_id=name, role=role, site_id="" if role == "admin" else SITE
            )
    for code in ("A1", "B1"):
        work.add(devices.Device, id=f"device-{code}", code=code, name=code, site_id=SITE)


class Desk:
    """What people do at a desk: the same commands, by name."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __call__(self, who: str, name: str, *, key: str = "", **args: Any) -> Outcome:
        def task(work: Work) -> Outcome:
            work.actor = actor_of(work, who)
            return perform(work, name, args, mutation_id=key or uuid7(work.now), site_id=SITE)

        return self.database.write(SYSTEM, task)

    def file_r_1001(self, *, approve: bool = True) -> str:
        self(
            "sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer", customer_id="customer",
            lines=[
                {"line_id": "kettles", "item_id": "kettle", "quantity": 3, "unit_amount": 12_900},
                {"line_id": "lamps", "item_id": "lamp", "quantity": 1, "unit_amount": 7_900},
            ],
        )  # fmt: skip
        self("sally", "submit_return", order_id=R_1001)
        if approve:
            self("rita", "approve_return", order_id=R_1001)
        return R_1001


class Handheld:
    """A device with an outbox, as the protocol sees it. `do` works without network; `sync` meets the server."""

    def __init__(self, database: Database, code: str) -> None:
        self.database, self.id, self.code = database, f"device-{code}", code
        self.outbox: list[MutationIn] = []
        self.seq = 0
        self.cursors: dict[str, str] = {}
        self.revision = 0
        """Of the site's feed, as the view shows it."""
        self.view: dict[tuple[str, str], Any] = {}

    def do(self, who: str, name: str, *, made_at: int | None = None, **args: Any) -> str:
        self.seq += 1
        mutation = MutationIn(
            seq=self.seq, id=uuid7(), name=name, by=who, site=SITE, args=msgspec.to_builtins(args),
            made_at=self.database.clock() if made_at is None else made_at,
        )  # fmt: skip
        self.outbox.append(mutation)
        return mutation.id

    def scan(self, who: str, order: str, line: str, item: str, quantity: int = 1, **more: Any) -> str:
        receipt = uuid7()
        self.do(who, "scan_item", receipt_id=receipt, order_id=order, line_id=line, site_id=SITE, item_id=item, quantity=quantity,
                **{"text": item, "container_id": TOTE, **more})  # fmt: skip
        return receipt

    def inspect(self, who: str, line: str, quantity: int = 1, **more: Any) -> str:
        inspection = uuid7()
        self.do(who, "inspect", inspection_id=inspection, line_id=line, site_id=SITE, quantity=quantity,
                **{"verdict": "pass", "grade": "A", "checks": PASSED, "container_id": TOTE, **more})  # fmt: skip
        return inspection

    def dispose(self, who: str, line: str, kind: str, quantity: int = 1, **more: Any) -> str:
        disposition = uuid7()
        self.do(who, "dispose", disposition_id=disposition, line_id=line, site_id=SITE, quantity=quantity, kind=kind,
                **{"container_id": TOTE, **more})  # fmt: skip
        return disposition

    def put_away(self, who: str, line: str, zone: str, quantity: int = 1, **more: Any) -> None:
        self.do(who, "put_away", line_id=line, site_id=SITE, quantity=quantity, bin_id=f"bin-{zone}",
                **{"container_id": TOTE, **more})  # fmt: skip

    def push(self, mutations: list[MutationIn] | None = None, lost: Lost | None = None) -> list[Result]:
        """Sends, and forgets nothing: what the answer was is for the caller to keep."""
        return push(
            self.database, self.record,
            PushRequest(protocol=PROTOCOL, epoch=self.database.epoch, device=self.id, app_schema=APP_SCHEMA,
                        mutations=self.outbox if mutations is None else mutations, lost=lost),
        ).results  # fmt: skip

    def pull(self) -> int:
        """Reads both feeds to their end; returns how many changes came."""
        count = 0
        for feed in ("catalogue", f"site:{SITE}"):
            more = True
            while more:
                page = msgspec.json.decode(pull(self.database, self.record, feed, self.cursors.get(feed, "")))
                if page["reset"]:
                    self.view.clear()
                for change in page["changes"]:
                    count += 1
                    if change.get("op", "put") == "put":
                        self.view[change["kind"], change["key"]] = change["value"]
                    else:
                        self.view.pop((change["kind"], change["key"]), None)
                self.cursors[feed], more = page["cursor"], page["more"]
            self.revision = page["revision"]  # the site's feed comes last
        return count

    def sync(self) -> list[Result]:
        results = self.push()
        self.outbox.clear()
        self.pull()
        return results

    @property
    def record(self) -> devices.Device:
        with self.database.read(SYSTEM) as work:
            found = work.look(devices.Device, self.id)
        assert found is not None
        return found
