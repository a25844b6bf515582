"""What deciding needs beyond a command: what each option would do, and events that were set aside."""

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ..domain import parked, previews
from ..domain.conflicts import Conflict
from ..domain.reads.rows import plain
from .answers import Done, Parked, Previews
from .desk import MISSING, REFUSALS, site_of
from .doors import get, post
from .identity import Desk


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


HANDLERS = [preview_options, parked_events, try_again]
