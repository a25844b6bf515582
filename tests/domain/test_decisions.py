"""Whatever waits is decided one way: its ways out are the commands it names, and each says before the click what it will do."""

from typing import Any

import pytest

from server.database import Database
from server.domain import returns
from server.domain.alerts import Alert
from server.domain.conflicts import Conflict, Occurrence
from server.domain.decisions import KINDS, Decide, decide, previews
from server.domain.differences import Difference
from server.domain.dispositions import Disposition
from server.domain.errors import Invalid, NotAllowed, Refusal, Stale
from server.domain.ids import uuid7
from server.domain.parcels import Parcel
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.previews import Preview
from server.domain.reads.decisions import decision
from server.domain.tasks import Task
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH

pytestmark = ON_BOTH


class Table:
    """Where everybody of the cast decides."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def would(self, who: str, kind: str, id: str, option: str = "", value: Any = None) -> dict[str, Preview]:
        def task(work: Work) -> list[Preview]:
            work.actor = actor_of(work, who)
            return previews(work, kind, id, option, value)

        return {each.option: each for each in self.database.rehearse(SYSTEM, task)}

    def decides(self, who: str, kind: str, id: str, option: str, *, key: str = "", **more: Any) -> str:
        def task(work: Work) -> str:
            work.actor = actor_of(work, who)
            return decide(work, kind, id, Decide(option=option, **more), key=key or uuid7(), site_id=SITE).status

        return self.database.write(SYSTEM, task)

    def reads(self, who: str, kind: str, id: str) -> dict[str, Any]:
        with self.database.read(SYSTEM) as work:
            work.actor = actor_of(work, who)
            return decision(work, kind, id)

    def add(self, model: Any, **values: Any) -> None:
        self.database.write(SYSTEM, lambda work: work.add(model, site_id=SITE, **values))

    def record(self, model: Any, id: str) -> Any:
        with self.database.read(SYSTEM) as work:
            return work.get(model, id)


@pytest.fixture
def table(database: Database) -> Table:
    return Table(database)


@pytest.fixture
def waiting(table: Table, desk: Desk, a: Handheld) -> dict[str, str]:
    """One of each kind."""
    desk.file_r_1001(approve=False)
    a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, carrier="SF", waybill="SF100")
    a.do("cleo", "close_parcel", parcel_id="parcel", unclaimed=True)
    a.sync()
    note = {"field": "note", "base": "", "server": "server", "device": "device"}
    table.add(
        Conflict,
        id="conflict",
        rule="X14",
        order_id=R_1001,
        subject_kind="ReturnOrder",
        subject_id=R_1001,
        field="note",
    )
    table.database.write(
        SYSTEM, lambda work: work.add(Occurrence, id="once", conflict_id="conflict", number=1, values=[note])
    )
    table.add(Alert, id="alert", rule="over_received", subject="kettles", order_id=R_1001, item_id="kettle")
    table.add(Disposition, id="disposition", order_id=R_1001, line_id="kettles", item_id="kettle", quantity=1, kind="scrap",
              state="proposed", reason="crushed", by="ines")  # fmt: skip
    table.add(Difference, id="difference", kind="count_book", subject_id="x", item_id="kettle", bin_id="bin-sellable",
              status="sellable", expected=5, found=3)  # fmt: skip
    table.add(Task, id="task", kind="look", question="Is it there?", order_id=R_1001)
    return {"review": R_1001, "unclaimed": "parcel"} | {
        kind: kind for kind in ("conflict", "alert", "disposition", "difference", "task")
    }


def test_every_kind_tells_what_happened_and_has_ways_out_that_can_be_tried(
    table: Table, waiting: dict[str, str]
) -> None:
    assert set(waiting) == set(KINDS)
    for kind, id in waiting.items():
        told = table.reads("sam", kind, id)
        assert told["open"] and told["row"]["id"] == id, kind
        names = [way["name"] for way in told["options"]]
        assert len(set(names)) == len(names) and sum(way["suggested"] for way in told["options"]) <= 1, kind
        would = table.would("rita" if kind == "review" else "sam", kind, id)
        assert set(would) == set(names), kind
        assert any(each.shown for each in would.values()), kind


def test_each_suggests_what_its_facts_say(table: Table, waiting: dict[str, str]) -> None:
    suggested = {
        kind: next((way["name"] for way in table.reads("sam", kind, id)["options"] if way["suggested"]), "")
        for kind, id in waiting.items()
    }
    assert suggested == {
        "review": "approve", "conflict": "keep_server", "alert": "look", "unclaimed": "look", "disposition": "scrap",
        "difference": "recount", "task": "",
    }  # fmt: skip
    (scrap, *_) = table.reads("sam", "disposition", "disposition")["options"]
    assert scrap["why"] == [{"zh": "crushed", "en": "crushed"}]


def test_what_is_shown_is_what_is_done(table: Table, waiting: dict[str, str]) -> None:
    would = table.would("rita", "review", R_1001)["approve"]
    assert ("status", "submitted", "approved") in {(e.field, e.before, e.after) for e in would.fields}
    table.decides("rita", "review", R_1001, "approve", shown=would.shown)
    assert table.record(returns.ReturnOrder, R_1001).status == "approved"
    table.decides("sam", "alert", "alert", "look", note="Count them, please.", value="cleo")
    (task,) = [t for t in _all(table, Task) if t.alert_id == "alert"]
    assert (task.question, task.assignee, task.kind) == ("Count them, please.", "cleo", "look")
    assert table.record(Alert, "alert").state == "in_progress"


def _all(table: Table, model: Any) -> list[Any]:
    with table.database.read(SYSTEM) as work:
        return list(work.find(model))


def test_who_may_not_is_told_before_the_click_and_refused_at_it(table: Table, waiting: dict[str, str]) -> None:
    assert table.would("sally", "review", R_1001)["approve"].refused == "You do not have the right to do this here."
    with pytest.raises(NotAllowed):
        table.decides("sally", "review", R_1001, "approve")
    with pytest.raises(NotAllowed):
        table.decides("cleo", "alert", "alert", "resolve")
    with pytest.raises(Refusal):  # not for them to see
        table.reads("stranger", "alert", "alert")


def test_the_second_is_told_and_a_repeated_request_is_the_first(table: Table, waiting: dict[str, str]) -> None:
    key = uuid7()
    assert table.decides("sam", "disposition", "disposition", "repair", key=key) == "applied"
    assert table.decides("sam", "disposition", "disposition", "repair", key=key) == "noop"
    with pytest.raises(Stale):
        table.decides("sam", "disposition", "disposition", "scrap")
    assert table.record(Disposition, "disposition").kind == "repair"
    closed = table.reads("sam", "disposition", "disposition")
    assert (closed["open"], closed["closed"]["by_name"], closed["options"]) == (False, "Sam", [])


def test_an_effect_or_a_content_that_changed_since_it_was_shown_is_refused(
    table: Table, waiting: dict[str, str]
) -> None:
    seen = table.reads("rita", "review", R_1001)["seen"]

    def changed(work: Work) -> None:
        work.get(returns.ReturnOrder, R_1001).content += 1

    table.database.write(SYSTEM, changed)
    with pytest.raises(Stale):
        table.decides("rita", "review", R_1001, "approve", seen=seen)
    with pytest.raises(Stale):
        table.decides("sam", "alert", "alert", "resolve", shown="another effect")


def test_it_asks_for_the_note_that_is_owed_and_knows_its_ways(table: Table, waiting: dict[str, str]) -> None:
    for kind, option in (("alert", "dismiss"), ("difference", "resolve"), ("review", "reject"), ("alert", "look")):
        with pytest.raises(Invalid):
            table.decides("rita" if kind == "review" else "sam", kind, waiting[kind], option)
    with pytest.raises(Invalid):
        table.decides("sam", "alert", "alert", "approve")


def test_a_parcel_is_claimed_once(table: Table, waiting: dict[str, str]) -> None:
    would = table.would("otto", "unclaimed", "parcel", "claim_customer", "customer")["claim_customer"]
    assert ("state", "unclaimed", "claimed") in {(e.field, e.before, e.after) for e in would.fields}
    table.decides("otto", "unclaimed", "parcel", "claim_customer", value="customer", shown=would.shown)
    with pytest.raises(Stale):
        table.decides("sam", "unclaimed", "parcel", "claim_customer", value="customer")
    assert table.record(Parcel, "parcel").claimed_by == "otto"
