"""Edits of plain fields meet: disjoint ones merge, the same field on two sides is a conflict that keeps all three values."""

from server.database import Database
from server.domain import conflicts, returns
from server.domain.permissions import SYSTEM
from tests.cast import R_1001, Desk, Handheld
from tests.conftest import ON_BOTH

pytestmark = ON_BOTH


def order(database: Database) -> returns.ReturnOrder:
    with database.read(SYSTEM) as work:
        return work.get(returns.ReturnOrder, R_1001)


def draft(desk: Desk) -> None:
    desk("sally", "create_return", order_id=R_1001, number="R-1001", site_id="site-sh", type_code="customer", note="as filed",
         lines=[{"line_id": "kettles", "item_id": "kettle", "quantity": 3}])  # fmt: skip


def test_edits_of_different_fields_are_both_kept(database: Database, desk: Desk, a: Handheld) -> None:
    draft(desk)
    a.do("sam", "edit_return", id=R_1001, set={"note": "from the dock"}, was={"note": "as filed", "reason_code": ""})
    desk("sally", "edit_return", id=R_1001, set={"reason_code": "colour"}, was={"reason_code": ""})
    assert a.push()[0].status == "merged"
    assert (order(database).note, order(database).reason_code) == ("from the dock", "colour")


def test_the_same_value_on_both_sides_is_nothing(database: Database, desk: Desk, a: Handheld) -> None:
    draft(desk)
    a.do("sam", "edit_return", id=R_1001, set={"note": "same"}, was={"note": "as filed"})
    desk("sally", "edit_return", id=R_1001, set={"note": "same"}, was={"note": "as filed"})
    assert a.push()[0].status == "noop"


def test_the_same_field_on_both_sides_keeps_base_server_and_device(database: Database, desk: Desk, a: Handheld) -> None:
    draft(desk)
    a.do(
        "sam",
        "edit_return",
        id=R_1001,
        set={"note": "device", "reason_code": "size"},
        was={"note": "as filed", "reason_code": ""},
    )
    desk("sally", "edit_return", id=R_1001, set={"note": "server"}, was={"note": "as filed"})
    result = a.push()[0]
    assert result.status == "conflict"
    assert (order(database).note, order(database).reason_code) == (
        "server",
        "size",
    )  # only the field that clashed waits
    with database.read(SYSTEM) as work:
        case = work.get(conflicts.Conflict, result.conflict)
        seen = conflicts.occurrences_of(work, case.id)[0].values
    assert (case.rule, case.field, seen) == (
        "X14", "note", [{"field": "note", "base": "as filed", "server": "server", "device": "device"}],
    )  # fmt: skip


def test_a_handheld_that_does_not_say_what_it_saw_writes_over_nobody_elses_words(
    database: Database, desk: Desk, a: Handheld
) -> None:
    draft(desk)
    a.do("sam", "edit_return", id=R_1001, set={"note": "mine"}, was={})
    a.do("sam", "edit_return", id=R_1001, set={"note": "mine, again"}, was={})
    assert [result.status for result in a.push()] == ["applied", "applied"]
    a.outbox.clear()
    desk("sally", "edit_return", id=R_1001, set={"note": "the desk's"}, was={"note": "mine, again"})

    a.do("sam", "edit_return", id=R_1001, set={"note": "mine once more"}, was={})
    [result] = a.push()
    assert result.status == "conflict"
    assert order(database).note == "the desk's"


def test_a_supervisor_keeps_either_side_or_enters_another(database: Database, desk: Desk, a: Handheld) -> None:
    for option, value, expected in (
        ("keep_server", None, "keep_server"), ("take_device", None, "device"), ("enter_value", "both", "both"),
    ):  # fmt: skip
        if option == "keep_server":
            draft(desk)
        before = order(database).note
        a.do("sam", "edit_return", id=R_1001, set={"note": "device"}, was={"note": before})
        desk("sally", "edit_return", id=R_1001, set={"note": option}, was={"note": before})
        result = a.sync()[0]
        assert result.status == "conflict", option
        desk("sam", "resolve_conflict", conflict_id=result.conflict, option=option, value=value)
        assert order(database).note == expected


def test_a_chain_of_a_devices_own_edits_is_no_conflict(database: Database, desk: Desk, a: Handheld) -> None:
    draft(desk)
    for note in ("one", "two", "three"):  # all on what the server last confirmed
        a.do("sam", "edit_return", id=R_1001, set={"note": note}, was={"note": "as filed"})
    assert [result.status for result in a.push()] == ["applied", "applied", "applied"]
    assert order(database).note == "three"


def test_a_chain_of_own_edits_goes_on_though_somebody_elses_edit_clashed_in_between(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    draft(desk)
    a.do("sam", "edit_return", id=R_1001, set={"note": "one"}, was={"note": "as filed"})
    a.do("sam", "edit_return", id=R_1001, set={"note": "two"}, was={"note": "as filed"})
    b.do("sam", "edit_return", id=R_1001, set={"note": "other"}, was={"note": "as filed"})
    a.push(a.outbox[:1])
    clash = b.push()[0]
    assert (clash.status, a.push()[1].status) == ("conflict", "applied")
    assert order(database).note == "two"
    desk("sam", "resolve_conflict", conflict_id=clash.conflict, option="keep_server")
    a.do("sam", "edit_return", id=R_1001, set={"note": "three"}, was={"note": "as filed"})
    assert a.push()[2].status == "conflict", "what was decided meanwhile is not written over by who had not seen it"


def test_whoever_comes_to_agree_after_a_clash_changes_nothing(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    draft(desk)
    a.do("sam", "edit_return", id=R_1001, set={"note": "red"}, was={"note": "as filed"})
    b.do("sam", "edit_return", id=R_1001, set={"note": "blue"}, was={"note": "as filed"})
    b.do("sam", "edit_return", id=R_1001, set={"note": "red"}, was={"note": "red"})
    a.push()
    assert [result.status for result in b.push()] == ["conflict", "noop"]


def test_an_edit_after_a_clash_joins_the_clash(database: Database, desk: Desk, a: Handheld) -> None:
    draft(desk)
    desk("sally", "edit_return", id=R_1001, set={"note": "server"}, was={"note": "as filed"})
    for note in ("one", "two"):
        a.do("sam", "edit_return", id=R_1001, set={"note": note}, was={"note": "as filed"})
    first, second = a.push()
    assert (first.status, second.status, first.conflict) == ("conflict", "conflict", second.conflict)
    desk("sam", "resolve_conflict", conflict_id=first.conflict, option="take_device")
    assert order(database).note == "two"


def test_an_edit_after_an_approval_it_had_not_seen_goes_back_to_review(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.do("sam", "edit_return_line", id="kettles", set={"expected": 2}, was={"expected": 3})
    result = a.push()[0]
    assert result.status == "conflict"
    desk("sam", "resolve_conflict", conflict_id=result.conflict, option="new_revision")
    with database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").expected == 2
    assert (order(database).status, order(database).revision) == ("submitted", 2)


def test_the_same_facts_do_not_reopen_a_decided_conflict_and_other_facts_do(
    database: Database, desk: Desk, a: Handheld
) -> None:
    draft(desk)
    desk("sally", "edit_return", id=R_1001, set={"note": "server"}, was={"note": "as filed"})
    a.do("sam", "edit_return", id=R_1001, set={"note": "device"}, was={"note": "as filed"})
    case_id = a.sync()[0].conflict
    desk("sam", "resolve_conflict", conflict_id=case_id, option="keep_server")

    def state() -> str:
        with database.read(SYSTEM) as work:
            return work.get(conflicts.Conflict, case_id).state

    a.do("sam", "edit_return", id=R_1001, set={"note": "device"}, was={"note": "as filed"})
    a.sync()
    assert state() == "resolved"
    a.do("sam", "edit_return", id=R_1001, set={"note": "another"}, was={"note": "as filed"})
    a.sync()
    assert state() == "open"
