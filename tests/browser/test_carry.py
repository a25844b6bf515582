"""No network at all, in real browsers: the work leaves a handheld as a file, comes in at a desk, and the handheld hears of it twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnLine

from .conftest import scan
from .play import Play, Return, counted, open_parcel, playing, said
from .stage import KETTLE


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("carry")) as play:
        play.server.start()
        yield play


def received(play: Play, order: Return) -> int:
    with play.database.read(SYSTEM) as work:
        return sum(line.received for line in work.find(ReturnLine, ReturnLine.order_id == order.id))


def test_a_handheld_without_network_hands_its_work_over_as_a_file(play: Play, tmp_path: Path) -> None:
    dock = play.handheld("cleo", "Dock 3")
    order = dock.knows("cleo", play.approved_return(kettle=5))
    dock.context.set_offline(True)
    page = dock.go("")
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/5")
    page.wait_for_timeout(600)  # two goods, not one read twice
    scan(page, KETTLE)
    counted(page, "2/5")

    page.get_by_test_id("sync-pill").wait_for()
    dock.go("device")
    with page.expect_download() as download:
        page.get_by_test_id("export").click()
    expect(page.get_by_test_id("carry-saved")).to_be_visible()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert KETTLE.encode() not in file.read_bytes()

    desk = play.office("sam", "/desk/devices")
    desk.get_by_test_id("bring").click()
    desk.get_by_test_id("bring-input").set_input_files(file)
    expect(desk.get_by_test_id("bring-done")).to_contain_text("new, 0 there already")
    assert received(play, order) == 2
    desk.get_by_test_id("bring-input").set_input_files(file)
    expect(desk.get_by_test_id("bring-done")).to_contain_text("0 new")
    damaged = tmp_path / "damaged.restow"
    damaged.write_bytes(file.read_bytes()[:-3])
    desk.get_by_test_id("bring-input").set_input_files(damaged)
    expect(desk.get_by_test_id("refusal")).to_contain_text("Export it again")
    desk.get_by_test_id("bring-input").set_input_files(file)
    receipt = desk.get_by_test_id("bring-receipt").get_attribute("alt") or ""

    scan(page, receipt)
    said(page, "ok", "Arrived")
    dock.go("device")
    expect(page.get_by_test_id("carry-arrived")).to_be_visible()
    assert int(page.get_by_test_id("sync-pill").get_attribute("data-pending") or 0) > 0

    dock.context.set_offline(False)
    dock.go("sync")
    page.get_by_test_id("primary").click()
    dock.uploaded()
    assert received(play, order) == 2
    assert not play.errors


def test_a_message_from_the_desk_waits_on_the_handheld_until_it_was_read(play: Play) -> None:
    pda = play.handheld("cleo", "Dock 4")
    desk = play.office("sam", "/desk/devices")
    desk.get_by_test_id("device-open").filter(has_text="Dock 4").click()
    expect(desk.get_by_test_id("device-state").first).to_be_visible()
    desk.get_by_test_id("device-write").click()
    desk.get_by_test_id("device-message-ask").locator("textarea").fill("Come to my desk, please.")
    desk.get_by_test_id("device-message-ask").get_by_role("button", name="Send").click()

    page = pda.go("")
    expect(page.get_by_test_id("message")).to_contain_text("Come to my desk, please.", timeout=30_000)
    page.get_by_test_id("message-read").click()
    expect(page.get_by_test_id("message")).to_have_count(0)
    pda.uploaded()
    desk.get_by_test_id("device-open").filter(has_text="Dock 4").click()
    expect(desk.get_by_test_id("device-message")).to_have_attribute("data-read", "true")
    assert not play.errors
