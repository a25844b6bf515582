"""One search at a million rows: each way to find something, in server time, against the bare queries it asks.

.venv/bin/python -m tests.bench.search                       SQLite in a scratch folder
.venv/bin/python -m tests.bench.search --postgresql          a PostgreSQL of its own
.venv/bin/python -m tests.bench.search --rows 100000 --names 10000    smaller

A million outbound orders with platform numbers and waybills, as many parcels, 200,000 returns, 100,000 items and as many customers with
Chinese names. `bare` is the same SQL through the driver alone, fetched whole; `ratio` is what Restow adds to it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from server.database import Database
from server.domain.catalog import Customer, Item
from server.domain.documents import OutboundOrder
from server.domain.parcels import Parcel
from server.domain.people import Grant, actor_of
from server.domain.permissions import SYSTEM
from server.domain.reads.search import search
from server.domain.returns import ReturnOrder
from server.domain.words import SearchWord, words_of
from server.domain.work import Work, row_of
from server.sync.shapes import BY_MODEL
from tests import postgresql
from tests.cast import SITE, seed

RUNS = 7
TARGET_MS = 100
PORTION = 20_000
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英晓雯建国志红梅"
GOODS = (
    "不锈钢保温杯",
    "丝绒口红",
    "学习平板",
    "圆领T恤",
    "陶瓷马克杯",
    "吹风机",
    "中筒袜",
    "充电宝",
    "蓝牙耳机",
    "修护精华液",
)


@contextmanager
def a_database(on_postgresql: bool) -> Iterator[Database]:
    if on_postgresql:
        with postgresql.running() as server, postgresql.fresh(server) as url:
            database = Database(url.replace("postgresql://", "postgresql+psycopg://", 1), BY_MODEL)
            yield database
            database.close()
    else:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{Path(folder) / 'restow.db'}", BY_MODEL)
            yield database
            database.close()


def fill(database: Database, rows: int, names: int) -> None:
    random = Random(20261130)
    database.create()
    database.write(SYSTEM, seed)
    database.write(
        SYSTEM, lambda work: work.add(Grant, id="sally-sells", person_id="sally", role="sales", site_id=SITE)
    )

    def person() -> str:
        return random.choice(FAMILY) + "".join(random.choice(GIVEN) for _ in range(2))

    people = [(f"c{n:07d}", f"K{n:07d}", person(), f"13{random.randrange(10**9):09d}") for n in range(names)]
    goods = [(f"i{n:07d}", f"L{n:07d}", f"{random.choice(GOODS)} {n % 977}号") for n in range(names)]
    put(
        database,
        Customer,
        (
            {
                "id": id,
                "code": code,
                "name": name,
                "phone": phone,
                "owner_id": "owner",
                "sales_person_id": "sally" if at % 50 == 0 else "",
            }
            for at, (id, code, name, phone) in enumerate(people)
        ),
    )
    put(database, Item, ({"id": id, "sku": sku, "name": name, "owner_id": "owner"} for id, sku, name in goods))
    put(
        database,
        OutboundOrder,
        (
            {
                "id": f"o{n:08d}",
                "number": f"CK{n:09d}",
                "platform_number": f"TB{n * 7919 % 10**10:010d}",
                "waybill": f"YT{n * 104729 % 10**11:011d}",
                "site_id": SITE,
                "owner_id": "owner",
                "customer_id": people[n % names][0],
                "shipped_on": "2026-10-01",
            }
            for n in range(rows)
        ),
    )
    put(
        database,
        Parcel,
        (
            {
                "id": f"p{n:08d}",
                "waybill": f"SF{n * 15485863 % 10**12:012d}",
                "site_id": SITE,
                "state": "done",
                "signed_at": n,
            }
            for n in range(rows)
        ),
    )
    put(
        database,
        ReturnOrder,
        (
            {
                "id": f"r{n:08d}",
                "number": f"RT-A1-{n:07d}",
                "site_id": SITE,
                "customer_id": people[n % names][0],
                "created_at": n,
            }
            for n in range(rows // 5)
        ),
    )
    put(
        database,
        SearchWord,
        (
            {"word": word, "kind": kind, "subject_id": id}
            for kind, named in (
                ("Customer", ((id, (name, code)) for id, code, name, _ in people)),
                ("Item", ((id, (name, sku)) for id, sku, name in goods)),
            )
            for id, texts in named
            for word in words_of(*texts)
        ),
    )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def put(database: Database, model: type[SQLModel], records: Iterable[dict[str, Any]]) -> None:
    """Past the domain, a portion at a time: with the values a table begins with."""
    left = iter(records)
    while portion := list(islice(left, PORTION)):

        def write(work: Work, portion: list[dict[str, Any]] = portion) -> None:
            row = row_of(model, work._mark)
            whole = [row.make(**record) for record in portion]
            values = [
                tuple(
                    row.encoders[at](value) if at in row.encoders else value
                    for at, value in enumerate(getattr(each, name) for name in row.fields)
                )
                for each in whole
            ]
            work._cursor.executemany(row.insert, values)

        database.write(SYSTEM, write)


ASKED = (
    ("sam", "a whole waybill", "SF000015485863"), ("sam", "the end of a waybill", "485863"), ("sam", "four characters", "0863"),
    ("sam", "a platform order", "TB0000007919"), ("sam", "a return", "RT-A1-0001234"), ("sam", "how returns begin", "RT-A1"),
    ("sam", "the end of a telephone", "1234"), ("sam", "a name", "王晓雯"), ("sam", "a part of a name", "晓雯"), ("sam", "pinyin", "wangxiao"),
    ("sam", "initials", "wxw"), ("sam", "two letters", "wx"), ("sam", "an item", "保温杯"), ("sam", "an item's initials", "bwb"),
    ("sam", "nothing fits", "zzzz9"), ("sally", "sales: a number", "CK000000050"), ("sally", "sales: how numbers begin", "CK"),
    ("sally", "sales: a name", "王晓"), ("sally", "sales: not theirs", "CK000000051"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=100_000)
    given = parser.parse_args()
    with a_database(given.postgresql) as database:
        began = time.monotonic()
        fill(database, given.rows, given.names)
        print(
            f"{given.rows:,} rows, {'PostgreSQL' if given.postgresql else 'SQLite'}, made in {time.monotonic() - began:.0f} s",
            flush=True,
        )
        asked: list[tuple[str, Any]] = []

        @sa.event.listens_for(database.engine, "before_cursor_execute")
        def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            asked.append((statement, parameters))

        print(f"{'what':<26} {'typed':<16} {'found':>5} {'ms':>7} {'bare':>7} {'ratio':>6}")
        slow = 0
        for who, what, q in ASKED:
            with database.read(SYSTEM) as work:
                actor = actor_of(work, who)

            def ask(q: str = q, actor: Any = actor) -> Any:
                with database.read(actor) as work:
                    return search(work, q=q)

            found = ask()
            asked.clear()
            ask()
            queries = list(asked)
            took, bare = median(ask), median(lambda queries=queries: plainly(database, queries))  # type: ignore[misc]
            slow += took > TARGET_MS
            hits = len(found["hits"]) + len(found["beyond"])
            print(
                f"{what:<26} {q:<16} {hits:>5} {took:>7.1f} {bare:>7.1f} {took / max(bare, 0.01):>6.2f}{'  over' if took > TARGET_MS else ''}",
                flush=True,
            )
        print(f"{slow} over {TARGET_MS} ms" if slow else f"every one under {TARGET_MS} ms")


def median(run: Callable[[], Any]) -> float:
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        run()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def plainly(database: Database, queries: list[tuple[str, Any]]) -> None:
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.cursor()
        for statement, parameters in queries:
            cursor.execute(statement, parameters)
            cursor.fetchall()


if __name__ == "__main__":
    main()
