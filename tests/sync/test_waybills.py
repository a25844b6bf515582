"""The list of waybills a handheld carries: all of 60 days, in a few bytes each, and only what is new after that."""

import datetime as dt
import gzip
import random
from typing import Any

import msgspec
import pytest

from server.database import Database, new_epoch
from server.domain import catalog
from server.domain.documents import OutboundOrder
from server.domain.ids import derived_id
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync import waybills as waybills_module
from server.sync.waybills import waybills
from tests.cast import SITE, Handheld
from tests.conftest import DAY, ON_BOTH, Clock
from tests.doors import Doors

pytestmark = ON_BOTH


class Carried:
    """What a handheld makes of the list."""

    def __init__(self, handheld: Handheld) -> None:
        self.handheld = handheld
        self.cursor = ""
        self.waybill_of: dict[str, str] = {}
        self.signed: dict[str, str] = {}
        self.pages: list[dict[str, Any]] = []

    def refresh(self) -> int:
        """How many entries came."""
        count, more = 0, True
        while more:
            page = msgspec.json.decode(waybills(self.handheld.database, self.handheld.record, self.cursor))
            self.pages.append(page)
            if page["reset"]:
                self.waybill_of.clear()
                self.signed.clear()
            outbound, parcels = page["outbound"], page["parcels"]
            assert len(outbound["waybill"]) == len(outbound["number"]) == len(outbound["day"])
            assert len(parcels["waybill"]) == len(parcels["carrier"]) == len(parcels["day"])
            self.waybill_of |= dict(zip(outbound["number"], outbound["waybill"], strict=True))
            self.signed |= dict(zip(parcels["waybill"], parcels["carrier"], strict=True))
            count += len(outbound["waybill"]) + len(parcels["waybill"])
            self.cursor, more = page["cursor"], page["more"]
        return count


@pytest.fixture
def carried(a: Handheld) -> Carried:
    return Carried(a)


def shipped(database: Database, number: str, waybill: str, days_ago: int = 1, site: str = SITE) -> None:
    day = dt.datetime.fromtimestamp(database.clock() / 1000, dt.UTC).date() - dt.timedelta(days=days_ago)
    database.write(
        SYSTEM, lambda work: work.add(
            OutboundOrder, id=f"out-{number}", number=number, site_id=site, waybill=waybill, shipped_on=day.isoformat())
    )  # fmt: skip


def sign(handheld: Handheld, waybill: str) -> None:
    handheld.do(
        "cleo",
        "sign_parcel",
        parcel_id=derived_id("parcel", SITE, "SF", waybill),
        site_id=SITE,
        waybill=waybill,
        carrier="SF",
    )
    handheld.sync()


def test_what_left_and_what_came_back_are_on_it(database: Database, a: Handheld, carried: Carried) -> None:
    shipped(database, "S-1", "sf 1001")
    sign(a, "SF2001")
    assert carried.refresh() == 2
    assert carried.waybill_of == {"S-1": "SF1001"}
    assert carried.signed == {"SF2001": "SF"}


def test_later_only_what_is_new_comes(database: Database, a: Handheld, carried: Carried) -> None:
    shipped(database, "S-1", "SF1001")
    carried.refresh()
    assert carried.refresh() == 0
    shipped(database, "S-2", "SF1002")
    sign(a, "SF2001")
    assert carried.refresh() == 2
    assert set(carried.waybill_of) == {"S-1", "S-2"} and set(carried.signed) == {"SF2001"}


def test_a_corrected_waybill_takes_the_place_of_the_wrong_one(database: Database, carried: Carried) -> None:
    shipped(database, "S-1", "SF1001")
    carried.refresh()

    def correct(work: Work) -> None:
        work.get(OutboundOrder, "out-S-1").waybill = "SF9"

    database.write(SYSTEM, correct)
    carried.refresh()
    assert carried.waybill_of == {"S-1": "SF9"}


def test_after_sixty_days_it_is_forgotten(database: Database, carried: Carried, clock: Clock) -> None:
    shipped(database, "S-OLD", "SF1", days_ago=61)
    shipped(database, "S-1", "SF1001", days_ago=59)
    carried.refresh()
    assert set(carried.waybill_of) == {"S-1"}
    day = carried.pages[-1]["outbound"]["day"][0]
    assert day >= carried.pages[-1]["since"]
    clock.forward(2 * DAY)
    carried.refresh()
    assert day < carried.pages[-1]["since"], "the handheld is told from which day on it keeps them"


def test_a_long_list_comes_in_pages_and_each_once(
    database: Database, a: Handheld, carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waybills_module, "PAGE", 3)
    monkeypatch.setattr(waybills_module, "TAIL_PAGE", 2)
    for n in range(8):
        shipped(database, f"S-{n}", f"SF100{n}")
    sign(a, "SF2001")
    assert carried.refresh() == 9
    for n in range(8, 13):
        shipped(database, f"S-{n}", f"SF10{n}")
    assert carried.refresh() == 5
    assert len(carried.waybill_of) == 13 and len(carried.pages) > 5


def test_a_restored_server_is_read_from_the_beginning(database: Database, carried: Carried) -> None:
    shipped(database, "S-1", "SF1001")
    carried.refresh()
    with database.engine.begin() as connection:
        new_epoch(connection)
    assert carried.refresh() == 1
    assert [page["reset"] for page in carried.pages] == [False, True]


def test_another_sites_are_not_on_it(database: Database, carried: Carried) -> None:
    database.write(SYSTEM, lambda work: work.add(catalog.Site, id="site-bj", code="BJ", name="北京仓"))
    shipped(database, "S-BJ", "SF7", site="site-bj")
    assert carried.refresh() == 0


def test_a_handheld_asks_for_it_at_its_door(database: Database, doors: Doors) -> None:
    shipped(database, "S-1", "SF1001")
    answer = doors.device("A1").get("/sync/v1/waybills")
    assert answer.status_code == 200
    assert answer.json()["outbound"]["number"] == ["S-1"]
    assert doors.nobody().get("/sync/v1/waybills").status_code == 401


def test_one_takes_eleven_bytes_on_the_wire(database: Database, a: Handheld) -> None:
    chance = random.Random(7)

    def many(work: Work) -> None:
        for n in range(5_000):
            work.add(
                OutboundOrder, id=f"out-{n}", number=f"CK2026{n:08}", site_id=SITE, shipped_on="2026-10-31",
                waybill=f"SF{chance.randrange(10**13):013}",
            )  # fmt: skip

    database.write(SYSTEM, many)
    page = waybills(database, a.record)
    assert len(msgspec.json.decode(page)["outbound"]["waybill"]) == 5_000
    assert len(gzip.compress(page, 4)) <= 5_000 * 11
