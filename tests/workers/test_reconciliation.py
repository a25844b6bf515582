"""Reconciling: clean books are clean, every kind of drift is found with its likely cause, and nothing is corrected."""

import pytest
from sqlmodel import col

from server.database import Database
from server.domain import books, reconciliation
from server.domain.dispositions import Disposition
from server.domain.errors import NotAllowed
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.receiving import Receipt
from server.domain.records import ReconcileRun
from server.domain.returns import ReturnLine
from server.domain.stock import StockBalance, StockEntry
from server.domain.work import Work
from tests.cast import FAILED, R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH, Clock
from workers.consumers import behind, consume, drain, reconcile

from .books import change, differences, runs

pytestmark = ON_BOTH


@pytest.fixture(autouse=True)
def walked(desk: Desk, a: Handheld, database: Database) -> None:
    """R-1001 walked to its end but for one kettle, which failed and is proposed for scrap."""
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.scan("cleo", R_1001, "kettles", "kettle")
    wrong = a.scan("cleo", R_1001, "lamps", "lamp", 2)
    a.do("cleo", "unreceive", receipt_id=wrong, quantity=1)
    a.inspect("ines", "kettles", 2)
    failed = a.inspect("ines", "kettles", 1, verdict="fail", grade="D", checks=FAILED)
    a.inspect("ines", "lamps")
    a.dispose("ines", "kettles", "restock", 2)
    a.dispose("ines", "kettles", "scrap", 1, inspection_id=failed)
    a.dispose("ines", "lamps", "repair")
    a.put_away("cleo", "kettles", "sellable", 2)
    a.put_away("cleo", "lamps", "repair", 1)
    assert {result.status for result in a.sync()} == {"applied"}


def run_now(database: Database) -> ReconcileRun:
    run_id = database.write(SYSTEM, lambda work: reconciliation.ask(work, SITE))
    reconcile(database, run_id)
    with database.read(SYSTEM) as work:
        found = work.look(ReconcileRun, run_id)
    assert found is not None
    return found


def test_the_books_of_an_ordinary_day_agree(database: Database) -> None:
    run = run_now(database)
    assert (run.state, run.differences, run.error) == ("done", 0, "")
    assert run.done == run.total > 0
    with database.read(SYSTEM) as work:
        assert run.balances_checked == len(work.find(StockBalance))
        last = reconciliation.last_run(work, SITE)
    assert run.lines_checked == 2
    assert last is not None
    assert last.id == run.id
    assert not differences(database)


def test_a_balance_changed_by_hand_is_found_and_stays_as_it_is(database: Database) -> None:
    with database.read(SYSTEM) as work:
        balance = work.find(StockBalance, StockBalance.status == "sellable")[0]
    change(database, StockBalance, balance.id, quantity=7)
    run_now(database)
    run = run_now(database)
    (found,) = differences(database)
    assert (run.differences, found.kind, found.subject_id) == (1, "ledger_balance", balance.id)
    assert (found.expected, found.found, found.cause) == (2, 7, "changed_by_hand")
    assert found.trail[0]["kind"] == "entry"
    with database.read(SYSTEM) as work:
        assert work.look(StockBalance, balance.id).quantity == 7  # type: ignore[union-attr]


def test_an_entry_that_its_balance_missed_is_named(database: Database) -> None:
    with database.read(SYSTEM) as work:
        balance = work.find(StockBalance, StockBalance.status == "sellable")[0]
        entry = work.find(StockEntry, StockEntry.balance_id == balance.id)[0]
    change(database, StockBalance, balance.id, quantity=0)
    run_now(database)
    (found,) = differences(database)
    assert found.cause == "not_counted"
    assert (found.trail[0]["id"], found.trail[0]["by"], found.trail[0]["device_id"]) == (entry.id, "cleo", "device-A1")

    change(database, StockBalance, balance.id, quantity=4)
    run_now(database)
    assert [each.cause for each in differences(database)] == ["counted_twice"]


def test_entries_without_a_balance_are_found(database: Database) -> None:
    with database.read(SYSTEM) as work:
        balance = work.find(StockBalance, StockBalance.status == "sellable")[0]
    database.write(SYSTEM, lambda work: work.remove(work.get(StockBalance, balance.id)))
    run_now(database)
    (found,) = differences(database)
    assert (found.subject_id, found.expected, found.found, found.cause) == (balance.id, 2, 0, "balance_missing")


@pytest.mark.parametrize(
    ("counter", "kind"),
    [
        ("received", "receipt_line"),
        ("inspected", "inspection_line"),
        ("disposed", "disposition_line"),
        ("closed", "posted_line"),
    ],
)
def test_a_lines_counter_that_its_facts_do_not_bear_out_is_found(database: Database, counter: str, kind: str) -> None:
    change(database, ReturnLine, "kettles", **{counter: 1})
    run_now(database)
    (found,) = differences(database)
    assert (found.kind, found.subject_id, found.expected, found.found) == (kind, "kettles", 3, 1)
    assert found.cause == "not_counted"
    assert found.trail[0]["quantity"] == 2


def test_a_scan_that_the_ledger_does_not_know_is_found(database: Database) -> None:
    def forged(work: Work) -> None:
        work.add(
            Receipt,
            id="forged",
            site_id=SITE,
            order_id=R_1001,
            line_id="kettles",
            item_id="kettle",
            quantity=1,
            at=work.now,
        )
        work.count(work.get(ReturnLine, "kettles"), received=1)

    database.write(SYSTEM, forged)
    run_now(database)
    (found,) = differences(database)
    assert (found.kind, found.subject_id, found.expected, found.found) == ("receipt_stock", "kettle", 4, 3)
    assert found.trail[0]["id"] == "forged"


def test_a_difference_that_is_mended_closes_and_may_open_again(database: Database) -> None:
    change(database, ReturnLine, "kettles", received=9)
    run_now(database)
    (first,) = differences(database)
    change(database, ReturnLine, "kettles", received=3)
    run_now(database)
    assert not differences(database)
    assert differences(database, "auto_closed")[0].closed_at
    change(database, ReturnLine, "kettles", received=9)
    run_now(database)
    assert [each.id for each in differences(database)] == [first.id]


def test_dispositions_in_a_conflict_count_nothing_until_it_is_decided(
    database: Database, b: Handheld, desk: Desk
) -> None:
    b.dispose("ines", "lamps", "scrap")
    (result,) = b.sync()
    assert result.status == "conflict"
    run_now(database)
    assert not differences(database)
    desk("sam", "resolve_conflict", conflict_id=result.conflict, option="keep_first")
    run_now(database)
    assert not differences(database)
    with database.read(SYSTEM) as work:
        assert len(work.find(Disposition, col(Disposition.line_id) == "lamps")) == 2


def test_goods_that_are_claimed_change_their_order_and_no_book_is_wrong(
    database: Database, a: Handheld, desk: Desk
) -> None:
    a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, waybill="SF3")
    a.do("cleo", "open_return_without_order", order_id="found", number="RT-A1-00021", site_id=SITE, parcel_id="parcel")
    a.do("cleo", "bind_parcel", parcel_id="parcel", order_id="found")
    a.scan("cleo", "found", "found-kettle", "kettle", 1, parcel_id="parcel")
    a.inspect("ines", "found-kettle")
    a.do("cleo", "close_parcel", parcel_id="parcel", unclaimed=True)
    a.sync()
    desk("otto", "claim_parcel", parcel_id="parcel", order_id=R_1001)
    run_now(database)
    assert [each.kind for each in differences(database)] == ["line_over"], "more came than R-1001 asks back"


# Asking and running


def test_what_is_asked_for_twice_runs_once(database: Database) -> None:
    first = database.write(SYSTEM, lambda work: reconciliation.ask(work, SITE, cause="change"))

    def ask(work: Work) -> str:
        work.actor = actor_of(work, "otto")
        return reconciliation.ask(work, SITE)

    assert database.write(SYSTEM, ask) == first
    (run,) = runs(database)
    assert (run.state, run.cause, run.asked_by) == ("queued", "asked", "otto")


def test_only_who_may_asks(database: Database) -> None:
    def ask(work: Work) -> str:
        work.actor = actor_of(work, "cleo")
        return reconciliation.ask(work, SITE)

    with pytest.raises(NotAllowed):
        database.write(SYSTEM, ask)


def test_changes_ask_for_a_run_by_themselves_and_many_for_one(database: Database, a: Handheld, clock: Clock) -> None:
    drain(database)
    before = len(runs(database))
    for _ in range(5):
        a.scan("cleo", R_1001, "lamps", "lamp")
        a.sync()
    with database.read(SYSTEM) as work:
        for name, feed in behind(work):
            while consume(database, name, feed):
                pass
    with database.read(SYSTEM) as work:
        assert not reconciliation.due(work), "the last one ended just now"
    clock.forward(reconciliation.BETWEEN_RUNS)
    with database.read(SYSTEM) as work:
        assert len(reconciliation.due(work)) == 1
    drain(database)
    assert len(runs(database)) == before + 1


def test_a_run_goes_on_where_it_was_killed_and_counts_nothing_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "BALANCES_AT_ONCE", 2)
    change(database, ReturnLine, "kettles", received=9)
    run_id = database.write(SYSTEM, lambda work: reconciliation.ask(work, SITE))
    steps = iter([True, True, False])
    reconcile(database, run_id, lambda: next(steps))
    with database.read(SYSTEM) as work:
        run = work.look(ReconcileRun, run_id)
        assert run is not None
        assert (run.state, run.balances_checked) == ("running", 4)
        assert reconciliation.due(work) == [run_id]
        seen = reconciliation.look(work, run_id)
    assert seen is not None
    for _ in range(2):  # two workers have looked at the same step, and both note it
        database.write(SYSTEM, lambda work: reconciliation.note(work, run_id, seen))
    reconcile(database, run_id)
    with database.read(SYSTEM) as work:
        run = work.look(ReconcileRun, run_id)
        assert run is not None
        assert (run.state, run.balances_checked, run.differences) == ("done", len(work.find(StockBalance)), 1)


def test_a_run_that_fails_says_so_and_the_next_one_may_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    run_id = database.write(SYSTEM, lambda work: reconciliation.ask(work, SITE))
    with monkeypatch.context() as patch:
        patch.setitem(books.STEPS, "lines", broken)
        reconcile(database, run_id)
    (run,) = runs(database)
    assert (run.state, run.error) == ("failed", "It stopped with ZeroDivisionError; the worker's log has more.")
    assert run_now(database).state == "done"
