"""What the stock pages promise: from a number to its scan and up again, a number can be doubted, a lot is held everywhere."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .play import MINUTE, Play, playing


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("stock")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def otto(play: Play) -> Page:
    return play.office("otto")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def test_a_number_is_followed_to_its_scan_and_up_again_and_whoever_doubts_it_is_heard(play: Play, otto: Page) -> None:
    play.received_return(kettle=2)
    otto.goto(f"{play.url}/desk/stock")
    expect(otto.get_by_test_id("on-hand")).to_have_text("2")
    otto.get_by_test_id("group").select_option("bin")
    otto.get_by_test_id("stock-row").filter(has_text="Green-Kettle").first.click()
    otto.get_by_test_id("entry-link").first.click()
    expect(otto.get_by_test_id("entry-person")).to_contain_text("Cleo")
    expect(otto.get_by_test_id("entry-scan")).not_to_have_text("–")
    expect(otto.get_by_test_id("entry-return")).to_be_visible()
    otto.get_by_test_id("entry-up").click()
    expect(otto.get_by_test_id("on-hand")).to_have_text("2")

    otto.get_by_test_id("doubt-on_hand").first.click()
    otto.get_by_test_id("doubt-reason").fill("I see three on the shelf")
    otto.get_by_test_id("doubt-do").click()
    expect(otto.get_by_test_id("doubt")).to_have_count(0)
    otto.goto(f"{play.url}/desk/alerts?rule=number_reported")
    otto.get_by_test_id("alert-row").first.click(timeout=MINUTE)  # a worker heard of it
    expect(otto.get_by_test_id("lead")).to_contain_text("I see three on the shelf")
    otto.get_by_test_id("alert-opens").click()
    expect(otto.get_by_test_id("report-figures")).to_contain_text("2")
    expect(otto.get_by_test_id("report-entries").locator("tr").first).to_be_visible()


def test_a_lot_that_is_held_is_not_available_until_it_is_released(play: Play, otto: Page) -> None:
    otto.goto(f"{play.url}/desk/stock/lots")
    otto.get_by_test_id("hold-lot").click()
    otto.get_by_test_id("hold-item").fill("KETTLE")
    otto.get_by_role("option").filter(has_text="Green-Kettle").first.click()
    otto.get_by_test_id("hold-lot-number").fill("L7")
    otto.get_by_test_id("hold-reason").fill("Recall of the maker")
    otto.get_by_test_id("hold-do").click()
    held = otto.get_by_test_id("lot-hold").filter(has_text="L7")
    expect(held).to_contain_text("Recall of the maker")
    held.get_by_test_id("release").click()
    otto.get_by_test_id("release-reason").fill("Tested, it is good")
    otto.get_by_test_id("release-do").click()
    expect(held).to_have_count(0)
