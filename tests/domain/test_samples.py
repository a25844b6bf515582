"""Inspecting some of a group for all of it: what a sample's verdict means, and what one that fails asks for."""

from typing import Any

import pytest

from server.database import Database
from server.domain.conflicts import Conflict
from server.domain.inspections import Inspection
from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnLine
from server.domain.tasks import Task
from tests.cast import FAILED, PASSED, R_1001, SITE, TOTE, Desk, Handheld
from tests.conftest import ON_BOTH
from workers.consumers import drain

pytestmark = ON_BOTH


@pytest.fixture(autouse=True)
def forty_kettles(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 40)
    a.sync()


def books(database: Database, model: type[Any], *where: Any) -> list[Any]:
    with database.read(SYSTEM) as work:
        return list(work.find(model, *where, order_by=model.id))


def inspected(database: Database) -> int:
    (line,) = books(database, ReturnLine, ReturnLine.id == "kettles")
    return int(line.inspected)


def fail(handheld: Handheld, quantity: int, **more: Any) -> str:
    return handheld.inspect("ines", "kettles", quantity, verdict="fail", grade="C", checks=FAILED, **more)


def test_a_sample_that_passed_decides_for_its_whole_tranche(database: Database, a: Handheld) -> None:
    a.inspect("ines", "kettles", 40, sampled=5)
    a.dispose("ines", "kettles", "restock", 40)
    assert [result.status for result in a.sync()] == ["applied", "applied"]
    (one,) = books(database, Inspection)
    assert (one.quantity, one.sampled, one.tranche) == (40, 5, 40)
    assert inspected(database) == 40
    assert not books(database, Task)


def test_a_sample_that_failed_inspects_nothing_and_asks_for_every_unit(database: Database, a: Handheld) -> None:
    sample = fail(a, 40, sampled=5)
    a.dispose("ines", "kettles", "scrap", 40)
    assert [result.status for result in a.sync()] == ["applied", "rejected"]
    assert inspected(database) == 0
    (task,) = books(database, Task)
    assert (task.kind, task.line_id, task.subject_id, task.state) == ("reinspect", "kettles", sample, "open")

    a.inspect("ines", "kettles", 38)
    a.sync()
    assert books(database, Task)[0].state == "open"  # two have not been looked at
    fail(a, 2)
    a.sync()
    assert inspected(database) == 40
    assert books(database, Task)[0].state == "done"
    standing = books(database, Inspection, Inspection.superseded_by == "")
    assert sample in {one.id for one in standing}  # why each was looked at stays to be seen


def test_nobody_samples_until_it_passes(database: Database, a: Handheld, b: Handheld) -> None:
    fail(a, 40, sampled=5)
    a.sync()
    b.inspect("sam", "kettles", 40, sampled=5)
    b.sync()
    assert inspected(database) == 5  # it speaks for what it looked at
    fail(b, 35, sampled=3)
    b.sync()
    assert inspected(database) == 5
    assert len(books(database, Task)) == 1


def test_what_was_looked_at_before_a_sample_failed_is_none_of_what_it_asks_for(database: Database, a: Handheld) -> None:
    now = database.clock()
    a.inspect("ines", "kettles", 10, made_at=now)
    fail(a, 30, sampled=5, made_at=now + 1_000)
    a.inspect("ines", "kettles", 20, made_at=now + 2_000)
    a.sync()
    assert [task.state for task in books(database, Task)] == ["open"]
    a.inspect("ines", "kettles", 10, made_at=now + 3_000)
    a.sync()
    assert [task.state for task in books(database, Task)] == ["done"]


def test_a_sample_that_failed_is_no_inspection_of_what_another_looked_at(
    database: Database, a: Handheld, b: Handheld
) -> None:
    sample = fail(a, 40, sampled=5)
    a.sync()
    b.inspect("sam", "kettles", 41)  # one more than came
    fail(b, 1)
    assert [result.status for result in b.sync()] == ["applied", "applied"]
    drain(database)
    assert not books(database, Conflict)
    assert sample in {one.id for one in books(database, Inspection, Inspection.superseded_by == "")}


def test_a_sample_that_fails_after_another_looked_at_all_is_not_taken_for_that_inspection(
    database: Database, a: Handheld, b: Handheld
) -> None:
    fail(b, 41)  # one more than came
    b.sync()
    sample = fail(a, 40, sampled=5)
    assert [result.status for result in a.sync()] == ["applied"]
    drain(database)
    assert not books(database, Conflict)
    assert sample in {one.id for one in books(database, Inspection, Inspection.superseded_by == "")}


def test_a_sample_that_failed_before_the_goods_came_is_not_judged_with_what_another_looked_at(
    database: Database, a: Handheld, b: Handheld
) -> None:
    a.do("ines", "inspect", inspection_id="sample", line_id="lamps", site_id=SITE, quantity=10, sampled=2, verdict="fail",
         grade="C", checks=FAILED, container_id=TOTE)  # fmt: skip
    a.sync()
    b.inspect("sam", "lamps", 10)
    fail_lamps = b.inspect("sam", "lamps", 1, verdict="fail", grade="C", checks=FAILED)
    b.sync()
    a.scan("cleo", R_1001, "lamps", "lamp", 10)
    a.sync()
    drain(database)
    assert not books(database, Conflict)
    standing = {one.id for one in books(database, Inspection, Inspection.superseded_by == "")}
    assert {"sample", fail_lamps} <= standing


def test_another_lot_or_tote_is_another_tranche(database: Database, a: Handheld) -> None:
    fail(a, 10, sampled=2, lot="L1")
    a.inspect("ines", "kettles", 30, sampled=3, lot="L2")
    a.sync()
    assert inspected(database) == 30


def test_a_sample_is_some_of_a_group_and_never_a_serial_number(database: Database, a: Handheld) -> None:
    for wrong in (
        {"quantity": 3, "sampled": 4},
        {"quantity": 3, "sampled": -1},
        {"quantity": 1, "sampled": 1, "serial": "S1"},
    ):
        a.inspect("ines", "kettles", **wrong)
    assert {result.code for result in a.sync()} == {"invalid"}
    assert inspected(database) == 0


def test_correcting_ones_own_verdict_does_not_settle_what_another_saw(
    database: Database, a: Handheld, b: Handheld
) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    a.inspect("ines", "kettles", serial="S1")
    a.sync()
    second = fail(b, 1, serial="S1")
    b.sync()
    b.do("sam", "inspect", inspection_id="third", line_id="kettles", site_id=SITE, quantity=1, serial="S1", verdict="conditional",
         grade="B", checks=PASSED, supersedes=second, container_id=TOTE)  # fmt: skip
    assert [result.status for result in b.sync()] == ["conflict"]
    (case,) = books(database, Conflict)
    assert (case.rule, case.state, case.facts["second"]) == ("X3", "open", "third")
    b.inspect("sam", "kettles", serial="S1", supersedes="third")
    assert [result.status for result in b.sync()] == ["merged"]
    (case,) = books(database, Conflict)
    assert case.state == "auto_resolved"
    assert inspected(database) == 1
