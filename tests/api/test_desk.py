"""The desk's doors: the plain path first, then who may not."""

from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH
from tests.doors import Doors

pytestmark = ON_BOTH


def test_a_return_is_filed_submitted_and_approved_over_http(doors: Doors) -> None:
    sally, rita = doors.person("sally"), doors.person("rita")
    made = sally.post(
        "/api/returns",
        {
            "order_id": R_1001, "site_id": SITE, "type_code": "customer", "customer_id": "customer",
            "lines": [{"line_id": "kettles", "item_id": "kettle", "quantity": 3}],
        },
    )  # fmt: skip
    assert made.status_code == 201, made.text
    assert made.json()["number"].startswith("RT-D0-")

    assert sally.post(f"/api/returns/{R_1001}/submission").json() == {"status": "applied"}
    assert sally.post(f"/api/returns/{R_1001}/approval").status_code == 403
    page = rita.get(f"/api/returns/{R_1001}").json()
    assert page["order"]["status"] == "submitted"
    approved = rita.post(f"/api/returns/{R_1001}/approval", {"content": page["order"]["content"]})
    assert approved.json() == {"status": "applied"}, approved.text
    assert rita.get("/api/returns", status="approved").json()["total"] == 1


def test_a_repeated_key_answers_and_does_nothing_twice(doors: Doors) -> None:
    sally = doors.person("sally")
    key = {"Idempotency-Key": "018f3a80-0000-7000-8000-000000000001"}
    body = {"site_id": SITE, "type_code": "customer", "customer_id": "customer", "lines": []}
    first, second = (sally.post("/api/returns", body, **key) for _ in range(2))
    assert first.status_code == second.status_code == 201, first.text
    assert first.json() == second.json()
    assert sally.get("/api/returns").json()["total"] == 1


def test_every_page_of_the_desk_reads_what_a_walked_return_left(doors: Doors, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.do("cleo", "sign_parcel", parcel_id="parcel-1", site_id=SITE, waybill="SF1234567890", carrier="SF")
    a.scan("cleo", R_1001, "kettles", "kettle", parcel_id="parcel-1")
    a.inspect("ines", "kettles")
    a.dispose("ines", "kettles", "restock")
    a.put_away("cleo", "kettles", "sellable")
    assert {result.status for result in a.sync()} == {"applied"}

    sam = doors.person("sam")
    for path in (
        "/api/todo", "/api/returns", f"/api/returns/{R_1001}", "/api/parcels", "/api/parcels/parcel-1", "/api/stock",
        "/api/stock?group=item", "/api/stock?group=bin", "/api/stock?group=status", "/api/stock?group=lot",
        "/api/stock?as_of=1", "/api/availability", "/api/freshness", "/api/hand-overs", "/api/lot-holds",
        "/api/stock/entries", "/api/reconciliations", "/api/alerts", "/api/conflicts", "/api/mutations", "/api/devices",
        "/api/enrolment-codes", "/api/people", "/api/sites", "/api/items?q=KETTLE", "/api/customers", "/api/catalog",
        "/api/imports", "/api/outbound", "/api/search?q=R-1001", f"/api/events?subject={R_1001}", "/api/session",
    ):  # fmt: skip
        answer = sam.get(path)
        assert answer.status_code == 200, (path, answer.text)

    stock = sam.get("/api/stock", group="item").json()
    assert [(row["item"]["sku"], row["on_hand"], row["available"]) for row in stock["rows"]] == [("GREEN-KETTLE", 1, 1)]
    entries = sam.get("/api/stock/entries", item="kettle").json()["rows"]
    scan = next(entry for entry in entries if entry["cause"] == "receive")
    assert (scan["cause"], scan["device"]["code"], scan["person"]["name"], scan["receipt"]["text"]) == (
        "receive", "A1", "Cleo", "kettle",
    )  # fmt: skip
    assert scan["mutation"]["name"] == "scan_item"
    assert sam.get("/api/search", q="R-1001").json()["hits"][0]["url"] == f"/desk/returns/{R_1001}"


def test_long_answers_travel_zipped(doors: Doors, a: Handheld) -> None:
    sam, handheld = doors.person("sam"), doors.device("A1")
    for browser, path in ((sam, "/api/catalog"), (handheld, "/sync/v1/pull/catalogue")):
        assert browser.get(path).headers["content-encoding"] == "gzip", path


def test_a_bin_says_how_much_it_holds_and_an_administrator_changes_it(doors: Doors) -> None:
    ada = doors.person("ada")
    made = ada.post("/api/zones/zone-sellable/bins", {"code": "SH-A-02", "capacity": 12})
    assert made.status_code == 201
    bin_id = made.json()["id"]
    assert ada.post("/api/zones/zone-sellable/bins", {"code": "SH-A-02"}).status_code == 409
    for wrong in ({"capacity": -1}, {"holds": "pallets"}):
        assert ada.patch(f"/api/bins/{bin_id}", wrong).status_code == 422
    assert ada.patch(f"/api/bins/{bin_id}", {"capacity": 3, "holds": "containers", "active": False}).status_code == 200
    (shown,) = [each for each in ada.get("/api/catalog").json()["bins"] if each["id"] == bin_id]
    assert (shown["kind"], shown["capacity"], shown["holds"], shown["active"]) == ("sellable", 3, "containers", False)
    assert doors.person("sam").patch(f"/api/bins/{bin_id}", {"capacity": 9}).status_code == 403
