"""What a supervisor sees before the click is what the click does."""

import pytest

from server.database import Database
from server.domain import conflicts, returns, stock
from server.domain.errors import NotAllowed
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.previews import Preview, previews
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH

pytestmark = ON_BOTH


def seen_by(database: Database, who: str, conflict_id: str) -> dict[str, Preview]:
    def task(work: Work) -> list[Preview]:
        work.actor = actor_of(work, who)
        return previews(work, conflict_id)

    return {preview.option: preview for preview in database.rehearse(SYSTEM, task)}


@pytest.fixture
def doubled(desk: Desk, a: Handheld) -> str:
    """A serial number that was received twice."""
    desk.file_r_1001()
    a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    result = a.sync()[-1]
    assert result.status == "conflict"
    return result.conflict


def test_each_option_shows_its_stock_and_status_effect_and_changes_nothing(database: Database, doubled: str) -> None:
    before = database.heads()
    found = seen_by(database, "sam", doubled)
    assert {(e.sku, e.status, e.quantity, e.value) for e in found["keep_earlier"].stock} == {
        ("RED-CAMERA", "out", 1, 90_000), ("RED-CAMERA", "quarantine", -1, -90_000),
    }  # fmt: skip
    assert ("received", 2, 1) in {(e.field, e.before, e.after) for e in found["keep_earlier"].fields}
    assert found["accept"].stock == []
    assert database.heads() == before
    with database.read(SYSTEM) as work:
        assert work.get(conflicts.Conflict, doubled).state == "open"


def test_the_click_does_what_was_shown(database: Database, desk: Desk, doubled: str) -> None:
    shown = seen_by(database, "sam", doubled)["keep_earlier"]
    desk("sam", "resolve_conflict", conflict_id=doubled, option="keep_earlier")
    with database.read(SYSTEM) as work:
        assert stock.on_hand(work, SITE, "camera", "quarantine") == 2 + sum(
            effect.quantity for effect in shown.stock if effect.status == "quarantine"
        )
        assert work.get(returns.ReturnLine, "cameras").received == 1


def test_who_may_not_resolve_sees_no_preview(database: Database, doubled: str) -> None:
    with pytest.raises(NotAllowed):
        seen_by(database, "cleo", doubled)


def test_an_option_that_cannot_be_taken_says_why(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.put_away("cleo", "lamps", "sellable")
    clash = a.sync()[-1]
    assert "still stand there" in seen_by(database, "sam", clash.conflict)["moved"].refused
