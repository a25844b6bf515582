"""Writes web/src/lib/protocol.ts: the wire, the commands and the documents of the feeds, as TypeScript.

python -m server.sync.typescript            writes it
python -m server.sync.typescript --check    fails when what is there is stale
"""

import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlmodel import SQLModel

from server.domain import commands, inspections, stock, tasks
from server.domain.documents import Photo
from server.domain.inspections import CheckResult

from . import protocol
from .shapes import SHAPES

TARGET = Path(__file__).resolve().parents[2] / "web" / "src" / "lib" / "protocol.ts"

CONSTANTS = ("PROTOCOL", "APP_SCHEMA", "MAX_MUTATIONS", "MAX_BODY", "MAX_MUTATION")

WIRE: tuple[type[msgspec.Struct], ...] = (
    protocol.MutationIn, protocol.Lost, protocol.DeviceState, protocol.PushRequest, protocol.Result, protocol.PushResponse,
    protocol.ChangeOut, protocol.PullResponse, protocol.OutboundWaybills,
    protocol.ParcelWaybills, protocol.WaybillPage, protocol.Poke,
)  # fmt: skip

VOCABULARY: dict[str, tuple[str, ...]] = {
    "ReturnStatus": (
        "draft", "submitted", "rejected", "approved", "receiving", "inspecting", "disposing", "completed", "on_hold", "cancelled",
    ),
    "ReturnOrigin": ("filed", "without_order", "unclaimed", "imported"),
    "ParcelState": ("signed", "opened", "done", "unclaimed", "claimed", "refused"),
    "DispositionState": ("proposed", "decided", "posted", "void"),
    "ContainerKind": ("tote", "pallet", "sticker"),
    "ConflictState": ("open", "assigned", "resolved", "dismissed", "auto_resolved"),
    "StockStatus": (*stock.STATUSES, *stock.OUTSIDE),
    "ZoneKind": (
        "dock", "quarantine", "unclaimed", "exception", "sellable", "defective", "repair", "scrap", "vendor", "hazard",
    ),
    "DispositionKind": ("restock", "repair", "scrap", "exchange", "return_to_vendor", "return_to_customer"),
    "Verdict": get_args(inspections.Verdict),
    "Grade": get_args(inspections.Grade),
    "Check": get_args(inspections.Check),
    "Finding": get_args(inspections.Finding),
    "PhotoKind": ("label", "outer", "defect", "whole"),
    "TaskKind": get_args(tasks.TaskKind),
    "TaskState": ("open", "done", "withdrawn"),
    "TaskOutcome": get_args(tasks.TaskOutcome),
    "Level": ("each", "inner", "case", "pallet"),
}  # fmt: skip
"""What a text column may say, so that a screen that forgets a state does not compile."""

SHARED = """\
export interface Accessory { code: string; name: string; name_en: string }
export interface Step {
  code: string; check: Check; kind: 'tick' | 'choice' | 'number' | 'photo'; name: string; name_en: string
  choices?: string[]; minimum?: number; maximum?: number; required?: boolean
}
export interface ReferencePicture { sha256: string; kind: 'right' | 'wrong'; name: string; name_en: string }
export interface Policy {
  required_documents: string[]; required_checks: Check[]; default_disposition: DispositionKind | ''
  allowed_dispositions: DispositionKind[]; scrap_limit: number; auto_approve_limit: number
}
"""

COLUMNS: dict[str, str] = {
    "return_order.status": "ReturnStatus",
    "return_order.held_status": "ReturnStatus | ''",
    "return_order.origin": "ReturnOrigin",
    "parcel.state": "ParcelState",
    "parcel.order_ids": "string[]",
    "parcel.photos": "Photo[]",
    "container.kind": "ContainerKind",
    "return_line.serials": "string[]",
    "outbound_line.serials": "string[]",
    "standard.pictures": "ReferencePicture[]",
    "inspection.verdict": "Verdict",
    "inspection.grade": "Grade",
    "inspection.checks": "CheckResult[]",
    "inspection.photos": "Photo[]",
    "inspection.steps": "{ code: string; value: string }[]",
    "disposition.kind": "DispositionKind",
    "disposition.state": "DispositionState",
    "stock_balance.status": "StockStatus",
    "conflict.state": "ConflictState",
    "reply.photos": "Photo[]",
    "task.kind": "TaskKind",
    "task.state": "TaskState",
    "task.outcome": "TaskOutcome | ''",
    "task.photos": "Photo[]",
    "zone.kind": "ZoneKind",
    "bin.kind": "ZoneKind",
    "barcode.level": "Level",
    "item.accessories": "Accessory[]",
    "item.steps": "Step[]",
    "return_type.policy": "Policy",
    "defect_code.check": "Check",
    "carrier.prefixes": "string[]",
    "site.book": "'own' | 'hand_over'",
}
"""The columns of documents that say more than their Python type does."""


class Document(NamedTuple):
    kind: str
    model: type[SQLModel]
    fields: tuple[str, ...]


def typescript(named: Mapping[str, type[msgspec.Struct]], device: Iterable[str], documents: Iterable[Document]) -> str:
    """The whole file. `named` are all commands by name, `device` the names a handheld may send."""
    documents = list(documents)
    parts = ["// Written by server/sync/typescript.py from the structs of the server. Do not edit.\n"]
    parts += [f"export const {name} = {getattr(protocol, name)}" for name in CONSTANTS]
    parts.append(f"export type Status = {text_of(protocol.Status)}")
    parts += [f"export type {name} = {_union(values)}" for name, values in VOCABULARY.items()]
    parts.append("\n" + SHARED)
    parts += [_arguments(struct, struct.__name__) for struct in (CheckResult, Photo)]
    parts.append("// The wire\n")
    parts += [_wire(struct) for struct in WIRE]
    parts.append("// The documents of the feeds\n")
    parts += [_document(one) for one in documents]
    parts.append(
        "export interface Documents {\n" + "".join(f"  {one.kind}: {one.model.__name__}\n" for one in documents) + "}\n"
        "export type Kind = keyof Documents\n"
    )
    parts.append("// The commands, each with what it is told\n")
    parts += [_arguments(struct, struct.__name__) for struct in _nested(named.values())]
    parts.append(
        "export interface Commands {\n"
        + "".join(f"  {name}: {struct.__name__}\n" for name, struct in named.items())
        + "}\n"
        "export type CommandName = keyof Commands\n\n"
        "/** What a handheld may record, with or without network. */\n"
        "export const DEVICE_COMMANDS = [\n" + "".join(f"  '{name}',\n" for name in device) + "] as const\n"
        "export type DeviceCommand = (typeof DEVICE_COMMANDS)[number]\n"
    )
    return "\n".join(parts)


def _nested(structs: Iterable[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """These and what their fields are made of, each once, the parts first."""
    found: dict[type[msgspec.Struct], None] = {}

    def take(struct: type[msgspec.Struct]) -> None:
        for hint in get_type_hints(struct).values():
            for part in (hint, *get_args(hint)):
                if isinstance(part, type) and issubclass(part, msgspec.Struct) and part not in (CheckResult, Photo):
                    take(part)
        found[struct] = None

    for struct in structs:
        take(struct)
    return list(found)


def parts_of(structs: Sequence[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """What the fields of these are made of, and not these themselves."""
    found: list[type[msgspec.Struct]] = [*_nested(structs), CheckResult, Photo]
    return [struct for struct in found if struct not in structs]


def _arguments(struct: type[msgspec.Struct], name: str) -> str:
    """What a caller gives: fields with a default may be left out."""
    lines = [
        f"  {field.encode_name}{'' if field.required else '?'}: {text_of(field.type)}\n"
        for field in msgspec.structs.fields(struct)
    ]
    return f"{_comment(struct)}export interface {name} {{\n{''.join(lines)}}}\n"


def _wire(struct: type[msgspec.Struct]) -> str:
    """What arrives may lack fields only where the struct leaves out its defaults; what is sent may always lack them."""
    sent = struct.__struct_config__.forbid_unknown_fields
    optional = sent or struct.__struct_config__.omit_defaults
    lines = [
        f"  {field.encode_name}{'?' if optional and not field.required else ''}: {text_of(field.type)}\n"
        for field in msgspec.structs.fields(struct)
    ]
    return f"{_comment(struct)}export interface {struct.__name__} {{\n{''.join(lines)}}}\n"


def _document(one: Document) -> str:
    hints = get_type_hints(one.model)
    lines = [f"  {name}: {COLUMNS.get(f'{one.kind}.{name}') or text_of(hints[name])}\n" for name in one.fields]
    return f"export interface {one.model.__name__} {{\n{''.join(lines)}}}\n"


def _comment(struct: type[msgspec.Struct]) -> str:
    own = struct.__dict__.get("__doc__") or ""
    first = own.strip().split("\n")[0]
    return f"/** {first} */\n" if first and not first.startswith(struct.__name__ + "(") else ""


def _union(values: Iterable[Any]) -> str:
    return " | ".join(f"'{value}'" for value in values)


_PLAIN: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    Any: "unknown",
}


def text_of(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return text_of(arguments[0])
    if origin is Literal:
        return _union(arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(text_of(part) for part in arguments)
    if origin is list:
        inner = text_of(arguments[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {text_of(arguments[1])}>"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise TypeError(f"No TypeScript for {hint}")


def current() -> str:
    return typescript(
        {name: entry.struct for name, entry in commands.COMMANDS.items()},
        [name for name, entry in commands.COMMANDS.items() if entry.device],
        [Document(shape.kind, shape.model, shape.fields) for shape in SHAPES.values()],
    )


if __name__ == "__main__":
    text = current()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text() != text:
            sys.exit("web/src/lib/protocol.ts is stale: run python -m server.sync.typescript")
    else:
        TARGET.write_text(text)
