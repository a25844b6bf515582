"""What a decision set aside is kept for ever, and can be put back: by an ordinary command, which may clash again.

Nothing is remembered for it: what was set aside is found in what is kept anyway, the occurrences, the records and the history.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from sqlmodel import col

from . import (
    conflict_rules,
    conflicts,
    corrections,
    dispositions,
    edits,
    held,
    inspections,
    receiving,
    records,
    returns,
)
from .catalog import Item
from .conflict_rules import x11
from .conflicts import Conflict, Occurrence
from .documents import Photo
from .errors import NotFound, WrongState
from .events import PutBack
from .model import Command, Outcome
from .work import Work

Run = Callable[[Work], Outcome | None]


class SetAside(NamedTuple):
    """One thing a decision set aside. `key` names it within its conflict; `run` puts it back, None where nothing can.

    kind: value, scan, reading, inspection, disposition, operation, struck, removal, state; `told`: what it says, by field.
    """

    key: str
    kind: str
    number: int
    """The occurrence it came with."""
    told: dict[str, Any]
    run: Run | None = None
    once: bool = True
    """Whether it would be there twice if it were put back twice."""


class PutBackLost(Command, frozen=True):
    """`lost`: the key of what was set aside. `shown`: the effect the person was shown; refused if it is another by now."""

    conflict_id: str
    lost: str
    note: str = ""
    shown: str = ""


def put_back_lost(work: Work, command: PutBackLost) -> Outcome | None:
    case = work.get(Conflict, command.conflict_id)
    work.allow("resolve", case.site_id)
    lost = next((each for each in set_aside(work, case) if each.key == command.lost), None)
    if lost is None:
        raise NotFound("This does not wait to be put back: it stands, or it is not there.", lost=command.lost)
    if lost.run is None:
        raise WrongState("What took its place stands for it; change it by hand.", lost=command.lost)
    if lost.once and lost.key in {each.key for each in put_back_already(work, case.id)}:
        raise WrongState("This has been put back already.", lost=command.lost)
    if command.shown:
        from .previews import still_so  # which runs this very command

        still_so(work, command)
    outcome = lost.run(work)
    work.record(PutBack(site_id=case.site_id, lost=lost.key, note=command.note.strip()), case.id)
    return outcome


def set_aside(work: Work, case: Conflict) -> list[SetAside]:
    """What was decided away so far, in the order it came."""
    decided = conflicts.occurrences_of(work, case.id)[: case.decided]
    if not decided:
        return []
    found = [
        *_values(work, case, decided), *_struck(work, case), *_scans(work, case), *_readings(work, case, decided),
        *_inspections(work, decided), *_dispositions(work, case), *_operations(work, case, decided), *_states(work, case, decided),
    ]  # fmt: skip
    return sorted({each.key: each for each in found}.values(), key=lambda each: (each.number, each.key))


class WasPutBack(NamedTuple):
    key: str
    by: str
    at: int
    note: str


def put_back_already(work: Work, conflict_id: str) -> list[WasPutBack]:
    return [
        WasPutBack(row.body["lost"], row.by, row.at, row.body["note"])
        for row in _told(work, PutBack.__name__, conflict_id)
    ]


# What can have been set aside, one function each


def _values(work: Work, case: Conflict, decided: list[Occurrence]) -> Iterator[SetAside]:
    """What one side wanted and does not stand now, of the fields that are edited."""
    if case.rule not in ("X4", "X11", "X14"):
        return
    record: Any = work.look(_edited(case), case.subject_id)
    if record is None:
        return
    for occurrence in decided:
        for value in occurrence.values:
            field = value["field"]
            if field not in edits.EDITABLE[case.subject_kind]:
                continue
            now = getattr(record, field)
            for side in ("server", "device"):
                wanted = value[side]
                if wanted is not None and wanted != now:
                    told = {"field": field, "side": side, "value": wanted, "now": now}
                    key = f"value-{occurrence.number}-{field}-{side}"
                    yield SetAside(
                        key, "value", occurrence.number, told, _editing(case, field, wanted, now), once=False
                    )


def _editing(case: Conflict, field: str, wanted: Any, now: Any) -> Run:
    def run(work: Work) -> Outcome | None:
        if case.subject_kind == "ReturnOrder":
            return returns.edit_return(
                work, returns.EditReturn(id=case.subject_id, set={field: wanted}, was={field: now})
            )
        return returns.edit_return_line(
            work, returns.EditReturnLine(id=case.subject_id, set={field: wanted}, was={field: now})
        )

    return run


def _struck(work: Work, case: Conflict) -> Iterator[SetAside]:
    """X11: the document or the line that was struck, or the striking that was not followed."""
    if case.rule != "X11" or not case.resolution:
        return
    record: Any = work.look(_edited(case), case.subject_id)
    gone = record is not None and (
        record.status == "cancelled" if case.subject_kind == "ReturnOrder" else record.removed
    )
    if case.resolution == "keep_deleted" and gone:
        yield SetAside("struck", "struck", case.decided, {"kind": case.subject_kind}, _standing_again(case), False)
    if case.resolution == "restore" and not gone:
        yield SetAside("removal", "removal", case.decided, {"kind": case.subject_kind}, _striking(case), False)


def _standing_again(case: Conflict) -> Run:
    def run(work: Work) -> None:
        x11.stand_again(work, case)

    return run


def _striking(case: Conflict) -> Run:
    def run(work: Work) -> Outcome | None:
        if case.subject_kind == "ReturnOrder":
            return returns.cancel_return(work, returns.CancelReturn(order_id=case.subject_id, reason=case.rule))
        return returns.remove_return_line(work, returns.RemoveReturnLine(line_id=case.subject_id))

    return run


def _scans(work: Work, case: Conflict) -> Iterator[SetAside]:
    """Scans that a decision took back."""
    causes = [row.mutation_id for row in _told(work, "ConflictResolved", case.id)]
    rows = work.find(
        records.EventRow, col(records.EventRow.mutation_id).in_(causes), records.EventRow.kind == "ScanTakenBack",
        order_by=(records.EventRow.feed, records.EventRow.revision),
    ) if causes else []  # fmt: skip
    for row in rows:
        receipt = work.look(receiving.Receipt, row.body["receipt_id"])
        if receipt is not None:
            units = int(row.body["quantity"])
            told = {"item_id": receipt.item_id, "quantity": units, "text": receipt.text, "serial": receipt.serial, "lot": receipt.lot,
                    "by": receipt.by, "device_id": receipt.device_id, "made_at": receipt.made_at}  # fmt: skip
            yield SetAside(f"scan-{receipt.id}", "scan", case.decided, told, _scanning(receipt, units))


def _scanning(receipt: "receiving.Receipt", units: int) -> Run:
    def run(work: Work) -> Outcome | None:
        return receiving.scan_item(
            work, receiving.ScanItem(
                receipt_id=work.new_id(), order_id=receipt.order_id, line_id=receipt.line_id, site_id=receipt.site_id,
                parcel_id=receipt.parcel_id, item_id=receipt.item_id, quantity=units, lot=receipt.lot, expiry=receipt.expiry,
                serial=receipt.serial, text=receipt.text, symbology=receipt.symbology,
                catalogue_revision=receipt.catalogue_revision, container_id=receipt.container_id, bin_id=receipt.bin_id,
            ),
        )  # fmt: skip

    return run


READ: dict[str, tuple[str, str]] = {"X2": ("serial", "serial"), "X12": ("", "came")}
"""Rules of which an option says that something else was read: the receipt's field ('': the one named by `what`), the fact."""


def _readings(work: Work, case: Conflict, decided: list[Occurrence]) -> Iterator[SetAside]:
    """What was read, where a decision says that it was something else."""
    if case.rule not in READ:
        return
    field, fact = READ[case.rule]
    field = field or case.facts["what"]
    for occurrence in decided:
        receipt = work.look(receiving.Receipt, occurrence.evidence.get("receipt_id", ""))
        if receipt is None or not corrections.standing(receipt):
            continue
        read, now = case.facts[fact], getattr(receipt, field)
        if read and read != now:
            told = {"field": field, "value": read, "now": now, "by": occurrence.by}
            yield SetAside(
                f"reading-{receipt.id}", "reading", occurrence.number, told, _reading(receipt.id, field, read), False
            )


def _reading(receipt_id: str, field: str, read: str) -> Run:
    def run(work: Work) -> Outcome | None:
        receipt = work.get(receiving.Receipt, receipt_id)
        if field == "item_id":
            corrections.correct(work, receipt, item=work.get(Item, read))
        elif field == "lot":
            corrections.correct(work, receipt, lot=read)
        else:
            corrections.correct(work, receipt, serial=read)
        order = work.get(returns.ReturnOrder, receipt.order_id)
        line = work.get(returns.ReturnLine, receipt.line_id)
        found = [case for rule in conflict_rules.OF_A_SCAN if (case := rule(work, receipt, order, line))]
        return conflicts.outcome_of(found)

    return run


def _inspections(work: Work, decided: list[Occurrence]) -> Iterator[SetAside]:
    """Verdicts that another one, or a new look, took the place of."""
    for occurrence in decided:
        for which in ("first", "second"):
            found = work.look(inspections.Inspection, str(occurrence.evidence.get(which, "")))
            if found is not None and found.superseded_by:
                told = {"verdict": found.verdict, "grade": found.grade, "quantity": found.quantity, "note": found.note,
                        "by": found.by, "device_id": found.device_id, "made_at": found.made_at}  # fmt: skip
                yield SetAside(f"inspection-{found.id}", "inspection", occurrence.number, told, _inspecting(found))


def _inspecting(lost: "inspections.Inspection") -> Run:
    def run(work: Work) -> Outcome | None:
        instead = work.look(inspections.Inspection, lost.superseded_by)
        return inspections.inspect(
            work, inspections.Inspect(
                inspection_id=work.new_id(), line_id=lost.line_id, site_id=lost.site_id, quantity=lost.quantity,
                verdict=lost.verdict, grade=lost.grade,  # type: ignore[arg-type]
                checks=msgspec.convert(lost.checks, list[inspections.CheckResult]),
                serial=lost.serial, lot=lost.lot, container_id=lost.container_id, steps=lost.steps, note=lost.note,
                photos=msgspec.convert(lost.photos, list[Photo]),
                supersedes=instead.id if instead is not None and not instead.superseded_by else "",
            ),
        )  # fmt: skip

    return run


def _dispositions(work: Work, case: Conflict) -> Iterator[SetAside]:
    for each in dispositions.of_line(work, case.subject_id) if case.rule == "X6" else []:
        if each.state == "void":
            told = {"kind": each.kind, "quantity": each.quantity, "reason": each.reason, "by": each.by, "device_id": each.device_id,
                    "made_at": each.made_at}  # fmt: skip
            yield SetAside(f"disposition-{each.id}", "disposition", case.decided, told, _disposing(each))


def _disposing(lost: "dispositions.Disposition") -> Run:
    def run(work: Work) -> Outcome | None:
        return dispositions.dispose(
            work, dispositions.Dispose(
                disposition_id=work.new_id(), line_id=lost.line_id, site_id=lost.site_id, quantity=lost.quantity,
                kind=lost.kind,  # type: ignore[arg-type]
                inspection_id=lost.inspection_id, reason=lost.reason, serial=lost.serial,
                lot=lost.lot, expiry=lost.expiry, container_id=lost.container_id,
            ),
        )  # fmt: skip

    return run


def _operations(work: Work, case: Conflict, decided: list[Occurrence]) -> Iterator[SetAside]:
    """What somebody did and nobody carried out: its whole content is kept."""
    ids = {occurrence.mutation_id: occurrence.number for occurrence in decided}
    if case.subject_kind == "Mutation":
        ids[case.subject_id] = case.decided
    for id, number in ids.items():
        stored = work.look(records.Mutation, id)
        if stored is not None and stored.status == "rejected" and stored.code == "voided":
            told = {"name": stored.name, "by": stored.by, "device_id": stored.device_id, "made_at": stored.made_at}
            yield SetAside(f"operation-{stored.id}", "operation", number, told, _carrying_out(stored.id))


def _carrying_out(mutation_id: str) -> Run:
    def run(work: Work) -> Outcome | None:
        stored = work.get(records.Mutation, mutation_id)
        stored.status = "held"
        held.carry_out_now(work, stored, work.actor)
        carried_out = work.get(records.Mutation, mutation_id)
        return Outcome("applied", conflict_id=carried_out.conflict_id)

    return run


STATES: dict[str, tuple[tuple[str, ...], str]] = {
    "X5": (("without_order", "reinstate"), "status"), "X7": (("nearest_bin",), "bin"), "X16": (("new_number",), "number"),
}  # fmt: skip
"""Decisions that leave nothing to put back: the goods are here, the bin was wrong, the number is another document's."""


def _states(work: Work, case: Conflict, decided: list[Occurrence]) -> Iterator[SetAside]:
    options, fact = STATES.get(case.rule, ((), ""))
    if case.resolution in options:
        yield SetAside("state", "state", decided[-1].number, {"field": fact, "value": case.facts[fact]})


def _edited(case: Conflict) -> "type[returns.ReturnOrder | returns.ReturnLine]":
    return returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine


def _told(work: Work, kind: str, conflict_id: str) -> list[records.EventRow]:
    row = records.EventRow
    return work.find(row, row.subject_id == conflict_id, row.kind == kind, order_by=(row.feed, row.revision))
