"""The demo's world before anything happens in it: sites with their bins, people, handhelds, goods and what stands on the shelves."""

import datetime as dt
import hashlib
import secrets
from collections import deque
from typing import NamedTuple

from server import passwords
from server.domain import catalog, people, sites, stock
from server.domain.codes import new_code
from server.domain.devices import EnrolDevice, enrol_device
from server.domain.ids import derived_id
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.work import Work
from server.importers.ean import ean13

from . import goods
from .goods import FAMILIES, Family, item_id, price_of

PASSWORD = "restow-demo"  # noqa: S105  known on purpose: the demo is for looking around
PIN = "2580"

OWNER_ID = derived_id("demo", "owner")


class Unit(NamedTuple):
    """What tells goods on the shelf apart: a lot of many, or one serial number."""

    lot: str = ""
    expiry: str = ""
    serial: str = ""


class Good(NamedTuple):
    sku: str
    family: Family
    barcode: str
    case_barcode: str
    price: int


def all_goods() -> dict[str, Good]:
    found = {}
    for at, family in enumerate(FAMILIES):
        for n, (suffix, *_) in enumerate(family.variants):
            number = at * 100 + n + 1
            sku = f"{family.code}-{suffix}"
            found[sku] = Good(sku, family, ean13(f"29{number:010d}"), ean13(f"28{number:010d}"), price_of(family.cost))
    return found


GOODS = all_goods()


def badge_text(worker: goods.Worker) -> str:
    """The same at every load, so that a printed badge stays good."""
    return f"B-{worker.badge}.{_secret()}"


def make(work: Work) -> None:
    """One transaction; ids come from names."""
    work.because_of(derived_id("demo", "world"))
    work.add(catalog.Owner, id=OWNER_ID, code=goods.OWNER[0], name=goods.OWNER[1])
    site_ids = {}
    for code, name, name_en in goods.SITES:
        work.because_of(derived_id("demo", "site", code))
        site_ids[code] = sites.create_site(work, sites.CreateSite(code=code, name=name, name_en=name_en)).id
        _more_bins(work, site_ids[code], code)
    _codes(work)
    _goods(work)
    _people(work, site_ids)
    seller = work.first(people.Person, people.Person.username == "sun")
    for code, name, address in goods.CUSTOMERS:
        number = int(code.removeprefix("C"))
        work.add(
            catalog.Customer, id=goods.customer_id(code), owner_id=OWNER_ID, code=code, name=name, address=address,
            phone=f"139{number * 7919 % 10**8:08d}", country="CN",
            sales_person_id=seller.id if seller and number <= goods.LAST_OF_SUN else "",
        )  # fmt: skip
    for code, name in goods.SUPPLIERS:
        work.add(catalog.Supplier, id=derived_id("demo", "supplier", code), owner_id=OWNER_ID, code=code, name=name)
    for n, (code, name) in enumerate(goods.DEVICES):
        work.because_of(derived_id("demo", "device", str(n)))
        # Nobody holds its token: these handhelds only have a past.
        code_of_one = new_code(work, "enrol", site_id=site_ids[code])
        enrol_device(work, EnrolDevice(code=code_of_one, name=name, token_hash=secrets.token_hex(32)))
    work.because_of("")


def _more_bins(work: Work, site_id: str, code: str) -> None:
    for zone in work.find(catalog.Zone, catalog.Zone.site_id == site_id):
        for place in goods.MORE_BINS.get(zone.code, ()):
            bin_code = f"{code}-{zone.code}-{place}"
            work.add(
                catalog.Bin, id=derived_id("demo", "bin", bin_code), site_id=site_id, zone_id=zone.id, code=bin_code,
                kind=zone.kind,
            )  # fmt: skip


def _codes(work: Work) -> None:
    for code, name, name_en, policy, reasons in goods.RETURN_TYPES:
        work.add(
            catalog.ReturnType,
            id=derived_id("demo", "type", code),
            code=code,
            name=name,
            name_en=name_en,
            policy=policy,
        )
        for reason, words, words_en in reasons:
            work.add(
                catalog.ReturnReason, id=derived_id("demo", "reason", code, reason), type_code=code, code=reason,
                name=words, name_en=words_en,
            )  # fmt: skip
    for check, code, name, name_en in goods.DEFECTS:
        work.add(
            catalog.DefectCode,
            id=derived_id("demo", "defect", code),
            check=check,
            code=code,
            name=name,
            name_en=name_en,
        )
    for code, name, prefixes in goods.CARRIERS:
        work.add(catalog.Carrier, id=derived_id("demo", "carrier", code), code=code, name=name, prefixes=prefixes)


def _goods(work: Work) -> None:
    for family in FAMILIES:
        for suffix, name, name_en, spec in family.variants:
            good = GOODS[f"{family.code}-{suffix}"]
            work.add(
                catalog.Item, id=item_id(good.sku), owner_id=OWNER_ID, sku=good.sku, name=f"{family.name} {name}",
                name_en=f"{family.name_en}, {name_en}", spec=spec, uom=family.uom, unit_cost=family.cost,
                lot_tracked=family.shelf_life_days > 0, expiry_tracked=family.shelf_life_days > 0,
                binds_lot=family.code in ("CRM", "SRM"), serial_tracked=family.serial,
                shelf_life_days=family.shelf_life_days, min_days_to_sell=family.min_days_to_sell,
                accessories=list(family.accessories), steps=list(family.steps), hazard=family.hazard,
            )  # fmt: skip
            for text, quantity, level in ((good.barcode, 1, "each"), (good.case_barcode, 12, "case")):
                work.add(
                    catalog.Barcode, id=derived_id("demo", "barcode", text), item_id=item_id(good.sku), owner_id=OWNER_ID,
                    text=text, quantity=quantity, level=level,
                )  # fmt: skip


def _people(work: Work, site_ids: dict[str, str]) -> None:
    password_hash = passwords.hash_of(PASSWORD)
    for worker in goods.PEOPLE:
        work.because_of(derived_id("demo", "person", worker.username))
        person = people.add_person(
            work, people.CreatePerson(username=worker.username, name=worker.name, language=worker.language)
        )
        for role in worker.roles:
            site_id = site_ids[worker.site] if worker.site else ""
            people.add_grant(work, person, people.GrantRight(person_id=person.id, role=role, site_id=site_id))
        people.set_password(work, people.SetPassword(person_id=person.id, password_hash=password_hash))
        if worker.badge:
            salt = hashlib.sha256(f"salt of {worker.username}".encode()).digest()[:16]
            verifier = people.pin_verifier(_secret(), PIN, salt)
            people.set_badge(work, people.SetBadge(person_id=person.id, badge=worker.badge, pin_verifier=verifier))


def _secret() -> str:
    return "demodemo"  # short enough to be typed; the demo keeps no secrets


class Shelves:
    """What stands for sale at the sites, and what of it is still there when the next order is shipped."""

    def __init__(self, today: str) -> None:
        self.today = dt.date.fromisoformat(today)
        self._left: dict[tuple[str, str], deque[tuple[Unit, int]]] = {}

    def open(self, work: Work, site: str, site_id: str, bins: list[str]) -> None:
        """The opening balance of a site's own book, as one import would bring it."""
        cause = derived_id("demo", "opening", site)
        if work.seek(Mutation, cause):
            return
        work.because_of(cause)
        work.get(catalog.Site, site_id).book_from = stock.date_at(work.now, work.look(catalog.Site, site_id))
        for at, (sku, units) in enumerate(self.planned(site)):
            item = work.get(catalog.Item, item_id(sku))
            place = stock.Place("sellable", bins[at % len(bins)])
            for unit, quantity in units:
                stock.move(work, site_id, item, quantity, stock.OUT, place, stock.Cause("open"), stock.Lot(*unit))
        work.add(
            Mutation, id=cause, name="import_stock", by=SYSTEM.id, site_id=site_id, status="applied", made_at=work.now,
            at=work.now, body={"args": {"file": f"opening-{site}.csv"}},
        )  # fmt: skip

    def planned(self, site: str) -> list[tuple[str, list[tuple[Unit, int]]]]:
        return [(sku, units) for at, (sku, good) in enumerate(GOODS.items()) if (units := self._units(site, good, at))]

    def take(self, site: str, sku: str, quantity: int) -> list[tuple[Unit, int]]:
        """The oldest first."""
        left = self._left.setdefault((site, sku), deque(dict(self.planned(site)).get(sku, [])))
        taken = []
        while quantity:
            unit, there = left.popleft()
            units = min(quantity, there)
            taken.append((unit, units))
            quantity -= units
            if there > units:
                left.appendleft((unit, there - units))
        return taken

    def _units(self, site: str, good: Good, at: int) -> list[tuple[Unit, int]]:
        family = good.family
        if site == "HZ" and at % 2:
            return []  # the smaller site keeps every other item
        if family.serial:
            number = int(good.barcode[2:12])
            return [
                (Unit(serial=f"{family.code}{site}{number:05d}{n:03d}"), 1) for n in range(6 if site == "SH" else 4)
            ]
        units = (60 if site == "SH" else 36) + at % 5 * 6
        if not family.shelf_life_days:
            return [(Unit(), units)]
        if good.sku == "LIP-03" and site == "SH":
            early = -3  # nobody noticed: the alert does
        else:
            early = family.min_days_to_sell - 20 if at % 7 == 0 else family.min_days_to_sell + 60 + at * 3
        late = min(early + family.shelf_life_days // 2, family.shelf_life_days - 45)  # made 45 days ago at the latest
        return [
            (self._lot(family, early), units // 3),
            (self._lot(family, late), units - units // 3),
        ]

    def _lot(self, family: Family, days: int) -> Unit:
        expiry = self.today + dt.timedelta(days=days)
        made = expiry - dt.timedelta(days=family.shelf_life_days)
        return Unit(lot=f"{family.code}{made:%y%m%d}", expiry=expiry.isoformat())
