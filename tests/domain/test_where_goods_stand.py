"""X7 is about what somebody puts somewhere, not about what stood there before."""

from server.domain.conflicts import Conflict
from server.domain.ids import derived_id
from server.domain.permissions import SYSTEM
from server.domain.stock import StockBalance
from tests.cast import R_1001, SITE, TOTE, Desk, Handheld

OTHER_TOTE = derived_id("container", SITE, "LSH00000026")


def test_a_tote_moved_beside_goods_that_wait_to_be_put_away_is_no_conflict(a: Handheld, desk: Desk) -> None:
    """A kettle for repair is booked as in repair while it still stands, inspected, in quarantine."""
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.inspect("ines", "kettles", 2)
    a.dispose("ines", "kettles", "repair", 2)
    a.scan("cleo", R_1001, "kettles", "kettle", 1, container_id=OTHER_TOTE)
    a.do("cleo", "move_container", container_id=OTHER_TOTE, bin_id="bin-dock")
    a.do("cleo", "move_container", container_id=OTHER_TOTE, bin_id="bin-quarantine")
    assert [result.status for result in a.sync()] == ["applied"] * 6


def test_goods_nobody_inspected_among_what_is_for_sale_still_are_one(a: Handheld, desk: Desk) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.do("cleo", "move_container", container_id=derived_id("container", SITE, "LSH00000018"), bin_id="bin-sellable")
    assert [result.status for result in a.sync()] == ["applied", "conflict"]
    with a.database.read(SYSTEM) as work:
        (case,) = work.find(Conflict)
    assert (case.rule, case.facts["statuses"]) == ("X7", ["quarantine"])


def test_what_is_taken_back_is_of_the_lot_that_was_scanned_wherever_it_stands_now(a: Handheld, desk: Desk) -> None:
    desk.file_r_1001()
    receipt = a.scan("cleo", R_1001, "kettles", "kettle", 1)
    a.do("cleo", "put_away", line_id="kettles", site_id=SITE, quantity=1, bin_id="bin-exception", container_id=TOTE)
    a.scan("cleo", R_1001, "kettles", "kettle", 1, lot="L1")
    a.do("cleo", "unreceive", receipt_id=receipt, quantity=1, reason="undo")
    a.sync()
    with a.database.read(SYSTEM) as work:
        left = work.find(StockBalance, StockBalance.status == "quarantine", StockBalance.quantity != 0)
    assert [(balance.lot, balance.quantity, balance.container_id) for balance in left] == [("L1", 1, TOTE)]
