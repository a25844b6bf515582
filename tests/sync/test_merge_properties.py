"""What merging promises, for any edits of any devices in any order.

Every field of every edit ends in exactly one of applied, equal, conflict; nothing a person wrote disappears unless somebody who had seen
it wrote over it; what came again changes nothing; edits of different fields commute; counts do not care for order; a schema's steps compose.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.database import Database
from server.domain import conflicts, receiving, records, returns, stock, upcasts
from server.domain.errors import Waiting
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync.protocol import Result
from server.sync.shapes import BY_MODEL
from tests.cast import SITE, Desk, Handheld, seed
from tests.conftest import Clock
from tests.places import quick_folder

ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(ANY, max_examples=25)
FIELDS = ("note", "reason_code", "type_code")
VALUES = ("", "red", "blue", "green")
CODES = ("A1", "B1")


class World(NamedTuple):
    database: Database
    desk: Desk
    number: "count[int]"

    def handheld(self, code: str) -> Handheld:
        """With an empty outbox, whatever an example that failed left behind."""
        handheld = Handheld(self.database, code)
        handheld.seq = handheld.record.last_seq
        return handheld

    def order(self) -> str:
        """A draft of its own for each example."""
        id = f"order-{next(self.number)}"
        self.desk("sally", "create_return", order_id=id, number=id, site_id=SITE, type_code="customer", customer_id="customer", lines=[
            {"line_id": f"{id}-line", "item_id": "kettle", "quantity": 99}])  # fmt: skip
        return id

    def edit(self, code: str, order: str, set: dict[str, str], was: dict[str, str]) -> Result:
        """Written and sent by a handheld at once."""
        handheld = self.handheld(code)
        handheld.do("sam", "edit_return", id=order, set=set, was=was)
        (result,) = handheld.push()
        return result

    def fields(self, order: str) -> dict[str, str]:
        with self.database.read(SYSTEM) as work:
            record = work.get(returns.ReturnOrder, order)
            return {name: getattr(record, name) for name in FIELDS}

    def read(self, task: Callable[[Work], Any]) -> Any:
        with self.database.read(SYSTEM) as work:
            return task(work)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with quick_folder() as folder:
        database = Database(f"sqlite:///{folder}/restow.db", BY_MODEL, Clock())
        database.create()
        database.write(SYSTEM, seed)
        yield World(database, Desk(database), count())
        database.close()


class Edit(NamedTuple):
    """`seen` chooses what the author had in front of them: how many of the edits before this one had reached them."""

    code: str
    set: dict[str, str]
    seen: int


edits = st.lists(
    st.builds(
        Edit,
        st.sampled_from(CODES),
        st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES[1:]), min_size=1),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=6,
)


@ANY
@given(edits=edits)
def test_every_field_of_every_edit_is_applied_or_equal_or_in_a_conflict_and_never_two_of_them(
    world: World, edits: list[Edit]
) -> None:
    order = world.order()
    history = [world.fields(order)]
    for edit in edits:
        # What this author had seen: the server as it was after so many edits.
        base = history[min(edit.seen, len(history) - 1)]
        was = {name: base[name] for name in edit.set}
        before = history[-1]
        result = world.edit(edit.code, order, edit.set, was)
        after = world.fields(order)
        history.append(after)

        disputed = world.read(lambda work, id=result.id: values_of(work, id))
        fates = {}
        for name, value in edit.set.items():
            fate = [
                *(["conflict"] if name in disputed else []),
                *(["applied"] if before[name] != value and after[name] == value else []),
                *(["equal"] if before[name] == value and after[name] == value and name not in disputed else []),
            ]
            assert len(fate) == 1, (name, fate)
            fates[name] = fate[0]
            if fate == ["conflict"]:
                assert disputed[name] == {"field": name, "base": was[name], "server": before[name], "device": value}
                assert after[name] == before[name]
        assert {name: value for name, value in after.items() if name not in edit.set} == {
            name: value for name, value in before.items() if name not in edit.set
        }
        assert result.status == status_of(set(fates.values()))


def status_of(fates: set[str]) -> str:
    if "conflict" in fates:
        return "conflict"
    if fates == {"equal"}:
        return "noop"
    return "merged" if "equal" in fates else "applied"


def values_of(work: Work, mutation_id: str) -> dict[str, dict[str, Any]]:
    """field → the values a conflict keeps of it, for this mutation."""
    found = work.find(conflicts.Occurrence, conflicts.Occurrence.mutation_id == mutation_id)
    return {values["field"]: values for each in found for values in each.values}


@ANY
@given(edits=edits)
def test_nothing_written_disappears_unless_somebody_who_had_seen_it_wrote_over_it(
    world: World, edits: list[Edit]
) -> None:
    order = world.order()
    history = [world.fields(order)]
    kept: dict[str, set[str]] = {name: set() for name in FIELDS}
    chains: dict[str, tuple[str, str]] = {}  # field → (who wrote it last, on what base)
    for edit in edits:
        base = history[min(edit.seen, len(history) - 1)]
        before = history[-1]
        result = world.edit(edit.code, order, edit.set, {name: base[name] for name in edit.set})
        history.append(world.fields(order))
        disputed = world.read(lambda work, id=result.id: values_of(work, id))
        for name, value in edit.set.items():
            if name in disputed:
                kept[name].add(value)
            elif before[name] != value:
                # Written over: by whoever saw it, or by the hand that wrote it, in a chain on the same base.
                assert base[name] == before[name] or chains.get(name) == (edit.code, base[name])
            if name not in disputed and before[name] != value:
                chains[name] = (edit.code, base[name])
    for name in FIELDS:
        seen = {state[name] for state in history} | kept[name]
        assert {edit.set[name] for edit in edits if name in edit.set} <= seen


@ANY
@given(edits=edits)
def test_what_comes_again_changes_nothing(world: World, edits: list[Edit]) -> None:
    order = world.order()
    handheld = world.handheld("A1")
    base = world.fields(order)
    for edit in edits:
        handheld.do("sam", "edit_return", id=order, set=edit.set, was={name: base[name] for name in edit.set})
    first = handheld.push()
    fields, heads = world.fields(order), world.database.heads()
    again = handheld.push()
    assert [(each.id, each.status, each.conflict) for each in again] == [
        (each.id, each.status, each.conflict) for each in first
    ]
    assert all(each.dup for each in again)
    assert (world.fields(order), world.database.heads()) == (fields, heads)


@ANY
@given(
    sets=st.permutations(FIELDS).flatmap(
        lambda fields: st.tuples(st.just(fields), st.lists(st.sampled_from(VALUES[1:]), min_size=3, max_size=3))
    ),
    swapped=st.booleans(),
)
def test_edits_of_different_fields_commute(world: World, sets: tuple[list[str], list[str]], swapped: bool) -> None:
    fields, values = sets
    one = {fields[0]: values[0]}
    two = dict(zip(fields[1:], values[1:], strict=True))
    ends = []
    for turned in (False, True):
        order = world.order()
        was = world.fields(order)
        for code, set in reversed([("A1", one), ("B1", two)]) if turned else [("A1", one), ("B1", two)]:
            result = world.edit(code, order, set, was)
            assert result.status in ("applied", "merged")
        ends.append(world.fields(order))
    assert ends[0] == ends[1] == {**was, **one, **two}


@FEWER
@given(
    scans=st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 3), st.booleans()), min_size=1, max_size=8),
    dice=st.randoms(use_true_random=False),
)
def test_counts_do_not_care_in_which_order_they_come(
    world: World, scans: list[tuple[str, int, bool]], dice: Any
) -> None:
    ends = []
    for shuffled in (False, True):
        order = world.order()
        line = f"{order}-line"
        world.desk("sally", "submit_return", order_id=order)
        world.desk("rita", "approve_return", order_id=order)
        handhelds = {code: world.handheld(code) for code in CODES}
        for code, quantity, taken_back in scans:
            handheld = handhelds[code]
            receipt = handheld.scan("cleo", order, line, "kettle", quantity, container_id=f"tote-{order}")
            if taken_back:
                handheld.do("cleo", "unreceive", receipt_id=receipt, quantity=1)
        turns = [code for code, handheld in handhelds.items() for _ in handheld.outbox]
        if shuffled:
            dice.shuffle(turns)
        for code in turns:  # each device in its own order, the devices in any
            assert handhelds[code].push([handhelds[code].outbox.pop(0)])[0].status == "applied"

        def counted(work: Work, line: str = line, tote: str = f"tote-{order}") -> tuple[int, int, int]:
            receipts = work.find(receiving.Receipt, receiving.Receipt.line_id == line)
            inside = work.find(stock.StockBalance, stock.StockBalance.container_id == tote)
            return (
                work.get(returns.ReturnLine, line).received,
                sum(each.quantity - each.unreceived for each in receipts),
                sum(each.quantity for each in inside),
            )

        ends.append(world.read(counted))
    expected = sum(quantity - taken_back for _, quantity, taken_back in scans)
    assert ends == [(expected,) * 3] * 2


# A mutation written by an older app

renamed = st.dictionaries(st.sampled_from("abc"), st.sampled_from("abcd"), max_size=3)
arguments = st.dictionaries(st.sampled_from("abcd"), st.integers(), max_size=4)


@ANY
@given(args=arguments, steps=st.lists(renamed, min_size=1, max_size=4), at=st.integers(0, 4))
def test_the_steps_of_a_schema_compose(args: dict[str, int], steps: list[dict[str, str]], at: int) -> None:
    def step(names: dict[str, str]) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
        return lambda _, args: {names.get(name, name): value for name, value in sorted(args.items())}

    with pytest.MonkeyPatch.context() as patch:
        first = 1
        patch.setattr(upcasts, "UPCASTS", {first + n: step(names) for n, names in enumerate(steps)})
        middle = first + min(at, len(steps))
        patch.setattr(upcasts, "SCHEMA", middle)
        halfway = upcasts.upcast("edit_return", args, first)
        patch.setattr(upcasts, "SCHEMA", first + len(steps))
        assert upcasts.upcast("edit_return", halfway, middle) == upcasts.upcast("edit_return", args, first)
        with pytest.raises(Waiting):
            upcasts.upcast("edit_return", args, first + len(steps) + 1)


def test_what_an_older_app_wrote_is_read_as_what_it_meant(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app of yesterday called a note a remark; it was offline while the server learned the new word."""
    order = world.order()
    handheld = world.handheld("A1")
    handheld.do("sam", "edit_return", id=order, set={"remark": "damp"}, was={"remark": ""})

    def remark(name: str, args: dict[str, Any]) -> dict[str, Any]:
        def renamed(fields: dict[str, Any]) -> dict[str, Any]:
            return {"note" if field == "remark" else field: value for field, value in fields.items()}

        return {**args, "set": renamed(args["set"]), "was": renamed(args["was"])} if name == "edit_return" else args

    monkeypatch.setattr(upcasts, "SCHEMA", 2)
    monkeypatch.setattr(upcasts, "UPCASTS", {1: remark})
    (result,) = handheld.push()
    assert (result.status, world.fields(order)["note"]) == ("applied", "damp")
    kept = world.read(lambda work: work.get(records.Mutation, result.id))
    assert kept.body["args"]["set"] == {"remark": "damp"}, "what was sent is kept as it was sent"
