"""The supervisor's inbox over HTTP: what it is narrowed by, how it is grouped, what a group's decision would do, and how it goes."""

from typing import Any

import pytest

from server.database import Database
from server.domain import conflicts, returns
from server.domain.alerts import Alert
from server.domain.catalog import Item, Site
from server.domain.conflicts import Conflict, Occurrence
from server.domain.devices import Device
from server.domain.ids import uuid7
from server.domain.people import Grant, Person
from server.domain.permissions import SYSTEM
from server.domain.reads.cases import conflict_figures
from server.domain.stock import StockEntry
from server.domain.work import Work
from tests.cast import FAILED, R_1001, ROLES, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, Clock
from tests.domain.breaches import World, draft, filed, shipped
from tests.doors import Browser, Doors


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


@pytest.fixture
def inbox(world: World, doors: Doors) -> dict[str, str]:
    """An over-return from B1 this morning, a note changed twice by A1 three hours later, and one at another site two days ago."""

    def elsewhere(work: Any) -> None:
        work.add(Site, id="site-gz", code="GZ", name="广州仓")
        work.add(Person, id="gina", username="gina", name="Gina")
        work.add(Grant, id="grant-gina", person_id="gina", role="supervisor", site_id="site-gz")
        work.add(Grant, id="grant-sam-gz", person_id="sam", role="supervisor", site_id="site-gz")
        case = work.add(
            conflicts.Conflict, id="far", rule="X8", site_id="site-gz", opened_at=work.now - 2 * DAY, facts={"text": "690"},
            assigned_to="gina", state="assigned", device_id="device-Z9",
        )  # fmt: skip
        work.add(
            conflicts.Occurrence, id="far-1", conflict_id=case.id, number=1, at=work.now, evidence={"receipt_id": "r"}
        )

    world.database.write(SYSTEM, elsewhere)
    shipped(world, 2)
    filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", 2)
    world.a.sync()
    world.b.scan("cleo", "first", "first-1", "kettle", 1)
    over = world.b.sync()[-1].conflict
    world.clock.forward(3 * HOUR)
    draft(world)
    world.a.do("sam", "edit_return", id=R_1001, set={"note": "device"}, was={"note": ""})
    world.desk("sally", "edit_return", id=R_1001, set={"note": "server"}, was={"note": ""})
    note = world.a.sync()[-1].conflict
    return {"over": over, "note": note, "far": "far"}


def decided(browser: Browser, kind: str, id: str, **decision: Any) -> Any:
    return browser.send("POST", f"/api/decisions/{kind}/{id}", decision, **{"Idempotency-Key": uuid7()})


def several(browser: Browser, *decisions: dict[str, Any]) -> Any:
    return browser.send(
        "POST", "/api/decision-previews", {"decisions": list(decisions)}, **{"Idempotency-Key": uuid7()}
    )


def found(browser: Browser, inbox: dict[str, str], **query: Any) -> set[str]:
    answer = browser.get("/api/conflicts", **query)
    assert answer.status_code == 200, answer.text
    ids = {id: name for name, id in inbox.items()}
    assert answer.json()["total"] == len(answer.json()["rows"])
    return {ids[row["id"]] for row in answer.json()["rows"]}


def test_it_is_narrowed_by_rule_severity_site_age_device_state_and_assignee(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    sam = doors.person("sam")
    assert found(sam, inbox) == {"over", "note", "far"}
    assert found(sam, inbox, rule="X14") == {"note"}
    assert found(sam, inbox, severity="blocking") == {"over"}
    assert found(sam, inbox, severity="advisory") == {"note", "far"}
    assert found(sam, inbox, site=SITE) == {"over", "note"}
    assert found(sam, inbox, age=24) == {"far"}
    assert found(sam, inbox, age=3) == {"over", "far"}
    assert found(sam, inbox, device="device-B1") == {"over"}
    assert found(sam, inbox, assignee="nobody") == {"over", "note"}
    assert found(sam, inbox, assignee="gina") == {"far"}
    assert found(sam, inbox, assignee="me") == set()

    key = {"Idempotency-Key": uuid7()}
    answer = sam.send("POST", f"/api/conflicts/{inbox['note']}/assignment", {"person_id": "sam"}, **key)
    assert answer.status_code == 200, answer.text
    assert found(sam, inbox, assignee="me") == {"note"}
    assert found(sam, inbox, state="assigned") == {"note", "far"}
    assert found(
        sam, inbox, state="open", site=SITE, rule="X1", severity="blocking", device="device-B1", assignee="nobody"
    ) == {"over"}

    world.desk("sam", "resolve_conflict", conflict_id=inbox["note"], option="keep_server")
    assert found(sam, inbox) == {"over", "far"}
    assert found(sam, inbox, state="resolved") == {"note"}
    assert found(sam, inbox, state="resolved,open") == {"over", "note"}
    assert found(sam, inbox, state="all") == {"over", "note", "far"}


def test_one_a_handheld_answered_comes_back_without_being_open_again(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    sam = doors.person("sam")
    world.desk("sam", "resolve_conflict", conflict_id=inbox["note"], option="keep_server")
    assert found(sam, inbox, state="replied") == set()
    world.a.do("cleo", "reply_to_conflict", reply_id="r1", conflict_id=inbox["note"], text="the label says otherwise")
    world.a.sync()
    assert found(sam, inbox, state="replied") == {"note"}
    assert inbox["note"] in {row["id"] for row in sam.get("/api/todo").json()["conflicts"]}
    row = sam.get("/api/conflicts", state="replied").json()["rows"][0]
    assert (row["state"], row["replied_at"]) == ("resolved", world.clock.now)

    answer = sam.send("POST", f"/api/conflicts/{inbox['note']}/replies/reading", **{"Idempotency-Key": uuid7()})
    assert answer.status_code == 200, answer.text
    assert found(sam, inbox, state="replied") == set()
    assert inbox["note"] not in {row["id"] for row in sam.get("/api/todo").json()["conflicts"]}


@pytest.mark.parametrize("who", [who for who, role in ROLES.items() if role in ("operator", "inspector", "")])
def test_who_has_no_desk_has_no_inbox(inbox: dict[str, str], doors: Doors, who: str) -> None:
    for path in ("/api/conflicts", "/api/conflict-figures", "/api/todo", f"/api/conflicts/{inbox['over']}"):
        assert doors.person(who).get(path).status_code in (403, 404), path


@pytest.mark.parametrize("who", ["rita", "sally", "otto", "ada"])
def test_who_may_look_may_not_decide(inbox: dict[str, str], doors: Doors, who: str) -> None:
    browser = doors.person(who)
    here = {"over", "note"} if who != "ada" else {"over", "note", "far"}  # a right at one site shows that site
    assert found(browser, inbox) == here
    would = browser.get(f"/api/decisions/conflict/{inbox['over']}/previews").json()["rows"]
    assert {each["refused"] for each in would} == {"You do not have the right to do this here."}
    answer = decided(browser, "conflict", inbox["over"], option="keep_both", note="x")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert {group["value"] for group in browser.get("/api/todo").json()["groups"]} == {0}  # cost is for who decides


def test_it_says_by_when_each_is_to_be_decided(inbox: dict[str, str], doors: Doors) -> None:
    rows = {row["rule"]: row for row in doors.person("sam").get("/api/conflicts").json()["rows"]}
    assert {rule: row["due_at"] - row["opened_at"] for rule, row in rows.items()} == {
        "X1": 24 * HOUR, "X14": 72 * HOUR, "X8": 72 * HOUR,
    }  # fmt: skip


# Grouped by cause


def groups(doors: Doors, who: str = "sam") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = doors.person(who).get("/api/todo").json()["groups"]
    return rows


def test_what_one_handheld_brought_in_one_go_about_several_orders_is_one_group(
    world: World, desk: Desk, doors: Doors
) -> None:
    desk.file_r_1001()
    for order in ("w1", "w2"):
        world.a.do("cleo", "open_return_without_order", order_id=order, number=f"RT-{order}", site_id=SITE)
        world.a.scan("cleo", order, f"{order}-x", "", 2, text=f"69{order}")
    world.a.sync()
    world.clock.forward(HOUR)
    world.a.scan("cleo", R_1001, "mystery", "", 1, text="6901234567892")
    world.a.sync()
    (together,) = [group for group in groups(doors) if group["cause"] == "device"]
    assert (together["device"]["code"], len(together["entries"]), together["units"]) == ("A1", 2, 4)
    assert sum(len(group["entries"]) for group in groups(doors)) == len({
        (entry["kind"], entry["id"]) for group in groups(doors) for entry in group["entries"]
    })  # fmt: skip


def test_what_is_about_one_order_stands_together_and_the_largest_effect_stands_first(
    world: World, desk: Desk, doors: Doors
) -> None:
    desk.file_r_1001()
    world.a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.a.scan("cleo", R_1001, "mystery", "", 1, text="6901234567892")
    world.a.sync()
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.b.sync()
    first = groups(doors)[0]
    assert (first["cause"], first["order"]["number"], first["blocking"]) == ("order", "R-1001", True)
    assert [entry["units"] for entry in first["entries"]] == [2, 1]
    assert first["value"] == 2 * 90_000
    weights = [(not group["blocking"], -group["value"], -group["units"]) for group in groups(doors)]
    assert weights == sorted(weights)


def test_two_conflicts_about_the_same_goods_weigh_what_those_goods_weigh_once(
    world: World, desk: Desk, doors: Doors
) -> None:
    desk.file_r_1001()
    for serial in ("S1", "S2"):
        for handheld in (world.a, world.b):
            handheld.scan("cleo", R_1001, "cameras", "camera", serial=serial)
            handheld.sync()
    first = groups(doors)[0]
    assert ([entry["units"] for entry in first["entries"]], first["units"], first["value"]) == ([4, 4], 4, 4 * 90_000)


def test_what_several_currencies_cost_is_not_added_up(world: World, desk: Desk, doors: Doors) -> None:
    desk.file_r_1001()
    for handheld in (world.a, world.b):
        handheld.scan("cleo", R_1001, "cameras", "camera", serial="S1")
        handheld.sync()
    (one,) = [group for group in groups(doors) if group["value"]]
    assert (one["value"], one["currency"], one["units"]) == (2 * 90_000, "CNY", 2)

    def in_pounds(work: Any) -> None:
        work.get(Item, "camera").currency = "GBP"

    world.database.write(SYSTEM, in_pounds)
    (one,) = [group for group in groups(doors) if group["value"]]
    assert (one["value"], one["currency"]) == (2 * 90_000, "GBP")

    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.inspect("ines", "kettles", 3)
    world.a.sync()
    world.b.inspect("sam", "kettles", 3, verdict="fail", grade="C", checks=FAILED)
    world.b.sync()
    (both,) = [group for group in groups(doors) if group["cause"] == "order"]
    assert (both["value"], both["currency"], both["units"]) == (0, "", 5)
    kettles, cameras = both["entries"]  # by their number: their values are not compared
    assert (kettles["value"], kettles["currency"]) == (3 * 8_000, "CNY")
    assert (cameras["value"], cameras["currency"]) == (2 * 90_000, "GBP")


def test_an_alert_about_no_goods_stands_above_what_weighs_nothing_the_graver_the_higher(
    world: World, doors: Doors
) -> None:
    def happen(work: Any) -> None:
        work.add(conflicts.Conflict, id="held", rule="X7", site_id=SITE, opened_at=1, blocking=True, facts={})
        work.add(conflicts.Conflict, id="loose", rule="X8", site_id=SITE, opened_at=1, facts={})
        for severity in ("info", "warning", "critical"):
            work.add(Alert, id=severity, rule="negative_stock", severity=severity, site_id=SITE, first_at=2)

    world.database.write(SYSTEM, happen)
    order = [group["entries"][0]["id"] for group in groups(doors)]
    assert order == ["critical", "held", "warning", "loose", "info"]


def test_one_lot_that_came_wrong_on_two_orders_is_one_group(world: World, doors: Doors) -> None:
    shipped(world, 4)
    for order in ("first", "second"):
        filed(world, order, 2)
        handheld = world.a if order == "first" else world.b
        handheld.scan("cleo", order, f"{order}-1", "kettle", lot="L2")
        handheld.sync()
    (lot,) = [group for group in groups(doors) if group["cause"] == "lot"]
    assert (lot["lot"], len(lot["entries"])) == ("L2", 2)


# Several at once


def test_a_groups_preview_is_what_deciding_them_one_after_the_other_does(world: World, doors: Doors) -> None:
    world.desk.file_r_1001()
    cases = []
    for serial in ("S1", "S2"):
        for handheld in (world.a, world.b):
            handheld.scan("cleo", R_1001, "cameras", "camera", serial=serial)
            results = handheld.sync()
        cases.append(results[-1].conflict)
    sam = doors.person("sam")
    together = [{"kind": "conflict", "id": id, "option": "keep_earlier"} for id in cases]
    would = several(sam, *together).json()
    assert {(e["status"], e["quantity"], e["value"]) for e in would["stock"]} == {
        ("quarantine", -2, -180_000),
        ("out", 2, 180_000),
    }
    assert [(e["field"], e["before"], e["after"]) for e in would["fields"] if e["field"] == "received"] == [
        ("received", 4, 2)
    ]
    assert would["refused"] == {}
    for id in cases:
        world.desk("sam", "resolve_conflict", conflict_id=id, option="keep_earlier")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "cameras").received == 2

    again = several(sam, *together).json()
    assert again["stock"] == [] and set(again["refused"]) == set(cases)


def test_several_of_different_kinds_have_one_preview_and_each_says_why_it_cannot(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    world.database.write(
        SYSTEM, lambda work: work.add(Alert, id="late", rule="review_overdue", site_id=SITE, subject="x")
    )
    sam = doors.person("sam")
    mixed = [
        {"kind": "conflict", "id": inbox["note"], "option": "take_device"},
        {"kind": "alert", "id": "late", "option": "resolve"},
        {"kind": "review", "id": "first", "option": "approve"},
    ]
    would = several(sam, *mixed).json()
    assert {(e["kind"], e["field"], e["after"]) for e in would["fields"]} == {
        ("ReturnOrder", "note", "device"), ("Alert", "state", "resolved"),
    } | {(e["kind"], e["field"], e["after"]) for e in would["fields"] if e["field"] == "revision"}  # fmt: skip
    assert set(would["refused"]) <= {"first"}
    assert sam.get(f"/api/conflicts/{inbox['note']}").json()["conflict"]["state"] == "open"


def test_a_groups_preview_knows_what_it_is_asked(inbox: dict[str, str], doors: Doors) -> None:
    sam = doors.person("sam")
    one = {"kind": "conflict", "id": inbox["note"], "option": "keep_first"}
    for asked in ([one], [], [one] * 101, [one | {"kind": "nothing"}]):
        answer = several(sam, *asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert several(sam, one | {"id": "nowhere"}).status_code == 404
    assert sam.get(f"/api/conflicts/{inbox['over']}").json()["conflict"]["state"] == "open"


# One conflict


def test_it_says_where_its_goods_stand_and_in_which_zone(world: World, desk: Desk, doors: Doors) -> None:
    desk.file_r_1001()
    world.a.scan("cleo", R_1001, "cameras", "camera", serial="S1", container_id="", bin_id="bin-exception")
    world.a.sync()
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1", container_id="", bin_id="bin-quarantine")
    id = world.b.sync()[-1].conflict
    sam = doors.person("sam")
    stands = sam.get(f"/api/conflicts/{id}").json()["stands"]
    assert sorted((each["zone_kind"], each["bin"], each["quantity"]) for each in stands) == [
        ("exception", "SH-EXCEPTION-01", 1), ("quarantine", "SH-QUARANTINE-01", 1),
    ]  # fmt: skip
    would = next(
        row
        for row in sam.get(f"/api/decisions/conflict/{id}/previews").json()["rows"]
        if row["option"] == "keep_earlier"
    )
    assert {(e["zone_kind"], e["quantity"]) for e in would["stock"]} == {("quarantine", -1), ("", 1)}


def test_it_says_whose_clock_was_wrong_and_by_how_much(world: World, doors: Doors, inbox: dict[str, str]) -> None:
    def wrong(work: Any) -> None:
        work.get(Device, "device-B1").skew_ms = 7 * 60_000

    world.database.write(SYSTEM, wrong)
    page = doors.person("sam").get(f"/api/conflicts/{inbox['over']}").json()
    assert page["occurrences"][-1]["skew_ms"] == 7 * 60_000
    assert doors.person("sam").get("/api/conflicts/far").json()["occurrences"][0]["skew_ms"] == 0


def test_it_says_who_wrote_the_servers_value_as_long_as_it_is_that_one(
    world: World, doors: Doors, inbox: dict[str, str]
) -> None:
    path = f"/api/conflicts/{inbox['note']}"
    (wrote,) = doors.person("sam").get(path).json()["writers"].values()
    assert (wrote["by_name"], wrote["device"], wrote["at"]) == ("Sally", None, world.clock.now)
    world.desk("sally", "edit_return", id=R_1001, set={"note": "server, again"}, was={"note": "server"})
    assert doors.person("sam").get(path).json()["writers"] == {}


def test_what_a_decision_set_aside_is_shown_previewed_and_put_back_by_whoever_may(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    world.desk("sam", "resolve_conflict", conflict_id=inbox["note"], option="keep_server")
    path = f"/api/conflicts/{inbox['note']}"
    for who in ("rita", "sally", "otto"):
        (lost,) = doors.person(who).get(path).json()["lost"]
        assert (lost["kind"], lost["told"]["value"], lost["restorable"]) == ("value", "device", True)
    sam = doors.person("sam")
    would = sam.get(f"{path}/restoration", lost=lost["key"]).json()
    assert [(e["field"], e["after"]) for e in would["fields"]] == [("note", "device")]
    stale = sam.send(
        "POST", f"{path}/restoration", {"lost": lost["key"], "shown": "another"}, **{"Idempotency-Key": uuid7()}
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    answer = sam.send(
        "POST", f"{path}/restoration", {"lost": lost["key"], "shown": would["shown"]}, **{"Idempotency-Key": uuid7()}
    )
    assert answer.status_code == 200, answer.text
    assert sam.get(f"/api/returns/{R_1001}").json()["order"]["note"] == "device"
    (now,) = sam.get(path).json()["lost"]
    assert (now["told"]["value"], now["put_back_at"]) == ("server", 0)


def test_the_second_of_two_supervisors_is_told_who_was_first_and_when(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    world.desk("sam", "resolve_conflict", conflict_id=inbox["note"], option="keep_server")
    answer = doors.person("sam").send(
        "POST", f"/api/conflicts/{inbox['note']}/resolution", {"option": "take_device"}, **{"Idempotency-Key": uuid7()}
    )
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "stale")
    assert (told["by"], told["at"], told["option"]) == ("sam", world.clock.now, "keep_server")


def test_what_a_demoted_rule_advises_on_is_kept_and_leaves_to_do_until_somebody_restores_the_rule(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    sam = doors.person("sam")

    def stands() -> set[str]:
        return {row["id"] for row in sam.get("/api/todo", site=SITE).json()["conflicts"]}

    def demote(who: str, rule: str, reason: str = "nobody acts on it") -> Any:
        body = {"site_id": SITE, "rule": rule, "reason": reason}
        return doors.person(who).send("POST", "/api/demotions", body, **{"Idempotency-Key": uuid7()})

    def lighter(work: Work) -> None:
        work.get(Conflict, inbox["note"]).blocking = False

    world.database.write(SYSTEM, lighter)
    assert stands() == {inbox["note"], inbox["over"]}
    assert demote("otto", "X14").status_code == 403
    assert (demote("sam", "X99").status_code, demote("sam", "X14", " ").status_code) == (422, 422)
    assert [demote("sam", rule).json()["status"] for rule in ("X14", "X14", "X1")] == ["applied", "noop", "applied"]
    assert stands() == {inbox["over"]}, "what holds goods back stands there whatever is demoted"
    assert sam.get("/api/waiting", site=SITE).json()["totals"]["conflict"] == 1
    listed = {row["id"] for row in sam.get("/api/conflicts", site=SITE).json()["rows"]}
    assert listed == {inbox["note"], inbox["over"]}

    noisy = sam.get("/api/conflict-figures", site=SITE).json()["noisy"]
    (told,) = next(row["demoted"] for row in noisy if row["rule"] == "X14")
    assert (told["site"]["id"], told["by_name"], told["reason"]) == (SITE, "Sam", "nobody acts on it")
    answer = sam.send(
        "POST", f"/api/demotions/{told['id']}/ending", {"reason": "it matters again"}, **{"Idempotency-Key": uuid7()}
    )
    assert answer.json()["status"] == "applied"
    assert stands() == {inbox["note"], inbox["over"]}
    demote("sam", "X14")
    sam.send("POST", f"/api/conflicts/{inbox['note']}/assignment", {"person_id": "sam"}, **{"Idempotency-Key": uuid7()})
    assert inbox["note"] in stands(), "somebody was asked to see to it"
    kinds = [row["kind"] for row in sam.get("/api/events", subject=told["id"]).json()["rows"]]
    assert sorted(kinds) == ["RuleDemoted", "RuleRestored"]


# How it goes


def test_the_figures_count_breaches_for_every_thousand_things_done(
    inbox: dict[str, str], doors: Doors, world: World
) -> None:
    world.clock.forward(2 * HOUR)
    world.desk("sam", "resolve_conflict", conflict_id=inbox["note"], option="keep_server")
    figures = doors.person("sam").get("/api/conflict-figures", site=SITE).json()
    assert figures["breaches"] == 2
    rules = {row["id"]: row for row in figures["rules"]}
    assert (rules["X1"]["breaches"], rules["X1"]["closed"]) == (1, 0)
    assert (rules["X14"]["closed"], rules["X14"]["median_ms"]) == (1, 2 * HOUR)
    assert rules["X1"]["per_1000"] == round(1000 / figures["mutations"], 1)
    devices = {row["name"]: (row["breaches"], row["mutations"], row["per_1000"]) for row in figures["devices"]}
    assert devices == {"A1": (1, 2, 500.0), "B1": (1, 1, 1000.0)}
    assert {row["name"] for row in figures["people"]} == {"Cleo", "Sam"}

    def waved_through(work: Work) -> None:
        for n, state in enumerate(["dismissed"] * 7 + ["auto_resolved"] * 2 + ["resolved"]):
            work.add(
                Conflict,
                id=f"noise-{n}",
                rule="X8",
                site_id=SITE,
                state=state,
                blocking=False,
                opened_at=work.now - HOUR,
                resolved_at=work.now,
            )
            work.add(Occurrence, conflict_id=f"noise-{n}", mutation_id=f"m-{n}", at=work.now - 30 * DAY)
        for n, zone in enumerate(["dock", "dock", "sellable"]):
            work.add(StockEntry, id=f"e-{n}", site_id=SITE, bin_id=f"bin-{zone}", at=work.now, mutation_id=f"here-{n}")
        work.add(Occurrence, conflict_id="noise-0", mutation_id="here-2", at=work.now)

    world.database.write(SYSTEM, waved_through)
    figures = doors.person("sam").get("/api/conflict-figures", site=SITE).json()
    noise = figures["noisy"][0]
    assert (noise["rule"], noise["closed"], noise["acted"], noise["noisy"]) == ("X8", 10, 1, True)
    zones = {row["name"]: (row["breaches"], row["per_1000"]) for row in figures["zones"]}
    assert zones["sellable"] == (1, 1000.0)
    assert "dock" not in zones
    world.clock.forward(3 * DAY)

    def over(days: int) -> tuple[int, int]:
        with world.database.read(SYSTEM) as work:
            figures = conflict_figures(work, site=SITE, days=days)
        return figures["breaches"], len(figures["rules"])

    assert (over(2), over(4)) == ((0, 0), (3, 3))
