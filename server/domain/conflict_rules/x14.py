"""X14: the same plain field was changed on both sides to different values. Found by the three-way merge in `edits.py`."""

from typing import TYPE_CHECKING, Any

from .. import conflicts, edits, returns
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def take_device(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    _write(work, case, breaches[-1].values[0]["device"])


def enter_value(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    if command.value is None:
        raise Invalid("Enter the value to keep.", field="value")
    _write(work, case, command.value)


def standing(work: Work, case: "Conflict") -> Any:
    return getattr(work.look(_model(case), case.subject_id), case.field, None)


def passes(work: Work, case: "Conflict") -> str:
    last = conflicts.last_values(work, case)
    return "Both sides have the same value now." if last and last[0]["device"] == standing(work, case) else ""


def _write(work: Work, case: "Conflict", value: Any) -> None:
    edits.write_field(work, work.get(_model(case), case.subject_id), case.field, value)


def _model(case: "Conflict") -> type[Any]:
    return returns.ReturnOrder if case.subject_kind == "ReturnOrder" else returns.ReturnLine


RULE = Rule(
    id="X14",
    severity="advisory",
    options={
        "keep_server": Option(nothing),
        "take_device": Option(take_device),
        "enter_value": Option(enter_value, takes="text", begins_with=standing),
    },
    suggested="keep_server",
    why="The desk's value is the newer one everybody else has already seen.",
    locks="ReturnOrder, ReturnLine",
    passes=passes,
    weighs=lambda case: "blocking" if case.subject_kind == "ReturnLine" else "advisory",
)
