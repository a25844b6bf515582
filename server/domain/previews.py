"""What a resolution would do, before the click: the resolution itself is run and taken back, and what it changed is told.

Run inside `Database.rehearse`; there is no second description of any resolution.
"""

import msgspec

from . import conflicts, edits, returns, stock
from .catalog import Bin, Item
from .conflict_rules import RULES
from .errors import Refusal
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
    stock: list[StockEffect] = []
    fields: list[FieldEffect] = []
    refused: str = ""


SHOWN = {
    "ReturnOrder": ("status", "authorised", "origin", "revision"),
    "ReturnLine": ("received", "inspected", "disposed", "closed"),
}


def previews(work: Work, conflict_id: str) -> list[Preview]:
    """One for each option, in the order of the rule. An option that needs a value is tried with the one that stands."""
    case = work.get(conflicts.Conflict, conflict_id)
    work.allow("resolve", case.site_id)
    return [_preview(work, conflict_id, option) for option in RULES[case.rule].options]


def _preview(work: Work, conflict_id: str, option: str) -> Preview:
    case = work.get(conflicts.Conflict, conflict_id)
    before = _seen(work, case)
    work.because_of(f"preview:{option}")
    try:
        with work.savepoint():
            conflicts.resolve_conflict(
                work,
                conflicts.ResolveConflict(
                    conflict_id=conflict_id, option=option, value=_standing(work, case), note="preview"
                ),
            )
            work.flush()
            after = _seen(work, work.get(conflicts.Conflict, conflict_id))
            raise _Enough(
                Preview(
                    option=option,
                    stock=_moved(work),
                    fields=[
                        FieldEffect(kind=kind, id=id, field=field, before=before.get((kind, id, field), 0), after=value)
                        for (kind, id, field), value in after.items()
                        if before.get((kind, id, field)) != value
                    ],
                )
            )
    except _Enough as enough:
        return enough.preview
    except Refusal as refusal:
        return Preview(option=option, refused=refusal.sentence)


class _Enough(Exception):
    def __init__(self, preview: Preview) -> None:
        self.preview = preview


def _standing(work: Work, case: conflicts.Conflict) -> str | int | None:
    """The value the field has: what `enter_value` begins with."""
    if not case.field:
        return None
    record = work.look(
        returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine, case.subject_id
    )
    value: str | int | None = getattr(record, case.field, None)
    return value


def _seen(work: Work, case: conflicts.Conflict) -> dict[tuple[str, str, str], str | int | bool]:
    records: list[returns.ReturnOrder | returns.ReturnLine] = []
    if order := work.seek(returns.ReturnOrder, case.order_id):
        records = [order, *returns.lines_of(work, order.id)]
    found = {}
    for record in records:
        kind = type(record).__name__
        for field in (*SHOWN[kind], *edits.EDITABLE[kind]):
            value = getattr(record, field)
            if isinstance(value, str | int):
                found[kind, record.id, field] = value
    return found


def _moved(work: Work) -> list[StockEffect]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for entry in work.all(stock.StockEntry, mutation_id=work.cause):
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
