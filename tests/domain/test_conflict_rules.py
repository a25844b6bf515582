"""Every conflict rule: what opens it, what each option does, how it comes right by itself, and what does not open it again."""

from typing import Any

import pytest

from server.database import Database
from server.domain import conflicts, dispositions, documents, inspections, records, returns, stock, tasks
from server.domain.catalog import Bin, Item, ReturnType, Site
from server.domain.commands import COMMANDS
from server.domain.conflict_rules import RULES, x17
from server.domain.devices import Device
from server.domain.errors import Invalid, Stale, WrongState
from server.domain.held import expire_held
from server.domain.outbound_claims import OutboundClaim, expire_claims
from server.domain.people import Grant, actor_of
from server.domain.permissions import SYSTEM
from server.domain.previews import Preview, previews
from server.domain.receiving import Receipt
from server.domain.work import Work
from tests.cast import R_1001, SITE, TOTE, Desk, Handheld
from tests.conftest import DAY, HOUR, ON_BOTH, Clock

from . import breaches
from .breaches import BREACHES, CURES, VALUES, World

pytestmark = ON_BOTH

MODELS: dict[str, type[Any]] = {
    "ReturnOrder": returns.ReturnOrder, "ReturnLine": returns.ReturnLine, "OutboundLine": documents.OutboundLine,
    "Disposition": dispositions.Disposition, "Mutation": records.Mutation, "Task": tasks.Task,
}  # fmt: skip


@pytest.fixture
def world(
    database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> World:
    return World(database, desk, a, b, clock, monkeypatch)


def case(world: World, id: str) -> conflicts.Conflict:
    with world.database.read(SYSTEM) as work:
        return work.get(conflicts.Conflict, id)


def shown(world: World, id: str, option: str, value: Any = None) -> Preview:
    def task(work: Work) -> list[Preview]:
        work.actor = actor_of(work, "sam")
        return previews(work, id, option, value)

    return world.database.rehearse(SYSTEM, task)[0]


def resolve(world: World, id: str, option: str, value: Any = None) -> None:
    world.desk("sam", "resolve_conflict", conflict_id=id, option=option, value=value, note="as we saw it")


def standing(world: World) -> dict[tuple[str, str], int]:
    with world.database.read(SYSTEM) as work:
        found: dict[tuple[str, str], int] = {}
        for balance in work.find(stock.StockBalance):
            found[balance.item_id, balance.status] = found.get((balance.item_id, balance.status), 0) + balance.quantity
        return {key: quantity for key, quantity in found.items() if quantity}


def judge_the_books(world: World) -> None:
    with world.database.read(SYSTEM) as work:
        for line in work.find(returns.ReturnLine):
            receipts = work.find(Receipt, Receipt.line_id == line.id)
            assert line.received == sum(each.quantity - each.unreceived for each in receipts)
            assert 0 <= line.closed <= line.disposed
        for sold in work.find(documents.OutboundLine):
            lines = work.find(returns.ReturnLine, returns.ReturnLine.outbound_line_id == sold.id)
            assert sold.returned == sum(line.received for line in lines)
            claims = work.find(OutboundClaim, OutboundClaim.outbound_line_id == sold.id)
            assert sold.claimed == sum(claim.open for claim in claims)
        for balance in work.find(stock.StockBalance):
            assert balance.quantity == stock.exact_balance(work, balance.id)


# What holds for every rule


@pytest.mark.parametrize("rule", list(RULES))
def test_the_breach_opens_a_case_with_its_evidence(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    found = case(world, id)
    assert (found.rule, found.state, found.occurrences) == (rule, "open", 1)
    assert found.site_id == SITE
    assert found.blocking == RULES[rule].blocks(found)
    with world.database.read(SYSTEM) as work:
        (occurrence,) = conflicts.occurrences_of(work, id)
    assert occurrence.evidence or occurrence.values
    assert occurrence.by
    judge_the_books(world)


@pytest.mark.parametrize("rule, option", [(rule.id, option) for rule in RULES.values() for option in rule.options])
def test_each_option_does_what_its_preview_showed(world: World, rule: str, option: str) -> None:
    id = BREACHES[rule](world)
    value = VALUES.get((rule, option))
    preview = shown(world, id, option, value)
    before, heads = standing(world), world.database.heads()
    if option == "moved":  # nobody has moved the goods yet
        assert "still stand there" in preview.refused
        return
    assert preview.refused == ""

    resolve(world, id, option, preview.value)
    assert case(world, id).state == ("open" if RULES[rule].options[option].sends else "resolved")
    assert world.database.heads() != heads
    moved = standing(world)
    for effect in preview.stock:
        before[effect.item_id, effect.status] = before.get((effect.item_id, effect.status), 0) + effect.quantity
    assert {key: quantity for key, quantity in before.items() if quantity} == moved
    with world.database.read(SYSTEM) as work:
        for effect in preview.fields:
            if (record := work.look(MODELS[effect.kind], effect.id)) is not None:
                assert getattr(record, effect.field) == effect.after, effect
            else:  # made by the option: its id comes from the mutation
                assert work.find(MODELS[effect.kind], getattr(MODELS[effect.kind], effect.field) == effect.after)
    judge_the_books(world)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.values()])
def test_what_the_rule_suggests_can_be_done_or_says_what_it_needs(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    suggested = RULES[rule].suggestion(case(world, id))
    assert suggested in RULES[rule].options
    if preview := shown(world, id, suggested):
        assert bool(preview.refused) == (
            RULES[rule].options[suggested].takes in ("item", "photo", "record") and preview.value is None
        )


@pytest.mark.parametrize("rule", CURES)
def test_it_resolves_itself_when_its_rule_passes_again_and_says_why(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    CURES[rule](world)
    found = case(world, id)
    assert (found.state, found.resolved_by) == ("auto_resolved", "")
    assert found.resolution_note.endswith(".")
    judge_the_books(world)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.values()])
def test_a_second_supervisor_is_told_that_it_is_resolved(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    suggested = RULES[rule].suggestion(case(world, id))
    resolve(world, id, suggested, VALUES.get((rule, suggested)))
    with pytest.raises(Stale) as refused:
        resolve(world, id, suggested, VALUES.get((rule, suggested)))
    assert refused.value.facts["by"] == "sam"


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.values()])
def test_only_a_supervisor_resolves(world: World, rule: str) -> None:
    id = BREACHES[rule](world)
    with pytest.raises(Exception, match="right"):
        world.desk("cleo", "resolve_conflict", conflict_id=id, option=RULES[rule].suggested, note="x")


# What is decided stays decided


def test_an_accepted_over_return_is_not_asked_again_until_more_comes(world: World) -> None:
    id = BREACHES["X1"](world)
    resolve(world, id, "keep_both")
    world.b.scan("cleo", "first", "first-1", "kettle")
    receipt = world.b.outbox[-1].args["receipt_id"]
    world.b.sync()
    assert case(world, id).state == "open"  # four of two are other facts than three of two
    world.b.do("cleo", "unreceive", receipt_id=receipt, quantity=1)
    world.b.sync()
    resolve(world, id, "keep_both")
    world.b.do("cleo", "take_task", order_id="first")
    world.b.sync()
    assert case(world, id).state == "resolved"


def test_an_accepted_lot_is_accepted_for_the_next_unit_too(world: World) -> None:
    id = BREACHES["X12"](world)
    resolve(world, id, "accept")
    world.a.scan("cleo", "first", "first-1", "kettle", lot="L2")
    assert world.a.sync()[-1].status == "applied"
    assert (case(world, id).state, case(world, id).occurrences) == ("resolved", 2)


def test_a_cured_breach_is_a_new_case_when_it_comes_back(world: World) -> None:
    id = BREACHES["X2"](world)
    resolve(world, id, "keep_earlier")
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    assert world.b.sync()[-1].conflict == id
    assert case(world, id).state == "open"
    resolve(world, id, "keep_earlier")  # the first two occurrences are decided; only the third scan is taken back
    assert standing(world)["camera", "quarantine"] == 1


def test_a_dismissed_duplicate_stays_dismissed(world: World) -> None:
    id = BREACHES["X9"](world)
    world.desk("sam", "dismiss_conflict", conflict_id=id, reason="they sent two parcels")
    world.b.scan("cleo", "w2", "w2-1", "lamp")
    assert world.b.sync()[-1].status == "applied"
    assert case(world, id).state == "dismissed"


def test_what_waits_again_is_asked_again_after_as_long(world: World) -> None:
    id = BREACHES["X15"](world)
    resolve(world, id, "wait")
    world.clock.forward(5 * DAY + 1)
    world.database.write(SYSTEM, expire_held)
    assert case(world, id).state == "open"


# X1 and what is reserved


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_whoever_comes_second_is_over_returned_in_either_order(world: World, first: str, second: str) -> None:
    breaches.shipped(world, 2)
    for name in ("a", "b"):
        breaches.filed(world, name, 1)
        getattr(world, name).scan("cleo", name, f"{name}-1", "kettle", 2)
    assert getattr(world, first).sync()[-1].status == "applied"
    result = getattr(world, second).sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.order_id) == ("conflict", "X1", second)
    resolve(world, found.id, "keep_first")
    with world.database.read(SYSTEM) as work:
        (excess,) = work.find(returns.ReturnOrder, returns.ReturnOrder.origin == "without_order")
        assert [line.received for line in returns.lines_of(work, excess.id)] == [2]
        assert (excess.customer_id, excess.authorised) == ("customer", False)
    judge_the_books(world)


def test_inspected_goods_go_along_to_the_return_of_the_excess(world: World) -> None:
    breaches.shipped(world, 2)
    breaches.filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", 3)
    world.a.inspect("ines", "first-1", 3)
    world.a.dispose("ines", "first-1", "restock", 3)
    id = next(result.conflict for result in world.a.sync() if result.conflict)
    resolve(world, id, "keep_first")
    with world.database.read(SYSTEM) as work:
        line = work.get(returns.ReturnLine, "first-1")
        (moved,) = work.find(returns.ReturnLine, returns.ReturnLine.order_id != "first")
        assert [(each.received, each.inspected, each.disposed) for each in (line, moved)] == [(2, 2, 2), (1, 1, 1)]
        for each in (line, moved):
            assert sum(i.quantity for i in inspections.current(work, each.id)) == each.inspected
            assert sum(d.quantity for d in dispositions.of_line(work, each.id)) == each.disposed
    judge_the_books(world)


def test_goods_to_be_counted_again_stay_in_quarantine_until_somebody_has_counted(world: World) -> None:
    id = BREACHES["X1"](world)
    resolve(world, id, "recount")
    assert standing(world)["kettle", "quarantine"] == 3
    (task,) = sent(world)
    assert (task.kind, task.line_id, task.conflict_id, task.state) == ("recount", "first-1", id, "open")
    with pytest.raises(Stale):
        resolve(world, id, "recount")

    world.a.do("cleo", "answer_task", answer_id="seen", task_id=task.id, site_id=SITE, found=2)
    assert world.a.sync()[-1].status == "applied"
    found = case(world, id)
    assert (found.state, found.facts["counted"], found.facts["booked"]) == ("open", 2, 3)
    assert RULES["X1"].suggestion(found) == "void_later"  # one was scanned twice
    resolve(world, id, "void_later")
    assert standing(world)["kettle", "quarantine"] == 2


def sent(world: World) -> list[tasks.Task]:
    with world.database.read(SYSTEM) as work:
        return work.find(tasks.Task, order_by=tasks.Task.id)


def test_what_one_order_has_filed_no_other_can_file(world: World) -> None:
    breaches.shipped(world, 3)
    breaches.filed(world, "first", 2)
    with pytest.raises(Invalid) as refused:
        breaches.filed(world, "second", 2)
    assert (refused.value.facts["shipped"], refused.value.facts["filed"], refused.value.facts["returnable"]) == (
        3,
        2,
        1,
    )
    assert "3 shipped, 0 already back, 2 filed elsewhere" in refused.value.sentence
    world.desk("sally", "cancel_return", order_id="first", reason="the customer keeps them")
    world.desk("sally", "submit_return", order_id="second")
    judge_the_books(world)


@pytest.mark.parametrize("end", ["reject_return", "amend_return", "settle_short", "time"])
def test_what_is_not_used_is_given_back(world: World, end: str) -> None:
    breaches.shipped(world, 2)
    world.desk("sally", "create_return", order_id="first", number="F", site_id=SITE, type_code="customer",
               lines=[{"line_id": "f", "item_id": "kettle", "quantity": 2, "outbound_line_id": "sold"}])  # fmt: skip
    world.desk("sally", "submit_return", order_id="first")
    if end == "reject_return":
        world.desk("rita", end, order_id="first", reason="no photos")
    else:
        world.desk("rita", "approve_return", order_id="first")
        if end == "amend_return":
            world.desk("sally", end, order_id="first", reason="one less")
        elif end == "settle_short":
            world.desk("sam", end, line_id="f", quantity=2)
        else:
            world.clock.forward(61 * DAY)
            assert world.database.write(SYSTEM, expire_claims) == 1
    with world.database.read(SYSTEM) as work:
        assert work.get(documents.OutboundLine, "sold").claimed == 0
    breaches.filed(world, "second", 2)


def test_receiving_is_never_bound_by_what_others_reserved(world: World) -> None:
    breaches.shipped(world, 2)
    breaches.filed(world, "first", 2)
    world.a.do("sam", "take_claim", claim_id="c", outbound_line_id="sold", quantity=1)
    assert world.a.sync()[-1].code == "invalid"
    world.a.scan("cleo", "first", "first-1", "kettle", 2)
    assert world.a.sync()[-1].status == "applied"
    with world.database.read(SYSTEM) as work:
        sold = work.get(documents.OutboundLine, "sold")
        assert (sold.returned, sold.claimed) == (2, 0)


def test_a_handheld_reserves_before_it_goes_offline_and_files_from_it(world: World) -> None:
    breaches.shipped(world, 2)
    world.a.do("sam", "take_claim", claim_id="c", outbound_line_id="sold", quantity=2)
    world.a.sync()
    assert world.a.view["outbound_line", "sold"]["claimed"] == 2
    assert world.a.view["outbound_claim", "c"]["open"] == 2
    with pytest.raises(Invalid):
        breaches.filed(world, "desk", 1)
    file_offline(world)
    assert {result.status for result in world.a.sync()} == {"applied"}
    assert ("outbound_claim", "c") not in world.a.view
    judge_the_books(world)


def file_offline(world: World) -> None:
    world.a.do("sam", "create_return", order_id="offline", number="RT-A1-00021", site_id=SITE, type_code="customer",
               lines=[{"line_id": "offline-1", "item_id": "kettle", "quantity": 2, "outbound_line_id": "sold"}])  # fmt: skip
    world.a.do("sam", "submit_return", order_id="offline")


def test_a_reservation_that_is_not_needed_is_given_back(world: World) -> None:
    breaches.shipped(world, 2)
    world.a.do("sam", "take_claim", claim_id="c", outbound_line_id="sold", quantity=2)
    world.a.do("sam", "give_back_claim", claim_id="c")
    world.a.do("sam", "give_back_claim", claim_id="c")
    assert [result.status for result in world.a.sync()] == ["applied", "applied", "noop"]
    breaches.filed(world, "desk", 2)


def test_a_reservation_used_after_it_expired_is_x1_and_not_a_refusal(world: World) -> None:
    breaches.shipped(world, 2)
    world.a.do("sam", "take_claim", claim_id="c", outbound_line_id="sold", quantity=2)
    world.a.sync()
    file_offline(world)
    world.clock.forward(8 * DAY)
    breaches.filed(world, "desk", 1)  # what had expired is free again
    created, submitted = world.a.sync()
    assert (created.status, submitted.status) == ("applied", "conflict")
    assert case(world, submitted.conflict).rule == "X1"
    resolve(world, submitted.conflict, "keep_first")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "offline-1").expected == 1
    judge_the_books(world)


def test_an_expired_reservation_whose_goods_nobody_took_is_no_conflict(world: World) -> None:
    breaches.shipped(world, 2)
    world.a.do("sam", "take_claim", claim_id="c", outbound_line_id="sold", quantity=2)
    world.a.sync()
    file_offline(world)
    world.clock.forward(8 * DAY)
    assert {result.status for result in world.a.sync()} == {"applied"}


# X2


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_one_serial_on_two_handhelds_clashes_in_either_order(world: World, first: str, second: str) -> None:
    world.desk.file_r_1001()
    for name in ("a", "b"):
        getattr(world, name).scan("cleo", R_1001, f"cameras-{name}", "camera", serial="S1")
    assert getattr(world, first).sync()[-1].status == "applied"
    result = getattr(world, second).sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("conflict", "X2")
    resolve(world, result.conflict, "keep_earlier")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, f"cameras-{first}").received == 1
        assert work.get(returns.ReturnLine, f"cameras-{second}").received == 0


def test_sold_again_and_returned_again_is_no_conflict(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.a.inspect("ines", "cameras", serial="S1")
    disposition = world.a.dispose("ines", "cameras", "return_to_customer", serial="S1")
    world.a.sync()
    world.desk("sam", "send_away", disposition_id=disposition, quantity=1, reference="SF1")
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    assert world.b.sync()[-1].status == "applied"


def test_a_unit_sticker_scanned_twice_is_one_unit(world: World) -> None:
    world.desk.file_r_1001()
    for handheld in (world.a, world.b):
        handheld.scan("cleo", R_1001, "lamps", "lamp", text="LSH00000026")
        result = handheld.sync()[-1]
    assert case(world, result.conflict).rule == "X2"


def test_the_later_unit_has_another_number_than_was_read(world: World) -> None:
    id = BREACHES["X2"](world)
    with pytest.raises(Invalid):
        resolve(world, id, "reassign", " ")
    resolve(world, id, "reassign", "S2")
    with world.database.read(SYSTEM) as work:
        assert {stock.in_building(work, SITE, "camera", number) for number in ("S1", "S2")} == {1}


# X3


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_two_who_inspected_the_same_three_disagree_in_either_order(world: World, first: str, second: str) -> None:
    world.desk.file_r_1001()
    world.desk(
        "sam",
        "scan_item",
        receipt_id="r",
        order_id=R_1001,
        line_id="kettles",
        site_id=SITE,
        item_id="kettle",
        quantity=3,
    )
    world.a.inspect("ines", "kettles", 3)
    world.b.inspect("sam", "kettles", 2, verdict="conditional", grade="C")
    assert getattr(world, first).sync()[-1].status == "applied"
    result = getattr(world, second).sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("conflict", "X3")
    resolve(world, result.conflict, "worse_grade")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").inspected == 2
        assert [each.grade for each in inspections.current(work, "kettles")] == ["C"]


def test_the_same_verdict_on_the_same_goods_is_one_inspection(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.inspect("ines", "kettles", 3)
    world.a.sync()
    world.b.inspect("sam", "kettles", 3)
    assert world.b.sync()[-1].status == "merged"
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").inspected == 3


def test_two_who_share_the_work_do_not_clash(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 3)
    world.a.inspect("ines", "kettles", 2)
    world.a.sync()
    world.b.inspect("sam", "kettles", 1, verdict="conditional", grade="C")
    assert world.b.sync()[-1].status == "applied"


def test_when_more_goods_arrive_the_two_looked_at_different_units(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2)
    world.a.inspect("ines", "kettles", 2)
    world.a.sync()
    world.b.inspect("sam", "kettles", 1, verdict="conditional", grade="C")
    id = world.b.sync()[-1].conflict
    world.a.scan("cleo", R_1001, "kettles", "kettle", 1)
    world.a.sync()
    assert case(world, id).state == "auto_resolved"


# X4, X5, X6


def test_an_edit_is_applied_to_an_approved_order_and_what_is_reserved_follows(world: World) -> None:
    breaches.shipped(world, 3)
    breaches.filed(world, "first", 3)
    world.a.do("sam", "edit_return_line", id="first-1", set={"expected": 1}, was={"expected": 3})
    id = world.a.sync()[-1].conflict
    resolve(world, id, "apply")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, "first").status == "approved"
        assert work.get(documents.OutboundLine, "sold").claimed == 1


def test_refused_goods_wait_to_be_sent_back(world: World) -> None:
    id = BREACHES["X5"](world)
    resolve(world, id, "refuse_goods")
    assert standing(world)["kettle", "customer_pending"] == 1


def test_the_inspector_decides_once_and_the_goods_stay_in_quarantine(world: World) -> None:
    id = BREACHES["X6"](world)
    resolve(world, id, "inspector_decides")
    assert standing(world)["kettle", "quarantine"] == 2
    world.b.dispose("ines", "kettles", "scrap", 2)
    assert world.b.sync()[-1].status == "applied"


def test_one_unit_goes_one_way_and_one_the_other(world: World) -> None:
    id = BREACHES["X6"](world)
    with pytest.raises(Invalid):
        resolve(world, id, "split", 3)
    resolve(world, id, "split", 1)
    with world.database.read(SYSTEM) as work:
        assert {each.kind: each.quantity for each in dispositions.of_line(work, "kettles")} == {
            "restock": 1,
            "repair": 1,
        }


# X7, X8


def test_a_closed_bin_is_told_and_the_goods_are_carried_to_the_nearest(world: World) -> None:
    world.desk.file_r_1001()
    breaches.change(world, Bin, "bin-quarantine", active=False)
    world.a.scan("cleo", R_1001, "lamps", "lamp", bin_id="bin-dock")
    world.a.put_away("cleo", "lamps", "quarantine")
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.blocking) == ("applied", "X7", False)
    resolve(world, found.id, "nearest_bin", "bin-exception")
    with world.database.read(SYSTEM) as work:
        assert [each.quantity for each in stock.standing_in(work, "bin-exception", "lamp")] == [1]


def test_a_mapped_code_fills_the_line_that_expects_it(world: World) -> None:
    id = BREACHES["X8"](world)
    resolve(world, id, "map", "kettle")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").received == 2
    assert standing(world) == {("kettle", "out"): -2, ("kettle", "quarantine"): 2}
    world.b.scan("cleo", R_1001, "mystery", "", 1, text="6901234567892")  # has not heard of it yet
    assert world.b.sync()[-1].conflict == ""
    assert standing(world)["kettle", "quarantine"] == 3


# X9


@pytest.mark.parametrize("first, second", [("a", "b"), ("b", "a")])
def test_one_blind_return_told_twice_is_noticed_in_either_order(world: World, first: str, second: str) -> None:
    for name in ("a", "b"):
        breaches.opened_without_order(getattr(world, name), name)
        getattr(world, name).scan("cleo", name, f"{name}-1", "lamp")
    assert getattr(world, first).sync()[-1].conflict == ""
    world.clock.forward(HOUR)
    result = getattr(world, second).sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.facts) == ("applied", "X9", {"earlier": first, "later": second})


def test_merged_goods_are_counted_once_and_the_rest_joins(world: World) -> None:
    id = BREACHES["X9"](world)
    world.b.inspect("ines", "w2-1", 3)
    world.b.sync()
    resolve(world, id, "merge")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, "w2").status == "cancelled"
        assert work.get(returns.ReturnLine, "w1-1").received == 3
    assert standing(world)["lamp", "quarantine"] == 3
    judge_the_books(world)


def test_four_days_another_customer_or_the_same_parcel_are_no_duplicate(world: World) -> None:
    for order, customer, parcel in (("w1", "customer", "p"), ("w2", "customer", "p"), ("w3", "other", "")):
        handheld = world.a if order == "w1" else world.b
        breaches.opened_without_order(handheld, order, customer)
        handheld.scan("cleo", order, f"{order}-1", "lamp", parcel_id=parcel)
        assert handheld.sync()[-1].conflict == ""
    world.clock.forward(4 * DAY)
    breaches.opened_without_order(world.b, "w4")
    world.b.scan("cleo", "w4", "w4-1", "lamp")
    assert world.b.sync()[-1].conflict == ""


# X11


def test_striking_a_line_nobody_should_have_edited_unseen_is_asked_too(world: World) -> None:
    breaches.draft(world)
    world.a.do("sam", "remove_return_line", line_id="kettles", was={"expected": 3, "note": ""})
    world.desk("sally", "edit_return_line", id="kettles", set={"expected": 2}, was={"expected": 3})
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.facts["deleted"]) == ("conflict", "X11", False)
    with world.database.read(SYSTEM) as work:
        assert not work.get(returns.ReturnLine, "kettles").removed
    resolve(world, found.id, "keep_deleted")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "kettles").removed


def test_what_was_edited_after_it_was_struck_can_be_restored(world: World) -> None:
    id = BREACHES["X11"](world)
    resolve(world, id, "restore")
    with world.database.read(SYSTEM) as work:
        line = work.get(returns.ReturnLine, "kettles")
    assert (line.removed, line.note) == (False, "two boxes")


def test_an_edit_of_a_cancelled_order_is_kept_and_told(world: World) -> None:
    breaches.draft(world)
    world.a.do("sam", "edit_return", id=R_1001, set={"note": "late"}, was={"note": ""})
    world.desk("sally", "cancel_return", order_id=R_1001, reason="filed twice")
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.blocking) == ("conflict", "X11", False)
    resolve(world, found.id, "restore")
    with world.database.read(SYSTEM) as work:
        order = work.get(returns.ReturnOrder, R_1001)
    assert (order.status, order.note) == ("draft", "late")


# X12


def test_a_lot_nobody_binds_is_only_told(world: World) -> None:
    breaches.shipped(world, 2)
    breaches.filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", lot="L2")
    result = world.a.sync()[-1]
    assert (result.status, case(world, result.conflict).blocking) == ("applied", False)


def test_no_lot_was_shipped_so_none_is_wrong(world: World) -> None:
    breaches.shipped(world, 2, lot="")
    breaches.filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", lot="L2")
    assert world.a.sync()[-1].conflict == ""


def test_another_item_than_the_line_names_gets_a_line_of_its_own(world: World) -> None:
    breaches.shipped(world, 2)
    breaches.filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "lamp")
    result = world.a.sync()[-1]
    found = case(world, result.conflict)
    assert (result.status, found.rule, found.blocking) == ("conflict", "X12", True)
    resolve(world, found.id, "wrong_item")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "first-1").received == 0
        assert work.get(documents.OutboundLine, "sold").returned == 0
    assert standing(world) == {("lamp", "out"): -1, ("lamp", "quarantine"): 1}


def test_a_lot_read_wrongly_is_put_right(world: World) -> None:
    id = BREACHES["X12"](world)
    with pytest.raises(Invalid):
        resolve(world, id, "correct", "L3")
    resolve(world, id, "correct", "L1")
    with world.database.read(SYSTEM) as work:
        (balance,) = work.find(
            stock.StockBalance, stock.StockBalance.status == "quarantine", stock.StockBalance.quantity > 0
        )
    assert balance.lot == "L1"


# X13, X15, X0


def test_an_intention_of_somebody_who_lost_the_right_waits_and_is_adopted(world: World) -> None:
    breaches.draft(world)
    world.a.do("sally", "submit_return", order_id=R_1001)
    breaches.change(world, Grant, "grant-sally", valid_until="2026-10-01")
    result = world.a.sync()[-1]
    assert (result.status, result.code, case(world, result.conflict).rule) == ("held", "lost_right", "X13")
    resolve(world, result.conflict, "adopt")
    with world.database.read(SYSTEM) as work:
        order = work.get(returns.ReturnOrder, R_1001)
    assert (order.status, order.submitted_by) == ("submitted", "sam")


def test_forced_it_is_done_with_what_is_here_and_the_rest_is_still_expected(world: World) -> None:
    id = BREACHES["X15"](world)
    assert case(world, id).facts["forceable"]
    resolve(world, id, "force")
    with world.database.read(SYSTEM) as work:
        line = work.get(returns.ReturnLine, "kettles")
        assert (line.received, line.disposed) == (2, 2)
    breaches.the_missing_scan_arrives(world)
    judge_the_books(world)


def test_a_supervisor_forces_now_what_waits(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2)
    world.a.sync()
    world.b.inspect("ines", "kettles", 3)
    world.b.dispose("ines", "kettles", "repair", 3)
    waiting = world.b.outbox[-1].id
    world.b.sync()
    world.desk("sam", "force_held", mutation_id=waiting)
    assert standing(world)["kettle", "in_repair"] == 2
    assert world.desk("sam", "force_held", mutation_id=waiting).status == "noop"


def test_what_is_not_here_at_all_cannot_be_forced_and_says_what_is_missing(world: World) -> None:
    world.b.dispose("ines", "nowhere", "scrap")
    waiting = world.b.outbox[-1].id
    world.b.sync()
    with pytest.raises(WrongState) as refused:
        world.desk("sam", "force_held", mutation_id=waiting)
    assert refused.value.facts["subject"] == "nowhere"
    world.clock.forward(5 * DAY + 1)
    world.database.write(SYSTEM, expire_held)
    found = case(world, breaches.case_of(world, "X15"))
    assert RULES["X15"].suggestion(found) == "wait"
    assert shown(world, found.id, "force").refused


def test_what_fails_again_is_refused_with_the_reason_and_stays(world: World) -> None:
    world.patch.setattr("server.domain.held.TRIES", 1)
    id = BREACHES["X0"](world)

    def broken(work: Work, command: object) -> None:
        raise ZeroDivisionError

    world.patch.setitem(COMMANDS, "take_task", COMMANDS["take_task"]._replace(run=broken))
    with pytest.raises(WrongState, match="failed again"):
        resolve(world, id, "retry")
    assert case(world, id).state == "open"


# X16, X17, X18


def test_the_later_document_gets_a_number_of_its_own(world: World) -> None:
    id = BREACHES["X16"](world)
    resolve(world, id, "new_number")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, R_1001).number == "R-1001"
        assert work.get(returns.ReturnOrder, "w").number.startswith("RT-D0-")


def test_a_device_that_says_no_photo_waits_is_asked_before_five_days(world: World) -> None:
    world.desk.file_r_1001()
    world.a.inspect("ines", "kettles", photos=[{"sha256": breaches.PHOTO, "kind": "label"}])
    world.a.sync()
    assert world.database.write(SYSTEM, x17.look) == 0
    world.clock.forward(HOUR)
    breaches.change(world, Device, world.a.id, reported_at=world.clock(), pending_photos=1)
    assert world.database.write(SYSTEM, x17.look) == 0  # it still waits there
    breaches.change(world, Device, world.a.id, pending_photos=0)
    assert world.database.write(SYSTEM, x17.look) == 1
    assert world.database.write(SYSTEM, x17.look) == 0
    found = case(world, breaches.case_of(world, "X17"))
    assert (found.blocking, found.device_id) == (False, world.a.id)


def test_a_photo_that_came_first_is_not_awaited(world: World) -> None:
    world.desk.file_r_1001()
    breaches.photo_comes(world)
    world.a.inspect("ines", "kettles", photos=[{"sha256": breaches.PHOTO, "kind": "label"}])
    world.a.sync()
    world.clock.forward(6 * DAY)
    assert world.database.write(SYSTEM, x17.look) == 0


def test_a_return_type_that_is_gone_is_remapped(world: World) -> None:
    breaches.change(world, ReturnType, "type-quality", active=False)
    world.a.do("sam", "create_return", order_id="o", number="RT-A1-00021", site_id=SITE, type_code="quality")
    result = world.a.sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("applied", "X18")
    with pytest.raises(Invalid):
        resolve(world, result.conflict, "remap", "quality")
    resolve(world, result.conflict, "remap", "customer")
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnOrder, "o").type_code == "customer"
    with pytest.raises(Invalid):
        world.desk("sally", "create_return", order_id="p", number="P", site_id=SITE, type_code="quality")


def test_goods_carried_to_a_bin_that_is_gone_are_put_away_once_it_is_remapped(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "lamps", "lamp")
    world.a.inspect("ines", "lamps")
    world.a.dispose("ines", "lamps", "restock")
    world.a.do("cleo", "put_away", line_id="lamps", site_id=SITE, quantity=1, bin_id="bin-of-old")
    result = world.a.sync()[-1]
    assert (result.status, case(world, result.conflict).rule) == ("applied", "X18")
    resolve(world, result.conflict, "remap", "bin-sellable")
    assert standing(world)["lamp", "sellable"] == 1


def test_goods_carried_to_another_sites_bin_stay_where_they_were_until_somebody_says_which_bin(world: World) -> None:
    """Whoever works at both sites took a label of the other along. What was scanned there is said with it."""

    def another_site(work: Work) -> None:
        work.add(Site, id="far", code="FAR", name="远仓")
        work.add(Bin, id="bin-far", site_id="far", code="SH-SELLABLE-01", kind="sellable")
        work.add(Grant, person_id="cleo", role="operator", site_id="far")

    world.database.write(SYSTEM, another_site)
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "lamps", "lamp")
    world.a.inspect("ines", "lamps")
    world.a.dispose("ines", "lamps", "restock")
    world.a.do("cleo", "put_away", line_id="lamps", site_id=SITE, quantity=1, bin_id="bin-far")
    world.a.do("cleo", "move_container", container_id=TOTE, bin_id="bin-far")
    world.a.scan("cleo", R_1001, "kettles", "kettle", container_id="", bin_id="bin-far")
    put, moved, scanned = world.a.sync()[-3:]
    assert {put.conflict, moved.conflict, scanned.conflict} == {put.conflict}
    found = case(world, put.conflict)
    assert (found.rule, found.site_id, found.facts["problem"]) == ("X18", SITE, "elsewhere")
    with world.database.read(SYSTEM) as work:
        assert not work.find(stock.StockBalance, stock.StockBalance.site_id == "far")
        assert {each.quantity for each in work.find(stock.StockBalance, stock.StockBalance.bin_id == "bin-far")} <= {1}
    with pytest.raises(Invalid):
        resolve(world, found.id, "remap", "bin-far")
    resolve(world, found.id, "remap", "bin-sellable")
    assert standing(world)["lamp", "sellable"] == 1
    with world.database.read(SYSTEM) as work:
        there = stock.StockBalance.bin_id == "bin-far"
        assert not work.find(stock.StockBalance, there, stock.StockBalance.quantity != 0)


def test_goods_of_an_item_nobody_knows_become_stock_once_it_is_remapped(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "old-line", "item-of-old", 2)
    result = world.a.sync()[-1]
    assert case(world, result.conflict).facts["problem"] == "gone"
    assert standing(world) == {}
    resolve(world, result.conflict, "remap", "lamp")
    assert standing(world)["lamp", "quarantine"] == 2
    with world.database.read(SYSTEM) as work:
        assert work.get(returns.ReturnLine, "old-line").item_id == "lamp"
        assert work.get(Item, "lamp").active
