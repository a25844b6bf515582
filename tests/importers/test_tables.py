"""Files of other systems: read whatever they were saved as, rehearsed, taken in whole or not at all, and never twice."""

import io
import zipfile
from typing import Any

import pytest
import xlsxwriter
from sqlmodel import col

from server.database import Database
from server.domain import catalog, documents, people, stock, stock_lists
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM, Actor
from server.domain.records import Mutation
from server.importers import sheet, taking
from server.importers.taking import Taken
from tests.cast import SITE

ITEMS = '商品编码,商品名称,规格,条码,单位成本\nA-1,电水壶,1.5 L,6901234567892,"1,080.50"\nA-2,台灯,,6901234567908,35\n'


def actor(database: Database, who: str) -> Actor:
    with database.read(SYSTEM) as work:
        return actor_of(work, who)


def take(
    database: Database, kind: str, data: str | bytes, *, who: str = "otto", take: bool = True, **more: Any
) -> Taken:
    return taking.look(
        database, actor(database, who), kind, data.encode() if isinstance(data, str) else data, file_name="file.csv",
        site_id=SITE, take=take, **more,
    )  # fmt: skip


def items(database: Database) -> dict[str, Any]:
    with database.read(SYSTEM) as work:
        return {item.sku: item for item in work.find(catalog.Item)}


def workbook(*rows: list[Any], name: str = "货品") -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        page = book.add_worksheet(name)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_in_whatever_encoding_and_with_whatever_separator_it_was_saved(
    encoding: str, separator: str
) -> None:
    table = sheet.read(
        f'编码{separator}名称\r\n001{separator}"电水壶\n大"\r\n\r\n002{separator}灯\r\n'.encode(encoding)
    )
    assert table.header == ["编码", "名称"]
    assert table.rows == [(3, ["001", "电水壶\n大"]), (5, ["002", "灯"])]
    assert table.separator == separator


def test_a_workbook_is_read_under_its_title_and_a_long_code_stays_a_code() -> None:
    table = sheet.read(
        workbook(["货品导入表"], [], ["编码", "条码", "启用"], ["001", 6901234567892, True], ["", "", ""], ["002", 1.5])
    )
    assert (table.format, table.sheets, table.header) == ("xlsx", ["货品"], ["编码", "条码", "启用"])
    assert table.rows == [(4, ["001", "6901234567892", "1"]), (6, ["002", "1.5", ""])]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "<a/>")
        parts.writestr("xl/worksheets/sheet1.xml", bytes(420 * 1024 * 1024))
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK\x03\x04 cut off", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, b'a,b\n1,"2\n', b"a,b\n1,2,3\n",
        b"a,b\n1," + b"x" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(Invalid):
        sheet.read(data)


def test_a_file_that_unpacks_to_hundreds_of_megabytes_is_refused_before_it_does() -> None:
    with pytest.raises(Invalid, match="unpacks"):
        sheet.read(bomb())


def test_a_dry_run_says_what_taking_it_in_would_do_and_changes_nothing(database: Database) -> None:
    tried = take(database, "items", ITEMS, take=False)
    assert (tried.became, tried.taken, tried.columns["name"]) == ({"new": 2}, False, 1)
    assert "A-1" not in items(database)

    done = take(database, "items", ITEMS)
    assert (done.became, done.taken) == ({"new": 2}, True)
    kettle = items(database)["A-1"]
    assert (kettle.name, kettle.spec, kettle.unit_cost) == ("电水壶", "1.5 L", 108_050)


def test_the_same_file_again_is_the_same_and_a_changed_one_changes_what_it_says(database: Database) -> None:
    take(database, "items", ITEMS)
    assert take(database, "items", ITEMS).became == {"same": 2}
    assert take(database, "items", workbook(["SKU", "Unit"], ["A-1", "台"], ["A-2", "件"])).became == {
        "changed": 1,
        "same": 1,
    }
    kettle = items(database)["A-1"]
    assert (kettle.uom, kettle.name) == ("台", "电水壶")  # what the second file does not speak of stays
    with database.read(SYSTEM) as work:
        assert len(work.find(catalog.Barcode, col(catalog.Barcode.text) == "6901234567892")) == 1


def test_another_cost_is_so_from_today_and_the_one_before_is_kept(database: Database) -> None:
    take(database, "items", ITEMS)
    dearer = ITEMS.replace("1,080.50", "1,100.00")
    assert take(database, "items", dearer).became == {"changed": 1, "same": 1}
    assert take(database, "items", dearer).became == {"same": 2}
    kettle = items(database)["A-1"]
    assert (kettle.unit_cost, [each["unit_cost"] for each in kettle.costs]) == (110_000, [108_050, 110_000])
    assert catalog.cost_on(kettle, "2020-01-01") == 108_050


def test_one_row_refused_refuses_the_file_and_says_row_column_and_reason(database: Database) -> None:
    rows = "编码,品名,成本,保质期\nA-1,壶,12.345,\nA-2,,1,\nA-3,灯,abc,1.5\nA-4,灯,2,\nA-4,灯,2,\nA-5,灯,,x\n"
    tried = take(database, "items", rows)
    assert not tried.taken
    assert [(each.line, each.column, each.value, each.reason) for each in tried.refused] == [
        (2, "成本", "12.345", "This has more decimals than its currency."),
        (3, "品名", "", "A new item needs a name."),
        (4, "成本", "abc", "This is not a number."),
        (6, "编码", "A-4", "Row 5 says the same thing already."),
        (7, "保质期", "x", "This is not a number."),
    ]
    assert tried.became["refused"] == 5
    assert not items(database).keys() & {"A-1", "A-4"}


def test_a_large_file_is_refused_as_a_whole_for_its_last_row(database: Database) -> None:
    rows = "编码,名称\n" + "".join(f"L-{n},n\n" for n in range(2_500))
    assert not take(database, "items", rows + "L-x,\n").taken
    assert len(items(database)) == 3
    steps: list[tuple[str, int]] = []
    done = take(database, "items", rows, progress=lambda step, done, total: steps.append((step, done)))
    assert done.taken
    assert len(items(database)) == 2_503
    assert [done for step, done in steps if step == "writing"] == [500, 1_000, 1_500, 2_000, 2_500]


def test_columns_chosen_once_are_remembered_for_the_next_file(database: Database) -> None:
    odd = "X,Y\nA-1,壶\n"
    assert take(database, "items", odd, take=False).missing == ["sku"]
    take(database, "items", odd, take=False, columns={"sku": 0, "name": 1, "uom": "箱"})
    again = take(database, "items", "Y,Z,X\n壶,1,A-1\n")
    assert (again.columns, again.became) == ({"sku": 2, "name": 0, "uom": "箱"}, {"new": 1})
    assert items(database)["A-1"].uom == "箱"


def test_barcodes_customers_suppliers_and_bins_are_taken_in_by_their_natural_keys(database: Database) -> None:
    assert take(database, "barcodes", "条码,商品编码,装箱数,包装层级\n12345678,GREEN-KETTLE,12,箱\n").became == {
        "new": 1
    }
    taken_by = take(database, "barcodes", "条码,商品编码\n12345678,BLUE-LAMP\n").refused[0]
    assert taken_by.reason == "This barcode belongs to another item: GREEN-KETTLE."
    assert take(database, "customers", "客户编码,客户名称,电话,销售\nC1,王小姐,13900000000,sally\nC9,新客,,\n").became == {
        "changed": 1, "new": 1,
    }  # fmt: skip
    assert take(database, "suppliers", "供应商编码,供应商名称\nV1,厂家\n").became == {"new": 1}
    bins = "库位,库区,容量\nSH-G-01,sellable,10\nSH-G-02,SELLABLE,\n"
    assert take(database, "bins", bins, who="ada").became == {"new": 2}
    assert take(database, "bins", bins, who="ada").became == {"same": 2}
    assert (
        take(database, "bins", "库位,库区\nSH-G-01,repair\n", who="ada").refused[0].reason
        == "This bin stands in another zone."
    )
    with database.read(SYSTEM) as work:
        customer = work.look(catalog.Customer, "customer")
        assert customer is not None
        assert (customer.phone, customer.sales_person_id) == ("13900000000", "sally")


def test_who_may_not_import_takes_nothing_in(database: Database) -> None:
    for who in ("cleo", "sally", "stranger"):
        with pytest.raises(NotAllowed):
            take(database, "items", ITEMS, who=who)
    with pytest.raises(Refusal):
        take(database, "bins", "库位,库区\nX,sellable\n", who="sally")


def test_with_two_owners_a_file_says_whose_goods_they_are(database: Database) -> None:
    database.write(SYSTEM, lambda work: work.add(catalog.Owner, id="other", code="OTH", name="另一货主"))
    database.write(
        SYSTEM, lambda work: work.add(people.Grant, id="g", person_id="otto", role="office", owner_id="owner")
    )
    database.write(SYSTEM, lambda work: setattr(work.get(people.Grant, "grant-otto"), "owner_id", "owner"))
    assert take(database, "items", ITEMS, take=False).refused[0].field == "owner"
    assert take(database, "items", ITEMS, columns={"sku": 0, "name": 1, "owner": "OWN"}, take=False).became == {
        "new": 2
    }
    refused = take(database, "items", ITEMS, columns={"sku": 0, "name": 1, "owner": "OTH"}, take=False).refused
    assert {each.reason for each in refused} == {"You do not have the right to do this here."}


def test_opening_stock_is_posted_where_it_stands_and_the_same_file_posts_nothing_more(database: Database) -> None:
    rows = "商品编码,数量,库位,批号,成本,账簿起始日\nGREEN-KETTLE,12,SH-SELLABLE-01,,80,2026-11-01\nBLUE-LAMP,3,SH-SELLABLE-01,L1,50.5,2026-11-01\n"
    assert take(database, "stock", rows).became == {"new": 2}
    assert take(database, "stock", rows).became == {"same": 2}
    assert take(database, "stock", workbook(*(line.split(",") for line in rows.splitlines()))).became == {"same": 2}
    with database.read(SYSTEM) as work:
        standing = work.find(stock.StockBalance, stock.StockBalance.status == "sellable")
        assert {(each.item_id, each.lot, each.quantity, each.value) for each in standing} == {
            ("kettle", "", 12, 96_000), ("lamp", "L1", 3, 15_150),
        }  # fmt: skip
        assert all(work.look(Mutation, entry.mutation_id) for entry in work.find(stock.StockEntry)), "prove it"
    other = rows.replace(",12,", ",13,")
    assert "says something else" in take(database, "stock", other).refused[0].reason
    refused = take(
        database,
        "stock",
        "编码,数量,库位,日期\nNONE,1,,2026-11-01\nBLUE-LAMP,1,NOWHERE,2026-11-01\nBLUE-LAMP,0,,2026-11-01\n",
    ).refused
    assert [(each.line, each.field) for each in refused] == [(2, "sku"), (3, "bin"), (4, "quantity")]


def test_outbound_orders_are_taken_in_order_by_order(database: Database) -> None:
    rows = (
        "出库单号,出库日期,客户编码,运单号,商品编码,数量,单价,序列号\n"
        "SO-1,2026/10/2,C1,SF1,GREEN-KETTLE,2,129.00,\nSO-1,2026/10/2,C1,SF1,RED-CAMERA,2,1999,SN1 SN2\nSO-2,2026/10/3,C1,SF2,BLUE-LAMP,1,79,\n"
    )
    assert take(database, "outbound", rows).became == {"new": 3}
    assert take(database, "outbound", rows).became == {"same": 3}
    with database.read(SYSTEM) as work:
        (order,) = work.find(documents.OutboundOrder, documents.OutboundOrder.number == "SO-1")
        lines = work.find(
            documents.OutboundLine,
            documents.OutboundLine.outbound_id == order.id,
            order_by=documents.OutboundLine.line_number,
        )
    assert (order.waybill, order.customer_id, order.shipped_on) == ("SF1", "customer", "2026-10-02")
    assert [(line.item_id, line.quantity, line.unit_price, line.serials) for line in lines] == [
        ("kettle", 2, 12_900, []), ("camera", 2, 199_900, ["SN1", "SN2"]),
    ]  # fmt: skip
    wrong = "出库单号,出库日期,客户编码,商品编码,数量\nSO-9,2026-10-02,C1,GREEN-KETTLE,1\nSO-9,2026-10-03,C1,NONE,1\nSO-8,2026-10-03,C1,NONE,1\n"
    assert [(each.line, each.field) for each in take(database, "outbound", wrong).refused] == [
        (3, "shipped_on"),
        (4, "sku"),
    ]


def test_another_systems_list_of_stock_is_one_list_however_its_items_are_named(database: Database) -> None:
    """It is compared, never posted: by item code or barcode, with what the file tells apart, as of the end of its day."""
    file = "条码,库存数量,状态,日期\n2000000000015,4,良品,2026-11-01\n2000000000022,0,良品,2026-11-01\n"
    looked = take(database, "stock_list", file)
    assert (looked.taken, looked.became, looked.refused) == (True, {"new": 2}, [])
    with database.read(SYSTEM) as work:
        (found,) = work.find(stock_lists.StockList)
        rows = work.find(stock_lists.ListedStock, order_by=stock_lists.ListedStock.item_id)
        assert not work.find(stock.StockEntry)
    assert (found.source, found.dimensions, found.statuses, found.rows) == ("file.csv", ["status"], ["sellable"], 2)
    assert found.as_of == 1_793_548_799_999, "midnight in Shanghai"
    assert [(row.item_id, row.quantity, row.status) for row in rows] == [
        ("kettle", 4, "sellable"),
        ("lamp", 0, "sellable"),
    ]

    assert take(database, "stock_list", file).became == {"same": 2}
    wrong = take(database, "stock_list", "SKU,数量,库位\nGREEN-KETTLE,1,NOWHERE\nNO-SUCH,2,\n,3,\n")
    assert [(each.line, each.field) for each in wrong.refused] == [(2, "bin"), (3, "sku"), (4, "sku")]
    with pytest.raises(NotAllowed):
        take(database, "stock_list", file, who="sam")
