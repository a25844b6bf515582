"""What the inbox promises to supervisors, in real browsers: every rule on one screen, two who decide at once, and no value ever lost."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.config import Config
from server.database import Database
from server.domain import tables
from server.domain.catalog import Item
from server.domain.conflict_rules import RULES
from server.domain.conflicts import Conflict
from server.domain.devices import Device
from server.domain.people import Grant, Person
from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnOrder
from server.domain.work import Work
from server.sync.shapes import BY_MODEL
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, Clock
from tests.domain.breaches import BREACHES, World, same_field_twice, serial_twice

from .conftest import DESK, HANDHELD
from .play import MINUTE, Play, playing

STAY = {"Person", "Grant", "Session", "Throttle", "Device", "Setting", "Owner", "Site", "Zone", "Bin", "Item", "Barcode", "Customer",
        "ReturnType", "Carrier", "DefectCode", "OneTimeCode", "Supplier", "ReturnReason"}  # fmt: skip


class Inbox:
    """A served database in which one clash after another happens, each as if it were the only one."""

    def __init__(self, play: Play, patch: pytest.MonkeyPatch) -> None:
        self.play, self.patch = play, patch
        self.clock = Clock()
        config = Config.from_env({"RESTOW_DATA": str(play.data)})
        self.database = Database(config.database_url, BY_MODEL, self.clock)

    def breach(self, rule: Any) -> str:
        """Makes the clash an hour ago; returns its conflict's id."""
        self.empty()
        self.clock.now = int(time.time() * 1000) - HOUR - (5 * DAY if rule in ("X15", "X17") else 0)
        a, b = Handheld(self.database, "A1"), Handheld(self.database, "B1")
        world = World(self.database, Desk(self.database), a, b, self.clock, self.patch)
        return rule(world) if callable(rule) else BREACHES[rule](world)

    def empty(self) -> None:
        def clear(work: Work) -> None:
            modules = (module for module in vars(tables).values() if hasattr(module, "__name__"))
            for model in {value for module in modules for value in vars(module).values() if isinstance(value, type)}:
                if issubclass(model, tables.Table) and hasattr(model, "__table__") and model.__name__ not in STAY:
                    for record in work.find(model):
                        work.remove(record)
            for item in work.find(Item):
                item.active, item.binds_lot = True, False
            for grant in work.find(Grant):
                grant.valid_until = ""
            for device in work.find(Device):
                device.skew_ms = device.last_seq = 0

        self.database.write(SYSTEM, clear)

    def case(self, id: str) -> Conflict:
        with self.database.read(SYSTEM) as work:
            return work.get(Conflict, id)

    def again(self, code: str) -> Handheld:
        """The same handheld, later."""
        self.clock.now = int(time.time() * 1000)
        handheld = Handheld(self.database, code)
        handheld.seq = handheld.record.last_seq
        return handheld

    def desk(self, who: str, name: str, **args: Any) -> None:
        self.clock.now = int(time.time() * 1000)
        Desk(self.database)(who, name, **args)


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("inbox")) as play:

        def another_supervisor(work: Work) -> None:
            sam = work.get(Person, "sam")
            work.add(Person, id="sue", username="sue", name="Sue", language="en", password_hash=sam.password_hash)
            work.add(Grant, id="grant-sue", person_id="sue", role="supervisor", site_id=SITE)

        play.database.write(SYSTEM, another_supervisor)
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def sam(play: Play) -> Page:
    return play.office("sam")


@pytest.fixture(scope="module")
def sue(play: Play) -> Page:
    return play.office("sue")


@pytest.fixture
def inbox(play: Play, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    found = Inbox(play, monkeypatch)
    yield found
    found.database.close()


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def opened(page: Page, play: Play, id: str) -> Page:
    page.goto(f"{play.url}/desk/conflicts/{id}")
    expect(page.get_by_test_id("decide")).to_be_visible()
    return page


# —— one conflict on one screen ———————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize("rule", BREACHES)
def test_every_rule_has_its_screen_with_each_options_effect_before_the_click(
    play: Play, inbox: Inbox, sam: Page, rule: str
) -> None:
    id = inbox.breach(rule)
    opened(sam, play, id)
    form = sam.get_by_test_id("options")
    for option in RULES[rule].options:
        box = form.get_by_test_id(f"option-box-{option}")
        expect(box).to_be_visible()
        if not RULES[rule].options[option].takes:
            expect(
                box.get_by_test_id("effect").or_(box.get_by_text(re.compile("stay as they are|Cannot be taken"))).first
            ).to_be_visible()
    suggested = form.locator(".option").first
    expect(suggested).to_contain_text("Suggested")
    expect(sam.get_by_test_id("happened")).to_contain_text("Device time")
    expect(sam.get_by_test_id("happened").get_by_test_id("clock").first).to_contain_text("agrees with the server")
    case = inbox.case(id)
    if case.blocking and sam.get_by_test_id("stands").count():
        expect(sam.get_by_test_id("stay")).to_contain_text("they stay in")
    if case.order_id:
        expect(sam.get_by_test_id("around")).to_be_visible()
    assert not re.search(r"\b(mutation|cursor|outcome|undefined|null|NaN)\b", sam.get_by_test_id("decide").inner_text())
    sam.set_viewport_size(HANDHELD)
    assert sam.evaluate("document.documentElement.scrollWidth") <= HANDHELD["width"]
    sam.set_viewport_size(DESK)


def test_a_clock_that_was_wrong_is_said_in_words(play: Play, inbox: Inbox, sam: Page) -> None:
    id = inbox.breach(serial_twice)

    def wrong(work: Work) -> None:
        work.get(Device, "device-B1").skew_ms = -7 * 60_000

    inbox.database.write(SYSTEM, wrong)
    opened(sam, play, id)
    expect(sam.get_by_test_id("happened")).to_contain_text("7 min behind the server’s")


# —— two at once ——————————————————————————————————————————————————————————————————————————————————————————————————————


def test_the_second_supervisor_is_told_who_resolved_it_without_a_reload(
    play: Play, inbox: Inbox, sam: Page, sue: Page
) -> None:
    id = inbox.breach(same_field_twice)
    opened(sam, play, id)
    opened(sue, play, id)
    sue.get_by_test_id("resolve-note").fill("I was about to")
    sam.get_by_test_id("option-keep_server").check()
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("resolved-by")).to_contain_text("Decided")
    told = sue.get_by_test_id("resolved-by")
    expect(told).to_contain_text("Already resolved by Sam", timeout=MINUTE)
    expect(told.locator("time")).to_be_visible()
    expect(told).to_contain_text("I was about to")
    expect(sue.get_by_test_id("resolve")).to_have_count(0)


def test_whoever_clicks_at_the_same_moment_is_refused_and_told_who_was_first(
    play: Play, inbox: Inbox, sam: Page, sue: Page
) -> None:
    id = inbox.breach(same_field_twice)
    opened(sam, play, id)
    opened(sue, play, id)
    sue.get_by_test_id("option-take_device").check()

    def sam_was_first(route: Route) -> None:
        if route.request.method == "POST":
            inbox.desk("sam", "resolve_conflict", conflict_id=id, option="keep_server")
        route.continue_()

    sue.route("**/api/decisions/conflict/**", sam_was_first)
    sue.get_by_test_id("resolve").click()
    expect(sue.get_by_test_id("resolved-by")).to_contain_text("Already resolved by Sam")
    sue.unroute("**/api/decisions/conflict/**")
    assert (inbox.case(id).resolved_by, inbox.case(id).resolution) == ("sam", "keep_server")


def test_an_effect_that_changed_at_the_last_moment_is_shown_again_before_anything_is_done(
    play: Play, inbox: Inbox, sam: Page
) -> None:
    id = inbox.breach(serial_twice)
    opened(sam, play, id)
    sam.get_by_test_id("option-void").check()
    sam.get_by_test_id("resolve-note").fill("neither is believed")
    effect = sam.get_by_test_id("option-box-void").get_by_test_id("effect")
    expect(effect).to_contain_text("2 → 0")

    def a_third_scan_comes(route: Route) -> None:
        if route.request.method == "POST" and not sam.evaluate("window.third"):
            sam.evaluate("window.third = true")
            third = inbox.again("B1")
            third.scan("cleo", R_1001, "cameras", "camera", serial="S1")
            third.push()
        route.continue_()

    sam.route("**/api/decisions/conflict/**", a_third_scan_comes)
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("effect-changed")).to_be_visible()
    expect(effect).to_contain_text("3 → 0")
    expect(sam.get_by_test_id("resolve-note")).to_have_value("neither is believed")
    assert inbox.case(id).state == "open"
    sam.unroute("**/api/decisions/conflict/**")
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("resolved-by")).to_contain_text("Decided")


# —— nothing is lost ——————————————————————————————————————————————————————————————————————————————————————————————————


def test_the_losing_value_stays_to_be_seen_and_is_put_back_with_its_effect_shown(
    play: Play, inbox: Inbox, sam: Page
) -> None:
    id = inbox.breach(same_field_twice)
    inbox.desk("sue", "resolve_conflict", conflict_id=id, option="keep_server")
    opened(sam, play, id)
    lost = sam.get_by_test_id("lost")
    expect(lost).to_contain_text("device")
    lost.get_by_test_id("put-back").click()
    ask = sam.get_by_test_id("put-back-ask")
    expect(ask.get_by_test_id("effect")).to_contain_text("server → device")
    sam.get_by_test_id("put-back-ask-do").click()
    expect(ask).to_have_count(0)
    expect(sam.get_by_test_id("lost")).to_contain_text("server")
    assert [order.note for order in play.books(ReturnOrder, ReturnOrder.id == R_1001)] == ["device"]


def test_the_handhelds_answer_brings_it_back_into_the_list_and_is_answered_there(
    play: Play, inbox: Inbox, sam: Page
) -> None:
    id = inbox.breach(same_field_twice)
    inbox.desk("sam", "resolve_conflict", conflict_id=id, option="keep_server")
    sam.goto(f"{play.url}/desk/conflicts?state=replied")
    expect(sam.get_by_test_id("conflict-row")).to_have_count(0)
    handheld = inbox.again("A1")
    handheld.do("cleo", "reply_to_conflict", reply_id="said", conflict_id=id, text="The box says otherwise.")
    handheld.push()
    expect(sam.get_by_test_id("conflict-row")).to_have_count(1, timeout=MINUTE)
    sam.get_by_test_id("conflict-row").click()
    expect(sam.get_by_test_id("reply")).to_contain_text("The box says otherwise.")
    expect(sam.get_by_test_id("reply-waits")).to_be_visible()
    sam.get_by_test_id("reply-text").fill("Then weigh it, please.")
    sam.get_by_test_id("reply-send").click()
    expect(sam.get_by_test_id("reply")).to_have_count(2)
    expect(sam.get_by_test_id("reply-waits")).to_have_count(0)
    assert inbox.case(id).state == "resolved"


# —— the list ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_filters_live_in_the_address_and_one_takes_a_conflict_with_one_click(
    play: Play, inbox: Inbox, sam: Page
) -> None:
    id = inbox.breach(serial_twice)
    sam.goto(f"{play.url}/desk/conflicts?rule=X2&severity=blocking&assignee=nobody")
    expect(sam.get_by_test_id("conflict-row")).to_have_count(1)
    expect(sam.get_by_test_id("due")).to_contain_text("left")
    sam.get_by_test_id("filter-assignee").select_option("me")
    expect(sam.get_by_test_id("conflict-row")).to_have_count(0)
    assert "assignee=me" in sam.url
    opened(sam, play, id)
    sam.get_by_test_id("take").click()
    expect(sam.get_by_test_id("decide")).to_contain_text("Assigned to Sam")
    sam.goto(f"{play.url}/desk/conflicts?rule=X2&assignee=me")
    expect(sam.get_by_test_id("conflict-row")).to_have_count(1)
    sam.get_by_test_id("columns").locator("summary").click()
    sam.get_by_test_id("column-site").uncheck()
    expect(sam.get_by_role("columnheader", name="Site")).to_be_hidden()
    assert "cols=" in sam.url and "assignee=me" in sam.url
    sam.keyboard.press("Escape")
    sam.get_by_test_id("figures").locator("summary").click()
    expect(sam.get_by_test_id("figures-rules")).to_contain_text("X2")


def two_cameras_twice(world: World) -> str:
    world.desk.file_r_1001()
    for serial in ("S1", "S2"):
        for handheld in (world.a, world.b):
            handheld.scan("cleo", R_1001, "cameras", "camera", serial=serial)
            results = handheld.sync()
    return str(results[-1].conflict)


def test_a_group_is_decided_from_the_list_with_one_preview_for_all(play: Play, inbox: Inbox, sam: Page) -> None:
    inbox.breach(two_cameras_twice)
    sam.goto(f"{play.url}/desk/todo")
    group = sam.get_by_test_id("todo-group").filter(has_text="R-1001")
    expect(group).to_have_attribute("data-cause", "order")
    group.get_by_test_id("todo-bulk").click()
    sam.get_by_test_id("bulk-way-conflict").select_option("keep_earlier")
    expect(sam.get_by_test_id("bulk-effect")).to_contain_text("4 → 2")
    sam.get_by_test_id("bulk-do").click()
    expect(sam.get_by_test_id("bulk-outcome")).to_contain_text("2 resolved")
    sam.get_by_test_id("bulk-close").click()
    expect(sam.get_by_test_id("todo-conflict")).to_have_count(0)
