"""The wholesaler's invoices become orders and returns, and every row is accounted for."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlmodel import col

from server.cli import main
from server.database import Database
from server.domain.catalog import Barcode, Customer, Item, Site
from server.domain.documents import Adjustment, ImportRun, OutboundLine, OutboundOrder
from server.domain.permissions import SYSTEM
from server.domain.records import Change
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.stock import StockBalance, StockEntry
from server.importers.ean import in_store, is_ean13
from server.importers.online_retail import Account, portions, take_in
from server.importers.online_retail_file import Unreadable
from server.sync.shapes import BY_MODEL

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID"
KETTLE = "22001,GREEN KETTLE"
REAL = Path(__file__).parents[3] / "shared" / "data" / "online_retail_2010-12.csv"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A database in which nobody has set anything up yet."""
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}", BY_MODEL)
    database.create()
    yield database
    database.close()


class Files:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *rows: str, name: str = "invoices.csv", header: str = HEADER, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes("\r\n".join((header, *rows, "")).encode(encoding))
        return path


@pytest.fixture
def file(tmp_path: Path) -> Files:
    return Files(tmp_path)


def whole(database: Database) -> dict[str, int]:
    """How much there is of everything."""
    models = (
        Site,
        Item,
        Barcode,
        Customer,
        OutboundOrder,
        OutboundLine,
        Adjustment,
        ReturnOrder,
        ReturnLine,
        StockEntry,
    )
    with database.read(SYSTEM) as work:
        counts = {model.__name__: len(work.find(model)) for model in models}
        counts["Change"] = int(work.rows(select(func.count()).select_from(Change.__table__))[0][0])  # type: ignore[attr-defined]
    return counts


def only_return(database: Database) -> tuple[ReturnOrder, list[ReturnLine]]:
    with database.read(SYSTEM) as work:
        orders = work.find(ReturnOrder)
        assert len(orders) == 1
        return orders[0], work.find(ReturnLine, order_by=ReturnLine.expected)


def test_a_sold_and_returned_kettle_is_matched_and_stands_in_quarantine(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850", f"C1002,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850"),
    )

    assert account.outcomes == {"order_line": 1, "return_matched": 1}
    order, (line,) = only_return(empty)
    assert (order.number, order.origin, order.status, order.authorised) == ("C1002", "imported", "inspecting", False)
    assert (line.expected, line.received, line.unit_amount) == (2, 2, 255)
    assert order.match[0]["score"] > 0.9
    assert {"code": "price", "price": 255} in order.match[0]["reasons"]
    with empty.read(SYSTEM) as work:
        shipped = work.find(OutboundLine)[0]
        assert line.outbound_line_id == shipped.id
        assert (shipped.quantity, shipped.returned, shipped.unit_price) == (6, 2, 255)
        origin = work.find(OutboundOrder)[0]
        assert (origin.number, origin.shipped_on, origin.currency) == ("1001", "2010-12-01", "GBP")
        standing = {balance.status: balance.quantity for balance in work.find(StockBalance)}
        assert standing == {"quarantine": 2, "out": -2}
        assert work.find(Site)[0].currency == "GBP"


def test_a_customer_that_bought_twice_leaves_the_choice_to_a_person(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            f"1002,{KETTLE},6,2010-12-02 08:26:00,2.55,17850",
            f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850",
        ),
    )

    assert account.outcomes["return_ambiguous"] == 1
    assert account.unmatched == {"several_fit": 1}
    order, (line,) = only_return(empty)
    assert line.outbound_line_id == ""
    assert [entry["verdict"] for entry in order.match] == ["ambiguous", "ambiguous"]
    with empty.read(SYSTEM) as work:
        assert [each.returned for each in work.find(OutboundLine)] == [0, 0]


def test_goods_that_were_never_sold_to_them_say_so(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17851",
            f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850",
        ),
    )

    assert account.outcomes["return_unmatched"] == 1
    order, _ = only_return(empty)
    assert order.match[0]["why"] == [{"code": "never_shipped_to_customer"}]


def test_one_row_that_came_from_two_shipments_is_two_lines(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            f"1002,{KETTLE},4,2010-12-02 08:26:00,2.55,17850",
            f"C1003,{KETTLE},-10,2010-12-03 10:00:00,2.55,17850",
        ),
    )

    assert account.outcomes == {"order_line": 2, "return_matched": 1}
    _, lines = only_return(empty)
    assert [line.received for line in lines] == [4, 6]


def test_what_one_return_took_another_cannot_take_again(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            f"C1003,{KETTLE},-6,2010-12-04 10:00:00,2.55,17850",
            f"C1002,{KETTLE},-6,2010-12-03 10:00:00,2.55,17850",
        ),
    )

    assert account.outcomes == {"order_line": 1, "return_matched": 1, "return_unmatched": 1}
    assert account.unmatched == {"nothing_left": 1}


def test_codes_that_differ_by_case_are_one_item_and_repeats_are_lines(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            "1001,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850",
            "1001,85123a,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850",
            "1001,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850",
        ),
    )

    assert account.outcomes == {"order_line": 3}
    counts = whole(empty)
    assert (counts["Item"], counts["Barcode"], counts["OutboundLine"]) == (1, 1, 3)


def test_adjustments_are_recorded_and_move_nothing(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            "1002,22001,damages,-43,2010-12-06 16:10:00,0,",
            "1003,22001,,56,2010-12-01 11:52:00,0,",
            "1004,22001,Found,5,2010-12-01 11:52:00,0,",
            f"1005,{KETTLE},1,2010-12-01 11:52:00,0,17850",
        ),
    )

    assert account.outcomes == {"order_line": 2, "adjustment": 3}
    with empty.read(SYSTEM) as work:
        assert {(each.quantity, each.reason) for each in work.find(Adjustment)} == {
            (-43, "damages"),
            (56, ""),
            (5, "Found"),
        }
        assert work.find(Item)[0].name == "GREEN KETTLE"
        assert work.find(StockEntry) == []


def test_postage_and_fees_are_not_goods(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            "1001,POST,POSTAGE,3,2010-12-01 08:26:00,18,12583",
            "C1002,D,Discount,-1,2010-12-01 08:26:00,27.5,14527",
            "1003,m,Manual,1,2010-12-01 08:26:00,2.55,",
            "C1004,AMAZONFEE,AMAZON FEE,-1,2010-12-01 08:26:00,13541.33,",
            "C1005,BANK CHARGES,Bank Charges,-1,2010-12-01 08:26:00,95.38,",
            "1006,gift_0001_40,Gift Voucher,1,2010-12-01 08:26:00,34.04,",
        ),
    )

    assert account.outcomes == {"non_goods": 6}
    assert whole(empty)["OutboundOrder"] == 0
    assert whole(empty)["ReturnOrder"] == 0


def test_each_refused_row_has_its_reason_and_the_others_come_in(empty: Database, file: Files) -> None:
    account = take_in(
        empty,
        file(
            f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            f"1001,{KETTLE},six,2010-12-01 08:26:00,2.55,17850",
            f"1001,{KETTLE},0,2010-12-01 08:26:00,2.55,17850",
            f"1001,{KETTLE},6,2010-13-01 08:26:00,2.55,17850",
            f"1001,{KETTLE},6,2010-12-01 08:26:00,NaN,17850",
            f"1001,{KETTLE},6,2010-12-01 08:26:00,-1,17850",
            f"1001,{KETTLE},6,2010-12-01 08:26:00",
            f",{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            "1001,,GREEN KETTLE,6,2010-12-01 08:26:00,2.55,17850",
            f"C1002,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
            f"A1002,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
        ),
    )

    assert account.outcomes == {
        "order_line": 1, "refused_quantity": 2, "refused_date": 1, "refused_price": 2, "refused_columns": 1,
        "refused_invoice": 2, "refused_code": 1, "refused_sign": 1,
    }  # fmt: skip
    assert account.rows == account.outcomes.total() == 11
    assert dict(account.refused)[3] == "its quantity is 'six'"


def test_the_same_file_again_changes_nothing(empty: Database, file: Files) -> None:
    path = file(
        f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
        f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
        "1001,POST,POSTAGE,1,2010-12-01 08:26:00,18,17850",
        "1002,22001,damages,-1,2010-12-01 08:26:00,0,",
        f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850",
        f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850",
    )
    take_in(empty, path)
    before = whole(empty)

    account = take_in(empty, path)

    assert account.outcomes == {"known": 5, "non_goods": 1}
    assert not account.made
    assert whole(empty) == before


def test_a_file_that_overlaps_adds_only_what_is_new(empty: Database, file: Files) -> None:
    sold = f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850"
    back = f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850"
    take_in(empty, file(sold, back, name="december.csv"))

    account = take_in(
        empty, file(back, sold, sold, back, "1001,22002,RED KETTLE,1,2010-12-01 08:26:00,3.0,17850", name="q4.csv")
    )

    assert account.outcomes == {"known": 2, "order_line": 2, "return_matched": 1}
    counts = whole(empty)
    assert (counts["OutboundOrder"], counts["OutboundLine"], counts["ReturnOrder"], counts["ReturnLine"]) == (
        1,
        3,
        1,
        2,
    )
    with empty.read(SYSTEM) as work:
        assert sorted(line.line_number for line in work.find(OutboundLine)) == [1, 2, 3]
        assert sum(line.returned for line in work.find(OutboundLine)) == 4
        assert len(work.find(ImportRun)) == 2


def test_the_first_publications_encoding_dates_and_country_are_read(empty: Database, file: Files) -> None:
    path = file(
        "1001,22001,GREEN KETTLE £,6,12/1/2010 8:26,2.55,17850.0,France", header=f"{HEADER},Country", encoding="latin-1"
    )

    assert take_in(empty, path).outcomes == {"order_line": 1}
    with empty.read(SYSTEM) as work:
        assert work.find(Item)[0].name == "GREEN KETTLE £"
        customer = work.find(Customer)[0]
        assert (customer.code, customer.country) == ("17850", "France")
        assert work.find(OutboundOrder)[0].shipped_on == "2010-12-01"


def test_it_goes_to_the_site_that_is_named(database: Database, file: Files) -> None:
    path = file(f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850")

    assert take_in(database, path, site="SH").site == "SH"
    with database.read(SYSTEM) as work:
        assert {balance.bin_id for balance in work.find(StockBalance, StockBalance.status == "quarantine")} == {
            "bin-quarantine"
        }


BAD = {
    "is empty": b"",
    "InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID are missing": b"a,b\n1,2\n",
    "CustomerID is missing": HEADER.removesuffix(",CustomerID").encode() + b"\n",
    "not a CSV file: it holds bytes": b"PK\x03\x04\x00\x00" + bytes(range(32)),
    "neither in UTF-8 nor in Latin-1": HEADER.encode() + b"\n1001,22001,\x93KETTLE\x94,6,2010-12-01 08:26:00,2.55,1\n",
    "not a CSV file that can be read: line": HEADER.encode() + b'\n1001,22001,"KETTLE,6,2010-12-01 08:26:00,2.55,1\n',
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_file_that_cannot_be_read_changes_nothing(empty: Database, tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(BAD[sentence])
    before = whole(empty)

    with pytest.raises(Unreadable, match=sentence):
        take_in(empty, path)

    assert whole(empty) == before


def test_interrupted_it_goes_on_where_it_stopped(empty: Database, file: Files) -> None:
    path = file(f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850", f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850")

    def cut(step: str, done: int, total: int) -> None:
        if step == "outbound lines":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(empty, path, cut)

    assert take_in(empty, path).outcomes == {"known": 1, "return_matched": 1}
    assert take_in(empty, path).outcomes == {"known": 2}


def test_it_is_written_a_portion_at_a_time_and_comes_to_the_same(
    empty: Database, tmp_path: Path, file: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(
        f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850",
        f"1002,{KETTLE},1,2010-12-01 09:26:00,2.55,17851",
        "1002,22002,RED LAMP,3,2010-12-01 09:26:00,4.25,17851",
        f"C1003,{KETTLE},-2,2010-12-03 10:00:00,2.55,17850",
        f"C1004,{KETTLE},-4,2010-12-04 10:00:00,2.55,17850",
        f"C1005,{KETTLE},-1,2010-12-05 10:00:00,2.55,17850",
    )
    whole_file = take_in(empty, path)
    monkeypatch.setattr(portions, "__defaults__", (lambda value: 1, 1))
    other = Database(f"sqlite:///{tmp_path / 'other.db'}", BY_MODEL)
    other.create()
    in_portions = take_in(other, path)
    assert in_portions == whole_file
    assert in_portions.unmatched == {"nothing_left": 1}
    assert {name: n for name, n in whole(other).items() if name != "Change"} == {
        name: n for name, n in whole(empty).items() if name != "Change"
    }
    other.close()


def test_the_command_prints_json_alone_and_refuses_in_one_sentence(tmp_path: Path, file: Files) -> None:
    shell = CliRunner(env={"RESTOW_DATA": str(tmp_path / "var")})
    good = file(f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850", f"1001,{KETTLE},x,2010-12-01 08:26:00,2.55,17850")
    bad = file("1,2", header="a,b", name="bad.csv")

    taken = shell.invoke(main, ["import", "online-retail", str(good), "--json"])
    refused = shell.invoke(main, ["import", "online-retail", str(bad)])
    missing = shell.invoke(main, ["import", "online-retail", str(tmp_path / "nowhere.csv")])
    elsewhere = shell.invoke(main, ["import", "online-retail", str(good), "--site", "XX"])

    assert taken.exit_code == 0
    assert msgspec.json.decode(taken.stdout) == {"rows": 2, "outcomes": {"order_line": 1, "refused_quantity": 1}}
    assert (refused.exit_code, missing.exit_code, elsewhere.exit_code) == (2, 2, 2)
    assert refused.stderr.count("\n") <= 2
    assert "Nothing was imported." in refused.stderr
    assert "There is no site with the code XX." in elsewhere.stderr


def test_the_account_shows_every_kind_of_row(tmp_path: Path, file: Files) -> None:
    shell = CliRunner(env={"RESTOW_DATA": str(tmp_path / "var")})

    shown = shell.invoke(
        main, ["import", "online-retail", str(file(f"1001,{KETTLE},6,2010-12-01 08:26:00,2.55,17850"))]
    )

    assert "1  lines of outbound orders" in shown.stdout
    assert "1  rows" in shown.stdout


def test_barcodes_are_in_the_in_store_range_and_never_meet() -> None:
    codes = [f"{number:05d}{letters}" for number in range(0, 100_000, 97) for letters in ("", "A", "B", "BL", "ZZZ")]
    taken: set[str] = set()
    for code in [*codes, "DCGS0076", "DCGS0003", "PADS"]:
        text = in_store(code, taken.__contains__)
        assert is_ean13(text)
        assert 20 <= int(text[:2]) <= 29
        assert in_store(code.lower(), taken.__contains__) == text
        assert text not in taken
        taken.add(text)


def test_a_hashed_barcode_that_another_code_has_is_made_anew() -> None:
    first = in_store("DCGS0076")

    second = in_store("DCGS0076", {first}.__contains__)

    assert second != first
    assert is_ean13(second)
    assert in_store("DCGS0076", {first}.__contains__) == second


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Account]]:
    if not REAL.exists():
        pytest.skip("the wholesaler's file is not beside this folder (../shared/data/online_retail_2010-12.csv)")
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('real') / 'real.db'}", BY_MODEL)
    database.create()
    yield database, take_in(database, REAL)
    database.close()


def test_the_real_file_is_accounted_for_to_the_row(real: tuple[Database, Account]) -> None:
    _, account = real

    assert account.rows == account.outcomes.total() == 42_481
    assert not account.refused
    assert account.outcomes["return_matched"] > 200


def test_the_real_files_goods_add_up(real: tuple[Database, Account]) -> None:
    database, account = real
    with database.read(SYSTEM) as work:
        entries = work.find(StockEntry)
        balances = work.find(StockBalance)
        per_balance: Counter[str] = Counter()
        for entry in entries:
            per_balance[entry.balance_id] += entry.quantity
        assert sum(entry.quantity for entry in entries) == 0
        assert {balance.id: balance.quantity for balance in balances} == dict(per_balance)
        quarantine = sum(balance.quantity for balance in balances if balance.status == "quarantine")
        assert quarantine == account.made["units in quarantine"]
        assert sum(line.received for line in work.find(ReturnLine)) == quarantine
        over = work.find(OutboundLine, col(OutboundLine.returned) > col(OutboundLine.quantity))
        assert over == []
        matched = [line for line in work.find(ReturnLine) if line.outbound_line_id]
        assert sum(line.received for line in matched) == sum(line.returned for line in work.find(OutboundLine))


def test_the_real_file_again_adds_nothing(real: tuple[Database, Account]) -> None:
    database, first = real
    before = whole(database)

    again = take_in(database, REAL)

    assert again.outcomes == {"known": 42_481 - first.outcomes["non_goods"], "non_goods": first.outcomes["non_goods"]}
    assert whole(database) == before
