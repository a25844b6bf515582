"""Two handhelds breach a rule at the very same moment: one of them is told, on both databases. Each rule names the row it locks."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from server.database import Database
from server.domain import conflicts, held, inspections, outbound_claims, receiving, returns, stock
from server.domain.conflict_rules import RULES
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.errors import Refusal
from server.domain.outbound_claims import OutboundClaim
from server.domain.permissions import SYSTEM
from server.domain.records import EventRow, Mutation
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, ON_BOTH, Clock

pytestmark = ON_BOTH
TIMES = 12


def at_once(*runs: Callable[[], None]) -> None:
    """Starts them together and waits; what one of them raises is raised here."""
    gate, failures = threading.Barrier(len(runs)), []

    def run(each: Callable[[], None]) -> None:
        try:
            gate.wait()
            each()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(each,)) for each in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def send_at_once(a: Handheld, b: Handheld, size: int = 3) -> None:
    def send(handheld: Handheld) -> None:
        for start in range(0, len(handheld.outbox), size):
            handheld.push(handheld.outbox[start : start + size])

    at_once(lambda: send(a), lambda: send(b))


def found(database: Database) -> Counter[str]:
    with database.read(SYSTEM) as work:
        return Counter(case.rule for case in work.find(conflicts.Conflict))


def sold(database: Database, count: int, quantity: int = 1) -> None:
    def task(work: Work) -> None:
        work.add(OutboundOrder, id="out", number="OUT-1", site_id=SITE, customer_id="customer")
        for n in range(count):
            work.add(OutboundLine, id=f"sold-{n}", outbound_id="out", site_id=SITE, item_id="kettle", quantity=quantity)

    database.write(SYSTEM, task)


def returned_to(desk: Desk, order: str, count: int) -> None:
    desk("sally", "create_return", order_id=order, number=order, site_id=SITE, type_code="customer")
    for n in range(count):
        line: dict[str, Any] = {
            "line_id": f"{order}-{n}", "item_id": "kettle", "quantity": 1, "outbound_line_id": f"sold-{n}",
        }  # fmt: skip
        desk("sally", "add_return_line", order_id=order, line=line)


def test_what_was_only_looked_at_is_read_again_when_it_is_locked(database: Database, desk: Desk) -> None:
    desk.file_r_1001()
    if database.sqlite:
        return  # one writer at a time: nobody else can have written meanwhile

    def task(work: Work) -> int:
        line = work.look(returns.ReturnLine, "kettles")
        assert line is not None
        meanwhile = threading.Thread(
            target=lambda: database.write(
                SYSTEM, lambda other: other.count(other.get(returns.ReturnLine, "kettles"), lost=2)
            )
        )
        meanwhile.start()
        meanwhile.join()
        assert line.lost == 0
        return work.get(returns.ReturnLine, "kettles").lost

    assert database.write(SYSTEM, task) == 2


def test_one_serial_number_on_two_handhelds(database: Database, desk: Desk, a: Handheld, b: Handheld) -> None:
    for handheld in (a, b):
        desk("sally", "create_return", order_id=handheld.code, number=handheld.code, site_id=SITE, type_code="customer")
        for n in range(TIMES):
            # Another order, another tote, another lot read: nothing but the number is shared.
            handheld.scan(
                "cleo", handheld.code, f"cameras-{handheld.code}-{n}", "camera", serial=f"S{n}", lot=handheld.code,
                container_id=handheld.code,
            )  # fmt: skip
    send_at_once(a, b)
    assert found(database)["X2"] == TIMES
    with database.read(SYSTEM) as work:
        assert {stock.in_building(work, SITE, "camera", f"S{n}") for n in range(TIMES)} == {2}


def test_the_last_unit_of_a_shipment_comes_back_twice(database: Database, desk: Desk, a: Handheld, b: Handheld) -> None:
    sold(database, TIMES)
    for handheld in (a, b):
        returned_to(desk, handheld.code, TIMES)
        for n in range(TIMES):
            handheld.scan("cleo", handheld.code, f"{handheld.code}-{n}", "kettle", container_id=handheld.code)
    send_at_once(a, b)
    assert found(database)["X1"] == TIMES
    with database.read(SYSTEM) as work:
        assert {line.returned for line in work.find(OutboundLine)} == {2}


def test_the_last_unit_is_filed_by_one_of_two(database: Database, desk: Desk) -> None:
    sold(database, TIMES)
    refused: list[str] = []

    def file(order: str) -> None:
        for n in range(TIMES):
            line = {"line_id": f"{order}-{n}-1", "item_id": "kettle", "quantity": 1, "outbound_line_id": f"sold-{n}"}
            desk("sally", "create_return", order_id=f"{order}-{n}", number=f"{order}-{n}", site_id=SITE, type_code="customer",
                 lines=[line])  # fmt: skip
            try:
                desk("sally", "submit_return", order_id=f"{order}-{n}")
            except Refusal as refusal:
                refused.append(refusal.code)

    at_once(lambda: file("one"), lambda: file("two"))
    assert refused == ["invalid"] * TIMES
    with database.read(SYSTEM) as work:
        assert {line.claimed for line in work.find(OutboundLine)} == {1}
        assert sum(claim.open for claim in work.find(OutboundClaim)) == TIMES


def test_what_is_received_while_its_reservation_expires_has_used_it(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives back what is due had looked for it before the goods came."""
    if database.sqlite:
        return  # one writer at a time: nobody comes in between
    sold(database, 1)
    returned_to(desk, R_1001, 1)
    desk("sally", "submit_return", order_id=R_1001)
    end = outbound_claims._end

    def late(work: Work, claim: OutboundClaim, state: str) -> None:
        a.scan("cleo", R_1001, f"{R_1001}-0", "kettle")
        at_once(lambda: a.push() and None)
        end(work, claim, state)

    def time_passes(work: Work) -> None:
        for claim in work.find(OutboundClaim):
            claim.expires_at = work.now

    database.write(SYSTEM, time_passes)
    monkeypatch.setattr(outbound_claims, "_end", late)
    database.write(SYSTEM, outbound_claims.expire_claims)
    with database.read(SYSTEM) as work:
        assert [claim.state for claim in work.find(OutboundClaim)] == ["used"]
        assert not [each for each in work.find(EventRow) if each.kind == "ClaimEnded"]


def test_what_arrives_while_it_is_waited_for_no_longer_is_carried_out_once(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round that hands over what waited too long had looked for it before what it waits for came."""
    if database.sqlite:
        return  # one writer at a time: nobody comes in between
    desk.file_r_1001()
    a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00011", site_id=SITE)
    a.scan("cleo", "w", "w-1", "kettle", quantity=2)
    b.inspect("ines", "w-1")
    b.dispose("ines", "w-1", "scrap")
    waits = b.push()[1]
    assert waits.status == "held"
    clock.forward(6 * DAY)
    tried = held.retry

    def late(work: Work, each: Mutation) -> bool:
        monkeypatch.undo()
        at_once(lambda: a.sync() and None)
        return tried(work, each)

    monkeypatch.setattr(held, "retry", late)
    database.write(SYSTEM, held.expire_held)
    with database.read(SYSTEM) as work:
        kept = work.get(Mutation, waits.id)
        assert (kept.status, kept.code, kept.waits_for) == ("applied", "", "")
        assert work.get(returns.ReturnLine, "w-1").disposed == 1


def test_two_inspectors_look_at_the_same_goods(database: Database, desk: Desk, a: Handheld, b: Handheld) -> None:
    desk.file_r_1001()
    for n in range(TIMES):
        desk("sam", "scan_item", receipt_id=f"r{n}", order_id=R_1001, line_id=f"line-{n}", site_id=SITE, item_id="kettle",
             quantity=2)  # fmt: skip
        a.inspect("ines", f"line-{n}", 2)
        b.inspect("sam", f"line-{n}", 2, verdict="conditional", grade="C")
    send_at_once(a, b)
    assert found(database)["X3"] == TIMES
    with database.read(SYSTEM) as work:
        for n in range(TIMES):
            assert work.get(returns.ReturnLine, f"line-{n}").inspected == 4
            assert sum(each.quantity for each in inspections.current(work, f"line-{n}")) == 4


def test_two_dispositions_of_the_same_goods(database: Database, desk: Desk, a: Handheld, b: Handheld) -> None:
    desk.file_r_1001()
    for n in range(TIMES):
        desk(
            "sam", "scan_item", receipt_id=f"r{n}", order_id=R_1001, line_id=f"line-{n}", site_id=SITE, item_id="kettle"
        )
        a.inspect("ines", f"line-{n}")
    a.sync()
    for n in range(TIMES):
        a.dispose("ines", f"line-{n}", "repair")
        b.dispose("sam", f"line-{n}", "return_to_customer")
    send_at_once(a, b)
    assert found(database)["X6"] == TIMES
    with database.read(SYSTEM) as work:
        assert {work.get(returns.ReturnLine, f"line-{n}").disposed for n in range(TIMES)} == {1}


def test_one_number_on_two_documents(database: Database, a: Handheld, b: Handheld) -> None:
    for handheld in (a, b):
        for n in range(TIMES):
            handheld.do("cleo", "open_return_without_order", order_id=f"{handheld.code}-{n}", number=f"RT-A1-{n:04d}",
                        site_id=SITE)  # fmt: skip
    send_at_once(a, b)
    assert found(database)["X16"] == TIMES


def test_one_return_without_order_told_by_two(database: Database, a: Handheld, b: Handheld) -> None:
    for handheld in (a, b):
        for n in range(TIMES):
            order = f"{handheld.code}-{n}"
            handheld.do(
                "cleo", "open_return_without_order", order_id=order, number=order, site_id=SITE, customer_id=f"c{n}"
            )
            handheld.scan("cleo", order, f"{order}-1", "lamp", container_id=handheld.code, lot=handheld.code)
    send_at_once(a, b, 2)
    assert found(database)["X9"] == TIMES
    with database.read(SYSTEM) as work:
        assert len(work.find(receiving.Receipt)) == 2 * TIMES


def test_what_somebody_decides_while_it_resolves_itself_stays_decided(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.sqlite:
        return  # one writer at a time: nobody comes in between
    desk.file_r_1001()
    a.scan("cleo", R_1001, "unknown", "", text="a code nobody knows")
    case_id = a.push()[0].conflict

    def late(work: Work, case: conflicts.Conflict) -> str:
        monkeypatch.undo()
        at_once(lambda: desk("sam", "dismiss_conflict", conflict_id=case.id, reason="not ours") and None)
        return "It passes by itself."

    monkeypatch.setitem(RULES, "X8", RULES["X8"]._replace(passes=late))
    database.write(SYSTEM, lambda work: conflicts.ease(work, R_1001))
    with database.read(SYSTEM) as work:
        case = work.get(conflicts.Conflict, case_id)
        assert (case.state, case.resolved_by, case.resolution_note) == ("dismissed", "sam", "not ours")


def test_two_supervisors_decide_at_once_and_one_is_told(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    for n in range(TIMES):
        for _ in range(2):
            a.scan("cleo", R_1001, f"cameras-{n}", "camera", serial=f"S{n}")
    ids = sorted({result.conflict for result in a.sync() if result.conflict})
    told: list[str] = []

    def decide() -> None:
        for id in ids:
            try:
                desk("sam", "resolve_conflict", conflict_id=id, option="keep_earlier")
            except Refusal as refusal:
                told.append(refusal.code)

    at_once(decide, decide)
    assert told == ["stale"] * TIMES
    with database.read(SYSTEM) as work:
        assert stock.on_hand(work, SITE, "camera", "quarantine") == TIMES
