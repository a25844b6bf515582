"""Writes docs/sync-reference.md: every message, mutation, noun, document and conflict rule, from the code that decides.

python -m server.sync.reference            writes it
python -m server.sync.reference --check    fails when what is there is stale
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from server.domain.commands import COMMANDS
from server.domain.conflict_rules import RULES
from server.domain.nouns import NOUNS

from . import typescript
from .shapes import CATALOGUE, SHAPES

TARGET = Path(__file__).resolve().parents[2] / "docs" / "sync-reference.md"

BEGINS = """\
# Sync reference

Written by `python -m server.sync.reference` from the structs and tables of the server; do not edit. What it all means is told in
[sync-protocol.md](sync-protocol.md). The same as JSON Schema: `GET /sync/v1/schemas`. A field with a default may be left out.
"""

POLICIES = {
    "Adds": "a fact: never refused for what became of the world meanwhile",
    "Edits": "`{id, set, was}`, merged field by field",
    "Decides": "a transition: already so is nothing, not possible from here is refused",
}


def reference() -> str:
    parts = (BEGINS, *_messages(), *_mutations(), *_nouns(), *_documents(), *_words(), *_rules())
    return "\n".join(part for part in parts if part)


def _messages() -> Iterator[str]:
    yield "## Messages\n"
    for struct in typescript.WIRE:
        yield f"### `{struct.__name__}`\n"
        yield _about(struct)
        yield _fields(struct)


def _mutations() -> Iterator[str]:
    sent = {name: entry for name, entry in COMMANDS.items() if entry.device}
    yield "## Mutations\n"
    yield "What a device may send. " + " ".join(f"`{name}`: {meaning}." for name, meaning in POLICIES.items()) + "\n"
    for name, entry in sent.items():
        yield f"### `{name}` ({entry.policy})\n"
        yield _about(entry.struct)
        yield _fields(entry.struct)
    yield "## Parts of mutations\n"
    whole = [entry.struct for entry in sent.values()]
    for struct in typescript.parts_of(whole):
        yield f"### `{struct.__name__}`\n"
        yield _about(struct)
        yield _fields(struct)


def _nouns() -> Iterator[str]:
    yield "## Editable nouns\n"
    yield (
        "`create_record {kind, id, set}`, `edit_record {kind, id, set, was}` and `remove_record {kind, id, was, reason}` work on these "
        "kinds of documents.\n"
    )
    for kind, noun in NOUNS.items():
        yield f"### `{kind}`\n"
        if noun.reason:
            yield "Removing one needs a reason.\n"
        yield _table(
            ("field", "type", "needed to create", "can be edited", "key of"),
            (
                (f"`{name}`", {str: "string", int: "number", list: "string[]"}[column.type], _yes(column.required),
                 _yes(column.editable), f"`{column.of}`" if column.of else "")
                for name, column in noun.columns.items()
            ),
        )  # fmt: skip


def _documents() -> Iterator[str]:
    yield "## Documents of the feeds\n"
    yield f"`{CATALOGUE}` is read by every device; the others are rows of the device's own `site:…`.\n"
    for kind, shape in SHAPES.items():
        hints = get_type_hints(shape.model)
        where = CATALOGUE if shape.feed(_Nowhere()) == CATALOGUE else "site"
        yield f"### `{kind}` ({where})\n"
        types = (
            (f"`{name}`", f"`{_text(typescript.COLUMNS.get(f'{kind}.{name}') or typescript.text_of(hints[name]))}`")
            for name in shape.fields
        )
        yield _table(("field", "type"), types)


def _words() -> Iterator[str]:
    yield "## Words\n"
    yield "What the text fields above may say.\n"
    yield _table(
        ("type", "one of"),
        ((f"`{name}`", ", ".join(f"`{word}`" for word in words)) for name, words in typescript.VOCABULARY.items()),
    )


def _rules() -> Iterator[str]:
    yield "## Conflict rules\n"
    rows = (
        (rule.id, f"{rule.severity}, or by the case" if rule.weighs else rule.severity,
         ", ".join(f"**{name}**" if name == rule.suggested else name for name in rule.options), rule.why)
        for rule in sorted(RULES.values(), key=lambda each: int(each.id[1:]))
    )  # fmt: skip
    yield "The option in bold is suggested; the last column says why.\n"
    yield _table(("rule", "severity", "options", "why"), rows)


class _Nowhere:
    """A row of no site: what is in a feed all the same is in the catalogue."""

    def __getattr__(self, name: str) -> Any:
        return ""


def _about(struct: type[msgspec.Struct]) -> str:
    own = (struct.__dict__.get("__doc__") or "").strip()
    return "" if not own or own.startswith(f"{struct.__name__}(") else f"{' '.join(own.split())}\n"


def _fields(struct: type[msgspec.Struct]) -> str:
    fields = msgspec.structs.fields(struct)
    if not fields:
        return "Nothing.\n"
    return _table(("field", "type", "default"), ((f"`{field.encode_name}`", f"`{_text(typescript.text_of(field.type))}`", _default(field))
                                                 for field in fields))  # fmt: skip


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    given = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"`{msgspec.json.encode(given).decode()}`"


def _text(value: str) -> str:
    return value.replace("|", "\\|")


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit("docs/sync-reference.md is stale: run python -m server.sync.reference")
    else:
        TARGET.write_text(text, encoding="utf-8")
