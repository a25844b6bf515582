"""Files of other systems: the file's own bytes as the body, looked at, rehearsed or taken in."""

from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from ..domain.errors import Invalid
from ..importers import taking
from ..importers.kinds import KINDS
from ..importers.sheet import MAX_BYTES
from .desk import REFUSALS
from .doors import get, post
from .identity import Desk
from .telling import NDJSON, Tell, telling


class KindOf(msgspec.Struct):
    """A kind of file. `sited`: it belongs to one site. An address with a file to begin with: its header and nothing else."""

    name: str
    sited: bool
    fields: list[taking.FieldOf]


class Kinds(msgspec.Struct):
    rows: list[KindOf]


@get("/api/import-kinds", tags=["imports"], responses=REFUSALS)
def import_kinds(desk: NamedDependency[Desk]) -> Kinds:
    """What can be taken in, and the columns of each."""
    with desk.read() as work:
        work.allow("import")
    return Kinds([KindOf(kind.name, kind.sited, taking.fields_of(kind)) for kind in KINDS.values()])


@post(
    "/api/imports/{kind:str}", tags=["imports"], status_code=200, media_type=NDJSON, responses=REFUSALS,
    request_max_body_size=MAX_BYTES, sent_as_it_is=True,
)  # fmt: skip
async def import_file(
    request: Request[Any, Any, Any],
    desk: NamedDependency[Desk],
    kind: FromPath[str],
    name: Annotated[str, QueryParameter()] = "",
    site: Annotated[str, QueryParameter()] = "",
    sheet: Annotated[str, QueryParameter()] = "",
    columns: Annotated[str, QueryParameter()] = "",
    take: Annotated[bool, QueryParameter()] = False,
) -> Stream:
    """A dry run, unless `take`. `columns`: JSON of field → column, or text that every row says; not given, they are guessed.

    Lines {step, rows, of}, then {done: …} with what every row became and what was refused, by row, column and reason.
    """
    data = await request.body()
    try:
        chosen = msgspec.json.decode(columns, type=taking.Columns) if columns else None
    except msgspec.DecodeError:
        raise Invalid("The columns are JSON: a field's name, and the number of its column.", field="columns") from None

    def run(tell: Tell) -> taking.Taken:
        return taking.look(
            desk.database, desk.actor, kind, data, file_name=name, site_id=site, sheet=sheet, columns=chosen, take=take,
            progress=lambda step, done, total: tell({"step": step, "rows": done, "of": total}) if done else None,
        )  # fmt: skip

    return await telling(run)


HANDLERS = [import_kinds, import_file]
