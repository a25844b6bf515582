"""Filing a return on the handheld: from the slip in the box, with or without network, and never more than was shipped unseen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from server.domain.conflicts import Conflict
from server.domain.outbound_claims import OutboundClaim
from server.domain.returns import ReturnLine, ReturnOrder
from tests.cast import SITE

from .conftest import scan
from .play import Pda, Play, Return, counted, playing, said, todo
from .stage import KETTLE, LAMP


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("filing")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def office(play: Play) -> Pda:
    """The supervisor's handheld: who may file."""
    return play.handheld("sam", "Office 1")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def row(page: Page, sku: str) -> Locator:
    return page.locator(f'[data-testid="file-line"][data-sku="{sku}"]')


def file_for(office: Pda, number: str) -> Page:
    office.held_by("sam")
    page = office.go("file")
    page.get_by_test_id("filing").or_(page.get_by_test_id("nothing-to-file")).wait_for()
    if page.get_by_test_id("filing").is_visible():  # left by an earlier scene
        page.get_by_test_id("more").click()
        page.get_by_test_id("action-leave").click()
    scan(page, number)
    expect(page.get_by_test_id("filing")).to_have_attribute("data-outbound", number)
    return page


def filed(play: Play, number: str) -> tuple[ReturnOrder, list[ReturnLine]]:
    (order,) = play.books(ReturnOrder, ReturnOrder.number == number)
    return order, play.books(ReturnLine, ReturnLine.order_id == order.id)


def number_on(page: Page) -> str:
    number = re.compile(r"RT-[A-Z0-9]+-\d+")
    card = page.get_by_test_id("looked-up")
    expect(card).to_contain_text(number)
    found = number.search(card.inner_text())
    assert found
    return found.group()


def test_a_return_is_filed_without_network_under_its_final_number(play: Play, office: Pda) -> None:
    sold = play.shipped(kettle=3, lamp=2)
    office.knows("sam", sold)
    office.context.set_offline(True)
    page = office.page
    scan(page, sold.number)
    page.get_by_test_id("look-file").click()
    expect(page.get_by_test_id("filing")).to_contain_text("王小姐")
    scan(page, KETTLE)
    counted(page, "1/3")
    page.wait_for_timeout(450)
    scan(page, KETTLE)
    counted(page, "2/3")
    scan(page, LAMP)
    counted(page, "1/2")
    page.get_by_test_id("type-customer").click()
    page.get_by_test_id("file-note").fill("颜色不对")
    page.reload()  # nothing chosen is lost
    expect(row(page, "GREEN-KETTLE")).to_have_attribute("data-asked", "2")
    expect(page.get_by_test_id("file-note")).to_have_value("颜色不对")
    page.get_by_test_id("primary").click()
    said(page, "ok", "Return filed")
    number = number_on(page)
    page = file_for_offline(office, sold.number)
    expect(row(page, "GREEN-KETTLE")).to_have_attribute("data-left", "1")  # what was filed here counts at once
    office.context.set_offline(False)
    office.uploaded()

    order, lines = filed(play, number)
    assert (order.status, order.note, order.customer_id, order.filed_by) == ("submitted", "颜色不对", "customer", "sam")
    assert {line.item_id: line.expected for line in lines} == {"kettle": 2, "lamp": 1}
    assert not play.books(Conflict, Conflict.order_id == order.id)
    rita = play.office("rita")
    todo(rita, "review", number).click()
    expect(rita.get_by_test_id("decide")).to_contain_text("颜色不对")


def file_for_offline(office: Pda, number: str) -> Page:
    page = office.page
    scan(page, number)
    page.get_by_test_id("look-file").click()
    expect(page.get_by_test_id("filing")).to_be_visible()
    return page


def test_no_more_is_filed_than_may_come_back_and_the_numbers_are_said(play: Play, office: Pda) -> None:
    sold = play.shipped(kettle=3)
    play.desk(
        "sally", "create_return", order_id=f"half-{sold.number}", number=f"R-{sold.number}", site_id=SITE, type_code="customer",
        lines=[{"line_id": f"half-{sold.number}", "item_id": "kettle", "quantity": 2, "outbound_line_id": f"{sold.id}-kettle"}],
    )  # fmt: skip
    play.desk("sally", "submit_return", order_id=f"half-{sold.number}")
    office.knows("sam", sold)
    page = file_for(office, sold.number)
    expect(row(page, "GREEN-KETTLE")).to_have_attribute("data-left", "1")
    scan(page, KETTLE)
    counted(page, "1/1")
    page.wait_for_timeout(450)
    scan(page, KETTLE)
    said(page, "warn", "Only 1 can come back", "3 shipped", "0 back", "2 filed elsewhere")
    expect(row(page, "GREEN-KETTLE")).to_have_attribute("data-asked", "1")


def test_what_is_reserved_before_going_offline_no_one_else_can_file(play: Play, office: Pda) -> None:
    sold = play.shipped(kettle=3)
    office.knows("sam", sold)
    page = file_for(office, sold.number)
    reserve(page)
    expect(page.get_by_test_id("reserved")).to_contain_text("3 reserved here until")
    office.context.set_offline(True)
    refused = pytest.raises(Exception, match="only 0 can come")
    with refused:
        everything_at_the_desk(play, sold)

    page.get_by_test_id("file-more").click()
    page.get_by_test_id("type-customer").click()
    page.get_by_test_id("primary").click()
    said(page, "ok", "Return filed")
    number = number_on(page)
    office.context.set_offline(False)
    office.uploaded()
    order, _ = filed(play, number)
    assert order.status == "submitted"
    assert not play.books(Conflict, Conflict.order_id == order.id)

    page = file_for(office, sold.number)  # the rest is given back
    expect(page.get_by_test_id("reserved")).to_contain_text("2 reserved")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-give-back").click()
    said(page, "ok", "given back")
    office.uploaded()
    expect(page.get_by_test_id("reserved")).to_have_count(0)
    assert not [claim for claim in play.books(OutboundClaim, OutboundClaim.line_id == "") if claim.open]


def test_a_reservation_that_ran_out_makes_a_case_for_the_supervisor_not_a_refusal(play: Play, office: Pda) -> None:
    sold = play.shipped(lamp=2)
    office.knows("sam", sold)
    page = file_for(office, sold.number)
    reserve(page)
    expect(page.get_by_test_id("reserved")).to_contain_text("2 reserved")
    office.context.set_offline(True)
    play.run_out(sold)
    everything_at_the_desk(play, sold)

    page.get_by_test_id("file-more").click()
    page.get_by_test_id("type-customer").click()
    page.get_by_test_id("primary").click()
    said(page, "ok", "Return filed")
    number = number_on(page)
    office.context.set_offline(False)
    office.uploaded()
    order, _ = filed(play, number)
    assert [case.rule for case in play.books(Conflict, Conflict.order_id == order.id)] == ["X1"]
    page.get_by_test_id("sync-pill").click()
    expect(page.get_by_test_id("attention")).to_contain_text("Over-return")


def test_who_may_not_file_is_told_before(play: Play, office: Pda) -> None:
    sold = play.shipped(kettle=1)
    office.knows("sam", sold)
    page = office.held_by("cleo")
    scan(page, sold.number)
    expect(page.get_by_test_id("looked-up")).to_contain_text("Filing a return is for")
    expect(page.get_by_test_id("look-file")).to_have_count(0)
    page = office.go("file")
    expect(page.get_by_test_id("lacks-right")).to_be_visible()
    expect(page.get_by_test_id("primary")).to_have_count(0)
    scan(page, sold.number)
    said(page, "warn", "Filing a return is for")
    page = office.go("inspect")
    expect(page.get_by_test_id("lacks-right")).to_contain_text("inspectors")
    scan(page, KETTLE)
    said(page, "warn", "Inspecting is for inspectors")


def reserve(page: Page) -> None:
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-reserve").click()
    said(page, "ok", "Reservation asked for")


def everything_at_the_desk(play: Play, sold: Return) -> None:
    """Somebody else files all of it."""
    lines = [
        {"line_id": f"all-{line.id}", "item_id": line.item_id, "quantity": line.quantity, "outbound_line_id": line.id}
        for line in play.lines_shipped(sold)
    ]
    order = f"all-{sold.number}"
    if not play.books(ReturnOrder, ReturnOrder.id == order):
        play.desk(
            "sally",
            "create_return",
            order_id=order,
            number=f"RA-{sold.number}",
            site_id=SITE,
            type_code="customer",
            lines=lines,
        )
    play.desk("sally", "submit_return", order_id=order)
