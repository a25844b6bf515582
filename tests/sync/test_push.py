"""What a device sends: every number once, every outcome kept, nothing lost."""

import errno
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from sqlmodel import col

from server.config import Config
from server.database import Database
from server.domain import catalog, conflicts, containers, parcels, people, receiving, records, returns, stock, upcasts
from server.domain.commands import COMMANDS
from server.domain.errors import Duplicate, NotAllowed, NotFound
from server.domain.held import expire_held
from server.domain.ids import uuid7
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.main import create_app
from server.sync import push as push_module
from server.sync.protocol import PROTOCOL, Lost, PushRequest
from server.sync.push import Forked, Gap, Revoked
from tests.cast import PASSED, R_1001, SITE, TOTE, Desk, Handheld
from tests.conftest import DAY, ON_BOTH, Clock
from tests.doors import Doors

pytestmark = ON_BOTH


def line(database: Database, id: str = "kettles") -> returns.ReturnLine:
    with database.read(SYSTEM) as work:
        return work.get(returns.ReturnLine, id)


def mutation(database: Database, id: str) -> records.Mutation:
    with database.read(SYSTEM) as work:
        return work.get(records.Mutation, id)


def test_it_counts_a_resent_scan_once(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    first = a.push()
    for _ in range(9):
        again = a.push()
        assert [(r.id, r.status, r.dup) for r in again] == [(r.id, r.status, True) for r in first]
    assert line(database).received == 1


def test_a_missing_number_is_refused_with_the_one_expected_and_nothing_is_done(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    with pytest.raises(Gap) as refused:
        a.push(a.outbox[1:])
    assert refused.value.facts["expected"] == 1
    with pytest.raises(NotFound):
        mutation(database, a.outbox[1].id)


def test_numbers_a_device_lost_are_declared_and_told(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    assert a.push(a.outbox[1:], lost=Lost(first=1, last=1))[0].status == "applied"
    with database.read(SYSTEM) as work:
        assert work.find(records.EventRow, records.EventRow.kind == "NumbersLost")


def test_the_same_number_with_another_content_is_a_fork(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    a.outbox[0] = msgspec.structs.replace(a.outbox[0], args={**a.outbox[0].args, "quantity": 5})
    with pytest.raises(Forked):
        a.push()


def test_a_malformed_mutation_is_rejected_alone(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    bad = a.do("cleo", "scan_item", receipt_id="r", order_id=R_1001, quantity="three")
    unknown = a.do("cleo", "scan_item", receipt_id="r", order_id=R_1001, line_id="l", site_id=SITE, colour="red")
    nothing = a.do("cleo", "no_such_command")
    huge = a.do("cleo", "scan_item", receipt_id="r", order_id=R_1001, line_id="l", site_id=SITE, quantity=2**62)
    a.scan("cleo", R_1001, "kettles", "kettle")
    assert [result.status for result in a.push()] == ["applied", *["rejected"] * 4, "applied"]
    assert line(database).received == 2
    for id in (bad, unknown, nothing, huge):
        assert mutation(database, id).body["args"] is not None


def test_an_unexpected_failure_is_set_aside_and_the_queue_moves_on(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file_r_1001()
    tried = []

    def broken(work: Work, command: object) -> None:
        tried.append(1)
        work.add(returns.ReturnLine, id="half done")
        work.flush()
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "take_task", COMMANDS["take_task"]._replace(run=broken))
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.do("cleo", "take_task", order_id=R_1001)
    a.scan("cleo", R_1001, "kettles", "kettle")
    results = a.push()
    assert [(r.status, r.code) for r in results] == [("applied", ""), ("held", "internal_error"), ("applied", "")]
    assert len(tried) == 3
    assert line(database).received == 2
    with pytest.raises(NotFound):
        line(database, "half done")


@pytest.mark.parametrize("long", ["1" * 201, "".join(chr(0x4E00 + n) for n in range(3_000))])
def test_a_code_too_long_to_be_found_by_is_refused_alone_and_kept_on_both_databases(
    database: Database, desk: Desk, a: Handheld, long: str
) -> None:
    desk.file_r_1001()
    serial = a.scan("cleo", R_1001, "kettles", "kettle", serial=long)
    a.do("cleo", "count_bin", count_id="count", site_id=SITE, bin_id="bin-quarantine", revision=0,
         lines=[{"counted": 1, "text": long}])  # fmt: skip
    a.outbox.append(msgspec.structs.replace(a.outbox[-1], seq=3, id="of-nobody", by=long, site=long))
    a.seq = 3
    a.scan("cleo", R_1001, "kettles", "kettle")
    results = a.push()
    assert [result.status for result in results] == ["rejected", "applied", "rejected", "applied"]
    assert (results[0].code, results[0].detail) == ("invalid", "This is too long: at most 200 characters.")
    kept = mutation(database, results[0].id).body["args"]
    assert (kept["receipt_id"], kept["serial"]) == (serial, long)
    assert mutation(database, results[1].id).body["args"]["lines"][0]["text"] == long
    assert line(database).received == 1


def test_what_was_left_to_be_written_together_and_cannot_be_fails_alone(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    poison = a.outbox[0].id
    a.scan("cleo", R_1001, "lamps", "lamp")
    real = stock.move

    def broken(work: Work, *args: Any, **more: Any) -> None:
        real(work, *args, **more)
        if work.cause == poison:
            entry = work.add(stock.StockEntry, id=uuid7(), item_id=None)
            work.let_go(entry)

    monkeypatch.setattr(stock, "move", broken)
    assert [result.status for result in a.push()] == ["held", "applied"]
    assert (line(database).received, line(database, "lamps").received) == (0, 1)
    assert mutation(database, poison).code == "internal_error"


def test_a_key_that_is_taken_is_said_at_once_at_a_desk(
    database: Database, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    ada = doors.person("ada")

    def add(work: Work) -> None:
        tried.append(work)
        work.add(catalog.Site, code="SH", name="again")

    with pytest.raises(Duplicate):
        database.write(SYSTEM, add)
    assert len(tried) <= 3
    answer = ada.post("/api/sites", {"code": "SH", "name": "again"})
    assert answer.status_code == 409


def test_a_clock_that_says_what_no_calendar_has_holds_nobody_up(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    for wrong in (-1, 10**15, 10**30):
        a.scan("cleo", R_1001, "kettles", "kettle", made_at=wrong)
    assert [each.status for each in a.push()] == ["applied"] * 3
    assert line(database).received == 3
    assert datetime.fromtimestamp(mutation(database, a.outbox[2].id).made_at / 1000, UTC).year == 9999


def test_an_intention_waits_for_what_another_handheld_has_not_sent(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00011", site_id=SITE)
    a.scan("cleo", "w", "w1", "lamp")
    b.inspect("ines", "w1")
    b.dispose("ines", "w1", "scrap")
    assert [result.status for result in b.push()] == [
        "applied",
        "held",
    ]  # the inspection is a fact, the disposition waits

    a.push()
    assert [result.status for result in b.push()] == ["applied", "applied"]
    assert line(database, "w1").disposed == 1


def test_what_waited_too_long_is_handed_to_a_supervisor_with_its_content(
    database: Database, desk: Desk, b: Handheld, clock: Clock
) -> None:
    b.dispose("ines", "nowhere", "scrap")
    waiting = b.outbox[-1].id
    assert b.push()[0].status == "held"
    clock.forward(5 * DAY + 1)
    assert database.write(SYSTEM, expire_held) == 1
    kept = mutation(database, waiting)
    assert (kept.status, kept.code, kept.body["args"]["line_id"]) == ("held", "never_arrived", "nowhere")
    with database.read(SYSTEM) as work:
        assert work.get(conflicts.Conflict, kept.conflict_id).rule == "X15"


def test_how_long_an_intention_waits_is_a_setting(
    database: Database, b: Handheld, clock: Clock, tmp_path: Path
) -> None:
    config = Config.from_env({"RESTOW_DATA": str(tmp_path), "DATABASE_URL": database.url, "RESTOW_HELD_DAYS": "2"})
    b.dispose("ines", "nowhere", "scrap")
    request = PushRequest(protocol=PROTOCOL, epoch="", device=b.id, app_schema=1, mutations=b.outbox)
    with TestClient(create_app(config, database)) as client:
        answer = Doors(client, database).device("B1").post("/sync/v1/push", msgspec.to_builtins(request))
    assert answer.json()["results"][0]["status"] == "held"
    clock.forward(2 * DAY - 1)
    assert database.write(SYSTEM, expire_held) == 0
    clock.forward(1)
    assert database.write(SYSTEM, expire_held) == 1


def test_what_a_newer_app_wrote_is_carried_out_in_its_order_once_the_server_is_updated(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer", lines=[])
    for note in ("one", "two"):
        a.do("sam", "edit_return", id=R_1001, set={"note": note}, was={"note": ""})
        a.outbox[-1] = msgspec.structs.replace(a.outbox[-1], schema=2)
    assert [(result.status, result.code) for result in a.push()] == [("held", "waiting")] * 2
    assert database.write(SYSTEM, expire_held) == 0, "it still waits"

    monkeypatch.setattr(upcasts, "SCHEMA", 2)
    assert database.write(SYSTEM, expire_held) == 2
    assert [result.status for result in a.push()] == ["applied", "applied"]
    with database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, R_1001).note == "two"


def test_goods_of_an_order_that_another_handheld_still_holds_are_counted(
    database: Database, a: Handheld, b: Handheld
) -> None:
    b.scan("cleo", "w", "w1", "lamp", 2)
    b.push()
    assert line(database, "w1").received == 2
    a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00011", site_id=SITE)
    a.push()
    with database.read(SYSTEM) as work:
        order = work.get(returns.ReturnOrder, "w")
    assert (order.number, order.stub, order.status) == ("RT-A1-00011", False, "inspecting")


def test_two_handhelds_that_sign_for_one_parcel_make_one_parcel(database: Database, a: Handheld, b: Handheld) -> None:
    for handheld in (a, b):
        handheld.do("cleo", "sign_parcel", parcel_id="p", site_id=SITE, waybill="SF1", carrier="SF")
    assert a.push()[0].status == "applied"
    assert (b.push()[0].status, b.push()[0].code) == ("noop", "already_signed")


def test_goods_of_a_cancelled_order_are_counted_and_wait_in_quarantine(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")  # scanned before anyone there could know
    desk("sally", "cancel_return", order_id=R_1001, reason="customer keeps it")
    result = a.push()[0]
    assert result.status == "conflict"
    with database.read(SYSTEM) as work:
        case = work.get(conflicts.Conflict, result.conflict)
        assert (case.rule, case.blocking, case.state) == ("X5", True, "open")
        assert stock.on_hand(work, SITE, "kettle", "quarantine") == 1

    desk("sam", "resolve_conflict", conflict_id=result.conflict, option="without_order")
    with database.read(SYSTEM) as work:
        order = work.get(returns.ReturnOrder, R_1001)
    assert (order.status, order.authorised) == ("receiving", False)


def test_different_verdicts_on_one_unit_are_a_conflict_and_equal_ones_are_one(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    a.inspect("ines", "kettles", serial="S1")
    b.inspect("sam", "kettles", serial="S1")
    a.push()
    assert b.sync()[0].status == "merged"
    b.inspect("sam", "kettles", serial="S1", verdict="conditional", grade="C")
    clash = b.sync()[0]
    assert clash.status == "conflict"
    assert line(database).inspected == 1
    desk("sam", "resolve_conflict", conflict_id=clash.conflict, option="reinspect")
    a.sync()
    (task,) = (value for (kind, _), value in a.view.items() if kind == "task")
    assert (task["kind"], task["serial"]) == ("reinspect", "S1")
    a.inspect("ines", "kettles", serial="S1", verdict="conditional", grade="C")
    assert a.sync()[0].status == "applied"
    assert line(database).inspected == 1


def test_a_person_who_lost_the_right_is_counted_and_a_supervisor_adopts_it(
    database: Database, desk: Desk, a: Handheld, clock: Clock
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    database.write(SYSTEM, lambda work: setattr(work.get(people.Grant, "grant-cleo"), "valid_until", "2026-10-01"))
    result = a.push()[0]
    assert result.status == "conflict"
    assert line(database).received == 1
    with database.read(SYSTEM) as work:
        assert work.get(conflicts.Conflict, result.conflict).rule == "X13"
    desk("sam", "resolve_conflict", conflict_id=result.conflict, option="adopt")


def test_a_person_who_never_had_the_right_is_rejected_with_the_content_kept(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    id = a.do(
        "stranger", "scan_item", receipt_id="r", order_id=R_1001, line_id="kettles", site_id=SITE, item_id="kettle"
    )
    assert a.push()[0].code == "not_allowed"
    assert line(database).received == 0
    assert mutation(database, id).body["args"]["receipt_id"] == "r"


def test_a_handheld_reaches_no_other_site_whoever_it_says_is_signed_in(
    database: Database, desk: Desk, a: Handheld
) -> None:
    def elsewhere(work: Work) -> None:
        for role in ("operator", "inspector"):
            work.add(people.Grant, id=f"{role} everywhere", person_id="cleo", role=role)
        work.add(catalog.Bin, id="far-bin", site_id="site-hz", code="HZ-1", kind="sellable")
        work.add(containers.Container, id="far-tote", site_id="site-hz", label="LHZ00001")
        work.add(parcels.Parcel, id="far-parcel", site_id="site-hz", waybill="SF9", signed_at=1)
        work.add(returns.ReturnOrder, id="far", number="R-9", site_id="site-hz", status="approved", authorised=True)
        work.add(returns.ReturnLine, id="far-kettles", order_id="far", site_id="site-hz", item_id="kettle", expected=1)

    desk.file_r_1001()
    database.write(SYSTEM, elsewhere)
    a.scan("cleo", R_1001, "kettles", "kettle")
    for site in (SITE, "site-hz"):  # where it says that it is
        far = {"line_id": "far-kettles", "site_id": site}
        a.do("cleo", "scan_item", receipt_id=f"1 {site}", order_id="far", item_id="kettle", **far)
        a.do("cleo", "scan_item", receipt_id=f"2 {site}", order_id=R_1001, item_id="kettle", **far)
        a.do("cleo", "inspect", inspection_id=site, quantity=1, verdict="pass", grade="A", checks=PASSED, **far)
        a.do("cleo", "put_away", quantity=1, bin_id="bin-sellable", container_id=TOTE, **far)
        a.do("cleo", "use_container", container_id="far-tote", label="LHZ00001", site_id=site)
        a.do("cleo", "sign_parcel", parcel_id="far-parcel", waybill="SF9", site_id=site)
        a.do("cleo", "count_bin", count_id=site, bin_id="far-bin", lines=[], revision=1, site_id=site)
        a.do("cleo", "open_return_without_order", order_id="far", number="RT-A1-00011", site_id=site)
    a.do("cleo", "take_task", order_id="far")
    first, *others = a.push()
    assert first.status == "applied"
    assert {(each.status, each.code) for each in others} == {("rejected", "not_allowed")}
    assert line(database, "far-kettles").received == 0


def test_a_revoked_device_hands_over_what_it_holds_and_is_told(
    database: Database, desk: Desk, a: Handheld, clock: Clock
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    database.write(SYSTEM, lambda work: setattr(work.get(type(a.record).table, a.id), "revoked_at", clock()))  # type: ignore[attr-defined]
    with pytest.raises(Revoked):
        a.push()
    assert line(database).received == 1


def test_a_handheld_cannot_approve(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001(approve=False)
    a.do("rita", "approve_return", order_id=R_1001)
    assert a.push()[0].code == "not_allowed"


def test_many_handhelds_scanning_one_line_at_once_lose_no_scan(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    for handheld in (a, b):
        for _ in range(40):
            handheld.scan("cleo", R_1001, "kettles", "kettle")
    failures: list[BaseException] = []

    def send(handheld: Handheld) -> None:
        try:
            for start in range(0, 40, 5):
                handheld.push(handheld.outbox[start : start + 5])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(handheld,)) for handheld in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert line(database).received == 80
    with database.read(SYSTEM) as work:
        assert len(work.find(receiving.Receipt)) == 80
        assert stock.on_hand(work, SITE, "kettle", "quarantine") == 80


def test_every_change_has_its_own_number_and_none_is_missing(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    with database.read(SYSTEM) as work:
        for feed, head in database.heads().items():
            changes = {each.revision for each in work.find(records.Change, col(records.Change.feed) == feed)}
            events = {each.revision for each in work.find(records.EventRow, col(records.EventRow.feed) == feed)}
            assert not changes & events
            assert changes | events == set(range(1, head + 1))


def test_a_desk_command_with_the_same_key_is_done_once(database: Database, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    key = "01900000-0000-7000-8000-000000000001"
    assert desk("rita", "approve_return", key=key, order_id=R_1001).status == "applied"
    assert desk("rita", "approve_return", key=key, order_id=R_1001).code == "dup"
    with pytest.raises(NotAllowed):
        desk("stranger", "approve_return", order_id=R_1001)


def test_the_limit_on_a_request_is_said(desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "MAX_MUTATIONS", 1)
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    with pytest.raises(push_module.errors.LimitReached):
        a.push()


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), MemoryError()])
def test_a_passing_fault_stops_the_batch_there_and_what_was_deferred_counts_once_when_it_is_sent_again(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    desk.file_r_1001()
    for _ in range(3):
        a.scan("cleo", R_1001, "kettles", "kettle")
    scanned, run = [], COMMANDS["scan_item"].run

    def scan(work: Work, command: receiving.ScanItem) -> object:
        scanned.append(command)
        if len(scanned) == 2:
            run(work, command)  # so far that something would be left behind
            raise fault
        return run(work, command)

    monkeypatch.setitem(COMMANDS, "scan_item", COMMANDS["scan_item"]._replace(run=scan))
    results = a.push()
    assert [(result.seq, result.status) for result in results] == [(1, "applied"), (2, "deferred")]
    assert results[-1].retry_after > 0
    assert line(database).received == 1

    assert [(result.status, result.dup) for result in a.push()] == [
        ("applied", True), ("applied", False), ("applied", False),
    ]  # fmt: skip
    assert line(database).received == 3
