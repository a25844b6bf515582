"""The OpenAPI document as a page of our own: nothing from elsewhere, no inline script, so the same policy holds for it."""

from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath

from ..domain.errors import NotFound
from ..sync.protocol import PushRequest
from .doors import get

FOLDER = Path(__file__).with_name("docs")
FILES = {"index.html": "text/html", "docs.js": "text/javascript",
         "docs.css": "text/css"}  # fmt: skip


def _name_of(handler: Any, method: Any, components: list[Any]) -> str:
    """`get_api_returns_order_id`: by method and path, which no two doors share."""
    parts = [part if isinstance(part, str) else part.name for part in components]
    return "_".join([str(method.value).lower(), *(part.replace("-", "_").replace(".", "_") for part in parts)])


class Document(JsonRenderPlugin):
    """With what a handheld pushes, which its handler reads itself and Litestar therefore does not see."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        (push,), parts = msgspec.json.schema_components([PushRequest], ref_template="#/components/schemas/{name}")
        schemas = openapi_schema["components"]["schemas"] | parts
        operation = openapi_schema["paths"]["/sync/v1/push"]["post"]
        body = {"requestBody": {"required": True, "content": {"application/json": {"schema": push}}}}
        paths = openapi_schema["paths"] | {"/sync/v1/push": {"post": operation | body}}
        return msgspec.json.encode(
            openapi_schema | {"paths": paths, "components": openapi_schema["components"] | {"schemas": schemas}}
        )


CONFIG = OpenAPIConfig(
    title="Restow",
    version="1",
    description=(
        "Takes returned goods back into the warehouse. People sign in with POST /api/session and are known by a cookie; handhelds "
        "carry the token of their enrolment. Writes are JSON; an Idempotency-Key (a UUID) makes sending twice safe. Every refusal "
        "is application/problem+json with a code."
    ),
    path="/api/openapi.json",  # a folder to Litestar, which would answer for every unknown name in it
    render_plugins=[Document(path="/")],
    use_handler_docstrings=True,
    operation_id_creator=_name_of,
)


@get("/api/docs", include_in_schema=False)
def page() -> Response[bytes]:
    return _file("index.html")


@get("/api/docs/{name:str}", include_in_schema=False)
def part(name: FromPath[str]) -> Response[bytes]:
    return _file(name)


def _file(name: str) -> Response[bytes]:
    if name not in FILES:
        raise NotFound("There is nothing at this address.")
    return Response((FOLDER / name).read_bytes(), media_type=FILES[name], headers={"Cache-Control": "no-cache"})


HANDLERS = [page, part]
