"""Two who do something at the same moment, made to meet: one is stopped just before its COMMIT while the other goes on.

On PostgreSQL both are really at work at once; on SQLite the second waits its turn. What comes of it must be the same.
"""

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from server.database import Database
from server.domain import conflicts, dispositions, parcels, people, records, returns, stock
from server.domain.errors import Stale
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync import push as pushing
from server.sync.protocol import Result
from tests.cast import PASSED, R_1001, SITE, TOTE, Desk, Handheld
from tests.conftest import ON_BOTH

from .faults import Died, Doing, Pause, at_commit, die

pytestmark = ON_BOTH


def at_once(database: Database, first: Handheld, second: Handheld) -> tuple[list[Result], list[Result]]:
    """Both push; the second begins when the first has done everything but commit."""
    pause = Pause()
    with at_commit(database, before=pause):
        late = Doing(first.push)
        assert pause.reached.wait(10)
        early = Doing(second.push)
        early.join(0.4)
        pause.let_go()
        return late.result(), early.result()


def test_who_reads_while_a_change_is_being_committed_sees_it_the_next_time(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    b.pull()
    a.scan("cleo", R_1001, "kettles", "kettle")
    pause = Pause()
    with at_commit(database, before=pause):
        late = Doing(a.push)
        assert pause.reached.wait(10)
        early = Doing(
            lambda: database.write(SYSTEM, lambda work: work.add(parcels.Parcel, id="early", site_id=SITE) and None)
        )
        early.join(0.4)
        b.pull()  # the early one may be there already; the cursor must not pass the late one
        pause.let_go()
        late.result()
        early.result()
    b.pull()
    assert b.view["return_line", "kettles"]["received"] == 1
    assert ("parcel", "early") in b.view


def test_two_verdicts_on_one_unit_at_the_same_moment_are_noticed(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    a.sync()
    a.inspect("ines", "kettles", serial="S1")
    b.inspect("sam", "kettles", serial="S1", verdict="conditional", grade="C")
    first, second = at_once(database, a, b)
    assert (first[0].status, second[0].status) == ("applied", "conflict")


def test_a_supervisor_who_decides_at_the_same_moment_as_another_is_told_who_did(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    database.write(SYSTEM, second_supervisor)
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    a.inspect("ines", "kettles", serial="S1")
    b.inspect("sam", "kettles", serial="S1", verdict="conditional", grade="C")
    a.push()
    (clash,) = b.push()
    pause = Pause()
    with at_commit(database, before=pause):
        late = Doing(
            lambda: desk("sam", "resolve_conflict", conflict_id=clash.conflict, option="keep_first", note="seen")
        )
        assert pause.reached.wait(10)
        early = Doing(
            lambda: desk("sue", "resolve_conflict", conflict_id=clash.conflict, option="worse_grade", note="seen")
        )
        early.join(0.4)
        pause.let_go()
        late.result()
        with pytest.raises(Stale) as refused:
            early.result()
    assert refused.value.facts["by"] == "sam"


def second_supervisor(work: Work) -> None:
    work.add(people.Person, id="sue", username="sue", name="Sue")
    work.add(people.Grant, id="grant-sue", person_id="sue", role="supervisor", site_id=SITE)


def test_one_field_edited_twice_at_the_same_moment_is_a_conflict(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk("sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer",
         lines=[{"line_id": "kettles", "item_id": "kettle", "quantity": 3}])  # fmt: skip
    a.do("sam", "edit_return", id=R_1001, set={"note": "one"}, was={"note": ""})
    b.do("sam", "edit_return", id=R_1001, set={"note": "two"}, was={"note": ""})
    first, second = at_once(database, a, b)
    assert (first[0].status, second[0].status) == ("applied", "conflict")


def test_goods_taken_from_one_pile_at_the_same_moment_are_both_taken(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00011", site_id=SITE)
    a.scan("cleo", "w", "w1", "kettle", 5)
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    a.put_away("cleo", "kettles", "quarantine", 2)
    b.put_away("cleo", "w1", "exception", 3)
    at_once(database, a, b)
    with database.read(SYSTEM) as work:
        balances = work.find(stock.StockBalance)
        assert {each.id: each.quantity for each in balances} == {
            each.id: stock.exact_balance(work, each.id) for each in balances
        }
        assert sum(each.quantity for each in balances if each.status == "quarantine") == 8
        assert sum(each.quantity for each in balances if each.container_id == TOTE) == 3


def test_two_who_count_what_they_only_looked_at_are_both_counted(database: Database, desk: Desk) -> None:
    desk.file_r_1001()

    def count(work: Work) -> None:
        for line in work.find(returns.ReturnLine, returns.ReturnLine.id == "kettles"):
            work.count(line, received=1)

    pause = Pause()
    with at_commit(database, before=pause):
        late = Doing(lambda: database.write(SYSTEM, count))
        assert pause.reached.wait(10)
        early = Doing(lambda: database.write(SYSTEM, count))
        early.join(0.4)
        pause.let_go()
        late.result()
        early.result()
    with database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").received == 2


def test_a_tote_moved_while_its_goods_are_put_away_is_not_put_away_twice(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.inspect("ines", "kettles", 3, checks=PASSED)
    a.dispose("ines", "kettles", "restock", 3)
    a.sync()
    a.put_away("cleo", "kettles", "sellable", 3)
    b.do("cleo", "move_container", container_id=TOTE, bin_id="bin-sellable")
    at_once(database, a, b)
    with database.read(SYSTEM) as work:
        (disposition,) = work.find(dispositions.Disposition)
        line = work.get(returns.ReturnLine, "kettles")
        on_hand = stock.on_hand(work, SITE, "kettle", "sellable")
    assert (disposition.put_away, line.closed, on_hand) == (3, 3, 3)


def test_batches_that_touch_the_same_in_another_order_do_not_run_into_each_other(
    database: Database, desk: Desk, a: Handheld, b: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order, number in (("w1", "RT-A1-00011"), ("w2", "RT-A1-00022")):
        a.do("cleo", "open_return_without_order", order_id=order, number=number, site_id=SITE)
    a.sync()
    for handheld, orders in ((a, ("w1", "w2")), (b, ("w2", "w1"))):
        for order in orders:
            handheld.scan("cleo", order, f"{order}-line", "kettle", container_id=f"tote-{order}")
    pause, began = Pause(), Counter[str]()
    carry_out, once = pushing._one, Database._transaction

    def one_after_the_other(*of: Any) -> Result:
        result = carry_out(*of)
        pause()  # whoever comes first has the first order, and does not go on to the second yet
        return result

    def transaction(self: Database, *of: Any) -> Any:
        began["transactions"] += 1
        return once(self, *of)

    monkeypatch.setattr(pushing, "_one", one_after_the_other)
    monkeypatch.setattr(Database, "_transaction", transaction)
    late = Doing(a.push)
    assert pause.reached.wait(10)
    early = Doing(b.push)
    early.join(0.4)
    pause.let_go()
    assert [result.status for result in late.result() + early.result()] == ["applied"] * 4
    assert began["transactions"] == 2, "the database had to break up a deadlock"


def test_one_serial_number_received_twice_at_the_same_moment_is_noticed(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    for handheld, order, number in ((a, "w1", "RT-A1-00011"), (b, "w2", "RT-B1-00011")):
        handheld.do("cleo", "open_return_without_order", order_id=order, number=number, site_id=SITE)
        handheld.sync()
        handheld.scan("cleo", order, f"{order}-line", "camera", serial="IMEI-1", container_id="")
    b.outbox[-1].args["bin_id"] = "bin-exception"
    at_once(database, a, b)
    with database.read(SYSTEM) as work:
        assert [case.rule for case in work.find(conflicts.Conflict)] == ["X2"]


def test_what_was_answered_is_on_the_disk(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    (result,) = a.push()
    # Somebody else's eyes: what this process may still have in hand does not count.
    with sa.create_engine(database.url, poolclass=sa.NullPool).connect() as connection:
        found = connection.execute(sa.text("SELECT status FROM mutation WHERE id = :id"), {"id": result.id}).scalar()
    assert found == "applied"


def test_a_server_that_dies_before_the_commit_has_done_nothing_and_is_told_again(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    heads = database.heads()
    with at_commit(database, before=die), pytest.raises(Died):
        a.push()
    assert (a.record.last_seq, database.heads()) == (0, heads)
    assert [(result.status, result.dup) for result in a.push()] == [("applied", False)] * 2
    assert received(database) == 2


def test_a_server_that_dies_after_the_commit_has_done_everything_once(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    with at_commit(database, after=die), pytest.raises(Died):
        a.push()
    assert [(result.status, result.dup) for result in a.push()] == [("applied", True)]
    assert received(database) == 1


def test_a_transaction_the_database_asks_for_again_answers_each_mutation_once(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    asked: list[int] = []

    def once_more() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise TryAgain

    with at_commit(database, before=once_more):
        assert [(result.seq, result.status) for result in a.push()] == [(1, "applied"), (2, "applied")]
    assert received(database) == 2


def test_what_the_database_has_no_turn_for_is_deferred_and_nothing_of_it_is_kept(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.RETRIES", 2)
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    heads = database.heads()

    def others_first() -> None:
        raise TryAgain

    with at_commit(database, before=others_first):
        results = a.push()
    assert [(result.seq, result.status, result.code) for result in results] == [
        (1, "deferred", "unavailable"),
        (2, "deferred", "unavailable"),
    ]
    assert all(result.retry_after for result in results)
    assert (a.record.last_seq, database.heads()) == (0, heads)
    assert [(result.status, result.dup) for result in a.push()] == [("applied", False)] * 2
    assert received(database) == 2


class TryAgain(Exception):
    sqlstate = "40001"


def received(database: Database) -> int:
    def of(work: Work) -> int:
        return work.get(returns.ReturnLine, "kettles").received

    with database.read(SYSTEM) as work:
        assert len(work.find(records.Mutation, records.Mutation.device_id != "")) == of(work)
        return of(work)
