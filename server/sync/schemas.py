"""The wire as JSON Schema (2020-12), made from the very structs that decode it: for clients in any language."""

from typing import Any

import msgspec

from server.domain.commands import COMMANDS
from server.domain.nouns import NOUNS, Column, Noun

from .protocol import APP_SCHEMA, PROTOCOL, Poke, PullResponse, PushRequest, PushResponse, WaybillPage


def schemas() -> dict[str, Any]:
    """{protocol, app_schema, messages: {name: schema}, mutations: {name: {policy, args: schema}}, nouns: {kind: …}, $defs}"""
    messages = (PushRequest, PushResponse, PullResponse, WaybillPage, Poke)
    sent = {name: entry for name, entry in COMMANDS.items() if entry.device}
    made, definitions = msgspec.json.schema_components(
        [*messages, *(entry.struct for entry in sent.values())], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "protocol": PROTOCOL,
        "app_schema": APP_SCHEMA,
        "messages": {message.__name__: schema for message, schema in zip(messages, made, strict=False)},
        "mutations": {
            name: {"policy": entry.policy, "args": schema}
            for (name, entry), schema in zip(sent.items(), made[len(messages) :], strict=True)
        },
        "nouns": {kind: _noun(noun) for kind, noun in NOUNS.items()},
        "$defs": definitions,
    }


JSON_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    list: {"type": "array", "items": {"type": "string"}},
}


def _noun(noun: Noun) -> dict[str, Any]:
    """All a client must know that only knows documents: which mutation does what, and what `set` may hold."""
    changing = {name: column for name, column in noun.columns.items() if column.editable}
    required = [name for name, column in noun.columns.items() if column.required]
    return {
        "create": {"name": "create_record", "set": {**_values(noun.columns), "required": required}},
        "edit": {"name": "edit_record", "set": _values(changing), "was": _values(changing)},
        "remove": {"name": "remove_record", "was": _values(changing), "reason_required": noun.reason},
    }


def _values(columns: dict[str, Column]) -> dict[str, Any]:
    """`x-of` names the kind of document whose key a field holds."""
    properties = {
        name: JSON_TYPES[column.type] | ({"x-of": column.of} if column.of else {}) for name, column in columns.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}
