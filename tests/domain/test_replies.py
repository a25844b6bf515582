"""The conversation about a conflict, between the handheld that caused it and whoever decides it."""

from typing import Any

import msgspec
import pytest

from server.database import Database
from server.domain import people, photos
from server.domain.conflicts import Conflict
from server.domain.errors import Invalid, NotAllowed
from server.domain.permissions import SYSTEM
from server.domain.reads.cases import conflict_page
from server.domain.work import Work
from tests.cast import SITE, Desk, Handheld
from tests.conftest import ON_BOTH, Clock

from .breaches import OTHER_PHOTO, PHOTO, World, change, photo_comes, serial_twice

pytestmark = ON_BOTH


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def case(world: World, id: str) -> Conflict:
    with world.database.read(SYSTEM) as work:
        return work.get(Conflict, id)


def page(world: World, id: str) -> dict[str, Any]:
    with world.database.read(SYSTEM) as work:
        return conflict_page(work, id)


def decided(world: World) -> str:
    id = serial_twice(world)
    world.desk("sam", "resolve_conflict", conflict_id=id, option="keep_earlier", note="one camera stands there")
    return id


def reply(handheld: Handheld, who: str, id: str, text: str, **more: Any) -> list[Any]:
    handheld.do(who, "reply_to_conflict", reply_id=f"reply-{handheld.seq}", conflict_id=id, text=text, **more)
    return handheld.sync()


def test_what_the_handheld_says_after_the_verdict_waits_to_be_read_and_opens_nothing_again(world: World) -> None:
    id = decided(world)
    world.clock.forward(60_000)
    (result,) = reply(
        world.b, "cleo", id, " there are two, look at the photo ", photos=[{"sha256": PHOTO, "kind": "label"}]
    )
    assert result.status == "applied"
    found = case(world, id)
    assert (found.state, found.resolution, found.replied_at) == ("resolved", "keep_earlier", world.clock.now)
    (said,) = page(world, id)["replies"]
    assert (said["text"], said["by_name"], said["device"]["code"]) == ("there are two, look at the photo", "Cleo", "B1")
    assert said["photos"] == [{"sha256": PHOTO, "kind": "label"}]

    world.desk("sam", "read_replies", conflict_id=id)
    assert case(world, id).replied_at == 0
    assert world.desk("sam", "read_replies", conflict_id=id).status == "noop"


def test_an_answer_from_the_desk_reaches_every_handheld_and_counts_as_having_read(world: World) -> None:
    id = decided(world)
    reply(world.b, "cleo", id, "there are two")
    world.desk("sam", "reply_to_conflict", conflict_id=id, text="then inspect the second one, please")
    assert case(world, id).replied_at == 0
    world.a.pull()
    texts = [value["text"] for (kind, _), value in world.a.view.items() if kind == "reply"]
    assert texts == ["there are two", "then inspect the second one, please"]


def test_a_reply_sent_twice_is_said_once(world: World) -> None:
    id = decided(world)
    world.b.do("cleo", "reply_to_conflict", reply_id="said", conflict_id=id, text="two")
    world.b.push()
    world.desk("sam", "read_replies", conflict_id=id)
    (again,) = world.b.sync()
    assert again.dup
    world.b.do("cleo", "reply_to_conflict", reply_id="said", conflict_id=id, text="two")
    assert [result.status for result in world.b.sync()] == ["noop"]
    assert (len(page(world, id)["replies"]), case(world, id).replied_at) == (1, 0)


def test_whoever_lost_a_right_since_is_heard_and_nothing_waits_because_of_it(world: World) -> None:
    id = decided(world)
    change(world, people.Grant, "grant-cleo", valid_until="2026-10-01")
    assert [result.status for result in reply(world.b, "cleo", id, "two")] == ["applied"]
    with world.database.read(SYSTEM) as work:
        assert not work.find(Conflict, Conflict.rule == "X13")
    with pytest.raises(NotAllowed):
        world.desk("stranger", "reply_to_conflict", conflict_id=id, text="hello")
    with pytest.raises(NotAllowed):
        world.desk("otto", "read_replies", conflict_id=id)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001])
def test_saying_nothing_or_too_much_is_refused_and_keeps_nothing(world: World, text: str) -> None:
    id = decided(world)
    with pytest.raises(Invalid):
        world.desk("sam", "reply_to_conflict", conflict_id=id, text=text)
    assert page(world, id)["replies"] == []


def test_a_reply_about_a_conflict_the_server_forgot_is_kept_until_it_is_found_again(world: World) -> None:
    (result,) = reply(world.b, "cleo", "case-of-a-lost-week", "two")
    assert result.status == "applied"
    world.a.pull()
    kept = world.a.view["reply", "reply-0"]
    assert (kept["conflict_id"], kept["site_id"]) == ("case-of-a-lost-week", SITE)


def test_photos_of_a_reply_are_waited_for_like_any_other(world: World) -> None:
    id = decided(world)
    reply(world.b, "cleo", id, "", photos=[{"sha256": PHOTO}, {"sha256": OTHER_PHOTO}])

    def missing(work: Work) -> list[str]:
        return sorted(each.sha256 for each in photos.awaited(work, page(world, id)["replies"][0]["id"]))

    assert world.database.write(SYSTEM, missing) == [PHOTO, OTHER_PHOTO]
    photo_comes(world)
    assert world.database.write(SYSTEM, missing) == [OTHER_PHOTO]
    assert msgspec.json.encode(page(world, id)["replies"])
