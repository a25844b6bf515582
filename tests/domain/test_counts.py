"""Counting a bin blind, on a handheld without network; and what happens when goods moved meanwhile (X10)."""

from typing import Any

import pytest

from server.database import Database
from server.domain import conflicts, counts, stock
from server.domain.catalog import Item
from server.domain.containers import Container
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.domain.tasks import Task
from server.domain.work import Work
from tests.cast import R_1001, SITE, TOTE, Desk, Handheld
from tests.conftest import HOUR, ON_BOTH, Clock
from workers.consumers import drain

from .breaches import World, change, count, counted_while_goods_moved, put_away_lamp
from .test_conflict_rules import case, judge_the_books, resolve, shown, standing

pytestmark = ON_BOTH


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def in_stock(world: World, item: str, quantity: int, bin: str = "sellable", **lot: str) -> None:
    """So many stand there, and both handhelds know."""

    def task(work: Work) -> None:
        goods = work.get(Item, item)
        place = stock.Place(lot.pop("status", "sellable"), f"bin-{bin}", lot.pop("container_id", ""))
        stock.move(work, SITE, goods, quantity, stock.OUT, place, stock.Cause("import"), stock.Lot(**lot))

    world.database.write(SYSTEM, task)
    world.a.pull()
    world.b.pull()


def in_bin(world: World, item: str, bin: str = "sellable") -> int:
    with world.database.read(SYSTEM) as work:
        return sum(each.quantity for each in stock.standing_in(work, f"bin-{bin}", item))


def cases(world: World) -> list[conflicts.Conflict]:
    with world.database.read(SYSTEM) as work:
        return work.find(conflicts.Conflict, conflicts.Conflict.rule == "X10")


# The count itself


@pytest.mark.parametrize("counted", [0, 3, 5, 8])
def test_what_was_counted_stands_there_afterwards(world: World, counted: int) -> None:
    in_stock(world, "kettle", 5)
    count(world.a, {"kettle": counted})
    assert world.a.sync()[-1].status == "applied"
    assert in_bin(world, "kettle") == counted
    assert standing(world).get(("kettle", "count_difference"), 0) == 5 - counted
    judge_the_books(world)


def test_a_count_sent_again_is_counted_once(world: World) -> None:
    in_stock(world, "kettle", 5)
    count(world.a, {"kettle": 3})
    mutation = world.a.outbox[-1]
    world.a.push()
    world.a.outbox.append(
        type(mutation)(**{**_fields(mutation), "id": mutation.id[:-4] + "ffff", "seq": mutation.seq + 1})
    )
    assert [(result.status, result.dup) for result in world.a.push()] == [("applied", True), ("noop", False)]
    assert in_bin(world, "kettle") == 3


def _fields(mutation: Any) -> dict[str, Any]:
    return {name: getattr(mutation, name) for name in mutation.__struct_fields__}


def test_it_is_the_difference_that_is_posted_and_never_a_total(world: World) -> None:
    in_stock(world, "kettle", 5)
    world.clock.forward(HOUR)
    count(world.a, {"kettle": 4})  # one is missing
    world.clock.forward(HOUR)
    in_stock(world, "kettle", 2)  # two more were carried there afterwards
    world.a.sync()
    assert in_bin(world, "kettle") == 6
    assert not cases(world)


def test_found_goods_are_what_those_beside_them_are_and_else_wait_to_be_inspected(world: World) -> None:
    in_stock(world, "kettle", 1)
    count(world.a, {"kettle": 2, "lamp": 1})
    world.a.sync()
    assert standing(world)["kettle", "sellable"] == 2
    assert standing(world)["lamp", "quarantine"] == 1


def test_what_is_short_is_not_promised_to_anybody(world: World) -> None:
    in_stock(world, "kettle", 2, status="defective")
    in_stock(world, "kettle", 2)
    count(world.a, {"kettle": 3})
    world.a.sync()
    assert (standing(world)["kettle", "sellable"], standing(world)["kettle", "defective"]) == (1, 2)


def test_lots_are_counted_apart(world: World) -> None:
    in_stock(world, "kettle", 2, lot="L1")
    in_stock(world, "kettle", 2, lot="L2")
    count(world.a, {}, lines=[{"item_id": "kettle", "lot": "L1", "counted": 3, "book": 2},
                              {"item_id": "kettle", "lot": "L2", "counted": 2, "book": 2}])  # fmt: skip
    world.a.sync()
    with world.database.read(SYSTEM) as work:
        found = {each.lot: each.quantity for each in stock.standing_in(work, "bin-sellable", "kettle")}
    assert found == {"L1": 3, "L2": 2}


def test_a_unit_that_the_book_has_elsewhere_was_carried_here(world: World) -> None:
    in_stock(world, "camera", 1, "defective", serial="S1", status="defective")
    count(world.a, {}, lines=[{"item_id": "camera", "serial": "S1", "counted": 1}])
    world.a.sync()
    assert standing(world) == {("camera", "defective"): 1, ("camera", "out"): -1}
    assert (in_bin(world, "camera"), in_bin(world, "camera", "defective")) == (1, 0)


def test_a_container_counted_whole_stands_here_with_all_it_holds(world: World) -> None:
    in_stock(world, "kettle", 4, "defective", container_id=TOTE)
    change_container(world, "bin-defective")
    count(world.a, {}, lines=[], containers=[TOTE])
    world.a.sync()
    assert (in_bin(world, "kettle"), in_bin(world, "kettle", "defective")) == (4, 0)
    assert standing(world)["kettle", "sellable"] == 4


def test_a_container_nobody_saw_keeps_its_goods_and_stands_nowhere_until_it_is_scanned(world: World) -> None:
    in_stock(world, "kettle", 4, container_id=TOTE)
    change_container(world, "bin-sellable")
    count(world.a, {}, lines=[], missing=[TOTE])
    world.a.sync()
    assert (in_bin(world, "kettle"), standing(world)["kettle", "sellable"]) == (0, 4)
    world.b.do("cleo", "move_container", container_id=TOTE, bin_id="bin-sellable")
    world.b.sync()
    assert in_bin(world, "kettle") == 4


def change_container(world: World, bin_id: str) -> None:
    def task(work: Work) -> None:
        work.add(Container, id=TOTE, site_id=SITE, label="LSH00000018", bin_id=bin_id)

    world.database.write(SYSTEM, task)


def test_codes_nobody_knows_are_kept_and_become_stock_once_they_are_known(world: World) -> None:
    in_stock(world, "lamp", 2)
    count(world.a, {}, lines=[{"text": "690", "counted": 2}, {"item_id": "lamp", "counted": 0, "book": 2}])
    assert world.a.sync()[-1].status == "applied"
    assert in_bin(world, "lamp") == 0
    with world.database.read(SYSTEM) as work:
        assert [(line.text, line.counted) for line in work.all(counts.CountLine, item_id="")] == [("690", 2)]
    world.desk("otto", "map_barcode", barcode_id="new", text="690", item_id="lamp")
    assert in_bin(world, "lamp") == 2
    assert standing(world).get(("lamp", "count_difference"), 0) == 0


def test_a_count_broken_off_says_nothing_of_what_was_not_counted(world: World) -> None:
    in_stock(world, "kettle", 5)
    in_stock(world, "lamp", 5)
    count(world.a, {}, lines=[{"item_id": "kettle", "counted": 4, "book": 5}], finished=False)
    world.a.sync()
    assert (in_bin(world, "kettle"), in_bin(world, "lamp")) == (4, 5)


def test_a_count_in_a_bin_that_is_gone_is_posted_once_the_bin_is_remapped(world: World) -> None:
    count(world.a, {"kettle": 2}, bin="gone")
    id = str(world.a.sync()[-1].conflict)
    assert case(world, id).rule == "X18"
    resolve(world, id, "remap", "bin-sellable")
    assert in_bin(world, "kettle") == 2


def test_less_than_nothing_cannot_be_counted(world: World) -> None:
    in_stock(world, "kettle", 5)
    count(world.a, {"kettle": -1})
    assert world.a.sync()[-1].status == "rejected"
    assert in_bin(world, "kettle") == 5


@pytest.mark.parametrize("named", [True, False])
def test_a_count_answers_whoever_asked_for_it_even_unasked(world: World, named: bool) -> None:
    in_stock(world, "kettle", 5)
    world.desk("sam", "raise_task", task_id="task", site_id=SITE, kind="recount", bin_id="bin-sellable")
    count(world.a, {"kettle": 4}, task="task" if named else "")
    world.a.sync()
    with world.database.read(SYSTEM) as work:
        task = work.get(Task, "task")
    assert (task.state, task.found, task.answered_by) == ("done", 4, "cleo")


# X10


def test_the_same_goods_are_asked_about_whichever_comes_first(world: World) -> None:
    """The other way round than the breach: the count is here, and then the movement comes in."""
    put_away_lamp(world)
    count(world.b, {"lamp": 1})
    assert world.b.sync()[-1].status == "applied"
    assert not cases(world)
    world.a.sync()
    drain(world.database)
    (found,) = cases(world)
    assert (found.state, found.blocking, found.order_id) == ("open", True, R_1001)
    drain(world.database)
    assert cases(world)[0].occurrences == 1
    assert in_bin(world, "lamp") == 2
    resolve(world, found.id, "recompute")
    assert in_bin(world, "lamp") == 1
    judge_the_books(world)


def test_recomputing_leaves_what_was_counted_and_shows_so_beforehand(world: World) -> None:
    id = counted_while_goods_moved(world)
    assert in_bin(world, "lamp") == 2
    effect = {(each.status, each.bin): each.quantity for each in shown(world, id, "recompute").stock}
    assert effect[("sellable", "SH-SELLABLE-01")] == -1
    resolve(world, id, "recompute")
    assert in_bin(world, "lamp") == 1
    drain(world.database)
    assert case(world, id).state == "resolved"


def test_goods_carried_away_before_the_count_are_not_missed_twice(world: World) -> None:
    in_stock(world, "camera", 1, serial="S1")
    in_stock(world, "kettle", 5)
    change_container(world, "")

    def carried_away(work: Work) -> None:
        place = stock.Place("sellable", "bin-sellable")
        with work.acting(work.actor, device_id="device-A1", made_at=work.now, site_id=SITE, cause="carried"):
            stock.move(work, SITE, work.get(Item, "kettle"), 2, place, stock.Place("sellable", ""), stock.Cause("move"))

    count(world.b, {"kettle": 3, "camera": 1}, lines=[{"item_id": "kettle", "counted": 3, "book": 5}])
    world.b.push()
    world.database.write(SYSTEM, carried_away)
    drain(world.database)
    (found,) = cases(world)
    assert in_bin(world, "kettle") == 1
    resolve(world, found.id, "recompute")
    assert in_bin(world, "kettle") == 3


def test_what_the_handheld_knew_is_no_overlap(world: World) -> None:
    put_away_lamp(world)
    world.a.sync()
    world.b.pull()
    count(world.b, {"lamp": 1})
    assert world.b.sync()[-1].status == "applied"
    drain(world.database)
    assert not cases(world)
    assert in_bin(world, "lamp") == 1


def test_its_own_unsent_work_is_in_its_book(world: World) -> None:
    put_away_lamp(world)
    count(world.a, {"lamp": 1}, lines=[{"item_id": "lamp", "counted": 1, "book": 1}])
    world.a.sync()
    drain(world.database)
    assert not cases(world)
    assert in_bin(world, "lamp") == 1


@pytest.mark.parametrize("first", ["count", "movement"])
def test_what_moved_after_the_count_is_no_overlap(world: World, first: str) -> None:
    in_stock(world, "lamp", 1)
    count(world.b, {"lamp": 1})
    world.clock.forward(HOUR)
    put_away_lamp(world)
    for handheld in (world.b, world.a) if first == "count" else (world.a, world.b):
        handheld.sync()
    drain(world.database)
    assert not cases(world)
    assert in_bin(world, "lamp") == 2


@pytest.mark.parametrize("first", ["count", "movement"])
def test_a_clock_that_is_known_to_be_off_changes_nothing(world: World, first: str) -> None:
    """Handheld B's clock is a day slow: by what it says itself, it counted long before the lamp was put away."""
    change(world, Device, "device-B1", skew_ms=-24 * HOUR)
    put_away_lamp(world)
    world.clock.forward(HOUR)
    count(world.b, {"lamp": 1}, made_at=world.clock() - 24 * HOUR)
    for handheld in (world.b, world.a) if first == "count" else (world.a, world.b):
        handheld.push()
    drain(world.database)
    assert [found.state for found in cases(world)] == ["open"]


def test_another_bin_is_no_overlap(world: World) -> None:
    put_away_lamp(world)
    count(world.b, {"lamp": 1}, bin="defective")
    world.b.push()
    world.a.push()
    drain(world.database)
    assert not cases(world)


def test_goods_that_only_change_their_state_do_not_move(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2, container_id="", bin_id="bin-quarantine")
    world.a.inspect("ines", "kettles", 2, container_id="")
    world.a.sync()
    world.b.pull()
    world.a.dispose("ines", "kettles", "repair", 2, container_id="")
    world.a.sync()
    count(world.b, {"kettle": 2}, bin="quarantine")
    assert world.b.sync()[-1].status == "applied"
    drain(world.database)
    assert not cases(world)


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_who_count_the_same_at_once_made_one_count(world: World, first: str) -> None:
    in_stock(world, "kettle", 5)
    count(world.a, {"kettle": 7})
    world.clock.forward(HOUR)
    count(world.b, {"kettle": 7})
    handhelds = (world.a, world.b) if first == "a" else (world.b, world.a)
    assert [handheld.push()[-1].status for handheld in handhelds] == ["applied", "merged"]
    drain(world.database)
    assert in_bin(world, "kettle") == 7
    assert not cases(world)


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_who_count_differently_at_once_are_asked_about_and_the_later_count_stands(world: World, first: str) -> None:
    in_stock(world, "kettle", 5)
    count(world.a, {"kettle": 7})
    world.clock.forward(HOUR)
    count(world.b, {"kettle": 6})
    for handheld in (world.a, world.b) if first == "a" else (world.b, world.a):
        handheld.push()
    drain(world.database)
    (found,) = cases(world)
    resolve(world, found.id, "recompute")
    assert in_bin(world, "kettle") == 6


def test_a_bin_counted_again_by_somebody_who_knew_is_asked_about_no_more(world: World) -> None:
    id = counted_while_goods_moved(world)
    resolve(world, id, "recount")
    assert case(world, id).state == "open"
    with world.database.read(SYSTEM) as work:
        (task,) = work.find(Task)
    assert (task.kind, task.bin_id) == ("recount", "bin-sellable")
    world.a.outbox.clear()
    world.a.pull()
    count(world.a, {"lamp": 1}, task=task.id)
    assert world.a.sync()[-1].status == "applied"
    assert (case(world, id).state, in_bin(world, "lamp")) == ("auto_resolved", 1)
    with world.database.read(SYSTEM) as work:
        assert work.get(Task, task.id).state == "done"


def test_a_movement_that_came_after_all_is_accepted_with_a_reason(world: World) -> None:
    id = counted_while_goods_moved(world)
    resolve(world, id, "accept")
    assert in_bin(world, "lamp") == 2
    drain(world.database)
    assert case(world, id).state == "resolved"


def test_another_movement_is_asked_about_anew(world: World) -> None:
    id = counted_while_goods_moved(world)
    resolve(world, id, "recompute")
    made_at = world.clock() - HOUR
    world.clock.forward(HOUR)
    world.b.do("cleo", "count_bin", count_id="x", site_id=SITE, bin_id="bin-dock", lines=[], revision=0)
    c = Handheld(world.database, "A1")
    c.seq = world.a.seq
    c.scan("cleo", R_1001, "kettles", "kettle", made_at=made_at, container_id="", bin_id="bin-sellable")
    c.push()
    drain(world.database)
    again = case(world, id)
    assert (again.state, again.facts["movements"]) == ("open", [c.outbox[-1].id])


def test_a_count_made_from_the_wrong_book_before_it_was_put_right_is_asked_about(world: World) -> None:
    """The book says two lamps where one stands; both a supervisor and a second count put that right."""
    id = counted_while_goods_moved(world)
    world.a.outbox.clear()
    world.a.pull()
    count(world.a, {"lamp": 1})
    world.clock.forward(HOUR)
    resolve(world, id, "recompute")
    world.clock.forward(HOUR)
    world.a.push()
    drain(world.database)
    (again,) = (found for found in cases(world) if found.state == "open")
    resolve(world, again.id, "recompute")
    assert in_bin(world, "lamp") == 1


def test_a_count_broken_off_is_asked_about_only_what_it_counted(world: World) -> None:
    in_stock(world, "kettle", 5)
    put_away_lamp(world)
    count(world.b, {}, lines=[{"item_id": "kettle", "counted": 4, "book": 5}], finished=False)
    world.a.push()
    assert world.b.push()[-1].status == "applied"
    drain(world.database)
    assert not cases(world)


def test_a_container_that_was_carried_elsewhere_meanwhile_stays_there(world: World) -> None:
    in_stock(world, "kettle", 4, container_id=TOTE)
    change_container(world, "bin-sellable")
    world.b.pull()
    world.a.do("cleo", "move_container", container_id=TOTE, bin_id="bin-defective")
    count(world.b, {}, lines=[], missing=[TOTE])
    world.a.sync()
    world.b.sync()
    assert in_bin(world, "kettle", "defective") == 4
