"""Reconciling a site: every derived number against the facts it was derived from, and the book against paper, shelf and other books.

What is compared stands in `books.py`. Nothing is corrected. A difference is a record with the likeliest cause, found in the trail of
what happened; it closes when a later run no longer finds it (`differences.py`). A run looks in small steps (`look`, which only reads)
and notes each (`note`, which writes for a moment), and keeps how far it came in the database: whoever goes on, after whatever
happened, goes on from there and counts nothing twice.
"""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from . import alerts, books, differences, returns
from .alert_rules import RULES
from .books import Seen
from .catalog import Site
from .errors import NotFound
from .records import ReconcileRun, Setting
from .stock import StockBalance
from .work import Work

BETWEEN_RUNS = 30_000
"""However much changes, the runs that changes ask for are this far apart, in milliseconds."""


# Asking


def ask(work: Work, site_id: str, cause: str = "asked") -> str:
    """The run that a worker will take up; one that waits already is the one that was asked for."""
    site = work.look(Site, site_id)
    if site is None:
        raise NotFound("This site does not exist.", kind="Site", id=site_id)
    work.allow("reconcile", site.id)
    next_one = work.seek(Setting, f"next_run:{site.id}") or work.add(Setting, id=f"next_run:{site.id}", value="")
    waiting = work.seek(ReconcileRun, next_one.value)
    if waiting is None or waiting.state != "queued":
        waiting = work.add(ReconcileRun, site_id=site.id, cause=cause, started_at=work.now)
        next_one.value = waiting.id
    if cause == "asked":  # a person is waiting for it
        waiting.cause, waiting.asked_by = cause, work.actor.id
    return waiting.id


def last_run(work: Work, site_id: str) -> ReconcileRun | None:
    """The last one that came to its end."""
    return work.first(
        ReconcileRun, ReconcileRun.site_id == site_id, ReconcileRun.state == "done",
        order_by=col(ReconcileRun.finished_at).desc(),
    )  # fmt: skip


def due(work: Work, *, patient: bool = True) -> list[str]:
    """The runs to go on with now: those under way, and what waits, one a site. `patient` spaces what changes ask for."""
    under_way = work.find(
        ReconcileRun,
        col(ReconcileRun.state).in_(("queued", "running")),
        order_by=(ReconcileRun.started_at, ReconcileRun.id),
    )
    found = [run.id for run in under_way if run.state == "running"]
    busy = {run.site_id for run in under_way if run.state == "running"}
    for run in under_way:
        if run.site_id in busy:
            continue
        last = last_run(work, run.site_id) if patient and run.cause == "change" else None
        if last is None or last.finished_at + BETWEEN_RUNS <= work.now:
            found.append(run.id)
    return found


# Running


def begin(work: Work, run_id: str) -> None:
    run = work.get(ReconcileRun, run_id)
    if run.state != "queued":
        return
    run.state, run.step, run.started_at = "running", FIRST, work.now
    run.total = _count(work, StockBalance, run.site_id) + _count(work, returns.ReturnLine, run.site_id)
    work.add(Setting, id=_place(run_id), value=f"{FIRST}|")


def look(work: Work, run_id: str) -> Seen | None:
    """The next step's findings, in one consistent look; None when nothing is left to do."""
    run, place = work.look(ReconcileRun, run_id), work.look(Setting, _place(run_id))
    if run is None or run.state != "running" or place is None:
        return None
    return books.look(work, run.site_id, place.value)


def note(work: Work, run_id: str, seen: Seen) -> None:
    """Keeps what one step found, once: another worker may have been here with the same."""
    run, place = work.get(ReconcileRun, run_id), work.seek(Setting, _place(run_id))
    if run.state != "running" or place is None or place.value != seen.before:
        return
    for wrong in seen.wrong:
        differences.keep(work, run.site_id, run.id, wrong)
    work.count(
        run, done=seen.balances + seen.lines, balances_checked=seen.balances, lines_checked=seen.lines,
        differences=len(seen.wrong),
    )  # fmt: skip
    if seen.after:
        run.step, place.value = seen.after.partition("|")[0], seen.after
        return

    differences.close_what_is_gone(work, run.site_id, run.id)
    run.state, run.step, run.finished_at, run.done = "done", "", work.now, run.total
    work.remove(place)
    alerts.judge(work, RULES["ledger_drift"], run.site_id)


def fail(work: Work, run_id: str, error: str) -> None:
    run, place = work.get(ReconcileRun, run_id), work.seek(Setting, _place(run_id))
    run.state, run.error, run.finished_at = "failed", error, work.now
    if place is not None:
        work.remove(place)


def _count(work: Work, model: Any, site_id: str) -> int:
    return int(work.rows(select(func.count()).select_from(model).where(model.site_id == site_id))[0][0])


def _place(run_id: str) -> str:
    return f"reconcile:{run_id}"


FIRST = next(iter(books.STEPS))
