"""What the handheld says of work that clashed or was wrong: before it is done where it can know, and afterwards what was decided and why."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.conflicts import Conflict
from server.domain.receiving import Receipt
from server.domain.replies import Reply
from tests.cast import SITE

from .conftest import scan
from .play import MINUTE, Pda, Play, counted, line, open_parcel, playing, said
from .stage import CAMERA, KETTLE, LAMP

NOT_A_BOUNCE = 450


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("verdicts")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def dock(play: Play) -> Pda:
    return play.handheld("cleo", "Dock 5")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def scan_serial(page: Page, serial: str) -> None:
    scan(page, CAMERA)
    expect(page.get_by_test_id("sheet-serial")).to_be_visible()
    scan(page, serial)
    expect(page.get_by_test_id("sheet-serial")).to_have_count(0)


def twice(play: Play, dock: Pda) -> tuple[Conflict, str]:
    """The same camera is received twice: by a colleague, and here while there was no network."""
    order = dock.knows("cleo", play.approved_return(camera=2))
    page = dock.page
    open_parcel(dock, order)
    dock.uploaded()
    dock.context.set_offline(True)
    other = play.approved_return(camera=1)
    play.colleague.scan("cleo", other.id, f"camera-{other.number}", "camera", 1, serial=f"SN-{order.number}")
    play.colleague.sync()
    scan_serial(page, f"SN-{order.number}")
    counted(page, "1/2")
    dock.context.set_offline(False)
    dock.uploaded()
    (case,) = [each for each in play.books(Conflict, Conflict.rule == "X2") if each.order_id == order.id]
    return case, order.number


def test_the_handheld_learns_what_was_kept_by_whom_and_why_and_can_reply(play: Play, dock: Pda) -> None:
    case, number = twice(play, dock)
    page = dock.page
    page.get_by_test_id("sync-pill").click()
    page.get_by_test_id("attention-verdict").first.click()
    sheet = page.get_by_test_id("sheet-verdict")
    expect(sheet).to_contain_text("Waits for a supervisor")
    expect(sheet).to_contain_text(number)
    page.get_by_test_id("sheet-close").click()

    play.desk("sam", "resolve_conflict", conflict_id=case.id, option="keep_earlier", note="序列号贴错了")
    page.get_by_test_id("back").click()
    page.get_by_test_id("verdict-open").first.wait_for(timeout=MINUTE)
    page.get_by_test_id("verdict-open").first.click()
    verdict = page.get_by_test_id("verdict")
    for words in ("The earlier scan was kept", "Sam", "序列号贴错了"):
        expect(verdict).to_contain_text(words)

    page.get_by_test_id("reply-text").fill("标签是对的，是另一台")
    page.reload()  # what was being written is kept
    page.get_by_test_id("verdict-open").first.click()
    expect(page.get_by_test_id("reply-text")).to_have_value("标签是对的，是另一台")
    page.get_by_test_id("reply-send").click()
    expect(page.get_by_test_id("replies")).to_contain_text("标签是对的，是另一台")
    page.get_by_test_id("sheet-close").click()
    dock.uploaded()
    assert [(one.by, one.text) for one in play.books(Reply, Reply.conflict_id == case.id)] == [
        ("cleo", "标签是对的，是另一台")
    ]


def test_a_serial_another_handheld_received_is_said_with_who_and_when(play: Play, dock: Pda) -> None:
    other = play.approved_return(camera=1)
    play.colleague.scan("cleo", other.id, f"camera-{other.number}", "camera", 1, serial=f"SN-{other.number}")
    play.colleague.sync()
    order = dock.knows("cleo", play.approved_return(camera=1))
    open_parcel(dock, order)
    dock.context.set_offline(True)
    scan_serial(dock.page, f"SN-{other.number}")
    said(dock.page, "warn", "Cleo received this serial", "min before your last sync")
    dock.context.set_offline(False)


def test_an_open_conflict_is_said_when_its_parcel_is_opened(play: Play, dock: Pda) -> None:
    order = play.approved_return(camera=2)
    other = play.approved_return(camera=1)
    for one in (order, other):
        play.colleague.scan("cleo", one.id, f"camera-{one.number}", "camera", 1, serial=f"SN-{order.number}")
    play.colleague.sync()
    (case,) = [each for each in play.books(Conflict, Conflict.rule == "X2") if each.order_id in (order.id, other.id)]
    blocked = order if case.order_id == order.id else other
    waybill = play.signed_parcel(blocked)
    dock.knows("cleo", blocked)
    dock.context.set_offline(True)
    scan(dock.page, waybill)
    said(dock.page, "warn", "Conflict open: Serial twice", "SH-EXCEPTION-01")
    dock.context.set_offline(False)


def test_a_receipt_is_taken_back_with_its_reason(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5, lamp=2))
    page = dock.page
    open_parcel(dock, order)
    scan(page, "RSTW:X3")
    scan(page, KETTLE)
    counted(page, "3/5")
    scan(page, LAMP)
    counted(page, "1/2")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-take-back").click()
    page.get_by_test_id("sheet-choose").get_by_text("Green-Kettle").click()
    page.get_by_test_id("quantity-pad").get_by_role("button", name="2", exact=True).click()
    page.get_by_test_id("quantity-send").click()
    page.get_by_test_id("choice-handed_back").click()
    said(page, "ok", "Taken back")
    counted(page, "−2")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "1")
    dock.uploaded()
    assert play.received(order) == {"kettle": 1, "lamp": 1}
    sam = play.office("sam", f"/desk/returns/{order.id}")
    expect(sam.get_by_test_id("history")).to_contain_text("handed back to the carrier")


def test_what_nobody_knew_is_named_later_once_for_all_like_it(play: Play, dock: Pda) -> None:
    others = play.approved_return(kettle=1)
    play.colleague.scan("cleo", others.id, "line-of-nobody", "", 2, text="QX-77")
    play.colleague.sync()
    order = dock.knows("cleo", play.approved_return(lamp=3))
    page = dock.page
    open_parcel(dock, order)
    dock.context.set_offline(True)
    scan(page, "QX-77")
    page.get_by_test_id("unknown-leave").click()
    said(page, "warn", "Unknown code; kept")
    page.get_by_test_id("back").click()
    page.get_by_test_id("unknown-codes").click()
    page.get_by_test_id("choice-QX-77").click()
    page.get_by_test_id("unknown-search").fill("lamp")
    page.get_by_test_id("unknown-item").first.click()
    said(page, "ok", "Blue-Lamp", "QX-77")
    counted(page, "3")
    expect(page.get_by_test_id("unknown-codes")).to_have_count(0)
    dock.context.set_offline(False)
    dock.uploaded()
    found = play.books(Receipt, Receipt.text == "QX-77")
    assert {one.item_id for one in found} == {"lamp"}
    assert sum(one.quantity for one in found if one.site_id == SITE) == 3
