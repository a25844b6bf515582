"""What a resolution would do, before the click: the resolution itself is run and taken back, and what it changed is told.

Run inside `Database.rehearse`; there is no second description of any resolution.
"""

from typing import Any

import msgspec

from . import conflicts, dispositions, documents, edits, records, returns, stock, tasks
from .catalog import Bin, Item
from .commands import execute
from .conflict_rules import RULES
from .errors import Refusal
from .model import Table
from .work import Work


class StockEffect(msgspec.Struct, frozen=True, kw_only=True):
    """`quantity` units of an item come to (or leave, below zero) this status and bin; `value` at frozen cost, minor units."""

    item_id: str
    sku: str
    name: str
    name_en: str
    status: str
    bin: str
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


SHOWN: dict[type[Table], tuple[str, ...]] = {
    returns.ReturnOrder: ("number", "status", "authorised", "origin", "revision", *edits.EDITABLE["ReturnOrder"]),
    returns.ReturnLine: ("received", "inspected", "disposed", "closed", "removed", *edits.EDITABLE["ReturnLine"]),
    documents.OutboundLine: ("returned", "claimed"),
    dispositions.Disposition: ("kind", "state", "quantity"),
    records.Mutation: ("status",),
    tasks.Task: ("kind",),
}
"""What a supervisor is shown of what changes. Goods are told from the ledger."""


def previews(work: Work, conflict_id: str, option: str = "", value: Any = None) -> list[Preview]:
    """One for each option, in the order of the rule, or for the one that is named. An option that takes a value is tried with
    `value`, else with the one it begins with."""
    case = work.get(conflicts.Conflict, conflict_id)
    work.allow("resolve", case.site_id)
    return [_preview(work, conflict_id, name, value) for name in RULES[case.rule].options if option in ("", name)]


def takes(option: str) -> str:
    """What kind of value an option of this name takes, whatever its rule."""
    return next((rule.options[option].takes for rule in RULES.values() if option in rule.options), "")


def _preview(work: Work, conflict_id: str, name: str, value: Any) -> Preview:
    case = work.get(conflicts.Conflict, conflict_id)
    option = RULES[case.rule].options[name]
    begins = option.begins_with(work, case)
    given = begins if value is None else _like(begins, value)
    work.because_of(f"preview:{name}")
    try:
        with work.savepoint():
            execute(
                work, "resolve_conflict",
                conflicts.ResolveConflict(conflict_id=conflict_id, option=name, value=given, note="preview"),
            )  # fmt: skip
            raise _Enough(_moved(work), _seen(work))
    except _Enough as enough:
        return Preview(option=name, value=given, stock=enough.stock, fields=_changed(work, enough.after))
    except Refusal as refusal:
        return Preview(option=name, value=given, refused=refusal.sentence)


def _like(begins: Any, value: Any) -> Any:
    """An address carries text only: a number's digits, and the parts of a list, are of the kind the value begins with."""
    if isinstance(begins, int) and isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    if isinstance(begins, list) and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


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
        total[1] += entry.quantity * entry.unit_cost
    effects = []
    for (item_id, status, bin_id), (quantity, value) in sorted(sums.items()):
        item, bin = work.look(Item, item_id), work.look(Bin, bin_id)
        if quantity and item:
            effects.append(
                StockEffect(
                    item_id=item.id, sku=item.sku, name=item.name, name_en=item.name_en, status=status,
                    bin=bin.code if bin else "", quantity=quantity, value=value, currency=item.currency,
                )
            )  # fmt: skip
    return effects
