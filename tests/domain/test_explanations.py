"""The explainers: each thing that stands in the way is found by its code, with what helps and whom to ask."""

from typing import Any

import pytest

from server.database import Database
from server.domain import explanations, reads
from server.domain.catalog import Site
from server.domain.devices import Device
from server.domain.errors import NotAllowed, NotFound
from server.domain.explanations import Finding
from server.domain.people import Grant, Person, actor_of
from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnOrder
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock
from workers import consumers, schedule

pytestmark = ON_BOTH


def sight(database: Database, person: str, order: str = R_1001, who: str = "sam") -> dict[str, Any]:
    with database.read(SYSTEM) as work:
        work.actor = actor_of(work, who)
        return reads.explanations.sight(work, person=person, order=order)


def codes(answer: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in answer["findings"]]


def stock_of(database: Database, item: str = "") -> dict[str, Finding]:
    with database.read(SYSTEM) as work:
        return {finding.code: finding for finding in explanations.why_not_updated(work, SITE, item)}


def completion(database: Database, who: str = "sam") -> dict[str, Any]:
    with database.read(SYSTEM) as work:
        work.actor = actor_of(work, who)
        return reads.explanations.completion(work, R_1001)


def change(database: Database, model: Any, id: str, **values: Any) -> None:
    def by_hand(work: Work) -> None:
        for name, value in values.items():
            setattr(work.get(model, id), name, value)

    database.write(SYSTEM, by_hand)


# Why can Li not see RT-…?


def test_what_keeps_a_return_from_the_review_queue_is_named(database: Database, desk: Desk) -> None:
    desk("sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer", customer_id="customer",
         lines=[{"line_id": "kettles", "item_id": "kettle", "quantity": 3}])  # fmt: skip
    assert codes(sight(database, "rita")) == ["sees_at_desk", "not_submitted"]
    desk("sally", "submit_return", order_id=R_1001)
    assert codes(sight(database, "rita")) == ["sees_at_desk", "in_the_queue"]
    assert codes(sight(database, "sally", "r-1001")) == ["sees_at_desk", "no_review_right"], "by its number, too"
    desk("rita", "approve_return", order_id=R_1001)
    assert codes(sight(database, "rita")) == ["sees_at_desk", "reviewed"]


def test_rights_that_end_or_are_elsewhere_are_named_with_who_can_change_them(database: Database, desk: Desk) -> None:
    desk.file_r_1001()
    answer = sight(database, "stranger")
    assert codes(answer) == ["no_role"]
    assert answer["findings"][0]["fix"] == {"do": "grant", "may": False, "ask": ["Ada"]}
    assert sight(database, "stranger", who="ada")["findings"][0]["fix"] == {"do": "grant", "may": True, "ask": []}

    change(database, Grant, "grant-rita", valid_until="2026-10-31")
    (finding,) = sight(database, "rita")["findings"]
    assert (finding["code"], finding["facts"]["day"], finding["facts"]["role"]) == (
        "grant_ended",
        "2026-10-31",
        "reviewer",
    )
    change(database, Grant, "grant-rita", valid_until="", valid_from="2027-01-01")
    assert codes(sight(database, "rita")) == ["grant_later"]
    change(database, Grant, "grant-rita", valid_from="", owner_id="another")
    change(database, ReturnOrder, R_1001, owner_id="owner")
    assert codes(sight(database, "rita")) == ["other_owner"]
    database.write(SYSTEM, lambda work: work.add(Site, id="bj", code="BJ", name="北京仓"))
    change(database, Grant, "grant-rita", owner_id="", site_id="bj")
    assert sight(database, "rita")["findings"][0]["facts"]["sites"] == "BJ"
    change(database, Person, "rita", disabled_at=1)
    assert codes(sight(database, "rita")) == ["disabled"]
    change(database, ReturnOrder, R_1001, filed_by="otto", owner_id="")
    assert codes(sight(database, "sally")) == ["not_their_customer"]


def test_a_handheld_that_has_not_come_by_is_named(database: Database, desk: Desk, clock: Clock) -> None:
    desk.file_r_1001()
    change(
        database, Device, "device-A1", last_person_id="cleo", pack_at=clock.now - HOUR, last_contact_at=clock.now - HOUR
    )
    assert codes(sight(database, "cleo"))[-1] == "device_behind"
    change(database, Device, "device-A1", pack_at=clock.now)
    assert codes(sight(database, "cleo"))[-1] == "device_has_it"
    answer = sight(database, "cleo", order="RT-A1-00017")
    assert (codes(answer), answer["findings"][0]["facts"]["device"]) == (["not_here_yet"], "A1")
    assert codes(sight(database, "cleo", order="RT-ZZ-00017")) == ["no_such_number"]
    with pytest.raises(NotFound):
        sight(database, "nobody")
    with pytest.raises(NotAllowed):
        sight(database, "rita", who="cleo")


# Why is the stock not updated?


def test_what_the_stock_lacks_and_what_stands_still_is_named(
    database: Database, desk: Desk, a: Handheld, clock: Clock
) -> None:
    found = stock_of(database)
    assert found["worker_stopped"].weight == "stops"
    schedule.do(database, "judge_by_time")
    consumers.drain(database)
    assert found.keys() - stock_of(database).keys() == {"worker_stopped"}

    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.inspect("ines", "kettles", 2)
    a.dispose("ines", "kettles", "restock", 2)
    a.do("cleo", "put_away", line_id="not yet", site_id=SITE, quantity=1, bin_id="bin-sellable")
    a.sync()
    change(database, Device, "device-B1", pending=4, oldest_pending_at=clock.now - HOUR)
    clock.forward(2 * 60_000)
    found = stock_of(database)
    assert (found["waits_to_be_put_away"].units, found["in_quarantine"].units) == (2, 1)
    assert (found["unsent"].facts["device"], found["unsent"].units, found["held_some"].units) == ("B1", 4, 1)
    assert found["queue"].units > 0
    assert not {"waits_to_be_put_away", "in_quarantine"} & stock_of(database, "lamp").keys()

    change(database, Device, "device-B1", pending=0)
    clock.forward(DAY)
    assert "worker_stopped" in stock_of(database), "nobody has looked at the schedule for a day"


# Why can I not complete this order?


def test_every_open_line_says_what_it_waits_for_and_who_can_help(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001(approve=False)
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "lamps")
    a.dispose("ines", "lamps", "restock")
    a.sync()
    answer = completion(database)
    assert codes(answer) == ["not_approved", "never_inspected"], "what is not approved is said once, not for each line"
    assert answer["findings"][0]["fix"] == {"do": "review", "may": False, "ask": ["Rita"]}
    assert (answer["findings"][1]["units"], answer["findings"][1]["facts"]["for_item_id"]) == (3, "kettle")
    assert answer["findings"][1]["fix"]["may"], "a supervisor may inspect"

    desk("rita", "approve_return", order_id=R_1001)
    a.inspect("ines", "kettles", 3)
    a.dispose("ines", "kettles", "repair", 3)
    a.sync()
    assert codes(completion(database)) == ["not_put_away"]
    a.put_away("cleo", "lamps", "sellable", 1)
    a.sync()
    assert codes(completion(database)) == ["completed"]
