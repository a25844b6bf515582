"""Judges, afterwards, what happened between devices and servers: what the devices wrote down against what the books hold.

It knows neither the server's code nor how the history came about, only what a device may rely on. `check` names every breach:

lost            acknowledged, or delivered at last, and not in the books; or answered one thing and kept as another
doubled         one scan counted twice or not at all, one number or one mutation answered twice as if it were new
out of order    a device's mutations took effect, or are numbered, in another order than they were made
went back       sent after another's answer had been read, and standing before it in the feed
missed          a device that read to a revision does not have what the feed held up to there, or has something else
ran ahead       a page said that this much of the device's work was in it, and it was not
gaps            a feed whose revisions are not 1, 2, 3 … each given once
books           counters and balances that are not what was scanned, and what the ledger says
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from server.database import Database

Row = tuple[str, str]
COUNTED = ("applied", "merged", "conflict")
"""What becomes of a scan that was counted."""


class Made(NamedTuple):
    """What a person did on a device, before anybody heard of it."""

    device: str
    seq: int
    id: str
    name: str
    line: str = ""
    quantity: int = 0


class Result(NamedTuple):
    seq: int
    id: str
    status: str
    dup: bool = False


class Answer(NamedTuple):
    """A push that was answered: when it was sent and when the answer had been read, by one clock for all."""

    device: str
    sent: float
    read: float
    results: tuple[Result, ...]


class Page(NamedTuple):
    """A page of a pull, stored with its cursor. `changes`: (kind, key) → document, None where it left the feed."""

    device: str
    feed: str
    revision: int
    changes: dict[Row, Any]
    more: bool = False
    reset: bool = False
    last_seq: int = 0


class History(NamedTuple):
    """What the devices wrote down. `pages` of one device in the order in which it stored them."""

    made: list[Made]
    answers: list[Answer]
    pages: list[Page]

    @classmethod
    def fresh(cls) -> "History":
        return cls([], [], [])


class Kept(NamedTuple):
    """A mutation in the books."""

    device: str
    seq: int
    status: str


class Told(NamedTuple):
    """An event in the books."""

    feed: str
    revision: int
    kind: str
    mutation: str


class Books(NamedTuple):
    """What the server has in the end."""

    mutations: dict[str, Kept]
    counters: dict[str, int]
    heads: dict[str, int]
    changes: dict[str, list[tuple[int, Row, Any]]]
    told: list[Told]
    entries: list[tuple[str, str, str, int]]  # (mutation, cause, balance, quantity)
    balances: dict[str, int]
    received: dict[str, int]


class Breach(NamedTuple):
    kind: str
    said: str


def check(history: History, books: Books, *, drained: bool = True) -> list[Breach]:
    """`drained`: everything that was made has been delivered by now."""
    return [
        Breach(judge.__name__.strip("_").replace("_", " "), said)
        for judge in (lost, doubled, out_of_order, went_back, missed, ran_ahead, gaps, in_the_books)
        for said in (judge(history, books, drained) if judge is lost else judge(history, books))  # type: ignore[operator]
    ]


def lost(history: History, books: Books, drained: bool) -> Iterator[str]:
    told: dict[str, str] = {}
    for answer in history.answers:
        for result in answer.results:
            before = told.get(result.id)
            if before not in (None, "held", result.status):
                yield f"{result.id} was answered {before}, then {result.status}"
            told[result.id] = result.status
    for id, status in told.items():
        kept = books.mutations.get(id)
        if kept is None:
            yield f"{id} was acknowledged as {status} and is not there"
        elif status != "held" and kept.status != status:
            yield f"{id} was acknowledged as {status} and is kept as {kept.status}"
    for made in history.made:
        if drained and made.id not in books.mutations:
            yield f"{made.name} {made.id}, number {made.seq} of {made.device}, never came"


def doubled(history: History, books: Books) -> Iterator[str]:
    new = Counter(result.id for answer in history.answers for result in answer.results if not result.dup)
    for id, times in new.items():
        if times > 1:
            yield f"{id} was answered {times} times as if it had come for the first time"
    for place, times in Counter((kept.device, kept.seq) for kept in books.mutations.values()).items():
        if times > 1:
            yield f"{times} mutations have number {place[1]} of {place[0]}"
    came: dict[str, list[int]] = defaultdict(list)
    for mutation, cause, _, quantity in books.entries:
        if cause == "receive":
            came[mutation].append(quantity)
    for made in history.made:
        kept = books.mutations.get(made.id)
        if made.name == "scan_item" and kept is not None:
            counted = made.quantity if kept.status in COUNTED else 0
            if sorted(came.pop(made.id, [])) != ([-counted, counted] if counted else []):
                yield f"the scan {made.id} of {counted} did not move goods exactly once"
    for mutation in came:
        yield f"goods came by {mutation}, which nobody scanned"


def out_of_order(history: History, books: Books) -> Iterator[str]:
    number = {made.id: (made.device, made.seq) for made in history.made}
    for id, kept in books.mutations.items():
        if id in number and number[id] != (kept.device, kept.seq):
            yield f"{id} was number {number[id][1]} of {number[id][0]} and is kept as {kept.seq} of {kept.device}"
    for device, count in books.counters.items():
        numbers = sorted(kept.seq for kept in books.mutations.values() if kept.device == device)
        if sorted(set(numbers)) != list(range(1, count + 1)):
            yield f"{device} counts to {count} and has {len(numbers)} mutations there"
    heard: dict[tuple[str, str], int] = {}
    for told in _at_once(books):
        kept = books.mutations[told.mutation]
        if heard.get((told.feed, kept.device), 0) > kept.seq:
            yield f"number {kept.seq} of {kept.device} took effect after number {heard[told.feed, kept.device]}"
        heard[told.feed, kept.device] = kept.seq


def went_back(history: History, books: Books) -> Iterator[str]:
    first: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    for told in _at_once(books):
        first.setdefault((told.feed, told.mutation), told.revision)
        last[told.feed, told.mutation] = told.revision
    for feed in books.heads:
        known = sorted(
            (answer.read, last[feed, result.id])
            for answer in history.answers
            for result in answer.results
            if (feed, result.id) in last
        )
        sent = sorted(
            (answer.sent, first[feed, result.id], result.id)
            for answer in history.answers
            for result in answer.results
            if not result.dup and (feed, result.id) in first
        )
        at, highest = 0, 0
        for began, revision, id in sent:
            while at < len(known) and known[at][0] < began:
                highest, at = max(highest, known[at][1]), at + 1
            if revision < highest:
                yield f"{id} stands at {revision} of {feed}, and was sent when {highest} had been answered"


def missed(history: History, books: Books) -> Iterator[str]:
    readers: dict[tuple[str, str], _Reader] = {}
    for page in history.pages:
        reader = readers.setdefault((page.device, page.feed), _Reader(books.changes.get(page.feed, [])))
        yield from (f"{page.device} at {page.revision} of {page.feed}: {said}" for said in reader.read(page))


class _Reader:
    """A device's copy of a feed beside what the feed's own changes come to."""

    def __init__(self, changes: list[tuple[int, Row, Any]]) -> None:
        self.changes, self.at = changes, 0
        self.has: dict[Row, Any] = {}
        self.due: dict[Row, Any] = {}
        self.unsure: set[Row] = set()

    def read(self, page: Page) -> Iterator[str]:
        if page.reset:
            self.unsure |= self.has.keys()
            self.has.clear()
        for row, value in page.changes.items():
            self.unsure.add(row)
            if value is None:
                self.has.pop(row, None)
            else:
                self.has[row] = value
        if page.more:
            return
        if self.at and page.revision < self.changes[self.at - 1][0]:
            yield "the feed went back"
            return
        while self.at < len(self.changes) and self.changes[self.at][0] <= page.revision:
            _, row, value = self.changes[self.at]
            self.at += 1
            self.unsure.add(row)
            if value is None:
                self.due.pop(row, None)
            else:
                self.due[row] = value
        for row in self.unsure:
            has, due = self.has.get(row), self.due.get(row)
            if has != due:
                yield f"{' '.join(row)} {'is still there' if due is None else 'is not there' if has is None else 'is another'}"
        self.unsure.clear()


def ran_ahead(history: History, books: Books) -> Iterator[str]:
    done: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)  # (feed, device) → (number, revision)
    for told in _at_once(books):
        kept = books.mutations[told.mutation]
        done[told.feed, kept.device].append((kept.seq, told.revision))
    for page in history.pages:
        if not page.more:
            late = [
                seq
                for seq, revision in done[page.feed, page.device]
                if revision > page.revision and seq <= page.last_seq
            ]
            if late:
                yield f"{page.device} was told at {page.revision} that {page.last_seq} is in, and {late[0]} came later"


def gaps(history: History, books: Books) -> Iterator[str]:
    for feed, head in books.heads.items():
        given = [revision for revision, _, _ in books.changes.get(feed, [])]
        given += [told.revision for told in books.told if told.feed == feed]
        if sorted(given) != list(range(1, head + 1)):
            yield f"{feed} ends at {head} and has {len(given)} revisions, {len(set(given))} of them different"


def in_the_books(history: History, books: Books) -> Iterator[str]:
    scanned: Counter[str] = Counter()
    for made in history.made:
        if made.name == "scan_item" and (kept := books.mutations.get(made.id)) and kept.status in COUNTED:
            scanned[made.line] += made.quantity
    for line, count in books.received.items():
        if count != scanned[line]:
            yield f"line {line} counts {count}, and {scanned[line]} were scanned"
    sums: Counter[str] = Counter()
    for _, _, balance, quantity in books.entries:
        sums[balance] += quantity
    for balance in sums.keys() | books.balances.keys():
        if sums[balance] != books.balances.get(balance):
            yield f"balance {balance} is {books.balances.get(balance)}, and its entries come to {sums[balance]}"
    if sum(sums.values()):
        yield f"goods appeared from nowhere: everything comes to {sum(sums.values())}"


def _at_once(books: Books) -> Iterator[Told]:
    """What devices' mutations did when they came, in the feeds' order; not what they did later, having waited."""
    waited = {told.mutation for told in books.told if told.kind in ("MutationHeld", "MutationForced")}
    for told in sorted(books.told, key=lambda told: told.revision):
        if told.mutation not in waited and told.mutation in books.mutations:
            yield told


def books_of(database: Database) -> Books:
    """Everything at one moment, by plain SQL: not a line of the product's own reading."""
    with database.engine.connect() as connection:

        def rows(sql: str) -> list[Any]:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

        changes: dict[str, list[tuple[int, Row, Any]]] = defaultdict(list)
        for feed, revision, payload in rows("SELECT feed, revision, payload FROM change ORDER BY feed, revision"):
            change = msgspec.json.decode(bytes(payload))
            changes[feed].append((revision, (change["kind"], change["key"]), change.get("value")))
        return Books(
            mutations={
                id: Kept(device, seq, status)
                for id, device, seq, status in rows(
                    "SELECT id, device_id, seq, status FROM mutation WHERE device_id <> ''"
                )
            },
            counters=dict(rows("SELECT id, last_seq FROM device")),
            heads=dict(rows("SELECT name, revision FROM feed")),
            changes=dict(changes),
            told=[Told(*row) for row in rows("SELECT feed, revision, kind, mutation_id FROM eventrow")],
            entries=rows("SELECT mutation_id, cause, balance_id, quantity FROM stockentry"),
            balances=dict(rows("SELECT id, quantity FROM stockbalance")),
            received=dict(rows("SELECT id, received FROM returnline")),
        )
