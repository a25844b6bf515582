"""Consumers: an effect is there exactly when its event has been passed."""

import pytest
from sqlmodel import col

from server.database import Database
from server.domain import parked
from server.domain.events import ContainerUsed
from server.domain.permissions import SYSTEM
from server.domain.records import Consumer as Position
from server.domain.records import ParkedEvent, Setting
from server.domain.work import Work
from tests.cast import SITE
from tests.conftest import ON_BOTH
from workers import consumers
from workers.consumers import AT_ONCE, CONSUMERS, TRIES, Consumer, consume, drain

pytestmark = ON_BOTH

FEED = f"site:{SITE}"


class Counting:
    """A consumer that counts the events it heard, in the database, and fails where it is told to."""

    def __init__(self) -> None:
        self.fails_at: set[str] = set()

    def __call__(self, work: Work, heard: consumers.Heard) -> None:
        count = work.seek(Setting, f"heard:{heard.subject_id}") or work.add(
            Setting, id=f"heard:{heard.subject_id}", value="0"
        )
        count.value = str(int(count.value) + 1)
        if heard.subject_id in self.fails_at:
            work.flush()
            raise ValueError("this one is poisonous")


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    effect = Counting()
    monkeypatch.setattr(consumers, "LOCK_SECONDS", 600)  # an overloaded machine is no reason to go on another time
    monkeypatch.setitem(CONSUMERS, "counting", Consumer(effect, frozenset({"ContainerUsed"})))
    return effect


def tell(database: Database, *subjects: str) -> None:
    def happen(work: Work) -> None:
        for subject in subjects:
            work.record(ContainerUsed(site_id=SITE, label=subject), subject)

    database.write(SYSTEM, happen)


def heard(database: Database) -> dict[str, int]:
    with database.read(SYSTEM) as work:
        return {
            each.id.removeprefix("heard:"): int(each.value)
            for each in work.find(Setting, col(Setting.id).startswith("heard:"))
        }


def position(database: Database, name: str = "counting") -> int:
    with database.read(SYSTEM) as work:
        found = work.find(Position, Position.name == name, Position.feed == FEED)
        return found[0].position if found else 0


def parked_ones(database: Database, state: str = "parked") -> list[ParkedEvent]:
    with database.read(SYSTEM) as work:
        return work.find(ParkedEvent, ParkedEvent.state == state)


def test_it_hears_each_event_once_and_stands_at_the_head(database: Database, counting: Counting) -> None:
    tell(database, "a", "b")
    tell(database, "c")
    assert not consume(database, "counting", FEED)
    assert not consume(database, "counting", FEED)
    assert heard(database) == {"a": 1, "b": 1, "c": 1}
    assert position(database) == database.heads()[FEED]


def test_it_passes_a_long_queue_piece_by_piece(database: Database, counting: Counting) -> None:
    subjects = [f"box {n}" for n in range(AT_ONCE + 5)]
    tell(database, *subjects)
    assert consume(database, "counting", FEED)
    assert len(heard(database)) == AT_ONCE
    assert not consume(database, "counting", FEED)
    assert heard(database) == dict.fromkeys(subjects, 1)


def test_it_lets_others_at_the_database_after_a_while_and_goes_on_where_it_stood(
    database: Database, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(database, "a", "b", "c")
    monkeypatch.setattr(consumers, "LOCK_SECONDS", -1)  # as if each event took longer than that
    for passed in ({"a": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}):
        assert consume(database, "counting", FEED)
        assert heard(database) == passed
    assert not consume(database, "counting", FEED)


def test_a_crash_between_effect_and_commit_leaves_neither_effect_nor_position(
    database: Database, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(database, "a", "b")
    with monkeypatch.context() as crash, pytest.raises(SystemExit):
        crash.setattr(Work, "publish", lambda self: (_ for _ in ()).throw(SystemExit("the power went")))
        consume(database, "counting", FEED)
    assert heard(database) == {}
    assert position(database) == 0
    consume(database, "counting", FEED)
    assert heard(database) == {"a": 1, "b": 1}


def test_an_event_that_fails_is_tried_three_times_and_then_parked_and_the_rest_goes_on(
    database: Database, counting: Counting
) -> None:
    tell(database, "good", "poison", "later")
    counting.fails_at = {"poison"}
    for _ in range(TRIES - 1):
        consume(database, "counting", FEED)
        assert heard(database) == {"good": 1}, "what stands before it is kept, what it did itself is not"
        assert not parked_ones(database)
    consume(database, "counting", FEED)
    assert heard(database) == {"good": 1, "later": 1}
    assert position(database) == database.heads()[FEED]
    (set_aside,) = parked_ones(database)
    assert set_aside.error.startswith("ValueError")
    assert "poisonous" not in set_aside.error


def test_one_that_fails_once_is_not_held_against_the_next(database: Database, counting: Counting) -> None:
    tell(database, "a", "b")
    counting.fails_at = {"a"}
    consume(database, "counting", FEED)
    counting.fails_at = {"b"}
    for _ in range(TRIES - 1):
        consume(database, "counting", FEED)
    assert not parked_ones(database)
    counting.fails_at = set()
    consume(database, "counting", FEED)
    assert heard(database) == {"a": 1, "b": 1}


def test_a_parked_event_is_tried_again_when_somebody_asks(database: Database, counting: Counting) -> None:
    tell(database, "poison")
    counting.fails_at = {"poison"}
    drain(database)
    (set_aside,) = parked_ones(database)

    database.write(SYSTEM, lambda work: parked.ask_again(work, set_aside.id))
    assert consumers.tried_again(database) == 1
    assert len(parked_ones(database)) == 1, "it still fails, and is parked anew"

    counting.fails_at = set()
    database.write(SYSTEM, lambda work: parked.ask_again(work, set_aside.id))
    assert consumers.tried_again(database) == 1
    assert heard(database) == {"poison": 1}
    assert parked_ones(database, "done")
    with database.read(SYSTEM) as work:
        assert not parked.parked(work)


def test_the_alert_that_an_event_raises_makes_no_endless_story(database: Database) -> None:
    tell(database, "a")
    drain(database)
    before = database.heads()
    drain(database)
    assert database.heads() == before
