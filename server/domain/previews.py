"""What a resolution would do, before the click: the resolution itself is run and taken back, and what it changed is told.

Run inside `Database.rehearse`; there is no second description of any resolution.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from . import (
    alerts,
    conflicts,
    differences,
    dispositions,
    documents,
    edits,
    parcels,
    putting_back,
    records,
    returns,
    stock,
    tasks,
)
from .catalog import Bin, Item, Zone
from .commands import execute
from .conflict_rules import RULES
from .errors import Refusal, Stale, WrongState
from .model import Command, Table
from .work import Work


class StockEffect(msgspec.Struct, frozen=True, kw_only=True):
    """`quantity` units of an item come to (or leave, below zero) this status and bin; `value` at frozen cost, minor units."""

    item_id: str
    sku: str
    name: str
    name_en: str
    status: str
    bin: str
    zone: str
    zone_en: str
    zone_kind: str
    """The zone where the goods go, or leave: '' outside the building."""
    quantity: int
    value: int
    currency: str


class FieldEffect(msgspec.Struct, frozen=True, kw_only=True):
    """A record's field that would change."""

    kind: str
    id: str
    field: str
    before: str | int | bool
    after: str | int | bool


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`refused`: why this option cannot be taken now, in a sentence; then there are no effects."""

    option: str
    value: Any = None
    """What it was tried with, where the option takes a value."""
    stock: list[StockEffect] = []
    fields: list[FieldEffect] = []
    refused: str = ""
    shown: str = ""
    """Names this effect: sent along with the resolution, it is refused where the effect is another by then."""


class GroupPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What several decisions would do together. `refused`: the things of which it cannot be decided, each with the reason."""

    stock: list[StockEffect] = []
    fields: list[FieldEffect] = []
    refused: dict[str, str] = {}


SHOWN: dict[type[Table], tuple[str, ...]] = {
    returns.ReturnOrder: ("number", "status", "authorised", "origin", "revision", *edits.EDITABLE["ReturnOrder"]),
    returns.ReturnLine: ("received", "inspected", "disposed", "closed", "removed", *edits.EDITABLE["ReturnLine"]),
    documents.OutboundLine: ("returned", "claimed"),
    dispositions.Disposition: ("kind", "state", "quantity"),
    records.Mutation: ("status",),
    tasks.Task: ("kind", "state"),
    alerts.Alert: ("state", "snoozed_until"),
    parcels.Parcel: ("state",),
    differences.Difference: ("state",),
}
"""What whoever decides is shown of what changes. Goods are told from the ledger."""


def previews(work: Work, conflict_id: str, option: str = "", value: Any = None) -> list[Preview]:
    """One for each option, in the order of the rule, or for the one that is named. An option that takes a value is tried with
    `value`, else with the one it begins with."""
    case = work.get(conflicts.Conflict, conflict_id)
    work.allow("resolve", case.site_id)
    return [_preview(work, conflict_id, name, value) for name in RULES[case.rule].options if option in ("", name)]


def of_putting_back(work: Work, conflict_id: str, lost: str) -> Preview:
    """What putting back what a decision set aside would do."""
    work.allow("resolve", work.get(conflicts.Conflict, conflict_id).site_id)
    command = putting_back.PutBackLost(conflict_id=conflict_id, lost=lost, note="preview")
    return tried(work, f"preview:{lost}", "put_back_lost", lambda: command, Preview(option=lost))


def effects(work: Work, task: Callable[[], dict[str, str]]) -> GroupPreview:
    """What `task` does to everything together, taken back; it tells what it could not do, and why."""
    refused: dict[str, str] = {}
    try:
        with work.savepoint():
            refused = task()
            raise _Enough(_moved(work), _seen(work))
    except _Enough as enough:
        return GroupPreview(stock=enough.stock, fields=_changed(work, enough.after), refused=refused)


def attempted(work: Work, cause: str, name: str, command: Callable[[], Command]) -> None:
    """Carried out, and of no trace where it is refused."""
    work.because_of(cause)
    with work.savepoint():
        execute(work, name, command())


def still_so(work: Work, command: "conflicts.ResolveConflict | putting_back.PutBackLost") -> None:
    """Refuses where the effect is another than the one this person was shown: it is to be shown again first."""
    cause, made_at = work.cause, work.made_at
    if isinstance(command, conflicts.ResolveConflict):
        now = _preview(work, command.conflict_id, command.option, command.value)
    else:
        now = of_putting_back(work, command.conflict_id, command.lost)
    work.because_of(cause)
    work.made_at = made_at
    if now.refused:
        raise WrongState(now.refused)
    if now.shown != command.shown:
        raise Stale("What this would do has changed since it was shown; look at it again.", shown=now.shown)


def _preview(work: Work, conflict_id: str, name: str, value: Any) -> Preview:
    case = work.get(conflicts.Conflict, conflict_id)
    option = RULES[case.rule].options[name]
    begins = option.begins_with(work, case)
    given = begins if value is None else value
    command = conflicts.ResolveConflict(conflict_id=conflict_id, option=name, value=given, note="preview")
    return tried(work, f"preview:{name}", "resolve_conflict", lambda: command, Preview(option=name, value=given))


def tried(work: Work, cause: str, name: str, command: Callable[[], Command], preview: Preview) -> Preview:
    """Carried out and taken back; a command that cannot even be meant is refused alike."""
    try:
        with work.savepoint():
            attempted(work, cause, name, command)
            raise _Enough(_moved(work), _seen(work))
    except _Enough as enough:
        fields = _changed(work, enough.after)
        return msgspec.structs.replace(preview, stock=enough.stock, fields=fields, shown=_digest(enough.stock, fields))
    except Refusal as refusal:
        return msgspec.structs.replace(preview, refused=refusal.sentence)


def _digest(stock: list[StockEffect], fields: list[FieldEffect]) -> str:
    """Two effects with one digest are the same to whoever decides. A desk number is taken in passing: which one is no matter."""
    told = [each for each in fields if each.field != "number"]
    return hashlib.sha256(msgspec.json.encode([stock, told], order="deterministic")).hexdigest()[:16]


class _Enough(Exception):
    def __init__(self, stock: list[StockEffect], after: "Seen") -> None:
        self.stock, self.after = stock, after


Shown = str | int | bool
Seen = dict[tuple[type[Table], str, str], Shown]


def _seen(work: Work) -> Seen:
    return {
        (model, record.id, field): value
        for model, fields in SHOWN.items()
        for record in work.touched(model)
        for field in fields
        if isinstance(value := getattr(record, field), str | int)
    }  # fmt: skip


def _changed(work: Work, after: Seen) -> list[FieldEffect]:
    """Asked when everything has been taken back: a record that is not there begins empty."""
    effects = []
    for (model, id, field), value in after.items():
        record = work.look(model, id)
        before: Shown = getattr(record, field) if record is not None else type(value)()
        if before != value:
            effects.append(FieldEffect(kind=model.__name__, id=id, field=field, before=before, after=value))
    return effects


def _moved(work: Work) -> list[StockEffect]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for entry in work.touched(stock.StockEntry):
        total = sums.setdefault((entry.item_id, entry.status, entry.bin_id), [0, 0])
        total[0] += entry.quantity
        total[1] += entry.quantity * entry.unit_cost if work.may("see_value", entry.site_id) else 0
    effects = []
    for (item_id, status, bin_id), (quantity, value) in sorted(sums.items()):
        item, bin = work.look(Item, item_id), work.look(Bin, bin_id)
        zone = work.look(Zone, bin.zone_id) if bin else None
        if quantity and item:
            effects.append(
                StockEffect(
                    item_id=item.id, sku=item.sku, name=item.name, name_en=item.name_en, status=status,
                    bin=bin.code if bin else "", zone=zone.name if zone else "", zone_en=zone.name_en if zone else "",
                    zone_kind=bin.kind if bin else "", quantity=quantity, value=value, currency=item.currency,
                )
            )  # fmt: skip
    return effects
