"""What a device reads: everything once, in order, whatever page it stopped at."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from server.database import Database, new_epoch
from server.domain import catalog
from server.domain.errors import NotAllowed
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync import pull as pull_module
from server.sync.pull import Cursor, pull
from server.sync.waybills import waybills
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH

pytestmark = ON_BOTH


def page(handheld: Handheld, cursor: str = "", feed: str = f"site:{SITE}") -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(pull(handheld.database, handheld.record, feed, cursor))
    return found


def test_both_handhelds_come_to_see_the_same(desk: Desk, a: Handheld, b: Handheld) -> None:
    desk.file_r_1001()
    a.pull()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    b.pull()
    assert a.view == b.view
    assert b.view["return_line", "kettles"]["received"] == 1
    assert a.pull() == 0


def test_a_first_sync_reads_the_snapshot_and_then_its_tail(
    desk: Desk, a: Handheld, b: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "TAIL_BEFORE_SNAPSHOT", 5)
    monkeypatch.setattr(pull_module, "PAGE_CHANGES", 3)
    desk.file_r_1001()
    a.pull()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    b.pull()
    assert b.view == a.view


def test_a_first_sync_goes_on_though_a_snapshot_is_sealed_anew_and_begins_again_after_two(
    database: Database, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "TAIL_BEFORE_SNAPSHOT", 5)
    monkeypatch.setattr(pull_module, "PAGE_CHANGES", 10)
    begun = page(a, feed="catalogue")
    assert begun["more"]

    def sealed_anew(batch: str) -> None:
        def more(work: Work) -> None:
            for n in range(30):
                work.add(catalog.Item, id=f"{batch}-{n}")

        database.write(SYSTEM, more)
        pull_module.seal_if_due(database, "catalogue")

    sealed_anew("first")
    read, found = begun, []
    while read["more"]:
        read = page(a, str(read["cursor"]), "catalogue")
        assert not read["reset"]
        found += [change["key"] for change in read["changes"]]  # type: ignore[attr-defined]
    assert {f"first-{n}" for n in range(30)} <= set(found) and len(found) == len(set(found))

    sealed_anew("second")
    assert page(a, str(begun["cursor"]), "catalogue")["reset"]


def test_pushes_go_on_while_a_snapshot_is_built(
    database: Database, desk: Desk, a: Handheld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "TAIL_BEFORE_SNAPSHOT", 5)
    desk.file_r_1001()
    members = pull_module._members

    def meanwhile(work: Work, feed: str) -> Iterator[bytes]:
        for at, body in enumerate(members(work, feed)):
            if feed == f"site:{SITE}" and at == 0:
                a.scan("cleo", R_1001, "kettles", "kettle")
                assert [result.status for result in a.push()] == ["applied"]
            yield body

    monkeypatch.setattr(pull_module, "_members", meanwhile)
    a.pull()
    assert a.view["return_line", "kettles"]["received"] == 1


def test_a_cursor_of_another_history_is_reset(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    cursor = str(page(a)["cursor"])
    assert not page(a, cursor)["reset"]
    with database.engine.begin() as connection:
        new_epoch(connection)
    assert page(a, cursor)["reset"]


def test_what_leaves_the_feed_is_dropped(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001(approve=False)
    desk("rita", "reject_return", order_id=R_1001, reason="lamps stay")
    a.pull()
    assert ("return_line", "lamps") in a.view
    desk("sally", "remove_return_line", line_id="lamps")
    a.pull()
    assert ("return_line", "lamps") not in a.view


def test_money_and_personal_data_never_reach_a_device(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.pull()
    assert "unit_amount" not in a.view["return_line", "kettles"]
    assert "unit_cost" not in a.view["item", "kettle"]
    assert not {"phone", "address"} & a.view["customer", "customer"].keys()
    assert not any(kind in ("stock_entry", "mutation", "session") for kind, _ in a.view)


def test_a_device_reads_no_other_site(a: Handheld) -> None:
    with pytest.raises(NotAllowed):
        page(a, feed="site:another")


@pytest.mark.parametrize(
    "damage",
    [
        lambda cursor: "not a cursor",
        lambda cursor: "中文",
        lambda cursor: "A" * 5_000,
        lambda cursor: cursor[:-3],
        lambda cursor: Cursor.read(cursor)._replace(phase="s", page=10**30).text(),
        lambda cursor: Cursor.read(cursor)._replace(revision=10**30).text(),
    ],
)
def test_a_damaged_cursor_begins_anew_instead_of_stopping_the_device(a: Handheld, damage: Callable[[str], str]) -> None:
    whole = page(a, feed="catalogue")
    assert page(a, damage(str(whole["cursor"])), "catalogue") == {**whole, "reset": True}
    listed = msgspec.json.decode(waybills(a.database, a.record))
    assert msgspec.json.decode(waybills(a.database, a.record, damage(listed["cursor"]))) == {**listed, "reset": True}


def test_the_answer_names_the_counter_of_the_same_moment(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    assert page(a)["device_last_seq"] == 1
