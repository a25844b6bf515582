"""Why something differs, or does not come: questions to the trail of what happened, each answered with a code and facts, or not.

The same questions explain a difference that reconciling found and answer "why is this not done yet?". LIKELY is the table of which
are asked for which difference, the most telling first; the last one always answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Text, type_coerce
from sqlmodel import col

from . import conflicts, counts, dispositions, hand_overs, inspections, returns, stock
from .catalog import Site
from .conflicts import Conflict
from .devices import Device
from .documents import OutboundOrder
from .parcels import Parcel
from .receiving import Receipt
from .records import EventRow, Mutation
from .tasks import Task
from .work import Work

HOUR = 3_600_000
DAY = 24 * HOUR
AROUND_A_COUNT = 30 * 60_000
"""Goods that were carried so close to a count may have been counted at both places, or at none, in milliseconds."""


class Cause(NamedTuple):
    code: str
    facts: dict[str, Any] = {}
    """Ids (`order_id`, `device_id`, …) lead to the evidence."""


@dataclass(frozen=True)
class Scene:
    """What differs. `units`: so many are missing; below zero, so many are too many."""

    work: Work
    site_id: str
    units: int
    order: "returns.ReturnOrder | None" = None
    line: "returns.ReturnLine | None" = None
    item_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    status: str = ""
    as_of: int = 0
    """Of the other book; 0: now."""


Question = Callable[[Scene], Cause | None]


def likely(kind: str, scene: Scene) -> Cause:
    return next(cause for question in LIKELY[kind] if (cause := question(scene)))


# What has not come, or is held back


def unsent(scene: Scene) -> Cause | None:
    """A handheld of the site holds work nobody here has seen: of an order, one that worked on it."""
    holding = holding_work(scene.work, scene.site_id)
    if holding and scene.order:
        at_work = {receipt.device_id for receipt in scene.work.all(Receipt, order_id=scene.order.id)}
        at_work |= {each.device_id for each in scene.work.all(inspections.Inspection, order_id=scene.order.id)}
        holding = [device for device in holding if device.id in at_work]
    if not holding:
        return None
    oldest = holding[0]
    return Cause("unsent", {
        "device_id": oldest.id, "device": oldest.code, "person_id": oldest.last_person_id, "since": oldest.oldest_pending_at,
        "pending": sum(device.pending for device in holding), "devices": len(holding), "contact": oldest.last_contact_at,
    })  # fmt: skip


def holding_work(work: Work, site_id: str) -> list[Device]:
    """The longest waiting first."""
    return work.find(
        Device, Device.site_id == site_id, Device.pending > 0, Device.revoked_at == 0,
        order_by=(Device.oldest_pending_at, Device.code),
    )  # fmt: skip


def blocked(scene: Scene) -> Cause | None:
    """A conflict holds these goods back."""
    found = open_conflicts(scene.work, scene.order.id) if scene.order else []
    if scene.line:
        of_line = [case for case in found if scene.line.id in (case.subject_id, case.facts.get("line_id"))]
        found = of_line or found
    if not found:
        return None
    case = found[0]
    return Cause(
        "conflict", {"conflict_id": case.id, "rule": case.rule, "since": case.opened_at, "person_id": case.assigned_to}
    )


def open_conflicts(work: Work, order_id: str) -> list[Conflict]:
    found = work.all(Conflict, order_id=order_id, blocking=True, state=conflicts.OPEN)
    return sorted(found, key=lambda case: case.opened_at)


def held(scene: Scene) -> Cause | None:
    """Somebody's work on this waits for what another handheld has not sent."""
    for mutation in waiting_mutations(scene.work, scene.site_id):
        args = mutation.body.get("args", {})
        named = {
            mutation.waits_for,
            *(str(value) for name, value in args.items() if name == "id" or name.endswith("_id")),
        }
        if (scene.line and scene.line.id in named) or (scene.order and scene.order.id in named):
            return held_cause(mutation)
    return None


def waiting_mutations(work: Work, site_id: str, limit: int = 200) -> list[Mutation]:
    return work.find(
        Mutation,
        Mutation.status == "held",
        Mutation.site_id == site_id,
        order_by=(Mutation.at, Mutation.id),
        limit=limit,
    )


def held_cause(mutation: Mutation) -> Cause:
    return Cause("held", {
        "mutation_id": mutation.id, "name": mutation.name, "device_id": mutation.device_id, "person_id": mutation.by,
        "since": mutation.at, "until": mutation.held_until, "conflict_id": mutation.conflict_id,
    })  # fmt: skip


def asked(scene: Scene) -> Cause | None:
    """Somebody has been sent and is not back."""
    line_id = scene.line.id if scene.line else ""
    found = scene.work.all(Task, line_id=line_id, state="open") if line_id else []
    return Cause("task_open", {"task_id": found[0].id, "task": found[0].kind, "person_id": found[0].assignee,
                               "since": found[0].raised_at}) if found else None  # fmt: skip


# Goods of a return order


def instead(scene: Scene) -> Cause | None:
    """Another line of the order has too many where this one has too few, or the other way round."""
    if scene.order is None or scene.line is None:
        return None
    for other in returns.lines_of(scene.work, scene.order.id):
        too_many = other.received - other.expected
        if other.id != scene.line.id and too_many * scene.units > 0:
            code = "wrong_item" if scene.units > 0 else "instead_of"
            return Cause(
                code, {"item_id": other.item_id, "text": other.text, "line_id": other.id, "units": abs(too_many)}
            )
    return None


def taken_back(scene: Scene) -> Cause | None:
    """They were all scanned once, and a scan was taken back later."""
    if scene.line is None:
        return None
    receipts = scene.work.all(Receipt, line_id=scene.line.id)
    if sum(receipt.quantity for receipt in receipts) < scene.line.expected or not any(
        each.unreceived for each in receipts
    ):
        return None
    ids = {receipt.id for receipt in receipts}
    told = scene.work.find(
        EventRow,
        EventRow.subject_id == scene.line.order_id,
        EventRow.kind == "ScanTakenBack",
        order_by=col(EventRow.at).desc(),
    )
    for event in told:
        if event.body["receipt_id"] in ids:
            return Cause("taken_back", {
                "receipt_id": event.body["receipt_id"], "units": event.body["quantity"], "person_id": event.by,
                "device_id": event.device_id, "at": event.at, "reason": event.body["reason"],
            })  # fmt: skip
    return None


def scanned_twice(scene: Scene) -> Cause | None:
    """Two people scanned the same goods."""
    if scene.line is None:
        return None
    found = [each for each in scene.work.all(Receipt, line_id=scene.line.id) if each.quantity > each.unreceived]
    found.sort(key=lambda each: (each.at, each.id))
    for earlier, later in pairwise(found):
        if later.by != earlier.by and later.device_id != earlier.device_id:
            return Cause("scanned_twice", {
                "person_id": later.by, "device_id": later.device_id, "at": later.at, "other_person_id": earlier.by,
                "other_device_id": earlier.device_id, "units": later.quantity - later.unreceived,
            })  # fmt: skip
    return None


def parcel_not_opened(scene: Scene) -> Cause | None:
    found = [parcel for parcel in _parcels(scene) if parcel.state == "signed"]
    return Cause("parcel_not_opened", {"parcel_id": found[0].id, "waybill": found[0].waybill, "at": found[0].signed_at,
                                       "person_id": found[0].signed_by}) if found else None  # fmt: skip


def parcel_damaged(scene: Scene) -> Cause | None:
    found = [parcel for parcel in _parcels(scene) if parcel.damage or parcel.state == "refused"]
    return Cause("parcel_damaged", {"parcel_id": found[0].id, "waybill": found[0].waybill, "damage": found[0].damage,
                                    "at": found[0].signed_at}) if found else None  # fmt: skip


def not_in_the_parcel(scene: Scene) -> Cause:
    """All that came was opened: so many were not in it."""
    parcels = _parcels(scene)
    last = max(parcels, key=lambda parcel: parcel.opened_at, default=None)
    if last is None:
        return Cause("did_not_come", {"order_id": scene.order.id if scene.order else ""})
    return Cause("not_in_parcel", {"parcel_id": last.id, "waybill": last.waybill, "at": last.opened_at})


def came_unasked(scene: Scene) -> Cause:
    if scene.line and not scene.line.item_id:
        return Cause("unknown_code", {"text": scene.line.text})
    return Cause("more_came", _last_scan(scene))


def never_inspected(scene: Scene) -> Cause:
    return Cause("never_inspected", _last_scan(scene))


def nothing_decided(scene: Scene) -> Cause:
    line_id = scene.line.id if scene.line else ""
    found = scene.work.find(
        inspections.Inspection,
        inspections.Inspection.line_id == line_id,
        order_by=col(inspections.Inspection.at).desc(),
        limit=1,
    )
    return Cause("nothing_decided", {"person_id": found[0].by, "at": found[0].at} if found else {})


def not_approved(scene: Scene) -> Cause | None:
    return Cause("not_approved", {"order_id": scene.order.id}) if scene.order and not scene.order.authorised else None


def on_hold(scene: Scene) -> Cause | None:
    return Cause("on_hold", {"order_id": scene.order.id}) if scene.order and scene.order.status == "on_hold" else None


def waits_for_decision(scene: Scene) -> Cause | None:
    found = [each for each in _dispositions(scene) if each.state == "proposed"]
    return Cause("waits_for_decision", {"disposition_id": found[0].id, "disposition": found[0].kind, "since": found[0].at,
                                        "person_id": found[0].by, "order_id": found[0].order_id}) if found else None  # fmt: skip


def not_put_away(scene: Scene) -> Cause | None:
    found = [each for each in _dispositions(scene) if each.kind == "restock" and each.put_away < each.quantity]
    return Cause("not_put_away", {"units": sum(each.quantity - each.put_away for each in found), "since": found[0].at,
                                  "container_id": found[0].container_id, "person_id": found[0].by}) if found else None  # fmt: skip


def not_posted(scene: Scene) -> Cause:
    return Cause("not_posted", {"order_id": scene.order.id if scene.order else ""})


# Counts against the book


def moved_while_counted(scene: Scene) -> Cause | None:
    """Somebody carried the same goods in or out of the bin while another counted it."""
    for line, count in _latest_counts(scene):
        around = scene.work.find(
            stock.StockEntry, stock.StockEntry.bin_id == line.bin_id, stock.StockEntry.item_id == scene.item_id,
            col(stock.StockEntry.cause).in_(("put_away", "move", "receive", "dispose")), order_by=col(stock.StockEntry.at).desc(),
            limit=50,
        )  # fmt: skip
        for entry in around:
            mutation = scene.work.look(Mutation, entry.mutation_id)
            made_at = mutation.made_at if mutation else entry.at
            if entry.by != count.by and abs(made_at - count.made_at) < AROUND_A_COUNT:
                return Cause("moved_while_counted", {
                    "count_id": count.id, "person_id": count.by, "at": count.made_at, "other_person_id": entry.by, "other_at": made_at,
                    "bin_id": line.bin_id, "move": entry.cause, "units": abs(entry.quantity),
                })  # fmt: skip
    return None


def count_in_conflict(scene: Scene) -> Cause | None:
    for _, count in _latest_counts(scene):
        case = scene.work.look(Conflict, conflicts.case_id("X10", count.id))
        if case is not None and case.state in conflicts.OPEN:
            return Cause(
                "conflict", {"conflict_id": case.id, "rule": "X10", "since": case.opened_at, "count_id": count.id}
            )
    return None


def stands_elsewhere(scene: Scene) -> Cause | None:
    """A count of another bin had too many of just these: they were carried without a scan."""
    for line, count in _latest_counts(scene, sign=1 if scene.units > 0 else -1):
        return Cause("stands_elsewhere", {"count_id": count.id, "bin_id": line.bin_id, "units": abs(line.posted), "person_id": count.by,
                                          "at": count.made_at})  # fmt: skip
    return None


def counted(scene: Scene) -> Cause:
    """Nothing tells where they are: so much was counted, by whom, and when."""
    for line, count in _latest_counts(scene):
        return Cause("not_found" if scene.units > 0 else "never_booked", {
            "count_id": count.id, "bin_id": line.bin_id, "person_id": count.by, "at": count.made_at,
        })  # fmt: skip
    return Cause("not_found" if scene.units > 0 else "never_booked")


def shipment_missing(scene: Scene) -> Cause | None:
    """The book has more than there is, and it is long since anybody told it what was shipped."""
    site = scene.work.look(Site, scene.site_id)
    if scene.units <= 0 or site is None or site.book != "own":
        return None
    last = scene.work.find(
        OutboundOrder, OutboundOrder.site_id == scene.site_id, order_by=col(OutboundOrder.shipped_at).desc(), limit=1
    )
    if last and last[0].shipped_at + DAY > (scene.as_of or scene.work.now):
        return None
    return Cause(
        "shipment_missing", {"at": last[0].shipped_at if last else 0, "outbound_id": last[0].id if last else ""}
    )


# Another system's list of stock


def came_late(scene: Scene) -> Cause | None:
    """What was done before the list was made reached the server after it."""
    entries = scene.work.find(
        stock.StockEntry, stock.StockEntry.site_id == scene.site_id, stock.StockEntry.item_id == scene.item_id,
        stock.StockEntry.at > scene.as_of, col(stock.StockEntry.status).in_(stock.STATUSES),
        order_by=(stock.StockEntry.at, stock.StockEntry.id), limit=200,
    )  # fmt: skip
    late = []
    for entry in entries:
        mutation = scene.work.look(Mutation, entry.mutation_id)
        if mutation is not None and mutation.device_id and mutation.made_at <= scene.as_of:
            late.append(entry)
    if not late or sum(entry.quantity for entry in late) != scene.units:
        return None
    return Cause(
        "came_late",
        {"device_id": late[0].device_id, "person_id": late[0].by, "at": late[0].at, "units": abs(scene.units)},
    )


def handed_over(scene: Scene) -> Cause | None:
    """They were handed over to that system, and it has not said that it has them."""
    waiting = scene.work.all(hand_overs.HandOver, site_id=scene.site_id, item_id=scene.item_id, state="waiting")
    units = sum(each.quantity for each in waiting)
    if not units or units != abs(scene.units):
        return None
    return Cause("handed_over", {"units": units, "item_id": scene.item_id, "since": min(each.at for each in waiting)})


def not_for_sale_yet(scene: Scene) -> Cause | None:
    """Goods that are here and not put away: the other book has them already, or not yet."""
    waiting = stock.on_hand(scene.work, scene.site_id, scene.item_id, "quarantine")
    return (
        Cause("quarantine", {"units": waiting, "item_id": scene.item_id})
        if waiting and waiting == abs(scene.units)
        else None
    )


def restocked_since(scene: Scene) -> Cause | None:
    """As many as differ were put back on sale, or taken out of it, in the week before the list: the other book lacks that posting."""
    if scene.units >= 0:
        return None
    found = scene.work.find(
        stock.StockEntry, stock.StockEntry.site_id == scene.site_id, stock.StockEntry.item_id == scene.item_id,
        stock.StockEntry.cause == "dispose", stock.StockEntry.quantity > 0, stock.StockEntry.at <= scene.as_of,
        stock.StockEntry.at > scene.as_of - 7 * DAY, order_by=col(stock.StockEntry.at).desc(), limit=50,
    )  # fmt: skip
    for entry in found:
        if entry.quantity == -scene.units:
            return Cause(
                "not_taken_in",
                {"order_id": entry.order_id, "at": entry.at, "units": entry.quantity, "person_id": entry.by},
            )
    return None


def not_explained(scene: Scene) -> Cause:
    return Cause("not_explained", {"item_id": scene.item_id})


LIKELY: dict[str, tuple[Question, ...]] = {
    "line_missing": (blocked, instead, taken_back, held, unsent, parcel_not_opened, parcel_damaged, not_in_the_parcel),
    "line_over": (blocked, instead, scanned_twice, came_unasked),
    "line_unexpected": (instead, came_unasked),
    "line_uninspected": (blocked, held, asked, unsent, never_inspected),
    "line_undecided": (blocked, held, asked, unsent, nothing_decided),
    "line_unposted": (blocked, on_hold, not_approved, waits_for_decision, held, not_put_away, unsent, not_posted),
    "count_book": (count_in_conflict, moved_while_counted, stands_elsewhere, unsent, shipment_missing, counted),
    "listed_stock": (came_late, handed_over, restocked_since, not_for_sale_yet, unsent, shipment_missing, not_explained),
}  # fmt: skip


def parcels_of(work: Work, order: "returns.ReturnOrder") -> list[Parcel]:
    """Those that were bound to it, and those its goods were scanned from."""
    mentioned = type_coerce(col(Parcel.order_ids), Text).like(f"%{order.id}%")
    bound = [
        each for each in work.find(Parcel, Parcel.site_id == order.site_id, mentioned) if order.id in each.order_ids
    ]
    scanned = {receipt.parcel_id for receipt in work.all(Receipt, order_id=order.id)} - {each.id for each in bound}
    return [*bound, *(parcel for id in sorted(scanned) if (parcel := work.look(Parcel, id)))]


def _parcels(scene: Scene) -> list[Parcel]:
    return parcels_of(scene.work, scene.order) if scene.order else []


def _last_scan(scene: Scene) -> dict[str, Any]:
    line_id = scene.line.id if scene.line else ""
    found = scene.work.find(Receipt, Receipt.line_id == line_id, order_by=col(Receipt.at).desc(), limit=1)
    if not found:
        return {}
    last = found[0]
    return {"receipt_id": last.id, "person_id": last.by, "device_id": last.device_id, "at": last.at,
            "container_id": last.container_id, "bin_id": last.bin_id}  # fmt: skip


def _dispositions(scene: Scene) -> list[Any]:
    found = dispositions.of_line(scene.work, scene.line.id) if scene.line else []
    return [each for each in found if each.state != "void"]


def _latest_counts(scene: Scene, sign: int = 0) -> list[tuple[Any, Any]]:
    """(line, count) of the counts that found these different, the latest first. `sign`: only those that had more, or fewer."""
    wanted = sign or (-1 if scene.units > 0 else 1)
    found = scene.work.find(
        counts.CountLine, counts.CountLine.site_id == scene.site_id, counts.CountLine.item_id == scene.item_id,
        counts.CountLine.lot == scene.lot, counts.CountLine.serial == scene.serial,
        counts.CountLine.posted > 0 if wanted > 0 else counts.CountLine.posted < 0,
    )  # fmt: skip
    pairs = [(line, count) for line in found if (count := scene.work.look(counts.BinCount, line.count_id))]
    return sorted(pairs, key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
