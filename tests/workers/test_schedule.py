"""What is done because time passes."""

import threading
from typing import Any

import pytest
from sqlmodel import col

from server.database import Database
from server.domain.conflicts import Conflict
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.parcels import Parcel
from server.domain.people import OneTimeCode, Session, Throttle
from server.domain.permissions import SYSTEM
from server.domain.records import Change, Mutation, ReconcileRun, Snapshot
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.work import Work
from server.sync import leaving, pull
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock
from workers import schedule
from workers.schedule import MINUTE, SCHEDULE, Task

from .books import change, runs

pytestmark = ON_BOTH


def due(database: Database) -> list[str]:
    with database.read(SYSTEM) as work:
        return schedule.due(work)


def do_all(database: Database) -> None:
    for name in due(database):
        schedule.do(database, name)


def test_everything_is_due_at_first_and_again_in_its_time(database: Database, clock: Clock) -> None:
    assert set(due(database)) == set(SCHEDULE)
    do_all(database)
    assert due(database) == []
    clock.forward(MINUTE)
    assert set(due(database)) == {"judge_by_time", "expire_held", "judge_conflicts"}
    clock.forward(HOUR)
    assert set(due(database)) == set(SCHEDULE)


def test_what_two_workers_take_up_is_done_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setitem(SCHEDULE, "tidy", Task(HOUR, lambda database: done.append("tidy")))
    schedule.do(database, "tidy")
    schedule.do(database, "tidy")
    assert done == ["tidy"]


def test_what_fails_is_tried_again_in_a_minute_and_what_was_killed_at_once(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(database: Database) -> None:
        raise ZeroDivisionError

    do_all(database)
    clock.forward(HOUR)
    monkeypatch.setitem(SCHEDULE, "tidy", Task(HOUR, broken))
    with pytest.raises(ZeroDivisionError):
        schedule.do(database, "tidy")
    assert "tidy" not in due(database)
    clock.forward(MINUTE)
    assert "tidy" in due(database)


def test_every_site_is_reconciled_every_hour(database: Database) -> None:
    do_all(database)
    assert [(run.site_id, run.cause, run.state) for run in runs(database)] == [(SITE, "schedule", "queued")]


def test_an_intention_that_waited_too_long_is_handed_to_a_supervisor(
    database: Database, a: Handheld, clock: Clock
) -> None:
    held = a.do("cleo", "submit_return", order_id="never-sent")
    a.sync()
    clock.forward(5 * DAY)
    do_all(database)
    with database.read(SYSTEM) as work:
        kept = work.look(Mutation, held)
        assert kept is not None
        assert (kept.status, kept.code) == ("held", "never_arrived")
        assert work.get(Conflict, kept.conflict_id).rule == "X15"


def test_a_long_tail_is_sealed_into_a_snapshot(
    database: Database, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "TAIL_BEFORE_SNAPSHOT", 5)
    do_all(database)
    with database.read(SYSTEM) as work:
        assert "catalogue" in {page.feed for page in work.find(Snapshot)}


def test_expired_things_are_forgotten_and_the_rest_is_kept(database: Database, clock: Clock) -> None:
    def lay_out(work: Work) -> None:
        for id, moment in (("old", clock.now - 40 * DAY), ("young", clock.now + DAY)):
            work.add(Session, id=id, expires_at=moment)
            work.add(Throttle, id=id, last_failure_at=moment)
            work.add(OneTimeCode, id=id, expires_at=moment)
        work.add(ReconcileRun, id="clean", state="done", finished_at=clock.now - 2 * DAY)
        work.add(ReconcileRun, id="telling", state="done", differences=1, finished_at=clock.now - 2 * DAY)
        work.add(ReconcileRun, id="asked", state="done", cause="asked", finished_at=clock.now - 2 * DAY)
        work.add(ReconcileRun, id="old", state="failed", cause="asked", finished_at=clock.now - 40 * DAY)

    database.write(SYSTEM, lay_out)
    schedule.tidy(database)
    with database.read(SYSTEM) as work:
        for model in (Session, Throttle, OneTimeCode):
            assert [each.id for each in work.find(model)] == ["young"]
        assert {run.id for run in work.find(ReconcileRun)} == {"telling", "asked"}


# Closed returns leave their feed


@pytest.fixture
def completed(desk: Desk, a: Handheld, database: Database) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "kettles", 3)
    a.inspect("ines", "lamps")
    a.dispose("ines", "kettles", "repair", 3)
    a.dispose("ines", "lamps", "repair")
    a.sync()
    with database.read(SYSTEM) as work:
        assert work.look(ReturnOrder, R_1001).status == "completed"  # type: ignore[union-attr]


@pytest.mark.usefixtures("completed")
def test_a_return_closed_for_a_month_leaves_the_handhelds_with_all_that_belongs_to_it(
    database: Database, a: Handheld, b: Handheld, clock: Clock
) -> None:
    clock.forward(30 * DAY - 1)
    schedule.leave_feeds(database)
    a.pull()
    assert ("return_order", R_1001) in a.view

    clock.forward(1)
    schedule.leave_feeds(database)
    a.pull()
    b.pull()
    for view in (a.view, b.view):
        kinds = {kind for kind, _ in view}
        assert not kinds & {"return_order", "return_line", "receipt", "inspection", "disposition"}
        assert {"stock_balance", "item", "bin"} <= kinds, "the goods are still there"
    with database.read(SYSTEM) as work:
        assert work.look(ReturnOrder, R_1001)

    heads = database.heads()
    schedule.leave_feeds(database)
    assert database.heads() == heads, "it leaves once"


@pytest.mark.usefixtures("completed")
def test_one_that_is_opened_again_is_there_again(database: Database, a: Handheld, clock: Clock) -> None:
    clock.forward(30 * DAY)
    schedule.leave_feeds(database)
    a.pull()
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    assert a.view["return_order", R_1001]["status"] == "inspecting"
    assert a.view["return_line", "kettles"]["received"] == 3  # with all that belongs to it
    assert len([kind for kind, _ in a.view if kind == "inspection"]) == 2
    change(database, ReturnOrder, R_1001, status="completed", completed_at=clock.now)
    clock.forward(30 * DAY)
    schedule.leave_feeds(database)
    a.pull()
    assert ("return_order", R_1001) not in a.view


def test_one_that_is_touched_after_it_left_leaves_again_a_month_later(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock
) -> None:
    """Goods of a cancelled return turn up after it has left, and what was decided of them is told."""
    desk.file_r_1001()
    desk("sally", "cancel_return", order_id=R_1001, reason="changed her mind")
    b.pull()
    clock.forward(30 * DAY)
    schedule.leave_feeds(database)
    a.scan("cleo", R_1001, "lamps", "lamp")
    (late,) = a.sync()
    assert late.status == "conflict"
    clock.forward(29 * DAY)
    schedule.leave_feeds(database)
    for handheld in (a, b):
        handheld.pull()
        assert ("conflict", late.conflict) in handheld.view, "its verdict is still to be read"
    clock.forward(DAY)
    schedule.leave_feeds(database)
    for handheld in (a, b):
        handheld.pull()
        assert not {kind for kind, _ in handheld.view} & {"return_order", "return_line", "receipt", "conflict"}
    heads = database.heads()
    schedule.leave_feeds(database)
    assert database.heads() == heads, "it leaves once"


@pytest.mark.usefixtures("completed")
def test_one_that_is_opened_again_while_it_leaves_stays(
    database: Database, a: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.sqlite:
        return  # one writer at a time: nobody comes in between
    clock.forward(30 * DAY)
    a.scan("cleo", R_1001, "lamps", "lamp")
    seek = Work.seek

    def late(work: Work, model: type[Any], id: str, *, lock: bool = True) -> Any:
        if model is ReturnOrder:
            monkeypatch.undo()
            scanning = threading.Thread(target=a.push)
            scanning.start()
            scanning.join()
        return seek(work, model, id, lock=lock)

    monkeypatch.setattr(Work, "seek", late)
    schedule.leave_feeds(database)
    a.pull()
    assert a.view["return_order", R_1001]["status"] == "inspecting"


def test_many_closed_in_the_same_moment_all_leave(database: Database, clock: Clock) -> None:
    def close(work: Work) -> None:
        for n in range(50):
            work.add(ReturnOrder, id=f"order-{n:02}", site_id=SITE, status="cancelled", cancelled_at=clock.now)
            work.add(ReturnLine, id=f"line-{n:02}", order_id=f"order-{n:02}", site_id=SITE)
        work.add(Conflict, id="case", rule="X5", site_id=SITE, order_id="order-07")

    database.write(SYSTEM, close)
    clock.forward(31 * DAY)
    schedule.leave_feeds(database)
    with database.read(SYSTEM) as work:
        drops = work.rows(Change.__table__.select().where(col(Change.op) == "drop"))  # type: ignore[attr-defined]
    assert len({(row.kind, row.key) for row in drops}) == len(drops) == 101


# Parcels, loads and outbound papers leave it too


def test_a_parcel_and_its_load_leave_a_month_after_they_were_closed_and_an_unclaimed_one_stays(
    database: Database, a: Handheld, clock: Clock
) -> None:
    for parcel in ("done", "waiting", "nobodys"):
        a.do(
            "cleo", "sign_parcel", parcel_id=parcel, site_id=SITE, waybill=f"SF-{parcel}", carrier="SF", load_id="load"
        )
    a.do("cleo", "close_load", load_id="load", site_id=SITE, carrier="SF", counted=3)
    a.sync()
    clock.forward(20 * DAY)
    a.do("cleo", "close_parcel", parcel_id="done")
    a.do("cleo", "close_parcel", parcel_id="nobodys", unclaimed=True)
    a.sync()

    clock.forward(10 * DAY)
    schedule.leave_feeds(database)
    a.pull()
    assert ("load", "load") not in a.view
    assert ("parcel", "done") in a.view, "signed for a month ago, closed ten days ago"

    clock.forward(20 * DAY)
    schedule.leave_feeds(database)
    a.pull()
    assert {key for kind, key in a.view if kind == "parcel"} == {"waiting", "nobodys"}
    with database.read(SYSTEM) as work:
        assert work.look(Parcel, "done")


def test_only_the_newest_outbound_papers_are_carried_and_what_is_reserved(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "PAPERS_KEPT", 6)
    monkeypatch.setattr(leaving, "PAPERS_AT_ONCE", 2)
    monkeypatch.setattr(leaving, "LOOKED_THROUGH_AT_ONCE", 3)

    def ship(*numbers: int) -> None:
        for n in numbers:
            database.write(SYSTEM, lambda work, n=n: (  # type: ignore[misc]
                work.add(OutboundOrder, id=f"out-{n}", number=f"S-{n}", site_id=SITE, waybill=f"SF{n}"),
                work.add(OutboundLine, id=f"sent-{n}", outbound_id=f"out-{n}", site_id=SITE, item_id="kettle", quantity=5),
            ))  # fmt: skip

    def carried() -> set[str]:
        schedule.leave_feeds(database)
        a.pull()
        return {key for kind, key in a.view if kind.startswith("outbound_") and kind != "outbound_claim"}

    ship(1, 2)
    desk("sally", "take_claim", claim_id="claim", outbound_line_id="sent-1", quantity=1)
    assert carried() == {"out-1", "sent-1", "out-2", "sent-2"}
    ship(3, 4, 5)
    assert carried() == {"sent-1", "out-3", "sent-3", "out-4", "sent-4", "out-5", "sent-5"}
    assert carried() == carried(), "they leave once"
