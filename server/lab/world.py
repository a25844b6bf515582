"""Where the lab's work is done: a site with its bins, goods and people. Its own server gets one made for it; on another, it looks around."""

import hashlib
import struct
import zlib
from typing import Any, NamedTuple

from server.domain import catalog, documents, people
from server.domain.codes import new_code
from server.domain.ids import derived_id
from server.domain.numbers import document_number, own_label, waybill_of
from server.domain.work import Work
from server.passwords import hash_of

from .plan import Plan

PIN = "2580"
PASSWORD = "restow-lab"  # noqa: S105  the lab's own server lives as long as the lab
DESK = {"sally": "sales", "rita": "reviewer", "sue": "supervisor", "ada": "admin"}
FLOOR = {"cleo": "operator", "ines": "inspector", "sam": "supervisor"}
ZONES = ("dock", "quarantine", "exception", "sellable", "repair", "scrap")
MADE_THERE = ("~number", "~revision")
"""What only the handheld knows: the next document number, and the revision that its book is of."""
SITE, OWNER, TYPE = "lab-site", "lab-owner", "lab"


class Person(NamedTuple):
    id: str
    username: str
    badge: str = ""
    """The text on it; '' signs in at a desk only."""


class Thing(NamedTuple):
    id: str
    owner_id: str
    text: str
    """What a scanner reads off it."""


class World(NamedTuple):
    """`run` tells one lab's ids from another's on the same server."""

    run: str
    site_id: str
    site_code: str
    type_code: str
    bins: dict[str, list[str]]
    items: list[Thing]
    people: dict[str, Person]
    first_label: int = 0

    def named(self, value: Any) -> Any:
        """A plan's value with its names made into ids."""
        if isinstance(value, dict):
            return {key: self.named(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.named(inner) for inner in value]
        return (
            self._id(value[1:])
            if isinstance(value, str) and value.startswith("~") and value not in MADE_THERE
            else value
        )

    def _id(self, name: str) -> str:
        kind, *rest = name.split(":")
        match kind:
            case "site":
                return self.site_id
            case "type":
                return self.type_code
            case "owner":
                return self.items[0].owner_id
            case "item":
                return self.items[int(rest[0]) % len(self.items)].id
            case "barcode":
                return self.items[int(rest[0]) % len(self.items)].text
            case "person":
                return self.people[rest[0]].id
            case "bin":
                return self.bins[rest[0]][(int(rest[1]) if rest[1:] else 0) % len(self.bins[rest[0]])]
            case "label":
                return own_label(self.site_code, self.first_label + int(rest[0]))
            case "tote":
                return derived_id("container", self.site_id, self._id(f"label:{rest[0]}"))
            case "waybill":
                return waybill_of(f"LAB{derived_id(self.run)[:8]}{int(rest[0]):04d}")
            case "parcel":
                return derived_id("parcel", self.site_id, "", self._id(f"waybill:{rest[0]}"))
            case "scanline":
                return derived_id("line", self._id(f"order:{rest[0]}"), self._id(f"item:{rest[1]}"))
            case "unknown":
                return f"?{derived_id(self.run)[:8]}-{rest[0]}"
            case "unknownline":
                return derived_id("line", self._id(f"order:{rest[0]}"), f"text:{self._id(f'unknown:{rest[1]}')}")
            case "oldtype":
                return f"gone-{derived_id(self.run)[:8]}-{rest[0]}"
            case "cloned":
                return document_number("RT", "Z9", int(derived_id(self.run)[:4], 16) * 1_000 + int(rest[0]))
            case "photo":
                return hashlib.sha256(self.picture(name)).hexdigest()
            case "lostphoto":
                return hashlib.sha256(f"{self.run} {name}".encode()).hexdigest()
            case _:
                return derived_id("lab", self.run, name)

    def picture(self, name: str) -> bytes:
        """A small PNG that no other photo of any lab equals."""
        colours = hashlib.sha256(f"{self.run} {name}".encode()).digest()
        rows = b"".join(b"\0" + colours[n % 20 : n % 20 + 12] * 4 for n in range(16))
        parts = (
            (b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )


def make(work: Work, plan: Plan) -> None:
    """A site of its own, with readable ids; the same every time. What the plan needs besides is named as the plan names it."""
    work.add(catalog.Owner, id=OWNER, code="LAB", name="Lab")
    work.add(catalog.Site, id=SITE, code="LB", name="试验仓", name_en="Lab")
    for kind in ZONES:
        work.add(
            catalog.Zone, id=f"lab-zone-{kind}", site_id=SITE, code=kind.upper(), kind=kind, name=kind, name_en=kind
        )
        for n in range(plan.bins if kind == "sellable" else 1):
            work.add(
                catalog.Bin,
                id=f"lab-{kind}-{n}",
                site_id=SITE,
                zone_id=f"lab-zone-{kind}",
                code=f"LB-{kind.upper()}-{n}",
                kind=kind,
            )
    for n in range(6):
        work.add(
            catalog.Item,
            id=f"lab-item-{n}",
            owner_id=OWNER,
            sku=f"LAB-{n}",
            name=f"试验品 {n}",
            name_en=f"Thing {n}",
            unit_cost=1_000,
        )
        work.add(catalog.Barcode, id=f"lab-code-{n}", item_id=f"lab-item-{n}", owner_id=OWNER, text=f"29900000000{n}0")
    work.add(catalog.ReturnType, id="lab-type", code=TYPE, name="试验", name_en="Lab", policy={})
    named = made({}, plan).named
    for n in range(1, plan.customers + 1):
        work.add(
            catalog.Customer,
            id=named(f"~customer:{n}"),
            owner_id=OWNER,
            code=f"LAB-{n}",
            name=f"试验客户 {n}",
            phone="",
        )
    for n, shipment in enumerate(plan.shipments, 1):
        order = work.add(
            documents.OutboundOrder, id=named(f"~outbound:{n}"), number=f"LAB-OUT-{n}", site_id=SITE, owner_id=OWNER
        )
        work.add(
            documents.OutboundLine, id=named(f"~shipment:{n}"), outbound_id=order.id, site_id=SITE, item_id=named(shipment.item),
            line_number=1, quantity=shipment.quantity, lot=shipment.lot,
        )  # fmt: skip
    for name, role in roles(plan.leavers).items():
        work.add(people.Person, id=f"lab-{name}", username=name, name=name.title(), language="en")
        work.add(
            people.Grant,
            id=f"lab-grant-{name}",
            person_id=f"lab-{name}",
            role=role,
            site_id="" if role == "admin" else SITE,
        )


def let_in(work: Work, leavers: int) -> tuple[dict[str, Person], str]:
    """Passwords, badges and a code that enrols the handhelds: the only things in this world that chance makes."""
    password = hash_of(PASSWORD)
    found = {}
    for name in roles(leavers):
        person = work.get(people.Person, f"lab-{name}")
        text = ""
        if name in DESK:
            person.password_hash = password
        else:
            text, person.badge, person.pin_verifier = people.new_badge(PIN)
        found[name] = Person(person.id, name, text)
    return found, new_code(work, "enrol", site_id=SITE, uses=100)


def roles(leavers: int) -> dict[str, str]:
    return DESK | FLOOR | {f"leaver{n}": "operator" for n in range(1, leavers + 1)}


def made(known: dict[str, Person], plan: Plan) -> World:
    return World(
        run=f"lab-{plan.options.seed}",
        site_id=SITE,
        site_code="LB",
        type_code=TYPE,
        bins={kind: [f"lab-{kind}-{n}" for n in range(plan.bins if kind == "sellable" else 1)] for kind in ZONES},
        items=[Thing(f"lab-item-{n}", OWNER, f"29900000000{n}0") for n in range(6)],
        people=known,
    )
