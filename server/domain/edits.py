"""Three-way merge of plain fields, for a desk and for a handheld that was away for days.

A field passes if the record still has the value the person saw (`was`), or if the last to write it was this device itself, on the
same `was` (a chain of its own edits). The same value on both sides is nothing. Anything else is a clash: conflict X14 keeps base,
server and device value, and only that field waits.
"""

from typing import TYPE_CHECKING, Any

from . import conflicts, returns
from .conflict_rules import x11
from .errors import Invalid, WrongState
from .events import ReturnEdited
from .model import Outcome
from .records import FieldWrite
from .work import Work

if TYPE_CHECKING:
    from .returns import ReturnLine, ReturnOrder

EDITABLE: dict[str, dict[str, type]] = {
    "ReturnOrder": {"customer_id": str, "type_code": str, "reason_code": str, "note": str, "owner_id": str},
    "ReturnLine": {
        "expected": int, "note": str, "lot": str, "unit_amount": int, "serials": list, "outbound_line_id": str, "item_id": str,
    },
}  # fmt: skip


def edit(
    work: Work,
    record: "ReturnOrder | ReturnLine",
    set: dict[str, Any],
    was: dict[str, Any],
    *,
    open_for_edits: bool,
    order: "ReturnOrder",
) -> Outcome | None:
    kind = type(record).__name__
    _checked(kind, set)
    struck = order.status == "cancelled" or getattr(record, "removed", False)
    if struck and work.device_id:
        return Outcome("conflict", conflict_id=x11.edited_after(work, record, order, set, was).id)
    if not open_for_edits or struck:
        if not work.device_id:
            raise WrongState("This return order is not a draft; amend it to change it.", status=order.status)
        values = [{"field": name, "base": was.get(name), "server": getattr(record, name), "device": value}
                  for name, value in set.items() if getattr(record, name) != value]  # fmt: skip
        if not values:
            return Outcome("noop")
        case = conflicts.open_case(
            work, "X4", order.site_id, (record.id,), order_id=order.id, subject_kind=kind, subject_id=record.id, values=values,
            facts={"status": order.status, "revision": order.revision},
        )  # fmt: skip
        return Outcome("conflict", conflict_id=case.id)

    written, clashes, joined = [], [], ""
    for name, value in set.items():
        there = getattr(record, name)
        key = f"{kind}:{record.id}:{name}"
        last = work.seek(FieldWrite, key)
        own_chain = _goes_on(work, last, was.get(name))
        seen = there == was[name] if name in was else _nobody_elses(work, last)
        disputed = work.device_id and work.seek(FieldWrite, f"{key}@{work.device_id}")
        if disputed and disputed.conflict_id and _goes_on(work, disputed, was.get(name)):
            clashes.append({"field": name, "base": was.get(name), "server": there, "device": value})
        elif there == value:
            continue
        elif seen or own_chain:
            _write(work, kind, record, name, value, was.get(name))
            written.append(name)
        else:
            clashes.append({"field": name, "base": was.get(name), "server": there, "device": value})

    if written:
        order.content += 1
        work.record(ReturnEdited(site_id=order.site_id, fields=written), order.id)
        returns.progress(work, order)
    for clash in clashes:
        case = conflicts.open_case(
            work, "X14", order.site_id, (record.id, clash["field"]), order_id=order.id, subject_kind=kind,
            subject_id=record.id, field=clash["field"], values=[clash],
        )  # fmt: skip
        joined = case.id
        _dispute(work, f"{kind}:{record.id}:{clash['field']}", clash, case.id)
    if clashes:
        return Outcome("conflict", conflict_id=joined)
    if not written:
        return Outcome("noop")
    return Outcome("merged") if len(written) < len(set) or _others_wrote(record, set, was) else None


def write_field(work: Work, record: Any, name: str, value: Any) -> None:
    """A resolution's value: checked like any edit, and remembered as the server's."""
    kind = type(record).__name__
    _checked(kind, {name: value})
    _write(work, kind, record, name, value, getattr(record, name))


def check(name: str, value: Any, expected: type) -> None:
    """Text, a number from 0 on, or a list of text."""
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if type(value) is not expected or (isinstance(value, int) and value < 0) or (expected is list and not texts):
        raise Invalid(f"The value of {name} is not valid.", field=name)


def _checked(kind: str, set: dict[str, Any]) -> None:
    if not set:
        raise Invalid("Nothing to change was given.", field="set")
    for name, value in set.items():
        expected = EDITABLE[kind].get(name)
        if expected is None:
            raise Invalid(f"The field {name} cannot be edited.", field=name)
        check(name, value, expected)


def _nobody_elses(work: Work, last: FieldWrite | None) -> bool:
    """A handheld that does not say what it saw writes over nobody's words but its own. A desk stands before the value it replaces."""
    return not work.device_id or last is None or last.device_id == work.device_id


def _goes_on(work: Work, last: FieldWrite | None, was: Any) -> bool:
    """Whether this device goes on from what it wrote itself, on the same base: nobody else's work is written over."""
    return last is not None and bool(work.device_id) and last.device_id == work.device_id and last.was == was


def _write(work: Work, kind: str, record: Any, name: str, value: Any, was: Any) -> None:
    setattr(record, name, value)
    _remember(work, f"{kind}:{record.id}:{name}", value, was)


def _dispute(work: Work, key: str, clash: dict[str, Any], conflict_id: str) -> None:
    """Whoever wrote last stays whoever wrote last; beside it stands what this device wanted, which waits for a decision."""
    last = work.seek(FieldWrite, key) or work.add(FieldWrite, id=key)
    last.conflict_id = conflict_id
    if work.device_id:
        _remember(work, f"{key}@{work.device_id}", clash["device"], clash["base"]).conflict_id = conflict_id


def _remember(work: Work, key: str, value: Any, was: Any) -> FieldWrite:
    last = work.seek(FieldWrite, key) or work.add(FieldWrite, id=key)
    last.mutation_id = work.cause
    last.device_id = work.device_id
    last.was = was
    last.value = value
    return last


def _others_wrote(record: Any, set: dict[str, Any], was: dict[str, Any]) -> bool:
    """Whether the record moved on in fields this edit did not touch: then two people's work was merged."""
    return any(name not in set and name in was and getattr(record, name) != was[name] for name in was)
