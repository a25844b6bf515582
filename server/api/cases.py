"""What deciding needs beyond a command: what each option would do, and events that were set aside."""

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ..domain import parked, previews
from ..domain.conflicts import Conflict
from ..domain.errors import Invalid
from ..domain.previews import GroupPreview, Preview
from ..domain.reads.rows import plain
from .answers import Done, Parked, Previews
from .desk import MISSING, REFUSALS, site_of
from .doors import get, post
from .identity import Desk

MOST_AT_ONCE = 100


@get("/api/conflicts/{id:str}/previews", tags=["conflicts"], responses=REFUSALS | MISSING)
def preview_options(
    desk: NamedDependency[Desk], id: FromPath[str], option: FromQuery[str] = "", value: FromQuery[str] = ""
) -> Previews:
    """The effect of each option (or the one named, with a value of its kind) on stock and records, as it would be now. Nothing
    is kept."""
    site_of(desk, Conflict, id)
    given = (
        int(value) if value.isdecimal() and len(value) < 10 and previews.takes(option) == "quantity" else value or None
    )
    return Previews(rows=desk.database.rehearse(desk.actor, lambda work: previews.previews(work, id, option, given)))


@get("/api/conflicts/{id:str}/restoration", tags=["conflicts"], responses=REFUSALS | MISSING)
def preview_putting_back(desk: NamedDependency[Desk], id: FromPath[str], lost: FromQuery[str]) -> Preview:
    """The effect of putting back what a decision set aside (the `key` of one of the conflict's `lost`). Nothing is kept."""
    site_of(desk, Conflict, id)
    return desk.database.rehearse(desk.actor, lambda work: previews.of_putting_back(work, id, lost))


@get("/api/conflict-previews", tags=["conflicts"], responses=REFUSALS | MISSING)
def preview_group(desk: NamedDependency[Desk], ids: FromQuery[str], option: FromQuery[str]) -> GroupPreview:
    """The effect of one option on several conflicts of one rule, taken one after the other; `ids` are separated by commas. Nothing
    is kept."""
    given = [id for id in ids.split(",") if id]
    if not 0 < len(given) <= MOST_AT_ONCE:
        raise Invalid(f"Name 1 to {MOST_AT_ONCE} conflicts.", field="ids", limit=MOST_AT_ONCE)
    for id in given:
        site_of(desk, Conflict, id)
    return desk.database.rehearse(desk.actor, lambda work: previews.of_group(work, given, option))


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


HANDLERS = [preview_options, preview_putting_back, preview_group, parked_events, try_again]
