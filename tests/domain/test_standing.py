"""Stock as it is read: grouped, totalled, paged, as of any instant, available by date, worth what it cost, and doubted."""

from typing import Any

import pytest

from server.database import Database
from server.domain import alerts, availability, reads, stock
from server.domain.alerts import Alert
from server.domain.catalog import Item, Site
from server.domain.errors import Invalid, NotAllowed, WrongState
from server.domain.number_reports import NumberReport
from server.domain.people import Grant, actor_of
from server.domain.permissions import SYSTEM
from server.domain.stock import StockBalance
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock
from workers.consumers import drain
from workers.schedule import judge_by_time

pytestmark = ON_BOTH

BIN = "bin-sellable"


@pytest.fixture(autouse=True)
def goods(desk: Desk, database: Database) -> None:
    """20 kettles without a date; lamps of four lots: 5 past their date, 6 near it, 7 good, 8 good and of a lot to be held. On
    2 November 2026, where a lamp must have 30 days left to be sold."""
    database.write(SYSTEM, lambda work: setattr(work.get(Item, "lamp"), "min_days_to_sell", 30))

    def row(number: str, item: str, quantity: int, lot: str = "", expiry: str = "") -> None:
        desk("otto", "open_stock", site_id=SITE, external_id=number, item_id=item, quantity=quantity, lot=lot, expiry=expiry,
             counted_on="2026-11-01", bin_id=BIN)  # fmt: skip

    row("1", "kettle", 20)
    for number, quantity, lot, expiry in (
        ("2", 5, "OLD", "2026-11-01"), ("3", 6, "NEAR", "2026-12-01"), ("4", 7, "GOOD", "2026-12-02"), ("5", 8, "HELD", "2027-11-01"),
    ):  # fmt: skip
        row(number, "lamp", quantity, lot, expiry)
    desk("sam", "hold_lot", item_id="lamp", lot="HELD", reason="recall")


def read(database: Database, who: str = "otto", **asked: Any) -> Any:
    with database.read(SYSTEM) as work:
        work.actor = actor_of(work, who)
        return reads.standing.stock(work, **asked)


def test_what_is_near_its_date_past_it_or_held_is_not_available(database: Database, clock: Clock, desk: Desk) -> None:
    page = read(database, group="item")
    lamp, kettle = sorted(page["rows"], key=lambda row: row["item"]["sku"])
    assert (lamp["on_hand"], lamp["available"]) == (26, 7)
    assert lamp["not_available"] == {"expired": 5, "near_expiry": 6, "lot_held": 8}
    assert (kettle["on_hand"], kettle["available"], kettle["not_available"]) == (20, 20, {})
    assert page["totals"]["available"] == 27
    assert [row["lot"] for row in read(database, group="lot", only="near_expiry")["rows"]] == ["NEAR"]

    clock.forward(DAY)  # no posting: a day passes, and the lot that was good by one day is near its date
    assert read(database, group="item")["totals"]["not_available"] == {"expired": 5, "near_expiry": 13, "lot_held": 8}
    with database.read(SYSTEM) as work:
        for balance in work.find(StockBalance, StockBalance.status == "sellable"):
            (row,) = read(database, lot=balance.lot, item=balance.item_id)["rows"]
            assert (row["available"] > 0) == (availability.state_of(work, balance) == "available"), "both say the same"
        assert availability.units(work, SITE, "lamp") == 0


def test_a_held_lot_is_not_sent_as_a_replacement(database: Database, desk: Desk, a: Handheld) -> None:
    desk("sam", "hold_lot", item_id="lamp", lot="GOOD", reason="recall")
    desk.file_r_1001()
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "lamps")
    disposition = a.dispose("ines", "lamps", "exchange")
    a.sync()
    with pytest.raises(WrongState, match="No sellable unit"):
        desk("sam", "send_away", disposition_id=disposition, quantity=1)
    with database.read(SYSTEM) as work:
        (hold,) = (each for each in reads.books.lot_holds(work)["rows"] if each["lot"] == "GOOD")
    desk("sam", "release_lot", hold_id=hold["id"], reason="tested")
    desk("sam", "send_away", disposition_id=disposition, quantity=1)
    (good,) = read(database, lot="GOOD")["rows"]
    assert good["on_hand"] == 6, "the oldest that may be promised, not the oldest there is"


def test_any_past_instant_is_read_from_the_ledger(database: Database, clock: Clock, desk: Desk, a: Handheld) -> None:
    before = clock.now
    clock.forward(HOUR)
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    clock.forward(HOUR)
    assert read(database, item="kettle")["totals"]["by_status"] == {"sellable": 20, "quarantine": 3}
    then = read(database, item="kettle", as_of=before)
    assert then["totals"]["by_status"] == {"sellable": 20}
    assert then["totals"]["value"] == {"CNY": 160_000}
    for group in reads.standing.GROUPS:
        now, ledger = read(database, group=group), read(database, group=group, as_of=clock.now)
        assert now["rows"] == ledger["rows"], group
        assert now["totals"] == ledger["totals"], group
    assert read(database, as_of=before - 1)["rows"] == []


@pytest.mark.parametrize("sort", ["", "on_hand"])
def test_pages_hold_every_row_once_and_the_totals_match_them(database: Database, sort: str) -> None:
    for group in reads.standing.GROUPS:
        whole = read(database, group=group, sort=sort, limit=500)
        rows, cursor = [], ""
        while True:
            page = read(database, group=group, sort=sort, limit=1, cursor=cursor)
            rows += page["rows"]
            assert page["totals"] == whole["totals"]
            if not (cursor := page["next"]):
                break
        assert rows == whole["rows"], group
        for figure in ("on_hand", "available"):
            assert sum(row[figure] for row in rows) == whole["totals"][figure], (group, figure)
        assert sum(row["value"]["CNY"] for row in rows) == whole["totals"]["value"]["CNY"]
    with pytest.raises(Invalid):
        read(database, cursor="5b5d")


def test_money_and_stock_are_shown_to_those_who_may_see_them(database: Database) -> None:
    assert read(database, "otto")["totals"]["value"] == {"CNY": 20 * 8_000 + 26 * 5_000}
    assert read(database, "rita")["totals"]["value"] is None

    def elsewhere(work: Any) -> None:
        work.add(Site, id="site-bj", code="BJ", name="北京仓")
        stock.move(
            work, "site-bj", work.get(Item, "kettle"), 3, stock.OUT, stock.Place("sellable"), stock.Cause("open")
        )
        work.add(Grant, id="more", person_id="otto", role="operator", site_id="site-bj")

    database.write(SYSTEM, elsewhere)
    page = read(database, "otto", item="kettle", group="site")
    assert page["totals"]["on_hand"] == 23
    assert page["totals"]["value"] == {"CNY": 160_000}, (
        "the money of the site where they are of the office, and no other"
    )

    with database.read(SYSTEM) as work:
        work.actor = actor_of(work, "sally")
        assert [row["available"] for row in reads.standing.availability(work)["rows"]] == [7, 20]


def test_a_number_that_somebody_doubts_waits_for_a_supervisor_with_what_the_book_said(
    database: Database, desk: Desk, clock: Clock
) -> None:
    said = {
        "report_id": "report",
        "site_id": SITE,
        "figure": "on_hand",
        "shown": 25,
        "asked": {"item": "lamp", "status": "sellable"},
    }
    desk("otto", "report_number", **said, note="I see 25 on the shelf")
    assert desk("otto", "report_number", **said, note="I see 25 on the shelf").status == "noop"
    drain(database)
    with database.read(SYSTEM) as work:
        (report,) = work.find(NumberReport)
        (alert,) = work.find(Alert, Alert.rule == "number_reported")
    assert (report.evidence["balances"], report.evidence["ledger"], report.shown) == (26, 26, 25)
    assert len(report.evidence["entries"]) == 4
    assert (alert.state, alert.item_id, alert.facts["note"]) == ("open", "lamp", "I see 25 on the shelf")

    desk("sam", "resolve_alert", alert_id=alert.id, note="counted: 25, one lost")
    drain(database)
    with database.read(SYSTEM) as work:
        assert work.find(Alert, Alert.rule == "number_reported")[0].state == "resolved"


def test_what_stock_cost_can_be_doubted_and_is_told_only_to_those_who_may_see_it(
    database: Database, desk: Desk
) -> None:
    asked = {"item": "lamp", "currency": "CNY"}
    said = {"report_id": "worth", "site_id": SITE, "figure": "value", "shown": 1, "asked": asked}
    with pytest.raises(NotAllowed):
        desk("sally", "report_number", **said)
    with pytest.raises(Invalid):
        desk("otto", "report_number", **said | {"asked": {"item": "lamp"}})
    desk("otto", "report_number", **said, note="a lamp costs less")
    drain(database)
    with database.read(SYSTEM) as work:
        work.actor = actor_of(work, "otto")
        report = reads.books.number_report(work, "worth")
        units = reads.standing.stock(work, site=SITE, item="lamp")["totals"]
        (alert,) = work.find(Alert, Alert.rule == "number_reported")
        assert (
            report["evidence"]["balances"] == report["evidence"]["ledger"] == units["value"]["CNY"] > units["on_hand"]
        )
        assert (alert.facts["note"], alert.facts.keys() & {"shown", "balances", "ledger"}) == (
            "a lamp costs less",
            set(),
        )
        work.actor = actor_of(work, "sally")
        with pytest.raises(NotAllowed):
            reads.books.number_report(work, "worth")


def test_dates_and_holds_raise_their_alerts_and_close_them(database: Database, clock: Clock, desk: Desk) -> None:
    def open_ones() -> list[tuple[str, Any]]:
        drain(database)
        with database.read(SYSTEM) as work:
            found = work.find(Alert, Alert.state == "open")
            return sorted((each.rule, each.facts.get("lot")) for each in found)

    assert open_ones() == [("expired_stock", "OLD"), ("lot_held", "HELD"), ("near_expiry_stock", "NEAR")]
    clock.forward(DAY)
    judge_by_time(database)
    assert ("near_expiry_stock", "GOOD") in open_ones(), "time alone raises it"
    clock.forward(30 * DAY)
    judge_by_time(database)
    assert [rule for rule, lot in open_ones() if lot == "NEAR"] == ["expired_stock"]

    with database.read(SYSTEM) as work:
        (hold,) = reads.books.lot_holds(work)["rows"]
    desk("sam", "release_lot", hold_id=hold["id"], reason="tested")
    assert "lot_held" not in {rule for rule, _ in open_ones()}
    assert alerts.RULES["lot_held"].gone
