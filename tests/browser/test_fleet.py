"""A fleet of handhelds: whether a device will do, one code for many of them, and what is left when a shift ends."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from .conftest import HANDHELD, scan
from .play import MINUTE, Play, line, open_parcel, playing
from .stage import KETTLE, LAMP


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("fleet")) as play:
        play.server.start()
        yield play


def test_a_device_is_told_whether_it_will_do_before_it_is_enrolled(play: Play) -> None:
    page = play.errors.listen(play.context(viewport=HANDHELD, has_touch=True).new_page())
    page.goto(f"{play.url}/enrol")
    page.get_by_test_id("language").get_by_text("English").click()
    page.get_by_test_id("way-check").click()
    expect(page.get_by_test_id("check-worker")).to_have_attribute("data-ok", "true")
    expect(page.get_by_test_id("check-verdict")).to_contain_text("It will do")  # this browser keeps nothing for certain
    expect(page.get_by_test_id("check-persist")).to_contain_text("add the app to the home screen")

    scanner = page.get_by_test_id("check-scanner")
    expect(scanner).to_contain_text("Scan any barcode now")
    page.keyboard.type("KET", delay=200)
    expect(scanner).to_contain_text("typed by hand")
    page.wait_for_timeout(500)
    scan(page, KETTLE)
    expect(scanner).to_contain_text("13 characters came, ended by Enter")
    expect(scanner).to_have_attribute("data-ok", "true")

    old = play.context(viewport=HANDHELD).new_page()
    old.add_init_script("delete window.CSSLayerBlockRule")
    old.goto(f"{play.url}/floor")
    told = old.get_by_test_id("too-old")
    for words in ("至少需要 Chrome 99", "没有谷歌服务的 PDA", "A PDA without Google services"):
        expect(told).to_contain_text(words)


def test_one_code_enrols_a_trolley_of_handhelds_until_it_is_withdrawn(play: Play) -> None:
    sam = play.office("sam", "/desk/devices")
    sam.get_by_test_id("enrol").click()
    sam.get_by_test_id("uses").fill("30")
    sam.get_by_test_id("enrol-do").click()
    code = sam.get_by_test_id("enrol-code").inner_text()
    sam.keyboard.press("Escape")
    row = sam.get_by_test_id("code-row").filter(has_text="of 30")

    for name in ("PDA 21", "PDA 22"):
        pda = play.errors.listen(play.context(viewport=HANDHELD, has_touch=True).new_page())
        pda.goto(f"{play.url}/enrol?code={code}")
        pda.get_by_test_id("enrol-name").fill(name)
        pda.get_by_test_id("enrol-send").click()
        pda.get_by_test_id("sign-in").wait_for()
    expect(row).to_contain_text("2 of 30 enrolled", timeout=MINUTE)

    row.get_by_test_id("code-withdraw").click()
    sam.get_by_test_id("withdraw-ask").get_by_role("button", name="Withdraw").click()
    expect(row).to_have_count(0)
    late = play.context(viewport=HANDHELD, has_touch=True).new_page()
    late.goto(f"{play.url}/enrol?code={code}")
    late.get_by_test_id("enrol-name").fill("PDA 23")
    late.get_by_test_id("enrol-send").click()
    expect(late.get_by_text("已过期")).to_be_visible()


def test_two_hundred_scans_as_quick_as_a_scanner_are_none_lost_and_none_doubled(play: Play) -> None:
    """`tests.bench.handheld drain` does a thousand."""
    pda = play.handheld("cleo", "Dock 6")
    order = pda.knows("cleo", play.approved_return(kettle=100, lamp=100))
    page = pda.page
    pda.go("")
    open_parcel(pda, order)
    pda.context.set_offline(True)
    for n in range(200):
        scan(page, (KETTLE, LAMP)[n % 2])
    for sku in ("GREEN-KETTLE", "BLUE-LAMP"):
        expect(line(page, sku)).to_have_attribute("data-received", "100", timeout=MINUTE)
    pda.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    pda.uploaded()
    assert play.received(order) == {"kettle": 100, "lamp": 100}


def test_the_end_of_a_shift_names_what_is_open_unsent_and_in_hand(play: Play) -> None:
    pda = play.handheld("cleo", "Dock 5")
    order = pda.knows("cleo", play.approved_return(kettle=2))
    page = pda.page
    pda.go("")
    waybill, tote = open_parcel(pda, order), play.label()
    page.keyboard.insert_text(tote)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tote")).to_contain_text(tote)
    pda.uploaded()
    pda.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    scan(page, KETTLE)
    expect(page.get_by_test_id("result-number")).to_have_text("1/2")
    page.get_by_test_id("who").click()
    page.get_by_test_id("sign-out").click()
    left = page.get_by_test_id("end-of-shift")
    for words in ("1 record and 0 photos to upload", f"1 parcel still open: {waybill}", f"Totes in hand: {tote}"):
        expect(left).to_contain_text(words)
    page.get_by_test_id("end-confirm").click()
    page.get_by_test_id("sign-in").wait_for()
    pda.context.set_offline(False)
