"""Sending somebody: raised at the desk, answered on a handheld, and back at the case it was raised for."""

from typing import Any

import pytest

from server.database import Database
from server.domain import alerts, conflicts, inspections, photos, stock, tasks
from server.domain.errors import Invalid, NotAllowed, Stale
from server.domain.ids import uuid7
from server.domain.permissions import SYSTEM
from server.domain.tasks import Task, TaskAnswer
from server.sync import leaving
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock

from .breaches import BREACHES, OTHER_PHOTO, World, change, count, photo_comes
from .test_conflict_rules import case, judge_the_books, resolve, standing

pytestmark = ON_BOTH
BROKEN = {"verdict": "fail", "grade": "D"}


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def raised(world: World, id: str = "task", **args: Any) -> Task:
    world.desk("sam", "raise_task", task_id=id, site_id=SITE, **{"question": "is it wet?"} | args)
    return task(world, id)


def task(world: World, id: str) -> Task:
    with world.database.read(SYSTEM) as work:
        return work.get(Task, id)


def the_task(world: World) -> Task:
    with world.database.read(SYSTEM) as work:
        (found,) = work.find(Task)
        return found


def answers(world: World, id: str) -> list[TaskAnswer]:
    with world.database.read(SYSTEM) as work:
        return tasks.answers_of(work, [id])


def answer(handheld: Handheld, id: str = "task", who: str = "cleo", **args: Any) -> str:
    answer_id = uuid7()
    handheld.do(who, "answer_task", answer_id=answer_id, task_id=id, site_id=SITE, **args)
    return answer_id


# Raised, answered, withdrawn


def test_a_question_reaches_every_handheld_and_its_answer_the_desk(world: World) -> None:
    raised(world, bin_id="bin-dock")
    world.a.pull()
    assert world.a.view["task", "task"]["question"] == "is it wet?"
    answer(world.a, note="dry", photos=[{"sha256": OTHER_PHOTO, "kind": "whole"}])
    assert world.a.sync()[-1].status == "applied"

    done = task(world, "task")
    assert (done.state, done.answered_by, done.answer, done.outcome, done.answers) == ("done", "cleo", "dry", "done", 1)
    world.b.pull()
    assert world.b.view["task", "task"]["photos"] == [{"sha256": OTHER_PHOTO, "kind": "whole"}]


def test_an_answer_sent_again_is_one_answer(world: World) -> None:
    raised(world)
    sent = answer(world.a, note="dry")
    world.a.sync()
    world.a.do("cleo", "answer_task", answer_id=sent, task_id="task", site_id=SITE, note="dry")
    assert world.a.sync()[-1].status == "noop"
    assert len(answers(world, "task")) == 1


def test_a_second_answer_is_kept_beside_the_first(world: World) -> None:
    raised(world)
    answer(world.a, note="dry")
    answer(world.b, note="wet", outcome="not_possible")
    world.a.sync()
    world.clock.forward(HOUR)
    assert world.b.sync()[-1].status == "applied"
    first = task(world, "task")
    assert (first.answer, first.outcome, first.answers) == ("dry", "done", 2)
    assert [each.note for each in answers(world, "task")] == ["dry", "wet"]


def test_what_was_seen_is_kept_though_the_task_was_withdrawn_or_is_not_known(world: World) -> None:
    raised(world)
    answer(world.a, note="dry")
    world.desk("sam", "withdraw_task", task_id="task", reason="found it")
    answer(world.a, id="never-heard-of", note="wet")
    assert [result.status for result in world.a.sync()] == ["applied", "applied"]
    withdrawn = task(world, "task")
    assert (withdrawn.state, withdrawn.withdrawn_why, withdrawn.answer) == ("withdrawn", "found it", "dry")
    assert answers(world, "never-heard-of")[0].note == "wet"


def test_a_closed_task_is_not_withdrawn(world: World) -> None:
    raised(world)
    answer(world.a)
    world.a.sync()
    with pytest.raises(Stale) as refused:
        world.desk("sam", "withdraw_task", task_id="task")
    assert refused.value.facts["by"] == "cleo"


def test_closed_tasks_leave_the_handhelds_after_thirty_days_and_open_ones_stay(world: World) -> None:
    raised(world, "open")
    raised(world, "withdrawn")
    raised(world, "done")
    answer(world.a, id="done")
    world.a.sync()
    world.desk("sam", "withdraw_task", task_id="withdrawn")
    world.clock.forward(30 * DAY - HOUR)
    world.database.write(SYSTEM, leaving.leave)
    world.a.pull()
    assert {key for kind, key in world.a.view if kind == "task"} == {"open", "withdrawn", "done"}
    world.clock.forward(HOUR)
    world.database.write(SYSTEM, leaving.leave)
    world.a.pull()
    assert {key for kind, key in world.a.view if kind == "task"} == {"open"}


@pytest.mark.parametrize("who", ["cleo", "ines", "sally", "rita", "otto", "stranger"])
def test_only_a_supervisor_sends_people(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        world.desk(who, "raise_task", site_id=SITE, question="x")
    raised(world)
    with pytest.raises(NotAllowed):
        world.desk(who, "withdraw_task", task_id="task")


def test_an_answer_of_somebody_who_never_worked_on_the_floor_is_refused_and_changes_nothing(world: World) -> None:
    raised(world)
    answer(world.a, who="sally", note="dry")
    assert world.a.sync()[-1].status == "rejected"
    assert task(world, "task").state == "open"


@pytest.mark.parametrize("args, field", [
    ({"question": " "}, "question"),
    ({"kind": "recount"}, "bin_id"),
    ({"kind": "reinspect"}, "line_id"),
    ({"kind": "retake"}, "subject_id"),
    ({"kind": "refuse"}, "order_id"),
    ({"assignee": "sally"}, "assignee"),
    ({"due_at": 1}, "due_at"),
])  # fmt: skip
def test_a_task_nobody_could_do_is_not_raised(world: World, args: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        raised(world, **args)
    assert refused.value.facts["field"] == field
    with world.database.read(SYSTEM) as work:
        assert not work.find(Task)


# For a conflict


@pytest.mark.parametrize("rule", BREACHES)
def test_somebody_can_be_sent_to_look_for_any_conflict_and_their_answer_comes_back_to_it(
    world: World, rule: str
) -> None:
    id = BREACHES[rule](world)
    before = case(world, id)
    sent = raised(world, conflict_id=id)
    assert (sent.order_id, sent.conflict_id) == (before.order_id, id)
    world.clock.forward(HOUR)
    answer(world.a, who="ines", note="it is wet", photos=[{"sha256": OTHER_PHOTO, "kind": "whole"}])
    assert world.a.push()[-1].status == "applied"
    after = case(world, id)
    assert (after.state, after.last_at) == ("open", world.clock())
    assert after.facts == before.facts


def test_who_looks_for_a_conflict_is_told_where(world: World) -> None:
    id = BREACHES["X2"](world)
    sent = raised(world, conflict_id=id)
    assert (sent.order_id, sent.line_id, sent.item_id, sent.serial) == (R_1001, "cameras", "camera", "S1")


def test_nobody_has_to_look_any_more_once_the_case_is_decided(world: World) -> None:
    id = BREACHES["X2"](world)
    raised(world, conflict_id=id)
    resolve(world, id, "keep_earlier")
    assert task(world, "task").state == "withdrawn"


def test_another_sites_conflict_is_not_looked_at_from_here(world: World) -> None:
    id = BREACHES["X2"](world)
    change(world, conflicts.Conflict, id, site_id="elsewhere")
    with pytest.raises(Invalid):
        raised(world, conflict_id=id)


# Options that send somebody


def test_a_third_look_takes_the_place_of_two_that_differ(world: World) -> None:
    id = BREACHES["X3"](world)
    resolve(world, id, "reinspect")
    assert (case(world, id).state, the_task(world).serial) == ("open", "S1")
    world.a.inspect("ines", "kettles", serial="S1", verdict="conditional", grade="B")
    assert world.a.sync()[-1].status == "applied"

    assert case(world, id).state == "auto_resolved"
    done = the_task(world)
    assert (done.state, done.answer, answers(world, done.id)[0].record_kind) == ("done", "conditional B", "Inspection")
    with world.database.read(SYSTEM) as work:
        (current,) = inspections.current(work, "kettles")
        assert (current.grade, answers(world, done.id)[0].record_id) == ("B", current.id)
        line = work.get(tasks.returns.ReturnLine, "kettles")
        assert (line.received, line.inspected) == (1, 1)
    judge_the_books(world)


def test_a_third_look_at_goods_without_serial_numbers_counts_them_once(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.inspect("ines", "kettles", 3)
    world.b.inspect("sam", "kettles", 3, verdict="conditional", grade="C")
    world.a.sync()
    id = str(world.b.sync()[-1].conflict)
    resolve(world, id, "reinspect")
    world.a.inspect("ines", "kettles", 3, verdict="conditional", grade="B")
    world.a.sync()
    assert case(world, id).state == "auto_resolved"
    with world.database.read(SYSTEM) as work:
        assert work.get(tasks.returns.ReturnLine, "kettles").inspected == 3


def test_a_unit_is_inspected_again_because_a_supervisor_asked(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    world.a.inspect("ines", "kettles", serial="S1")
    world.a.sync()
    raised(world, kind="reinspect", line_id="kettles", serial="S1", question="is the lid whole?")
    world.b.inspect("ines", "kettles", serial="S1", verdict="conditional", grade="C")
    assert world.b.sync()[-1].status == "applied"
    assert task(world, "task").state == "done"
    with world.database.read(SYSTEM) as work:
        assert [each.grade for each in inspections.current(work, "kettles")] == ["C"]


def test_a_photo_taken_again_closes_the_case_of_the_missing_one(world: World) -> None:
    id = BREACHES["X17"](world)
    resolve(world, id, "retake")
    asked = the_task(world)
    assert (asked.kind, asked.subject_kind, asked.order_id, asked.line_id) == (
        "retake", "Inspection", R_1001, "kettles",
    )  # fmt: skip
    new = "c" * 64
    given = answer(world.a, id=asked.id, photos=[{"sha256": new, "kind": "label"}])
    world.a.sync()
    with world.database.read(SYSTEM) as work:
        assert work.get(inspections.Inspection, asked.subject_id).photos[0]["sha256"] == new
    assert (the_task(world).state, case(world, id).state) == ("done", "open")  # its bytes are still to come
    photo_comes(world, new)
    assert case(world, id).state == "auto_resolved"
    with world.database.read(SYSTEM) as work:
        assert not photos.awaited(work, given)


def test_refused_goods_are_put_apart_by_somebody_and_the_answer_is_kept(world: World) -> None:
    id = BREACHES["X5"](world)
    resolve(world, id, "refuse_goods")
    asked = the_task(world)
    assert (asked.kind, asked.order_id, asked.state, case(world, id).state) == ("refuse", R_1001, "open", "resolved")
    answer(world.a, id=asked.id, note="in the cage")
    world.a.sync()
    assert (the_task(world).state, case(world, id).state) == ("done", "resolved")


def test_whoever_finds_nothing_says_so_and_the_case_stays_open(world: World) -> None:
    id = BREACHES["X3"](world)
    resolve(world, id, "reinspect")
    answer(world.a, id=the_task(world).id, outcome="not_found", note="no such box")
    world.a.sync()
    assert (case(world, id).state, the_task(world).outcome) == ("open", "not_found")
    resolve(world, id, "reinspect")  # somebody else is sent


# For an alert


def test_a_bin_is_counted_for_an_alert_and_the_alert_closes_when_the_book_is_right(world: World) -> None:
    def below_zero(work: Any) -> None:
        item = work.get(stock.Item, "kettle")
        place = stock.Place("sellable", "bin-sellable")
        stock.move(work, SITE, item, 2, place, stock.OUT, stock.Cause("move"))
        alerts.judge(
            work, alerts.RULES["negative_stock"], work.find(stock.StockBalance, stock.StockBalance.quantity < 0)[0].id
        )

    world.database.write(SYSTEM, below_zero)
    with world.database.read(SYSTEM) as work:
        (alert,) = work.find(alerts.Alert)
    sent = raised(world, kind="recount", alert_id=alert.id)
    assert (sent.bin_id, sent.item_id) == ("bin-sellable", "kettle")
    with world.database.read(SYSTEM) as work:
        assert work.get(alerts.Alert, alert.id).state == "in_progress"

    world.a.pull()
    count(world.a, {"kettle": 1}, task=sent.id)
    assert world.a.sync()[-1].status == "applied"
    assert (task(world, "task").state, task(world, "task").found) == ("done", 1)
    assert standing(world)["kettle", "sellable"] == 1
    world.database.write(SYSTEM, lambda work: alerts.judge(work, alerts.RULES["negative_stock"], alert.subject))
    with world.database.read(SYSTEM) as work:
        assert work.get(alerts.Alert, alert.id).state == "auto_closed"
