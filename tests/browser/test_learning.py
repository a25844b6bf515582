"""Learning it: how an item is to be looked at, a guided first scan, practice that touches nothing and is scored, a guide on every screen."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from server.domain.inspections import Inspection
from server.domain.parcels import Parcel
from server.domain.records import Mutation

from .conftest import scan
from .play import Pda, Play, playing, said


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("learning")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 7")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def picture() -> bytes:
    drawn = Image.new("RGB", (800, 600), "#e8eef2")
    ImageDraw.Draw(drawn).ellipse((200, 100, 600, 500), fill="#2f7d4f", outline="#123", width=8)
    ImageDraw.Draw(drawn).line((300, 200, 420, 320, 380, 440), fill="#b00", width=10)
    out = io.BytesIO()
    drawn.save(out, "JPEG")
    return out.getvalue()


def test_what_the_office_writes_about_an_item_lies_beside_it_at_the_bench_without_network(
    play: Play, bench: Pda
) -> None:
    otto = play.office("otto", "/desk/sites?tab=items&q=GREEN-KETTLE")
    otto.get_by_test_id("write-standard").click()
    otto.get_by_test_id("standard-text").fill("先看壶身有没有裂纹，再烧一壶水。")
    otto.get_by_test_id("standard-text-en").fill("Look for cracks first, then boil water.")
    otto.get_by_test_id("standard-file").set_input_files(
        {"name": "crack.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    expect(otto.get_by_test_id("standard-row")).to_have_count(1)
    otto.get_by_test_id("standard-kind").get_by_text("Not like this").click()
    otto.get_by_test_id("standard-name").fill("裂纹 Crack")
    otto.get_by_test_id("standard-ask-do").click()
    expect(otto.get_by_test_id("write-standard")).to_contain_text("1 picture")

    order = bench.knows("ines", play.received_return(kettle=2))
    page = bench.go("inspect")
    scan(page, order.tote)
    shown = page.get_by_test_id("standard")
    expect(shown).to_contain_text("Look for cracks first")
    drawn = "img => img.complete && img.naturalWidth > 0"
    page.wait_for_function(
        f"() => {{ const img = document.querySelector('[data-testid=standard] img'); return ({drawn})(img) }}"
    )
    bench.context.set_offline(True)
    page = bench.reopen("inspect")
    expect(page.get_by_test_id("standard")).to_contain_text("Crack")
    page.wait_for_function(
        f"() => {{ const img = document.querySelector('[data-testid=standard] img'); return img && ({drawn})(img) }}"
    )
    page.get_by_test_id("bench-photo").click()
    expect(page.get_by_test_id("sheet-photo").get_by_test_id("standard-picture")).to_be_visible()
    page.get_by_test_id("sheet-close").click()
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-leave").click()
    bench.context.set_offline(False)


def tap(page: Page, thing: str) -> None:
    page.get_by_test_id("practice-open").click()
    page.get_by_test_id(f"thing-{thing}").click()
    expect(page.get_by_test_id("sheet-practice")).to_have_count(0)


def hint(page: Page, point: str) -> None:
    expect(page.get_by_test_id("practice-hint")).to_have_attribute("data-point", point)


def test_whoever_is_new_is_led_through_a_practice_parcel_that_no_book_ever_sees(play: Play, bench: Pda) -> None:
    page = bench.held_by("ines")
    bench.uploaded()
    before = len(play.books(Mutation)), len(play.books(Parcel)), len(play.books(Inspection))
    page.get_by_test_id("first-scan-begin").click()
    hint(page, "sign")
    scan(page, "SF9999000000017")  # off the printed sheet; or a tap on what lies there
    hint(page, "order")
    tap(page, "order")
    hint(page, "receive")
    tap(page, "kettle")
    said(page, "ok", "kettle")
    tap(page, "lamp")
    hint(page, "wrong")
    tap(page, "mug")
    hint(page, "pass")
    page.get_by_test_id("back").click()
    page.get_by_test_id("count-inspect").click()
    tap(page, "kettle")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-sku", "P-KETTLE")
    scan(page, "RSTW:PASS")
    hint(page, "fail")
    page.reload()  # practice outlasts a reload
    hint(page, "fail")
    tap(page, "lamp")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-sku", "P-LAMP")
    for card in ("FAIL-APPEARANCE", "SCRAP", "DONE"):
        tap(page, card)
    hint(page, "put")
    page.get_by_test_id("back").click()
    page.get_by_test_id("count-put").click()
    for goods, bin in (("kettle", "good"), ("lamp", "scrap")):
        tap(page, goods)
        expect(page.get_by_test_id("in-hand")).to_be_visible()
        tap(page, bin)
        said(page, "ok", "Put into P-")
    hint(page, "done")
    page.get_by_test_id("practice-open").click()
    page.get_by_test_id("practice-finish").click()
    expect(page.get_by_test_id("practice-score")).to_contain_text("8 of 8")
    page.get_by_test_id("practice-end").click()

    expect(page.get_by_test_id("sync-pill")).to_be_visible()  # for real again, and nothing of it came along
    expect(page.get_by_test_id("first-scan")).to_have_count(0)
    bench.uploaded()
    assert (len(play.books(Mutation)), len(play.books(Parcel)), len(play.books(Inspection))) == before


def test_practice_without_hints_is_scored_and_says_what_would_have_been_right(play: Play, bench: Pda) -> None:
    page = bench.held_by("ines")
    bench.go("device")
    page.get_by_test_id("practise-exam").click()
    expect(page.get_by_test_id("practice-line")).to_be_visible()
    expect(page.get_by_test_id("practice-hint")).to_have_count(0)
    tap(page, "waybill")
    tap(page, "order")
    tap(page, "kettle")
    page.get_by_test_id("practice-open").click()
    page.get_by_test_id("practice-finish").click()
    expect(page.get_by_test_id("practice-score")).to_contain_text("2 of 8")
    lamp = page.locator('[data-testid="practice-point"][data-point="receive"]')
    expect(lamp).to_have_attribute("data-right", "false")
    expect(lamp).to_contain_text("once each")
    page.get_by_test_id("practice-end").click()
    expect(page.get_by_test_id("sync-pill")).to_be_visible()


def test_every_floor_screen_has_a_guide_in_both_languages_without_network(play: Play, bench: Pda) -> None:
    bench.held_by("ines")
    bench.context.set_offline(True)
    for screen in ("", "sign-for", "receive", "inspect", "put-away", "count", "file", "sync", "device"):
        page = bench.go(screen)
        page.get_by_test_id("more").click()
        page.get_by_test_id("action-guide").click()
        guide = page.get_by_test_id("guide")
        expect(guide).to_have_attribute("data-screen", screen or "home")
        assert guide.locator("li").count() >= 2
        page.get_by_test_id("sheet-close").click()
    bench.context.set_offline(False)
