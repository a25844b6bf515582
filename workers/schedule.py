"""What is done because time passes. When each was done last is in the database, so any worker may do it, and a restart knows.

Each is safe to do twice and safe to leave in the middle: it looks at how things are, a little at a time.
"""

from collections.abc import Callable
from typing import NamedTuple

from server.database import Database
from server.domain import alerts, conflicts, held, housekeeping, outbound_claims, own_book, reconciliation, words
from server.domain.alert_rules import RULES, Rule
from server.domain.catalog import Site
from server.domain.conflict_rules import x17
from server.domain.permissions import SYSTEM
from server.domain.records import Setting
from server.domain.work import Work
from server.sync import leaving, waybills
from server.sync.pull import seal_if_due

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
SUBJECTS_AT_ONCE = 50
SHIPPED_AT_ONCE = 200


class Task(NamedTuple):
    every: int
    do: Callable[[Database], None]


def judge_by_time(database: Database) -> None:
    """Alert rules where time matters, snoozed alerts, and open alerts whose cause went without a word."""
    for rule in RULES.values():
        with database.read(SYSTEM) as work:
            moved = [subject for subject in alerts.subjects(work, rule) if not alerts.stands(work, rule, subject)]
        for at in range(0, len(moved), SUBJECTS_AT_ONCE):
            _judge(database, rule, moved[at : at + SUBJECTS_AT_ONCE])


def _judge(database: Database, rule: Rule, subjects: list[str]) -> None:
    def judge(work: Work) -> None:
        for subject in subjects:
            alerts.judge(work, rule, subject)

    database.write(SYSTEM, judge)


def reconcile_all(database: Database) -> None:
    def ask(work: Work) -> None:
        for site in work.find(Site):
            reconciliation.ask(work, site.id, cause="schedule")

    database.write(SYSTEM, ask)


def expire(database: Database) -> None:
    database.write(SYSTEM, held.expire_held)
    database.write(SYSTEM, outbound_claims.expire_claims)


def judge_conflicts(database: Database) -> None:
    """Photos that are given up, and conflicts whose rule passes again without a command having told of their order."""
    database.write(SYSTEM, x17.look)
    with database.read(SYSTEM) as work:
        passing = conflicts.passing(work)
    if passing:
        database.write(SYSTEM, lambda work: conflicts.ease_these(work, passing))


def post_shipments(database: Database) -> None:
    """What was shipped from a site that keeps its own book, and came by a door that posts nothing."""
    with database.read(SYSTEM) as work:
        sites = [site.id for site in work.find(Site, Site.book == "own", Site.book_from != "")]
    for site_id in sites:
        while _post(database, site_id):
            pass


def _post(database: Database, site_id: str) -> int:
    return database.write(SYSTEM, lambda work: own_book.post_due(work, work.get(Site, site_id), SHIPPED_AT_ONCE))


def seal(database: Database) -> None:
    for feed in database.heads():
        seal_if_due(database, feed)
        if feed.startswith("site:"):
            waybills.seal_if_due(database, feed)


def leave_feeds(database: Database) -> None:
    while database.write(SYSTEM, leaving.leave):
        pass


def tidy(database: Database) -> None:
    while database.write(SYSTEM, housekeeping.tidy):
        pass


def write_words(database: Database) -> None:
    """For what came into the database past the domain: in bulk, or while an older Restow still ran."""
    while database.write(SYSTEM, words.write_missing):
        pass


SCHEDULE: dict[str, Task] = {
    "judge_by_time": Task(MINUTE, judge_by_time),
    "expire_held": Task(MINUTE, expire),
    "judge_conflicts": Task(MINUTE, judge_conflicts),
    "seal": Task(5 * MINUTE, seal),
    "post_shipments": Task(10 * MINUTE, post_shipments),
    "reconcile": Task(HOUR, reconcile_all),
    "leave_feeds": Task(HOUR, leave_feeds),
    "tidy": Task(HOUR, tidy),
    "write_words": Task(HOUR, write_words),
}


def due(work: Work) -> list[str]:
    return [name for name, task in SCHEDULE.items() if _next(work, name) <= work.now]


def do(database: Database, name: str) -> None:
    """Does it if it is still due, and says so when it is done: killed in the middle, it is due at once; failed, in a minute."""
    with database.read(SYSTEM) as work:
        if _next(work, name) > work.now:
            return
    task = SCHEDULE[name]
    again_in = min(task.every, MINUTE)
    try:
        task.do(database)
        again_in = task.every
    finally:
        database.write(SYSTEM, lambda work: _set(work, name, work.now + again_in))


def _next(work: Work, name: str) -> int:
    setting = work.look(Setting, f"next:{name}")
    return int(setting.value) if setting else 0


def _set(work: Work, name: str, at: int) -> None:
    setting = work.seek(Setting, f"next:{name}") or work.add(Setting, id=f"next:{name}")
    setting.value = str(at)
