"""Consumers: each reads the events of every feed in their order and acts on those it knows.

How far one has come is a row of the database, moved in the transaction of its effects: an effect is there exactly when its event
has been passed. Redis only carries "consume X of feed F"; lost, doubled or late, nothing else changes. An event that fails three
times is parked, visibly, and the rest goes on.
"""

import logging
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col

from server.database import Database, passing
from server.domain import alerts, events, photos, reconciliation
from server.domain.alert_rules import Heard
from server.domain.alert_rules.rule import lines
from server.domain.conflict_rules import x03, x10, x17
from server.domain.permissions import SYSTEM
from server.domain.records import Consumer as Position
from server.domain.records import EventRow, Feed, ParkedEvent
from server.domain.work import Work

log = logging.getLogger("restow.worker")

AT_ONCE = 200
TRIES = 3
LOCK_SECONDS = 1.0
"""How long one transaction goes on; others wait for the database meanwhile."""


class Consumer(NamedTuple):
    """Its name in the table below is kept in the database: a new name hears everything from the beginning."""

    effect: Callable[[Work, Heard], None]
    kinds: frozenset[str]


def _ask_to_reconcile(work: Work, heard: Heard) -> None:
    reconciliation.ask(work, heard.site_id, cause="change")


def _judge_labels(work: Work, heard: Heard) -> None:
    """What a label shows and what was scanned come in either order."""
    if heard.kind == events.PhotoLookedAt.__name__:
        uses = work.all(photos.PhotoUse, sha256=heard.subject_id)
    elif heard.kind == events.ParcelClosed.__name__:
        uses = work.all(photos.PhotoUse, subject_id=heard.subject_id)
    else:
        uses = [use for line_id in lines(work, heard) for use in work.all(photos.PhotoUse, line_id=line_id)]
    for use in uses:
        x17.judge(work, use)


def _judge_inspections(work: Work, heard: Heard) -> None:
    """Two inspections of the same goods that both came before these."""
    for line_id in lines(work, heard):
        x03.judge(work, line_id)


CONSUMERS: dict[str, Consumer] = {
    "alerts": Consumer(alerts.hear, alerts.HEARD),
    "counts": Consumer(x10.hear, frozenset((events.StockMoved.__name__, events.BinCounted.__name__))),
    "labels": Consumer(
        _judge_labels,
        frozenset(
            kind.__name__
            for kind in (
                events.PhotoLookedAt, events.ParcelClosed, events.ItemScanned, events.ScanTakenBack, events.ScanCorrected,
                events.GoodsInspected, events.BarcodeMapped,
            )
        ),
    ),
    "inspections": Consumer(
        _judge_inspections,
        frozenset(
            kind.__name__ for kind in (events.ItemScanned, events.ScanTakenBack, events.ScanCorrected, events.GoodsInspected)
        ),
    ),
    "reconcile": Consumer(
        _ask_to_reconcile,
        frozenset(
            kind.__name__
            for kind in (
                events.StockMoved, events.ItemScanned, events.ScanTakenBack, events.ScanCorrected, events.GoodsInspected, events.DispositionProposed,
                events.DispositionDecided, events.DispositionPosted, events.ParcelClaimed,
            )
        ),
    ),
}  # fmt: skip


def behind(work: Work) -> list[tuple[str, str]]:
    """(consumer, feed) wherever something happened that a consumer has not passed yet."""
    heads = work.rows(sa.select(col(Feed.name), col(Feed.revision)).order_by(col(Feed.name)))
    reached = {
        (row.name, row.feed): row.position
        for row in work.rows(sa.select(col(Position.name), col(Position.feed), col(Position.position)))
    }
    return [
        (name, head.name) for head in heads for name in CONSUMERS if reached.get((name, head.name), 0) < head.revision
    ]


def consume(database: Database, name: str, feed: str) -> bool:
    """Passes the next events of a feed; True while there are more, False too when one failed and is to be tried later."""
    return database.write(SYSTEM, lambda work: _pass(work, name, feed))


def _pass(work: Work, name: str, feed: str) -> bool:
    """
    1. The position's row is locked: two workers never pass the same event.
    2. Each event stands in a savepoint of its own: one that fails takes nothing with it.
    3. The position moves in the same transaction.
    """
    began = time.monotonic()
    position, failures, failing_since = _lock(work, name, feed)
    head = work.rows(sa.select(col(Feed.revision)).where(col(Feed.name) == feed))
    if not head or position >= head[0].revision:
        return False
    consumer = CONSUMERS[name]
    heard = _events(work, feed, position, head[0].revision, consumer.kinds)
    reached, more = head[0].revision, False
    if len(heard) == AT_ONCE:
        reached, more = heard[-1].revision, True
    for event in heard:
        try:
            with work.savepoint():
                consumer.effect(work, event)
        except Exception as error:
            if passing(error):
                raise
            failures += 1
            log.exception("event failed", extra={"job": name, "feed": feed, "kind": event.kind, "attempt": failures})
            if failures < TRIES:
                _move(work, name, feed, event.revision - 1, failures, failing_since or work.now)
                return False
            _park(work, name, event, error)
        failures = failing_since = 0
        if time.monotonic() - began > LOCK_SECONDS:
            reached, more = event.revision, True
            break
    _move(work, name, feed, reached)
    return more


# Parked events


def tried_again(database: Database) -> int:
    """Events that somebody asked to try again: done, or parked anew with the new reason."""

    def one(work: Work) -> bool:
        parked = work.first(ParkedEvent, ParkedEvent.state == "again", order_by=ParkedEvent.at)
        if parked is None:
            return False
        consumer = CONSUMERS.get(parked.consumer)
        found = _events(
            work, parked.feed, parked.revision - 1, parked.revision, consumer.kinds if consumer else frozenset()
        )
        try:
            with work.savepoint():
                for event in found:
                    if consumer:
                        consumer.effect(work, event)
            parked.state = "done"
        except Exception as error:
            if passing(error):
                raise
            log.exception("event failed", extra={"job": parked.consumer, "feed": parked.feed})
            parked.state, parked.error = "parked", _words(error)
        return True

    count = 0
    while database.write(SYSTEM, one):
        count += 1
    return count


# For whoever cannot wait: tests, and the demo


def drain(database: Database) -> None:
    """Works until nothing is left that any consumer or reconciliation waits for. What fails three times is parked."""
    while True:
        with database.read(SYSTEM) as work:
            waiting, runs = behind(work), reconciliation.due(work, patient=False)
        if not waiting and not runs:
            return
        for name, feed in waiting:
            while consume(database, name, feed):
                pass
        for run_id in runs:
            reconcile(database, run_id)


def reconcile(database: Database, run_id: str, going_on: Callable[[], bool] = lambda: True) -> None:
    """Goes on with a run from where it stands, to its end or until it is told to stop. What it looks at, nobody waits for."""
    try:
        database.write(SYSTEM, lambda work: reconciliation.begin(work, run_id))
        while going_on():
            with database.read(SYSTEM) as work:
                seen = reconciliation.look(work, run_id)
            if seen is None:
                log.info("reconciled", extra={"subject_id": run_id})
                return
            found = seen
            database.write(SYSTEM, lambda work: reconciliation.note(work, run_id, found))  # noqa: B023  it runs at once
    except Exception as error:
        if passing(error):
            raise
        log.exception("reconciliation failed", extra={"subject_id": run_id})
        reason = f"It stopped with {type(error).__name__}; the worker's log has more."
        database.write(SYSTEM, lambda work: reconciliation.fail(work, run_id, reason))


# The books of the consumers


def _lock(work: Work, name: str, feed: str) -> tuple[int, int, int]:
    work.connection.execute(
        sa.text(
            "INSERT INTO consumer (name, feed, position, failures, failing_since) VALUES (:name, :feed, 0, 0, 0) "
            "ON CONFLICT DO NOTHING"
        ),
        {"name": name, "feed": feed},
    )
    row = work.rows(
        sa.select(col(Position.position), col(Position.failures), col(Position.failing_since))
        .where(col(Position.name) == name, col(Position.feed) == feed)
        .with_for_update()
    )[0]
    return row.position, row.failures, row.failing_since


def _move(work: Work, name: str, feed: str, position: int, failures: int = 0, failing_since: int = 0) -> None:
    table: Any = Position.__table__  # type: ignore[attr-defined]
    work.connection.execute(
        sa.update(table)
        .where(table.c.name == name, table.c.feed == feed)
        .values(position=position, failures=failures, failing_since=failing_since)
    )


def _events(work: Work, feed: str, after: int, until: int, kinds: frozenset[str]) -> list[Heard]:
    found = work.rows(
        sa.select(
            col(EventRow.revision), col(EventRow.kind), col(EventRow.subject_id), col(EventRow.body),
            col(EventRow.mutation_id), col(EventRow.at),
        )
        .where(
            col(EventRow.feed) == feed, col(EventRow.revision) > after, col(EventRow.revision) <= until,
            col(EventRow.kind).in_(kinds),
        )
        .order_by(col(EventRow.revision))
        .limit(AT_ONCE)
    )  # fmt: skip
    return [
        Heard(
            feed, row.revision, row.kind, row.subject_id, row.body.get("site_id", ""), row.body, row.mutation_id, row.at
        )
        for row in found
    ]


def _park(work: Work, name: str, event: Heard, error: Exception) -> None:
    work.add(ParkedEvent, consumer=name, feed=event.feed, revision=event.revision, error=_words(error), at=work.now)


def _words(error: Exception) -> str:
    """Where it failed; a driver's own words hold the values of a row, and this is shown."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return f"{type(error).__name__}: " + " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
