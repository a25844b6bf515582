"""Lists taken out as files, and files taken in, over HTTP: the same rows and rights as on the screen, told as it goes."""

import csv
import io
from typing import Any

import msgspec
import pytest
from python_calamine import CalamineWorkbook

from server.database import Database
from server.domain.catalog import Customer, Item
from server.domain.permissions import SYSTEM
from server.domain.records import EventRow
from server.exports import words
from server.exports.columns import COLUMNS
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.doors import Browser, Doors

ITEMS = "编码,名称\nA-1,壶\nA-2,灯\n".encode("gb18030")


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [msgspec.json.decode(line) for line in answer.text.splitlines()]


def export(browser: Browser, path: str) -> tuple[dict[str, Any], bytes]:
    done = lines(browser.post(path))[-1]["done"]
    file = browser.get(f"/api/exports/files/{done['token']}", name=done["name"])
    assert file.status_code == 200
    assert "attachment" in file.headers["content-disposition"]
    return done, file.content


def table(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read Chinese"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


LISTS = [path for path in COLUMNS if path.count("/") == 2]


@pytest.fixture
def returned(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()


def test_a_list_is_exported_as_its_page_shows_it(doors: Doors, returned: None) -> None:
    otto = doors.person("otto")
    done, data = export(otto, "/api/exports/returns?status=receiving&title=退库单")
    header, row = table(data)
    named = dict(zip(header, row, strict=True))
    number = otto.get("/api/returns").json()["rows"][0]["number"]
    assert (named["单号"], named["客户"], named["退库类型"], named["状态"]) == (number, "王小姐", "客户退货", "收货中")
    assert (done["rows"], done["name"][:3]) == (1, "退库单")

    _, data = export(otto, "/api/exports/returns?status=draft")
    assert len(table(data)) == 1, "its filters are the page's"
    _, data = export(
        otto,
        "/api/exports/returns?format=xlsx&language=en&time_zone=Asia/Shanghai&columns=number,status,submitted_at|created_at",
    )
    first, second = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert first == ["Number", "Status", "Filed"]
    assert second[:2] == [number, "Receiving"]
    assert second[2].hour == 9, "a time is of the zone that was asked for"


def test_text_that_a_spreadsheet_would_carry_out_is_only_text(doors: Doors, database: Database) -> None:
    evil = '=HYPERLINK("http://evil","x")'

    def name(work: Any) -> None:
        work.get(Customer, "customer").name = evil
        work.get(Item, "kettle").name = "+1+1"

    database.write(SYSTEM, name)
    otto = doors.person("otto")
    _, data = export(otto, "/api/exports/customers")
    assert table(data)[1][1] == f"'{evil}"
    _, data = export(otto, "/api/exports/items?format=xlsx")
    assert b"<f>" not in data
    cells = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert "+1+1" in [row[1] for row in cells]


def test_whoever_exports_is_recorded_and_takes_only_what_they_may_see(
    doors: Doors, returned: None, database: Database
) -> None:
    done, _ = export(doors.person("otto"), f"/api/exports/stock?site={SITE}")
    with database.read(SYSTEM) as work:
        (event,) = work.rows(EventRow.__table__.select().where(EventRow.kind == "ListExported"))  # type: ignore[attr-defined]
    assert (event.by, event.subject_id, event.body["rows"], event.body["asked"]) == (
        "otto",
        "/api/stock",
        1,
        f"site={SITE}",
    )
    assert doors.person("sam").get(f"/api/exports/files/{done['token']}").status_code == 404, "it is otto's file"
    assert doors.person("cleo").post("/api/exports/returns").status_code == 403
    assert doors.person("sally").post("/api/exports/stock").status_code == 403
    _, data = export(doors.person("sally"), "/api/exports/customers")
    assert len(table(data)) == 1, "the customer is not hers"


def test_a_long_list_is_written_page_after_page_and_tells_how_far_it_is(
    doors: Doors, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database)
    for n in range(7):
        desk("sally", "create_return", order_id=f"r-{n}", site_id=SITE, type_code="customer", number=f"R-{n}")
    monkeypatch.setattr("server.exports.exporting.PAGE", 3)
    told = lines(doors.person("otto").post("/api/exports/returns"))
    assert told[:-1] == [{"rows": 3, "of": 7}, {"rows": 6, "of": 7}, {"rows": 7, "of": 7}]


def test_every_list_there_is_a_button_for_is_written(doors: Doors, returned: None) -> None:
    """With rights of a person in words, and the unsent of a handheld: what the page shows."""
    files = {path: table(export(doors.person("ada"), path.replace("/api/", "/api/exports/"))[1]) for path in LISTS}
    assert {path for path, rows in files.items() if len(rows) > 1} >= {
        "/api/people",
        "/api/devices",
        "/api/mutations",
        "/api/items",
    }
    header, *rows = files["/api/people"]
    rights = {row[header.index("用户名")]: row[header.index("权限")] for row in rows}
    assert rights["cleo"] == "作业员"


def test_every_column_has_its_words_in_both_languages() -> None:
    for columns in COLUMNS.values():
        for column in columns:
            for language in ("zh-CN", "en"):
                assert words.word(language, column.word), column.word


def test_a_file_is_looked_at_rehearsed_and_taken_in(doors: Doors) -> None:
    otto = doors.person("otto")
    octets = {"Content_Type": "application/octet-stream"}
    tried = lines(otto.raw("POST", "/api/imports/items?name=货品.csv", ITEMS, **octets))
    assert tried[0] == {"step": "checking", "rows": 2, "of": 2}
    assert (tried[-1]["done"]["became"], tried[-1]["done"]["taken"]) == ({"new": 2}, False)
    taken = lines(
        otto.raw("POST", "/api/imports/items?take=true&columns=%7B%22sku%22%3A0%2C%22name%22%3A1%7D", ITEMS, **octets)
    )
    assert taken[-1]["done"]["taken"]
    assert [item["name"] for item in otto.get("/api/items", q="A-1").json()["rows"]] == ["壶"]
    assert otto.get("/api/imports").json()["rows"][0]["outcomes"] == {"new": 2}

    refused = otto.raw("POST", "/api/imports/items", b"\xff\xd8\xff\xe0" * 100, **octets)
    assert (refused.status_code, refused.json()["field"]) == (422, "file")
    assert otto.raw("POST", "/api/imports/rockets", ITEMS, **octets).status_code == 404
    assert otto.raw("POST", "/api/imports/bins", ITEMS, **octets).json()["field"] == "site"
    for who in ("cleo", "sally", "sam"):
        assert doors.person(who).raw("POST", "/api/imports/items", ITEMS, **octets).status_code == 403
    assert doors.nobody().raw("POST", "/api/imports/items", ITEMS, **octets).status_code == 401
