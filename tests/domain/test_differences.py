"""What reconciling finds of goods: the likely cause by name, who follows it, and what a person decides comes back only when it must."""

from typing import Any

import pytest
from sqlmodel import col

from server.database import Database
from server.domain import stock_lists
from server.domain.catalog import Item, Site
from server.domain.devices import Device
from server.domain.differences import Difference
from server.domain.errors import Invalid, NotAllowed, Stale, WrongState
from server.domain.losses import LossCase
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnLine
from server.domain.stock import StockBalance
from server.domain.stock_lists import ListedRow, ListStock
from server.domain.tasks import Task
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock
from tests.workers.test_reconciliation import run_now

pytestmark = ON_BOTH


class Book:
    """R-1001 is approved; time passes and the books are compared."""

    def __init__(self, database: Database, desk: Desk, clock: Clock) -> None:
        self.database, self.desk, self.clock = database, desk, clock

    def compared(self, after: int = 25 * HOUR) -> dict[str, Difference]:
        """By kind; of several lines, the kettles'."""
        self.clock.forward(after)
        run_now(self.database)
        return {each.kind: each for each in self.all() if each.state in ("open", "in_progress")}

    def all(self) -> list[Difference]:
        with self.database.read(SYSTEM) as work:
            return work.find(Difference, order_by=(Difference.kind, col(Difference.subject_id).desc()))

    def one(self, model: Any, id: str) -> Any:
        with self.database.read(SYSTEM) as work:
            return work.look(model, id)

    def units(self, **equal: Any) -> int:
        with self.database.read(SYSTEM) as work:
            return sum(each.quantity for each in work.all(StockBalance, site_id=SITE, **equal))

    def holds_work(self, device: str = "device-A1") -> None:
        def unsent(work: Work) -> None:
            found = work.get(Device, device)
            found.pending, found.oldest_pending_at, found.last_person_id = 3, work.now - HOUR, "ines"

        self.database.write(SYSTEM, unsent)


@pytest.fixture
def book(database: Database, desk: Desk, clock: Clock) -> Book:
    desk.file_r_1001()
    return Book(database, desk, clock)


# What is found, and why


def test_goods_that_are_not_in_the_parcel_are_missing_after_a_day(book: Book, a: Handheld) -> None:
    a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, waybill="SF77")
    a.do("cleo", "open_parcel", parcel_id="parcel")
    a.do("cleo", "bind_parcel", parcel_id="parcel", order_id=R_1001)
    a.scan("cleo", R_1001, "kettles", "kettle", 2, parcel_id="parcel")
    a.scan("cleo", R_1001, "lamps", "lamp", parcel_id="parcel")
    a.sync()
    assert "line_missing" not in book.compared(after=HOUR)
    found = book.compared()["line_missing"]
    assert (found.expected, found.found, found.cause, found.facts["waybill"]) == (3, 2, "not_in_parcel", "SF77")
    assert (found.value, found.order_id, found.occurrences) == (8_000, R_1001, 1)

    book.holds_work("device-B1")
    assert book.compared()["line_missing"].cause == "not_in_parcel", "that one has nothing to do with this order"
    book.holds_work()
    found = book.compared()["line_missing"]
    assert (found.cause, found.facts["device"], found.facts["pending"], found.occurrences) == ("unsent", "A1", 3, 1)

    a.scan("cleo", R_1001, "kettles", "kettle", parcel_id="parcel")
    a.sync()
    assert "line_missing" not in book.compared()
    assert book.one(Difference, found.id).state == "auto_closed"


def test_another_item_in_its_place_is_named(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "cameras", "camera", serial="C-1")
    a.inspect("ines", "kettles", 3)
    a.sync()
    found = book.compared()
    assert (found["line_unexpected"].cause, found["line_unexpected"].facts["item_id"]) == ("instead_of", "lamp")
    change_line(book, "lamps", expected=2)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    assert book.compared()["line_missing"].cause == "wrong_item"


def change_line(book: Book, id: str, **values: Any) -> None:
    def by_hand(work: Work) -> None:
        for name, value in values.items():
            setattr(work.get(ReturnLine, id), name, value)

    book.database.write(SYSTEM, by_hand)


def test_a_scan_that_was_taken_back_is_named_with_who_did_it(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    last = a.scan("cleo", R_1001, "kettles", "kettle")
    a.do("ines", "unreceive", receipt_id=last, quantity=1, reason="counted twice")
    a.sync()
    found = book.compared()["line_missing"]
    assert (found.cause, found.facts["person_id"], found.facts["reason"]) == ("taken_back", "ines", "counted twice")


def test_each_step_that_did_not_follow_says_what_it_waits_for(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    found = book.compared()["line_uninspected"]
    assert (found.cause, found.facts["person_id"]) == ("never_inspected", "cleo")
    a.inspect("ines", "kettles", 3)
    a.inspect("ines", "lamps")
    a.sync()
    assert book.compared()["line_undecided"].cause == "nothing_decided"
    a.dispose("ines", "kettles", "restock", 3)
    a.dispose("ines", "lamps", "repair")
    a.sync()
    found = book.compared()["line_unposted"]
    assert (found.cause, found.facts["units"]) == ("not_put_away", 3)
    book.desk("sam", "hold_return", order_id=R_1001, reason="customer called")
    assert book.compared()["line_unposted"].cause == "on_hold"


def test_a_conflict_that_holds_goods_back_is_the_cause(book: Book, a: Handheld, b: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "lamps")
    a.sync()
    b.inspect("sam", "lamps", verdict="fail", grade="D")
    (clash,) = b.sync()
    a.dispose("ines", "lamps", "repair")
    a.sync()
    found = book.compared()["line_uninspected"]
    assert (found.cause, found.facts["conflict_id"]) == ("conflict", clash.conflict)


def counted(a: Handheld, units: int, book: int, *, bin: str = "bin-sellable", **more: Any) -> None:
    a.pull()
    a.do("cleo", "count_bin", count_id=f"count-{units}-{bin}-{a.seq}", site_id=SITE, bin_id=bin, revision=a.revision,
         lines=[{"item_id": "kettle", "counted": units, "book": book, **more}])  # fmt: skip
    a.sync()


@pytest.fixture
def for_sale(book: Book, a: Handheld) -> None:
    """Three kettles stand in the sellable bin, and everything of R-1001 is done."""
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.inspect("ines", "kettles", 3)
    a.inspect("ines", "lamps")
    a.dispose("ines", "kettles", "restock", 3)
    a.dispose("ines", "lamps", "repair")
    a.put_away("cleo", "kettles", "sellable", 3)
    a.sync()
    book.clock.forward(HOUR)


@pytest.mark.usefixtures("for_sale")
def test_what_a_count_did_not_find_stays_a_difference_until_it_is_found(book: Book, a: Handheld) -> None:
    counted(a, 1, 3)
    found = book.compared(after=0)["count_book"]
    assert (found.expected, found.found, found.value, found.bin_id) == (3, 1, 16_000, "bin-sellable")
    assert (found.cause, found.facts["at"]) == ("shipment_missing", 0), (
        "nobody has ever told this book what was shipped"
    )

    counted(a, 2, 0, bin="bin-defective")
    assert "count_book" not in book.compared(after=0), "they stood in another bin"
    assert book.one(Difference, found.id).state == "auto_closed"


@pytest.mark.usefixtures("for_sale")
def test_goods_that_were_carried_while_somebody_counted_are_named(book: Book, a: Handheld, b: Handheld) -> None:
    b.put_away("ines", "kettles", "sellable", 0 + 1)
    b.sync()
    counted(a, 2, 3)
    found = book.compared(after=0)["count_book"]
    assert (found.cause, found.facts["person_id"], found.facts["other_person_id"]) == (
        "moved_while_counted",
        "cleo",
        "ines",
    )


# Another system's list


def list_stock(book: Book, *rows: ListedRow, who: str = "ada", id: str = "list", **more: Any) -> Any:
    def bring(work: Work) -> Any:
        work.actor = actor_of(work, who)
        return stock_lists.list_stock(
            work, ListStock(list_id=id, site_id=SITE, source="erp.csv", rows=list(rows), **more)
        )

    return book.database.write(SYSTEM, bring)


@pytest.mark.usefixtures("for_sale")
def test_another_books_list_is_compared_as_of_its_moment(book: Book, a: Handheld) -> None:
    as_of = book.clock.now
    book.clock.forward(HOUR)
    a.scan("cleo", R_1001, "kettles", "kettle")  # after the list was made
    a.sync()
    rows = [
        ListedRow(item_id="kettle", quantity=5, status="sellable"),
        ListedRow(item_id="lamp", quantity=1, status="in_repair"),
    ]
    assert list_stock(book, *rows, as_of=as_of, dimensions=["status"])
    assert list_stock(book, *rows, as_of=as_of, dimensions=["status"]) is None, "the same file again"
    found = book.compared(after=0)["listed_stock"]
    assert (found.item_id, found.status, found.expected, found.found) == ("kettle", "sellable", 5, 3)
    assert found.facts["source"] == "erp.csv"

    list_stock(book, ListedRow(item_id="kettle", quantity=3, status="sellable"), id="next", dimensions=["status"])
    assert "listed_stock" not in book.compared(after=0)
    with pytest.raises(NotAllowed):
        list_stock(book, who="cleo", id="hers")
    with pytest.raises(Invalid):
        list_stock(book, id="tomorrow", as_of=book.clock.now + DAY)


@pytest.mark.usefixtures("for_sale")
def test_what_the_other_book_has_not_taken_in_is_the_cause(book: Book) -> None:
    list_stock(book, ListedRow(item_id="lamp", quantity=1))
    found = book.compared(after=0)["listed_stock"]
    assert (found.expected, found.found, found.cause, found.facts["order_id"]) == (0, 3, "not_taken_in", R_1001)


def test_work_that_came_after_the_list_was_made_is_the_cause(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 2)  # without network, and the list was made meanwhile
    as_of = book.clock.now + HOUR
    book.clock.forward(2 * HOUR)
    a.sync()
    list_stock(book, as_of=as_of, statuses=["quarantine"])
    assert "listed_stock" not in book.compared(after=0), "as the book was then, there was nothing"
    list_stock(book, ListedRow(item_id="kettle", quantity=2), id="seen", as_of=as_of, statuses=["quarantine"])
    found = book.compared(after=0)["listed_stock"]
    assert (found.expected, found.found, found.cause) == (2, 0, "came_late")
    assert (found.facts["device_id"], found.facts["person_id"], found.facts["units"]) == ("device-A1", "cleo", 2)


def test_goods_handed_over_and_not_acknowledged_are_the_cause(book: Book, a: Handheld) -> None:
    book.database.write(SYSTEM, lambda work: setattr(work.get(Site, SITE), "book", "hand_over"))
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.inspect("ines", "kettles", 2)
    a.dispose("ines", "kettles", "restock", 2)
    a.put_away("cleo", "kettles", "sellable", 2)
    a.sync()
    list_stock(book, statuses=["sellable"])
    found = book.compared(after=0)["listed_stock"]
    assert (found.expected, found.found, found.cause, found.facts["units"]) == (0, 2, "handed_over", 2)


def test_two_people_who_scanned_the_same_goods_are_named(book: Book, a: Handheld, b: Handheld) -> None:
    change_line(book, "kettles", expected=2)
    a.scan("cleo", R_1001, "kettles", "kettle", 2)
    a.scan("cleo", R_1001, "lamps", "lamp")
    a.sync()
    b.scan("sam", R_1001, "kettles", "kettle", 1)
    b.sync()
    found = book.compared(after=0)["line_over"]
    assert found.cause == "scanned_twice"
    assert (found.facts["person_id"], found.facts["other_person_id"], found.facts["units"]) == ("sam", "cleo", 1)


# Following one


def test_somebody_takes_it_and_decides_and_it_comes_back_only_when_it_must(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 5)
    a.sync()
    found = book.compared(after=0)["line_over"]
    with pytest.raises(NotAllowed):
        book.desk("cleo", "take_difference", difference_id=found.id, person_id="cleo")
    with pytest.raises(Invalid):
        book.desk("sam", "take_difference", difference_id=found.id, person_id="cleo")
    book.desk("sam", "take_difference", difference_id=found.id, person_id="otto")
    assert book.one(Difference, found.id).state == "in_progress"
    with pytest.raises(Invalid):
        book.desk("otto", "dismiss_difference", difference_id=found.id, reason=" ")
    book.desk("otto", "dismiss_difference", difference_id=found.id, reason="a gift")
    with pytest.raises(Stale):
        book.desk("sam", "resolve_difference", difference_id=found.id, reason="late")

    assert "line_over" not in book.compared(after=0), "the same numbers were decided"
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.sync()
    again = book.compared(after=0)["line_over"]
    assert (again.id, again.state, again.occurrences, again.assigned_to) == (found.id, "open", 2, "")


def test_a_person_is_sent_to_count_for_it(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 5)
    a.sync()
    found = book.compared(after=0)["line_over"]
    book.desk("sam", "raise_task", task_id="task", site_id=SITE, kind="recount", difference_id=found.id)
    task = book.one(Task, "task")
    assert (task.line_id, task.item_id, task.difference_id) == ("kettles", "kettle", found.id)
    assert book.one(Difference, found.id).state == "in_progress"
    a.pull()
    assert a.view["task", "task"]["line_id"] == "kettles"


# Goods that are lost


@pytest.mark.usefixtures("for_sale")
def test_what_was_not_found_becomes_a_case_and_every_unit_of_it_ends_somewhere(book: Book, a: Handheld) -> None:
    counted(a, 0, 3)
    found = book.compared(after=0)["count_book"]
    with pytest.raises(Invalid):
        book.desk("sam", "open_loss", loss_id="loss", site_id=SITE, quantity=4, reason="gone", difference_id=found.id)
    book.desk("sam", "open_loss", loss_id="loss", site_id=SITE, quantity=3, reason="gone", difference_id=found.id)
    assert book.units(status="lost", item_id="kettle") == 3
    assert "count_book" not in book.compared(after=0), "the case has it now"

    def dearer(work: Work) -> None:
        work.get(Item, "kettle").unit_cost = 99_000

    book.database.write(SYSTEM, dearer)
    with pytest.raises(Invalid):
        book.desk("otto", "name_parties", loss_id="loss", parties=[{"kind": "carrier", "name": "SF", "share": 120}])
    book.desk("otto", "name_parties", loss_id="loss", parties=[{"kind": "carrier", "name": "SF", "share": 60}])
    book.desk("otto", "take_loss", loss_id="loss", person_id="otto")
    book.desk("otto", "note_loss", loss_id="loss", note="asked the driver")
    with pytest.raises(NotAllowed):
        book.desk("otto", "write_off_lost", loss_id="loss", quantity=1, note="x")
    book.desk("sam", "find_lost", loss_id="loss", quantity=1, bin_id="bin-quarantine")
    book.desk("sam", "claim_lost", loss_id="loss", quantity=1, against="SF", amount=8_000, reference="C-7")
    with pytest.raises(Invalid):
        book.desk("sam", "write_off_lost", loss_id="loss", quantity=2, note="never found")
    book.desk("sam", "write_off_lost", loss_id="loss", quantity=1, note="never found")

    case = book.one(LossCase, "loss")
    assert (case.state, case.found, case.claimed, case.written_off, case.unit_cost) == ("closed", 1, 1, 1, 8_000)
    assert book.units(status="lost") == 0
    assert book.units(status="quarantine", bin_id="bin-quarantine", item_id="kettle") == 1
    assert book.units(status="written_off") == 2
    with pytest.raises(Stale):
        book.desk("sam", "note_loss", loss_id="loss", note="late")


@pytest.mark.usefixtures("for_sale")
def test_a_loss_costs_what_the_goods_came_in_at(book: Book, a: Handheld) -> None:
    book.database.write(SYSTEM, lambda work: setattr(work.get(Item, "kettle"), "unit_cost", 99_000))
    book.desk("sam", "open_loss", loss_id="hand", site_id=SITE, quantity=1, status="sellable", reason="gone", item_id="kettle",
              bin_id="bin-sellable")  # fmt: skip
    assert book.one(LossCase, "hand").unit_cost == 8_000
    counted(a, 0, 2)
    found = book.compared(after=0)["count_book"]
    book.desk("sam", "open_loss", loss_id="counted", site_id=SITE, quantity=1, reason="gone", difference_id=found.id)
    assert book.one(LossCase, "counted").unit_cost == 8_000


@pytest.mark.usefixtures("for_sale")
def test_by_hand_only_what_the_book_has_is_lost_and_who_is_responsible_does_not_decide(book: Book) -> None:
    goods = {"site_id": SITE, "reason": "gone", "item_id": "kettle", "bin_id": "bin-sellable"}
    with pytest.raises(Invalid):
        book.desk("sam", "open_loss", loss_id="loss", quantity=4, status="sellable", **goods)
    with pytest.raises(Invalid):
        book.desk("sam", "open_loss", loss_id="loss", quantity=1, status="scrapped", **goods)
    with pytest.raises(NotAllowed):
        book.desk("cleo", "open_loss", loss_id="loss", quantity=1, status="sellable", **goods)
    book.desk("sam", "open_loss", loss_id="loss", quantity=2, status="sellable", **goods)
    assert (book.units(status="sellable", item_id="kettle"), book.units(status="lost")) == (1, 2)
    book.desk(
        "sam", "name_parties", loss_id="loss", parties=[{"kind": "person", "id": "sam", "name": "Sam", "share": 100}]
    )
    with pytest.raises(NotAllowed):
        book.desk("sam", "write_off_lost", loss_id="loss", quantity=2, note="x")


def test_what_never_came_is_expected_again_when_it_is_found(book: Book, a: Handheld) -> None:
    a.scan("cleo", R_1001, "kettles", "kettle", 1)
    a.sync()
    found = book.compared()["line_missing"]
    book.desk(
        "sam", "open_loss", loss_id="loss", site_id=SITE, quantity=2, reason="parcel torn", difference_id=found.id
    )
    case = book.one(LossCase, "loss")
    assert (case.in_book, case.line_id, book.one(ReturnLine, "kettles").lost, book.units(status="lost")) == (
        False,
        "kettles",
        2,
        0,
    )
    book.desk("sam", "find_lost", loss_id="loss", quantity=1)
    assert book.one(ReturnLine, "kettles").lost == 1
    a.scan("cleo", R_1001, "kettles", "kettle", 1)
    a.scan("cleo", R_1001, "lamps", "lamp", 5)
    a.sync()
    over = book.compared(after=0)["line_over"]
    with pytest.raises(WrongState):
        book.desk("sam", "open_loss", loss_id="x", site_id=SITE, quantity=1, reason="x", difference_id=over.id)


def test_lost_on_its_way_is_a_case_by_itself(book: Book) -> None:
    book.desk("sam", "settle_short", line_id="lamps", quantity=1, lost=True, reason="the carrier says so")
    with book.database.read(SYSTEM) as work:
        (case,) = work.find(LossCase)
    assert (case.line_id, case.quantity, case.unit_cost, case.reason) == ("lamps", 1, 5_000, "the carrier says so")


def test_a_site_is_compared_by_its_own_patience(book: Book, a: Handheld) -> None:
    def patient(work: Work) -> None:
        work.get(Site, SITE).inspection_hours = 72

    book.database.write(SYSTEM, patient)
    a.scan("cleo", R_1001, "kettles", "kettle", 3)
    a.sync()
    assert not book.compared(after=48 * HOUR)
    assert "line_uninspected" in book.compared(after=25 * HOUR)
