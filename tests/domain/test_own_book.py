"""A site's own book: it begins with opening stock, shipments leave it, goods keep what they cost; or a site hands its goods over."""

from typing import Any

import pytest

from server.database import Database
from server.domain import own_book, stock
from server.domain.alert_rules import RULES
from server.domain.catalog import Item, Site
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.errors import Duplicate, Invalid, NotAllowed
from server.domain.hand_overs import HandOver
from server.domain.lot_holds import LotHold
from server.domain.permissions import SYSTEM
from server.domain.stock import StockBalance, StockEntry
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import HOUR, ON_BOTH, Clock

pytestmark = ON_BOTH

HAND_OVER_WAITING = RULES["hand_over_waiting"]
DAY_ONE = "2026-11-01"
ROW: dict[str, Any] = {"site_id": SITE, "item_id": "kettle", "counted_on": DAY_ONE, "bin_id": "bin-sellable"}


def standing(database: Database, status: str = "sellable", item: str = "kettle") -> tuple[int, int]:
    """(units, what they cost)"""
    with database.read(SYSTEM) as work:
        found = work.all(StockBalance, item_id=item, status=status)
        return sum(each.quantity for each in found), sum(each.value for each in found)


def shipment(number: str = "SO-1", quantity: int = 4, **more: Any) -> dict[str, Any]:
    line = {"line_number": 1, "item_id": "kettle", "quantity": quantity}
    return {"site_id": SITE, "number": number, "shipped_on": "2026-11-02", "lines": [line], **more}


def test_opening_stock_said_twice_is_in_the_book_once(desk: Desk, database: Database) -> None:
    assert desk("otto", "open_stock", external_id="1", quantity=10, **ROW).status == "applied"
    assert desk("otto", "open_stock", external_id="1", quantity=10, **ROW).status == "noop"
    assert standing(database) == (10, 80_000)

    with pytest.raises(Duplicate):
        desk("otto", "open_stock", external_id="1", quantity=11, **ROW)
    with pytest.raises(Invalid, match="begins on 2026-11-01"):
        desk("otto", "open_stock", external_id="2", quantity=1, **{**ROW, "counted_on": "2026-10-01"})
    with pytest.raises(NotAllowed):
        desk("cleo", "open_stock", external_id="2", quantity=1, **ROW)
    assert standing(database) == (10, 80_000)


def test_a_shipment_leaves_the_book_once_however_often_it_is_told(desk: Desk, database: Database) -> None:
    desk("otto", "open_stock", external_id="1", quantity=10, **ROW)
    assert desk("otto", "record_shipment", **shipment()).status == "applied"
    assert desk("otto", "record_shipment", **shipment()).status == "noop"
    assert standing(database) == (6, 48_000)

    second = {"line_number": 2, "item_id": "lamp", "quantity": 1}
    desk("otto", "record_shipment", **shipment(lines=[*shipment()["lines"], second]))
    assert standing(database)[0] == 6, "a late message with one line more posts that line alone"
    assert standing(database, item="lamp") == (-1, -5_000), "what left is never refused for what the book has"
    with pytest.raises(Duplicate):
        desk("otto", "record_shipment", **shipment(quantity=5))


def test_what_was_shipped_before_the_book_began_is_not_in_it(desk: Desk, database: Database) -> None:
    desk("otto", "record_shipment", **shipment("SO-EARLY", shipped_on="2026-10-31"))
    desk("otto", "record_shipment", **shipment("SO-SOON"))
    assert standing(database) == (0, 0), "no book has begun"

    desk("otto", "open_stock", external_id="1", quantity=10, **ROW)
    posted = database.write(SYSTEM, lambda work: own_book.post_due(work, work.get(Site, SITE), 100))
    assert (posted, standing(database)) == (1, (6, 48_000)), "told before the opening stock, shipped after it"
    assert database.write(SYSTEM, lambda work: own_book.post_due(work, work.get(Site, SITE), 100)) == 0


def test_serials_and_lots_that_were_shipped_are_those_that_leave(desk: Desk, database: Database) -> None:
    for serial in ("S1", "S2"):
        row = {**ROW, "item_id": "camera", "serial": serial}
        desk("otto", "open_stock", external_id=serial, quantity=1, **row)
    for lot in ("L1", "L2"):
        desk("otto", "open_stock", external_id=lot, quantity=5, **ROW, lot=lot)
    lines = [
        {"line_number": 1, "item_id": "camera", "quantity": 1, "serials": ["S2"]},
        {"line_number": 2, "item_id": "kettle", "quantity": 3, "lot": "L2"},
    ]
    desk("otto", "record_shipment", **shipment(lines=lines))
    with database.read(SYSTEM) as work:
        there = work.find(StockBalance, StockBalance.status == "sellable", StockBalance.quantity != 0)
        assert sorted((each.serial, each.lot, each.quantity) for each in there) == [
            ("", "L1", 5), ("", "L2", 2), ("S1", "", 1),
        ]  # fmt: skip
        (order,) = work.find(OutboundOrder)
        assert {line.posted for line in work.all(OutboundLine, outbound_id=order.id)} == {1, 3}


def test_goods_keep_what_they_cost_to_the_last_unit(desk: Desk, database: Database) -> None:
    """Two at 80.00, one at 90.01 put together: moved in parts, the place they left is worth nothing and not a cent is made or lost."""
    desk("otto", "open_stock", external_id="1", quantity=2, **ROW)
    desk("otto", "set_unit_cost", item_id="kettle", unit_cost=9_001, start="2026-11-02")
    assert desk("otto", "set_unit_cost", item_id="kettle", unit_cost=9_001, start="2026-11-02").status == "noop"
    desk("otto", "open_stock", external_id="2", quantity=1, unit_cost=9_001, **ROW)
    assert standing(database) == (3, 25_001)

    def carry(work: Any) -> None:
        item = work.get(Item, "kettle")
        for units in (2, 1):
            stock.move(
                work,
                SITE,
                item,
                units,
                stock.Place("sellable", "bin-sellable"),
                stock.Place("held"),
                stock.Cause("move"),
            )
        stock.move(work, SITE, item, 1, stock.OUT, stock.Place("quarantine"), stock.Cause("receive"))

    database.write(SYSTEM, carry)
    assert (standing(database), standing(database, "held")) == ((0, 0), (3, 25_001))
    assert standing(database, "quarantine") == (1, 9_001), "what comes in costs what it costs that day"
    assert database.write(SYSTEM, lambda work: stock.rebuild(work, SITE)) == 0
    with database.read(SYSTEM) as work:
        assert sum(each.quantity * each.unit_cost for each in work.find(StockEntry)) == 0


def test_a_site_that_hands_over_keeps_the_goods_until_it_is_acknowledged(
    desk: Desk, a: Handheld, database: Database, clock: Clock
) -> None:
    database.write(SYSTEM, lambda work: setattr(work.get(Site, SITE), "book", "hand_over"))
    with pytest.raises(Invalid, match="keeps no book of its own"):
        desk("otto", "open_stock", external_id="1", quantity=1, **ROW)
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.inspect("ines", "kettles", 2)
    a.dispose("ines", "kettles", "restock", 2)
    a.sync()
    with database.read(SYSTEM) as work:
        assert not work.find(HandOver), "on a cart it is nobody else's yet"

    a.put_away("cleo", "kettles", "sellable", 2)
    a.sync()
    with database.read(SYSTEM) as work:
        (waiting,) = work.find(HandOver)
    assert (waiting.quantity, waiting.state, standing(database)[0]) == (2, "waiting", 2)

    with database.read(SYSTEM) as work:
        assert not list(HAND_OVER_WAITING.scheduled(work)), "a day is the other system's"
    clock.forward(25 * HOUR)
    with database.read(SYSTEM) as work:
        assert list(HAND_OVER_WAITING.scheduled(work)) == [SITE]
        late = HAND_OVER_WAITING.breach(work, SITE)
        assert late
        assert (late.facts["waiting"], late.facts["quantity"]) == (1, 2)

    with pytest.raises(NotAllowed):
        desk("cleo", "acknowledge_hand_overs", hand_over_ids=[waiting.id])
    desk("otto", "acknowledge_hand_overs", hand_over_ids=[waiting.id], reference="WMS-77")
    assert (standing(database)[0], standing(database, "handed_over")[0]) == (0, 2)
    assert desk("otto", "acknowledge_hand_overs", hand_over_ids=[waiting.id]).status == "noop"
    assert standing(database, "handed_over")[0] == 2
    with database.read(SYSTEM) as work:
        assert HAND_OVER_WAITING.breach(work, SITE) is None, "and the alert closes itself"


def test_a_held_lot_is_known_to_every_handheld_and_forgotten_when_it_is_released(
    desk: Desk, a: Handheld, database: Database
) -> None:
    with pytest.raises(NotAllowed):
        desk("cleo", "hold_lot", item_id="kettle", lot="L1", reason="recall")
    desk("sam", "hold_lot", item_id="kettle", lot="L1", reason="recall")
    assert desk("otto", "hold_lot", item_id="kettle", lot="L1", reason="again").status == "noop"
    a.pull()
    (key,) = (key for key in a.view if key[0] == "lot_hold")
    assert a.view[key]["lot"] == "L1"

    with pytest.raises(Invalid, match="needs a reason"):
        desk("sam", "release_lot", hold_id=key[1], reason=" ")
    desk("sam", "release_lot", hold_id=key[1], reason="tested")
    a.pull()
    assert key not in a.view
    with database.read(SYSTEM) as work:
        (hold,) = work.find(LotHold)
    assert (hold.by, hold.released_by, hold.release_reason) == ("sam", "sam", "tested")
