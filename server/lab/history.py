"""What happened, as far as it can be told from outside: what the handhelds sent and show, and what the server keeps."""

import json
from typing import Any

import msgspec
import sqlalchemy as sa

from server.database import Database
from server.domain.conflicts import Conflict
from server.domain.devices import Device
from server.domain.documents import Blob
from server.domain.ids import derived_id
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.stock import StockBalance, StockEntry
from server.sync.pull import pull
from server.sync.shapes import CATALOGUE, SHAPES, site_feed

from .plan import Plan
from .world import World

Documents = dict[str, str]
"""'kind key' → the document as canonical JSON: keys in order, no spaces."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation that a handheld recorded. `refused`: the plan knew that the server must refuse it."""

    device: str
    seq: int
    id: str
    name: str
    args: dict[str, Any]
    step: str = ""
    refused: bool = False


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    device: str
    seq: int
    id: str
    name: str
    args: dict[str, Any]
    status: str
    code: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    mutation_id: str
    move_id: str
    balance_id: str
    item_id: str
    status: str
    lot: str
    cause: str
    quantity: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    rule: str
    order_id: str
    state: str


class Provoked(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict the plan knew of, with the orders' ids."""

    rule: str
    orders: tuple[str, ...]
    story: str
    resolved: bool


class History(msgspec.Struct, kw_only=True):
    """`desk`: the ids of what was done at the desk. `codes`: unknown codes, and the item somebody said they are. `photos`: taken on
    handhelds, by hash; `blobs`: what the server has. `restarts`: of handhelds.

    `acknowledged`: what each handheld was told became of a mutation. `unanswered`: what a handheld still holds.

    `balances` holds those of `statuses` only; a server looked at from outside shows no others. `tables`: the feed's documents
    made anew from the database's tables; None where only the feed can be seen.
    """

    sent: list[Sent]
    acknowledged: dict[str, str]
    unanswered: dict[str, int]
    stored: list[Stored]
    views: dict[str, Documents]
    feed: Documents
    tables: Documents | None
    entries: list[Entry]
    balances: dict[str, int]
    statuses: tuple[str, ...]
    cases: list[Case]
    provoked: list[Provoked]
    desk: frozenset[str] = frozenset()
    codes: dict[str, str] = {}
    photos: list[str] = []
    blobs: frozenset[str]
    restarts: int = 0
    undone: list[str] = []
    """Steps of the plan that could not be carried out, and why."""
    rounds: int = 0


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def lay(documents: Documents, changes: list[dict[str, Any]]) -> None:
    """Lays a page of a feed over what is known."""
    for change in changes:
        name = f"{change['kind']} {change['key']}"
        if change.get("op", "put") == "put":
            documents[name] = canonical(change["value"])
        else:
            documents.pop(name, None)


class Kept(msgspec.Struct, kw_only=True):
    """The server's half of a history."""

    stored: list[Stored]
    feed: Documents
    tables: Documents | None
    entries: list[Entry]
    balances: dict[str, int]
    statuses: tuple[str, ...]
    cases: list[Case]
    blobs: frozenset[str]


def said_in(plan: Plan, world: World) -> dict[str, Any]:
    """What the plan knows of a history: what the desk did, what unknown codes are, which photos were taken."""
    named, codes, photos = world.named, {}, []
    unknown = {step.args["order_id"]: step.args["text"] for step in plan.steps if step.args.get("item_id") == ""}
    for step in plan.steps:
        if step.do == "map_barcode":
            codes[named(step.args["text"])] = named(step.args["item_id"])
        elif step.do == "resolve" and step.args["rule"] == "X8":
            codes[named(unknown[step.args["orders"][0]])] = named(step.args["value"])
        elif step.do == "photo":
            photos.append(named(step.args["name"]))
    desk = frozenset(
        derived_id("lab", world.run, step.id) for step in (*plan.steps, *plan.evening) if step.actor == "desk"
    )
    return {"desk": desk, "codes": codes, "photos": photos}


def kept_in(database: Database, site_id: str) -> Kept:
    """Everything, from the database itself, in one consistent look but for the feed, which is read as a new handheld would."""
    with database.read(SYSTEM) as work:
        stored = [
            Stored(device=each.device_id, seq=each.seq or 0, id=each.id, name=each.name, args=each.body["args"], status=each.status,
                   code=each.code)
            for each in work.find(Mutation, Mutation.device_id != "", order_by=(Mutation.device_id, Mutation.seq))
        ]  # fmt: skip
        entries = [
            Entry(**{name: getattr(each, name) for name in Entry.__struct_fields__})
            for each in work.find(StockEntry, StockEntry.site_id == site_id, order_by=StockEntry.id)
        ]
        balances = {each.id: each for each in work.find(StockBalance, StockBalance.site_id == site_id)}
        cases = [
            Case(id=each.id, rule=each.rule, order_id=each.order_id, state=each.state)
            for each in work.find(Conflict, Conflict.site_id == site_id, order_by=Conflict.id)
        ]
        tables: Documents = {}
        for shape in SHAPES.values():
            rows: Any = work.find(shape.model)
            for record in rows:
                if shape.feed(record) in (CATALOGUE, site_feed(site_id)) and shape.member(record):
                    value = {name: getattr(record, name) for name in shape.fields}
                    tables[f"{shape.kind} {record.id}"] = canonical(value)
        blobs = frozenset(each.id for each in work.find(Blob))
        statuses = tuple(sorted({each.status for each in balances.values()}))
        anybody = work.find(Device, Device.site_id == site_id, limit=1)[0]
    feed: Documents = {}
    for name in (CATALOGUE, site_feed(site_id)):
        cursor, more = "", True
        while more:
            page = msgspec.json.decode(pull(database, anybody, name, cursor))
            lay(feed, page["changes"])
            cursor, more = page["cursor"], page["more"]
    return Kept(
        stored=stored, feed=feed, tables=tables, entries=entries, cases=cases, statuses=statuses, blobs=blobs,
        balances={id: each.quantity for id, each in balances.items()},
    )  # fmt: skip


def settled(database: Database) -> bool:
    """Whether the workers have read everything that happened."""
    with database.engine.connect() as connection:
        behind = connection.execute(
            sa.text(
                "SELECT count(*) FROM consumer JOIN feed ON feed.name = consumer.feed WHERE consumer.position < feed.revision"
            )
        ).scalar()
    return not behind


def conflicts_of(documents: Documents, orders: set[str]) -> list[Case]:
    """The conflicts about these orders that a feed shows."""
    found = [json.loads(value) for name, value in sorted(documents.items()) if name.startswith("conflict ")]
    return [
        Case(id=each["id"], rule=each["rule"], order_id=each["order_id"], state=each["state"])
        for each in found
        if each["order_id"] in orders
    ]
