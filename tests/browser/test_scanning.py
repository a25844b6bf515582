"""Scanning by hardware, in a real browser: however a scanner types, wherever the focus went, with an input method on; and never by hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from .conftest import scan
from .play import Pda, Play, counted, line, open_parcel, playing, said
from .stage import CAMERA, KETTLE, LAMP

NOT_A_BOUNCE = 450  # ms


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("scanning")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def dock(play: Play) -> Pda:
    return play.handheld("cleo", "Dock 5")


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 5")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def code_of(character: str) -> tuple[str, int]:
    """The key of an American keyboard that types it, and whether with Shift."""
    if character.isdigit():
        return f"Digit{character}", 0
    if character.isalpha():
        return f"Key{character.upper()}", 8 if character.isupper() else 0
    return {"-": "Minus", ":": "Semicolon"}[character], 8 if character == ":" else 0


def type_through_an_input_method(page: Page, keys: CDPSession, text: str, makes: str) -> None:
    """An input method takes every key and puts in what it makes of them."""
    for n, character in enumerate(text):
        code, shift = code_of(character)
        keys.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": code, "modifiers": shift},
        )
        keys.send(
            "Input.imeSetComposition", {"text": text[: n + 1].lower(), "selectionStart": n + 1, "selectionEnd": n + 1}
        )
        keys.send(
            "Input.dispatchKeyEvent", {"type": "keyUp", "windowsVirtualKeyCode": 229, "key": character, "code": code}
        )
    keys.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "Enter"},
    )
    keys.send("Input.insertText", {"text": makes})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", "windowsVirtualKeyCode": 13, "key": "Enter", "code": "Enter"})


def test_with_an_input_method_on_the_keys_count_and_not_what_it_makes_of_them(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    keys = page.context.new_cdp_session(page)
    waybill = play.waybill()
    type_through_an_input_method(page, keys, waybill, makes="顺丰")
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)
    scan(page, order.number)
    expect(page.get_by_test_id("parcel")).to_contain_text(order.number)
    for n in (1, 2):
        type_through_an_input_method(page, keys, KETTLE, makes="很多")
        counted(page, f"{n}/9")
        page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, KETTLE)  # it has been switched off
    counted(page, "3/9")

    # Systems that name no keys: the finished text is all there is, full-width or not.
    page.wait_for_timeout(NOT_A_BOUNCE)
    for n, text in ((4, KETTLE), (5, "".join(chr(ord(digit) + 0xFEE0) for digit in KETTLE))):
        keys.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
        keys.send("Input.insertText", {"text": text})
        page.keyboard.press("Enter")
        counted(page, f"{n}/9")
        page.wait_for_timeout(NOT_A_BOUNCE)


def test_a_code_that_an_input_method_has_changed_is_told_and_nothing_is_recorded(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.page
    open_parcel(dock, order)
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "shun", "selectionStart": 4, "selectionEnd": 4})
    keys.send("Input.insertText", {"text": "顺丰一二三"})
    page.keyboard.press("Enter")
    said(page, "warn", "input method changed this code")
    assert play.received(order) == {}


def test_what_surrounds_a_code_is_taken_off_and_the_identifier_is_kept(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    dock.go("device")
    page.get_by_test_id("scanner-prefix").fill("~~")
    page.get_by_test_id("scanner-suffix").fill("#")
    page.get_by_test_id("scanner-suffix").blur()
    page.get_by_test_id("back").click()
    open_parcel(dock, order)
    for n, text in enumerate(
        (f"~~{KETTLE}#", f"~~]E0{KETTLE}#", f"]E0{KETTLE}", f"~~]C101{KETTLE.zfill(14)}10LOT-7#"), 1
    ):
        page.wait_for_timeout(NOT_A_BOUNCE)
        page.keyboard.type(text, delay=1)
        page.keyboard.press("Tab")
        counted(page, f"{n}/9")
    dock.go("device")
    page.get_by_test_id("scanner-prefix").fill("")
    page.get_by_test_id("scanner-suffix").fill("")
    page.get_by_test_id("scanner-suffix").blur()
    page.wait_for_timeout(200)


def test_scans_find_their_way_after_another_window_and_open_no_soft_keyboard(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    open_parcel(dock, order)
    other = dock.context.new_page()
    other.bring_to_front()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('blur')); document.activeElement.blur(); dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(150)
    page.keyboard.insert_text(KETTLE)
    counted(page, "1/9")
    other.close()
    # What has the focus either cannot be typed into or asks for no keyboard.
    asks = "() => { const at = document.activeElement; return /^(INPUT|TEXTAREA)$/.test(at.tagName) && at.inputMode !== 'none' }"
    for where in ("receive", "inspect", "put-away", "sign-for", "device", "sync", ""):
        dock.go(where)
        page.wait_for_timeout(150)
        assert not page.evaluate(asks), where


def test_the_enters_that_follow_a_code_press_nothing_even_for_who_walks_by_keyboard(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    waybill = open_parcel(dock, order)
    page.wait_for_timeout(500)  # what follows a code at once is still the scanner's
    for _ in range(80):  # to the button that would close the parcel
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset.testid") == "primary":
            break
    else:
        pytest.fail("the button cannot be reached by keyboard")
    page.wait_for_timeout(500)
    page.keyboard.type(KETTLE, delay=1)
    for _ in range(2):  # a scanner that sends CR and LF
        page.keyboard.press("Enter")
    counted(page, "1/9")
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")  # a person's own
    said(page, "ok", "Parcel finished")


def test_a_scan_into_a_field_that_was_left_open_is_a_scan_and_what_was_typed_there_stays(
    play: Play, bench: Pda
) -> None:
    order = bench.knows("ines", play.received_return(camera=2))
    page = bench.page
    bench.go("inspect")
    scan(page, order.serials[0])
    expect(page.get_by_test_id("bench")).to_contain_text(order.serials[0])
    note = page.get_by_test_id("bench-note")
    note.click()
    page.keyboard.type("lens cap is missing", delay=30)  # quick, and yet no scan: no Enter follows at once
    page.wait_for_timeout(300)
    for grade, every in (("B", 1), ("C", 20)):
        note.click()
        page.wait_for_timeout(300)
        scan(page, f"RSTW:GRADE-{grade}", every)
        expect(note).to_have_value("lens cap is missing")
        expect(page.get_by_test_id("grade")).to_have_attribute("data-grade", grade)
    scan(page, "RSTW:DONE")
    expect(page.get_by_test_id("bench")).to_have_count(0)


def test_a_key_held_down_is_no_scan(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.page
    open_parcel(dock, order)
    before = page.get_by_test_id("last-result").get_attribute("data-count")
    for _ in range(20):
        page.keyboard.down("7")  # the second and all after it are repetitions
    page.keyboard.up("7")
    page.wait_for_timeout(600)
    expect(page.get_by_test_id("last-result")).to_have_attribute("data-count", before or "0")


# —— what stands between a scan and its being done —————————————————————————————————————————————————————————————————————


def the_same_serial_twice(page: Page, serial: str) -> None:
    for _ in range(2):
        scan(page, CAMERA)
        expect(page.get_by_test_id("sheet-serial")).to_be_visible()
        scan(page, serial)
        expect(page.get_by_test_id("sheet-serial")).to_have_count(0)
        page.wait_for_timeout(NOT_A_BOUNCE)
    expect(page.get_by_test_id("alarm")).to_contain_text("The same serial twice")


def test_an_alarm_and_the_scans_behind_it_outlast_a_crash(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(camera=3, kettle=5, lamp=5))
    page = dock.page
    open_parcel(dock, order)
    the_same_serial_twice(page, "CAM-7001")
    for text in (KETTLE, LAMP, KETTLE):
        scan(page, text)
        page.wait_for_timeout(NOT_A_BOUNCE)
    expect(page.get_by_test_id("alarm-waiting")).to_contain_text("3 more")

    page = dock.reopen("receive")
    expect(page.get_by_test_id("alarm")).to_contain_text("The same serial twice")
    expect(page.get_by_test_id("alarm-waiting")).to_contain_text("3 more")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "0")
    scan(page, LAMP)
    expect(page.get_by_test_id("alarm-waiting")).to_contain_text("4 more")
    scan(page, "RSTW:OK")
    expect(page.get_by_test_id("alarm")).to_have_count(0)
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "2")
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "2")
    page = dock.reopen("receive")  # understood once is understood
    expect(page.get_by_test_id("alarm")).to_have_count(0)
    dock.uploaded()
    assert play.received(order) == {"camera": 1, "kettle": 2, "lamp": 2}


def test_a_question_and_the_scans_behind_it_outlast_a_crash(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(camera=3, kettle=5))
    page = dock.page
    open_parcel(dock, order)
    scan(page, CAMERA)
    expect(page.get_by_test_id("sheet-serial")).to_be_visible()
    page = dock.reopen(None)  # an installed app goes on where it was
    expect(page.get_by_test_id("sheet-serial")).to_be_visible()  # the same question, of the same scan
    scan(page, "350123456789012")  # an IMEI looks like a waybill; here it is what was asked for
    expect(line(page, "RED-CAMERA")).to_have_attribute("data-received", "1")

    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, CAMERA)
    expect(page.get_by_test_id("sheet-serial")).to_be_visible()
    scan(page, "RSTW:NEXT")  # nobody can read its number
    expect(line(page, "RED-CAMERA")).to_have_attribute("data-received", "2")
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, CAMERA)
    expect(page.get_by_test_id("sheet-serial")).to_be_visible()
    scan(page, "RSTW:UNDO")  # it was not to be counted at all
    expect(page.get_by_test_id("sheet-serial")).to_have_count(0)
    counted(page, "−1")
    expect(line(page, "RED-CAMERA")).to_have_attribute("data-received", "2")
    dock.uploaded()
    assert play.received(order) == {"camera": 2}
