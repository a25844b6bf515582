"""What a reconciliation compares, step by step. Each step only looks, and says where the next one begins.

balances  each balance against the sum of its ledger entries, and entries that no balance counts
lines     each return line's counters against its receipts, inspections and dispositions; and what of an order has waited too long
stock     what was scanned of each item against what the ledger took in from outside
counts    what counts found different and nobody has explained
lists     the latest list of stock of another system against the book as it was then
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from . import inspections, receiving, returns, stock_lists
from .catalog import Item, Site
from .causes import HOUR, Scene, counted, likely
from .conflicts import occurrences_of
from .differences import Wrong
from .dispositions import Disposition
from .ids import derived_id
from .stock import STATUSES, StockBalance, StockEntry
from .work import Work

BALANCES_AT_ONCE, LINES_AT_ONCE = 500, 200


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


class Seen(NamedTuple):
    """One step's findings, and where the run stood before and stands after it."""

    before: str
    after: str
    balances: int
    lines: int
    wrong: list[Wrong]


def look(work: Work, site_id: str, place: str) -> Seen:
    """`place` is "step|the last id it saw", as a step's `after` says it; '' is the end."""
    step, _, after = place.partition("|")
    return STEPS[step](work, site_id, place, after)


# The steps, in their order


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
            "ledger_balance",
            balance.id,
            sums.get(balance.id, 0),
            balance.quantity,
            _entries_of(work, balance.id),
            _where_of(balance),
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
        Wrong(
            "ledger_balance",
            id,
            units,
            0,
            "balance_missing",
            _trail(_entries_of(work, id)),
            about={"item_id": _entry_of(work, id).item_id},
        )
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

    orders = {
        order.id: order for order in work.all(returns.ReturnOrder, id=tuple(sorted({line.order_id for line in found})))
    }

    wrong = []
    for line in found:
        if line.removed:  # what it counted was handed over to another line, or never came
            continue
        disposed = _disposed(work, line.id, decided.get(line.id, []))
        agree = True
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
                agree = False
                wrong.append(_explained(kind, line.id, facts, counter, suspects, _about(line)))
        order = orders.get(line.order_id)
        if agree and order is not None and order.status in UNDER_WAY and order.origin != "imported":
            moments = (
                max((each.at for each in receipts.get(line.id, [])), default=0),
                max((each.at for each in looked_at.get(line.id, [])), default=0),
                max((each.at for each in disposed), default=0),
            )
            wrong += _unfinished(work, order, line, *moments)
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
            col(StockEntry.cause) != "ship",  # what left is no scan
        )
        .group_by(col(StockEntry.item_id)),
    )
    wrong = []
    for item_id in sorted(scanned.keys() | taken_in.keys()):
        expected, found = scanned.get(item_id, 0), taken_in.get(item_id, 0)
        if expected != found and work.look(Item, item_id) is not None:
            suspects = _scans_of(work, site_id, item_id)
            wrong.append(_explained("receipt_stock", item_id, expected, found, suspects, {"item_id": item_id}))
    return Seen(before, "counts|", 0, 0, wrong)


def _counts(work: Work, site_id: str, before: str, after: str) -> Seen:
    """What counts took out of the book, or brought into it, and nobody has found, written off or explained."""
    open_ones = work.find(
        StockBalance, StockBalance.site_id == site_id, StockBalance.status == "count_difference", StockBalance.quantity != 0,
        order_by=StockBalance.id,
    )  # fmt: skip
    wrong = []
    for balance in open_ones:
        here = work.all(StockBalance, site_id=site_id, item_id=balance.item_id, lot=balance.lot, expiry=balance.expiry,
                        serial=balance.serial, status=tuple(status for status in STATUSES if status != "lost"))  # fmt: skip
        found = sum(each.quantity for each in here)
        scene = Scene(work, site_id, balance.quantity, item_id=balance.item_id, lot=balance.lot, serial=balance.serial)
        cause = likely("count_book", scene)
        about = _where_of(balance) | {"status": "", "bin_id": counted(scene).facts.get("bin_id", "")}
        wrong.append(
            Wrong("count_book", balance.id, found + balance.quantity, found, cause.code, facts=cause.facts, about=about)
        )
    return Seen(before, "lists|", 0, 0, wrong)


def _lists(work: Work, site_id: str, before: str, after: str) -> Seen:
    """The other system's list as it was, against the ledger up to that moment."""
    wrong = []
    latest = stock_lists.latest(work, site_id)
    if latest is None:
        return Seen(before, "", 0, 0, [])
    for row in stock_lists.compared(work, latest):
        scene = Scene(
            work,
            site_id,
            row.listed - row.here,
            item_id=row.item_id,
            lot=row.lot,
            status=row.status,
            as_of=latest.as_of,
        )
        cause = likely("listed_stock", scene)
        facts = cause.facts | {"list_id": latest.id, "source": latest.source, "as_of": latest.as_of}
        about = {
            "item_id": row.item_id,
            "lot": row.lot,
            "status": row.status,
            "bin_id": row.bin_id,
            "serial": row.serial,
        }
        wrong.append(Wrong("listed_stock", row.subject_id, row.listed, row.here, cause.code, facts=facts, about=about))
    return Seen(before, "", 0, 0, wrong)


Step = Callable[[Work, str, str, str], Seen]

STEPS: dict[str, Step] = {
    "balances": _balances, "entries": _entries, "lines": _lines, "stock": _stock, "counts": _counts, "lists": _lists,
}  # fmt: skip
"""In their order. Each says what to do after it."""

UNDER_WAY = ("receiving", "inspecting", "disposing", "on_hold")


def _unfinished(
    work: Work, order: "returns.ReturnOrder", line: "returns.ReturnLine", scanned: int, inspected: int, decided: int
) -> list[Wrong]:
    """What should have followed, and did not within the site's time: paper against goods, and each step against the next."""
    site = work.look(Site, line.site_id)
    late = work.now - (site.inspection_hours if site else 24) * HOUR
    gone = line.short + line.lost + line.refused
    last = scanned or _last_scan_of(work, order.id)
    gaps = []
    if line.expected > line.received + gone and 0 < last <= late:
        gaps.append(("line_missing", line.expected - gone, line.received))
    if 0 < line.expected < line.received + gone:
        gaps.append(("line_over", line.expected - gone, line.received))
    if line.expected == 0 < line.received and order.origin == "filed":
        gaps.append(("line_unexpected", 0, line.received))
    if line.received > line.inspected and scanned <= late:
        gaps.append(("line_uninspected", line.received, line.inspected))
    if line.inspected > line.disposed and inspected <= late:
        gaps.append(("line_undecided", line.inspected, line.disposed))
    if line.disposed > line.closed and decided <= late:
        gaps.append(("line_unposted", line.disposed, line.closed))
    wrong = []
    for kind, expected, found in gaps:
        cause = likely(kind, Scene(work, line.site_id, expected - found, order, line, line.item_id))
        wrong.append(Wrong(kind, line.id, expected, found, cause.code, facts=cause.facts, about=_about(line)))
    return wrong


def _last_scan_of(work: Work, order_id: str) -> int:
    return max((receipt.at for receipt in work.all(receiving.Receipt, order_id=order_id)), default=0)


# What they share


def _explained(
    kind: str, subject_id: str, expected: int, found: int, suspects: "Iterable[Suspect]", about: dict[str, str]
) -> Wrong:
    """The newest fact whose quantity is exactly what is missing was most likely not counted; what is over, counted twice."""
    newest = sorted(suspects, key=lambda suspect: suspect.at, reverse=True)
    missing = [suspect for suspect in newest if suspect.quantity == expected - found]
    doubled = [suspect for suspect in newest if suspect.quantity == found - expected]
    cause = "not_counted" if missing else "counted_twice" if doubled else "changed_by_hand"
    trail = missing or doubled or newest
    facts = {"person_id": trail[0].by, "device_id": trail[0].device_id, "mutation_id": trail[0].mutation_id, "at": trail[0].at,
             "units": trail[0].quantity} if trail else {}  # fmt: skip
    return Wrong(kind, subject_id, expected, found, cause, _trail(trail), facts, about)


def _trail(suspects: "Sequence[Suspect]") -> list[dict[str, Any]]:
    return [suspect._asdict() for suspect in suspects[:5]]


def _about(line: "returns.ReturnLine") -> dict[str, str]:
    return {"item_id": line.item_id, "order_id": line.order_id, "line_id": line.id, "lot": line.lot}


def _where_of(balance: StockBalance) -> dict[str, str]:
    names = ("item_id", "bin_id", "container_id", "lot", "expiry", "serial", "status")
    return {name: getattr(balance, name) for name in names}


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


def _entry_of(work: Work, balance_id: str) -> StockEntry:
    return work.all(StockEntry, balance_id=balance_id)[0]


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
