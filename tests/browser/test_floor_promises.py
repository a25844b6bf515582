"""What the handheld promises to whoever holds it, in real browsers with a real server: scans, alarms, undo, crashes, people, languages."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from server import media
from server.domain.dispositions import Disposition
from server.domain.inspections import Inspection
from server.domain.parcels import Parcel
from server.domain.receiving import Receipt
from server.domain.stock import StockBalance

from .conftest import badge_in, scan
from .play import MINUTE, Pda, Play, counted, decide, line, open_parcel, playing, said, todo
from .stage import CAMERA, KETTLE, LAMP, PIN, SHELF

NOT_A_BOUNCE = 450  # ms; a person needs longer than that to take up the next unit


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("floor")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def dock(play: Play) -> Pda:
    return play.handheld("cleo", "Dock 3")


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 1")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def picture() -> bytes:
    """As a phone takes it: large, lying on its side, and with the place it was taken at."""
    image = Image.new("RGB", (2400, 1800), "#d8c9a8")
    ImageDraw.Draw(image).line((80, 60, 2200, 1700), fill="#902010", width=40)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)})
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=80, exif=exif)
        return file.getvalue()


PHOTO = {"name": "scratch.jpg", "mimeType": "image/jpeg", "buffer": picture()}


# —— scans ————————————————————————————————————————————————————————————————————————————————————————————————————————————


def look_away(page: Page, how: int) -> None:
    """Ways in which nothing that takes keys has the focus any more."""
    if how % 3 == 0:
        page.get_by_test_id("parcel").click()
    elif how % 3 == 1:
        page.get_by_test_id("more").click()
        page.get_by_test_id("sheet-close").click()
    else:
        page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(150)


def test_a_scan_counts_however_the_scanner_types_it_and_wherever_the_focus_went(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=20))
    page = dock.page
    open_parcel(dock, order)
    count = 0
    for delay in (1, 30):
        for end in ("Enter", "Tab", ""):
            look_away(page, count)
            page.keyboard.type(KETTLE, delay=delay)
            if end:
                page.keyboard.press(end)
            count += 1
            counted(page, f"{count}/20")
            page.wait_for_timeout(NOT_A_BOUNCE)
    for end in ("Enter", ""):
        for how in range(3):
            look_away(page, how)
            page.keyboard.insert_text(KETTLE)
            if end:
                page.keyboard.press(end)
            count += 1
            counted(page, f"{count}/20")
            page.wait_for_timeout(NOT_A_BOUNCE)
    dock.uploaded()
    assert play.received(order) == {"kettle": count}


def test_an_enter_that_ends_a_scan_presses_no_button(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.page
    waybill = open_parcel(dock, order)
    page.get_by_test_id("primary").focus()
    scan(page, KETTLE)
    counted(page, "1/5")
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)


def test_what_is_typed_by_hand_into_a_field_is_no_scan(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.page
    open_parcel(dock, order)
    before = page.get_by_test_id("last-result").get_attribute("data-count")

    page.get_by_test_id("type-code").click()
    field = page.get_by_test_id("type-input")
    expect(field).to_be_focused()
    for delay in (1, 120):
        field.fill("")
        page.keyboard.type(KETTLE, delay=delay)
        page.wait_for_timeout(700)
        expect(field).to_have_value(KETTLE)
    expect(page.get_by_test_id("last-result")).to_have_attribute("data-count", before or "0")

    page.keyboard.press("Enter")  # now it is meant
    counted(page, "1/5")
    expect(page.get_by_test_id("sheet-type")).to_have_count(0)


def test_a_scan_doubled_within_a_moment_counts_once_and_says_so_two_units_count_two(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    open_parcel(dock, order)
    for _ in range(2):  # as fast as a trigger bounces
        page.keyboard.insert_text(KETTLE)
        page.keyboard.press("Enter")
    said(page, "warn", "Read twice in an instant; counted once")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")

    # The scanner's own set-up sends every code twice in one go.
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, KETTLE + KETTLE)
    counted(page, "2/9")
    said(page, "ok", "sent it twice")

    page.wait_for_timeout(1000)
    scan(page, KETTLE)
    counted(page, "3/9")
    page.wait_for_timeout(1000)
    scan(page, KETTLE)
    counted(page, "4/9")
    dock.uploaded()
    assert play.received(order) == {"kettle": 4}


def test_an_unknown_code_is_kept_and_work_goes_on(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.page
    open_parcel(dock, order)
    scan(page, "GIFT-BOX")
    expect(page.get_by_test_id("sheet-unknown")).to_contain_text("GIFT-BOX")
    scan(page, KETTLE)  # nobody has time for that: scanning on leaves it as it is
    counted(page, "1/5")
    expect(line(page, "GIFT-BOX")).to_have_attribute("data-received", "1")

    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, "GIFT-BAG")
    page.get_by_test_id("unknown-search").fill("lamp")
    page.get_by_test_id("unknown-item").first.click()
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "1")
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, "GIFT-BAG")  # named once, it is known from now on
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "2")
    dock.uploaded()
    assert play.received(order) == {"kettle": 1, "GIFT-BOX": 1, "lamp": 2}


def test_the_last_scan_is_taken_back_by_one_card(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5, lamp=2))
    page = dock.page
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/5")
    scan(page, LAMP)
    counted(page, "1/2")
    scan(page, "RSTW:UNDO")
    counted(page, "−1")
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "0")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")
    dock.uploaded()
    assert play.received(order) == {"kettle": 1}


# —— the alarm ————————————————————————————————————————————————————————————————————————————————————————————————————————


def the_same_serial_twice(page: Page, serial: str) -> None:
    for _ in range(2):
        scan(page, CAMERA)
        expect(page.get_by_test_id("sheet-serial")).to_be_visible()
        scan(page, serial)
        expect(page.get_by_test_id("sheet-serial")).to_have_count(0)
        page.wait_for_timeout(NOT_A_BOUNCE)
    expect(page.get_by_test_id("alarm")).to_contain_text("The same serial twice")
    expect(page.get_by_test_id("alarm")).to_contain_text(serial)


def test_the_next_scan_does_not_close_the_alarm_and_is_not_lost(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(camera=3, kettle=5, lamp=5))
    page = dock.page
    open_parcel(dock, order)
    the_same_serial_twice(page, "CAM-0001")
    alarm = page.get_by_test_id("alarm")

    page.keyboard.press("Enter")
    scan(page, KETTLE)
    expect(page.get_by_test_id("alarm-waiting")).to_contain_text("1 more")
    page.keyboard.insert_text(LAMP)  # a scanner that puts in its code as one string
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("alarm-waiting")).to_contain_text("2 more")
    page.keyboard.press("Enter")
    expect(alarm).to_be_visible()
    page.get_by_test_id("alarm-hold").click()  # brushed, not held
    expect(alarm).to_be_visible()

    scan(page, "RSTW:OK")
    expect(alarm).to_have_count(0)
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "1")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")
    expect(line(page, "RED-CAMERA")).to_have_attribute("data-received", "1")
    dock.uploaded()
    assert play.received(order) == {"camera": 1, "kettle": 1, "lamp": 1}


def test_the_alarm_closes_by_holding_and_a_reload_keeps_what_was_scanned_behind_it(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(camera=3, kettle=5))
    page = dock.page
    open_parcel(dock, order)
    the_same_serial_twice(page, "CAM-0002")
    hold = page.get_by_test_id("alarm-hold")
    hold.hover()
    page.mouse.down()
    expect(page.get_by_test_id("alarm")).to_have_count(0)
    page.mouse.up()

    the_same_serial_twice(page, "CAM-0003")
    scan(page, KETTLE)
    expect(page.get_by_test_id("alarm-waiting")).to_be_visible()
    page = dock.reopen("receive")
    expect(page.get_by_test_id("alarm")).to_contain_text("The same serial twice")  # a reload is no way around it
    scan(page, "RSTW:OK")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")
    dock.uploaded()
    assert play.received(order) == {"camera": 2, "kettle": 1}


# —— reload, crash, second tab ————————————————————————————————————————————————————————————————————————————————————————


def test_a_reload_a_crash_and_a_second_tab_lose_and_double_nothing(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9, lamp=9))
    page = dock.page
    waybill = open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/9")

    page.reload()
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")
    scan(page, KETTLE)
    counted(page, "2/9")

    with suppress(PlaywrightError):
        page.goto("chrome://crash", timeout=5_000)
    page = dock.reopen("receive")
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "2")
    scan(page, KETTLE)
    counted(page, "3/9")

    second = play.errors.listen(dock.context.new_page())
    second.goto(f"{play.url}/floor/receive")
    expect(second.get_by_test_id("parcel")).to_contain_text(waybill)
    scan(second, LAMP)
    expect(line(second, "BLUE-LAMP")).to_have_attribute("data-received", "1")
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "1")  # the first tab sees it
    page.bring_to_front()
    scan(page, LAMP)
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "2")
    expect(line(second, "BLUE-LAMP")).to_have_attribute("data-received", "2")
    second.close()

    # Torn away in the very moment of a scan: it is there once, or it was never shown.
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, KETTLE)
    page = dock.reopen("receive")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", re.compile("3|4"))
    dock.uploaded()
    shown = int(line(page, "GREEN-KETTLE").get_attribute("data-received"))
    assert play.received(order) == {"kettle": shown, "lamp": 2}


# —— goods nobody announced ———————————————————————————————————————————————————————————————————————————————————————————


def test_goods_without_an_order_open_a_return_of_their_own_and_wait_for_a_reviewer(play: Play, dock: Pda) -> None:
    page = dock.held_by("cleo")
    waybill = play.waybill()
    scan(page, waybill)
    said(page, "warn", "No order")
    scan(page, "OUT-2001")  # the slip in the box says what they came from
    said(page, "ok", "Sender")
    scan(page, KETTLE)
    counted(page, "1")
    number = re.search(r"RT-[A-Z0-9]+-\d+", page.get_by_test_id("parcel").inner_text())
    assert number, "its number is final, made without asking anybody"
    scan(page, "RSTW:DONE")
    said(page, "ok", "Parcel finished")
    dock.uploaded()

    rita = play.office("rita")
    todo(rita, "review", number.group()).click()
    expect(rita.get_by_test_id("around")).to_contain_text("Green-Kettle")
    decide(rita, "approve")
    expect(todo(rita, "review", number.group())).to_have_count(0)


def test_a_parcel_of_nobody_is_kept_as_unclaimed_and_the_office_sees_it_with_its_photo(play: Play, dock: Pda) -> None:
    page = dock.held_by("cleo")
    waybill = play.waybill()
    scan(page, waybill)
    scan(page, LAMP)
    counted(page, "1")
    page.get_by_test_id("photo-now").click()
    page.get_by_test_id("photo-input").set_input_files(PHOTO)
    expect(page.get_by_test_id("parcel")).to_contain_text("1 photo")
    scan(page, "RSTW:DONE")
    said(page, "warn", "Kept as unclaimed")
    dock.uploaded()

    otto = play.office("otto")
    todo(otto, "unclaimed", waybill).click()
    expect(otto.get_by_test_id("decide")).to_contain_text("Blue-Lamp")
    expect_pictures(otto, 1)
    assert [one.state for one in play.books(Parcel, Parcel.waybill == waybill)] == ["unclaimed"]


def expect_pictures(page: Page, count: int) -> None:
    """Really drawn, not a broken frame: the worker has painted its copy."""
    page.wait_for_function(
        "(n) => [...document.querySelectorAll('[data-testid=photos] img')].filter((one) => one.naturalWidth > 0).length >= n",
        arg=count, timeout=MINUTE,
    )  # fmt: skip


# —— inspecting and putting away ——————————————————————————————————————————————————————————————————————————————————————


def test_a_failed_check_keeps_its_photo_which_is_uploaded_later_and_seen_at_the_desk(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(kettle=1))
    page = bench.page
    bench.go("inspect")
    bench.context.set_offline(True)
    scan(page, order.tote)
    expect(page.get_by_test_id("bench")).to_have_attribute("data-sku", "GREEN-KETTLE")
    scan(page, "RSTW:FAIL-APPEARANCE")
    scan(page, "SCRATCH")
    expect(page.get_by_test_id("check-appearance")).to_have_attribute("data-outcome", "fail")
    expect(page.get_by_test_id("defect-SCRATCH")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("kind-restock")).to_have_count(0)  # damaged goods are not offered for sale
    scan(page, "RSTW:PHOTO")
    page.get_by_test_id("photo-input").set_input_files(PHOTO)
    expect(page.locator("img.thumb")).to_be_visible()
    scan(page, "RSTW:DONE")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    expect(page.get_by_test_id("sync-pill")).to_contain_text("1 photo to upload")
    assert not play.books(Inspection, Inspection.order_id == order.id)

    page.reload()  # the picture is on the device, not only in the page
    expect(page.get_by_test_id("sync-pill")).to_contain_text("1 photo to upload")
    bench.context.set_offline(False)
    bench.uploaded()
    expect(page.get_by_test_id("sync-pill")).not_to_contain_text("photo")

    sam = play.office("sam", f"/desk/returns/{order.id}")
    expect(sam.get_by_test_id("inspections")).to_contain_text("Scratch")
    expect_pictures(sam, 1)
    (found,) = play.books(Inspection, Inspection.order_id == order.id)
    assert (found.verdict, found.by, len(found.photos)) == ("fail", "ines", 1)
    kept = media.original(play.data / "blobs", found.photos[0]["sha256"]).read_bytes()
    with Image.open(io.BytesIO(kept)) as photo:
        assert photo.size == (1200, 1600), "smaller, and upright"
        assert not photo.getexif(), "nor does it say where it was taken"


def test_one_unit_of_many_is_inspected_and_put_away_alone(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(camera=2))
    page = bench.page
    bench.go("inspect")
    scan(page, order.serials[1])
    expect(page.get_by_test_id("bench")).to_contain_text(order.serials[1])
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)

    bench.go("put-away")
    scan(page, order.serials[0])  # its sister was not inspected
    said(page, "warn", "Not inspected yet")
    scan(page, order.serials[1])
    expect(page.get_by_test_id("in-hand")).to_contain_text(order.serials[1])
    scan(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")
    bench.uploaded()
    (done,) = play.books(Disposition, Disposition.order_id == order.id)
    assert (done.serial, done.kind, done.put_away) == (order.serials[1], "restock", 1)
    held = {
        one.serial: one.status for one in play.books(StockBalance, StockBalance.item_id == "camera") if one.quantity > 0
    }
    assert (held[order.serials[0]], held[order.serials[1]]) == ("quarantine", "sellable")


def test_a_wrong_bin_is_said_before_anything_is_put_there(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(lamp=1))
    page = bench.page
    bench.go("inspect")
    scan(page, order.tote)
    expect(page.get_by_test_id("bench")).to_be_visible()
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    bench.go("put-away")
    scan(page, order.tote)
    expect(page.get_by_test_id("destination")).to_have_attribute("data-zone", "sellable")
    scan(page, "SH-SCRAP-01")
    said(page, "warn", "is not in")
    scan(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")


# —— people and languages —————————————————————————————————————————————————————————————————————————————————————————————


def test_a_badge_changes_the_person_and_each_keeps_what_is_theirs(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5, lamp=5))
    page = dock.page
    waybill = open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/5")

    badge_in(page, play.texts["ines"])
    expect(page.get_by_test_id("who")).to_contain_text("Ines", timeout=5_000)
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)  # the parcel stayed open
    scan(page, LAMP)
    counted(page, "1/5")
    badge_in(page, play.texts["cleo"])
    dock.uploaded()

    assert {one.item_id: one.by for one in play.books(Receipt, Receipt.order_id == order.id)} == {
        "kettle": "cleo",
        "lamp": "ines",
    }
    (parcel,) = play.books(Parcel, Parcel.waybill == waybill)
    sam = play.office("sam", f"/desk/parcels/{parcel.id}")
    rows = sam.get_by_test_id("receipts").get_by_role("row")
    expect(rows.filter(has_text="Green-Kettle")).to_contain_text("Cleo")
    expect(rows.filter(has_text="Blue-Lamp")).to_contain_text("Ines")


def test_after_five_wrong_pins_even_the_right_one_has_to_wait(play: Play, dock: Pda) -> None:
    page = dock.held_by("cleo")
    scan(page, play.texts["sam"])
    page.get_by_test_id("pin-pad").wait_for()
    refused = page.get_by_test_id("sign-in-refused")
    for left in (4, 3, 2, 1, 0):
        page.keyboard.press("Escape")
        type_pin(page, "1111")
        expect(refused).to_contain_text(f"{left} tr" if left else "Too many wrong tries")
    type_pin(page, PIN)
    expect(refused).to_contain_text("Too many wrong tries")
    dock.go("")  # a reload is no way around it
    scan(page, play.texts["sam"])
    page.get_by_test_id("pin-pad").wait_for()
    type_pin(page, PIN)
    expect(refused).to_contain_text("Try again in")
    badge_in(page, play.texts["cleo"])  # somebody else need not wait


def type_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.get_by_test_id("pin-pad").get_by_role("button", name=digit, exact=True).click()
    page.get_by_test_id("sign-in-send").click()


def test_the_language_is_switched_in_mid_work_and_nothing_in_hand_is_lost(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(kettle=3))
    page = bench.page
    bench.go("inspect")
    scan(page, order.tote)
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "3")
    scan(page, "RSTW:FAIL-PACKAGING")
    page.get_by_test_id("quantity-send").click()  # all three
    said(page, "own", "3 units")
    page.get_by_test_id("bench-note").fill("盒子湿了 wet box")
    page.get_by_test_id("who").click()
    page.get_by_test_id("language").get_by_text("中文").click()
    page.get_by_test_id("back").click()
    page.get_by_test_id("resume-inspect").click()
    expect(page.get_by_test_id("title")).to_have_text("质检")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "3")
    expect(page.get_by_test_id("check-packaging")).to_have_attribute("data-outcome", "fail")
    expect(page.get_by_test_id("bench-note")).to_have_value("盒子湿了 wet box")
    said(page, "own", "3 件")  # what was said before is told again in the new language

    page.get_by_test_id("who").click()
    page.get_by_test_id("language").get_by_text("English").click()
    page.reload()  # at once: what was chosen outlives that
    page.get_by_test_id("back").click()
    page.get_by_test_id("resume-inspect").click()
    expect(page.get_by_test_id("title")).to_have_text("Inspect")
    expect(page.get_by_test_id("bench-note")).to_have_value("盒子湿了 wet box")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-leave").click()
    expect(page.get_by_test_id("bench")).to_have_count(0)


# —— budgets ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def count_taps(page: Page) -> None:
    page.evaluate("window.taps ?? addEventListener('pointerdown', () => window.taps++, true); window.taps = 0")


def taps(page: Page) -> int:
    return int(page.evaluate("window.taps"))


def test_work_stays_within_its_scans_and_taps(play: Play, dock: Pda, bench: Pda) -> None:
    """SCREENS: sign for 1 scan; receive n units 1 + n; a good serial unit 1 + PASS; a tote away 2; a person 1 + PIN. No taps but the PIN."""
    order = play.approved_return(kettle=2, camera=1)
    waybill = play.signed_parcel(order)
    dock.knows("cleo", order)
    page = dock.page
    count_taps(page)
    scan(page, waybill)
    said(page, "ok", order.number)
    for n in (1, 2):
        scan(page, KETTLE)
        counted(page, f"{n}/2")
        page.wait_for_timeout(NOT_A_BOUNCE)
    assert taps(page) == 0
    dock.uploaded()
    assert play.received(order) == {"kettle": 2}

    dock.go("sign-for")
    count_taps(page)
    scan(page, play.waybill())
    said(page, "ok", "Signed for")
    assert taps(page) == 0

    ready = bench.knows("ines", play.received_return(camera=1))
    page = bench.page
    bench.go("inspect")
    count_taps(page)
    scan(page, ready.serials[0])
    expect(page.get_by_test_id("checks")).to_be_visible()
    scan(page, "RSTW:PASS")
    said(page, "ok", "Restock")
    assert taps(page) == 0
    bench.go("put-away")
    count_taps(page)
    scan(page, ready.tote)
    expect(page.get_by_test_id("destination")).to_be_visible()
    scan(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")
    assert taps(page) == 0

    count_taps(page)
    badge_in(page, play.texts["cleo"])
    expect(page.get_by_test_id("who")).to_contain_text("Cleo")
    assert taps(page) <= 6
    badge_in(page, play.texts["ines"])
