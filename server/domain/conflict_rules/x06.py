"""X6: two dispositions for the same quantity."""

from typing import TYPE_CHECKING

from .. import conflicts, dispositions, returns
from ..errors import Invalid, WrongState
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..dispositions import Disposition


def found(
    work: Work, later: "Disposition", order: "returns.ReturnOrder", line: "returns.ReturnLine", undecided: int
) -> "Conflict":
    """`later` stands beside the others, proposed and uncounted. The line is locked."""
    others = [each for each in dispositions.of_line(work, line.id) if each.id != later.id and each.state != "void"]
    return conflicts.open_case(
        work, "X6", order.site_id, (line.id,), order_id=order.id, subject_kind="ReturnLine", subject_id=line.id,
        values=[{"field": "kind", "base": None, "server": others[-1].kind if others else None, "device": later.kind}],
        facts={"disposition_id": later.id},
        evidence={"disposition_id": later.id, "quantity": later.quantity, "undecided": undecided},
    )  # fmt: skip


def inspector_decides(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Nobody's decision stands but what is posted: the goods wait in quarantine for the inspector."""
    line = work.get(returns.ReturnLine, case.subject_id)
    for each in _later(work, breaches):
        each.state = "void"
    for each in _open(work, line.id):
        _void_what_is_open(work, line, each)


def split(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """So many units are what the later decision says; the earlier ones keep the rest."""
    line = work.get(returns.ReturnLine, case.subject_id)
    *others, later = _later(work, breaches)
    units = command.value
    if not isinstance(units, int) or not 0 < units <= later.quantity:
        raise Invalid(f"Say how many of the {later.quantity} are what the later decision says.", field="value")
    _make_room(work, line, units)
    later.quantity = units
    _decide(work, later, line)
    for each in others:
        each.state = "void"


def keep_first(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for each in _later(work, breaches):
        each.state = "void"


def take_later(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    line = work.get(returns.ReturnLine, case.subject_id)
    *others, later = _later(work, breaches)
    for each in others:
        each.state = "void"
    _make_room(work, line, later.quantity)
    _decide(work, later, line)


def half(work: Work, case: "Conflict") -> int:
    later = work.look(dispositions.Disposition, case.facts["disposition_id"])
    return max(1, later.quantity // 2) if later else 1


def passes(work: Work, case: "Conflict") -> str:
    clashing = [work.look(dispositions.Disposition, id) for id in clashes(work, case.subject_id)]
    if any(each is not None and each.state == "proposed" for each in clashing):
        return ""
    return "The later decision does not stand any more."


def clashes(work: Work, line_id: str) -> list[str]:
    """The dispositions of this line that came second: while they are proposed they count nothing."""
    occurrences = conflicts.occurrences_of(work, conflicts.case_id("X6", line_id))
    return [occurrence.evidence["disposition_id"] for occurrence in occurrences]


def _later(work: Work, breaches: Breaches) -> "list[Disposition]":
    found = [work.get(dispositions.Disposition, breach.evidence["disposition_id"]) for breach in breaches]
    if standing := [each for each in found if each.state == "proposed"]:
        return standing
    raise WrongState("The later decision does not stand any more.")


def _open(work: Work, line_id: str) -> "list[Disposition]":
    """The dispositions that count and of which something is not posted yet, the latest first."""
    clashing = clashes(work, line_id)
    found = [
        each
        for each in dispositions.of_line(work, line_id)
        if each.posted < each.quantity
        and (each.state == "decided" or (each.state == "proposed" and each.id not in clashing))
    ]
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)


def _make_room(work: Work, line: "returns.ReturnLine", units: int) -> None:
    """Takes as many units as are missing from the earlier decisions; what is posted has left quarantine and stays."""
    missing = units - (line.inspected - line.disposed)
    for each in _open(work, line.id):
        if missing <= 0:
            return
        less = min(missing, each.quantity - each.posted)
        if less == each.quantity:
            _void_what_is_open(work, line, each)
        else:
            work.count(each, quantity=-less)
            work.count(line, disposed=-less)
            each.put_away = min(each.put_away, each.quantity)
            each.state = "posted" if each.posted == each.quantity else each.state
        missing -= less
    if missing > 0:
        raise WrongState("The earlier disposition is posted already; move the goods instead.", missing=missing)


def _void_what_is_open(work: Work, line: "returns.ReturnLine", disposition: "Disposition") -> None:
    less = disposition.quantity - disposition.posted
    work.count(line, disposed=-less)
    if disposition.posted:
        work.count(disposition, quantity=-less)
        disposition.state = "posted"
    else:
        disposition.state = "void"


def _decide(work: Work, later: "Disposition", line: "returns.ReturnLine") -> None:
    later.state = "decided"
    later.decided_by = work.actor.id
    work.count(line, disposed=later.quantity)


RULE = Rule(
    id="X6",
    severity="blocking",
    options={
        "inspector_decides": Option(inspector_decides),
        "split": Option(split, takes="quantity", begins_with=half),
        "keep_first": Option(keep_first),
        "take_later": Option(take_later),
    },
    suggested="inspector_decides",
    why="Two people decided differently about the same goods: they stay in quarantine, and whoever inspects decides once.",
    locks="ReturnLine",
    passes=passes,
)
