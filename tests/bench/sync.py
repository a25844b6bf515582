"""How fast the conversation with handhelds is, with the whole domain in the way, printed as one table.

    python -m tests.bench.sync                                   everything, on SQLite
    python -m tests.bench.sync push pull                         some parts of it
    python -m tests.bench.sync --on postgresql                   the same, with one and with two web processes
    python -m tests.bench.sync --quick                           a tenth of it, to see whether it runs

Times differ from machine to machine and from minute to minute; what is compared is measured in turns in the same run. The floor of a push is the very rows it wrote, inserted bare by the driver's executemany into empty tables of
the same schema, one commit a batch, as durable (synchronous=FULL); the floor of a pull is joining the stored bytes.
"""

import argparse
import gc
import gzip
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from server.database import Database
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.sync import pull as pulling
from server.sync import waybills
from server.sync.protocol import PushRequest
from server.sync.pull import pull
from server.sync.push import push
from server.sync.shapes import BY_MODEL
from tests import postgresql

from .served import Client, all_at_once, serving
from .shift import SITE, batches, device_id, history, of_a_shift, seed, ship, stock_the_catalogue

WRITTEN = (
    "receipt",
    "inspection",
    "returnorder",
    "returnline",
    "stockentry",
    "stockbalance",
    "mutation",
    "change",
    "eventrow",
)
DAY = 86_400_000
CLIENTS = (1, 8, 50)


class Place(NamedTuple):
    """Where it is measured: how to come by an empty database, and with how many web processes it is served."""

    name: str
    empty: Callable[[], str]
    folder: Path
    processes: int
    scale: int

    def database(self, *, bare: bool = False) -> Database:
        database = Database(self.empty(), BY_MODEL)
        database.create()
        if not bare:
            database.write(SYSTEM, seed)
        return database


class Measured:
    """Times what is done inside, again and again."""

    def __init__(self) -> None:
        self._took: list[float] = []
        self.processor = 0.0

    def __enter__(self) -> None:
        self._began, self._spent = time.perf_counter(), time.thread_time()

    def __exit__(self, *_: object) -> None:
        self._took.append(time.perf_counter() - self._began)
        self.processor += time.thread_time() - self._spent

    @property
    def median(self) -> float:
        return sorted(self._took)[len(self._took) // 2]


Row = tuple[str, str, str]
"""What was measured, the figure, and what it was to be ('' where it only tells)."""


def in_process(place: Place) -> Iterator[Row]:
    """Batches of 100 against the floor, batch by batch in turns: what else the machine does meets both alike."""
    sent = batches(of_a_shift(5_000 // place.scale), 100)
    rehearsal, database, floor = place.database(), place.database(), place.database(bare=True)
    _pushed(rehearsal, sent)
    rows = _written(rehearsal.engine.url)
    pushing, inserting = Measured(), Measured()
    with _driver(floor.engine.url) as driver:
        for at, request in enumerate(sent):
            with pushing:
                _pushed(database, [request])
            with inserting:
                _insert(driver, rows, at, len(sent))
    for each in (rehearsal, database, floor):
        each.close()
    yield (
        "push, batches of 100, in process",
        f"{100 / pushing.median:,.0f} mutations/s, {inserting.median / pushing.median:.2f} of bare inserts "
        f"({inserting.processor / pushing.processor:.2f} in processor time alone)",
        "≥ 0.25",
    )


def memory(place: Place) -> Iterator[Row]:
    """What a process holds after many batches, against what it held after the first of them."""
    database = place.database()
    sent = batches(of_a_shift(20_000 // place.scale), 100)
    warm = len(sent) // 4
    _pushed(database, sent[:warm])
    before = _resident()
    _pushed(database, sent[warm:])
    after = _resident()
    database.close()
    yield f"memory after {warm} batches, and after {len(sent)}", f"{before:.0f} MB, {after:.0f} MB", "flat"


def over_http(place: Place) -> Iterator[Row]:
    """Batches of 10 from 1, 8 and 50 handhelds at once, each waiting for its answer before it sends the next."""
    for clients in CLIENTS:
        each = max(3, 600 // clients // place.scale)
        best: tuple[float, ...] = (float("inf"),) * 3
        for _ in range(3):
            database = place.database()
            requests = [
                [msgspec.json.encode(request) for request in batches(of_a_shift(each * 10), 10, device=n)] for n in range(clients)
            ]  # fmt: skip
            with serving(_text(database), place.folder, place.processes) as port:
                took, whole = all_at_once(port, requests)
            database.close()
            took.sort()
            found = (whole / len(took), 1000 * took[len(took) // 2], 1000 * took[len(took) * 99 // 100])
            best = min(best, found)
        yield (
            f"push over HTTP, batches of 10, {clients} handhelds",
            f"p50 {best[1]:.0f} ms, p99 {best[2]:.0f} ms, {10 / best[0]:,.0f} mutations/s",
            "no collapse at 50" if clients == 50 else "",
        )


def drain(place: Place) -> Iterator[Row]:
    """A handheld that was away three days: its 10,000 mutations pushed over HTTP, and what came of them pulled."""
    count = 10_000 // place.scale
    database = place.database()
    sent = batches(of_a_shift(count, made_at=int(time.time() * 1000) - 3 * DAY), 500)
    with serving(_text(database), place.folder, place.processes) as port:
        client = Client(port, 0)
        began = time.perf_counter()
        for request in sent:
            client.push(gzip.compress(msgspec.json.encode(request), 5), zipped=True)
        pushed = time.perf_counter()
        pages = [page for feed in ("catalogue", f"site:{SITE}") for page in client.read_all(f"/sync/v1/pull/{feed}")]
        done = time.perf_counter()
    database.close()
    assert pages[-1]["device_last_seq"] == count
    yield (
        f"{count:,} mutations of three days, drained",
        f"{pushed - began:.1f} s, pulled back in {done - pushed:.1f} s",
        "well under 60 s",
    )


def first_sync(place: Place) -> Iterator[Row]:
    """100,000 items with a barcode each, pulled by a handheld that has nothing."""
    items = 100_000 // place.scale
    database = place.database()
    stock_the_catalogue(database, items)
    device = _device(database)
    pulling.seal_if_due(database, "catalogue")
    best, bare, rows, joined = float("inf"), float("inf"), 0, 0
    for _ in range(3):
        began = time.perf_counter()
        pages = list(_pages(database, device, "catalogue"))
        best = min(best, time.perf_counter() - began)
        rows = sum(len(msgspec.json.decode(page)["changes"]) for page in pages)
        del pages
        began = time.perf_counter()
        joined = _joined(database.engine.url)
        bare = min(bare, time.perf_counter() - began)
    yield (
        f"pull of {rows:,} rows ({joined / 1e6:.0f} MB), in process",
        f"{rows / best:,.0f} rows/s, {bare / best:.2f} of joining stored bytes",
        "≥ 0.40",
    )
    with serving(_text(database), place.folder, place.processes) as port:
        client = Client(port, 0)
        began = time.perf_counter()
        client.read_all("/sync/v1/pull/catalogue")
        took = time.perf_counter() - began
    database.close()
    yield (
        f"first sync of {items:,} items and their barcodes",
        f"{client.received / 1e6:.1f} MB on the wire, {took:.1f} s",
        "≤ 8 MB",
    )


def increment(place: Place) -> Iterator[Row]:
    """100 changes after a short history and after a long one."""
    for rows in (10_000 // place.scale, 1_000_000 // place.scale):
        database = place.database()
        _remember(database, rows)
        device = _device(database)
        cursor = _cursor(database, device)
        took = []
        for n in range(20):
            _pushed(database, batches(of_a_shift(54, first=1 + 54 * n), 100))
            began = time.perf_counter()
            page = pull(database, device, f"site:{SITE}", cursor)
            took.append(1000 * (time.perf_counter() - began))
            found = msgspec.json.decode(page)
            cursor = found["cursor"]
        changes = len(found["changes"])
        database.close()
        yield (
            f"pull of {changes} changes after {rows:,}",
            f"{min(took):.1f} ms, p50 {sorted(took)[10]:.1f} ms",
            "a few ms",
        )


def waybill_list(place: Place) -> Iterator[Row]:
    """300,000 waybills of 60 days, for a handheld that has none of them, and after 100 new ones."""
    count = 300_000 // place.scale
    database = place.database()
    ship(database, count)
    feed = f"site:{SITE}"
    began = time.perf_counter()
    waybills.seal_if_due(database, feed)
    sealed = time.perf_counter() - began
    with serving(_text(database), place.folder, place.processes) as port:
        client = Client(port, 0)
        began = time.perf_counter()
        pages = client.read_all("/sync/v1/waybills")
        took = time.perf_counter() - began
        received = client.received
        ship(database, 100)
        began = time.perf_counter()
        client.get(f"/sync/v1/waybills?cursor={pages[-1]['cursor']}")
        later = time.perf_counter() - began
    database.close()
    assert sum(len(page["outbound"]["waybill"]) for page in pages) == count
    yield (
        f"{count:,} waybills",
        f"{received / 1e6:.1f} MB on the wire, {took:.1f} s (sealed in {sealed:.1f} s)",
        "a few MB",
    )
    yield "100 more waybills", f"{(client.received - received) / 1e3:.1f} kB, {1000 * later:.0f} ms", ""


def sealing(place: Place) -> Iterator[Row]:
    """How long a push waits at most while a very large feed is sealed, and while it is sealed again and the first is thrown away."""
    rows = 1_000_000 // place.scale
    database = place.database()
    sent = iter(batches(of_a_shift(60_000), 10))
    waited: list[float] = []
    sealed: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        for more in (rows, pulling.TAIL_BEFORE_SNAPSHOT):
            _remember(database, more)
            began = time.perf_counter()
            job = pool.submit(pulling.seal_if_due, database, f"site:{SITE}")
            while not job.done():
                waited.append(_pushed(database, [next(sent)]))
            job.result()
            sealed.append(time.perf_counter() - began)
            waited.extend(_pushed(database, [next(sent)]) for _ in range(20))  # what it left, somebody tidies up
    database.close()
    yield (
        f"sealing a feed of {rows:,} rows, and again",
        f"{sealed[0]:.1f} s and {sealed[1]:.1f} s; the longest a push waited {1000 * max(waited):.0f} ms",
        "≤ 2,000 ms",
    )


PARTS: dict[str, Callable[[Place], Iterator[Row]]] = {
    "push": in_process,
    "memory": memory,
    "http": over_http,
    "drain": drain,
    "pull": first_sync,
    "increment": increment,
    "waybills": waybill_list,
    "seal": sealing,
}


def _pushed(database: Database, sent: list[PushRequest]) -> float:
    device = _device(database)
    began = time.perf_counter()
    for request in sent:
        answer = push(database, device, request)
        assert {result.status for result in answer.results} == {"applied"}, answer.results
    return time.perf_counter() - began


def _written(url: Any) -> dict[str, list[Any]]:
    with _driver(url) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in WRITTEN}


def _insert(db: Any, rows: dict[str, list[Any]], batch: int, batches_of_it: int) -> None:
    """A batch's share of the rows that the pushes wrote: same tables and indexes, same durability, one commit."""
    mark = "?" if isinstance(db, sqlite3.Connection) else "%s"
    cursor = db.cursor()
    cursor.execute("BEGIN" if mark == "%s" else "BEGIN IMMEDIATE")
    for table, found in rows.items():
        part = found[batch * len(found) // batches_of_it : (batch + 1) * len(found) // batches_of_it]
        if part:
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(part[0]))})", part)
    cursor.execute("COMMIT")


@contextmanager
def _driver(url: Any) -> Iterator[Any]:
    if url.drivername == "sqlite":
        db: Any = sqlite3.connect(url.database, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
    else:
        db = psycopg.connect(str(url).replace("+psycopg", ""), autocommit=True)
    try:
        yield db
    finally:
        db.close()


def _joined(url: Any) -> int:
    with _driver(url) as db:
        rows = db.execute("SELECT payload FROM change WHERE feed = 'catalogue' ORDER BY revision")
        return len(b",".join([bytes(row[0]) for row in rows.fetchall()]))


def _pages(database: Database, device: Device, feed: str) -> Iterator[bytes]:
    cursor, more = "", True
    while more:
        page = pull(database, device, feed, cursor)
        head = msgspec.json.decode(page[: page.index(b',"changes"')] + b"}")
        cursor, more = head["cursor"], head["more"]
        yield page


def _cursor(database: Database, device: Device) -> str:
    """Where the feed ends now, without reading it."""
    with database.read(SYSTEM) as work:
        at = pulling.Cursor(pulling.history_of(work), "t", pulling.head_of(work, f"site:{SITE}"), 0, "")
        return pulling.tagged(work, f"site:{SITE}", at).text()


def _remember(database: Database, rows: int) -> None:
    feed = f"site:{SITE}"
    insert = "INSERT INTO change (feed, revision, kind, key, op, payload) VALUES (?, ?, ?, ?, ?, ?)"
    head = "UPDATE feed SET revision = revision + ? WHERE name = ?"
    with _driver(database.engine.url) as db:
        if not isinstance(db, sqlite3.Connection):
            insert, head = insert.replace("?", "%s"), head.replace("?", "%s")
        cursor = db.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(insert, history(rows, feed, database.heads()[feed] + 1))
        cursor.execute(head, (rows, feed))
        cursor.execute("COMMIT")


def _device(database: Database) -> Device:
    with database.read(SYSTEM) as work:
        return work.get(Device, device_id(0))


def _text(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def _resident() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@contextmanager
def places(on: str, scale: int) -> Iterator[list[Place]]:
    with tempfile.TemporaryDirectory(prefix="restow-bench-") as name:
        folder = Path(name)
        numbers = iter(range(1_000_000))
        if on == "sqlite":
            yield [Place("SQLite", lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}", folder, 1, scale)]
            return
        with postgresql.running(durable=True) as server:

            def empty() -> str:
                database = f"bench_{next(numbers)}"
                with psycopg.connect(server, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {database} TEMPLATE template0")
                return server.replace("@/postgres?", f"@/{database}?").replace(
                    "postgresql://", "postgresql+psycopg://", 1
                )

            yield [
                Place("PostgreSQL, one web process", empty, folder, 1, scale),
                Place("PostgreSQL, two web processes", empty, folder, 2, scale),
            ]


SERVED = ("http", "drain")
"""What the number of web processes makes a difference to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    with places(given.on, 10 if given.quick else 1) as found:
        for place in found:
            print(f"\n| {place.name} | measured | to be |\n|---|---|---|")
            for name in given.parts or PARTS:
                if place is not found[0] and name not in SERVED:
                    continue
                for what, figure, aim in PARTS[name](place):
                    print(f"| {what} | {figure} | {aim} |")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
