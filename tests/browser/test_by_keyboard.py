"""A shift with a keyboard alone: no touch, no mouse, no scanner. Whoever cannot use a touch screen can work."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.dispositions import Disposition
from server.domain.inspections import Inspection
from server.domain.people import Grant
from server.domain.permissions import SYSTEM
from tests.cast import SITE

from .play import Pda, Play, counted, line, playing, said
from .stage import CAMERA, KETTLE, PIN, SHELF

BY_HAND = 110  # ms between two keys


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("keyboard")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    """Ines may receive here as well."""
    grant = {"id": "ines-receives", "person_id": "ines", "role": "operator", "site_id": SITE}
    play.database.write(SYSTEM, lambda work: work.add(Grant, **grant))
    return play.handheld("ines", "Bench 9")


def walk_to(page: Page, testid: str) -> None:
    """With Tab, as far as it takes."""
    page.get_by_test_id(testid).first.wait_for()
    for _ in range(120):
        if page.evaluate("document.activeElement?.dataset.testid") == testid:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{testid} cannot be reached by keyboard")


def press(page: Page, testid: str) -> None:
    walk_to(page, testid)
    page.wait_for_timeout(350)  # a hand's own time
    page.keyboard.press("Enter")


def write(page: Page, text: str) -> None:
    page.keyboard.type(text, delay=BY_HAND)


def enter_code(page: Page, text: str) -> None:
    press(page, "type-code")
    expect(page.get_by_test_id("type-input")).to_be_focused()
    write(page, text)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sheet-type")).to_have_count(0)


def test_a_return_is_received_inspected_and_put_away_with_the_keyboard_alone(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.approved_return(kettle=3, camera=2))
    page = bench.page
    bench.go("")
    page.evaluate("addEventListener('pointerdown', () => window.touched = true, true)")

    # another person, and back: by name, and a PIN typed on keys
    press(page, "who")
    press(page, "switch-person")
    page.get_by_test_id("sign-in").wait_for()
    press(page, "recent-person")
    page.get_by_test_id("pin-pad").wait_for()
    page.wait_for_timeout(350)
    write(page, PIN)
    page.keyboard.press("Enter")
    page.get_by_test_id("sync-pill").wait_for()
    press(page, "back")

    enter_code(page, play.waybill())
    expect(page.get_by_test_id("parcel")).to_be_visible()
    enter_code(page, order.number)
    expect(page.get_by_test_id("parcel")).to_contain_text(order.number)
    enter_code(page, KETTLE)
    counted(page, "1/3")
    press(page, "more")
    press(page, "action-quantity")
    page.get_by_test_id("quantity-pad").wait_for()
    for _ in range(60):  # the pad's 3, then the button below it
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset.key") == "3":
            break
    page.keyboard.press("Enter")
    press(page, "quantity-send")
    counted(page, "3/3")

    # the same serial twice: the alarm is understood by holding the space bar, and by nothing less
    for _ in range(2):
        enter_code(page, CAMERA)
        walk_to(page, "serial-input")
        write(page, "KEY-1")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("sheet-serial")).to_have_count(0)
    alarm = page.get_by_test_id("alarm")
    expect(alarm).to_be_visible()
    walk_to(page, "alarm-hold")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    expect(alarm).to_be_visible()
    page.keyboard.down("Space")
    expect(alarm).to_have_count(0)
    page.keyboard.up("Space")
    expect(line(page, "RED-CAMERA")).to_have_attribute("data-received", "1")
    press(page, "primary")
    said(page, "ok", "Parcel finished")
    press(page, "back")

    press(page, "count-inspect")
    enter_code(page, "KEY-1")
    expect(page.get_by_test_id("bench")).to_contain_text("KEY-1")
    press(page, "appearance-fail")
    expect(page.get_by_test_id("check-appearance")).to_have_attribute("data-outcome", "fail")
    press(page, "defect-SCRATCH")
    walk_to(page, "bench-note")
    write(page, "a long scratch")
    page.wait_for_timeout(400)
    press(page, "grade-D")
    press(page, "kind-scrap")
    press(page, "primary")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    enter_code(page, KETTLE)
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "3")
    press(page, "primary")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    press(page, "back")

    press(page, "count-put")
    enter_code(page, KETTLE)
    said(page, "ok")
    enter_code(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")
    assert not page.evaluate("window.touched")

    bench.uploaded()
    found = {one.serial: one for one in play.books(Inspection, Inspection.order_id == order.id)}
    assert (found["KEY-1"].verdict, found["KEY-1"].grade, found["KEY-1"].note) == ("fail", "D", "a long scratch")
    kinds = {one.item_id: (one.kind, one.put_away) for one in play.books(Disposition, Disposition.order_id == order.id)}
    assert kinds == {"camera": ("scrap", 0), "kettle": ("restock", 1)}
