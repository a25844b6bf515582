"""A return, from filing to the shelf, told once from end to end, and the stock it leaves."""

import pytest

from server.database import Database
from server.domain import returns, stock
from server.domain.errors import Invalid, NotAllowed, Stale, WrongState
from server.domain.permissions import SYSTEM
from tests.cast import FAILED, R_1001, SITE, TOTE, Desk, Handheld


def standing(database: Database) -> dict[tuple[str, str, str], int]:
    """(item, status, bin) → quantity, of everything that is not nothing."""
    with database.read(SYSTEM) as work:
        found: dict[tuple[str, str, str], int] = {}
        for balance in work.find(stock.StockBalance, stock.StockBalance.quantity != 0):
            key = (balance.item_id, balance.status, balance.bin_id)
            found[key] = found.get(key, 0) + balance.quantity
        return found


def order(database: Database, id: str = R_1001) -> returns.ReturnOrder:
    with database.read(SYSTEM) as work:
        return work.get(returns.ReturnOrder, id)


def receive_and_inspect(a: Handheld) -> None:
    a.do("cleo", "use_container", container_id=TOTE, site_id=SITE, label="LSH00000018", bin_id="bin-quarantine")
    for _ in range(3):
        a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "kettles", 3)
    a.inspect("ines", "lamps", 1, verdict="fail", grade="D", checks=FAILED)


def test_a_return_goes_from_filing_to_the_shelf(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    receive_and_inspect(a)
    a.dispose("ines", "kettles", "restock", 3)
    a.dispose("ines", "lamps", "scrap", 1)
    a.put_away("cleo", "kettles", "sellable", 3)
    a.put_away("cleo", "lamps", "scrap", 1)

    assert {result.status for result in a.sync()} == {"applied"}
    assert order(database).status == "completed"
    assert standing(database) == {
        ("kettle", "out", ""): -3,
        ("kettle", "sellable", "bin-sellable"): 3,
        ("lamp", "out", ""): -1,
        ("lamp", "scrap_pending", "bin-scrap"): 1,
    }


def test_goods_on_a_cart_are_not_for_sale(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    receive_and_inspect(a)
    a.dispose("ines", "kettles", "restock", 3)
    a.sync()
    assert standing(database)["kettle", "quarantine", "bin-quarantine"] == 3
    assert ("kettle", "sellable", "bin-sellable") not in standing(database)


def test_a_whole_tote_is_put_away_by_one_scan(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    receive_and_inspect(a)
    good = "tote-good"
    a.do("ines", "use_container", container_id=good, site_id=SITE, label="LSH00000026", outcome="restock")
    a.dispose("ines", "kettles", "restock", 3, to_container_id=good)
    a.dispose("ines", "lamps", "restock", 1, to_container_id=good)
    a.do("cleo", "move_container", container_id=good, bin_id="bin-sellable")

    assert {result.status for result in a.sync()} == {"applied"}
    assert standing(database)["kettle", "sellable", "bin-sellable"] == 3
    assert standing(database)["lamp", "sellable", "bin-sellable"] == 1
    assert order(database).status == "completed"


def test_whoever_files_a_return_cannot_approve_it(database: Database, desk: Desk) -> None:
    desk("sam", "create_return", order_id="x", number="X", site_id=SITE, type_code="customer",
         lines=[{"line_id": "x1", "item_id": "lamp", "quantity": 1}])  # fmt: skip
    desk("sam", "submit_return", order_id="x")
    with pytest.raises(NotAllowed):
        desk("sam", "approve_return", order_id="x")
    desk("rita", "approve_return", order_id="x")
    assert order(database, "x").status == "approved"


def test_a_rejection_needs_its_reason_and_the_order_can_be_submitted_again(database: Database, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    with pytest.raises(Invalid):
        desk("rita", "reject_return", order_id=R_1001, reason=" ")
    desk("rita", "reject_return", order_id=R_1001, reason="No photos")
    assert (order(database).status, order(database).rejection) == ("rejected", "No photos")

    desk("sally", "edit_return", id=R_1001, set={"note": "photos attached"}, was={"note": ""})
    desk("sally", "submit_return", order_id=R_1001)
    desk("rita", "approve_return", order_id=R_1001)
    with database.read(SYSTEM) as work:
        rounds = work.find(returns.ReviewRound, returns.ReviewRound.order_id == R_1001)
    assert sorted(each.decision for each in rounds) == ["approved", "rejected"]


def test_a_reviewer_who_saw_an_older_version_looks_again(desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    desk("rita", "reject_return", order_id=R_1001, reason="quantities")
    desk("sally", "edit_return_line", id="kettles", set={"expected": 2}, was={"expected": 3})
    desk("sally", "submit_return", order_id=R_1001)
    with pytest.raises(Stale):
        desk("rita", "approve_return", order_id=R_1001, content=99)


def test_a_quality_return_waits_for_its_inspection_report(desk: Desk) -> None:
    desk("sally", "create_return", order_id="q", number="Q", site_id=SITE, type_code="quality",
         lines=[{"line_id": "q1", "item_id": "lamp", "quantity": 1}])  # fmt: skip
    with pytest.raises(Invalid) as refused:
        desk("sally", "submit_return", order_id="q")
    assert refused.value.facts["missing"] == ["inspection_report"]


def test_an_amended_order_is_reviewed_again(database: Database, desk: Desk) -> None:
    desk.file_r_1001()
    desk("sally", "amend_return", order_id=R_1001, reason="one more")
    assert (order(database).status, order(database).revision, order(database).authorised) == ("draft", 2, False)
    desk("sally", "submit_return", order_id=R_1001)
    desk("rita", "approve_return", order_id=R_1001)
    assert order(database).status == "approved"


def test_received_goods_cannot_be_cancelled_away(desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    with pytest.raises(WrongState):
        desk("sally", "cancel_return", order_id=R_1001, reason="customer keeps it")


def test_a_return_is_not_complete_while_something_is_missing_and_a_supervisor_settles_it(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.inspect("ines", "kettles", 3)
    a.dispose("ines", "kettles", "restock", 3)
    a.put_away("cleo", "kettles", "sellable", 3)
    a.sync()
    with pytest.raises(WrongState) as refused:
        desk("sam", "complete_return", order_id=R_1001)
    assert refused.value.facts["reasons"] == ["1 of 1 have not arrived"]
    desk("sam", "settle_short", line_id="lamps", quantity=1, reason="never sent")
    assert order(database).status == "completed"


def test_a_return_without_order_frees_no_stock_before_its_approval(database: Database, desk: Desk, a: Handheld) -> None:
    a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00011", site_id=SITE)
    a.scan("cleo", "w", "w1", "lamp", 2)
    a.inspect("ines", "w1", 2)
    a.dispose("ines", "w1", "restock", 2)
    a.put_away("cleo", "w1", "sellable", 2)
    results = a.sync()
    assert results[-1].status == "conflict"  # X7: quarantine among what is for sale
    assert standing(database)["lamp", "quarantine", "bin-sellable"] == 2

    desk("rita", "approve_return", order_id="w")
    with database.read(SYSTEM) as work:
        case = work.find(stock.StockBalance, stock.StockBalance.status == "sellable")
    assert not case  # the conflict holds it until somebody has looked
    desk("sam", "resolve_conflict", conflict_id=results[-1].conflict, option="override", note="approved meanwhile")
    assert standing(database)["lamp", "sellable", "bin-sellable"] == 2


def test_an_unclaimed_parcel_is_inspected_but_not_disposed_of_until_somebody_claims_it(
    database: Database, desk: Desk, a: Handheld
) -> None:
    a.do("cleo", "sign_parcel", parcel_id="p", site_id=SITE, waybill="SF 123", carrier="SF")
    a.do("cleo", "open_return_without_order", order_id="u", number="RT-A1-00029", site_id=SITE, parcel_id="p")
    a.do("cleo", "bind_parcel", parcel_id="p", order_id="u")
    a.scan("cleo", "u", "u1", "kettle", 1, parcel_id="p")
    a.do("cleo", "close_parcel", parcel_id="p", unclaimed=True)
    a.inspect("ines", "u1")
    a.dispose("ines", "u1", "restock")
    assert [result.status for result in a.sync()][-1] == "rejected"

    desk.file_r_1001()
    desk("otto", "claim_parcel", parcel_id="p", order_id=R_1001)
    with pytest.raises(WrongState):
        desk("sally", "claim_parcel", parcel_id="p", order_id=R_1001)
    with database.read(SYSTEM) as work:
        line = work.get(returns.ReturnLine, "kettles")
    assert (line.received, line.inspected) == (1, 1)
    a.dispose("ines", "kettles", "restock")
    assert a.sync()[-1].status == "applied"


def test_scrapping_beyond_the_limit_is_proposed_and_a_supervisor_decides(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk("sally", "create_return", order_id="c", number="C", site_id=SITE, type_code="customer",
         lines=[{"line_id": "c1", "item_id": "camera", "quantity": 2}])  # fmt: skip
    desk("sally", "submit_return", order_id="c")
    desk("rita", "approve_return", order_id="c")
    a.scan("cleo", "c", "c1", "camera", 2)
    a.inspect("ines", "c1", 2, verdict="fail", grade="D", checks=FAILED)
    disposition = a.dispose("ines", "c1", "scrap", 2)
    a.sync()
    assert standing(database)["camera", "quarantine", "bin-quarantine"] == 2
    desk(
        "sam",
        "decide_disposition",
        disposition_id=disposition,
        kind="return_to_vendor",
        reason="the maker takes it back",
    )
    assert standing(database)["camera", "vendor_pending", "bin-quarantine"] == 2
    desk("otto", "send_away", disposition_id=disposition, quantity=2, reference="SF999")
    assert standing(database)["camera", "vendor_shipped", ""] == 2


@pytest.mark.parametrize("kind, status", [
    ("restock", "sellable"), ("repair", "in_repair"), ("scrap", "scrap_pending"), ("exchange", "defective"),
    ("return_to_vendor", "vendor_pending"), ("return_to_customer", "customer_pending"),
])  # fmt: skip
def test_each_disposition_has_its_stock_effect(
    database: Database, desk: Desk, a: Handheld, kind: str, status: str
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "lamps")
    a.dispose("ines", "lamps", kind)
    zone = {"restock": "sellable", "repair": "repair", "scrap": "scrap", "return_to_vendor": "vendor"}.get(
        kind, "defective"
    )
    a.put_away("cleo", "lamps", zone)
    assert {result.status for result in a.sync()} == {"applied"}
    assert standing(database)["lamp", status, f"bin-{zone}"] == 1


def test_the_books_always_add_up_to_zero_and_balances_can_be_rebuilt(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    receive_and_inspect(a)
    a.dispose("ines", "kettles", "restock", 2)
    a.put_away("cleo", "kettles", "sellable", 2)
    a.sync()
    with database.read(SYSTEM) as work:
        entries = work.find(stock.StockEntry)
        assert sum(entry.quantity for entry in entries) == 0
        assert {entry.unit_cost for entry in entries if entry.item_id == "kettle"} == {8_000}
        assert all(entry.mutation_id and entry.by for entry in entries)
    before = standing(database)

    def spoil(work: stock.Work) -> None:
        for balance in work.find(stock.StockBalance):
            balance.quantity += 7

    database.write(SYSTEM, spoil)
    assert standing(database) != before
    assert database.write(SYSTEM, lambda work: stock.rebuild(work, SITE)) > 0
    assert standing(database) == before


def test_a_scan_is_taken_back_by_a_second_entry_never_erased(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    receipt = a.scan("cleo", R_1001, "kettles", "kettle")
    a.do("cleo", "unreceive", receipt_id=receipt, quantity=1, reason="wrong line")
    a.sync()
    assert standing(database) == {}
    with database.read(SYSTEM) as work:
        assert len(work.find(stock.StockEntry)) == 4


def test_an_unknown_code_is_captured_and_becomes_stock_once_it_is_mapped(
    database: Database, desk: Desk, a: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "mystery", "", 2, text="6901234567892")
    assert a.sync()[-1].status == "applied"
    assert standing(database) == {}
    desk("otto", "map_barcode", barcode_id="new-code", text="6901234567892", item_id="lamp")
    assert standing(database)["lamp", "quarantine", "bin-quarantine"] == 2


def test_a_stranger_is_refused_every_command(database: Database, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    for name, args in (
        ("approve_return", {"order_id": R_1001}),
        ("cancel_return", {"order_id": R_1001, "reason": "x"}),
        ("sign_parcel", {"parcel_id": "p", "site_id": SITE, "waybill": "1"}),
        ("edit_return", {"id": R_1001, "set": {"note": "x"}, "was": {}}),
    ):
        with pytest.raises(NotAllowed):
            desk("stranger", name, **args)
