"""Whoever waits for SQLite's one writer shares its next commit: each stands or falls alone, and nobody is answered before it."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from server.database import Database
from server.domain import catalog
from server.domain.errors import NotFound
from server.domain.permissions import SYSTEM
from server.domain.records import Change
from server.domain.work import Work
from tests.sync.faults import Died, Doing, Pause, at_commit, die


def add(name: str) -> Callable[[Work], str]:
    def task(work: Work) -> str:
        work.add(catalog.Item, id=name)
        return name

    return task


def refused(work: Work) -> None:
    work.add(catalog.Item, id="of-the-refused")
    work.flush()
    raise NotFound("There is none.")


def waiting(database: Database, *tasks: Callable[[Work], Any]) -> list[Doing]:
    """Each in a thread of its own, all waiting while somebody else has the writer."""
    found = []
    for task in tasks:
        found.append(Doing(lambda task=task: database.write(SYSTEM, task)))  # type: ignore[misc]
        while len(database._queue) < len(found):
            threading.Event().wait(0.001)
    return found


def items(database: Database) -> set[str]:
    with database.read(SYSTEM) as work:
        return {item.id for item in work.find(catalog.Item)}


def holding(database: Database, pause: Pause) -> Doing:
    """Has the writer until it is let go."""
    holder = Doing(lambda: database.write(SYSTEM, lambda work: pause()))
    pause.reached.wait(10)
    return holder


def test_those_who_wait_share_one_commit_and_a_refusal_is_nobody_elses_affair(database: Database) -> None:
    commits: list[str] = []
    pause = Pause()
    holder = holding(database, pause)
    first, odd, last = waiting(database, add("first"), refused, add("last"))
    with at_commit(database, before=lambda: commits.append("once")):
        pause.let_go()
        assert first.result() == "first" and last.result() == "last"
        with pytest.raises(NotFound):
            odd.result()
    holder.result()
    assert len(commits) <= 2, "the holder's, and one for all three"
    assert {"first", "last"} <= items(database) and "of-the-refused" not in items(database)
    with database.read(SYSTEM) as work:
        changes = work.rows(sa.select(Change.__table__).order_by(Change.__table__.c.revision))  # type: ignore[attr-defined]
    assert [change.revision for change in changes] == list(range(1, len(changes) + 1))


def test_when_the_commit_fails_everybody_hears_of_it_and_nothing_was_done(database: Database) -> None:
    before = items(database)
    pause = Pause()
    holder = holding(database, pause)
    several = waiting(database, add("one"), add("two"))

    with at_commit(database, before=die):
        pause.let_go()
        for each in (holder, *several):
            with pytest.raises(Died):
                each.result()
    assert items(database) == before


def test_who_cannot_have_the_writer_is_carried_out_once_when_it_is_free(database: Database) -> None:
    tried: list[str] = []

    @sa.event.listens_for(database.engine, "begin")
    def not_at_first(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes") and not tried:
            tried.append("busy")
            raise sa.exc.OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked"))

    assert database.write(SYSTEM, add("in-the-end")) == "in-the-end"
    assert tried and "in-the-end" in items(database)
    assert not database._queue
