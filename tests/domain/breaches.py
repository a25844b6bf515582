"""How each conflict rule is breached, and how it comes right again, told with the cast. Each breach returns the id of its case."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from server.database import Database
from server.domain import conflicts, people, records, returns
from server.domain.attachments import note_photo
from server.domain.catalog import Item
from server.domain.commands import COMMANDS
from server.domain.conflict_rules import x17
from server.domain.documents import Blob, OutboundLine, OutboundOrder
from server.domain.held import expire_held
from server.domain.ids import uuid7
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, Clock

PHOTO, OTHER_PHOTO = "a" * 64, "b" * 64


class World(NamedTuple):
    database: Database
    desk: Desk
    a: Handheld
    b: Handheld
    clock: Clock
    patch: pytest.MonkeyPatch


def change(world: World, model: type[Any], id: str, **values: Any) -> None:
    def task(work: Work) -> None:
        record = work.get(model, id)
        for name, value in values.items():
            setattr(record, name, value)

    world.database.write(SYSTEM, task)


def case_of(world: World, rule: str) -> str:
    with world.database.read(SYSTEM) as work:
        (case,) = work.find(conflicts.Conflict, conflicts.Conflict.rule == rule)
        return case.id


def shipped(world: World, quantity: int = 2, **more: Any) -> None:
    """So many kettles were sold to the customer."""

    def task(work: Work) -> None:
        work.add(OutboundOrder, id="out", number="OUT-1", site_id=SITE, customer_id="customer")
        work.add(
            OutboundLine,
            id="sold",
            outbound_id="out",
            site_id=SITE,
            item_id="kettle",
            quantity=quantity,
            **{"lot": "L1"} | more,
        )

    world.database.write(SYSTEM, task)


def filed(world: World, id: str, quantity: int, by: str = "sally", **more: Any) -> None:
    line = {"line_id": f"{id}-1", "item_id": "kettle", "quantity": quantity, "outbound_line_id": "sold", **more}
    world.desk(
        by, "create_return", order_id=id, number=id.upper(), site_id=SITE, type_code="customer", customer_id="customer",
        lines=[line],
    )  # fmt: skip
    world.desk(by, "submit_return", order_id=id)
    world.desk("rita", "approve_return", order_id=id)


def conflict(results: list[Any]) -> str:
    assert results[-1].conflict, results[-1]
    return str(results[-1].conflict)


# X1


def over_returned(world: World) -> str:
    shipped(world, 2)
    filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", 2)
    world.a.sync()
    world.b.scan("cleo", "first", "first-1", "kettle", 1)
    return conflict(world.b.sync())


def one_taken_back(world: World) -> None:
    world.b.do("cleo", "unreceive", receipt_id=_last_receipt(world), quantity=1)
    world.b.sync()


# X2


def serial_twice(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    world.a.sync()
    world.b.scan("cleo", R_1001, "cameras", "camera", serial="S1")
    return conflict(world.b.sync())


def the_later_scan_is_undone(world: World) -> None:
    world.b.do("cleo", "unreceive", receipt_id=_last_receipt(world), quantity=1)
    world.b.sync()


def _last_receipt(world: World) -> str:
    with world.database.read(SYSTEM) as work:
        sent = work.find(records.Mutation, records.Mutation.name == "scan_item", order_by=records.Mutation.id)
        return str(sent[-1].body["args"]["receipt_id"])


# X3


def two_verdicts(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", serial="S1")
    world.a.inspect("ines", "kettles", serial="S1")
    world.a.sync()
    world.b.inspect("sam", "kettles", serial="S1", verdict="conditional", grade="C")
    return conflict(world.b.sync())


def the_first_is_corrected(world: World) -> None:
    with world.database.read(SYSTEM) as work:
        first = conflicts.occurrences_of(work, case_of(world, "X3"))[0].evidence["first"]
    world.a.inspect("ines", "kettles", serial="S1", verdict="conditional", grade="C", supersedes=first)
    world.a.sync()


# X4


def edited_after_the_decision(world: World) -> str:
    world.desk.file_r_1001()
    world.a.do("sam", "edit_return_line", id="kettles", set={"expected": 2}, was={"expected": 3})
    return conflict(world.a.sync())


def the_desk_edits_it_likewise(world: World) -> None:
    world.desk("sally", "amend_return", order_id=R_1001, reason="one less")
    world.desk("sally", "edit_return_line", id="kettles", set={"expected": 2}, was={"expected": 3})


# X5


def received_after_the_cancellation(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle")
    world.desk("sally", "cancel_return", order_id=R_1001, reason="the customer keeps it")
    return conflict(world.a.sync())


def the_scan_is_taken_back(world: World) -> None:
    world.a.do("cleo", "unreceive", receipt_id=_last_receipt(world), quantity=1)
    world.a.sync()


# X6


def disposed_twice(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2)
    world.a.inspect("ines", "kettles", 2)
    world.a.dispose("ines", "kettles", "restock", 2)
    world.a.sync()
    world.b.dispose("sam", "kettles", "repair", 2)
    return conflict(world.b.sync())


# X7


def put_into_a_wrong_bin(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "lamps", "lamp")
    world.a.put_away("cleo", "lamps", "sellable")
    return conflict(world.a.sync())


def carried_away(world: World) -> None:
    world.a.put_away("cleo", "lamps", "quarantine", container_id="")
    world.a.sync()


# X8


def unknown_code(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "mystery", "", 2, text="6901234567892")
    return conflict(world.a.sync())


def mapped_by_somebody(world: World) -> None:
    world.desk("otto", "map_barcode", barcode_id="new-code", text="6901234567892", item_id="lamp")


# X9


def opened_twice(world: World) -> str:
    for handheld, order, quantity in ((world.a, "w1", 2), (world.b, "w2", 3)):
        opened_without_order(handheld, order)
        handheld.scan("cleo", order, f"{order}-1", "lamp", quantity)
        results = handheld.sync()
    return conflict(results)


def opened_without_order(handheld: Handheld, order: str, customer: str = "customer") -> None:
    handheld.do(
        "cleo", "open_return_without_order", order_id=order, number=f"RT-{order}", site_id=SITE, customer_id=customer
    )


def the_later_is_taken_back(world: World) -> None:
    world.b.do("cleo", "unreceive", receipt_id=_last_receipt(world), quantity=3)
    world.b.sync()


# X10


def counted_while_goods_moved(world: World) -> str:
    """Cleo puts a lamp away on one handheld; another, without network, counts the bin and finds it there."""
    put_away_lamp(world)
    count(world.b, {"lamp": 1})
    world.a.push()
    return conflict(world.b.push())


def put_away_lamp(world: World) -> None:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "lamps", "lamp")
    world.a.inspect("ines", "lamps")
    world.a.dispose("ines", "lamps", "restock")
    world.a.put_away("cleo", "lamps", "sellable")


def count(
    handheld: Handheld, found: dict[str, int], *, bin: str = "sellable", who: str = "cleo", task: str = "", **more: Any
) -> str:
    """A blind count, as a handheld sends it: with what its book had."""
    book: dict[str, int] = {}
    for (kind, _), value in handheld.view.items():
        if kind == "stock_balance" and value["bin_id"] == f"bin-{bin}" and not value["container_id"]:
            book[value["item_id"]] = book.get(value["item_id"], 0) + value["quantity"]
    lines = [
        {"item_id": item, "counted": found.get(item, 0), "book": book.get(item, 0)} for item in sorted({*found, *book})
    ]
    id = uuid7()
    handheld.do(
        who, "count_bin", count_id=id, site_id=SITE, bin_id=f"bin-{bin}", task_id=task, revision=handheld.revision,
        **{"lines": lines, **more},
    )  # fmt: skip
    return id


def counted_once_more(world: World) -> None:
    world.b.pull()
    count(world.b, {"lamp": 1})
    world.b.sync()


# X11


def edited_after_it_was_struck(world: World) -> str:
    draft(world)
    world.a.do("sam", "edit_return_line", id="kettles", set={"note": "two boxes"}, was={"note": ""})
    world.desk("sally", "remove_return_line", line_id="kettles")
    return conflict(world.a.sync())


def draft(world: World) -> None:
    world.desk(
        "sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer",
        lines=[{"line_id": "kettles", "item_id": "kettle", "quantity": 3},
               {"line_id": "lamps", "item_id": "lamp", "quantity": 1}],
    )  # fmt: skip


def its_goods_come(world: World) -> None:
    world.b.scan("cleo", R_1001, "kettles", "kettle")
    world.b.sync()


# X12


def another_lot(world: World) -> str:
    shipped(world, 2)
    change(world, Item, "kettle", binds_lot=True)
    filed(world, "first", 2)
    world.a.scan("cleo", "first", "first-1", "kettle", lot="L2")
    return conflict(world.a.sync())


# X13


def author_lost_the_right(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle")
    change(world, people.Grant, "grant-cleo", valid_until="2026-10-01")
    return conflict(world.a.sync())


# X14


def same_field_twice(world: World) -> str:
    draft(world)
    world.a.do("sam", "edit_return", id=R_1001, set={"note": "device"}, was={"note": ""})
    world.desk("sally", "edit_return", id=R_1001, set={"note": "server"}, was={"note": ""})
    return conflict(world.a.sync())


def both_say_the_same(world: World) -> None:
    world.desk("sally", "edit_return", id=R_1001, set={"note": "device"}, was={"note": "server"})


# X15


def never_arrived(world: World) -> str:
    """Two were received; three were inspected and are to be scrapped: one handheld has not sent its scan."""
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle", 2)
    world.a.sync()
    world.b.inspect("ines", "kettles", 3)
    world.b.dispose("ines", "kettles", "repair", 3)
    assert world.b.sync()[-1].status == "held"
    world.clock.forward(5 * DAY + 1)
    world.database.write(SYSTEM, expire_held)
    return case_of(world, "X15")


def the_missing_scan_arrives(world: World) -> None:
    world.a.scan("cleo", R_1001, "kettles", "kettle")
    world.a.sync()


# X16


def number_twice(world: World) -> str:
    draft(world)
    world.a.do("cleo", "open_return_without_order", order_id="w", number="R-1001", site_id=SITE)
    return conflict(world.a.sync())


def the_first_gets_another_number(world: World) -> None:
    change(world, returns.ReturnOrder, R_1001, number="R-1002")
    ease(world)


def ease(world: World) -> None:
    """What the worker does every minute."""

    def task(work: Work) -> None:
        conflicts.ease_these(work, conflicts.passing(work))

    world.database.write(SYSTEM, task)


# X17


def photo_missing(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle")
    world.a.inspect("ines", "kettles", photos=[{"sha256": PHOTO, "kind": "label"}])
    world.a.sync()
    world.clock.forward(5 * DAY)
    world.database.write(SYSTEM, x17.look)
    photo_comes(world, OTHER_PHOTO)
    return case_of(world, "X17")


def photo_comes(world: World, sha256: str = PHOTO) -> None:
    def task(work: Work) -> Blob:
        return note_photo(
            work, sha256, size=1, media_type="image/jpeg", width=1, height=1, site_id=SITE, device_id="device-A1"
        )

    world.database.write(SYSTEM, task)


# X18


def stale_item(world: World) -> str:
    world.desk.file_r_1001()
    world.a.scan("cleo", R_1001, "kettles", "kettle")
    change(world, Item, "kettle", active=False)
    return conflict(world.a.sync())


def it_is_in_use_again(world: World) -> None:
    change(world, Item, "kettle", active=True)
    ease(world)


# X0


def could_not_be_taken_in(world: World) -> str:
    world.desk.file_r_1001()
    run = COMMANDS["take_task"]

    def broken(work: Work, command: object) -> None:
        raise ZeroDivisionError

    world.patch.setitem(COMMANDS, "take_task", run._replace(run=broken))
    world.a.do("cleo", "take_task", order_id=R_1001)
    (result,) = world.a.sync()
    assert (result.status, result.code) == ("held", "internal_error")
    world.patch.setitem(COMMANDS, "take_task", run)
    return str(result.conflict)


def forced_by_a_supervisor(world: World) -> None:
    with world.database.read(SYSTEM) as work:
        waiting = work.get(conflicts.Conflict, case_of(world, "X0")).subject_id
    world.desk("sam", "force_held", mutation_id=waiting)


Breach = Callable[[World], str]
Cure = Callable[[World], None]

BREACHES: dict[str, Breach] = {
    "X1": over_returned, "X2": serial_twice, "X3": two_verdicts, "X4": edited_after_the_decision,
    "X5": received_after_the_cancellation, "X6": disposed_twice, "X7": put_into_a_wrong_bin, "X8": unknown_code,
    "X9": opened_twice, "X10": counted_while_goods_moved, "X11": edited_after_it_was_struck, "X12": another_lot, "X13": author_lost_the_right,
    "X14": same_field_twice, "X15": never_arrived, "X16": number_twice, "X17": photo_missing, "X18": stale_item,
    "X0": could_not_be_taken_in,
}  # fmt: skip

CURES: dict[str, Cure] = {
    "X1": one_taken_back, "X2": the_later_scan_is_undone, "X3": the_first_is_corrected, "X4": the_desk_edits_it_likewise,
    "X5": the_scan_is_taken_back, "X7": carried_away, "X8": mapped_by_somebody, "X9": the_later_is_taken_back,
    "X10": counted_once_more, "X11": its_goods_come, "X12": the_scan_is_taken_back, "X14": both_say_the_same, "X15": the_missing_scan_arrives,
    "X16": the_first_gets_another_number, "X17": photo_comes, "X18": it_is_in_use_again, "X0": forced_by_a_supervisor,
}  # fmt: skip
"""How each comes right without a verdict. X13 and X6 wait for a person, whatever happens."""

VALUES: dict[tuple[str, str], Any] = {
    ("X2", "reassign"): "S2", ("X6", "split"): 1, ("X8", "map"): "lamp", ("X8", "create_item"): "铜壶", ("X14", "enter_value"): "both",
    ("X17", "replace_photo"): OTHER_PHOTO, ("X18", "remap"): "lamp",
}  # fmt: skip
