"""X10: a bin was counted, and goods came to it or left it before the count without the counting handheld's knowing.

Its book lacked the movement, the shelf did not: the difference is booked twice. What the book had is known: the feed up to the
revision it stood on, and the handheld's own work. Whether a movement was before the count, only the two clocks tell, each put right
by how far it is known to be off: they decide what is asked, never what is booked.
"""

from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from .. import conflicts, counts, stock, tasks
from ..devices import Device
from ..errors import WrongState
from ..ids import derived_id
from ..records import EventRow, Mutation
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..alert_rules import Heard
    from ..conflicts import Conflict, ResolveConflict

Kind = tuple[str, str, str, str, str]
"""Item, lot, expiry, serial number, container: what is counted as one."""

Moved = dict[str, dict[Kind, int]]
"""By mutation: so many more, or fewer, of each kind in the bin."""


def look(work: Work, count: "counts.BinCount") -> "Conflict | None":
    """Asked when a count comes in, and again when something comes in that moved in its bin."""
    moved = _unsettled(work, count)
    if not moved:
        return None
    facts = {"bin_id": count.bin_id, "count_id": count.id, "movements": sorted(moved)}
    known = work.seek(conflicts.Conflict, conflicts.case_id("X10", count.id))
    if known is not None and known.state in conflicts.OPEN and known.facts == facts:
        return known
    told = set(known.facts["movements"]) if known is not None and known.state in conflicts.OPEN else set()
    latest = next(id for id in sorted(moved, reverse=True) if id not in told)
    kind, units = max(moved[latest].items(), key=lambda each: (abs(each[1]), each[0]))
    entry = work.all(stock.StockEntry, mutation_id=latest, bin_id=count.bin_id)[0]
    return conflicts.open_case(
        work, "X10", count.site_id, (count.id,), order_id=entry.order_id, subject_kind="BinCount", subject_id=count.id,
        facts=facts, evidence={
            "item_id": kind[0], "quantity": units, "moved_by": entry.by,
            "moved_at": _made(work, latest, count.bin_id), "counted_by": count.by, "counted_at": count.made_at,
        },
    )  # fmt: skip


def hear(work: Work, heard: "Heard") -> None:
    """What comes in later is asked of the counts that are there, by whoever sent it."""
    if heard.kind == "BinCounted":
        found = [heard.subject_id]
    else:
        moves = work.all(stock.StockEntry, mutation_id=heard.mutation_id) if heard.mutation_id else []
        bins = {entry.bin_id for entry in moves if entry.bin_id}
        found = [count.id for count in work.all(counts.BinCount, bin_id=tuple(sorted(bins)))] if bins else []
    for id in found:
        look(work, work.get(counts.BinCount, id))


def counted_likewise(work: Work, count: "counts.BinCount") -> list[str]:
    """Two who counted the same in the same bin without knowing of each other made one count: the differences that the others
    posted already."""
    moved = _moved(work, count)
    others = {
        other.mutation_id for other in work.all(counts.BinCount, bin_id=count.bin_id)
        if other.id != count.id and other.finished and count.finished and _numbers(work, other) == _numbers(work, count)
    }  # fmt: skip
    same = [id for id in moved if id in others]
    return same if all(id in others or not _was_before(work, count, id) for id in moved) else []


def counted_again(work: Work, count: "counts.BinCount") -> None:
    """What was asked about this bin is answered by a count that knows what moved."""
    case = conflicts.Conflict
    waiting = work.find(
        case, case.rule == "X10", case.site_id == count.site_id, col(case.state).in_(conflicts.OPEN), order_by=case.id
    )
    for each in waiting:
        if each.facts["bin_id"] == count.bin_id:
            conflicts.ease_case(work, each)


def settle(work: Work, count: "counts.BinCount", mutation_ids: list[str], *, in_the_book: bool = True) -> None:
    """What they moved was there when the bin was counted, as if the book had had it; or it came after the count, and stays."""
    if in_the_book:
        moved = _moved(work, count)
        for kind in sorted({kind for id in mutation_ids for kind in moved[id]}):
            units = sum(moved[id].get(kind, 0) for id in mutation_ids)
            counts.adjust(work, count, _line(work, count, kind), -units, carried=False)
    count.settled = [*count.settled, *mutation_ids, work.cause]


def recompute(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    count = work.get(counts.BinCount, case.subject_id)
    settle(work, count, _still(work, count))


def accept(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    count = work.get(counts.BinCount, case.subject_id)
    settle(work, count, _still(work, count), in_the_book=False)


def recount(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    bin_id = work.get(counts.BinCount, case.subject_id).bin_id
    tasks.send(work, "recount", case.site_id, question=command.note, bin_id=bin_id, conflict_id=case.id)


def passes(work: Work, case: "Conflict") -> str:
    count = work.look(counts.BinCount, case.subject_id)
    if count is None or _unsettled(work, count):
        return ""
    return (
        "The bin has been counted again since."
        if _moved_before(work, count)
        else "Nothing moved in the bin that the count did not know."
    )


def _still(work: Work, count: "counts.BinCount") -> list[str]:
    if moved := _moved_before(work, count):
        return sorted(moved)
    raise WrongState("Nothing moved in the bin that the count did not know.", bin_id=count.bin_id)


def _unsettled(work: Work, count: "counts.BinCount") -> Moved:
    """What moved before the count without its knowing, unless somebody has counted since who knew of both."""
    moved = _moved_before(work, count)
    if not moved:
        return {}
    known = {*moved, count.mutation_id}
    for other in work.all(counts.BinCount, bin_id=count.bin_id):
        later = other.finished and other.id != count.id and _counted_at(work, other) >= _counted_at(work, count)
        if later and not known & _moved(work, other).keys():
            return {}
    return moved


def _moved_before(work: Work, count: "counts.BinCount") -> Moved:
    return {id: kinds for id, kinds in _moved(work, count).items() if _was_before(work, count, id)}


def _moved(work: Work, count: "counts.BinCount") -> Moved:
    """Everything that other devices moved in this bin and the count's book did not have."""
    entry, event = stock.StockEntry, EventRow
    told = select(event.mutation_id).where(
        event.feed == f"site:{count.site_id}", event.revision > count.revision, event.kind == "StockMoved"
    )
    found = {
        each.id: each
        for each in (
            *work.find(entry, col(entry.mutation_id).in_(told), entry.bin_id == count.bin_id, entry.mutation_id != ""),
            *(each for each in work.touched(entry) if each.bin_id == count.bin_id and each.mutation_id),
        )
    }
    lines = counts.lines_of(work, count.id)
    counted, opened = {_kind(line) for line in lines}, {line.container_id for line in lines} | {""}
    moved: Moved = {}
    for each in found.values():
        own = each.device_id == count.device_id and each.device_id
        if own or each.mutation_id in (count.mutation_id, *count.settled) or each.container_id not in opened:
            continue
        if count.finished or _kind(each) in counted:
            kinds = moved.setdefault(each.mutation_id, {})
            kinds[_kind(each)] = kinds.get(_kind(each), 0) + each.quantity
    return {id: kinds for id, kinds in moved.items() if any(kinds.values())}


def _was_before(work: Work, count: "counts.BinCount", mutation_id: str) -> bool:
    return _made(work, mutation_id, count.bin_id) <= _counted_at(work, count)


def _made(work: Work, mutation_id: str, bin_id: str) -> int:
    """When it was done, as far as the clocks can tell. A count that was put right at a desk is of the moment of that count."""
    mutation = work.look(Mutation, mutation_id)
    if mutation is not None and mutation.device_id:
        return mutation.made_at - _off(work, mutation.device_id)
    for count in work.all(counts.BinCount, bin_id=bin_id):
        if mutation_id in count.settled:
            return _counted_at(work, count)
    return mutation.made_at if mutation is not None else work.now


def _counted_at(work: Work, count: "counts.BinCount") -> int:
    return count.made_at - _off(work, count.device_id)


def _off(work: Work, device_id: str) -> int:
    device = work.look(Device, device_id)
    return device.skew_ms if device is not None else 0


def _kind(each: Any) -> Kind:
    return each.item_id, each.lot, each.expiry, each.serial, each.container_id


def _numbers(work: Work, count: "counts.BinCount") -> dict[Kind, int]:
    found: dict[Kind, int] = {}
    for line in counts.lines_of(work, count.id):
        found[_kind(line)] = found.get(_kind(line), 0) + line.counted
    return {kind: units for kind, units in found.items() if units}


def _line(work: Work, count: "counts.BinCount", kind: Kind) -> "counts.CountLine":
    """The line of these goods; of goods that were not among those counted there were none."""
    for line in counts.lines_of(work, count.id):
        if _kind(line) == kind:
            return work.get(counts.CountLine, line.id)
    item_id, lot, expiry, serial, container_id = kind
    return work.add(
        counts.CountLine, id=derived_id("count line", count.id, *kind), count_id=count.id, site_id=count.site_id,
        bin_id=count.bin_id, item_id=item_id, lot=lot, expiry=expiry, serial=serial, container_id=container_id,
    )  # fmt: skip


RULE = Rule(
    id="X10",
    severity="blocking",
    options={
        "recompute": Option(recompute),
        "recount": Option(recount, sends=True),
        "accept": Option(accept, note_required=True),
    },
    suggested="recompute",
    why="The goods had moved before the bin was counted, and only the book did not know: the difference is booked once.",
    locks="the bin, by name",
    passes=passes,
)
