"""A supervisor sends somebody to look, for a conflict or an alert, and the answer comes back to where it was asked."""

import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from server.domain import conflicts
from server.domain.ids import uuid7
from server.domain.tasks import Task
from tests.cast import SITE, Handheld
from tests.domain.breaches import count

from .conftest import HANDHELD
from .play import MINUTE, Play, decide, playing, todo


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("sending")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def sam(play: Play) -> Page:
    return play.office("sam")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def two_verdicts(play: Play) -> tuple[str, Any]:
    """Two colleagues saw the same camera differently; returns the case, and the return."""
    order = play.received_return(camera=1)
    (serial,) = order.serials
    play.colleague.inspect("ines", f"camera-{order.number}", serial=serial)
    play.colleague.sync()
    other = Handheld(play.database, "B1")
    other.seq = other.record.last_seq
    other.inspect("sam", f"camera-{order.number}", serial=serial, verdict="conditional", grade="C")
    return str(other.sync()[-1].conflict), order


def asked(play: Play, **equal: str) -> Task:
    (task,) = (each for each in play.books(Task) if all(getattr(each, name) == value for name, value in equal.items()))
    return task  # type: ignore[no-any-return]


def answer(play: Play, task: Task, **args: Any) -> None:
    play.colleague.do("cleo", "answer_task", answer_id=uuid7(), task_id=task.id, site_id=SITE, **args)
    play.colleague.sync()


def test_a_question_about_a_conflict_is_sent_to_the_floor_and_its_answer_appears_without_a_reload(
    play: Play, sam: Page
) -> None:
    case, order = two_verdicts(play)
    sam.goto(f"{play.url}/desk/conflicts/{case}")
    decide(sam, "look")
    expect(sam.get_by_test_id("options")).to_contain_text("This choice needs a note")  # not without a question
    sam.get_by_test_id("value").select_option("cleo")
    decide(sam, "look", "Is the lens scratched?")
    sent = sam.get_by_test_id("sent-for")
    expect(sent).to_contain_text("Is the lens scratched?")
    expect(sent).to_contain_text("Cleo")
    assert asked(play, conflict_id=case).item_id == "camera"

    at_work = play.office("sam", "/desk/todo?kind=task")
    expect(todo(at_work, "task", order.number)).to_contain_text("Is the lens scratched?")

    picture = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 160)).save(picture, "JPEG")
    sha256 = hashlib.sha256(picture.getvalue()).hexdigest()
    answer(play, asked(play, conflict_id=case), note="A hair, no scratch", photos=[{"sha256": sha256, "kind": "whole"}])
    expect(sent).to_contain_text("A hair, no scratch", timeout=MINUTE)
    expect(sent.get_by_test_id("photos").locator("li")).to_have_count(1)
    expect(todo(at_work, "task", order.number)).to_have_count(0, timeout=MINUTE)


def test_the_suggested_third_look_is_asked_for_once_and_settles_the_conflict_by_itself(play: Play, sam: Page) -> None:
    case, order = two_verdicts(play)
    sam.goto(f"{play.url}/desk/conflicts/{case}")
    expect(sam.get_by_test_id("option-box-reinspect")).to_contain_text("Inspect again")  # the effect: somebody is sent
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("sent")).to_be_visible()
    expect(sam.get_by_test_id("option-reinspect")).to_be_disabled()
    expect(sam.get_by_test_id("option-box-reinspect")).to_contain_text("Somebody has been sent for this already")

    play.colleague.inspect("ines", f"camera-{order.number}", serial=order.serials[0], verdict="conditional", grade="B")
    play.colleague.sync()
    expect(sam.get_by_test_id("resolved-itself")).to_be_visible(timeout=MINUTE)
    expect(sam.get_by_test_id("sent-for")).to_contain_text("B")


def test_a_task_is_withdrawn_and_whoever_looked_is_heard_all_the_same(play: Play, sam: Page) -> None:
    case, _ = two_verdicts(play)
    sam.goto(f"{play.url}/desk/conflicts/{case}")
    decide(sam, "look", "Is the box there?")
    sam.get_by_test_id("withdraw-task").click()
    sam.get_by_test_id("task-withdraw-reason").fill("Found it")
    sam.get_by_test_id("task-withdraw-do").click()
    expect(sam.get_by_test_id("sent-for")).to_contain_text("Withdrawn")
    answer(play, asked(play, conflict_id=case), note="Yes, on the floor")
    expect(sam.get_by_test_id("sent-for")).to_contain_text("Yes, on the floor", timeout=MINUTE)


def test_an_alert_sends_somebody_to_count_and_shows_what_they_counted(play: Play, sam: Page) -> None:
    order = play.approved_return(kettle=1)
    play.colleague.scan("cleo", order.id, f"kettle-{order.number}", "kettle", 2)
    play.colleague.sync()
    sam.goto(f"{play.url}/desk/todo?kind=alert")
    waiting = todo(sam, "alert", order.number).first
    expect(waiting).to_be_visible(timeout=MINUTE)
    waiting.click()
    detail = sam.get_by_test_id("decide")
    decide(sam, "recount")
    expect(detail.get_by_test_id("task")).to_contain_text("Count again")
    task = asked(play, line_id=f"kettle-{order.number}", kind="recount")
    answer(play, task, found=1)
    expect(detail.get_by_test_id("task-answer")).to_contain_text("1 counted", timeout=MINUTE)


def test_a_count_is_shown_with_what_the_book_had_and_the_bin_can_be_counted_again(play: Play, sam: Page) -> None:
    code = play.stands("bin-sellable", "sellable", kettle=3)
    play.colleague.pull()
    count(play.colleague, {"kettle": 2, "lamp": 1})
    play.colleague.sync()
    sam.goto(f"{play.url}/desk/stock")
    sam.get_by_test_id("counts-link").click()
    sam.get_by_test_id("count-row").filter(has_text=code).first.click()
    lines = sam.get_by_test_id("count-line")
    expect(lines.filter(has_text="Green-Kettle").locator("td")).to_have_text(
        [re.compile("Green-Kettle"), "2", "3", "−1"]
    )
    expect(lines.filter(has_text="Blue-Lamp").locator("td")).to_have_text([re.compile("Blue-Lamp"), "1", "0", "+1"])

    sam.get_by_test_id("go-and-look").click()
    sam.get_by_role("radio", name="Count again").or_(sam.get_by_role("button", name="Count again")).first.click()
    sam.get_by_test_id("task-send-do").click()
    expect(sam.get_by_test_id("task-send")).to_have_count(0)
    assert asked(play, bin_id="bin-sellable").kind == "recount"


def test_it_is_done_on_a_phone_too(play: Play) -> None:
    case, _ = two_verdicts(play)
    page = play.office("sam", f"/desk/conflicts/{case}")
    page.set_viewport_size({"width": 360, "height": HANDHELD["height"]})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    decide(page, "look", "Is the box there?")
    expect(page.get_by_test_id("sent-for")).to_contain_text("Is the box there?")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [each.state for each in play.books(conflicts.Conflict, conflicts.Conflict.id == case)] == ["open"]
