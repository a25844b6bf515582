"""The wire between a handheld and the server, version 1. Knows no tables.

`sync/typescript.py` writes these structs to `web/src/lib/protocol.ts`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from server.domain.upcasts import SCHEMA

PROTOCOL = 1
APP_SCHEMA = SCHEMA
"""The schema mutations are written with today. Older ones are upcast (`domain/upcasts.py`)."""

MAX_MUTATIONS = 500
MAX_BODY = 8 * 1024 * 1024
MAX_MUTATION = 64 * 1024

LATEST = 253_402_300_799_999
"""The last moment of the year 9999: a clock that says a later one is as wrong, and no calendar is asked for it."""

Number = Annotated[int, Meta(ge=1, le=2**53)]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Id = Annotated[str, Meta(min_length=1, max_length=100)]

Status = Literal["applied", "merged", "noop", "conflict", "held", "rejected", "deferred"]


class MutationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a person did. `args` is validated per mutation, so that a malformed one is rejected alone."""

    seq: Number
    id: Id
    name: str
    by: str
    site: str
    schema: Number = APP_SCHEMA
    epoch: str = ""
    base: int = 0
    """The revision of the site's feed this person saw."""
    args: dict[str, Any]
    made_at: int


class Lost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers this device gave out and no longer has. Advances its counter and raises an alert."""

    first: Number
    last: Number


class DeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device says of itself, shown on the fleet page."""

    pending: Whole = 0
    pending_photos: Whole = 0
    oldest_pending_at: Whole = 0
    app_version: str = ""
    clock: Whole = 0
    storage: dict[str, Any] = {}
    """{used, quota} in bytes, {persisted}"""
    pack_at: Whole = 0
    """When the feeds were last shown whole here."""
    battery: Whole = -1
    """Percent; -1: the browser does not tell."""


class PushRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    protocol: int
    epoch: str
    device: str
    app_schema: int
    mutations: list[MutationIn]
    lost: Lost | None = None
    state: DeviceState | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    seq: int
    id: str
    status: Status
    dup: bool = False
    revision: int = 0
    conflict: str = ""
    code: str = ""
    detail: str = ""
    retry_after: int = 0


class PushResponse(msgspec.Struct, frozen=True, kw_only=True):
    epoch: str
    device_last_seq: int
    heads: dict[str, int]
    server_time: int
    results: list[Result]


class ChangeOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a feed. op: put (value is the whole document) | drop (it left the feed) | gone (reserved)."""

    kind: str
    key: str
    op: Literal["put", "drop", "gone"] = "put"
    value: Any = None


class PullResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a feed. `more`: ask again with `cursor`. `reset`: the cursor is not known here; load beside and swap whole.

    `device_last_seq` is read in the same database snapshot as `changes`.
    """

    epoch: str
    feed: str
    cursor: str
    revision: int
    more: bool
    reset: bool
    device_last_seq: int
    changes: list[ChangeOut]


class OutboundWaybills(msgspec.Struct, kw_only=True):
    """Columns of one table: the n-th waybill left with the order of the n-th number, on the n-th day since 1970-01-01."""

    waybill: list[str] = []
    number: list[str] = []
    day: list[int] = []


class ParcelWaybills(msgspec.Struct, kw_only=True):
    """The same for parcels that came back: the carrier's code ('' unknown) and the day they were signed for."""

    waybill: list[str] = []
    carrier: list[str] = []
    day: list[int] = []


class WaybillPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a site's waybills. The same number again replaces what came before; days before `since` may be forgotten.

    `more` and `reset` as in a pull.
    """

    epoch: str
    cursor: str
    revision: int
    more: bool
    reset: bool
    since: int
    outbound: OutboundWaybills
    parcels: ParcelWaybills


class Poke(msgspec.Struct, frozen=True, kw_only=True):
    """Server-sent event `poke`: these feeds have moved to these revisions."""

    heads: dict[str, int]
