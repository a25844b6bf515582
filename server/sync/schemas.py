"""The wire as JSON Schema (2020-12), made from the very structs that decode it: for clients in any language."""

from typing import Any

import msgspec

from server.domain.commands import COMMANDS

from .protocol import APP_SCHEMA, PROTOCOL, Poke, PullResponse, PushRequest, PushResponse


def schemas() -> dict[str, Any]:
    """{protocol, app_schema, messages: {name: schema}, mutations: {name: {policy, args: schema}}, $defs}"""
    messages = (PushRequest, PushResponse, PullResponse, Poke)
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
        "$defs": definitions,
    }
