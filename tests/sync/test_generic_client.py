"""A client that knows documents and the table of editable nouns, and nothing else of the trade, works against this server."""

from typing import Any

import pytest

from server.database import Database
from server.domain.ids import uuid7
from server.domain.nouns import NOUNS
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.sync.protocol import PROTOCOL
from server.sync.shapes import SHAPES
from tests.cast import SITE, Desk
from tests.conftest import ON_BOTH, Clock
from tests.doors import Browser, Doors

pytestmark = ON_BOTH
KINDS = pytest.mark.parametrize("kind", NOUNS)
WORDS = {"type_code": "customer"}
"""What this client fills in by itself where the table names no other document: one value that the server has."""


class Generic:
    """Speaks HTTP alone. What it may write it reads in /sync/v1/schemas; what there is, in the feeds."""

    def __init__(self, door: Browser, device: str, person: str) -> None:
        self.door, self.device, self.person = door, device, person
        self.nouns: dict[str, Any] = door.get("/sync/v1/schemas").json()["nouns"]
        self.documents: dict[str, dict[str, Any]] = {}
        self.cursors: dict[str, str] = {}
        self.epoch, self.seq = "", 0
        self.waiting: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.pull()

    def create(self, kind: str) -> str:
        """A document with every field that may be given; what it refers to is made first where there is none."""
        create, id = self.nouns[kind]["create"], uuid7()
        values = {name: self._value(name, field) for name, field in create["set"]["properties"].items()}
        self._record(create["name"], {"kind": kind, "id": id, "set": values})
        return id

    def edit(self, kind: str, id: str, **values: Any) -> None:
        shown = self.documents[kind][id]
        was = {name: shown[name] for name in values}
        self._record(self.nouns[kind]["edit"]["name"], {"kind": kind, "id": id, "set": values, "was": was})

    def remove(self, kind: str, id: str) -> None:
        remove, shown = self.nouns[kind]["remove"], self.documents[kind][id]
        reason = {"reason": "not needed"} if remove["reason_required"] else {}
        was = {name: shown[name] for name in remove["was"]["properties"] if name in shown}
        self._record(remove["name"], {"kind": kind, "id": id, "was": was, **reason})

    def editable(self, kind: str) -> list[str]:
        return [
            name
            for name, field in self.nouns[kind]["edit"]["set"]["properties"].items()
            if "x-of" not in field and name not in WORDS
        ]

    def sync(self) -> list[str]:
        body = {
            "protocol": PROTOCOL,
            "epoch": self.epoch,
            "device": self.device,
            "app_schema": 1,
            "mutations": self.waiting,
        }
        answer = self.door.post("/sync/v1/push", body)
        assert answer.status_code == 200, answer.text
        self.waiting = []
        self.pull()
        self.results = answer.json()["results"]
        return [result["status"] for result in self.results]

    def pull(self) -> None:
        feeds = self.door.get("/sync/v1/feeds").json()
        self.epoch = feeds["epoch"]
        for feed in feeds["feeds"]:
            more = True
            while more:
                page = self.door.get(f"/sync/v1/pull/{feed}", cursor=self.cursors.get(feed, "")).json()
                for change in page["changes"]:
                    known = self.documents.setdefault(change["kind"], {})
                    if change.get("op", "put") == "put":
                        known[change["key"]] = change["value"]
                    else:
                        known.pop(change["key"], None)
                self.cursors[feed], more = page["cursor"], page["more"]

    def other(self, kind: str, id: str, name: str) -> Any:
        """Another value than the one shown."""
        shown = self.documents[kind][id][name]
        return [*shown, "more"] if isinstance(shown, list) else shown + (1 if isinstance(shown, int) else " and more")

    def _record(self, name: str, args: dict[str, Any]) -> None:
        self.seq += 1
        self.waiting.append(
            {"seq": self.seq, "id": uuid7(), "name": name, "by": self.person, "site": SITE, "args": args, "made_at": 0}
        )

    def _value(self, name: str, field: dict[str, Any]) -> Any:
        if kind := field.get("x-of"):
            if kind in self.nouns:
                return self.create(kind)
            return next(iter(self.documents.get(kind, {})), "")
        plain: dict[str, Any] = {"string": f"my {name}", "integer": 3, "array": ["one", "two"]}
        return WORDS.get(name, plain[field["type"]])


@pytest.fixture
def one(doors: Doors, clock: Clock) -> Generic:
    return Generic(doors.device("A1"), "device-A1", "sam")


@pytest.fixture
def two(doors: Doors) -> Generic:
    return Generic(doors.device("B1"), "device-B1", "sam")


@KINDS
def test_it_creates_edits_and_removes_every_noun(kind: str, one: Generic, two: Generic) -> None:
    id = one.create(kind)
    assert set(one.sync()) == {"applied"}
    two.pull()
    assert two.documents[kind][id] == one.documents[kind][id]

    for name in one.editable(kind):
        wanted = one.other(kind, id, name)
        one.edit(kind, id, **{name: wanted})
        assert one.sync() == ["applied"], name
        assert one.documents[kind][id][name] == wanted, name

    one.remove(kind, id)
    assert one.sync() == ["applied"]
    shown = one.documents[kind].get(id)
    assert shown is None or shown["status"] == "cancelled"


@KINDS
def test_two_of_them_merge_what_is_disjoint_and_are_told_of_what_is_not(kind: str, one: Generic, two: Generic) -> None:
    id = one.create(kind)
    one.sync()
    two.pull()
    first, second = one.editable(kind)[:2]
    mine, theirs, late = one.other(kind, id, first), two.other(kind, id, second), two.other(kind, id, first)

    one.edit(kind, id, **{first: mine})
    two.edit(kind, id, **{second: theirs})
    assert (one.sync(), two.sync()) == (["applied"], ["applied"])
    assert (two.documents[kind][id][first], two.documents[kind][id][second]) == (mine, theirs)

    one.pull()
    late = [*late, "too"] if isinstance(late, list) else late + (7 if isinstance(late, int) else " too")
    one.edit(kind, id, **{first: one.other(kind, id, first)})
    two.edit(kind, id, **{first: late})
    assert (one.sync(), two.sync()) == (["applied"], ["conflict"])
    cases = [case for case in two.documents["conflict"].values() if case["rule"] == "X14"]
    assert [(case["subject_id"], case["field"]) for case in cases] == [(id, first)]


@KINDS
def test_what_somebody_changed_is_not_removed_unseen(kind: str, one: Generic, two: Generic) -> None:
    id = one.create(kind)
    one.sync()
    two.pull()
    one.edit(kind, id, note="look at this first")
    two.remove(kind, id)
    assert (one.sync(), two.sync()) == (["applied"], ["conflict"])
    shown = two.documents[kind][id]
    assert shown["note"] == "look at this first"
    assert shown.get("status", "draft") == "draft"
    assert {case["rule"] for case in two.documents["conflict"].values()} == {"X11"}


@pytest.mark.parametrize("option", ["keep_deleted", "restore"])
def test_a_supervisor_decides_whether_a_changed_return_is_cancelled(
    option: str, one: Generic, two: Generic, desk: Desk
) -> None:
    id = one.create("return_order")
    one.sync()
    two.pull()
    one.edit("return_order", id, note="look at this first")
    two.remove("return_order", id)
    one.sync()
    two.sync()
    (case,) = two.documents["conflict"].values()
    desk("sam", "resolve_conflict", conflict_id=case["id"], option=option)
    two.pull()
    assert two.documents["return_order"][id]["status"] == ("cancelled" if option == "keep_deleted" else "draft")
    assert two.documents["return_order"][id]["note"] == "look at this first"


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"kind": "parcel", "id": "x", "set": {}}, "parcel"),
        ({"kind": "return_order", "id": "x", "set": {"status": "approved"}}, "status"),
        ({"kind": "return_order", "id": "x", "set": {"number": "N", "site_id": SITE}}, "type_code"),
        ({"kind": "return_order", "id": "x", "set": {"number": 7, "site_id": SITE, "type_code": "customer"}}, "number"),
        ({"kind": "return_line", "id": "x", "set": {"order_id": "y", "item_id": "kettle", "expected": -1}}, "expected"),
        ({"kind": "return_line", "id": "x", "set": {"serials": [1]}}, "serials"),
    ],
)
def test_what_the_table_does_not_have_is_refused_with_the_field_named(
    args: dict[str, Any], field: str, one: Generic, database: Database
) -> None:
    one._record("create_record", args)
    before = one.documents.get("return_order", {}).copy()
    assert one.sync() == ["rejected"]
    assert (one.results[0]["code"], field in one.results[0]["detail"]) == ("invalid", True)
    assert one.documents.get("return_order", {}) == before
    with database.read(SYSTEM) as work:
        assert work.get(Mutation, one.results[0]["id"]).body["args"] == args  # the whole content is kept


def test_whatever_can_be_edited_is_shown(one: Generic) -> None:
    for kind, noun in NOUNS.items():
        assert {name for name, column in noun.columns.items() if column.editable} <= set(SHAPES[kind].fields)
