"""Every door of the app, asked by everybody who may not: made from the app's own routes, so a new door is asked too."""

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from server.api.desk import READS
from server.api.exports import name_of
from server.api.gate import WRITES
from server.database import Database
from server.domain import (
    alerts,
    conflicts,
    counts,
    demotions,
    differences,
    dispositions,
    hand_overs,
    losses,
    lot_holds,
    number_reports,
    parcels,
    people,
    records,
    stock,
    tasks,
)  # fmt: skip
from server.domain.ids import uuid7
from server.domain.permissions import PERMISSIONS, SYSTEM
from server.exports.columns import COLUMNS
from tests.cast import R_1001, ROLES, SITE, Desk
from tests.doors import Doors

OPEN = {
    # Asked before anybody is known, or by nobody in particular.
    "POST /api/session", "GET /api/setup", "POST /api/setup", "POST /api/enrolments", "GET /health", "GET /", "GET /{rest}",
    "GET /api/docs", "GET /api/docs/{name}", "GET /api/openapi.json", "GET /api/openapi.json/{path}", "GET /api/openapi.json/openapi.json", "GET /api/authority.crt",
    "GET /sync/v1/schemas",  # holds no data
    "GET /sync/v1/vectors",
    "GET /sync/v1/vectors/{name}",
    "POST /api/outbox-files",  # takes bytes: test_outbox_files asks it, as nobody and as a stranger too
    "POST /api/barcodes/decode",  # takes a form, not JSON: test_barcodes asks it, as nobody too
    "DELETE /api/session",  # signing out is never refused
    "POST /api/imports/{kind}",  # takes bytes: test_in_and_out asks it, as nobody and as those who may not
}  # fmt: skip

EXPORTS = {f"POST /api/exports/{name_of(read.path)}": f"GET {read.path}" for read in READS if read.path in COLUMNS}
"""Each with the list it writes: it asks for the list's own right too."""

HANDHELDS = {
    "POST /sync/v1/push", "GET /sync/v1/feeds", "GET /sync/v1/pull/{feed}", "GET /sync/v1/waybills", "GET /sync/v1/events", "PUT /blobs/{sha256}",
    "HEAD /blobs/{sha256}",
}  # fmt: skip

# Which right a door asks for. '' : being signed in is enough.
ACTIONS = {
    "GET /api/return-totals": "see", "GET /api/unclaimed": "see_desk", "POST /api/parcels/{id}/settlement": "settle_unclaimed",
    "POST /api/returns/{id}/document-requests": "review", "GET /api/views": "see", "POST /api/views": "see", "DELETE /api/views/{id}": "see",
    "POST /api/notices/{id}/reading": "see",
    "GET /api/session": "", "PATCH /api/session": "", "GET /api/events/stream": "", "GET /metrics": "see_devices",
    "POST /api/barcodes/parse": "",
    "GET /api/photos/{sha256}": "", "PUT /api/photos/{sha256}": "add_photos",
    "GET /api/sites": "",  # answers the sites one may see: none
    "GET /api/todo": "see_desk", "GET /api/returns": "see", "GET /api/returns/{id}": "see", "GET /api/parcels": "see",
    "GET /api/parcels/{id}": "see", "GET /api/stock": "see_stock", "GET /api/stock/entries": "see_stock",
    "GET /api/differences": "see_stock", "GET /api/differences/{id}": "see_stock", "GET /api/losses": "see_stock", "GET /api/explanations/sight": "see_desk", "GET /api/explanations/stock": "see_stock",
    "GET /api/explanations/completion/{id}": "see", "GET /api/explanations/people": "see_desk", "GET /api/losses/{id}": "see_stock",
    "POST /api/differences/{id}/assignment": "handle_difference", "POST /api/differences/{id}/resolution": "handle_difference",
    "POST /api/differences/{id}/dismissal": "handle_difference", "POST /api/losses": "open_loss", "POST /api/losses/{id}/parties": "open_loss", "POST /api/losses/{id}/assignment": "open_loss",
    "POST /api/losses/{id}/notes": "open_loss", "POST /api/losses/{id}/finding": "decide_loss",
    "POST /api/losses/{id}/write-off": "decide_loss", "POST /api/losses/{id}/claim": "decide_loss",
    "GET /api/stock/entries/{id}": "see_stock", "GET /api/availability": "see_availability", "GET /api/freshness": "see",
    "GET /api/hand-overs": "see_stock", "POST /api/hand-overs/acknowledgement": "acknowledge_hand_over",
    "GET /api/lot-holds": "see_stock", "POST /api/lot-holds": "hold_lot", "POST /api/lot-holds/{id}/release": "hold_lot",
    "GET /api/number-reports/{id}": "see_desk", "POST /api/number-reports": "report_number", "POST /api/opening-stock": "import",
    "POST /api/shipments": "import", "POST /api/unit-costs": "set_cost",
    "GET /api/reconciliations": "see_stock", "GET /api/reconciliations/{id}": "see_stock", "GET /api/alerts": "see_desk",
    "GET /api/conflicts": "see_desk", "GET /api/conflict-figures": "see_desk", "GET /api/waiting": "see_desk",
    "POST /api/returns/{id}/messages": "correspond", "PUT /api/papers/{id}/{sha256}": "amend", "GET /api/papers/{id}/{sha256}": "see",
    "GET /api/decisions/{kind}/{id}": "see_desk", "GET /api/decisions/{kind}/{id}/previews": "see_desk",
    "POST /api/decisions/{kind}/{id}": "resolve", "POST /api/decision-previews": "see_desk",
    "GET /api/conflicts/{id}/restoration": "resolve", "POST /api/conflicts/{id}/restoration": "resolve", "GET /api/conflicts/{id}": "see_desk",
    "GET /api/mutations": "see_devices", "GET /api/devices": "see_devices", "GET /api/enrolment-codes": "enrol_devices",
    "GET /api/people": "see_devices", "GET /api/items": "see", "GET /api/customers": "see_desk", "GET /api/catalog": "see",
    "POST /api/labels": "print", "POST /api/sites/{site_id}/own-labels": "print", "GET /api/imports": "see_desk", "GET /api/import-kinds": "import", "GET /api/exports/files/{token}": "", "GET /api/outbound": "see", "GET /api/outbound/{id}": "see", "GET /api/search": "see",
    "GET /api/events": "see_desk", "GET /api/parked-events": "admin", "POST /api/parked-events/{id}/retry": "admin",
    "POST /api/returns": "file", "PATCH /api/returns/{id}": "file", "POST /api/returns/{id}/lines": "file",
    "PATCH /api/lines/{id}": "file", "DELETE /api/lines/{id}": "file", "POST /api/returns/{id}/submission": "file",
    "POST /api/returns/{id}/approval": "review", "POST /api/returns/{id}/rejection": "review",
    "POST /api/returns/{id}/amendment": "amend", "POST /api/returns/{id}/cancellation": "cancel",
    "POST /api/returns/{id}/hold": "hold", "POST /api/returns/{id}/release": "hold",
    "POST /api/returns/{id}/completion": "complete", "POST /api/returns/{id}/documents": "amend",
    "POST /api/lines/{id}/shortage": "settle_short", "POST /api/parcels/{id}/claim": "claim_parcel",
    "POST /api/dispositions/{id}/decision": "decide_disposition", "POST /api/dispositions/{id}/dispatch": "send_away",
    "POST /api/alerts/{id}/acknowledgement": "handle_alert", "POST /api/alerts/{id}/resolution": "handle_alert",
    "POST /api/alerts/{id}/dismissal": "handle_alert", "POST /api/alerts/{id}/snooze": "handle_alert",
    "POST /api/conflicts/{id}/resolution": "resolve", "POST /api/conflicts/{id}/assignment": "resolve",
    "POST /api/demotions": "tune_rules", "POST /api/demotions/{id}/ending": "tune_rules",
    "POST /api/conflicts/{id}/dismissal": "resolve", "POST /api/conflicts/{id}/replies": "see",
    "POST /api/conflicts/{id}/replies/reading": "resolve", "POST /api/mutations/{id}/forcing": "resolve", "GET /api/tasks": "see_desk",
    "POST /api/tasks": "raise_task", "POST /api/tasks/{id}/withdrawal": "raise_task", "GET /api/counts": "see_stock",
    "GET /api/counts/{id}": "see_stock", "PUT /api/items/{item_id}/standard": "set_standard", "POST /api/people": "admin", "PATCH /api/people/{person_id}": "admin",
    "POST /api/devices/{id}/messages": "message_devices",
    "POST /api/people/{person_id}/grants": "admin", "DELETE /api/grants/{grant_id}": "admin",
    "POST /api/people/{person_id}/password": "admin", "POST /api/people/{person_id}/badge": "admin",
    "POST /api/people/{person_id}/disabling": "admin", "POST /api/people/{person_id}/enabling": "admin",
    "POST /api/sites": "admin", "PATCH /api/sites/{site_id}": "admin", "POST /api/zones/{zone_id}/bins": "admin", "PATCH /api/bins/{bin_id}": "admin", "POST /api/sites/{site_id}/reconciliations": "reconcile",
    "POST /api/enrolment-codes": "enrol_devices", "POST /api/enrolment-codes/{id}/withdrawal": "enrol_devices",
    "POST /api/devices/{device_id}/revocation": "enrol_devices",
} | dict.fromkeys(EXPORTS, "export")  # fmt: skip

BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/session": {"language": "en"},
    "POST /api/barcodes/parse": {"text": "2000000000015"},
    "POST /api/returns": {"site_id": SITE, "type_code": "customer"},
    "PATCH /api/returns/{id}": {"set": {"note": "x"}, "was": {"note": ""}},
    "PATCH /api/lines/{id}": {"set": {"note": "x"}, "was": {"note": ""}},
    "POST /api/returns/{id}/lines": {"line_id": "another", "item_id": "lamp", "quantity": 1},
    "POST /api/returns/{id}/rejection": {"reason": "x"},
    "POST /api/returns/{id}/amendment": {"reason": "x"},
    "POST /api/returns/{id}/cancellation": {"reason": "x"},
    "POST /api/returns/{id}/hold": {"reason": "x"},
    "POST /api/returns/{id}/documents": {"kind": "other", "number": "1"},
    "POST /api/lines/{id}/shortage": {"quantity": 1},
    "POST /api/returns/{id}/document-requests": {"kind": "inspection_report"},
    "POST /api/parcels/{id}/settlement": {"how": "keep"},
    "POST /api/views": {"page": "returns", "name": "x", "query": "status=draft"},
    "POST /api/parcels/{id}/claim": {"order_id": R_1001},
    "POST /api/dispositions/{id}/decision": {"kind": "restock"},
    "POST /api/dispositions/{id}/dispatch": {"quantity": 1},
    "POST /api/returns/{id}/messages": {"text": "x"},
    "POST /api/decisions/{kind}/{id}": {"option": "keep_server"},
    "POST /api/decision-previews": {"decisions": [{"kind": "conflict", "id": "conflict", "option": "keep_server"}]},
    "POST /api/alerts/{id}/dismissal": {"reason": "x"},
    "POST /api/alerts/{id}/snooze": {"until": 9_000_000_000_000},
    "POST /api/differences/{id}/assignment": {"person_id": ""},
    "POST /api/differences/{id}/resolution": {"reason": "x"},
    "POST /api/differences/{id}/dismissal": {"reason": "x"},
    "POST /api/losses": {"site_id": SITE, "item_id": "kettle", "quantity": 1, "status": "sellable", "reason": "x"},
    "POST /api/losses/{id}/parties": {"parties": []},
    "POST /api/losses/{id}/assignment": {"person_id": ""},
    "POST /api/losses/{id}/notes": {"note": "x"},
    "POST /api/losses/{id}/finding": {"quantity": 1},
    "POST /api/losses/{id}/write-off": {"quantity": 1, "note": "x"},
    "POST /api/losses/{id}/claim": {"quantity": 1, "against": "SF", "amount": 1},
    "POST /api/conflicts/{id}/resolution": {"option": "keep_server"},
    "POST /api/conflicts/{id}/assignment": {"person_id": "sam"},
    "POST /api/conflicts/{id}/dismissal": {"reason": "x"},
    "POST /api/demotions": {"site_id": SITE, "rule": "X8", "reason": "x"},
    "POST /api/demotions/{id}/ending": {"reason": "x"},
    "POST /api/devices/{id}/messages": {"text": "x"},
    "POST /api/conflicts/{id}/replies": {"text": "x"},
    "POST /api/conflicts/{id}/restoration": {"lost": "x"},
    "POST /api/tasks": {"site_id": SITE, "question": "x"},
    "POST /api/hand-overs/acknowledgement": {"hand_over_ids": ["hand-over"]},
    "POST /api/lot-holds": {"item_id": "kettle", "lot": "L1", "reason": "x"},
    "POST /api/lot-holds/{id}/release": {"reason": "x"},
    "POST /api/number-reports": {"report_id": "another", "site_id": SITE, "figure": "on_hand", "shown": 1},
    "POST /api/opening-stock": {
        "site_id": SITE,
        "external_id": "1",
        "item_id": "kettle",
        "quantity": 1,
        "counted_on": "2026-11-01",
    },
    "POST /api/shipments": {
        "site_id": SITE,
        "number": "SO-1",
        "shipped_on": "2026-11-02",
        "lines": [{"line_number": 1, "item_id": "kettle", "quantity": 1}],
    },
    "POST /api/unit-costs": {"item_id": "kettle", "unit_cost": 1},
    "POST /api/people": {"username": "nina", "name": "Nina"},
    "PATCH /api/people/{person_id}": {"name": "Cleopatra"},
    "POST /api/people/{person_id}/grants": {"role": "operator", "site_id": SITE},
    "POST /api/people/{person_id}/password": {"password": "long enough"},
    "POST /api/people/{person_id}/badge": {"pin": "4711"},
    "POST /api/labels": {"size": "60x40", "labels": [{"text": "X"}]},
    "POST /api/sites/{site_id}/own-labels": {"count": 1},
    "POST /api/sites": {"code": "BJ", "name": "北京仓"},
    "POST /api/zones/{zone_id}/bins": {"code": "SH-DOCK-02"},
    "POST /api/enrolment-codes": {"site_id": SITE},
}
SUBJECTS = {
    "/api/returns/": R_1001, "/api/lines/": "kettles", "/api/parcels/": "parcel", "/api/dispositions/": "disposition",
    "/api/decisions/conflict/": "conflict", "/api/tasks/": "task", "/api/counts/": "count", "/api/alerts/": "alert", "/api/conflicts/": "conflict", "/api/differences/": "difference", "/api/losses/": "loss", "/api/reconciliations/": "run", "/api/outbound/": "outbound",
    "/api/people/": "cleo", "/api/items/": "kettle", "/api/grants/": "grant-cleo", "/api/sites/": SITE, "/api/zones/": "zone-dock", "/api/bins/": "bin-dock", "/api/devices/": "device-A1",
    "/api/explanations/completion/": R_1001,
    "/api/stock/entries/": "entry", "/api/lot-holds/": "hold", "/api/demotions/": "demotion", "/api/number-reports/": "report",
    "/api/parked-events/": "parked", "/api/enrolment-codes/": "enrolment", "/api/photos/": "a" * 64, "/sync/v1/pull/": f"site:{SITE}", "/blobs/": "a" * 64,
}  # fmt: skip


@pytest.fixture
def world(database: Database, desk: Desk, doors: Doors) -> Doors:
    """One of everything that a door can be asked about."""
    desk.file_r_1001(approve=False)

    def more(work: Any) -> None:
        work.add(parcels.Parcel, id="parcel", site_id=SITE, waybill="SF1", state="unclaimed")
        work.add(alerts.Alert, id="alert", rule="short_received", subject=R_1001, site_id=SITE)
        work.add(conflicts.Conflict, id="conflict", rule="X14", site_id=SITE, order_id=R_1001, subject_kind="ReturnOrder",
                 subject_id=R_1001, field="note")  # fmt: skip
        work.add(
            conflicts.Occurrence,
            conflict_id="conflict",
            values=[{"field": "note", "base": "", "server": "", "device": "x"}],
        )
        work.add(tasks.Task, id="task", site_id=SITE)
        work.add(counts.BinCount, id="count", site_id=SITE)
        work.add(dispositions.Disposition, id="disposition", site_id=SITE, order_id=R_1001, line_id="kettles", item_id="kettle",
                 quantity=1, kind="scrap", state="proposed")  # fmt: skip
        work.add(differences.Difference, id="difference", site_id=SITE, kind="line_over")
        work.add(losses.LossCase, id="loss", site_id=SITE, item_id="kettle", quantity=1)
        work.add(records.ReconcileRun, id="run", site_id=SITE, state="done")
        work.add(stock.StockEntry, id="entry", site_id=SITE, item_id="kettle", status="sellable", quantity=1)
        work.add(hand_overs.HandOver, id="hand-over", site_id=SITE, item_id="kettle", quantity=1)
        work.add(demotions.Demotion, id="demotion", site_id=SITE, rule="X9")
        work.add(lot_holds.LotHold, id="hold", item_id="kettle", lot="L0")
        work.add(number_reports.NumberReport, id="report", site_id=SITE, figure="on_hand")
        work.add(records.ParkedEvent, id="parked", consumer="alerts", feed=f"site:{SITE}", revision=1)
        work.add(people.OneTimeCode, id="enrolment", purpose="enrol", site_id=SITE, expires_at=work.now + 1)
        work.add(people.Person, id="nobodys", username="nobodys", name="N")

    database.write(SYSTEM, more)
    return doors


def doors_of(app: Litestar) -> list[str]:
    """`GET /api/returns/{id}` for each method of each route."""
    return sorted(
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    )


def ask(browser: Any, door: str) -> Any:
    method, _, path = door.partition(" ")
    path = path.replace("{kind}", "conflict").replace("papers/{id}/{sha256}", f"papers/{R_1001}/{'a' * 64}")
    for start, subject in SUBJECTS.items():
        if path.startswith(start):
            path = re.sub(r"\{[^}]+\}", subject, path, count=1)
    if path.endswith("/restoration") and method == "GET":
        path += "?lost=x"
    if path == "/api/explanations/sight":
        path += f"?person=cleo&order={R_1001}"
    if path == "/api/explanations/stock":
        path += f"?site={SITE}"
    if path == "/api/events":
        path = f"/api/events?subject={R_1001}"
    if path.startswith("/api/photos/") and method == "PUT":
        path += f"?site={SITE}"
    if method == "PUT" and not path.endswith("/standard"):
        return browser.raw("PUT", path, b"\xff\xd8\xff", Content_Type="image/jpeg")
    if method in WRITES and method != "DELETE":
        return browser.send(method, path, BODIES.get(door), **{"Idempotency-Key": uuid7()})
    return browser._ask(method, path, headers=browser.headers)


def test_every_door_is_known_with_its_right(app: Litestar) -> None:
    known = OPEN | HANDHELDS | ACTIONS.keys()
    assert {door for door in doors_of(app) if not (door.startswith("HEAD /") and "blobs" not in door)} == known


def test_nobody_gets_nowhere_unknown(world: Doors, app: Litestar) -> None:
    for door in doors_of(app):
        if door in OPEN or (door.startswith("HEAD /") and "blobs" not in door):
            continue
        answer = ask(world.nobody(), door)
        assert answer.status_code == 401, (door, answer.status_code, answer.text)
        if not door.startswith("HEAD"):
            assert answer.json()["code"] == "not_signed_in"


def test_a_person_is_no_handheld_and_a_handheld_no_person(world: Doors) -> None:
    for door in HANDHELDS:
        assert ask(world.person("ada"), door).status_code == 401, door
    for door in ACTIONS:
        if door not in ("GET /api/photos/{sha256}", "POST /api/barcodes/parse"):  # both may
            assert ask(world.device("A1"), door).status_code == 401, door


# /metrics: a test client has no address, so it counts as somewhere else. Streams never end, so they are asked elsewhere.
ASKED = {door: action for door, action in ACTIONS.items() if action and "stream" not in door}


def may(who: str, door: str) -> bool:
    asked = {ACTIONS[door], ACTIONS[EXPORTS.get(door, door)]}
    return all(ROLES[who] in PERMISSIONS[action] for action in asked)


@pytest.mark.parametrize("who", ROLES)
def test_a_role_without_the_right_is_refused_at_every_door(world: Doors, who: str) -> None:
    browser = world.person(who)
    for door in ASKED:
        if may(who, door):
            continue
        answer = ask(browser, door)
        assert answer.status_code in (403, 404), (who, door, answer.status_code, answer.text)


@pytest.mark.parametrize("who", [who for who, role in ROLES.items() if role])
def test_a_role_with_the_right_is_not_turned_away_for_lack_of_it(world: Doors, who: str, database: Database) -> None:
    """It may still be refused for what is so: a state, an own submission. Each door is asked in a world of its own rights."""
    browser = world.person(who)
    for door in ASKED:
        if not may(who, door) or "disabling" in door:
            continue
        answer = ask(browser, door)
        assert answer.status_code < 500, (who, door, answer.text)
        assert answer.status_code != 401, (who, door)
        assert answer.status_code != 403, (who, door, answer.text)


def test_another_sites_records_are_not_there(database: Database, world: Doors) -> None:
    from server.domain.catalog import Site

    def elsewhere(work: Any) -> None:
        work.add(Site, id="site-bj", code="BJ", name="北京仓")
        for name in ("sam", "otto", "rita", "ines", "cleo"):
            grant = work.get(people.Grant, f"grant-{name}")
            grant.site_id = "site-bj"

    database.write(SYSTEM, elsewhere)
    for who in ("sam", "otto", "rita", "ines", "cleo"):
        browser = world.person(who)
        for door, action in ASKED.items():
            path = door.partition(" ")[2]
            if ROLES[who] not in PERMISSIONS[action] or not any(path.startswith(start) for start in SUBJECTS):
                continue
            if path.startswith(("/api/people", "/api/grants", "/api/lot-holds", "/api/items")):  # these are of no site
                continue
            answer = ask(browser, door)
            assert answer.status_code in (403, 404), (who, door, answer.status_code, answer.text)
        for path in ("/api/returns", "/api/parcels", "/api/alerts", "/api/conflicts", "/api/mutations"):
            answer = browser.get(path)
            assert answer.status_code == 403 or answer.json()["rows"] == [], (who, path)


def test_sales_see_their_own_customers_and_what_they_filed(database: Database, world: Doors) -> None:
    from server.domain.catalog import Customer

    sally = world.person("sally")
    assert sally.get("/api/returns").json()["total"] == 1, "she filed it"
    assert sally.get("/api/customers").json()["rows"] == []

    def hers(work: Any) -> None:
        work.get(Customer, "customer").sales_person_id = "sally"

    database.write(SYSTEM, hers)
    assert [row["name"] for row in sally.get("/api/customers").json()["rows"]] == ["王小姐"]
    assert sally.get("/api/parcels").json()["rows"] == []
    assert sally.get("/api/parcels", q="sf1").json()["total"] == 1, "whoever knows the whole waybill finds the parcel"
    assert sally.get("/api/parcels", q="sf").json()["total"] == 0
