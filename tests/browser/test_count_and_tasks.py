"""Counting a bin blind, with and without network, and what a supervisor sends somebody to do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.conflicts import Conflict
from server.domain.counts import BinCount, CountLine
from server.domain.ids import derived_id, uuid7
from server.domain.inspections import Inspection
from server.domain.stock import StockBalance
from server.domain.tasks import Task, TaskAnswer
from tests.cast import FAILED, SITE

from .conftest import scan
from .play import Pda, Play, Return, counted, playing, said
from .stage import KETTLE
from .test_floor_promises import PHOTO

NOT_A_BOUNCE = 450


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("count")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def hall(play: Play) -> Pda:
    return play.handheld("cleo", "Hall 2")


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 2")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


NOTHING = Return("", "")


def line(page: Page, sku: str) -> str | None:
    return page.locator(f'[data-testid="counted-line"][data-sku="{sku}"]').get_attribute("data-counted")


def in_bin(play: Play, bin: str) -> dict[str, int]:
    """Units of each item that the book has there."""
    units: dict[str, int] = {}
    for one in play.books(StockBalance, StockBalance.bin_id == bin):
        units[one.item_id] = units.get(one.item_id, 0) + one.quantity
    return {item: n for item, n in units.items() if n}


def sent(play: Play, kind: str, **about: str) -> str:
    """Sam asks for it."""
    task = uuid7()
    play.desk("sam", "raise_task", task_id=task, site_id=SITE, kind=kind, **about)
    return task


def test_a_bin_is_counted_blind_without_network_and_a_reload_loses_nothing(play: Play, hall: Pda) -> None:
    tote = play.label()
    code = play.stands("bin-defective", "defective", kettle=3)
    play.stands("bin-defective", "defective", tote, lamp=2)
    hall.knows("cleo", NOTHING)
    page = hall.go("count")
    hall.context.set_offline(True)
    scan(page, KETTLE)
    said(page, "warn", "Scan the bin first")
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, code)
    expect(page.get_by_test_id("counting")).to_have_attribute("data-bin", code)
    expect(page.get_by_test_id("counted-line")).to_have_count(0)  # what the book expects is not told
    scan(page, KETTLE)
    counted(page, "1")
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, "RSTW:X2")
    scan(page, KETTLE)
    counted(page, "3")
    scan(page, "RSTW:UNDO")
    counted(page, "−2")
    scan(page, tote)
    said(page, "ok", "Counted with all it holds")
    scan(page, "GIFT-CARD")
    said(page, "warn", "Unknown code; counted as it is")

    page = hall.reopen("count")
    expect(page.get_by_test_id("counting")).to_have_attribute("data-bin", code)
    expect(page.get_by_test_id("counted-units")).to_have_text("2")
    assert line(page, "GREEN-KETTLE") == "1"
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, KETTLE)
    counted(page, "2")
    expect(page.get_by_test_id("unheard")).to_contain_text("recomputed")
    scan(page, "RSTW:DONE")
    said(page, "warn", f"{code} counted", "recomputed")
    counted(page, "3")
    hall.context.set_offline(False)
    hall.uploaded()

    assert in_bin(play, "bin-defective") == {"kettle": 2, "lamp": 2}
    (count,) = play.books(BinCount, BinCount.bin_id == "bin-defective")
    lines = play.books(CountLine, CountLine.count_id == count.id)
    assert {one.item_id or one.text: (one.counted, one.book) for one in lines} == {
        "kettle": (2, 3),
        "GIFT-CARD": (1, 0),
    }
    assert (count.by, count.finished, count.containers) == ("cleo", True, [derived_id("container", SITE, tote)])
    assert not play.books(Conflict)


def test_what_moved_unheard_of_before_a_count_becomes_a_case(play: Play, hall: Pda) -> None:
    code = play.stands("bin-repair", "in_repair", kettle=2)
    order = hall.knows("cleo", play.received_return(kettle=1))
    page = hall.go("count")
    hall.context.set_offline(True)
    tote, kettles = derived_id("container", SITE, order.tote), f"kettle-{order.number}"
    play.colleague.inspect("ines", kettles, verdict="fail", grade="C", checks=FAILED, container_id=tote)
    play.colleague.dispose("ines", kettles, "repair", container_id=tote)
    play.colleague.put_away("cleo", kettles, "repair", container_id=tote)
    play.colleague.sync()
    scan(page, code)
    scan(page, "RSTW:X3")
    scan(page, KETTLE)
    counted(page, "3")
    expect(page.get_by_test_id("unheard")).to_be_visible()
    scan(page, "RSTW:DONE")
    said(page, "warn", "counted")
    hall.context.set_offline(False)
    hall.uploaded()
    assert [case.rule for case in play.books(Conflict, Conflict.state == "open")] == ["X10"]


def test_whoever_is_sent_to_count_finds_it_on_home_and_the_count_answers(play: Play, hall: Pda) -> None:
    code = play.stands("bin-scrap", "scrap_pending", kettle=1)
    task = sent(play, "recount", bin_id="bin-scrap", question="账上 1，实际几个？")
    hall.knows("cleo", NOTHING)
    page = hall.page
    asked = page.get_by_test_id("asked-task").filter(has_text="账上 1")
    expect(asked).to_contain_text(code)
    expect(asked).to_contain_text("asked by Sam")
    asked.click()
    expect(page.get_by_test_id("task-in-hand")).to_contain_text("账上 1")
    scan(page, "SH-HAZARD-01")
    said(page, "warn", "This is SH-HAZARD-01", code)
    scan(page, code)
    said(page, "ok", "Counting")
    scan(page, KETTLE)
    page.wait_for_timeout(NOT_A_BOUNCE)
    scan(page, KETTLE)
    counted(page, "2")
    page.get_by_test_id("primary").click()
    said(page, "ok", "counted")
    expect(page.get_by_test_id("task-in-hand")).to_have_count(0)
    hall.uploaded()
    (done,) = play.books(Task, Task.id == task)
    assert (done.state, done.answered_by, done.found) == ("done", "cleo", 2)
    assert in_bin(play, "bin-scrap") == {"kettle": 2}


def test_go_and_look_is_answered_with_words_and_a_photo_also_offline(play: Play, hall: Pda) -> None:
    task = sent(play, "look", bin_id="bin-dock", question="门口那箱是谁的？")
    hall.knows("cleo", NOTHING)
    page = hall.page
    hall.context.set_offline(True)
    page.get_by_test_id("asked-task").filter(has_text="门口那箱").click()
    page.get_by_test_id("primary").click()
    said(page, "warn", "Write a word or take a photo")
    page.get_by_test_id("task-photo").click()
    page.get_by_test_id("photo-input").set_input_files(PHOTO)
    expect(page.locator("img.thumb")).to_be_visible()
    page.get_by_test_id("task-note").fill("上面写着李先生")
    page = hall.reopen("count")  # nothing said so far is lost
    expect(page.get_by_test_id("task-note")).to_have_value("上面写着李先生")
    expect(page.locator("img.thumb")).to_be_visible()
    page.get_by_test_id("primary").click()
    said(page, "ok", "Answered")
    expect(page.get_by_test_id("asked-task").filter(has_text="门口那箱")).to_have_count(0)
    hall.context.set_offline(False)
    hall.uploaded()
    (answer,) = play.books(TaskAnswer, TaskAnswer.task_id == task)
    assert (answer.outcome, answer.note, answer.by, len(answer.photos)) == ("done", "上面写着李先生", "cleo", 1)


def test_a_photo_to_be_taken_again_is_not_answered_without_one(play: Play, hall: Pda, bench: Pda) -> None:
    order = play.received_return(kettle=1)
    inspection = play.colleague.inspect("ines", f"kettle-{order.number}")
    play.colleague.sync()
    task = sent(play, "retake", subject_kind="Inspection", subject_id=inspection)
    hall.knows("cleo", order)
    page = hall.page
    page.get_by_test_id("asked-task").filter(has_text="take it again").click()
    page.get_by_test_id("primary").click()
    said(page, "warn", "Take the photo first")
    page.get_by_test_id("task-not-found").click()
    said(page, "ok", "Answered", "Not found")
    hall.uploaded()
    (done,) = play.books(Task, Task.id == task)
    assert (done.state, done.outcome) == ("done", "not_found")


def test_to_inspect_again_opens_that_very_unit_and_the_verdict_closes_the_case(play: Play, bench: Pda) -> None:
    order = play.received_return(camera=1)
    (serial,) = order.serials
    play.colleague.inspect("ines", f"camera-{order.number}", serial=serial)
    play.colleague.sync()
    play.colleague.inspect("sam", f"camera-{order.number}", serial=serial, verdict="fail", grade="C", checks=FAILED)
    play.colleague.sync()
    (case,) = play.books(Conflict, Conflict.order_id == order.id)
    assert case.rule == "X3"
    play.desk("sam", "resolve_conflict", conflict_id=case.id, option="reinspect")
    bench.knows("ines", order)
    page = bench.page
    page.locator('[data-testid="asked-task"][data-kind="reinspect"]').filter(has_text=serial).click()
    expect(page.get_by_test_id("bench")).to_contain_text(serial)
    scan(page, "RSTW:FAIL-PACKAGING")
    scan(page, "RSTW:DONE")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    bench.uploaded()
    standing = play.books(Inspection, Inspection.order_id == order.id, Inspection.superseded_by == "")
    assert [(one.serial, one.by, one.verdict) for one in standing] == [(serial, "ines", "fail")]
    (case,) = play.books(Conflict, Conflict.id == case.id)
    assert case.state in ("resolved", "auto_resolved")
    assert [one.state for one in play.books(Task, Task.conflict_id == case.id)] == ["done"]
