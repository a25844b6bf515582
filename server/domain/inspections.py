"""Inspections: four checks, a grade, a verdict. Immutable; a correction is a new one that supersedes."""

from typing import Any, Literal

import msgspec

from . import photos, returns, tasks
from .conflict_rules import x03
from .documents import Photo
from .errors import Invalid
from .events import GoodsInspected
from .model import Command, Outcome, Table, integer, json_list, long_text, moment, ref
from .work import Work

Finding = Literal["pass", "fail", "na"]
Check = Literal["appearance", "function", "accessories", "packaging"]
Grade = Literal["A", "B", "C", "D"]
Verdict = Literal["pass", "conditional", "fail"]
CHECKS: tuple[Check, ...] = ("appearance", "function", "accessories", "packaging")


class Inspection(Table, table=True):
    site_id: str = ref()
    order_id: str = ref()
    line_id: str = ref()
    item_id: str = ""
    # Units it speaks for. A sample, of which `sampled` units of `tranche` were looked at, speaks for all of them, or failed, for none.
    quantity: int = integer()
    sampled: int = integer()
    tranche: int = integer()
    serial: str = ""
    lot: str = ""
    container_id: str = ""
    verdict: str = ""
    grade: str = ""
    checks: list[Any] = json_list()  # [{check, outcome, severity, defects, note}]
    photos: list[Any] = json_list()  # [{sha256, kind}]
    steps: list[Any] = json_list()  # [{code, value}]
    note: str = long_text()
    supersedes: str = ""
    superseded_by: str = ""
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    check: Check
    outcome: Finding
    severity: Literal["", "minor", "major", "critical"] = ""
    defects: list[str] = []
    note: str = ""


class Inspect(Command, frozen=True):
    """`sampled`: so many of `quantity` were looked at, and their verdict decides for all of them. 0: every unit was looked at."""

    inspection_id: str
    line_id: str
    site_id: str
    quantity: int
    verdict: Verdict
    grade: Grade
    checks: list[CheckResult]
    serial: str = ""
    lot: str = ""
    container_id: str = ""
    steps: list[dict[str, str]] = []
    note: str = ""
    photos: list[Photo] = []
    supersedes: str = ""
    sampled: int = 0


def inspect(work: Work, command: Inspect) -> Outcome | None:
    line = work.seek(returns.ReturnLine, command.line_id)
    work.allow("inspect", line.site_id if line else command.site_id, fact=True)
    if work.seek(Inspection, command.inspection_id) is not None:
        return Outcome("noop")
    _whole(command)

    if line is None:  # received on a handheld that has not sent it yet: the verdict is a fact all the same
        line = work.add(returns.ReturnLine, id=command.line_id, site_id=command.site_id, stub=True)
    inspection = work.add(
        Inspection,
        id=command.inspection_id,
        site_id=command.site_id,
        order_id=line.order_id,
        line_id=line.id,
        item_id=line.item_id,
        quantity=_speaks_for(work, command),
        sampled=command.sampled,
        tranche=command.quantity if command.sampled else 0,
        serial=command.serial,
        lot=command.lot,
        container_id=command.container_id,
        verdict=command.verdict,
        grade=command.grade,
        checks=[msgspec.to_builtins(each) for each in command.checks],
        photos=[msgspec.to_builtins(each) for each in command.photos],
        steps=list(command.steps),
        note=command.note,
        supersedes=command.supersedes,
        mutation_id=work.cause,
        device_id=work.device_id,
        by=work.actor.id,
        made_at=work.made_at,
        at=work.now,
    )
    photos.expect(
        work, inspection.photos, "Inspection", inspection.id, site_id=inspection.site_id, order_id=inspection.order_id,
        line_id=line.id, serial=inspection.serial,
    )  # fmt: skip
    work.record(
        GoodsInspected(
            site_id=command.site_id, line_id=line.id, inspection_id=inspection.id,
            quantity=command.sampled or command.quantity, verdict=command.verdict, grade=command.grade,
        ),
        line.order_id,
    )  # fmt: skip

    asked_again = tasks.to_inspect_again(work, inspection)
    earlier = None if command.supersedes or asked_again else x03.earlier(work, inspection, line)
    if asked_again:
        _instead_of(work, line, inspection, asked_again)
    elif command.supersedes:
        if corrected := work.seek(Inspection, command.supersedes):
            corrected.superseded_by = inspection.id
            work.count(line, inspected=inspection.quantity - corrected.quantity)
        if inspection.serial and (other := x03.earlier(work, inspection, line)):
            return _clash(work, other, inspection, line)
    elif earlier is None:
        work.count(line, inspected=inspection.quantity)
    else:
        outcome = _clash(work, earlier, inspection, line)
        if outcome.status == "conflict" and not inspection.serial:
            work.count(line, inspected=inspection.quantity)
        return outcome
    if inspection.sampled and inspection.verdict == "fail":
        tasks.inspect_all(work, inspection)
    tasks.inspected(work, inspection)
    if order := work.seek(returns.ReturnOrder, line.order_id):
        returns.progress(work, order)
    return None


def merge(work: Work, first: Inspection, second: Inspection) -> None:
    """Two people, the same verdict: one inspection, with the photos of both."""
    second.superseded_by = first.id
    first.photos = [*first.photos, *second.photos]
    photos.expect(
        work, second.photos, "Inspection", first.id, site_id=first.site_id, order_id=first.order_id, line_id=first.line_id,
        serial=first.serial,
    )  # fmt: skip


def current(work: Work, line_id: str) -> list[Inspection]:
    """The inspections of a line that no later one corrects."""
    found = work.all(Inspection, line_id=line_id, superseded_by="")
    return sorted(found, key=lambda each: (each.at, each.id))


def failed_sample(work: Work, line_id: str, lot: str, container_id: str) -> Inspection | None:
    """Of this tranche a sample has failed: from then on each unit is looked at."""
    found = [each for each in current(work, line_id) if each.sampled and each.verdict == "fail"]
    return next((each for each in found if (each.lot, each.container_id) == (lot, container_id)), None)


def uninspected(work: Work, sample: Inspection) -> int:
    """Units of the sample's tranche that nobody has looked at since. What arrived together is told apart by its device's clock."""
    since = [each for each in current(work, sample.line_id) if (each.at, each.made_at) >= (sample.at, sample.made_at)]
    return sample.tranche - sum(
        each.quantity for each in since if (each.lot, each.container_id) == (sample.lot, sample.container_id)
    )


def _speaks_for(work: Work, command: Inspect) -> int:
    if not command.sampled:
        return command.quantity
    if command.verdict == "fail":
        return 0
    if failed_sample(work, command.line_id, command.lot, command.container_id):
        return command.sampled  # nobody samples until it passes
    return command.quantity


def _clash(work: Work, earlier: Inspection, inspection: Inspection, line: "returns.ReturnLine") -> Outcome:
    if x03.one_and_the_same(work, earlier, inspection, line):
        merge(work, earlier, inspection)
        return Outcome("merged")
    return Outcome("conflict", conflict_id=x03.open_case(work, earlier, inspection, line).id)


def _instead_of(
    work: Work, line: "returns.ReturnLine", inspection: Inspection, earlier: list[Inspection]
) -> None:  # fmt: skip
    """Of one serial number only one inspection was ever counted; of goods without, every one."""
    counted = [each.quantity for each in earlier]
    for each in earlier:
        each.superseded_by = inspection.id
    work.count(line, inspected=inspection.quantity - (max(counted) if inspection.serial else sum(counted)))


def _whole(command: Inspect) -> None:
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    if not 0 <= command.sampled <= command.quantity or (command.sampled and command.serial):
        raise Invalid("A sample is some of a group; a unit with a serial number is looked at itself.", field="sampled")
    if sorted(result.check for result in command.checks) != sorted(CHECKS):
        raise Invalid("An inspection has each of the four checks once.", field="checks")
    failed = any(result.outcome == "fail" for result in command.checks)
    if command.verdict == "pass" and failed:
        raise Invalid("A failed check and the verdict 'pass' do not go together.", field="verdict")
