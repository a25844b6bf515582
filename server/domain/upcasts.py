"""What an app that was offline meanwhile wrote, read as what it meant. Kept for at least 180 days."""

from collections.abc import Callable
from typing import Any

from .errors import Waiting

SCHEMA = 1
"""The schema mutations are written with today."""

UPCASTS: dict[int, Callable[[str, dict[str, Any]], dict[str, Any]]] = {}
"""From each older schema to the next."""


def upcast(name: str, args: dict[str, Any], schema: int) -> dict[str, Any]:
    if schema > SCHEMA:
        raise Waiting("This app is newer than the server; it waits for the server's update.", subject=newer(schema))
    for step in range(schema, SCHEMA):
        args = UPCASTS[step](name, args)
    return args


def newer(schema: int) -> str:
    """What a mutation of a schema that this server does not know yet waits for."""
    return f"schema:{schema}"
