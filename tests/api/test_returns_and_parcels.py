"""Returns and parcels as the office works with them: lists and their totals, papers asked for, unclaimed parcels."""

import hashlib
from typing import Any

import pytest

from server.database import Database
from server.domain.catalog import Customer, Site
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.ids import uuid7
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, ON_BOTH, Clock
from tests.doors import Doors

pytestmark = ON_BOTH


@pytest.fixture
def parcel(database: Database, a: Handheld) -> str:
    """Nobody knows whose it is: a kettle, signed for, opened, photographed, and left in the unclaimed zone."""

    def sold(work: Work) -> None:
        work.add(
            OutboundOrder,
            id="out",
            number="CK-1",
            site_id=SITE,
            owner_id="owner",
            customer_id="customer",
            shipped_on="2026-10-20",
        )
        work.add(OutboundLine, id="out-1", outbound_id="out", site_id=SITE, item_id="kettle", quantity=2)

    database.write(SYSTEM, sold)
    a.do("cleo", "sign_parcel", parcel_id="parcel-1", site_id=SITE, waybill="SF1234567890", carrier="SF")
    a.do(
        "cleo", "open_return_without_order", order_id="found", number="RT-A1-00019", site_id=SITE, parcel_id="parcel-1"
    )
    a.do("cleo", "bind_parcel", parcel_id="parcel-1", order_id="found")
    a.scan("cleo", "found", "found-1", "kettle", parcel_id="parcel-1", container_id="", bin_id="bin-unclaimed")
    photos = [{"sha256": "a" * 64, "kind": "label"}, {"sha256": "b" * 64, "kind": "outer"}]
    a.do("cleo", "close_parcel", parcel_id="parcel-1", unclaimed=True, photos=photos)
    assert {result.status for result in a.sync()} == {"applied"}
    return "parcel-1"


def test_totals_are_those_of_the_list_with_the_same_filters_to_its_last_row(doors: Doors, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    for n in range(3):
        lines = [{"line_id": f"l{n}", "item_id": "lamp", "quantity": 2, "unit_amount": 5_000}]
        desk("otto", "create_return", order_id=f"r{n}", number=f"R-{n}", site_id=SITE, type_code="quality", lines=lines)
    desk("otto", "remove_return_line", line_id="l2")
    rita = doors.person("rita")
    for filters in (
        {},
        {"status": "draft"},
        {"type": "quality", "q": "R-1"},
        {"filed": "otto"},
        {"since": "2026-11-02", "until": "2026-11-02"},
        {"until": "2026-11-01"},
    ):
        rows = rita.get("/api/returns", **filters, limit=200).json()["rows"]
        totals = rita.get("/api/return-totals", **filters).json()
        assert totals["orders"] == len(rows)
        assert totals["expected"] == sum(row["expected"] for row in rows)
        assert sum(each["amount"] for each in totals["amounts"]) == sum(row["amount"] for row in rows)
    assert doors.person("otto").get("/api/returns", filed="me").json()["total"] == 3
    assert rita.get("/api/returns", since="yesterday").status_code == 422


def test_a_view_is_kept_for_its_person_on_whatever_machine(doors: Doors) -> None:
    sam = doors.person("sam")
    made = sam.post(
        "/api/views", {"page": "returns", "name": " 待我处理 ", "query": "status=on_hold&cols=number,status"}
    )
    assert made.status_code == 201, made.text
    again = sam.post("/api/views", {"page": "returns", "name": "待我处理", "query": "status=draft"})
    assert again.json()["id"] == made.json()["id"]
    (view,) = doors.person("sam").get("/api/views", page="returns").json()["rows"]
    assert (view["name"], view["query"]) == ("待我处理", "status=draft")
    assert sam.get("/api/views", page="parcels").json()["rows"] == []
    rita = doors.person("rita")
    assert rita.get("/api/views").json()["rows"] == []
    assert rita.delete(f"/api/views/{view['id']}").status_code == 403
    assert sam.delete(f"/api/views/{view['id']}").status_code == 200
    assert sam.get("/api/views").json()["rows"] == []
    assert sam.post("/api/views", {"page": "returns", "name": " ", "query": ""}).status_code == 422


def test_one_paper_is_asked_for_again_and_who_filed_is_told_what_became_of_it(doors: Doors, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    sally, rita = doors.person("sally"), doors.person("rita")
    for _ in range(2):
        assert (
            rita.post(
                f"/api/returns/{R_1001}/document-requests", {"kind": "sales_contract", "note": "第二页看不清"}
            ).status_code
            == 200
        )
    (asked,) = sally.get("/api/todo").json()["notices"]
    assert (asked["what"], asked["words"], asked["order"]["number"], asked["by_name"]) == (
        "document_asked",
        "第二页看不清",
        "R-1001",
        "Rita",
    )
    (request,) = rita.get(f"/api/returns/{R_1001}").json()["requests"]
    assert request["answered_at"] == 0

    assert sally.post(f"/api/returns/{R_1001}/documents", {"kind": "other", "number": "1"}).status_code == 201
    assert rita.get(f"/api/returns/{R_1001}").json()["requests"][0]["answered_at"] == 0
    assert (
        sally.post(f"/api/returns/{R_1001}/documents", {"kind": "sales_contract", "number": "HT-9"}).status_code == 201
    )
    assert rita.get(f"/api/returns/{R_1001}").json()["requests"][0]["answered_at"] > 0
    assert [notice["what"] for notice in rita.get("/api/todo").json()["notices"]] == ["document_added"]

    assert rita.post(f"/api/returns/{R_1001}/rejection", {"reason": "数量不对"}).status_code == 200
    news = sally.get("/api/todo").json()["notices"]
    assert {(notice["what"], notice["words"]) for notice in news} == {
        ("document_asked", "第二页看不清"),
        ("rejected", "数量不对"),
    }
    for notice in news:
        assert rita.post(f"/api/notices/{notice['id']}/reading").status_code == 200, "somebody else reading it"
    assert len(sally.get("/api/todo").json()["notices"]) == 2
    for notice in news:
        sally.post(f"/api/notices/{notice['id']}/reading")
    assert sally.get("/api/todo").json()["notices"] == []


def test_the_wall_shows_sales_what_it_is_and_no_one_elses_customer(
    database: Database, doors: Doors, parcel: str
) -> None:
    def wall(who: str) -> dict[str, Any]:
        answer = doors.person(who).get("/api/unclaimed")
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()["rows"]
        found: dict[str, Any] = row
        return found

    seen = wall("sam")
    assert (seen["waybill"], seen["place"]["bin"], seen["items"][0]["sku"]) == (
        "SF1234567890",
        "SH-UNCLAIMED-01",
        "GREEN-KETTLE",
    )
    assert seen["matches"][0]["customer"]["name"] == "王小姐"
    assert [photo["kind"] for photo in seen["photos"]] == ["label", "outer"]

    hers = wall("sally")
    assert (hers["matches"], [photo["kind"] for photo in hers["photos"]]) == ([], ["outer"]), "a label bears a name"
    page = doors.person("sally").get(f"/api/parcels/{parcel}").json()
    assert (page["matches"], [photo["kind"] for photo in page["parcel"]["photos"]]) == ([], ["outer"])
    refused = doors.person("sally").post(f"/api/parcels/{parcel}/claim", {"customer_id": "customer"})
    assert refused.status_code == 403, "another's customer"

    database.write(SYSTEM, lambda work: setattr(work.get(Customer, "customer"), "sales_person_id", "sally"))
    assert wall("sally")["matches"][0]["customer"]["name"] == "王小姐"
    assert doors.person("sally").post(f"/api/parcels/{parcel}/claim", {"customer_id": "customer"}).status_code == 200


def test_the_second_to_claim_a_parcel_is_told_who_was_first(doors: Doors, parcel: str) -> None:
    otto, sam = doors.person("otto"), doors.person("sam")
    assert otto.post(f"/api/parcels/{parcel}/claim", {"customer_id": "customer"}).json()["status"] == "applied"
    assert otto.post(f"/api/parcels/{parcel}/claim", {"customer_id": "customer"}).json()["status"] == "noop"
    second = sam.post(f"/api/parcels/{parcel}/claim", {"customer_id": "customer"})
    assert (second.status_code, second.json()["detail"]) == (409, "Otto has claimed this parcel already.")


def test_after_the_sites_days_its_rule_applies_to_a_parcel_nobody_claimed(
    database: Database, doors: Doors, parcel: str, clock: Clock
) -> None:
    early = doors.person("sam").post(f"/api/parcels/{parcel}/settlement", {"how": "keep"})
    assert (early.status_code, early.json()["days"]) == (409, 7)
    clock.forward(8 * DAY)
    otto = doors.person("otto")
    database.write(SYSTEM, lambda work: setattr(work.get(Site, SITE), "unclaimed_rule", "keep"))
    assert otto.post(f"/api/parcels/{parcel}/settlement", {"how": "send_back"}).status_code == 409
    assert otto.post(f"/api/parcels/{parcel}/settlement", {"how": "keep"}).json()["status"] == "applied"
    assert otto.post(f"/api/parcels/{parcel}/settlement", {"how": "keep"}).json()["status"] == "noop"

    # The house's now: reviewed like any other return, and only then disposed of.
    rita = doors.person("rita")
    assert [order["number"] for order in rita.get("/api/todo").json()["reviews"]] == ["RT-A1-00019"]
    assert rita.post("/api/returns/found/approval").json()["status"] == "applied"


def test_a_parcel_is_sent_back_by_a_task_on_the_floor(
    database: Database, doors: Doors, parcel: str, clock: Clock
) -> None:
    clock.forward(8 * DAY)
    sam = doors.person("sam")
    assert (
        sam.post(f"/api/parcels/{parcel}/settlement", {"how": "send_back", "note": "退回寄件人"}).json()["status"]
        == "applied"
    )
    (task,) = sam.get("/api/tasks").json()["rows"]
    assert (task["kind"], task["question"], task["order"]["number"]) == ("refuse", "退回寄件人", "RT-A1-00019")


# What was said about a return, and its papers


def test_what_was_said_stands_on_the_return_for_whoever_sees_it(desk: Desk, doors: Doors) -> None:
    desk.file_r_1001()
    sally = doors.person("sally")
    said = {"direction": "to_customer", "channel": "WeChat", "text": "Two kettles came, one is missing."}
    key = {"Idempotency-Key": uuid7()}
    for _ in range(2):
        assert sally.send("POST", f"/api/returns/{R_1001}/messages", said, **key).status_code == 200
    (message,) = doors.person("rita").get(f"/api/returns/{R_1001}").json()["messages"]
    assert {name: message[name] for name in ("direction", "channel", "text", "by_name")} == said | {"by_name": "Sally"}
    for text in ("", " ", "x" * 4001):
        answer = sally.send("POST", f"/api/returns/{R_1001}/messages", {"text": text}, **{"Idempotency-Key": uuid7()})
        assert (answer.status_code, answer.json()["field"]) == (422, "text")


def test_a_pdf_is_linked_shown_and_handed_out_to_whoever_sees_the_return(desk: Desk, doors: Doors) -> None:
    desk.file_r_1001()
    data = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"
    name = hashlib.sha256(data).hexdigest()
    path = f"/api/papers/{R_1001}/{name}"
    sally = doors.person("sally")
    assert sally.get(path).status_code == 404
    assert sally.raw("PUT", path, data, Content_Type="application/pdf").status_code == 201
    linked = sally.send(
        "POST",
        f"/api/returns/{R_1001}/documents",
        {"kind": "sales_contract", "blob": name},
        **{"Idempotency-Key": uuid7()},
    )
    assert linked.status_code == 201, linked.text
    (document,) = sally.get(f"/api/returns/{R_1001}").json()["documents"]
    assert (document["blob"], document["media_type"]) == (name, "application/pdf")
    given = doors.person("rita").get(path)
    assert (given.content, given.headers["content-disposition"][:10]) == (data, "attachment")
    assert doors.person("stranger").get(path).status_code == 404


def test_a_file_that_is_no_paper_is_refused_in_words_and_kept_nowhere(desk: Desk, doors: Doors) -> None:
    desk.file_r_1001()
    sally = doors.person("sally")
    for data, words in (
        (b"<html>", "A document is a PDF, or a photo as JPEG, PNG or WebP."),
        (b"%PDF-1.7 cut", "This PDF is cut off."),
    ):
        path = f"/api/papers/{R_1001}/{hashlib.sha256(data).hexdigest()}"
        answer = sally.raw("PUT", path, data, Content_Type="application/pdf")
        assert (answer.status_code, answer.json()["detail"]) == (422, words)
    other = sally.raw("PUT", f"/api/papers/{R_1001}/{'0' * 64}", b"%PDF-1.7 %%EOF", Content_Type="application/pdf")
    assert other.status_code == 422
    data = b"%PDF-1.7\n%%EOF"
    photos = f"/api/photos/{hashlib.sha256(data).hexdigest()}?site={SITE}"
    assert doors.person("sam").raw("PUT", photos, data, Content_Type="image/jpeg").status_code == 422
