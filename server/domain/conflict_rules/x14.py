"""X14: the same plain field was changed on both sides to different values."""

from typing import TYPE_CHECKING, Any

from .. import edits, returns
from ..errors import Invalid
from ..work import Work
from .rule import Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, Occurrence, ResolveConflict


def take_device(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    _write(work, case, occurrence.values[0]["device"])


def enter_value(work: Work, case: "Conflict", occurrence: "Occurrence", command: "ResolveConflict") -> None:
    if command.value is None:
        raise Invalid("Enter the value to keep.", field="value")
    _write(work, case, command.value)


def _write(work: Work, case: "Conflict", value: Any) -> None:
    model = returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine
    edits.write_field(work, work.get(model, case.subject_id), case.field, value)


RULE = Rule(
    id="X14",
    blocking=False,
    options={
        "keep_server": Option(nothing),
        "take_device": Option(take_device),
        "enter_value": Option(enter_value),
    },
    suggested="keep_server",
    why="The desk's value is the newer one everybody else has already seen.",
)
