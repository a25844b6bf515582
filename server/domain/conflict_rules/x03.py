"""X3: two people inspected the same goods and came to different verdicts or grades.

One serial number is one unit. Goods without one are known by their number: two devices that together inspected more than was
received, of the line or of a lot, have looked at some of them twice. The same verdict of both is one inspection. Where both
inspections came before the goods they speak of, a worker asks again when those arrive. A sample that failed speaks for no unit, so
it neither clashes with an inspection nor is one with it.
"""

from typing import TYPE_CHECKING

from .. import conflicts, corrections, held, inspections, receiving, returns, tasks
from ..errors import WrongState
from ..people import actor_of
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..inspections import Inspection


def earlier(work: Work, inspection: "Inspection", line: "returns.ReturnLine") -> "Inspection | None":
    """Another inspection of the very same goods. The line is locked: nobody adds one meanwhile."""
    others = [each for each in inspections.current(work, line.id) if each.id != inspection.id]
    if inspection.serial:
        same_unit = [each for each in others if each.serial == inspection.serial]
        return same_unit[-1] if same_unit else None
    if not inspection.quantity or line.stub or not line.received or _fits(work, inspection, line, inspection.quantity):
        return None
    return _twin(inspection, others)


def judge(work: Work, line_id: str) -> None:
    """Of goods without a serial number, once they have arrived: which inspections are of the same, and which clash."""
    looked = [each for each in inspections.current(work, line_id) if each.quantity and not each.serial]
    if len({each.device_id for each in looked}) < 2:
        return
    line = work.get(returns.ReturnLine, line_id)
    if line.stub or not line.received:
        return
    asked = {(each.evidence["first"], each.evidence["second"])
             for each in conflicts.occurrences_of(work, conflicts.case_id("X3", line.id, ""))}  # fmt: skip
    seen: list[Inspection] = []
    for inspection in inspections.current(work, line.id):
        first = (
            None
            if inspection.serial or not inspection.quantity or _fits(work, inspection, line, 0)
            else _twin(inspection, seen)
        )
        if first is not None and one_and_the_same(work, first, inspection, line, counted=inspection.quantity):
            second = work.get(inspections.Inspection, inspection.id)
            inspections.merge(work, work.get(inspections.Inspection, first.id), second)
            work.count(line, inspected=-second.quantity)
            continue
        seen.append(inspection)
        if first is not None and (first.id, inspection.id) not in asked:
            with work.acting(
                actor_of(work, inspection.by), device_id=inspection.device_id, made_at=inspection.made_at,
                site_id=inspection.site_id, cause=inspection.mutation_id,
            ):  # fmt: skip
                open_case(work, first, inspection, line)
    if order := work.seek(returns.ReturnOrder, line.order_id):
        returns.progress(work, order)
    held.release(work, {"line_id": line.id})


def one_and_the_same(
    work: Work, first: "Inspection", second: "Inspection", line: "returns.ReturnLine", counted: int = 0
) -> bool:
    """Two people, the same verdict, and nothing the second saw that the first had not. `counted`: so much of the second is among
    what the line counts as inspected."""
    if _verdict(first) != _verdict(second):
        return False
    if second.serial:
        return True
    all_were_seen = line.inspected - counted >= line.received or (
        bool(second.lot) and _looked_at(work, line, second.lot, but=second.id) >= _arrived(work, line, second.lot) > 0
    )
    return all_were_seen and second.quantity <= first.quantity


def open_case(work: Work, first: "Inspection", second: "Inspection", line: "returns.ReturnLine") -> "Conflict":
    return conflicts.open_case(
        work, "X3", second.site_id, (line.id, second.serial), order_id=line.order_id, subject_kind="ReturnLine",
        subject_id=line.id, values=[
            {"field": field, "base": None, "server": getattr(first, field), "device": getattr(second, field)}
            for field in ("verdict", "grade", "quantity") if field != "quantity" or not second.serial
        ], facts={"first": first.id, "second": second.id}, evidence={"first": first.id, "second": second.id},
    )  # fmt: skip


def reinspect(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Somebody looks again; what they see takes the place of both."""
    first = _all(work, breaches)[0]
    tasks.send(
        work, "reinspect", case.site_id, question=command.note, order_id=case.order_id, line_id=first.line_id,
        item_id=first.item_id, container_id=first.container_id, serial=first.serial, conflict_id=case.id,
    )  # fmt: skip


def inspections_of(work: Work, case: "Conflict") -> "list[Inspection]":
    """Those that nobody has decided between yet."""
    return _all(work, conflicts.occurrences_of(work, case.id)[case.decided :])


def worse_grade(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    both = _all(work, breaches)
    _keep(work, max(both, key=lambda each: each.grade), both)


def keep_first(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    both = _all(work, breaches)
    _keep(work, both[0], both)


def take_later(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    both = _all(work, breaches)
    _keep(work, both[-1], both)


def passes(work: Work, case: "Conflict") -> str:
    line = work.look(returns.ReturnLine, case.subject_id)
    first, second = (work.look(inspections.Inspection, case.facts[which]) for which in ("first", "second"))
    if line is None or first is None or second is None:
        return ""
    if first.superseded_by or second.superseded_by:
        return "One of the two inspections has been corrected."
    if not second.serial and _fits(work, second, line, 0):
        return "More goods have arrived: the two looked at different units."
    return ""


def _all(work: Work, breaches: Breaches) -> "list[Inspection]":
    ids = [breaches[0].evidence["first"], *(breach.evidence["second"] for breach in breaches)]
    found = [work.get(inspections.Inspection, id) for id in ids]
    if standing := [each for each in found if not each.superseded_by]:
        return standing
    raise WrongState("These inspections have been corrected already.", inspections=ids)


def _keep(work: Work, kept: "Inspection", all: "list[Inspection]") -> None:
    for each in all:
        if each.id != kept.id:
            _supersede(work, each, kept.id)


def _supersede(work: Work, inspection: "Inspection", by: str) -> None:
    """Of goods without a serial number every inspection was counted; of one serial number, the first alone."""
    line = work.get(returns.ReturnLine, inspection.line_id)
    if not inspection.superseded_by and (not inspection.serial or _counted(work, inspection)):
        work.count(line, inspected=-inspection.quantity)
    inspection.superseded_by = by


def _counted(work: Work, inspection: "Inspection") -> bool:
    return not any(
        each.serial == inspection.serial
        for each in inspections.current(work, inspection.line_id)
        if each.id != inspection.id
    )


def _fits(work: Work, inspection: "Inspection", line: "returns.ReturnLine", more: int) -> bool:
    """Whether as many as were inspected have arrived, of the line and of this inspection's lot; `more` the line does not count
    yet."""
    if line.inspected + more > line.received:
        return False
    arrived = _arrived(work, line, inspection.lot) if inspection.lot else 0
    return not arrived or _looked_at(work, line, inspection.lot) <= arrived


def _arrived(work: Work, line: "returns.ReturnLine", lot: str) -> int:
    return sum(corrections.standing(each) for each in receiving.of_line(work, line.id) if each.lot == lot)


def _looked_at(work: Work, line: "returns.ReturnLine", lot: str, but: str = "") -> int:
    return sum(each.quantity for each in inspections.current(work, line.id)
               if each.lot == lot and not each.serial and each.id != but)  # fmt: skip


def _twin(inspection: "Inspection", others: "list[Inspection]") -> "Inspection | None":
    """What another device inspected that may be the same goods: not of another lot. The same verdict before any other."""
    elsewhere = [
        each
        for each in others
        if each.device_id != inspection.device_id
        and each.quantity
        and not each.serial
        and (not each.lot or not inspection.lot or each.lot == inspection.lot)
    ]
    same = [
        each for each in elsewhere if each.quantity >= inspection.quantity and _verdict(each) == _verdict(inspection)
    ]
    found = same or elsewhere
    return found[-1] if found else None


def _verdict(inspection: "Inspection") -> tuple[str, str]:
    return inspection.verdict, inspection.grade


RULE = Rule(
    id="X3",
    severity="blocking",
    options={
        "reinspect": Option(reinspect, sends=True),
        "worse_grade": Option(worse_grade),
        "keep_first": Option(keep_first, note_required=True),
        "take_later": Option(take_later, note_required=True),
    },
    suggested="reinspect",
    why="Two people saw the same unit differently: a third look costs a minute, a wrong grade a customer.",
    locks="ReturnLine",
    passes=passes,
)
