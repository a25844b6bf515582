"""Every list as a file: `POST /api/exports/returns?status=…&format=xlsx` asks it as its page does, and tells how far it is."""

import inspect
from typing import Annotated, Any, Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import File, Stream

from ..exports import exporting
from ..exports.columns import COLUMNS
from ..exports.files import MEDIA_TYPES
from .desk import MISSING, READS, REFUSALS, Read, asked_for
from .doors import get, post
from .identity import Desk
from .telling import NDJSON, Tell, telling

HOW: dict[str, tuple[Any, Any]] = {
    "format": (Literal["csv", "xlsx"], "csv"),
    "language": (Literal["zh-CN", "en"], "zh-CN"),
    "time_zone": (str, "UTC"),
    "title": (str, "Restow"),
    "columns": (str, ""),
}
"""What an export asks besides what its list does."""


def name_of(path: str) -> str:
    return path.removeprefix("/api/").replace("/", "-")


def exporting_of(read: Read) -> Any:
    """A POST handler with the parameters of the list's function, and how it is to be written."""
    listed = [
        parameter for parameter in list(inspect.signature(read.run).parameters.values())[1:]
        if parameter.name not in ("cursor", "limit")
    ]  # fmt: skip

    async def handler(desk: Desk, **given: Any) -> Stream:
        named = {name.removeprefix("asked_"): value for name, value in given.items()}
        how = {name: named.pop(f"as_{name}") for name in HOW}

        def run(tell: Tell) -> Any:
            return exporting.export(
                desk.database, desk.actor, desk.config.exports_dir, read.path, read.run, named, **how,
                progress=lambda done, total: tell({"rows": done, "of": total}),
            )  # fmt: skip

        return await telling(run)

    parameters = [
        inspect.Parameter("desk", inspect.Parameter.KEYWORD_ONLY, annotation=NamedDependency[Desk]),
        *(asked_for(parameter) for parameter in listed),
        *(
            inspect.Parameter(f"as_{name}", inspect.Parameter.KEYWORD_ONLY, default=default,
                              annotation=Annotated[kind, QueryParameter(name=name)])
            for name, (kind, default) in HOW.items()
        ),
    ]  # fmt: skip
    handler.__signature__ = inspect.Signature(parameters, return_annotation=Stream)  # type: ignore[attr-defined]
    handler.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": Stream}
    handler.__name__ = handler.__qualname__ = f"export_{name_of(read.path).replace('-', '_')}"
    handler.__doc__ = (
        "The list as its page asks it, written to a file. Lines {rows, of}, then {done: {token, name, rows}}."
    )
    return post(
        f"/api/exports/{name_of(read.path)}", tags=["exports"], status_code=200, media_type=NDJSON, responses=REFUSALS,
        sent_as_it_is=True,
    )(handler)  # fmt: skip


@get("/api/exports/files/{token:str}", tags=["exports"], responses=REFUSALS | MISSING, sent_as_it_is=True)
def exported_file(
    desk: NamedDependency[Desk], token: FromPath[str], name: Annotated[str, QueryParameter()] = "Restow"
) -> Response[Any]:
    """The file, for whoever asked for it and for an hour."""
    place = exporting.file_of(desk.config.exports_dir, desk.actor, token)
    media_type = MEDIA_TYPES[place.suffix[1:]]
    return File(place, filename=name[:120], media_type=media_type, content_disposition_type="attachment")


HANDLERS = [*(exporting_of(read) for read in READS if read.path in COLUMNS), exported_file]
