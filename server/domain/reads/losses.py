"""Loss cases, and where goods were: everything that was scanned, carried, looked at and counted of them, with who and on what."""

from typing import Any, Literal

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from ..catalog import Bin, Item, Site
from ..containers import Container
from ..counts import BinCount, CountLine
from ..devices import Device
from ..differences import Difference
from ..inspections import Inspection
from ..losses import OPEN, LossCase, replenishing, steps_of, undecided
from ..people import Person, holders
from ..receiving import Receipt
from ..records import EventRow, Mutation
from ..returns import ReturnOrder
from ..stock import StockEntry
from ..work import Work
from .differences import difference_rows
from .rows import Json, Names, bin_ref, container_ref, many, one, order_ref, page, plain, shown, total, visible

MOST_STEPS = 300


def losses(
    work: Work, *, site: str = "", state: Literal["", "open", "closed", "all"] = "", assignee: str = "", item: str = "",
    cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`state`: those that are not closed, unless said otherwise."""
    work.allow("see_stock", site)
    where = [_seen(work)]
    if state != "all":
        where.append(col(LossCase.state).in_(("closed",) if state == "closed" else OPEN))
    for column, value in ((LossCase.site_id, site), (LossCase.item_id, item)):
        if value:
            where.append(col(column) == value)
    if assignee:
        where.append(col(LossCase.assigned_to) == {"me": work.actor.id, "nobody": ""}.get(assignee, assignee))
    found, following = page(work, LossCase, where, LossCase.opened_at, cursor, limit)
    values = work.rows(
        select(col(LossCase.currency), func.sum(col(LossCase.quantity) * col(LossCase.unit_cost)))
        .where(*where)
        .group_by(col(LossCase.currency))
    )
    return {
        "rows": loss_rows(work, found), "next": following, "total": total(work, LossCase, *where),
        "values": [{"currency": row[0], "amount": int(row[1] or 0)} for row in values if row[1]],
    }  # fmt: skip


def loss_page(work: Work, loss_id: str) -> Json:
    case = one(work, LossCase, loss_id, _seen(work))
    steps = steps_of(work, case.id)
    names = Names(work)
    names.learn(Person, (step.by for step in steps))
    names.learn(Bin, (step.bin_id for step in steps))
    difference = work.look(Difference, case.difference_id)
    bins = work.find(Bin, Bin.site_id == case.site_id, Bin.kind == "quarantine", Bin.active == True, order_by=Bin.code)  # noqa: E712
    return {
        "case": loss_rows(work, [case])[0],
        "steps": [plain(step) | {"by_name": names.person(step.by), "bin": bin_ref(names.get(Bin, step.bin_id))} for step in steps],
        "custody": custody(work, case),
        "replenish": replenishing(work, case)._asdict(),
        "difference": difference_rows(work, [difference])[0] if difference else None,
        "people": [shown(person, "id", "name") for person in holders(work, "open_loss", case.site_id)],
        "bins": [bin_ref(bin) for bin in bins],
    }  # fmt: skip


def loss_rows(work: Work, found: list[LossCase]) -> list[Json]:
    names = Names(work)
    names.learn(Item, (case.item_id for case in found))
    names.learn(ReturnOrder, (case.order_id for case in found))
    names.learn(Site, (case.site_id for case in found))
    names.learn(Bin, (case.bin_id for case in found))
    names.learn(Container, (case.container_id for case in found))
    names.learn(Person, (id for case in found for id in (case.assigned_to, case.opened_by)))
    return [
        plain(case)
        | {
            "item": names.item(case.item_id),
            "order": order_ref(names.get(ReturnOrder, case.order_id)),
            "site": names.site(case.site_id),
            "bin": bin_ref(names.get(Bin, case.bin_id)),
            "container": container_ref(names.get(Container, case.container_id)),
            "assigned_to_name": names.person(case.assigned_to),
            "opened_by_name": names.person(case.opened_by),
            "value": case.quantity * case.unit_cost,
            "left": undecided(case),
        }
        for case in found
    ]


def custody(work: Work, case: LossCase) -> list[Json]:
    """By serial number if they have one; else what their line saw; else the same goods at the place they were last known."""
    same: list[Any] = [col(StockEntry.site_id) == case.site_id, col(StockEntry.item_id) == case.item_id]
    if case.serial:
        same.append(col(StockEntry.serial) == case.serial)
    elif case.line_id:
        same.append(col(StockEntry.line_id) == case.line_id)
    else:
        here = [col(StockEntry.bin_id) == case.bin_id] if case.bin_id else []
        here += [col(StockEntry.container_id) == case.container_id] if case.container_id else []
        same += [or_(*here, col(StockEntry.status) == "lost")] if here else []
        same += [col(StockEntry.lot) == case.lot] if case.lot else []
    entries = work.find(StockEntry, *same, order_by=col(StockEntry.at).desc(), limit=MOST_STEPS)
    moves = {entry.move_id for entry in entries}
    sides: dict[str, list[StockEntry]] = {}
    for entry in work.find(StockEntry, col(StockEntry.move_id).in_(moves)) if moves else []:
        sides.setdefault(entry.move_id, []).append(entry)

    containers = {each for entry in entries if (each := entry.container_id)} | ({case.container_id} - {""})
    carried = work.find(
        EventRow, col(EventRow.subject_id).in_(containers), EventRow.kind == "ContainerMoved", order_by=col(EventRow.at).desc(),
        limit=MOST_STEPS,
    ) if containers else []  # fmt: skip
    looked = (
        work.find(Inspection, _of(case, Inspection), order_by=Inspection.at, limit=MOST_STEPS)
        if case.line_id or case.serial
        else []
    )
    scanned = (
        work.find(Receipt, _of(case, Receipt), order_by=Receipt.at, limit=MOST_STEPS)
        if case.line_id or case.serial
        else []
    )
    counted = work.find(
        CountLine, CountLine.site_id == case.site_id, CountLine.item_id == case.item_id,
        *([CountLine.serial == case.serial] if case.serial else [CountLine.bin_id == case.bin_id]), limit=MOST_STEPS,
    )  # fmt: skip
    counts = many(work, BinCount, (line.count_id for line in counted))
    made = many(work, Mutation, [*(entry.mutation_id for entry in entries), *(event.mutation_id for event in carried)])

    names = Names(work)
    everything: list[Any] = [*entries, *carried, *looked, *scanned, *counts.values()]
    names.learn(Person, (each.by for each in everything))
    names.learn(Device, (each.device_id for each in everything))
    names.learn(Container, [*containers, *(event.subject_id for event in carried)])
    names.learn(Bin, [
        *(side.bin_id for pair in sides.values() for side in pair), *(line.bin_id for line in counted),
        *(receipt.bin_id for receipt in scanned),
        *(id for event in carried for id in (event.body["bin_id"], event.body["from_bin_id"])),
    ])  # fmt: skip

    def place(entry: StockEntry | None) -> Json | None:
        if entry is None:
            return None
        return {"status": entry.status, "bin": bin_ref(names.get(Bin, entry.bin_id)),
                "container": container_ref(names.get(Container, entry.container_id))}  # fmt: skip

    def row(fact: Any, what: str, quantity: int, **more: Any) -> Json:
        mutation = made.get(getattr(fact, "mutation_id", ""))
        return {
            "at": fact.at, "made_at": getattr(fact, "made_at", 0) or (mutation.made_at if mutation else fact.at), "what": what,
            "quantity": quantity, "by": fact.by, "by_name": names.person(fact.by), "device": names.device(fact.device_id),
            "from": None, "to": None, "text": "", **more,
        }  # fmt: skip

    rows = [row(each, "scan", each.quantity - each.unreceived, text=each.text) for each in scanned]
    rows += [row(each, "inspection", each.quantity, text=f"{each.verdict} {each.grade}") for each in looked]
    for pair in sides.values():
        source, target = (next((side for side in pair if side.quantity * sign > 0), None) for sign in (-1, 1))
        if target is not None and target.cause not in ("receive", "unreceive"):
            rows.append(row(target, target.cause, target.quantity, **{"from": place(source), "to": place(target)}))
    for event in carried:
        moved = names.get(Container, event.subject_id)
        ways = {way: {"status": "", "bin": bin_ref(names.get(Bin, event.body[side])), "container": None}
                for way, side in (("from", "from_bin_id"), ("to", "bin_id"))}  # fmt: skip
        rows.append(row(event, "container", 0, text=moved.label if moved else "", **ways))
    for line in counted:
        if count := counts.get(line.count_id):
            where = {"status": "", "bin": bin_ref(names.get(Bin, line.bin_id)), "container": None}
            rows.append(
                row(count, "counted", line.counted, to=where, text=f"{line.counted}/{line.book}", count_id=count.id)
            )
    return sorted(rows, key=lambda each: (each["made_at"], each["at"]))[-MOST_STEPS:]


def _of(case: LossCase, model: Any) -> Any:
    if case.serial:
        return and_(col(model.site_id) == case.site_id, col(model.serial) == case.serial)
    return col(model.line_id) == case.line_id


def _seen(work: Work) -> Any:
    return visible(work.actor, "see_stock", LossCase.site_id, LossCase.owner_id)
