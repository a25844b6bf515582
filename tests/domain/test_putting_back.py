"""What a decision set aside is kept for ever, shown, and can be put back by an ordinary command, which may clash again."""

from typing import Any

import pytest

from server.database import Database
from server.domain import conflicts, dispositions, inspections, records, returns, stock
from server.domain.commands import perform
from server.domain.conflict_rules import RULES
from server.domain.errors import NotAllowed, NotFound, Stale, WrongState
from server.domain.numbers import next_desk_number
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.previews import Preview, of_putting_back, previews
from server.domain.putting_back import SetAside, set_aside
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH, Clock

from .breaches import (
    BREACHES,
    VALUES,
    World,
    another_lot,
    author_lost_the_right,
    disposed_twice,
    edited_after_it_was_struck,
    edited_after_the_decision,
    same_field_twice,
    serial_twice,
    two_verdicts,
)

pytestmark = ON_BOTH


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def lost(world: World, id: str) -> dict[str, SetAside]:
    with world.database.read(SYSTEM) as work:
        return {each.key: each for each in set_aside(work, work.get(conflicts.Conflict, id))}


def the_one(world: World, id: str) -> SetAside:
    (found,) = lost(world, id).values()
    return found


def case(world: World, id: str) -> conflicts.Conflict:
    with world.database.read(SYSTEM) as work:
        return work.get(conflicts.Conflict, id)


def resolve(world: World, id: str, option: str, value: Any = None, **more: Any) -> None:
    world.desk("sam", "resolve_conflict", conflict_id=id, option=option, value=value, note="as we saw it", **more)


def put_back(world: World, id: str, key: str, who: str = "sam", **more: Any) -> Any:
    return world.desk(who, "put_back_lost", conflict_id=id, lost=key, **more)


def shown(world: World, id: str, key: str, who: str = "sam") -> Preview:
    def task(work: Work) -> Preview:
        work.actor = actor_of(work, who)
        return of_putting_back(work, id, key)

    return world.database.rehearse(SYSTEM, task)


def field(world: World, model: type[Any], id: str, name: str) -> Any:
    with world.database.read(SYSTEM) as work:
        return getattr(work.get(model, id), name)


def test_nothing_is_set_aside_before_anything_is_decided(world: World) -> None:
    assert lost(world, same_field_twice(world)) == {}


def test_the_devices_value_that_was_not_taken_is_put_back_and_the_servers_is_kept_in_turn(world: World) -> None:
    id = same_field_twice(world)
    resolve(world, id, "keep_server")
    found = the_one(world, id)
    assert (found.kind, found.told["side"], found.told["value"], found.told["now"]) == (
        "value",
        "device",
        "device",
        "server",
    )

    would = shown(world, id, found.key)
    assert [(e.field, e.before, e.after) for e in would.fields] == [("note", "server", "device")]
    assert put_back(world, id, found.key, note="he was right", shown=would.shown).status == "applied"
    assert field(world, returns.ReturnOrder, R_1001, "note") == "device"
    assert case(world, id).state == "resolved"

    other = the_one(world, id)
    assert (other.told["side"], other.told["value"]) == ("server", "server")
    put_back(world, id, other.key)
    put_back(world, id, found.key)  # there and back, as often as they like
    assert field(world, returns.ReturnOrder, R_1001, "note") == "device"


def test_putting_back_is_audited_with_who_and_why(world: World) -> None:
    id = same_field_twice(world)
    resolve(world, id, "keep_server")
    key = the_one(world, id).key

    def task(work: Work) -> None:
        work.actor = actor_of(work, "sam")
        perform(
            work,
            "put_back_lost",
            {"conflict_id": id, "lost": key, "note": "he was right"},
            mutation_id="m1",
            site_id=SITE,
        )

    world.database.write(SYSTEM, task)
    with world.database.read(SYSTEM) as work:
        stored = work.get(records.Mutation, "m1")
        told = work.find(records.EventRow, records.EventRow.mutation_id == "m1", order_by=records.EventRow.revision)
    assert (stored.name, stored.by, stored.status, stored.body["args"]["note"]) == (
        "put_back_lost",
        "sam",
        "applied",
        "he was right",
    )
    assert [row.kind for row in told] == ["ReturnEdited", "PutBack"]


def test_a_value_written_meanwhile_is_shown_before_it_is_written_over(world: World) -> None:
    id = same_field_twice(world)
    resolve(world, id, "keep_server")
    key = the_one(world, id).key
    would = shown(world, id, key)
    world.desk("sally", "edit_return", id=R_1001, set={"note": "newer"}, was={"note": "server"})
    with pytest.raises(Stale, match="has changed since it was shown"):
        put_back(world, id, key, shown=would.shown)
    assert field(world, returns.ReturnOrder, R_1001, "note") == "newer"
    put_back(world, id, key, shown=shown(world, id, key).shown)
    assert field(world, returns.ReturnOrder, R_1001, "note") == "device"


def test_an_edit_discarded_after_the_approval_is_refused_with_the_way_to_it(world: World) -> None:
    id = edited_after_the_decision(world)
    resolve(world, id, "discard")
    key = the_one(world, id).key
    assert "amend it" in shown(world, id, key).refused
    with pytest.raises(WrongState, match="amend it"):
        put_back(world, id, key)
    world.desk("sally", "amend_return", order_id=R_1001, reason="one less")
    put_back(world, id, key)
    assert field(world, returns.ReturnLine, "kettles", "expected") == 2


def test_a_struck_line_stands_again_and_then_its_edit_can_too(world: World) -> None:
    id = edited_after_it_was_struck(world)
    resolve(world, id, "keep_deleted")
    assert {each.kind for each in lost(world, id).values()} == {"struck", "value"}
    put_back(world, id, "struck")
    assert field(world, returns.ReturnLine, "kettles", "removed") is False
    (edit,) = [each for each in lost(world, id).values() if each.kind == "value"]
    put_back(world, id, edit.key)
    assert field(world, returns.ReturnLine, "kettles", "note") == "two boxes"
    assert [each.told["side"] for each in lost(world, id).values()] == ["server"]


def test_a_striking_that_was_not_followed_can_be_done_after_all(world: World) -> None:
    id = edited_after_it_was_struck(world)
    resolve(world, id, "restore")
    assert "removal" in lost(world, id)
    put_back(world, id, "removal")
    assert field(world, returns.ReturnLine, "kettles", "removed") is True


def test_a_scan_that_was_taken_back_is_counted_again_and_clashes_again(world: World) -> None:
    id = serial_twice(world)
    resolve(world, id, "keep_earlier")
    found = the_one(world, id)
    assert (found.kind, found.told["serial"], found.told["quantity"], found.told["by"]) == ("scan", "S1", 1, "cleo")
    assert [(e.status, e.quantity) for e in shown(world, id, found.key).stock] == [("out", -1), ("quarantine", 1)]
    assert put_back(world, id, found.key).status == "conflict"
    assert (field(world, returns.ReturnLine, "cameras", "received"), case(world, id).state) == (2, "open")
    with world.database.read(SYSTEM) as work:
        assert stock.on_hand(work, SITE, "camera", "quarantine") == 2
    with pytest.raises(WrongState, match="put back already"):
        put_back(world, id, found.key)


def test_a_verdict_that_was_not_kept_takes_the_place_of_the_one_that_was(world: World) -> None:
    id = two_verdicts(world)
    resolve(world, id, "worse_grade")
    found = the_one(world, id)
    assert (found.kind, found.told["grade"], found.told["by"]) == ("inspection", "A", "ines")
    put_back(world, id, found.key)
    with world.database.read(SYSTEM) as work:
        (now,) = inspections.current(work, "kettles")
        assert (now.grade, now.by, work.get(returns.ReturnLine, "kettles").inspected) == ("A", "sam", 1)


def test_a_disposition_that_was_voided_is_decided_again_and_may_clash_again(world: World) -> None:
    id = disposed_twice(world)
    resolve(world, id, "keep_first")
    found = the_one(world, id)
    assert (found.kind, found.told["kind"], found.told["quantity"]) == ("disposition", "repair", 2)
    assert put_back(world, id, found.key).status == "conflict"
    assert case(world, id).state == "open"
    with world.database.read(SYSTEM) as work:
        states = sorted(each.state for each in dispositions.of_line(work, "kettles"))
    assert states == ["decided", "proposed", "void"]


def test_what_was_read_before_it_was_corrected_is_put_back_and_clashes_again(world: World) -> None:
    id = another_lot(world)
    resolve(world, id, "correct")
    found = the_one(world, id)
    assert (found.kind, found.told["field"], found.told["value"], found.told["now"]) == ("reading", "lot", "L2", "L1")
    assert put_back(world, id, found.key).conflict_id == id
    assert case(world, id).state == "open"
    with world.database.read(SYSTEM) as work:
        (balance,) = [
            each for each in work.find(stock.StockBalance, stock.StockBalance.status == "quarantine") if each.quantity
        ]
    assert balance.lot == "L2"


def test_an_operation_that_was_voided_is_carried_out_after_all(world: World) -> None:
    id = BREACHES["X15"](world)
    resolve(world, id, "void")
    found = the_one(world, id)
    assert (found.kind, found.told["name"], found.told["by"]) == ("operation", "dispose", "ines")
    put_back(world, id, found.key)
    with world.database.read(SYSTEM) as work:
        assert work.get(records.Mutation, found.key.removeprefix("operation-")).status == "applied"
    assert lost(world, id) == {}


def test_scans_of_somebody_who_lost_the_right_are_counted_again(world: World) -> None:
    id = author_lost_the_right(world)
    resolve(world, id, "void")
    assert field(world, returns.ReturnLine, "kettles", "received") == 0
    put_back(world, id, the_one(world, id).key)
    assert field(world, returns.ReturnLine, "kettles", "received") == 1


@pytest.mark.parametrize("rule", BREACHES)
def test_whatever_was_decided_and_put_back_the_books_agree(world: World, rule: str) -> None:
    """Every rule, every option: what it set aside is told whole, and each is put back or refused in a sentence, nothing else."""
    id = BREACHES[rule](world)
    options = [
        option for option in RULES[rule].options
        if not _preview(world, id, option, VALUES.get((rule, option))).refused
    ]  # fmt: skip
    assert options
    resolve(world, id, options[0], VALUES.get((rule, options[0])))
    for key, each in lost(world, id).items():
        if each.run is None:
            with pytest.raises(WrongState):
                put_back(world, id, key)
            continue
        would = shown(world, id, key)
        if would.refused:
            with pytest.raises(WrongState):
                put_back(world, id, key)
        else:
            put_back(world, id, key, shown=would.shown)
    with world.database.read(SYSTEM) as work:
        for balance in work.find(stock.StockBalance):
            assert balance.quantity == stock.exact_balance(work, balance.id)


def _preview(world: World, id: str, option: str, value: Any = None) -> Preview:
    def task(work: Work) -> list[Preview]:
        work.actor = actor_of(work, "sam")
        return previews(work, id, option, value)

    return world.database.rehearse(SYSTEM, task)[0]


def test_only_who_may_resolve_may_put_back_and_only_what_was_set_aside(world: World) -> None:
    id = same_field_twice(world)
    resolve(world, id, "keep_server")
    key = the_one(world, id).key
    for who in ("cleo", "ines", "rita", "sally", "otto", "ada", "stranger"):
        with pytest.raises(NotAllowed):
            put_back(world, id, key, who)
        with pytest.raises(NotAllowed):
            shown(world, id, key, who)
    with pytest.raises(NotFound):
        put_back(world, id, "value-9-note-device")
    assert field(world, returns.ReturnOrder, R_1001, "note") == "server"


# The same guard at the verdict itself


def test_a_verdict_whose_effect_changed_since_it_was_shown_is_refused_and_nothing_is_done(world: World) -> None:
    id = serial_twice(world)
    would = _preview(world, id, "void")
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.b.sync()
    with pytest.raises(Stale, match="has changed since it was shown"):
        resolve(world, id, "void", shown=would.shown)
    assert case(world, id).state == "open"
    resolve(world, id, "void", shown=_preview(world, id, "void").shown)
    assert field(world, returns.ReturnLine, "cameras", "received") == 0


@pytest.mark.parametrize("rule", BREACHES)
def test_what_was_shown_a_moment_ago_is_what_is_done(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    for option in RULES[rule].options:
        value = VALUES.get((rule, option))
        would = _preview(world, id, option, value)
        if not would.refused:
            resolve(world, id, option, value, shown=would.shown)
            assert case(world, id).state in ("resolved", "open")  # X15: one may go on waiting
            return
    raise AssertionError("no option can be taken")


def test_a_renumbered_document_takes_whichever_number_is_next(world: World) -> None:
    id = BREACHES["X16"](world)
    would = _preview(world, id, "new_number")
    world.database.write(SYSTEM, next_desk_number)
    resolve(world, id, "new_number", shown=would.shown)
    assert case(world, id).state == "resolved"
