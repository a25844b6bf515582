"""X7: goods were put into a bin that is closed or is for another status. Mixed among other stock they hold their order back."""

from typing import TYPE_CHECKING

from .. import conflicts, dispositions, stock
from ..catalog import Bin, Item
from ..errors import Invalid, WrongState
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(work: Work, target: Bin, item_id: str, order_id: str, line_id: str, put: set[str]) -> "Conflict | None":
    """`put`: the statuses of what was just put there. What stood there before is not this person's doing: goods that were disposed
    of and not yet put away stand where they were inspected. The bin is locked by whoever puts goods there.
    """
    mixed = sorted(status for status in put if not dispositions.fits(target, status))
    if target.active and not mixed:
        return None
    return conflicts.open_case(
        work, "X7", target.site_id, (target.id, item_id, order_id), order_id=order_id, subject_kind="ReturnLine",
        subject_id=line_id, facts={"bin": target.code, "bin_kind": target.kind, "statuses": mixed, "active": target.active,
                                   "bin_id": target.id, "item_id": item_id},
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
    item = work.get(Item, case.facts["item_id"])
    for balance in _misplaced(work, wrong, case):
        if not dispositions.fits(target, balance.status):
            raise Invalid(
                f"Goods that are {balance.status.replace('_', ' ')} cannot stand there.", field="value", bin=target.code
            )
        stock.move(
            work, balance.site_id, item, balance.quantity, stock.Place(balance.status, balance.bin_id, balance.container_id),
            stock.Place(balance.status, target.id), stock.Cause("move", case.order_id, case.subject_id),
            stock.Lot(balance.lot, balance.expiry, balance.serial),
        )  # fmt: skip
    for disposition in dispositions.of_line(work, case.subject_id) if case.subject_id else []:
        if disposition.bin_id == wrong.id and disposition.state != "void":
            disposition.bin_id, disposition.container_id = target.id, ""
            if target.kind not in dispositions.EFFECTS[disposition.kind].zones:  # it is still to be put away
                work.count(disposition, put_away=disposition.posted - disposition.put_away)


def moved(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    target = work.get(Bin, case.facts["bin_id"])
    if there := _misplaced(work, target, case):
        raise WrongState(
            "The goods still stand there.", bin=target.code, statuses=sorted({balance.status for balance in there})
        )


def nearest_valid(work: Work, case: "Conflict") -> str | None:
    """The bin in use whose code is next to the wrong one's, in a zone where these goods may stand."""
    wrong = work.look(Bin, case.facts["bin_id"])
    if wrong is None:
        return None
    statuses = {balance.status for balance in _misplaced(work, wrong, case)}
    fitting = [
        bin
        for bin in work.find(Bin, Bin.site_id == wrong.site_id, Bin.active == True, order_by=Bin.code)  # noqa: E712
        if bin.id != wrong.id and statuses and all(dispositions.fits(bin, status) for status in statuses)
    ]
    home = [bin for bin in fitting if bin.kind in {dispositions.home_of(status) for status in statuses}]
    return (home or fitting)[0].id if fitting else None


def passes(work: Work, case: "Conflict") -> str:
    wrong = work.look(Bin, case.facts["bin_id"])
    return "" if wrong is None or _misplaced(work, wrong, case) else "The goods do not stand in that bin any more."


def _misplaced(work: Work, wrong: Bin, case: "Conflict") -> list[stock.StockBalance]:
    """What the case is about and still stands there: in a closed bin all of the item, else the statuses that were put there."""
    return [
        balance
        for balance in stock.standing_in(work, wrong.id, case.facts["item_id"])
        if not wrong.active
        or (balance.status in case.facts["statuses"] and not dispositions.fits(wrong, balance.status))
    ]


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
