"""What the benchmarks work on: a site, its people and handhelds, and as much of a shift as is asked for."""

import random
import time
from collections.abc import Iterator

from server.database import Database
from server.domain import catalog, containers, devices, people
from server.domain.documents import OutboundOrder
from server.domain.ids import derived_id, uuid7
from server.domain.permissions import SYSTEM
from server.domain.sessions import token_hash
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, MutationIn, PushRequest

SITE = "site"
CHECKS = [{"check": check, "outcome": "pass"} for check in ("appearance", "function", "accessories", "packaging")]
ITEMS = 50
AT_ONCE = 2_000


def seed(work: Work, handhelds: int = 50) -> None:
    work.add(catalog.Site, id=SITE, code="SH", name="上海仓")
    work.add(catalog.Bin, id="bin", code="SH-Q", site_id=SITE, kind="quarantine")
    work.add(containers.Container, id="tote", site_id=SITE, label="LSH00000018", bin_id="bin")
    for n in range(ITEMS):
        work.add(catalog.Item, id=f"item-{n}", sku=f"S{n}", name=f"Item {n}", unit_cost=100)
    work.add(people.Person, id="ines", username="ines")
    work.add(people.Grant, person_id="ines", role="inspector", site_id=SITE)
    for n in range(handhelds):
        work.add(
            devices.Device, id=device_id(n), code=devices.device_code(n), site_id=SITE, token_hash=token_hash(token(n))
        )


def device_id(n: int) -> str:
    return f"device-{n}"


def token(n: int) -> str:
    return f"token-of-handheld-{n}"


def of_a_shift(count: int, first: int = 1, made_at: int = 0) -> list[MutationIn]:
    """Returns without order of ten scans, each line then inspected as a tranche."""
    made: list[tuple[str, dict[str, object]]] = []
    while len(made) < count:
        order = uuid7()
        made.append(("open_return_without_order", {"order_id": order, "number": order, "site_id": SITE}))
        for n in range(10):
            item = f"item-{(len(made) + n) % ITEMS}"
            line = derived_id("line", order, item)
            made.append(("scan_item", {
                "receipt_id": uuid7(), "order_id": order, "line_id": line, "site_id": SITE, "item_id": item,
                "container_id": "tote", "text": item, "symbology": "]E0",
            }))  # fmt: skip
            made.append(("inspect", {
                "inspection_id": uuid7(), "line_id": line, "site_id": SITE, "quantity": 1, "verdict": "pass", "grade": "A",
                "checks": CHECKS,
            }))  # fmt: skip
    made_at = made_at or int(time.time() * 1000)
    return [
        MutationIn(seq=seq, id=uuid7(), name=name, by="ines", site=SITE, args=args, made_at=made_at)
        for seq, (name, args) in enumerate(made[:count], first)
    ]


def batches(mutations: list[MutationIn], size: int, device: int = 0) -> list[PushRequest]:
    return [
        PushRequest(protocol=PROTOCOL, epoch="", device=device_id(device), app_schema=APP_SCHEMA, mutations=mutations[at : at + size])
        for at in range(0, len(mutations), size)
    ]  # fmt: skip


def stock_the_catalogue(database: Database, items: int) -> None:
    """Items with names as a trader writes them, each with a barcode."""
    chance = random.Random(7)
    goods = [
        "电热水壶",
        "落地灯",
        "蓝牙耳机",
        "充电宝",
        "行李箱",
        "运动鞋",
        "羽绒服",
        "咖啡杯",
        "键盘",
        "台灯",
        "雨伞",
        "书包",
    ]
    colours = ["黑", "白", "红", "蓝", "绿", "灰", "米色", "深空灰"]

    def some(work: Work, numbers: range) -> None:
        for n in numbers:
            id = uuid7()
            sku = f"{chance.choice('ABCDEFGH')}{n:06}-{chance.choice('SMLX')}"
            work.add(catalog.Item, id=id, sku=sku, name=f"{chance.choice(goods)} {chance.choice(colours)} {n % 977}",
                     spec=f"{chance.randrange(10, 99)}×{chance.randrange(10, 99)} cm", unit_cost=chance.randrange(99_00))  # fmt: skip
            work.add(catalog.Barcode, item_id=id, text=f"69{chance.randrange(10**11):011}")

    for at in range(0, items, AT_ONCE):
        database.write(SYSTEM, lambda work, at=at: some(work, range(at, min(at + AT_ONCE, items))))  # type: ignore[misc]


def ship(database: Database, orders: int) -> None:
    """Outbound orders of the last 60 days, each with its waybill."""
    chance = random.Random(7)
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400 * (59 - n))) for n in range(60)]

    def some(work: Work, numbers: range) -> None:
        for n in numbers:
            work.add(OutboundOrder, id=uuid7(), number=f"CK2026{n:08}", site_id=SITE, shipped_on=days[n * 60 // orders],
                     waybill=f"{chance.choice(('SF', 'YT', 'JD'))}{chance.randrange(10**13):013}")  # fmt: skip

    for at in range(0, orders, AT_ONCE):
        database.write(SYSTEM, lambda work, at=at: some(work, range(at, min(at + AT_ONCE, orders))))  # type: ignore[misc]


def history(rows: int, feed: str, first: int) -> Iterator[tuple[str, int, str, str, str, bytes]]:
    """Change rows of long ago, by the driver itself: only how many they are matters."""
    payload = b'{"kind":"receipt","key":"%d","value":{"id":"%d","site_id":"site","quantity":1,"text":"2000000000015"}}'
    for n in range(first, first + rows):
        yield feed, n, "receipt", str(n), "put", payload % (n, n)
