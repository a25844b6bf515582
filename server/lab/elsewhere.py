"""The lab on a server that is there already: everything through its doors, as an administrator would.

It leaves practice work behind on that server: people, returns and stock of the first items it finds. It is for a test installation.
"""

import json
import secrets
from typing import Any, NamedTuple

from server.domain.stock import OUTSIDE, STATUSES

from . import world
from .floor import Desk, Refused
from .history import Documents, Entry, Kept, Stored, conflicts_of, lay
from .plan import ITEMS, Plan
from .world import Person, Thing, World


class There(NamedTuple):
    """Where, and as whom. `code` enrols the handhelds; '' has one made."""

    url: str
    username: str
    password: str
    site: str = ""
    code: str = ""
    among_real_work: bool = False


class Observer(NamedTuple):
    """One more handheld, that only reads."""

    desk: Desk
    token: str

    def documents(self, site_id: str) -> Documents:
        found: Documents = {}
        for feed in ("catalogue", f"site:{site_id}"):
            cursor, more = "", True
            while more:
                page = self.desk.ask("GET", f"/sync/v1/pull/{feed}?cursor={cursor}", bearer=self.token)
                lay(found, page["changes"])
                cursor, more = page["cursor"], page["more"]
        return found

    def has_photo(self, sha256: str) -> bool:
        try:
            self.desk.ask("HEAD", f"/blobs/{sha256}", bearer=self.token)
        except Refused:
            return False
        return True


def furnish(there: There, plan: Plan) -> tuple[World, str]:
    """People for the lab, and what this server has of the rest. Returns the world and a code that enrols."""
    admin = _administrator(there)
    sites = admin.ask("GET", "/api/session")["sites"]
    site = next((each for each in sites if there.site in ("", each["code"])), None)
    if site is None:
        raise NotFurnished(
            f"There is no site {there.site}. There are: {', '.join(each['code'] for each in sites) or 'none'}."
        )
    run = secrets.token_hex(4)
    code = (
        there.code or admin.ask("POST", "/api/enrolment-codes", {"site_id": site["id"], "uses": 100, "days": 1})["code"]
    )
    documents = _observer(admin, code).documents(site["id"])
    _is_for_practice(there, site, documents)
    people = {
        name: _person(admin, f"lab-{run}-{name}", name, role, site["id"])
        for name, role in world.roles(plan.leavers).items()
    }
    return _world(run, site, people, documents), code


def kept(there: There, place: World, devices: list[str], orders: set[str], photos: list[str]) -> Kept:
    admin = _administrator(there)
    code = (
        there.code
        or admin.ask("POST", "/api/enrolment-codes", {"site_id": place.site_id, "uses": 1, "days": 1})["code"]
    )
    observer = _observer(admin, code)
    feed = observer.documents(place.site_id)
    stored = [
        Stored(device=row["device_id"], seq=row["seq"], id=row["id"], name=row["name"], args=row["body"]["args"], status=row["status"],
               code=row["code"])
        for device in devices
        for row in _paged(admin, f"/api/mutations?device={device}&limit=200")
    ]  # fmt: skip
    # Somebody else's stock of the same items is in the ledger too: the sums are those of the items, the proof of goods is ours alone.
    items = sorted({thing.id for thing in place.items})
    entries = [
        Entry(**{name: row[name] for name in Entry.__struct_fields__ if name != "item_id"}, item_id=item)
        for item in items
        for row in _paged(
            admin,
            f"/api/stock/entries?item={item}&site={place.site_id}&status={','.join((*STATUSES, *OUTSIDE))}&limit=200",
        )
    ]
    balances = {
        document["id"]: document["quantity"]
        for name, value in feed.items()
        if name.startswith("stock_balance ") and (document := json.loads(value))["item_id"] in items
    }
    return Kept(
        stored=stored,
        feed=feed,
        tables=None,
        entries=entries,
        balances=balances,
        statuses=STATUSES,
        cases=conflicts_of(feed, orders),
        blobs=frozenset(sha256 for sha256 in photos if observer.has_photo(sha256)),
    )


def _is_for_practice(there: There, site: dict[str, Any], documents: Documents) -> None:
    """Nobody wants the lab's returns among real ones by mistake."""
    every = [(name.partition(" ")[0], json.loads(value)) for name, value in documents.items()]
    ours = {person["id"] for kind, person in every if kind == "person" and person["username"].startswith("lab-")}
    theirs = sum(kind == "return_order" and order["filed_by"] not in ours for kind, order in every)
    if theirs and not there.among_real_work:
        raise NotFurnished(
            f"Site {site['code']} has {theirs} returns that are not the lab's. Choose a site for practice with --site, or say "
            "--among-real-work: the lab's people, returns and stock stay there."
        )


def _administrator(there: There) -> Desk:
    desk = Desk(there.url.rstrip("/"))
    desk.sign_in(there.username, there.password)
    return desk


def _observer(admin: Desk, code: str) -> Observer:
    return Observer(admin, admin.ask("POST", "/api/enrolments", {"code": code, "name": "Lab observer"})["token"])


def _person(admin: Desk, username: str, name: str, role: str, site_id: str) -> Person:
    floor = name not in world.DESK
    person = admin.ask(
        "POST", "/api/people", {"username": username, "name": username, "password": "" if floor else world.PASSWORD}
    )["id"]
    admin.ask("POST", f"/api/people/{person}/grants", {"role": role, "site_id": site_id})
    badge = admin.ask("POST", f"/api/people/{person}/badge", {"pin": world.PIN})["badge_text"] if floor else ""
    return Person(person, username, badge)


def _world(run: str, site: dict[str, Any], people: dict[str, Person], documents: Documents) -> World:
    def every(kind: str) -> list[dict[str, Any]]:
        return [json.loads(value) for name, value in sorted(documents.items()) if name.startswith(f"{kind} ")]

    bins: dict[str, list[str]] = {}
    for each in every("bin"):
        if each["site_id"] == site["id"] and each["active"]:
            bins.setdefault(each["kind"], []).append(each["id"])
    codes = {each["item_id"]: each["text"] for each in every("barcode") if each["level"] == "each"}
    things = [
        Thing(each["id"], each["owner_id"], codes[each["id"]])
        for each in every("item")
        if each["active"]
        and each["id"] in codes
        and not (each["serial_tracked"] or each["lot_tracked"] or each["binds_lot"])
    ]
    fitting = [
        each["code"]
        for each in every("return_type")
        if each["active"] and not each["policy"].get("required_documents")
        and set(each["policy"].get("allowed_dispositions") or ("restock", "repair")) >= {"restock", "repair"}
    ]  # fmt: skip
    missing = [kind for kind in world.ZONES if not bins.get(kind) and kind != "scrap"]
    if missing or len(things) < ITEMS or not fitting or len(bins["sellable"]) < 2:
        raise NotFurnished(
            f"The lab needs {ITEMS} items with a barcode and without serial or lot numbers, a return type without required documents that "
            f"allows restocking and repair, two sellable bins and bins of every kind; missing: {', '.join(missing) or 'items, type or bins'}."
        )
    return World(
        run=run, site_id=site["id"], site_code=site["code"], type_code=fitting[0], bins=bins, items=things[:ITEMS], people=people,
        first_label=secrets.randbelow(9_000) * 1_000,
    )  # fmt: skip


class NotFurnished(Exception):
    """Carries the sentence that says what that server lacks."""


def _paged(desk: Desk, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = desk.ask("GET", f"{path}&cursor={cursor}")
        rows += page["rows"]
        cursor = page["next"]
    return rows
