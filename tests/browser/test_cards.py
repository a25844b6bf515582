"""The sheet of command cards, a whole inspection with gloves on, and a scanner that is set up by three codes."""

import io
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from server.domain.dispositions import Disposition
from server.domain.inspections import Inspection

from .conftest import scan
from .play import Pda, Play, counted, open_parcel, playing, said
from .stage import KETTLE, SHELF

NOT_A_BOUNCE = 450  # ms
GS = "\x1d"


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("cards")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 6")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def read_from_paper(barcode: Locator) -> zxingcpp.Barcode:
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(barcode.screenshot())))
    return found


def test_every_card_on_the_printed_sheet_can_be_scanned_and_says_it_in_both_languages(play: Play) -> None:
    page = play.office("sam", "/desk/cards")
    cards = page.get_by_test_id("command-card")
    expect(cards.filter(has_text="RSTW:DEFECT-SCRATCH")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_test_id("nav-todo")).to_be_hidden()
    expect(page.get_by_test_id("print")).to_be_hidden()
    for n in range(cards.count()):
        card = cards.nth(n)
        text = card.locator(".code").inner_text()
        assert read_from_paper(card.locator("svg")).text == text
        assert card.locator("[lang=en]").inner_text().strip()
        assert card.locator("[lang=zh-CN]").inner_text().strip()
    codes = page.get_by_test_id("scanner-codes").locator("svg")
    assert [read_from_paper(codes.nth(n)).text[:6] for n in (0, 2)] == ["RSTW:S", "RSTW:S"]
    second = read_from_paper(codes.nth(1))
    assert second.symbology_identifier == "]C1"
    assert second.text == "(01)09506000134352(10)AB12(21)XY34"
    assert len(page.pdf(format="A4")) > 20_000  # some pages of it, none of them empty


def test_a_badge_is_printed_with_nothing_around_it(play: Play) -> None:
    page = play.office("ada", "/desk/people")
    page.get_by_test_id("person-row").filter(has_text="Cleo").click()
    page.get_by_test_id("badge").click()
    page.get_by_test_id("pin").fill("1357")
    page.get_by_test_id("badge-ask-do").click()
    text = page.get_by_test_id("badge-text").inner_text()
    page.emulate_media(media="print")
    expect(page.get_by_test_id("nav-todo")).to_be_hidden()
    assert read_from_paper(page.get_by_test_id("badge-print").locator("svg")).text == text


# —— gloves ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def touches(page: Page) -> int:
    return int(page.evaluate("window.touches ?? 0"))


def count_touches(page: Page) -> None:
    page.evaluate("addEventListener('pointerdown', () => window.touches = (window.touches ?? 0) + 1, true)")


def test_a_good_and_a_bad_unit_are_inspected_without_touching_the_glass(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(camera=2, kettle=12))
    good, bad = order.serials
    page = bench.page
    bench.go("inspect")
    count_touches(page)

    scan(page, good)
    expect(page.get_by_test_id("bench")).to_contain_text(good)
    scan(page, "RSTW:PASS")
    said(page, "ok", "Restock")

    scan(page, bad)
    expect(page.get_by_test_id("bench")).to_contain_text(bad)
    scan(page, "RSTW:FAIL")  # which one? the card of the answer, or its number
    expect(page.get_by_test_id("sheet-choose")).to_be_visible()
    scan(page, "RSTW:FAIL-APPEARANCE")
    expect(page.get_by_test_id("check-appearance")).to_have_attribute("data-outcome", "fail")
    scan(page, "RSTW:FAIL")
    expect(page.get_by_test_id("sheet-choose")).to_be_visible()
    scan(page, "RSTW:4")
    expect(page.get_by_test_id("check-packaging")).to_have_attribute("data-outcome", "fail")
    scan(page, "RSTW:DEFECT-SCRATCH")
    expect(page.get_by_test_id("defect-SCRATCH")).to_have_attribute("aria-pressed", "true")
    scan(page, "RSTW:DEFECT-NO-SUCH")
    said(page, "warn", "no defect NO-SUCH")
    scan(page, "RSTW:GRADE-D")
    scan(page, "RSTW:SCRAP")
    scan(page, "RSTW:DONE")
    expect(page.get_by_test_id("bench")).to_have_count(0)

    scan(page, order.tote)
    scan(page, KETTLE)
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "12")
    scan(page, "RSTW:X5")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "5")
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "7")
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    assert touches(page) == 0

    bench.uploaded()
    found = {one.serial or one.quantity: one for one in play.books(Inspection, Inspection.order_id == order.id)}
    assert (found[good].verdict, found[bad].verdict, found[bad].grade) == ("pass", "fail", "D")
    failed = {check["check"]: check["defects"] for check in found[bad].checks if check["outcome"] == "fail"}
    assert failed == {"appearance": ["SCRATCH"], "packaging": []}
    assert {5, 7} <= found.keys()
    kinds = {one.serial: one.kind for one in play.books(Disposition, Disposition.order_id == order.id) if one.serial}
    assert kinds == {good: "restock", bad: "scrap"}
    bench.go("put-away")
    scan(page, good)
    scan(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")


# —— the scanner's set-up —————————————————————————————————————————————————————————————————————————————————————————————


def send(page: Page, text: str, end: str = "Enter", delay: float = 2) -> None:
    for character in text:
        if character == GS:
            page.keyboard.press("Control+]")
        else:
            page.keyboard.press("Shift+Digit3" if character == "#" else character, delay=0)
        page.wait_for_timeout(delay)
    page.keyboard.press(end)
    page.wait_for_timeout(400)


def test_a_scanner_is_set_up_by_three_codes_and_every_character_it_sends_is_shown(play: Play, bench: Pda) -> None:
    page = bench.held_by("ines")
    bench.go("device")
    page.get_by_test_id("scanner-test").click()
    send(page, f"~]C101{KETTLE.zfill(14)}10A{GS}21B", end="Tab")
    shown = page.get_by_test_id("scanner-result")
    for what in ("GS", "Tab", "]C1", "ms"):
        expect(shown).to_contain_text(what)
    expect(page.get_by_test_id("scanner-characters")).to_have_text("27")

    page.get_by_test_id("scanner-setup").click()
    step = page.get_by_test_id("scanner-step")
    codes = []
    for n in (1, 2, 3):
        expect(step).to_have_attribute("data-step", str(n))
        codes.append(str(step.locator("svg").get_attribute("data-text")))
        if n == 1:
            send(page, "SOMETHING-ELSE")
            expect(page.get_by_test_id("scanner-wrong")).to_contain_text("another code")
            expect(step).to_have_attribute("data-step", "1")
        said_by_it = codes[-1].removeprefix(GS).replace(GS, "|")  # its maker thought that a bar would do
        send(page, f"~~{said_by_it}#")
    learned = page.get_by_test_id("scanner-learned")
    for words in ("begins with “~~”", "followed by “#”", "arrive as “|”", "Enter"):
        expect(learned).to_contain_text(words)

    page.reload()  # it is kept on this device
    expect(page.get_by_test_id("scanner-prefix")).to_have_value("~~")
    expect(page.get_by_test_id("scanner-gs")).to_have_value("|")
    page.get_by_test_id("back").click()
    order = bench.knows("ines", play.approved_return(kettle=5))
    open_parcel(bench, order)
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, f"~~01{KETTLE.zfill(14)}10LOT7|17281231#")
    counted(page, "1/5")
    said(page, "ok", "LOT7")

    bench.go("device")
    page.get_by_test_id("scanner-reset").click()
    expect(page.get_by_test_id("scanner-prefix")).to_have_value("")
    page.wait_for_timeout(200)
