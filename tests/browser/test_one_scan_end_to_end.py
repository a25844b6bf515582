"""The whole path in real browsers: filed and approved at desks, worked on a handheld whose server is killed, right in the office."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import Server, badge_in, enrol, scan, sign_in_at_desk, wait_for
from .play import decide
from .stage import KETTLE, LAMP, SHELF, TOTE, WAYBILL

MINUTE = 60_000


def file_and_approve(at_desk: Callable[..., Page], server: Server) -> str:
    sally = at_desk(f"{server.url}/desk/returns/new")
    sign_in_at_desk(sally, "sally")
    sally.goto(f"{server.url}/desk/returns/new")
    sally.get_by_test_id("find-customer").fill("王")
    sally.locator("li[role=option]").first.click()
    sally.get_by_test_id("type").select_option("customer")
    sally.get_by_test_id("find-outbound").fill("OUT-2001")
    sally.locator("li[role=option]").first.click()
    wanted = sally.get_by_test_id("take-quantity")
    wanted.nth(0).fill("3")
    wanted.nth(1).fill("1")
    sally.get_by_test_id("pick-lines").get_by_role("button").last.click()
    sally.get_by_test_id("save-submit").click()
    sally.get_by_test_id("return").wait_for()
    number = re.search(r"RT-D0-\d+", sally.get_by_test_id("return").inner_text())
    assert number

    rita = at_desk(f"{server.url}/desk/todo")
    sign_in_at_desk(rita, "rita")
    rita.get_by_test_id("todo-review").first.click()
    decide(rita, "approve")
    expect(rita.get_by_test_id("todo-review")).to_have_count(0)
    return number.group()


def expect_result(page: Page, kind: str, words: str) -> None:
    expect(page.get_by_test_id("last-result")).to_have_attribute("data-kind", kind)
    expect(page.get_by_test_id("last-result")).to_contain_text(words)


def test_a_return_is_worked_without_network_and_the_office_has_the_right_numbers(
    staged: tuple[Server, dict[str, str]], handheld: Callable[..., Page], at_desk: Callable[..., Page]
) -> None:
    server, texts = staged
    number = file_and_approve(at_desk, server)

    floor = handheld(server.url)
    enrol(floor, texts["code"])
    badge_in(floor, texts["cleo"])
    expect(floor.get_by_test_id("task")).to_have_count(1)

    server.kill()

    # Receive: one scan for the parcel, one for the order, one for the tote, one for each unit; no touch.
    scan(floor, WAYBILL)
    expect(floor.get_by_test_id("parcel")).to_contain_text(WAYBILL)
    scan(floor, number)
    expect(floor.get_by_test_id("parcel")).to_contain_text(number)
    scan(floor, TOTE)
    expect(floor.get_by_test_id("tote")).to_contain_text(TOTE)
    for count in (1, 2, 3):
        scan(floor, KETTLE)
        expect(floor.get_by_test_id("result-number")).to_have_text(f"{count}/3")
        floor.wait_for_timeout(900)  # a person, not a bouncing trigger
    scan(floor, LAMP)
    expect(floor.get_by_test_id("result-number")).to_have_text("1/1")

    # A crash in the middle: cold start without network, and everything is where it was.
    floor.close()
    floor = floor.context.new_page()
    floor.goto(server.url)
    expect(floor.get_by_test_id("sync-pill")).to_contain_text("Offline")
    expect(floor.get_by_test_id("pending-count")).not_to_have_text("0")

    # Ines inspects: the badge changes the person; PASS passes a whole group with all four checks.
    badge_in(floor, texts["ines"])
    scan(floor, "RSTW:DONE")
    expect(floor.get_by_test_id("parcel")).to_have_count(0)
    floor.goto(f"{server.url}/floor")
    floor.get_by_test_id("count-inspect").click()
    scan(floor, KETTLE)
    expect(floor.get_by_test_id("checks")).to_be_visible()
    scan(floor, "RSTW:PASS")
    expect(floor.get_by_test_id("bench")).to_have_count(0)
    scan(floor, LAMP)
    expect(floor.get_by_test_id("checks")).to_be_visible()
    scan(floor, "RSTW:PASS")
    expect(floor.get_by_test_id("bench")).to_have_count(0)

    # Put the whole tote away: two scans.
    floor.goto(f"{server.url}/floor")
    floor.get_by_test_id("count-put").click()
    scan(floor, TOTE)
    expect(floor.get_by_test_id("destination")).to_have_attribute("data-zone", "sellable")
    scan(floor, SHELF)
    wait_for(
        lambda: int(floor.get_by_test_id("pending-count").inner_text()) >= 10, 10, "all of it to wait for the server"
    )

    server.start()
    # Nobody scans again: it sends by itself.
    expect(floor.get_by_test_id("sync-pill")).to_contain_text("all uploaded", timeout=2 * MINUTE)

    otto = at_desk(f"{server.url}/desk/stock")
    sign_in_at_desk(otto, "otto")
    otto.goto(f"{server.url}/desk/stock")
    expect(otto.get_by_test_id("on-hand")).to_have_text("4", timeout=MINUTE)
    expect(otto.get_by_test_id("available")).to_have_text("4")

    # Prove it: from the number to the scan, the person and the device.
    otto.get_by_test_id("stock-row").filter(has_text=re.compile("kettle", re.IGNORECASE)).first.click()
    expect(otto.get_by_test_id("entry-row").first).to_be_visible()
    page = otto.locator("body")
    for trace in ("Cleo", "PDA 7", KETTLE):
        expect(page).to_contain_text(trace)

    otto.goto(f"{server.url}/desk/stock")
    otto.get_by_test_id("reconcile").click()
    otto.get_by_test_id("reconcile-do").click()
    expect(otto.get_by_test_id("reconcile-dialog")).to_contain_text(
        re.compile("agree|no difference|0 difference|没有差异", re.IGNORECASE), timeout=MINUTE
    )
