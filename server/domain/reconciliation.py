"""Reconciling a site: every derived number against the facts it was derived from.

balances  each balance against the sum of its ledger entries, and entries that no balance counts
lines     each return line's counters against its receipts, inspections and dispositions
stock     what was scanned of each item against what the ledger took in from outside

Nothing is corrected. A difference is a record with the likeliest cause, found in the trail of what happened; it closes when a later
run no longer finds it. A run looks in small steps (`look`, which only reads) and notes each (`note`, which writes for a moment), and
keeps how far it came in the database: whoever goes on, after whatever happened, goes on from there and counts nothing twice.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from . import alerts, inspections, receiving, returns
from .alert_rules import RULES
from .catalog import Item, Site
from .conflicts import occurrences_of
from .dispositions import Disposition
from .errors import NotFound
from .ids import derived_id
from .records import Difference, ReconcileRun, Setting
from .stock import StockBalance, StockEntry
from .work import Work

BALANCES_AT_ONCE, LINES_AT_ONCE = 500, 200
BETWEEN_RUNS = 30_000
"""However much changes, the runs that changes ask for are this far apart, in milliseconds."""

STEPS = ("balances", "entries", "lines", "stock")


class Suspect(NamedTuple):
    """A fact that may explain a difference."""

    kind: str
    id: str
    quantity: int
    at: int
    by: str
    device_id: str
    mutation_id: str
    order_id: str = ""


class Wrong(NamedTuple):
    kind: str
    subject_id: str
    expected: int
    found: int
    cause: str
    trail: list[dict[str, Any]]


class Seen(NamedTuple):
    """One step's findings, and where the run stood before and stands after it."""

    before: str
    after: str
    balances: int
    lines: int
    wrong: list[Wrong]


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
    run.state, run.step, run.started_at = "running", STEPS[0], work.now
    run.total = _count(work, StockBalance, run.site_id) + _count(work, returns.ReturnLine, run.site_id)
    work.add(Setting, id=_place(run_id), value=f"{STEPS[0]}|")


def look(work: Work, run_id: str) -> Seen | None:
    """The next step's findings, in one consistent look; None when nothing is left to do."""
    run, place = work.look(ReconcileRun, run_id), work.look(Setting, _place(run_id))
    if run is None or run.state != "running" or place is None:
        return None
    step, _, after = place.value.partition("|")
    return {"balances": _balances, "entries": _entries, "lines": _lines, "stock": _stock}[step](
        work, run.site_id, place.value, after
    )


def note(work: Work, run_id: str, seen: Seen) -> None:
    """Keeps what one step found, once: another worker may have been here with the same."""
    run, place = work.get(ReconcileRun, run_id), work.seek(Setting, _place(run_id))
    if run.state != "running" or place is None or place.value != seen.before:
        return
    for wrong in seen.wrong:
        _keep(work, run, wrong)
    work.count(
        run, done=seen.balances + seen.lines, balances_checked=seen.balances, lines_checked=seen.lines,
        differences=len(seen.wrong),
    )  # fmt: skip
    if seen.after:
        run.step, place.value = seen.after.partition("|")[0], seen.after
        return

    for gone in work.all(Difference, site_id=run.site_id, state="open"):
        if gone.run_id != run.id:
            gone.state, gone.closed_at = "resolved", work.now
    run.state, run.step, run.finished_at, run.done = "done", "", work.now, run.total
    work.remove(place)
    alerts.judge(work, RULES["ledger_drift"], run.site_id)


def fail(work: Work, run_id: str, error: str) -> None:
    run, place = work.get(ReconcileRun, run_id), work.seek(Setting, _place(run_id))
    run.state, run.error, run.finished_at = "failed", error, work.now
    if place is not None:
        work.remove(place)


# The steps, in their order. Each returns what to do after it: "step|the last id it saw", '' at the end.


def _balances(work: Work, site_id: str, before: str, after: str) -> Seen:
    found = work.find(
        StockBalance, StockBalance.site_id == site_id, StockBalance.id > after, order_by=StockBalance.id,
        limit=BALANCES_AT_ONCE,
    )  # fmt: skip
    sums = _sums(work, select(col(StockEntry.balance_id), func.sum(col(StockEntry.quantity)))
                 .where(col(StockEntry.balance_id).in_([balance.id for balance in found]))
                 .group_by(col(StockEntry.balance_id)))  # fmt: skip
    wrong = [
        _explained(
            "ledger_balance", balance.id, sums.get(balance.id, 0), balance.quantity, _entries_of(work, balance.id)
        )
        for balance in found
        if balance.quantity != sums.get(balance.id, 0)
    ]
    more = len(found) == BALANCES_AT_ONCE
    return Seen(before, f"balances|{found[-1].id}" if more else "entries|", len(found), 0, wrong)


def _entries(work: Work, site_id: str, before: str, after: str) -> Seen:
    """Entries of balances that are not there."""
    orphans = _sums(
        work,
        select(col(StockEntry.balance_id), func.sum(col(StockEntry.quantity)))
        .outerjoin(StockBalance, col(StockBalance.id) == col(StockEntry.balance_id))
        .where(col(StockEntry.site_id) == site_id, col(StockBalance.id).is_(None))
        .group_by(col(StockEntry.balance_id))
        .limit(BALANCES_AT_ONCE),
    )
    wrong = [
        Wrong("ledger_balance", id, units, 0, "balance_missing", _trail(_entries_of(work, id)))
        for id, units in orphans.items()
        if units
    ]
    return Seen(before, "lines|", 0, 0, wrong)


def _lines(work: Work, site_id: str, before: str, after: str) -> Seen:
    found = work.find(
        returns.ReturnLine, returns.ReturnLine.site_id == site_id, returns.ReturnLine.id > after,
        order_by=returns.ReturnLine.id, limit=LINES_AT_ONCE,
    )  # fmt: skip
    ids = [line.id for line in found]
    receipts = _by_line(work.find(receiving.Receipt, col(receiving.Receipt.line_id).in_(ids)))
    looked_at = _by_line(work.find(
        inspections.Inspection, col(inspections.Inspection.line_id).in_(ids), inspections.Inspection.superseded_by == ""
    ))  # fmt: skip
    decided = _by_line(work.find(Disposition, col(Disposition.line_id).in_(ids), Disposition.state != "void"))

    wrong = []
    for line in found:
        if line.removed:  # what it counted was handed over to another line, or never came
            continue
        disposed = _disposed(work, line.id, decided.get(line.id, []))
        for kind, counter, suspects in (
            ("receipt_line", line.received, [_suspect("receipt", each, each.quantity - each.unreceived)
                                             for each in receipts.get(line.id, [])]),
            ("inspection_line", line.inspected, [_suspect("inspection", each, each.quantity)
                                                 for each in _units(looked_at.get(line.id, []))]),
            ("disposition_line", line.disposed, [_suspect("disposition", each, each.quantity) for each in disposed]),
            ("posted_line", line.closed, [_suspect("disposition", each, each.posted) for each in disposed]),
        ):  # fmt: skip
            facts = sum(suspect.quantity for suspect in suspects)
            if facts != counter:
                wrong.append(_explained(kind, line.id, facts, counter, suspects))
    more = len(found) == LINES_AT_ONCE
    return Seen(before, f"lines|{found[-1].id}" if more else "stock|", 0, len(found), wrong)


def _stock(work: Work, site_id: str, before: str, after: str) -> Seen:
    """By item, not by line: goods that are claimed change their line, and the ledger keeps the one they came under."""
    scanned = _sums(
        work,
        select(
            col(receiving.Receipt.item_id),
            func.sum(col(receiving.Receipt.quantity) - col(receiving.Receipt.unreceived)),
        )
        .where(col(receiving.Receipt.site_id) == site_id, col(receiving.Receipt.item_id) != "")
        .group_by(col(receiving.Receipt.item_id)),
    )
    taken_in = _sums(
        work,
        select(col(StockEntry.item_id), -func.sum(col(StockEntry.quantity)))
        .where(
            col(StockEntry.site_id) == site_id,
            col(StockEntry.status) == "out",
            col(StockEntry.line_id) != "",
            col(StockEntry.cause) != "ship",
        )  # what left is no scan
        .group_by(col(StockEntry.item_id)),
    )
    wrong = []
    for item_id in sorted(scanned.keys() | taken_in.keys()):
        expected, found = scanned.get(item_id, 0), taken_in.get(item_id, 0)
        if expected != found and work.look(Item, item_id) is not None:
            suspects = _scans_of(work, site_id, item_id)
            wrong.append(_explained("receipt_stock", item_id, expected, found, suspects))
    return Seen(before, "", 0, 0, wrong)


# What they share


def _explained(kind: str, subject_id: str, expected: int, found: int, suspects: "Iterable[Suspect]") -> Wrong:
    """The newest fact whose quantity is exactly what is missing was most likely not counted; what is over, counted twice."""
    newest = sorted(suspects, key=lambda suspect: suspect.at, reverse=True)
    missing = [suspect for suspect in newest if suspect.quantity == expected - found]
    doubled = [suspect for suspect in newest if suspect.quantity == found - expected]
    cause = "not_counted" if missing else "counted_twice" if doubled else "changed_by_hand"
    return Wrong(kind, subject_id, expected, found, cause, _trail(missing or doubled or newest))


def _trail(suspects: "Sequence[Suspect]") -> list[dict[str, Any]]:
    return [suspect._asdict() for suspect in suspects[:5]]


def _keep(work: Work, run: ReconcileRun, wrong: Wrong) -> None:
    id = derived_id("difference", wrong.kind, run.site_id, wrong.subject_id)
    difference = work.seek(Difference, id) or work.add(
        Difference, id=id, site_id=run.site_id, kind=wrong.kind, subject_id=wrong.subject_id, first_at=work.now
    )
    if difference.state != "open":
        difference.state, difference.first_at, difference.closed_at = "open", work.now, 0
    difference.expected, difference.found = wrong.expected, wrong.found
    difference.cause, difference.trail = wrong.cause, wrong.trail
    difference.run_id, difference.last_at = run.id, work.now


def _disposed(work: Work, line_id: str, decided: list[Any]) -> list[Any]:
    """Without those that wait in a conflict for a verdict: they count nothing yet."""
    if not any(each.state == "proposed" for each in decided):
        return decided
    clashing = {
        occurrence.evidence.get("disposition_id")
        for occurrence in occurrences_of(work, derived_id("conflict", "X6", line_id))
    }
    return [each for each in decided if each.state != "proposed" or each.id not in clashing]


def _units(found: list[Any]) -> list[Any]:
    """Two verdicts on one serial number are one unit until somebody decides between them."""
    seen: set[str] = set()
    kept = []
    for each in sorted(found, key=lambda inspection: (inspection.at, inspection.id)):
        if not each.serial or each.serial not in seen:
            kept.append(each)
        seen.add(each.serial)
    return kept


def _entries_of(work: Work, balance_id: str) -> list[Suspect]:
    found = work.find(StockEntry, StockEntry.balance_id == balance_id, order_by=col(StockEntry.at).desc(), limit=100)
    return [_suspect("entry", each, each.quantity) for each in found]


def _scans_of(work: Work, site_id: str, item_id: str) -> list[Suspect]:
    """The latest scans of an item; those alone that no entry was made for, if there are any."""
    latest = work.find(
        receiving.Receipt, receiving.Receipt.site_id == site_id, receiving.Receipt.item_id == item_id,
        order_by=col(receiving.Receipt.at).desc(), limit=100,
    )  # fmt: skip
    made = select(col(StockEntry.mutation_id)).where(
        col(StockEntry.mutation_id).in_([receipt.mutation_id for receipt in latest if receipt.mutation_id])
    )
    known = {row.mutation_id for row in work.rows(made)}
    unknown = [receipt for receipt in latest if receipt.mutation_id not in known]
    return [_suspect("receipt", each, each.quantity - each.unreceived) for each in unknown or latest]


def _suspect(kind: str, fact: Any, quantity: int) -> Suspect:
    return Suspect(kind, fact.id, quantity, fact.at, fact.by, fact.device_id, fact.mutation_id, fact.order_id)


def _by_line(found: list[Any]) -> dict[str, list[Any]]:
    lines: dict[str, list[Any]] = {}
    for each in found:
        lines.setdefault(each.line_id, []).append(each)
    return lines


def _sums(work: Work, statement: Any) -> dict[str, int]:
    return {row[0]: int(row[1] or 0) for row in work.rows(statement)}


def _count(work: Work, model: Any, site_id: str) -> int:
    return int(work.rows(select(func.count()).select_from(model).where(model.site_id == site_id))[0][0])


def _place(run_id: str) -> str:
    return f"reconcile:{run_id}"
