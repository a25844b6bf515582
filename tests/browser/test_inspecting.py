"""Inspecting groups on the handheld: some of many that are damaged, and a sample that decides for its tranche."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.dispositions import Disposition
from server.domain.ids import derived_id
from server.domain.inspections import Inspection
from server.domain.stock import StockBalance
from server.domain.tasks import Task
from tests.cast import SITE

from .conftest import scan, wait_for
from .play import Pda, Play, counted, playing, said
from .stage import LAMP, SHELF
from .test_floor_promises import PHOTO


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("inspecting")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 3")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def type_number(page: Page, number: str) -> None:
    for digit in number:
        page.get_by_test_id("quantity-pad").get_by_role("button", name=digit, exact=True).click()
    page.get_by_test_id("quantity-send").click()


def test_twelve_damaged_ones_are_split_off_a_pallet_of_960(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(kettle=960))
    page, label = bench.page, play.label()
    bench.go("inspect")
    bench.context.set_offline(True)
    scan(page, order.tote)
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "960")
    scan(page, "RSTW:FAIL-APPEARANCE")
    type_number(page, "12")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "12")
    scan(page, label)
    said(page, "ok", "Tote for")
    scan(page, "RSTW:PHOTO")
    page.get_by_test_id("photo-input").set_input_files(PHOTO)
    expect(page.locator("img.thumb")).to_be_visible()
    scan(page, "RSTW:DONE")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "948")  # the rest is next
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    bench.context.set_offline(False)
    bench.uploaded()

    found = play.books(Inspection, Inspection.order_id == order.id)
    assert sorted((one.quantity, one.verdict, len(one.photos)) for one in found) == [(12, "fail", 1), (948, "pass", 0)]
    tote = derived_id("container", SITE, label)
    assert [one.quantity for one in play.books(StockBalance, StockBalance.container_id == tote) if one.quantity] == [12]
    assert {one.quantity: one.kind for one in play.books(Disposition, Disposition.order_id == order.id)}[
        948
    ] == "restock"


def test_a_sample_decides_for_its_tranche_and_one_that_fails_has_every_unit_inspected(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(kettle=40))
    page = bench.page
    bench.go("inspect")
    bench.context.set_offline(True)
    scan(page, order.tote)
    page.get_by_test_id("sample-mode").get_by_text("Sample").click()
    type_number(page, "5")
    said(page, "own", "5 of 40 looked at")
    page = bench.reopen("inspect")
    expect(page.get_by_test_id("sampled")).to_contain_text("5 of 40")
    page.wait_for_timeout(500)  # the page listens to the scanner again
    scan(page, "RSTW:FAIL-FUNCTION")
    scan(page, "RSTW:DONE")
    said(page, "warn", "The sample failed", "every unit is inspected")
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "40")
    expect(page.get_by_test_id("sample-failed")).to_be_visible()
    expect(page.get_by_test_id("sample-mode")).to_have_count(0)
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-leave").click()

    page.get_by_test_id("back").click()  # it is asked on Home, too, and opens the group
    page.locator('[data-testid="asked-task"][data-kind="reinspect"]').filter(has_text=order.number).click()
    expect(page.get_by_test_id("bench")).to_have_attribute("data-quantity", "40")
    scan(page, "RSTW:PASS")
    counted(page, "0")
    page.get_by_test_id("back").click()
    expect(page.locator('[data-testid="asked-task"]').filter(has_text=order.number)).to_have_count(0)
    bench.context.set_offline(False)
    bench.uploaded()
    found = play.books(Inspection, Inspection.order_id == order.id)
    assert sorted((one.quantity, one.sampled, one.tranche, one.verdict) for one in found) == [
        (0, 5, 40, "fail"),
        (40, 0, 0, "pass"),
    ]
    assert [one.state for one in play.books(Task, Task.order_id == order.id)] == ["done"]

    good = bench.knows("ines", play.received_return(lamp=30))
    bench.go("inspect")
    scan(page, good.tote)
    page.get_by_test_id("sample-mode").get_by_text("Sample").click()
    type_number(page, "3")
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    bench.uploaded()
    (one,) = play.books(Inspection, Inspection.order_id == good.id)
    assert (one.quantity, one.sampled) == (30, 3)
    sam = play.office("sam", f"/desk/returns/{good.id}")
    expect(sam.get_by_test_id("inspections")).to_contain_text("sample of 3 out of 30")


def test_a_stack_is_put_away_by_one_scan_and_its_number(play: Play, bench: Pda) -> None:
    def lamps() -> int:
        """Of whichever return: those that wait the longest go first."""
        return sum(one.put_away for one in play.books(Disposition, Disposition.item_id == "lamp"))

    before = lamps()
    order = bench.knows("ines", play.received_return(lamp=30))
    play.colleague.inspect("ines", f"lamp-{order.number}", 30, container_id=derived_id("container", SITE, order.tote))
    play.colleague.dispose(
        "ines", f"lamp-{order.number}", "restock", 30, container_id=derived_id("container", SITE, order.tote)
    )
    play.colleague.sync()
    bench.knows("ines", order)
    page = bench.go("put-away")
    expect(page.get_by_test_id("to-put-away")).to_contain_text("Blue-Lamp")
    scan(page, LAMP)
    counted(page, "1")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-quantity").click()
    type_number(page, "25")
    counted(page, "25")
    scan(page, SHELF)
    said(page, "ok", f"Put into {SHELF}")
    bench.uploaded()

    wait_for(lambda: lamps() == before + 25, 30, "25 of the lamps to be put away")
