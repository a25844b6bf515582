"""One field that finds everything one may see: numbers by beginning and end, names as they are written and spoken."""

from typing import Any

import pytest

from server.database import Database
from server.domain import people, words
from server.domain.catalog import Customer, Item, Site
from server.domain.containers import Container
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.permissions import SYSTEM
from server.domain.words import SearchWord
from server.domain.work import Work
from tests.cast import SITE, Desk, Handheld
from tests.conftest import ON_BOTH
from tests.doors import Doors

pytestmark = ON_BOTH


@pytest.fixture
def world(database: Database, desk: Desk, doors: Doors, a: Handheld) -> Doors:
    def more(work: Work) -> None:
        work.add(
            Item,
            id="thermos",
            owner_id="owner",
            sku="TH-500",
            name="不锈钢保温杯",
            name_en="Steel thermos",
            spec="500ml",
        )
        work.add(
            Customer,
            id="zeng",
            owner_id="owner",
            code="C-77",
            name="曾记贸易有限公司",
            phone="13912345678",
            sales_person_id="sally",
        )
        work.add(
            OutboundOrder,
            id="out",
            number="CK2026-0815",
            platform_number="TB88127766001",
            waybill="YT7700112233445",
            site_id=SITE,
            owner_id="owner",
            customer_id="customer",
            shipped_on="2026-10-01",
        )
        work.add(
            OutboundLine,
            id="out-1",
            outbound_id="out",
            site_id=SITE,
            item_id="camera",
            quantity=1,
            serials=["SN-cam-0042"],
        )
        work.add(Container, id="tote", site_id=SITE, label="LSH00000018")
        work.add(Site, id="site-bj", code="BJ", name="北京仓", name_en="Beijing")
        work.add(people.Person, id="bo", username="bo", name="Bo")
        work.add(people.Grant, id="grant-bo", person_id="bo", role="supervisor", site_id="site-bj")

    database.write(SYSTEM, more)
    desk.file_r_1001()
    a.do("cleo", "sign_parcel", parcel_id="parcel-1", site_id=SITE, waybill="SF1234567890", carrier="SF")
    a.scan("cleo", "return-1001", "kettles", "kettle", parcel_id="parcel-1", serial="KT-2026-777", lot="L-0926")
    a.sync()
    return doors


def asked(doors: Doors, who: str, q: str) -> dict[str, Any]:
    answer = doors.person(who).get("/api/search", q=q)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(("q", "kind", "title"), [
    ("R-1001", "return", "R-1001"), ("r-1001", "return", "R-1001"), ("R-10", "return", "R-1001"), ("1001", "return", "R-1001"),
    ("SF1234567890", "parcel", "SF1234567890"), ("sf12345 67890", "parcel", "SF1234567890"), ("7890", "parcel", "SF1234567890"),
    ("CK2026-0815", "outbound", "CK2026-0815"), ("TB88127766001", "outbound", "CK2026-0815"), ("6001", "outbound", "CK2026-0815"),
    ("YT7700112233445", "outbound", "CK2026-0815"), ("KT-2026-777", "serial", "KT-2026-777"), ("sn-CAM-0042", "serial", "SN-cam-0042"),
    ("L-0926", "lot", "L-0926"), ("LSH00000018", "container", "LSH00000018"), ("SH-DOCK-01", "bin", "SH-DOCK-01"),
    ("2000000000015", "item", "GREEN-KETTLE"), ("kettle", "item", "GREEN-KETTLE"), ("GREEN-KETTLE", "item", "GREEN-KETTLE"),
    ("保温杯", "item", "TH-500"), ("baowenbei", "item", "TH-500"), ("bwb", "item", "TH-500"), ("steel therm", "item", "TH-500"),
    ("therm ste", "item", "TH-500"), ("贸易", "customer", "曾记贸易有限公司"), ("zengji", "customer", "曾记贸易有限公司"),
    ("zjmy", "customer", "曾记贸易有限公司"), ("5678", "customer", "曾记贸易有限公司"), ("王", "customer", "王小姐"), ("wxj", "customer", "王小姐"),
])  # fmt: skip
def test_whatever_somebody_reads_out_is_found(world: Doors, q: str, kind: str, title: str) -> None:
    found = asked(world, "sam", q)
    assert (kind, title) in [(hit["kind"], hit["title"]) for hit in found["hits"]], found
    assert found["beyond"] == []


def test_a_whole_number_is_a_place_and_the_beginning_of_several_is_a_list(world: Doors) -> None:
    assert asked(world, "sam", "R-1001")["place"] == "/desk/returns/return-1001"
    assert asked(world, "sam", "SF1234567890")["place"] == "/desk/parcels/parcel-1"
    assert asked(world, "sam", "KT-2026-777")["place"] == "/desk/stock/entries?serial=KT-2026-777"
    assert asked(world, "sam", "SH-")["place"] == ""
    nothing = asked(world, "sam", "no such thing")
    assert (nothing["hits"], nothing["place"], nothing["beyond"]) == ([], "", [])


def test_what_is_there_and_not_for_me_is_said_with_whom_to_ask(database: Database, world: Doors) -> None:
    """Bo answers for Beijing: what stands in Shanghai has a number he may know, and nothing else he may see."""
    found = asked(world, "bo", "R-1001")
    assert found["hits"] == []
    assert found["beyond"] == [{"kind": "return", "site": "上海仓", "site_en": "Shanghai", "ask": ["Sam"]}]
    assert asked(world, "bo", "R-100")["beyond"] == [], "a guess is told nothing"
    assert "王小姐" not in str(found)

    # Sally sees her own customers' orders; this one is a colleague's.
    database.write(SYSTEM, lambda work: setattr(work.get(Customer, "customer"), "sales_person_id", "otto"))
    found = asked(world, "sally", "CK2026-0815")
    assert (found["hits"], found["beyond"][0]["ask"]) == ([], ["Otto"])


def test_sales_find_a_parcel_by_its_whole_waybill_and_only_their_own_customers(world: Doors) -> None:
    assert [hit["kind"] for hit in asked(world, "sally", "SF1234567890")["hits"]] == ["parcel"]
    assert asked(world, "sally", "SF12345")["hits"] == []
    assert [hit["title"] for hit in asked(world, "sally", "5678")["hits"]] == ["曾记贸易有限公司"]
    assert asked(world, "sally", "wang")["hits"] == []


def test_a_telephone_number_is_found_by_its_end_and_shown_to_nobody_whole(world: Doors) -> None:
    (hit,) = asked(world, "sam", "5678")["hits"]
    assert "139****5678" in hit["subtitle"]
    assert "13912345678" not in str(asked(world, "sam", "13912345678"))
    assert asked(world, "otto", "5678")["hits"] == [], "the office does not speak with customers"


def test_a_name_that_changes_is_found_by_what_it_is_now(database: Database, world: Doors) -> None:
    database.write(SYSTEM, lambda work: setattr(work.get(Customer, "zeng"), "name", "绿源"))
    assert asked(world, "sam", "zengji")["hits"] == []
    assert [hit["title"] for hit in asked(world, "sam", "lvyuan")["hits"]] == ["绿源"]


def test_what_came_past_the_domain_is_found_once_its_words_are_written(database: Database, world: Doors) -> None:
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(SearchWord.__table__.delete())  # type: ignore[attr-defined]
    assert asked(world, "sam", "baowenbei")["hits"] == []
    while database.write(SYSTEM, words.write_missing):
        pass
    assert asked(world, "sam", "baowenbei")["place"] == "/desk/stock?item=thermos"
    assert asked(world, "sam", "SN-cam-0042")["place"] == "/desk/outbound/out"
