"""Every rule raises its alert, counts what is new, and closes it when the cause is gone."""

from typing import Any

import pytest
from sqlmodel import col

from server.database import Database
from server.domain import alerts, catalog, devices, documents, stock
from server.domain.alert_rules import RULES
from server.domain.catalog import Site
from server.domain.events import AlertClosed, AlertRaised
from server.domain.ids import derived_id, uuid7
from server.domain.permissions import SYSTEM
from server.domain.records import EventRow
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.stock import StockBalance
from server.domain.work import Work
from server.sync.protocol import Lost
from tests.cast import FAILED, R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock
from workers.consumers import drain

from .books import alert, change, open_alerts, settle, state

pytestmark = ON_BOTH


@pytest.fixture(autouse=True)
def r_1001(desk: Desk, database: Database) -> None:
    desk.file_r_1001()
    settle(database)


def test_over_received(database: Database, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("none", 0)

    fourth = a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    settle(database)
    raised = alert(database, "over_received", "kettles")
    assert raised is not None
    assert (raised.state, raised.facts) == ("open", {"expected": 3, "received": 4, "over": 1})
    assert (raised.site_id, raised.order_id, raised.item_id, raised.severity) == (SITE, R_1001, "kettle", "warning")

    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("open", 2)

    a.do("cleo", "unreceive", receipt_id=fourth, quantity=1)
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("open", 3)
    change(database, ReturnLine, "kettles", expected=5)
    settle(database)
    closed = alert(database, "over_received", "kettles")
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.closing_reason) == (
        "auto_closed",
        "system",
        RULES["over_received"].gone,
    )


def test_short_received_once_its_parcel_is_unpacked(database: Database, a: Handheld) -> None:
    a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, waybill="SF1")
    a.do("cleo", "open_parcel", parcel_id="parcel")
    a.scan("cleo", R_1001, "kettles", "kettle", 2, parcel_id="parcel")
    a.sync()
    settle(database)
    assert state(database, "short_received", "kettles") == ("none", 0), "there may be more in the parcel"

    a.do("cleo", "close_parcel", parcel_id="parcel")
    a.sync()
    settle(database)
    assert alert(database, "short_received", "kettles").facts == {"expected": 3, "received": 2, "missing": 1}  # type: ignore[union-attr]
    assert state(database, "short_received", "lamps") == ("open", 1), "of the lamp nothing came at all"

    a.scan("cleo", R_1001, "kettles", "kettle", 1, parcel_id="parcel")
    a.sync()
    settle(database)
    assert state(database, "short_received", "kettles") == ("auto_closed", 1)


def test_short_received_when_nothing_came_for_a_day_and_a_supervisor_settles_it(
    database: Database, a: Handheld, desk: Desk, clock: Clock
) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    settle(database)
    assert state(database, "short_received", "lamps") == ("none", 0)
    clock.forward(DAY)
    settle(database)
    assert state(database, "short_received", "lamps") == ("open", 1)
    desk("sam", "settle_short", line_id="lamps", quantity=1, reason="Never sent.")
    settle(database)
    assert state(database, "short_received", "lamps") == ("auto_closed", 1)


def test_unexpected_item_that_the_order_does_not_name(database: Database, a: Handheld) -> None:
    line = derived_id("line", R_1001, "camera")
    first = a.scan("cleo", R_1001, line, "camera")
    a.sync()
    settle(database)
    assert state(database, "unexpected_item", line) == ("open", 1)
    second = a.scan("cleo", R_1001, line, "camera")
    a.sync()
    settle(database)
    assert state(database, "unexpected_item", line) == ("open", 2)
    for receipt in (first, second):
        a.do("cleo", "unreceive", receipt_id=receipt, quantity=1)
    a.sync()
    settle(database)
    assert state(database, "unexpected_item", line)[0] == "auto_closed"


def test_unexpected_item_that_nobody_can_name_until_its_code_is_mapped(
    database: Database, a: Handheld, desk: Desk
) -> None:
    order, line = uuid7(), "unknown"
    a.do("cleo", "open_return_without_order", order_id=order, number="RT-A1-00013", site_id=SITE)
    a.scan("cleo", order, line, "", text="4006381333931")
    a.sync()
    settle(database)
    raised = alert(database, "unexpected_item", line)
    assert raised is not None
    assert raised.facts == {"received": 1, "text": "4006381333931"}
    desk("otto", "map_barcode", barcode_id=uuid7(), text="4006381333931", item_id="lamp")
    settle(database)
    assert state(database, "unexpected_item", line) == ("auto_closed", 1)


def test_wrong_lot_or_serial(database: Database, a: Handheld) -> None:
    def shipped(work: Work) -> None:
        work.add(documents.OutboundLine, id="shipped", outbound_id="o", site_id=SITE, item_id="kettle", quantity=3, lot="L1",
                 serials=["S1", "S2"])  # fmt: skip
        work.get(ReturnLine, "kettles").outbound_line_id = "shipped"

    database.write(SYSTEM, shipped)
    a.scan("cleo", R_1001, "kettles", "kettle", lot="L1", serial="S1")
    a.sync()
    settle(database)
    assert state(database, "wrong_lot_or_serial", "kettles") == ("none", 0)
    wrong = a.scan("cleo", R_1001, "kettles", "kettle", lot="L2")
    a.sync()
    settle(database)
    assert alert(database, "wrong_lot_or_serial", "kettles").facts["wrong_lots"] == ["L2"]  # type: ignore[union-attr]
    stranger = a.scan("cleo", R_1001, "kettles", "kettle", serial="S9")
    a.sync()
    settle(database)
    assert state(database, "wrong_lot_or_serial", "kettles") == ("open", 2)
    for receipt in (wrong, stranger):
        a.do("cleo", "unreceive", receipt_id=receipt, quantity=1)
    a.sync()
    settle(database)
    assert state(database, "wrong_lot_or_serial", "kettles")[0] == "auto_closed"


def fail(a: Handheld, quantity: int = 1, **more: Any) -> str:
    return a.inspect("ines", "kettles", quantity, verdict="fail", grade="D", checks=FAILED, **more)


def test_inspection_failed_until_another_corrects_it(database: Database, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.inspect("ines", "kettles")
    failed = fail(a)
    a.sync()
    settle(database)
    raised = alert(database, "inspection_failed", "kettles")
    assert raised is not None
    assert (raised.state, raised.occurrences, raised.severity) == ("open", 1, "warning")
    assert raised.facts == {"failed": 1, "grade": "D", "checks": ["appearance"], "defects": []}

    dangerous = [{**FAILED[0], "severity": "critical"}, *FAILED[1:]]
    second = a.inspect("ines", "kettles", verdict="fail", grade="D", checks=dangerous)
    a.sync()
    settle(database)
    raised = alert(database, "inspection_failed", "kettles")
    assert raised is not None
    assert (raised.occurrences, raised.severity) == (2, "critical")

    for each in (failed, second):
        a.inspect("ines", "kettles", supersedes=each)
    a.sync()
    settle(database)
    assert state(database, "inspection_failed", "kettles")[0] == "auto_closed"


def test_inspection_failed_until_the_goods_have_left(database: Database, a: Handheld, desk: Desk) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    failed = fail(a, 2)
    scrap = a.dispose("ines", "kettles", "scrap", 2, inspection_id=failed)
    a.sync()
    settle(database)
    assert state(database, "inspection_failed", "kettles") == ("open", 1)
    desk("otto", "send_away", disposition_id=scrap, quantity=2, reference="SCRAP-1")
    settle(database)
    assert state(database, "inspection_failed", "kettles") == ("auto_closed", 1)


def test_inspection_overdue(database: Database, a: Handheld, clock: Clock) -> None:
    arrived = clock.now
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.sync()
    clock.forward(23 * HOUR)
    settle(database)
    assert state(database, "inspection_overdue", R_1001) == ("none", 0)
    clock.forward(HOUR)
    settle(database)
    raised = alert(database, "inspection_overdue", R_1001)
    assert raised is not None
    assert raised.facts == {"waiting": 2, "since": arrived, "hours": 24}
    clock.forward(HOUR)
    settle(database)
    assert state(database, "inspection_overdue", R_1001) == ("open", 1), "the same units, an hour later, are no news"
    a.inspect("ines", "kettles")
    a.sync()
    settle(database)
    assert state(database, "inspection_overdue", R_1001) == ("open", 2)
    a.inspect("ines", "kettles")
    a.sync()
    settle(database)
    assert state(database, "inspection_overdue", R_1001) == ("auto_closed", 2)


def test_review_overdue(database: Database, desk: Desk, clock: Clock) -> None:
    order = "second"
    desk("sally", "create_return", order_id=order, number="R-2", site_id=SITE, type_code="customer",
         lines=[{"line_id": "line", "item_id": "lamp", "quantity": 1}])  # fmt: skip
    desk("sally", "submit_return", order_id=order)
    settle(database)
    clock.forward(DAY)
    settle(database)
    assert state(database, "review_overdue", order) == ("open", 1)
    desk("rita", "reject_return", order_id=order, reason="Not ours.")
    settle(database)
    assert state(database, "review_overdue", order) == ("auto_closed", 1)
    desk("sally", "submit_return", order_id=order)
    clock.forward(DAY)
    settle(database)
    assert state(database, "review_overdue", order) == ("open", 2), (
        "closed by itself, it comes back whenever it breaches"
    )


def test_parcel_unclaimed_too_long(database: Database, a: Handheld, desk: Desk, clock: Clock) -> None:
    a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, waybill="SF2", carrier="SF")
    a.do("cleo", "close_parcel", parcel_id="parcel", unclaimed=True)
    a.sync()
    settle(database)
    clock.forward(7 * DAY - 1)
    settle(database)
    assert state(database, "parcel_unclaimed_too_long", "parcel") == ("none", 0)
    clock.forward(1)
    settle(database)
    assert alert(database, "parcel_unclaimed_too_long", "parcel").facts["waybill"] == "SF2"  # type: ignore[union-attr]
    desk("otto", "claim_parcel", parcel_id="parcel", customer_id="customer")
    settle(database)
    assert state(database, "parcel_unclaimed_too_long", "parcel") == ("auto_closed", 1)


def test_expired_stock(database: Database, clock: Clock) -> None:
    subject = f"{SITE}|lamp|L7|2026-11-02"

    def move(quantity: int, source: stock.Place, target: stock.Place) -> None:
        def task(work: Work) -> None:
            work.because_of(uuid7(work.now))
            lamp = work.get(catalog.Item, "lamp")
            stock.move(work, SITE, lamp, quantity, source, target, stock.Cause("import"), stock.Lot("L7", "2026-11-02"))

        database.write(SYSTEM, task)

    shelf, other = stock.Place("sellable", "bin-sellable"), stock.Place("sellable", "bin-exception")
    move(5, stock.OUT, shelf)
    settle(database)
    assert state(database, "expired_stock", subject) == ("none", 0), "the day itself is still good"
    clock.forward(DAY)
    settle(database)
    raised = alert(database, "expired_stock", subject)
    assert raised is not None
    assert (raised.severity, raised.item_id) == ("critical", "lamp")
    assert raised.facts == {"lot": "L7", "expiry": "2026-11-02", "quantity": 5}
    move(2, shelf, other)
    drain(database)
    assert state(database, "expired_stock", subject) == ("open", 1), "in two bins it is still one lot"
    move(1, other, stock.Place("scrap_pending", "bin-scrap"))
    drain(database)
    assert state(database, "expired_stock", subject) == ("open", 2)
    move(3, shelf, stock.Place("scrap_pending", "bin-scrap"))
    move(1, other, stock.Place("scrap_pending", "bin-scrap"))
    drain(database)
    assert state(database, "expired_stock", subject)[0] == "auto_closed"


def test_numbers_lost(database: Database, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push(a.outbox[1:], lost=Lost(first=1, last=1))
    settle(database)
    raised = alert(database, "numbers_lost", a.id)
    assert raised is not None
    assert (raised.state, raised.severity, raised.facts["first"], raised.facts["last"]) == ("open", "critical", 1, 1)


def test_device_silent(database: Database, a: Handheld, clock: Clock) -> None:
    a.sync()
    settle(database)
    clock.forward(12 * HOUR)
    settle(database)
    raised = alert(database, "device_silent", a.id)
    assert raised is not None
    assert (raised.state, raised.severity) == ("open", "info"), "it had sent everything: it may lie in its cradle"
    assert state(database, "device_silent", "device-B1") == ("none", 0), "that one was never heard of"
    change(database, devices.Device, a.id, pending=7)
    settle(database)
    raised = alert(database, "device_silent", a.id)
    assert raised is not None
    assert (raised.occurrences, raised.severity) == (2, "warning")
    a.sync()
    settle(database)
    assert state(database, "device_silent", a.id) == ("auto_closed", 2)

    # It talks, and does not upload: somebody holds it back, or something of it is stuck.
    change(database, devices.Device, a.id, pending=3, oldest_pending_at=clock.now - 13 * HOUR)
    settle(database)
    raised = alert(database, "device_silent", a.id)
    assert raised is not None
    assert (raised.state, raised.severity, raised.facts["silent"]) == ("open", "warning", False)
    change(database, devices.Device, a.id, pending=0, oldest_pending_at=0)
    settle(database)
    assert state(database, "device_silent", a.id)[0] == "auto_closed"


def test_ledger_drift(database: Database, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    settle(database)
    assert state(database, "ledger_drift", SITE) == ("none", 0)
    with database.read(SYSTEM) as work:
        balance = work.find(StockBalance, StockBalance.status == "quarantine")[0]
    change(database, StockBalance, balance.id, quantity=5)
    a.scan("cleo", R_1001, "lamps", "lamp")  # something happens, so the books are compared
    a.sync()
    settle(database)
    raised = alert(database, "ledger_drift", SITE)
    assert raised is not None
    assert (raised.state, raised.severity, raised.facts) == (
        "open",
        "critical",
        {"balances": 1, "lines": 0, "units": 2},
    )
    change(database, ReturnLine, "kettles", received=4)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    settle(database)
    assert alert(database, "ledger_drift", SITE).facts["lines"] == 1  # type: ignore[union-attr]
    change(database, StockBalance, balance.id, quantity=3)
    change(database, ReturnLine, "kettles", received=3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    settle(database)
    assert state(database, "ledger_drift", SITE) == ("auto_closed", 2)


def test_negative_stock(database: Database, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()

    def move(quantity: int, source: stock.Place, target: stock.Place) -> None:
        def task(work: Work) -> None:
            work.because_of(uuid7(work.now))
            stock.move(work, SITE, work.get(catalog.Item, "lamp"), quantity, source, target, stock.Cause("move"))

        database.write(SYSTEM, task)

    shelf, repair = stock.Place("sellable", "bin-sellable"), stock.Place("in_repair", "bin-repair")
    move(1, shelf, repair)
    drain(database)
    with database.read(SYSTEM) as work:
        (negative,) = work.find(StockBalance, StockBalance.quantity < 0, col(StockBalance.status) != "out")
    raised = alert(database, "negative_stock", negative.id)
    assert raised is not None
    assert (raised.item_id, raised.facts["quantity"], raised.facts["bin"]) == ("lamp", -1, "SH-SELLABLE-01")
    move(1, shelf, repair)
    drain(database)
    assert state(database, "negative_stock", negative.id) == ("open", 2)
    move(2, repair, shelf)
    drain(database)
    assert state(database, "negative_stock", negative.id) == ("auto_closed", 2)


# What all alerts share


@pytest.fixture
def over(database: Database, a: Handheld) -> str:
    """One kettle too many."""
    a.scan("cleo", R_1001, "kettles", "kettle", 4)
    a.sync()
    settle(database)
    raised = alert(database, "over_received", "kettles")
    assert raised is not None
    return raised.id


def test_looking_again_changes_nothing(database: Database, over: str) -> None:
    before = database.heads()
    settle(database)
    settle(database)
    assert database.heads() == before
    assert open_alerts(database) == {"over_received"}


def test_a_dismissed_alert_stays_dismissed_for_the_same_facts(
    database: Database, a: Handheld, desk: Desk, over: str
) -> None:
    desk("sam", "dismiss_alert", alert_id=over, reason="We know.")
    settle(database)
    assert state(database, "over_received", "kettles") == ("dismissed", 1)
    fifth = a.scan("cleo", R_1001, "kettles", "kettle")
    a.do("cleo", "unreceive", receipt_id=fifth, quantity=1)
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("dismissed", 1)
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("open", 2), "two too many is another matter"


def test_a_resolved_alert_comes_back_when_its_cause_went_and_came_again(
    database: Database, a: Handheld, desk: Desk, over: str
) -> None:
    desk("sam", "resolve_alert", alert_id=over, note="Sent back with the driver.")
    settle(database)
    assert state(database, "over_received", "kettles") == ("resolved", 1)
    change(database, ReturnLine, "kettles", received=3)
    settle_one(database, "over_received", "kettles")
    assert state(database, "over_received", "kettles") == ("resolved", 1)
    change(database, ReturnLine, "kettles", received=4)
    settle_one(database, "over_received", "kettles")
    found = alert(database, "over_received", "kettles")
    assert found is not None
    assert (found.state, found.occurrences, found.closed_at) == ("open", 2, 0)


def test_a_snoozed_alert_wakes_at_its_time_and_closes_in_its_sleep(
    database: Database, desk: Desk, clock: Clock, over: str
) -> None:
    desk("sam", "snooze_alert", alert_id=over, until=clock.now + HOUR)
    settle(database)
    assert state(database, "over_received", "kettles") == ("snoozed", 1)
    clock.forward(HOUR)
    settle(database)
    assert state(database, "over_received", "kettles") == ("open", 1)
    desk("sam", "snooze_alert", alert_id=over, until=clock.now + HOUR)
    change(database, ReturnLine, "kettles", expected=4)
    settle(database)
    assert state(database, "over_received", "kettles") == ("auto_closed", 1)


def test_an_acknowledged_alert_is_counted_and_stays_with_its_person(
    database: Database, a: Handheld, desk: Desk, over: str
) -> None:
    desk("sam", "acknowledge_alert", alert_id=over)
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    settle(database)
    assert state(database, "over_received", "kettles") == ("acknowledged", 2)


def test_raising_and_closing_are_told_once(database: Database, over: str) -> None:
    change(database, ReturnLine, "kettles", expected=4)
    settle(database)
    settle(database)
    with database.read(SYSTEM) as work:
        told = [each.kind for each in work.find(EventRow, EventRow.subject_id == over, order_by=EventRow.revision)]
    assert told == [AlertRaised.__name__, AlertClosed.__name__]


def test_history_of_another_book_is_never_overdue(database: Database, a: Handheld, clock: Clock) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp", 1)
    a.sync()
    change(database, ReturnOrder, R_1001, origin="imported")
    clock.forward(40 * DAY)
    settle(database)
    assert open_alerts(database) <= {"device_silent"}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_knows_nothing_of_what_is_not_there(rule: Any, database: Database) -> None:
    with database.read(SYSTEM) as work:
        of_goods = rule.id in ("expired_stock", "near_expiry_stock", "lot_held")
        assert rule.breach(work, "nobody|x|y|2020-01-01" if of_goods else "nobody") is None
        assert rule.gone.endswith(".")
        assert rule.severity in ("info", "warning", "critical")


def settle_one(database: Database, rule: str, subject: str) -> None:
    database.write(SYSTEM, lambda work: alerts.judge(work, RULES[rule], subject))


def test_sites_set_their_own_patience(database: Database, a: Handheld, clock: Clock) -> None:
    change(database, Site, SITE, inspection_hours=2)
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    clock.forward(2 * HOUR)
    settle(database)
    assert state(database, "inspection_overdue", R_1001)[0] == "open"
