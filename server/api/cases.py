"""Deciding, one way for all that waits: what happened, what each way would do, and the decision; and events that were set aside."""

from typing import Any

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from ..domain import decisions, parked, previews, reads
from ..domain.conflicts import Conflict
from ..domain.decisions import Chosen, Decide
from ..domain.demotions import DemoteRule
from ..domain.errors import Invalid
from ..domain.previews import GroupPreview, Preview
from ..domain.reads.rows import plain
from .answers import Decision, Done, Parked, Previews
from .desk import CLASH, MISSING, REFUSALS, carry_out, site_of
from .doors import get, post
from .identity import Desk

MOST_AT_ONCE = 100


class Several(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    decisions: list[Chosen]


@get("/api/decisions/{kind:str}/{id:str}", tags=["to do"], responses=REFUSALS | MISSING)
def read_decision(desk: NamedDependency[Desk], kind: FromPath[str], id: FromPath[str]) -> Decision:
    """Whatever waits (review, conflict, alert, unclaimed, disposition, difference, task): what happened, and the ways out."""
    with desk.read() as work:
        return reads.decisions.decision(work, kind, id)  # type: ignore[return-value]


@get("/api/decisions/{kind:str}/{id:str}/previews", tags=["to do"], responses=REFUSALS | MISSING)
def preview_decision(
    desk: NamedDependency[Desk], kind: FromPath[str], id: FromPath[str], option: FromQuery[str] = "", value: FromQuery[str] = ""
) -> Previews:  # fmt: skip
    """The effect of each way (or the one named, with a value, as JSON) on stock and records, as it would be now; a way that this
    person cannot take is refused in it. Nothing is kept."""
    with desk.read() as work:
        reads.decisions.waiting(work, kind, id)
    given = _json(value)
    return Previews(
        rows=desk.database.rehearse(desk.actor, lambda work: decisions.previews(work, kind, id, option, given))
    )


@post("/api/decisions/{kind:str}/{id:str}", tags=["to do"], status_code=200, responses=REFUSALS | MISSING | CLASH)
def decide(desk: NamedDependency[Desk], kind: FromPath[str], id: FromPath[str], data: JSONBody[Decide]) -> Done:
    """Takes one of its ways: the command that it names, refused where somebody was first or its effect is another by now."""
    with desk.read() as work:
        site_id = reads.decisions.waiting(work, kind, id).site_id
    outcome = desk.write(lambda work: decisions.decide(work, kind, id, data, key=desk.key, site_id=site_id))
    return Done(status=outcome.status, conflict_id=outcome.conflict_id, detail=outcome.detail)


@post("/api/decision-previews", tags=["to do"], status_code=200, responses=REFUSALS | MISSING)
def preview_several(desk: NamedDependency[Desk], data: JSONBody[Several]) -> GroupPreview:
    """The effect of several decisions taken one after the other, of whatever kinds. Nothing is kept."""
    if not 0 < len(data.decisions) <= MOST_AT_ONCE:
        raise Invalid(f"Name 1 to {MOST_AT_ONCE} things to decide.", field="decisions", limit=MOST_AT_ONCE)
    with desk.read() as work:
        for one in data.decisions:
            reads.decisions.waiting(work, one.kind, one.id)
    return desk.database.rehearse(desk.actor, lambda work: decisions.of_group(work, data.decisions))


def _json(value: str) -> Any:
    try:
        return msgspec.json.decode(value) if value else None
    except msgspec.DecodeError:
        raise Invalid("A value is written as JSON.", field="value") from None


@get("/api/conflicts/{id:str}/restoration", tags=["conflicts"], responses=REFUSALS | MISSING)
def preview_putting_back(desk: NamedDependency[Desk], id: FromPath[str], lost: FromQuery[str]) -> Preview:
    """The effect of putting back what a decision set aside (the `key` of one of the conflict's `lost`). Nothing is kept."""
    site_of(desk, Conflict, id)
    return desk.database.rehearse(desk.actor, lambda work: previews.of_putting_back(work, id, lost))


@post("/api/demotions", tags=["conflicts"], status_code=200, responses=REFUSALS)
def demote_rule(desk: NamedDependency[Desk], data: JSONBody[DemoteRule]) -> Done:
    """What this rule only advises on at this site is kept, and no longer stands in To do. What holds goods back stands there still."""
    return carry_out(desk, "demote_rule", msgspec.to_builtins(data), data.site_id)


@get("/api/parked-events", tags=["operations"], responses=REFUSALS)
def parked_events(desk: NamedDependency[Desk]) -> Parked:
    """Events that a consumer failed on three times."""
    with desk.read() as work:
        return {"rows": [plain(event) for event in parked.parked(work)]}  # type: ignore[return-value]


@post("/api/parked-events/{id:str}/retry", tags=["operations"], status_code=200, responses=REFUSALS | MISSING)
def try_again(desk: NamedDependency[Desk], id: FromPath[str]) -> Done:
    """A worker tries it once more."""
    desk.write(lambda work: parked.ask_again(work, id))
    return Done(status="applied")


HANDLERS = [
    read_decision,
    preview_decision,
    decide,
    preview_several,
    preview_putting_back,
    demote_rule,
    parked_events,
    try_again,
]
