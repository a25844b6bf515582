"""Push and pull with the whole domain in the way, as ratios against the floor, in one run.

    .venv/bin/python tests/bench/sync.py [--mutations 5000] [--rows 20000]

push: batches of 100 scans, inspections and containers into SQLite with synchronous=FULL, in process; the floor is the very rows
that this wrote, inserted by `sqlite3.executemany` into empty tables of the same schema, one commit a batch.
pull: a first sync, page by page; the floor is joining the stored bytes. Times of single runs differ from machine to machine and from
minute to minute; the ratio is what holds.
"""

import argparse
import gzip
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from server.database import Database
from server.domain import catalog, containers, devices, people
from server.domain.ids import derived_id, uuid7
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, MutationIn, PushRequest
from server.sync.pull import pull
from server.sync.push import push
from server.sync.shapes import BY_MODEL

CHECKS = [{"check": check, "outcome": "pass"} for check in ("appearance", "function", "accessories", "packaging")]


def seed(work: Work) -> None:
    work.add(catalog.Site, id="site", code="SH", name="SH")
    work.add(catalog.Bin, id="bin", code="SH-Q", site_id="site", kind="quarantine")
    work.add(containers.Container, id="tote", site_id="site", label="LSH00000018", bin_id="bin")
    for n in range(50):
        work.add(catalog.Item, id=f"item-{n}", sku=f"S{n}", unit_cost=100)
    work.add(people.Person, id="ines", username="ines")
    work.add(people.Grant, person_id="ines", role="inspector", site_id="site")
    work.add(devices.Device, id="device", code="A1", site_id="site")


def mutations(count: int) -> list[MutationIn]:
    """A shift: returns without order of ten scans, each line then inspected as a tranche."""
    made: list[tuple[str, dict[str, object]]] = []
    while len(made) < count:
        order = uuid7()
        made.append(("open_return_without_order", {"order_id": order, "number": order, "site_id": "site"}))
        for n in range(10):
            item = f"item-{(len(made) + n) % 50}"
            line = derived_id("line", order, item)
            made.append(("scan_item", {
                "receipt_id": uuid7(), "order_id": order, "line_id": line, "site_id": "site", "item_id": item,
                "container_id": "tote", "text": item, "symbology": "]E0",
            }))  # fmt: skip
            made.append(("inspect", {
                "inspection_id": uuid7(), "line_id": line, "site_id": "site", "quantity": 1, "verdict": "pass", "grade": "A",
                "checks": CHECKS,
            }))  # fmt: skip
    now = int(time.time() * 1000)
    return [
        MutationIn(seq=seq, id=uuid7(), name=name, by="ines", site="site", args=args, made_at=now)
        for seq, (name, args) in enumerate(made[:count], 1)
    ]


def floor(source: Path, target: Path, batches: int) -> float:
    """The rows that the pushes wrote, inserted bare: same tables and indexes, same durability, one commit a batch."""
    db = sqlite3.connect(source)
    schema = [row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    tables = ["receipt", "inspection", "returnorder", "returnline", "stockentry", "mutation", "change", "eventrow"]
    rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    bare = sqlite3.connect(target, isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    for statement in schema:
        bare.execute(statement)
    started = time.perf_counter()
    for batch in range(batches):
        bare.execute("BEGIN IMMEDIATE")
        for table, all_rows in rows.items():
            part = all_rows[batch * len(all_rows) // batches : (batch + 1) * len(all_rows) // batches]
            if part:
                bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(part[0]))})", part)
        bare.execute("COMMIT")
    return time.perf_counter() - started


def bench_push(folder: Path, count: int) -> None:
    database = Database(f"sqlite:///{folder / 'push.db'}", BY_MODEL)
    database.create()
    database.write(SYSTEM, seed)
    with database.read(SYSTEM) as work:
        device = work.look(devices.Device, "device")
    assert device is not None
    made = mutations(count)
    batches = [made[start : start + 100] for start in range(0, count, 100)]
    started = time.perf_counter()
    for batch in batches:
        answer = push(database, device, PushRequest(
            protocol=PROTOCOL, epoch="", device="device", app_schema=APP_SCHEMA, mutations=batch))  # fmt: skip
        assert {result.status for result in answer.results} == {"applied"}, answer.results
    took = time.perf_counter() - started
    database.close()
    bare = floor(folder / "push.db", folder / "floor.db", len(batches))
    print(
        f"push   {count} mutations in batches of 100   {count / took:8,.0f} mutations/s   {bare / took:5.2f} of bare executemany"
    )


def bench_pull(folder: Path, count: int) -> None:
    database = Database(f"sqlite:///{folder / 'pull.db'}", BY_MODEL)
    database.create()
    database.write(SYSTEM, seed)
    for start in range(0, count, 5_000):
        database.write(SYSTEM, lambda work, start=start: [
            work.add(catalog.Barcode, item_id=f"item-{n % 50}", text=f"20{n:011d}") for n in range(start, min(start + 5_000, count))
        ])  # fmt: skip
    with database.read(SYSTEM) as work:
        device = work.look(devices.Device, "device")
    assert device is not None
    pull(database, device, "catalogue")  # seals the snapshot
    cursor, pages, wire = "", [], 0
    started = time.perf_counter()
    while True:
        page = pull(database, device, "catalogue", cursor)
        pages.append(page)
        head = msgspec.json.decode(page[: page.index(b',"changes"')] + b"}")
        cursor = head["cursor"]
        if not head["more"]:
            break
    took = time.perf_counter() - started
    stored = sqlite3.connect(folder / "pull.db")
    bare_start = time.perf_counter()
    joined = b",".join(
        row[0] for row in stored.execute("SELECT payload FROM change WHERE feed='catalogue' ORDER BY revision")
    )
    bare = time.perf_counter() - bare_start
    wire = sum(len(gzip.compress(page, 5)) for page in pages)
    rows = sum(len(msgspec.json.decode(page)["changes"]) for page in pages)
    print(f"pull   {rows} rows, first sync              {rows / took:8,.0f} rows/s        {bare / took:5.2f} of joining stored bytes "
          f"({len(joined) / 1e6:.1f} MB, {wire / 1e6:.1f} MB on the wire)")  # fmt: skip
    with_cursor = time.perf_counter()
    database.write(
        SYSTEM, lambda work: [work.add(catalog.Barcode, item_id="item-1", text=f"29{n}") for n in range(100)]
    )
    written = time.perf_counter()
    pull(database, device, "catalogue", cursor)
    print(f"pull   100 changes after {rows}              {1000 * (time.perf_counter() - written):8.1f} ms            "
          f"{(time.perf_counter() - written) / (written - with_cursor):5.2f} of writing them")  # fmt: skip
    database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=5_000)
    parser.add_argument("--rows", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench_push(Path(folder), given.mutations)
        bench_pull(Path(folder), given.rows)


if __name__ == "__main__":
    main()
