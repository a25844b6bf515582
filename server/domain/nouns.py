"""The editable nouns 可编辑单据 in one shape: create {kind, id, set}, edit {kind, id, set, was}, remove {kind, id, was}.

A client that only knows documents needs this table and nothing else of the trade. What it sends does what the nouns' own commands do.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from . import edits, returns
from .errors import Invalid
from .model import Command, Outcome
from .work import Work


class CreateRecord(Command, frozen=True):
    """A new document of this kind. `id` is made by whoever makes it; `set` names its first values."""

    kind: str
    id: str
    set: dict[str, Any]


class EditRecord(Command, frozen=True):
    """Three-way merged per field: `set` the new values, `was` the values this person saw."""

    kind: str
    id: str
    set: dict[str, Any]
    was: dict[str, Any] = {}


class RemoveRecord(Command, frozen=True):
    """`was`: the values this person saw. What others have changed since is not removed unseen (X11)."""

    kind: str
    id: str
    was: dict[str, Any] = {}
    reason: str = ""


class Column(NamedTuple):
    """`type`: str, int or list (of text). `of`: the kind of document whose key it holds.

    What no feed shows cannot be edited by somebody who only knows documents.
    """

    type: type
    required: bool = False
    editable: bool = True
    of: str = ""


class Noun(NamedTuple):
    """`reason`: removing one needs a reason."""

    columns: dict[str, Column]
    create: Callable[[Work, str, dict[str, Any]], Outcome | None]
    edit: Callable[[Work, EditRecord], Outcome | None]
    remove: Callable[[Work, RemoveRecord], Outcome | None]
    reason: bool = False


def create_record(work: Work, command: CreateRecord) -> Outcome | None:
    noun = _noun(command.kind)
    for name, value in command.set.items():
        column = noun.columns.get(name)
        if column is None:
            raise Invalid(f"The field {name} cannot be given.", field=f"set.{name}")
        edits.check(name, value, column.type)
    for name, column in noun.columns.items():
        if column.required and not command.set.get(name):
            raise Invalid(f"The field {name} is needed.", field=f"set.{name}")
    return noun.create(work, command.id, command.set)


def edit_record(work: Work, command: EditRecord) -> Outcome | None:
    noun = _noun(command.kind)
    for name in command.set:
        if name not in noun.columns or not noun.columns[name].editable:
            raise Invalid(f"The field {name} cannot be edited.", field=f"set.{name}")
    return noun.edit(work, command)


def remove_record(work: Work, command: RemoveRecord) -> Outcome | None:
    return _noun(command.kind).remove(work, command)


def _noun(kind: str) -> Noun:
    if kind not in NOUNS:
        raise Invalid(f"Documents of the kind {kind} are not edited like this.", field="kind")
    return NOUNS[kind]


def _create_order(work: Work, id: str, set: dict[str, Any]) -> Outcome | None:
    return returns.create_return(work, returns.CreateReturn(order_id=id, **set))


def _edit_order(work: Work, command: EditRecord) -> Outcome | None:
    return returns.edit_return(work, returns.EditReturn(id=command.id, set=command.set, was=command.was))


def _remove_order(work: Work, command: RemoveRecord) -> Outcome | None:
    return returns.cancel_return(
        work, returns.CancelReturn(order_id=command.id, reason=command.reason, was=command.was)
    )


def _create_line(work: Work, id: str, set: dict[str, Any]) -> Outcome | None:
    drafted = {"quantity" if name == "expected" else name: value for name, value in set.items() if name != "order_id"}
    line = returns.LineDraft(line_id=id, **drafted)
    return returns.add_return_line(work, returns.AddReturnLine(order_id=set["order_id"], line=line))


def _edit_line(work: Work, command: EditRecord) -> Outcome | None:
    return returns.edit_return_line(work, returns.EditReturnLine(id=command.id, set=command.set, was=command.was))


def _remove_line(work: Work, command: RemoveRecord) -> Outcome | None:
    return returns.remove_return_line(work, returns.RemoveReturnLine(line_id=command.id, was=command.was))


def _columns(table: str, **fixed: Column) -> dict[str, Column]:
    """What can be edited, and what only its maker says: `fixed` adds to the former, or says more of it."""
    return {name: Column(type) for name, type in edits.EDITABLE[table].items()} | fixed


NOUNS: dict[str, Noun] = {
    "return_order": Noun(
        _columns(
            "ReturnOrder",
            number=Column(str, required=True, editable=False),
            site_id=Column(str, required=True, editable=False, of="site"),
            customer_id=Column(str, of="customer"),
            owner_id=Column(str, of="owner"),
            type_code=Column(str, required=True),
        ),
        _create_order, _edit_order, _remove_order, reason=True,
    ),
    "return_line": Noun(
        _columns(
            "ReturnLine",
            order_id=Column(str, required=True, editable=False, of="return_order"),
            item_id=Column(str, required=True, of="item"),
            outbound_line_id=Column(str, of="outbound_line"),
            expected=Column(int, required=True),
            unit_amount=Column(int, editable=False),
        ),
        _create_line, _edit_line, _remove_line,
    ),
}  # fmt: skip
"""kind → what may be said of it. A new editable noun is one entry here."""
