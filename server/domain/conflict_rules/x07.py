"""X7: goods were put into a bin that is closed, full, or for another status. Mixed among other stock they hold their order back."""

from typing import TYPE_CHECKING

from .. import conflicts, dispositions, stock
from ..catalog import Bin, Item
from ..containers import MoveContainer
from ..errors import Invalid, WrongState
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


ENDLESS = 1 << 60


def found(work: Work, target: Bin, item_id: str, order_id: str, line_id: str, put: set[str]) -> "Conflict | None":
    """`put`: the statuses of what was just put there. What stood there before is not this person's doing: goods that were disposed
    of and not yet put away stand where they were inspected. The bin is locked by whoever puts goods there.
    """
    mixed = sorted(status for status in put if not dispositions.fits(target, status))
    over = max(0, stock.filled(work, target) - target.capacity) if target.capacity else 0
    if target.active and not mixed and not over:
        return None
    return conflicts.open_case(
        work, "X7", target.site_id, (target.id, item_id, order_id), order_id=order_id, subject_kind="ReturnLine",
        subject_id=line_id, facts={"bin": target.code, "bin_kind": target.kind, "statuses": mixed, "active": target.active, "capacity": target.capacity,
                                   "holds": target.holds, "over": over, "bin_id": target.id, "item_id": item_id},
        evidence={"standing": [{"status": each.status, "quantity": each.quantity, "lot": each.lot, "serial": each.serial}
                               for each in stock.standing_in(work, target.id, item_id)]},
    )  # fmt: skip


def nearest_bin(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Somebody carries them there; the book has them there from now on."""
    nearest = command.value or nearest_valid(work, case)
    target = work.get(Bin, nearest) if isinstance(nearest, str) and nearest else None
    wrong = work.get(Bin, case.facts["bin_id"])
    if target is None or not target.active or target.site_id != wrong.site_id:
        raise Invalid("Choose a bin that is in use at this site.", field="value")
    if _room(work, target) < _needed(work, wrong, case, target):
        raise Invalid(
            "There is no room for these in that bin.", field="value", bin=target.code, capacity=target.capacity
        )
    if wrong.holds == "containers" and _is_only_full(wrong, case):
        for container_id in sorted({balance.container_id for balance, _ in _misplaced(work, wrong, case)}):
            dispositions.move_container(work, MoveContainer(container_id=container_id, bin_id=target.id))
        return
    item = work.get(Item, case.facts["item_id"])
    for balance, units in _misplaced(work, wrong, case):
        if not dispositions.fits(target, balance.status):
            raise Invalid(
                f"Goods that are {balance.status.replace('_', ' ')} cannot stand there.", field="value", bin=target.code
            )
        stock.move(
            work, balance.site_id, item, units, stock.Place(balance.status, balance.bin_id, balance.container_id),
            stock.Place(balance.status, target.id), stock.Cause("move", case.order_id, case.subject_id),
            stock.Lot(balance.lot, balance.expiry, balance.serial),
        )  # fmt: skip
    if _is_only_full(wrong, case):
        return  # they stay put away, a few steps on
    for disposition in dispositions.of_line(work, case.subject_id) if case.subject_id else []:
        if disposition.bin_id == wrong.id and disposition.state != "void":
            disposition.bin_id, disposition.container_id = target.id, ""
            if target.kind not in dispositions.EFFECTS[disposition.kind].zones:  # it is still to be put away
                work.count(disposition, put_away=disposition.posted - disposition.put_away)


def moved(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    target = work.get(Bin, case.facts["bin_id"])
    if there := _misplaced(work, target, case):
        raise WrongState(
            "The goods still stand there.", bin=target.code, statuses=sorted({balance.status for balance, _ in there})
        )


def nearest_valid(work: Work, case: "Conflict") -> str | None:
    """The bin in use whose code is next to the wrong one's, in a zone where these goods may stand, with room for them."""
    wrong = work.look(Bin, case.facts["bin_id"])
    if wrong is None:
        return None
    statuses = {balance.status for balance, _ in _misplaced(work, wrong, case)}
    fitting = [
        bin
        for bin in work.find(Bin, Bin.site_id == wrong.site_id, Bin.active == True, order_by=Bin.code)  # noqa: E712
        if bin.id != wrong.id
        and statuses
        and all(dispositions.fits(bin, status) for status in statuses)
        and _room(work, bin) >= _needed(work, wrong, case, bin)
    ]
    kinds = {wrong.kind} if _is_only_full(wrong, case) else {dispositions.home_of(status) for status in statuses}
    home = [bin for bin in fitting if bin.kind in kinds]
    after = [bin for bin in home if bin.code > wrong.code] if _is_only_full(wrong, case) else []
    return (after or home or fitting)[0].id if fitting else None


def passes(work: Work, case: "Conflict") -> str:
    wrong = work.look(Bin, case.facts["bin_id"])
    return "" if wrong is None or _misplaced(work, wrong, case) else "The goods do not stand in that bin any more."


def _misplaced(work: Work, wrong: Bin, case: "Conflict") -> list[tuple[stock.StockBalance, int]]:
    """What the case is about and still stands there, and how many of each: in a closed bin all of the item, in one for others the
    statuses that were put there, in a full one as many as are too many."""
    standing = stock.standing_in(work, wrong.id, case.facts["item_id"])
    if not wrong.active:
        return [(balance, balance.quantity) for balance in standing]
    mixed = [
        (balance, balance.quantity)
        for balance in standing
        if balance.status in case.facts["statuses"] and not dispositions.fits(wrong, balance.status)
    ]
    if mixed or not wrong.capacity:
        return mixed
    over = stock.filled(work, wrong) - wrong.capacity
    found: list[tuple[stock.StockBalance, int]] = []
    if wrong.holds == "containers":
        surplus = sorted({balance.container_id for balance in standing if balance.container_id})[: max(0, over)]
        return [(balance, balance.quantity) for balance in standing if balance.container_id in surplus]
    for balance in standing:
        units = min(balance.quantity, over)
        if units > 0:
            found.append((balance, units))
            over -= units
    return found


def _is_only_full(wrong: Bin, case: "Conflict") -> bool:
    return wrong.active and not case.facts["statuses"]


def _room(work: Work, bin: Bin) -> int:
    return bin.capacity - stock.filled(work, bin) if bin.capacity else ENDLESS


def _needed(work: Work, wrong: Bin, case: "Conflict", bin: Bin) -> int:
    """How much of that bin's room the misplaced goods take."""
    there = _misplaced(work, wrong, case)
    if bin.holds == "units":
        return sum(units for _, units in there)
    moved_whole = wrong.holds == "containers" and _is_only_full(wrong, case)
    return len({balance.container_id for balance, _ in there}) if moved_whole else 0


RULE = Rule(
    id="X7",
    severity="advisory",
    options={
        "nearest_bin": Option(nearest_bin, takes="bin", begins_with=nearest_valid),
        "moved": Option(moved),
        "override": Option(nothing, note_required=True),
    },
    suggested="nearest_bin",
    why="The nearest bin these goods may stand in is a few steps away; until then they are not counted as available.",
    locks="Bin",
    passes=passes,
    weighs=lambda case: "blocking" if case.facts["statuses"] else "advisory",
)
