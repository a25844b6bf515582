"""Counting a bin, blind: what stands there is said, and the difference to what the handheld's book showed is posted.

A count is `counted − book`, never a new total: whatever others did meanwhile stays done. What moved in the bin without the counting
handheld's knowing is conflict X10.

Goods that nobody found go from the bin to `count_difference`, and stay there. When somebody carries them elsewhere later, they are
taken from where the book still has the same goods in the same state, and only where it has none, from the place that was named: that
balance goes below zero, which is an alert. Only another count, or a decision about this one, brings goods back out of
`count_difference`.
"""

import msgspec
from sqlmodel import Field

from . import conflicts, dispositions, receiving, stock, tasks
from .catalog import Bin, Item
from .conflict_rules import x10, x18
from .containers import Container, MoveContainer, container_or_stub
from .errors import Invalid
from .events import BinCounted
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_list, moment, ref
from .work import Work

MADE_BY_A_COUNT = stock.Cause("count")


class BinCount(Table, table=True):
    """One count of one bin by one person, as of the book that the handheld had then."""

    site_id: str = ref()
    bin_id: str = ref()
    task_id: str = ref()
    finished: bool = True  # whatever is not among its lines is not there
    revision: int = integer()  # of the site's feed, when the book was read
    containers: list[str] = json_list()  # seen, and counted with all they hold
    missing: list[str] = json_list()  # the book had them here, and nobody saw them
    settled: list[str] = json_list()  # movements the book did not have, and what they mean for the count is decided
    mutation_id: str = ref()
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class CountLine(Table, table=True):
    """Units of one kind in the bin. `text`: a code nobody knew; `posted`: the difference that is in the ledger."""

    count_id: str = ref()
    site_id: str = ""
    bin_id: str = ""
    item_id: str = ref()
    text: str = Field(default="", index=True)
    symbology: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    container_id: str = ""
    counted: int = integer()
    book: int = integer()
    posted: int = integer()


class CountedLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`book`: what the handheld's book had of just these, in this bin, whatever their status."""

    counted: int
    book: int = 0
    item_id: str = ""
    text: str = ""
    symbology: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    container_id: str = ""


class CountBin(Command, frozen=True):
    """`revision`: of the site's feed, as it was shown when the book was read; the handheld's own work up to now is in it too.

    `containers`: seen in the bin, and counted whole. `missing`: the book had them here, and nobody saw them. `finished`: whatever
    the book had here and is not among the lines is not there; what is, is.
    """

    count_id: str
    site_id: str
    bin_id: str
    lines: list[CountedLine]
    revision: int
    finished: bool = True
    containers: list[str] = []
    missing: list[str] = []
    task_id: str = ""


def count_bin(work: Work, command: CountBin) -> Outcome | None:
    bin = work.look(Bin, command.bin_id)
    work.allow("count", bin.site_id if bin else command.site_id, fact=True)
    if any(line.counted < 0 for line in command.lines):
        raise Invalid("A quantity is at least 0.", field="lines")
    if work.seek(BinCount, command.count_id) is not None:
        return Outcome("noop")

    work.lock("X10", command.bin_id)
    count = work.add(
        BinCount, id=command.count_id, site_id=command.site_id, bin_id=command.bin_id, task_id=command.task_id,
        finished=command.finished, revision=command.revision, containers=list(command.containers),
        missing=list(command.missing), mutation_id=work.cause, device_id=work.device_id, by=work.actor.id,
        made_at=work.made_at, at=work.now,
    )  # fmt: skip
    for number, each in enumerate(command.lines):
        item_id = each.item_id or _known(work, each.text)
        text = each.text[: receiving.LONGEST_KNOWN]  # nothing longer is ever looked for; the mutation has it whole
        work.add(
            CountLine, id=derived_id("count line", count.id, str(number)), count_id=count.id, site_id=count.site_id,
            bin_id=count.bin_id, **(msgspec.structs.asdict(each) | {"item_id": item_id, "text": text}),
        )  # fmt: skip
    return post(work, count)


def post(work: Work, count: BinCount) -> Outcome | None:
    """What it found is in the book from now on; also called once a bin that was gone has been remapped."""
    bin = work.look(Bin, count.bin_id)
    if bin is None or bin.site_id != count.site_id:
        args = {"count_id": count.id}
        return conflicts.outcome_of([x18.found_bin(work, count.site_id, count.bin_id, "count_bin", args)])
    likewise = x10.counted_likewise(work, count)
    _containers(work, count)
    for line in lines_of(work, count.id):
        if line.item_id:
            adjust(work, count, line, line.counted - line.book)
    if likewise:
        x10.settle(work, count, likewise)
    difference = sum(line.posted for line in lines_of(work, count.id))
    work.record(BinCounted(site_id=count.site_id, bin_id=count.bin_id, difference=difference), count.id)
    _answer(work, count)
    x10.counted_again(work, count)
    case = x10.look(work, count)
    outcome = conflicts.outcome_of([case]) if case else None
    return outcome or (Outcome("merged") if likewise else None)


def adjust(work: Work, count: BinCount, line: CountLine, units: int, *, carried: bool = True) -> None:
    """So many units more (or, below zero, fewer) of this stand in the bin than the book had."""
    item = work.look(Item, line.item_id)
    if item is None or units == 0:
        return
    if units < 0:
        parts = [(part, place, stock.DIFFERENCE, _lot(line)) for part, place in _short(work, count, line, -units)]
    elif carried and (unit := _elsewhere(work, count, line)):
        # A serial number that the book has elsewhere is that very unit: it was carried here.
        place = stock.Place(unit.status, count.bin_id, line.container_id)
        parts = [(1, _place(unit), place, _lot(unit))]
    else:
        parts = [(units, stock.DIFFERENCE, _place_of(work, count, line), _lot(line))]
    for part, source, target, lot in parts:
        stock.move(work, count.site_id, item, part, source, target, MADE_BY_A_COUNT, lot)
    work.count(line, posted=units)


def lines_of(work: Work, count_id: str) -> list[CountLine]:
    return work.all(CountLine, count_id=count_id)


def identify(work: Work, text: str, item: Item, pack: int = 1) -> None:
    """What was counted under a code that nobody knew is this item, `pack` of it for each scan."""
    for line in work.all(CountLine, text=text, item_id=""):
        count = work.get(BinCount, line.count_id)
        line = work.get(CountLine, line.id)
        line.item_id, line.counted = item.id, line.counted * pack
        adjust(work, count, line, line.counted - line.book)


def _known(work: Work, text: str) -> str:
    item = receiving.known_item(work, text)
    return item.id if item else ""


def _containers(work: Work, count: BinCount) -> None:
    """Seen here, a container stands here with all it holds. Not seen, it stands nowhere until it is scanned again: what it holds
    stays in the book."""
    for id in count.containers:
        if container_or_stub(work, id).bin_id != count.bin_id:
            dispositions.move_container(work, MoveContainer(container_id=id, bin_id=count.bin_id))
    for id in count.missing:
        container = work.seek(Container, id)
        if container is None or container.bin_id != count.bin_id:
            continue  # somebody has carried it elsewhere
        container.bin_id = ""
        for balance in stock.contents(work, id):
            place = stock.Place(balance.status, balance.bin_id, id)
            stock.move(
                work, count.site_id, work.get(Item, balance.item_id), balance.quantity, place, place._replace(bin_id=""),
                MADE_BY_A_COUNT, stock.Lot(balance.lot, balance.expiry, balance.serial),
            )  # fmt: skip


def _standing(work: Work, count: BinCount, line: CountLine) -> list[stock.StockBalance]:
    """What the book has of just these in the bin; goods for sale first, so that nobody is promised what is not there."""
    found = work.all(
        stock.StockBalance, bin_id=count.bin_id, item_id=line.item_id, container_id=line.container_id, lot=line.lot,
        expiry=line.expiry, serial=line.serial, status=stock.STATUSES,
    )  # fmt: skip
    return sorted(found, key=lambda each: (each.status != "sellable", stock.STATUSES.index(each.status)))


def _short(work: Work, count: BinCount, line: CountLine, units: int) -> list[tuple[int, stock.Place]]:
    """What the book does not have here any more is taken from it all the same: the negative balance raises its alert."""
    parts = []
    for balance in _standing(work, count, line):
        if part := min(units, max(0, balance.quantity)):
            parts.append((part, _place(balance)))
            units -= part
    return [*parts, (units, _place_of(work, count, line))] if units else parts


def _elsewhere(work: Work, count: BinCount, line: CountLine) -> stock.StockBalance | None:
    if not line.serial:
        return None
    found = work.all(
        stock.StockBalance, site_id=count.site_id, item_id=line.item_id, serial=line.serial, status=stock.STATUSES
    )
    here = (count.bin_id, line.container_id)
    return next((each for each in found if each.quantity > 0 and (each.bin_id, each.container_id) != here), None)


def _place_of(work: Work, count: BinCount, line: CountLine) -> stock.Place:
    """Goods of one kind are what those beside them are; what nobody has seen there before is to be inspected."""
    beside = _standing(work, count, line)
    status = next((each.status for each in beside if each.quantity > 0), beside[0].status if beside else "quarantine")
    return stock.Place(status, count.bin_id, line.container_id)


def _place(balance: stock.StockBalance) -> stock.Place:
    return stock.Place(balance.status, balance.bin_id, balance.container_id)


def _lot(each: CountLine | stock.StockBalance) -> stock.Lot:
    return stock.Lot(each.lot, each.expiry, each.serial)


def _answer(work: Work, count: BinCount) -> None:
    """Whoever was asked to count this bin is answered, also by a count that somebody made unasked."""
    waiting = work.all(tasks.Task, bin_id=count.bin_id, kind="recount", state="open") if count.finished else []
    asked = {task.id for task in waiting if not task.line_id} | ({count.task_id} if count.task_id else set())
    found = sum(line.counted for line in lines_of(work, count.id))
    for id in sorted(asked):
        if task := work.seek(tasks.Task, id):
            tasks.answered(
                work, task, derived_id("answer", id, count.id), "done", found=found, record=("BinCount", count.id)
            )
