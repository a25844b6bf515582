"""What each conflict rule notices beyond its plain case: containers, full bins, lots and dates, goods named late, stale data."""

import pytest

from server.database import Database
from server.domain import catalog, conflicts, containers, documents, inspections, returns, stock
from server.domain.catalog import Barcode, Bin, Item
from server.domain.conflict_rules import RULES
from server.domain.errors import Duplicate, Invalid
from server.domain.ids import derived_id
from server.domain.numbers import is_sscc
from server.domain.permissions import SYSTEM
from server.domain.receiving import Receipt
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, ON_BOTH, Clock
from workers.consumers import drain

from . import breaches
from .breaches import World
from .test_conflict_rules import case, judge_the_books, resolve, shown, standing

LABEL, OTHER_LABEL = "LSH00000026", "LSH00000034"
TOTE, OTHER_TOTE = (derived_id("container", SITE, label) for label in (LABEL, OTHER_LABEL))
SSCC = "106141412345678908"

pytestmark = ON_BOTH


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def cases(world: World, rule: str) -> list[conflicts.Conflict]:
    with world.database.read(SYSTEM) as work:
        return work.find(conflicts.Conflict, conflicts.Conflict.rule == rule, order_by=conflicts.Conflict.id)


# X2: containers


def use(world: World, handheld: Handheld, item: str, line: str, quantity: int = 1) -> None:
    """The handheld takes the label for a new tote's, and puts goods into it."""
    handheld.do("cleo", "use_container", container_id=TOTE, site_id=SITE, label=LABEL)
    handheld.scan("cleo", R_1001, line, item, quantity, container_id=TOTE)


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_one_tote_received_on_two_handhelds_is_told_in_either_order(world: World, first: str, second: str) -> None:
    world.desk.file_r_1001()
    for name in ("a", "b"):
        use(world, getattr(world, name), "kettle", "kettles", 2)
    assert {each.status for each in getattr(world, first).sync()} == {"applied"}
    result = getattr(world, second).sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.subject_kind, found.facts["label"]) == (
        "conflict",
        "X2",
        "Container",
        LABEL,
    )
    assert RULES["X2"].suggestion(found) == "keep_earlier"
    resolve(world, found.id, "keep_earlier")
    assert standing(world)["kettle", "quarantine"] == 2
    judge_the_books(world)


def test_two_totes_with_one_label_are_told_apart_by_another_label(world: World) -> None:
    world.desk.file_r_1001()
    use(world, world.a, "kettle", "kettles", 2)
    world.a.sync()
    use(world, world.b, "lamp", "lamps")
    result = world.b.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.blocking, RULES["X2"].suggestion(found)) == ("applied", False, "accept"), "other goods"
    for wrong in ("S2", LABEL, "LBJ00000018"):
        with pytest.raises(Invalid):
            resolve(world, found.id, "reassign", wrong)
    resolve(world, found.id, "reassign", OTHER_LABEL)
    with world.database.read(SYSTEM) as work:
        assert [(each.item_id, each.quantity) for each in stock.contents(work, OTHER_TOTE)] == [("lamp", 1)]
        assert [(each.item_id, each.quantity) for each in stock.contents(work, TOTE)] == [("kettle", 2)]
        assert work.get(containers.Container, OTHER_TOTE).label == OTHER_LABEL
    judge_the_books(world)


def test_a_tote_that_both_know_is_filled_by_both(world: World) -> None:
    world.desk.file_r_1001()
    use(world, world.a, "kettle", "kettles")
    world.a.sync()
    world.b.pull()
    world.b.scan("cleo", R_1001, "kettles", "kettle", container_id=TOTE)
    assert world.b.sync()[-1].status == "applied"


def test_the_case_of_a_tote_closes_itself_when_one_handhelds_goods_are_taken_back(world: World) -> None:
    world.desk.file_r_1001()
    use(world, world.a, "kettle", "kettles")
    world.a.sync()
    use(world, world.b, "kettle", "kettles")
    id = world.b.sync()[-1].conflict
    breaches.the_later_scan_is_undone(world)
    breaches.ease(world)
    assert case(world, id).state == "auto_resolved"


def test_an_sscc_received_twice_is_one_pallet(world: World) -> None:
    assert is_sscc(SSCC)
    assert is_sscc("00" + SSCC)
    assert not is_sscc("106141412345678901")
    world.desk.file_r_1001()
    for handheld in (world.a, world.b):
        handheld.scan("cleo", R_1001, "pallet", "", 1, text="00" + SSCC)
        result = handheld.sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("conflict", "X2")


def test_a_unit_sold_again_and_returned_again_is_no_conflict_though_no_book_saw_it_leave(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.a.sync()
    world.clock.forward(DAY)

    def sold(work: Work) -> None:
        work.add(
            documents.OutboundOrder, id="out", number="OUT-1", site_id=SITE, customer_id="customer", shipped_at=work.now
        )
        work.add(
            documents.OutboundLine,
            id="sold",
            outbound_id="out",
            site_id=SITE,
            item_id="camera",
            quantity=1,
            serials=["S1"],
        )

    world.database.write(SYSTEM, sold)
    world.clock.forward(DAY)
    world.desk("sally", "create_return", order_id="again", number="R-2", site_id=SITE, type_code="customer",
               lines=[{"line_id": "again-1", "item_id": "camera", "quantity": 1, "outbound_line_id": "sold"}])  # fmt: skip
    world.b.scan("cleo", "again", "again-1", "camera", serial="S1")
    assert world.b.sync()[-1].conflict == ""
    world.b.scan("cleo", "again", "again-1", "camera", serial="S1")
    assert case(world, world.b.sync()[-1].conflict).state == "open", "but twice since is twice"


# X3


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_two_verdicts_that_both_came_before_the_goods_clash_once_these_arrive(
    world: World, first: str, second: str
) -> None:
    world.desk.file_r_1001()
    world.a.inspect("ines", "kettles", 3)
    world.b.inspect("sam", "kettles", 3, verdict="conditional", grade="C")
    for name in (first, second):
        assert getattr(world, name).sync()[-1].status == "applied"
    drain(world.database)
    assert cases(world, "X3") == []
    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.sync()
    drain(world.database)
    (found,) = cases(world, "X3")
    assert (found.state, found.blocking, found.order_id) == ("open", True, R_1001)
    drain(world.database)
    assert cases(world, "X3")[0].occurrences == 1
    resolve(world, found.id, "worse_grade")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").inspected == 3
        assert [each.grade for each in inspections.current(work, "kettles")] == ["C"]


def test_the_same_verdict_of_two_before_the_goods_becomes_one_and_what_waited_goes_on(world: World) -> None:
    world.desk.file_r_1001()
    world.a.inspect("ines", "kettles", 3)
    world.b.inspect("sam", "kettles", 3)
    world.a.sync()
    world.b.sync()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.sync()
    drain(world.database)
    assert cases(world, "X3") == []
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").inspected == 3
        assert len(inspections.current(work, "kettles")) == 1
    world.a.dispose("ines", "kettles", "repair", 3)
    assert world.a.sync()[-1].status == "applied"
    assert standing(world)["kettle", "in_repair"] == 3


def test_two_who_inspected_one_lot_clash_though_the_line_has_more(world: World) -> None:
    world.desk.file_r_1001()
    for lot, quantity in (("L1", 2), ("L2", 2)):
        world.a.scan("cleo", R_1001, "kettles", "kettle", quantity, lot=lot)
    world.a.inspect("ines", "kettles", 2, lot="L1")
    world.a.sync()
    world.b.inspect("sam", "kettles", 2, lot="L1", verdict="conditional", grade="C")
    result = world.b.sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("conflict", "X3")


def test_two_who_inspected_two_lots_do_not_clash_though_not_all_has_arrived(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2, lot="L1")
    world.a.inspect("ines", "kettles", 2, lot="L1")
    world.a.sync()
    world.b.inspect("sam", "kettles", 1, lot="L2", verdict="conditional", grade="C")
    assert world.b.sync()[-1].status == "applied"


# X4: whole lines


def test_a_line_added_offline_after_the_approval_is_reviewed_again(world: World) -> None:
    world.desk.file_r_1001()
    world.a.do(
        "sam", "add_return_line", order_id=R_1001, line={"line_id": "cameras", "item_id": "camera", "quantity": 2}
    )
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.blocking) == ("conflict", "X4", True)
    assert "RED-CAMERA" in shown_values(world, found.id)
    with world.database.read(SYSTEM) as work:
        assert work.look(returns.ReturnLine, "cameras") is None
    resolve(world, found.id, "new_revision")
    with world.database.read(SYSTEM) as work:
        order = work.get(returns.ReturnOrder, R_1001)
        assert (order.status, order.authorised, order.revision) == ("submitted", False, 2)
        assert work.get(returns.ReturnLine, "cameras").expected == 2


def shown_values(world: World, id: str) -> str:
    with world.database.read(SYSTEM) as work:
        return str(conflicts.occurrences_of(work, id)[-1].values[0]["device"])


def test_a_line_struck_offline_after_the_approval_waits_for_a_decision_and_may_be_discarded(world: World) -> None:
    world.desk.file_r_1001()
    world.a.do("sam", "remove_return_line", line_id="lamps", was={"expected": 1})
    id = world.a.sync()[-1].conflict
    assert case(world, id).rule == "X4"
    resolve(world, id, "discard")
    with world.database.read(SYSTEM) as work:
        assert not work.get(returns.ReturnLine, "lamps").removed


def test_struck_at_the_desk_likewise_it_is_settled(world: World) -> None:
    world.desk.file_r_1001()
    world.a.do("sam", "remove_return_line", line_id="lamps", was={"expected": 1})
    id = world.a.sync()[-1].conflict
    world.desk("sally", "amend_return", order_id=R_1001, reason="one less")
    world.desk("sally", "remove_return_line", line_id="lamps")
    assert case(world, id).state == "auto_resolved"


# X7: full bins


def put(world: World, quantity: int, bin: str = "sellable") -> str:
    line = f"lamps-{world.clock()}"
    world.a.scan("cleo", R_1001, line, "lamp", quantity)
    world.a.inspect("ines", line, quantity)
    world.a.dispose("ines", line, "restock", quantity)
    world.a.put_away("cleo", line, bin, quantity)
    world.clock.forward(1000)
    return world.a.sync()[-1].conflict


def second_bin(world: World, **values: object) -> None:
    def task(work: Work) -> None:
        work.add(
            Bin, id="bin-next", site_id=SITE, zone_id="zone-sellable", code="SH-SELLABLE-02", kind="sellable", **values
        )

    world.database.write(SYSTEM, task)


def test_a_full_bin_is_told_and_the_surplus_goes_to_the_next_with_room(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Bin, "bin-sellable", capacity=3)
    assert put(world, 3) == ""
    id = put(world, 2)
    found = case(world, id)
    assert (found.rule, found.blocking, found.facts["over"], found.facts["capacity"]) == ("X7", False, 2, 3)
    assert standing(world)["lamp", "sellable"] == 5, "they are for sale wherever they stand"
    assert shown(world, id, "nearest_bin").refused, "there is no other"
    second_bin(world, capacity=1)
    with pytest.raises(Invalid):
        resolve(world, id, "nearest_bin", "bin-next")
    breaches.change(world, Bin, "bin-next", capacity=0)
    resolve(world, id, "nearest_bin", shown(world, id, "nearest_bin").value)
    with world.database.read(SYSTEM) as work:
        assert [stock.filled(work, work.get(Bin, bin)) for bin in ("bin-sellable", "bin-next")] == [3, 2]
    judge_the_books(world)


def test_a_larger_bin_settles_it_and_one_over_more_is_asked_anew(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Bin, "bin-sellable", capacity=3)
    id = put(world, 4)
    resolve(world, id, "override")
    assert put(world, 1) == id
    assert case(world, id).state == "open", "five of three are other facts than four of three"
    breaches.change(world, Bin, "bin-sellable", capacity=10)
    breaches.ease(world)
    assert case(world, id).state == "auto_resolved"


def test_a_bin_that_holds_so_many_totes_is_full_of_totes(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Bin, "bin-quarantine", capacity=1, holds="containers")
    for label, tote in ((LABEL, TOTE), (OTHER_LABEL, OTHER_TOTE)):
        world.a.do("cleo", "use_container", container_id=tote, site_id=SITE, label=label, bin_id="bin-dock")
        world.a.scan("cleo", R_1001, "kettles", "kettle", 2, container_id=tote)
        world.a.do("cleo", "move_container", container_id=tote, bin_id="bin-quarantine")
        result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (found.rule, found.facts["over"], found.facts["holds"]) == ("X7", 1, "containers")
    resolve(world, found.id, "nearest_bin", "bin-exception")
    with world.database.read(SYSTEM) as work:
        where = sorted(work.get(containers.Container, tote).bin_id for tote in (TOTE, OTHER_TOTE))
        assert where == ["bin-exception", "bin-quarantine"]
    judge_the_books(world)


# X8


def test_an_item_made_from_what_is_known_names_all_like_it(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "mystery", "", 2, text="6901234567892", lot="L7")
    id = world.a.sync()[-1].conflict
    world.b.scan("cleo", R_1001, "mystery-b", "", 1, text="6901234567892", serial="S7")
    world.b.sync()
    with pytest.raises(Invalid):
        resolve(world, id, "create_item", " ")
    resolve(world, id, "create_item", "铜壶")
    with world.database.read(SYSTEM) as work:
        (barcode,) = work.find(Barcode, Barcode.text == "6901234567892")
        item = work.get(Item, barcode.item_id)
        assert (item.name, item.sku, item.owner_id) == ("铜壶", "6901234567892", "owner")
        assert (item.lot_tracked, item.serial_tracked, item.expiry_tracked) == (True, True, False)
        assert {each.item_id for each in work.find(Receipt)} == {item.id}
    assert standing(world)[item.id, "quarantine"] == 3
    assert case(world, id).state == "resolved"
    judge_the_books(world)


def test_an_item_is_not_made_twice(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "mystery", "", text="GREEN-KETTLE")
    id = world.a.sync()[-1].conflict
    with pytest.raises(Duplicate):
        resolve(world, id, "create_item", "another kettle")


def test_what_another_owner_calls_it_is_offered_and_goods_of_nobody_are_asked_whose(world: World) -> None:
    def another(work: Work) -> None:
        work.add(catalog.Owner, id="other", code="OTH", name="另一货主")
        work.add(Item, id="theirs", owner_id="other", sku="T-1", name="紫砂壶")
        work.add(Barcode, id="theirs", owner_id="other", item_id="theirs", text="6901234567892")

    world.a.do("cleo", "open_return_without_order", order_id="w", number="RT-A1-00013", site_id=SITE)
    world.a.scan("cleo", "w", "mystery", "", text="6901234567892")
    id = world.a.sync()[-1].conflict
    world.database.write(SYSTEM, another)
    preview = shown(world, id, "create_item")
    assert (preview.value, preview.refused) == ("紫砂壶", "Say on the return first whose goods these are.")


def test_goods_named_late_are_asked_what_could_not_be_asked_before(world: World) -> None:
    """One serial number twice, under a code nobody knew."""
    world.desk.file_r_1001()
    for handheld in (world.a, world.b):
        handheld.scan("cleo", R_1001, f"m-{handheld.code}", "", text="6901234567892")
        handheld.sync()
    breaches.shipped(world, 1)
    breaches.change(world, returns.ReturnLine, "kettles", outbound_line_id="sold")
    world.desk("sam", "map_barcode", barcode_id="new", text="6901234567892", item_id="kettle")
    (found,) = cases(world, "X1")
    assert (found.state, found.facts["over"]) == ("open", 1)
    judge_the_books(world)


# X9


def test_a_blind_return_whose_paper_came_last_is_noticed_too(world: World) -> None:
    breaches.opened_without_order(world.a, "w1")
    world.a.scan("cleo", "w1", "w1-1", "lamp")
    world.a.sync()
    world.b.scan("cleo", "w2", "w2-1", "lamp")  # its document is on another handheld still
    assert world.b.sync()[-1].conflict == ""
    breaches.opened_without_order(world.a, "w2")
    world.a.sync()
    assert [each.facts for each in cases(world, "X9")] == [{"earlier": "w1", "later": "w2"}]


# X12


def sold_with(world: World, **what: str) -> None:
    breaches.shipped(world, 2, **{"lot": "", **what})
    breaches.filed(world, "first", 2)


@pytest.mark.parametrize("binds", [False, True])
def test_another_expiry_date_than_was_shipped_is_told(world: World, binds: bool) -> None:
    breaches.change(world, Item, "kettle", binds_lot=binds)
    sold_with(world, expiry="2027-06-30")
    world.a.scan("cleo", "first", "first-1", "kettle", expiry="2027-06-30")
    assert world.a.sync()[-1].conflict == ""
    world.a.scan("cleo", "first", "first-1", "kettle", expiry="2027-05-31")
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (found.rule, found.facts["what"], found.blocking) == ("X12", "expiry", binds)
    with pytest.raises(Invalid):
        resolve(world, found.id, "correct", "2027-07-01")
    resolve(world, found.id, "correct")
    with world.database.read(SYSTEM) as work:
        assert {each.expiry for each in work.find(Receipt)} == {"2027-06-30"}
    judge_the_books(world)


def test_another_specification_than_was_shipped_is_told_and_put_right_with_the_item_that_has_it(world: World) -> None:
    breaches.change(world, Item, "kettle", name="水壶", spec="1.5 L 绿")

    def variant(work: Work) -> None:
        work.add(Item, id="kettle-red", owner_id="owner", sku="RED-KETTLE", name="水壶", spec="1.5L 红")

    world.database.write(SYSTEM, variant)
    sold_with(world, spec="1.5l红")
    world.a.scan("cleo", "first", "first-1", "kettle")
    found = case(world, world.a.sync()[-1].conflict)
    assert (found.facts["what"], found.facts["shipped"], found.facts["came"]) == ("spec", "1.5l红", "1.5 L 绿")
    assert shown(world, found.id, "correct").value == "kettle-red"
    resolve(world, found.id, "correct", "kettle-red")
    assert standing(world)["kettle-red", "quarantine"] == 1
    judge_the_books(world)


def test_the_same_specification_spelled_otherwise_is_the_same(world: World) -> None:
    breaches.change(world, Item, "kettle", spec="1.5 L 绿")
    sold_with(world, spec="1.5l绿")
    world.a.scan("cleo", "first", "first-1", "kettle")
    assert world.a.sync()[-1].conflict == ""


def test_goods_with_too_few_days_left_are_told_and_a_date_read_wrongly_is_put_right(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Item, "kettle", min_days_to_accept=90)
    today = world.clock() // DAY
    date = lambda days: __import__("datetime").date.fromtimestamp((today + days) * 86_400).isoformat()  # noqa: E731
    world.a.scan("cleo", R_1001, "kettles", "kettle", expiry=date(120))
    assert world.a.sync()[-1].conflict == ""
    world.a.scan("cleo", R_1001, "kettles", "kettle", expiry=date(30))
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.facts["what"], found.facts["needed"], found.blocking) == (
        "applied",
        "shelf_life",
        90,
        False,
    )
    for wrong in ("soon", date(60)):
        with pytest.raises(Invalid):
            resolve(world, found.id, "correct", wrong)
    resolve(world, found.id, "correct", date(300))
    assert standing(world)["kettle", "quarantine"] == 2
    judge_the_books(world)


def test_goods_with_too_few_days_left_may_stand_on_a_line_of_their_own(world: World) -> None:
    sold_with(world)
    breaches.change(world, Item, "kettle", min_days_to_accept=90)
    world.a.scan("cleo", "first", "first-1", "kettle", expiry="2020-01-01")
    found = case(world, world.a.sync()[-1].conflict)
    resolve(world, found.id, "wrong_item")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "first-1").received == 0
        assert work.get(documents.OutboundLine, "sold").returned == 0
    judge_the_books(world)


def test_a_lower_minimum_settles_it(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Item, "kettle", min_days_to_accept=90)
    world.a.scan("cleo", R_1001, "kettles", "kettle", expiry="2026-12-20")
    id = world.a.sync()[-1].conflict
    breaches.change(world, Item, "kettle", min_days_to_accept=0)
    breaches.ease(world)
    assert case(world, id).state == "auto_resolved"


# X18


def test_a_code_that_belongs_to_another_item_now_is_told_and_remapped_by_rule(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", text="2000000000015")
    breaches.change(world, Barcode, "code-kettle", item_id="camera")
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.facts["problem"]) == ("applied", "X18", "changed")
    assert shown(world, found.id, "remap").value == "camera"
    resolve(world, found.id, "remap", "camera")
    assert standing(world) == {("camera", "out"): -1, ("camera", "quarantine"): 1}
    judge_the_books(world)


def test_the_code_given_back_settles_it(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", text="2000000000015")
    breaches.change(world, Barcode, "code-kettle", item_id="camera")
    id = world.a.sync()[-1].conflict
    breaches.change(world, Barcode, "code-kettle", item_id="kettle")
    breaches.ease(world)
    assert case(world, id).state == "auto_resolved"


def test_the_item_that_took_a_closed_ones_place_is_offered(world: World) -> None:
    id = breaches.stale_item(world)

    def follows(work: Work) -> None:
        work.add(Item, id="kettle-2", owner_id="owner", sku="GREEN-KETTLE-2", name="GREEN-KETTLE")

    world.database.write(SYSTEM, follows)
    assert shown(world, id, "remap").value == "kettle-2"
    resolve(world, id, "remap", "kettle-2")
    assert standing(world)["kettle-2", "quarantine"] == 1


def test_a_return_reason_that_is_closed_is_remapped(world: World) -> None:
    def reasons(work: Work) -> None:
        work.add(catalog.ReturnReason, id="old", type_code="customer", code="colour", name="颜色", active=False)
        work.add(catalog.ReturnReason, id="new", type_code="customer", code="looks", name="外观")

    world.database.write(SYSTEM, reasons)
    world.a.do(
        "sam",
        "create_return",
        order_id="o",
        number="RT-A1-00021",
        site_id=SITE,
        type_code="customer",
        reason_code="colour",
    )
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.facts["kind"]) == ("applied", "X18", "ReturnReason")
    with pytest.raises(Invalid):
        resolve(world, found.id, "remap", "colour")
    resolve(world, found.id, "remap", "looks")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, "o").reason_code == "looks"
