"""Every list of the desk at size: its first page under each of its filters, in server time, against the bare queries it asks.

RESTOW_DATA=FOLDER .venv/bin/restow demo --large
RESTOW_DATA=FOLDER .venv/bin/python -m tests.bench.desk
DATABASE_URL=postgresql://… the same          on PostgreSQL
RESTOW_DATA=FOLDER .venv/bin/python -m tests.bench.desk export     a list of 200,000 rows as CSV and XLSX, and 100,000 items taken in

`bare` is the same SQL through the driver alone, fetched whole; `ratio` is what Restow adds to it.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from server.api.desk import READS
from server.config import Config
from server.database import Database
from server.domain.catalog import Bin, Customer, Site
from server.domain.people import Person, actor_of
from server.domain.permissions import SYSTEM, Actor
from server.domain.stock import StockBalance, StockEntry
from server.exports import exporting
from server.importers import taking
from server.sync.shapes import BY_MODEL

RUNS = 5
TARGET_MS = 200


def cases(database: Database) -> list[tuple[str, dict[str, Any], str]]:
    """(list, what is asked of it, who asks)"""
    with database.read(SYSTEM) as work:
        site = work.first(Site, col(Site.code) == "SH")
        customer = work.first(Customer, col(Customer.code) == "L00003")
        entry = work.first(StockEntry, col(StockEntry.status) == "sellable")
        bin = work.first(Bin, col(Bin.kind) == "sellable")
        balance = work.first(StockBalance, col(StockBalance.status) == "sellable")
        assert site
        assert customer
        assert entry
        assert bin
        assert balance
    at = {"site": site.id}
    found: list[tuple[str, dict[str, Any], str]] = [("/api/todo", {}, "zhang"), ("/api/todo", at, "zhang")]
    for who in ("zheng", "sun"):
        found += [("/api/returns", asked, who) for asked in (
            {}, at, {"status": "submitted"}, {"status": "completed"}, {"status": "draft,submitted,approved"}, {"type": "quality"},
            {"customer": customer.id}, {"origin": "without_order"}, {"q": "RT-L0-000123"}, {"q": "王晓雯"}, {"q": "zzzz"},
            at | {"status": "cancelled", "type": "quality"},
        )]  # fmt: skip
    found += [
        ("/api/parcels", asked, "zheng")
        for asked in ({}, at, {"state": "unclaimed"}, {"state": "done"}, {"q": "SF9000000000123"}, {"q": "zzzz"})
    ]
    for group in ("item", "owner", "site", "zone", "bin", "container", "status", "lot", "expiry", "serial"):
        found += [("/api/stock", {"group": group} | asked, "zheng") for asked in ({}, at, {"status": "sellable"})]
    found += [
        ("/api/stock", asked, "zheng")
        for asked in ({"q": "L000123"}, {"q": "保温杯"}, {"q": "zzzz"}, {"item": entry.item_id}, {"bin": bin.id})
    ]
    found += [("/api/stock/entries", asked, "zheng") for asked in (
        {}, at, {"status": "sellable"}, {"item": entry.item_id}, {"bin": bin.id}, {"balance": balance.id}, {"order": entry.order_id},
        at | {"status": "scrap_pending"},
    )]  # fmt: skip
    found += [
        ("/api/alerts", asked, "zhang")
        for asked in ({}, {"state": "all"}, {"rule": "over_received", "state": "all"}, at)
    ]
    found += [
        ("/api/conflicts", asked, "zhang")
        for asked in ({}, {"state": "all"}, {"rule": "X9", "state": "all"}, {"severity": "blocking"}, at)
    ]
    found += [
        (path, {}, "zheng")
        for path in (
            "/api/tasks", "/api/counts", "/api/reconciliations", "/api/differences", "/api/losses", "/api/unclaimed", "/api/hand-overs",
            "/api/lot-holds", "/api/availability", "/api/sites", "/api/catalog", "/api/imports",
        )
    ]  # fmt: skip
    found += [(path, {}, "zhang") for path in ("/api/mutations", "/api/devices", "/api/people")]
    found += [
        ("/api/items", asked, "zheng") for asked in ({}, {"q": "L000123"}, {"q": "保温杯"}, {"q": "2600000000124"})
    ]
    found += [("/api/customers", asked, "zheng") for asked in ({}, {"q": "王晓"})]
    found += [("/api/outbound", asked, "zheng") for asked in ({}, {"q": "SO-L000124"}, {"customer": customer.id})]
    found += [("/api/search", {"q": q}, "zheng") for q in ("RT-L0-000123", "SF9000000000123", "L000123", "王晓雯")]
    return found


def lists(database: Database) -> bool:
    runs = {read.path: read.run for read in READS}
    asked: list[tuple[str, Any]] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters))

    print(f"{'list':<22} {'asked':<44} {'who':<6} {'ms':>7} {'bare':>7} {'ratio':>6}")
    slow = 0
    for path, query, who in cases(database):
        actor = _actor(database, who)

        def ask(path: str = path, query: dict[str, Any] = query, actor: Actor = actor) -> None:
            with database.read(actor) as work:
                runs[path](work, **query)

        if unknown := set(query) - set(_parameters(runs[path])):
            print(f"{path:<22} has no {', '.join(unknown)} any more")
            continue
        ask()
        asked.clear()
        ask()
        queries = list(asked)
        took = _median(database, ask)
        bare = _median(database, lambda queries=queries: _bare(database, queries))  # type: ignore[misc]
        slow += took > TARGET_MS
        words = " ".join(f"{name}={str(value)[-12:]}" for name, value in query.items())
        mark = "  over" if took > TARGET_MS else ""
        print(
            f"{path:<22} {words[:44]:<44} {who:<6} {took:>7.1f} {bare:>7.1f} {took / max(bare, 0.01):>6.2f}{mark}",
            flush=True,
        )
    print(f"{slow} over {TARGET_MS} ms" if slow else f"every one under {TARGET_MS} ms")
    return slow == 0


def files(database: Database) -> None:
    """A long list out, and a long file in; nothing that comes in is kept."""
    runs = {read.path: read.run for read in READS}
    with tempfile.TemporaryDirectory() as scratch:
        for format in ("csv", "xlsx"):
            began = time.monotonic()
            done = exporting.export(
                database, _actor(database, "zheng"), Path(scratch), "/api/returns", runs["/api/returns"], {}, title="退库单", format=format,
                language="zh-CN", time_zone="Asia/Shanghai",
            )  # fmt: skip
            size = next(Path(scratch).glob(f"*.{format}")).stat().st_size
            print(
                f"export of {done.rows:,} returns as {format}: {time.monotonic() - began:.1f} s, {size / 2**20:.1f} MB"
            )
    rows = "商品编码,商品名称,条码,单位成本\n" + "".join(
        f"B{n:06d},货 {n},25{n:011d},{n % 900}.5\n" for n in range(100_000)
    )
    began = time.monotonic()
    tried = taking.look(database, _actor(database, "zheng"), "items", rows.encode("gb18030"), file_name="items.csv")
    print(f"dry run of {tried.rows:,} new items with barcodes: {time.monotonic() - began:.1f} s, {tried.became}")


def _bare(database: Database, queries: list[tuple[str, Any]]) -> None:
    with database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for statement, parameters in queries:
            cursor.execute(statement, parameters)
            cursor.fetchall()


def _actor(database: Database, username: str) -> Actor:
    with database.read(SYSTEM) as work:
        person = work.first(Person, col(Person.username) == username)
        assert person, f"{username} is one of the demo's people: restow demo --large"
        return actor_of(work, person.id)


def _parameters(run: Callable[..., Any]) -> tuple[str, ...]:
    return run.__code__.co_varnames[: run.__code__.co_argcount + run.__code__.co_kwonlyargcount]


def _median(database: Database, run: Callable[[], None]) -> float:
    clock = _own_time(database)
    taken = []
    for _ in range(RUNS):
        began = clock()
        run()
        taken.append((clock() - began) * 1000)
    return statistics.median(taken)


def _alone(connection: Any, _: Any) -> None:
    """Without helpers, whose time nobody would see."""
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.commit()


def _own_time(database: Database) -> Callable[[], float]:
    """What others who use the machine do not stretch: SQLite works in this process, PostgreSQL in one of its own beside it."""
    if database.sqlite:
        return time.process_time
    with database.read(SYSTEM) as work:
        beside = Path(f"/proc/{work.rows(sa.select(sa.func.pg_backend_pid()))[0][0]}/schedstat")
    if not beside.exists():  # on another machine
        return time.perf_counter
    return lambda: time.process_time() + int(beside.read_text().split()[0]) / 1e9


if __name__ == "__main__":
    opened = Database(Config.from_env().database_url, BY_MODEL)
    if not opened.sqlite:
        sa.event.listen(opened.engine, "connect", _alone)
    if sys.argv[1:] == ["export"]:
        files(opened)
    else:
        sys.exit(not lists(opened))
