"""One thing that waits, as whoever decides it needs it: what happened, where the goods stand, and the ways out. One shape for all kinds."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlmodel import col

from .. import decisions
from .. import parcels as parcel_records
from ..alerts import Alert
from ..conflicts import Conflict
from ..devices import Device
from ..differences import Difference
from ..dispositions import Disposition
from ..inspections import Inspection
from ..people import Person
from ..receiving import Receipt
from ..returns import ReturnLine, ReturnOrder, ReviewRound
from ..stock import StockBalance
from ..tasks import Task
from ..work import Work
from . import cases, differences, parcels, returns, tasks, todo
from .rows import Json, Names, many, one, shown, visible

Happened = tuple[str, str, str, str, int, int]
"""id, what, by whom, on which handheld, when by its clock, when by ours."""


def decision(work: Work, kind: str, id: str) -> Json:
    """What waits (`kind`: review, conflict, alert, unclaimed, disposition, difference, task), what led to it, and its ways out."""
    entry = decisions.kind_of(kind)
    record: Any = waiting(work, kind, id)
    told = TELLS[kind](work, record)
    order = work.first(ReturnOrder, col(ReturnOrder.id) == _order_id(kind, record), returns.seen(work))
    return {
        "kind": kind, "id": record.id, "site_id": record.site_id, "open": entry.waits(record), "seen": entry.seen(record),
        "order": returns.return_rows(work, [order])[0] if order else None,
        "sides": [], "evidence": {}, "named": {}, "photos": [], "matches": [], "stands": [], "tasks": [], "losses": [], "people": [],
        "happened": [], "closed": None,
        **told,
        "options": [
            shown(way, "name", "note_required", "takes", "sends", "suggested", "why") | {"value": way.begins, "note": bool(way.says)}
            for way in decisions.ways(work, kind, record.id)
        ] if entry.waits(record) else [],
    }  # fmt: skip


def waiting(work: Work, kind: str, id: str) -> Any:
    """The record, or NotFound where it is not for this person to see."""
    seen: dict[str, Callable[[], Any]] = {
        "review": lambda: returns.seen(work),
        "conflict": lambda: visible(work.actor, "see_desk", Conflict.site_id),
        "alert": lambda: visible(work.actor, "see_desk", Alert.site_id),
        "unclaimed": lambda: visible(work.actor, "see_desk", parcel_records.Parcel.site_id),
        "disposition": lambda: visible(work.actor, "see_desk", Disposition.site_id),
        "difference": lambda: differences.seen(work),
        "task": lambda: visible(work.actor, "see_desk", Task.site_id),
    }
    return one(work, decisions.kind_of(kind).model, id, seen[kind]())


def _order_id(kind: str, record: Any) -> str:
    return str(record.id if kind == "review" else getattr(record, "order_id", ""))


# What each kind tells


def _conflict(work: Work, case: Conflict) -> Json:
    page = cases.conflict_page(work, case.id)
    last = page["occurrences"][-1] if page["occurrences"] else {"values": [], "evidence": {}}
    return {
        "row": page["conflict"], "sides": [value | {"writer": page["writers"].get(value["field"])} for value in last["values"]],
        "evidence": last["evidence"], "named": page["named"], "tasks": page["tasks"],
        "stands": page["stands"],
        "happened": [
            shown_of(each, "id", "by_name", "device", "made_at", "at", "skew_ms") | {"what": ""} for each in page["occurrences"]
        ],
        "photos": [{"sha256": case.facts["sha256"], "kind": "label"}] if case.rule == "X17" and case.facts.get("sha256") else [],
        "closed": _closed(work, case.resolved_by, case.resolved_at, case.resolution, case.resolution_note, case.state == "auto_resolved"),
    }  # fmt: skip


def _review(work: Work, order: ReturnOrder) -> Json:
    rounds = work.find(ReviewRound, col(ReviewRound.order_id) == order.id, order_by=col(ReviewRound.submitted_at))
    return {
        "row": returns.return_rows(work, [order])[0],
        "stands": cases.stands_of_order(work, order.id),
        "happened": _happened(
            work, [(each.id, "submitted", each.submitted_by, "", 0, each.submitted_at) for each in rounds]
        ),
        "closed": _closed(
            work, order.reviewed_by, order.reviewed_at, "approve" if order.authorised else "reject", order.rejection
        ),
    }


def _alert(work: Work, alert: Alert) -> Json:
    row = cases.alert_rows(work, [alert])[0]
    line = work.look(ReturnLine, alert.subject)
    parcel = work.look(parcel_records.Parcel, alert.subject)
    balance = work.look(StockBalance, alert.subject)
    photos = [alert.facts[name] for name in ("photo", "photo_before") if alert.facts.get(name)]
    return {
        "row": row, "tasks": row["tasks"],
        "stands": cases.stands_at(work, balance.item_id, balance.bin_id, balance.container_id, balance.quantity)
        if balance
        else cases.stands_of_order(work, alert.order_id, line.id if line else ""),
        "photos": [{"sha256": sha256, "kind": alert.facts.get("kind") or "whole"} for sha256 in photos],
        "happened": _scans(work, work.all(Receipt, line_id=line.id) if line else []),
        "closed": _closed(work, alert.closed_by, alert.closed_at, alert.state, alert.closing_reason, alert.state == "auto_closed"),
        **(_unclaimed(work, parcel) | {"row": row, "closed": None} if parcel else {}),
    }  # fmt: skip


def _unclaimed(work: Work, parcel: parcel_records.Parcel) -> Json:
    page = parcels.parcel_page(work, parcel.id)
    place = parcels.places(work, [parcel]).get(parcel.id)
    receipts = work.find(Receipt, col(Receipt.parcel_id) == parcel.id, order_by=col(Receipt.at))
    signed = (parcel.id, "signed", parcel.signed_by, "", 0, parcel.signed_at)
    return {
        "row": page["parcel"] | {"settles": page["settles"]}, "photos": page["parcel"]["photos"], "matches": page["matches"],
        "stands": [
            {"item": shown_of(item, "id", "sku", "name", "name_en", "spec", "uom"), "quantity": item["quantity"], "container": "",
             "zone_kind": "unclaimed"} | place
            for item in page["parcel"]["items"] if place
        ],
        "happened": _happened(work, [signed]) + _scans(work, receipts),
        "tasks": tasks.task_rows(work, work.all(Task, order_id=tuple(parcel.order_ids))) if parcel.order_ids else [],
        "closed": _closed(work, parcel.claimed_by, parcel.closed_at, "claim" if parcel.claimed_by else parcel.note, ""),
    }  # fmt: skip


def _disposition(work: Work, proposed: Disposition) -> Json:
    looks = [each for each in work.all(Inspection, line_id=proposed.line_id) if not each.superseded_by]
    return {
        "row": todo.disposition_rows(work, [proposed])[0],
        "photos": [photo for each in looks for photo in each.photos],
        "stands": cases.stands_of_order(work, proposed.order_id, proposed.line_id),
        "happened": _happened(work, [
            *((each.id, "inspection", each.by, each.device_id, each.made_at, each.at) for each in looks),
            (proposed.id, "proposal", proposed.by, proposed.device_id, proposed.made_at, proposed.at),
        ]),
        "closed": _closed(work, proposed.decided_by, proposed.at, proposed.kind, proposed.reason),
    }  # fmt: skip


def _difference(work: Work, found: Difference) -> Json:
    page = differences.difference_page(work, found.id)
    row = page["difference"]
    return {
        "row": row, "named": row["named"], "tasks": page["tasks"], "losses": page["losses"], "people": page["people"],
        "sides": [{"field": "quantity", "base": None, "server": found.expected, "device": found.found}],
        "stands": cases.stands_of_order(work, found.order_id, found.line_id)
        or cases.stands_at(work, found.item_id, found.bin_id, found.container_id, found.found),
        "happened": [
            {"what": fact["kind"], "skew_ms": 0, "made_at": 0, "quantity": fact.get("quantity", 0)}
            | shown_of(fact, "id", "by_name", "device", "at")
            for fact in page["trail"]
        ],
        "closed": _closed(work, found.closed_by, found.closed_at, found.state, found.closing_reason, found.state == "auto_closed"),
    }  # fmt: skip


def _task(work: Work, task: Task) -> Json:
    row = tasks.task_rows(work, [task])[0]
    return {
        "row": row, "tasks": [row],
        "stands": cases.stands_of_order(work, task.order_id, task.line_id) if task.order_id else [],
        "happened": _happened(work, [(task.id, "raised", task.raised_by, "", 0, task.raised_at)]),
        "closed": _closed(work, task.answered_by or task.withdrawn_by, task.closed_at, task.state, task.answer or task.withdrawn_why),
    }  # fmt: skip


TELLS: dict[str, Callable[[Work, Any], Json]] = {
    "review": _review, "conflict": _conflict, "alert": _alert, "unclaimed": _unclaimed, "disposition": _disposition,
    "difference": _difference, "task": _task,
}  # fmt: skip


def shown_of(row: Json, *names: str) -> Json:
    return {name: row[name] for name in names}


def _scans(work: Work, receipts: Iterable[Receipt]) -> list[Json]:
    return _happened(work, [(each.id, "scan", each.by, each.device_id, each.made_at, each.at) for each in receipts])


def _happened(work: Work, found: list[Happened]) -> list[Json]:
    names = Names(work)
    names.learn(Person, (by for _, _, by, *_ in found))
    devices = many(work, Device, (device for _, _, _, device, *_ in found))
    names.learn(Device, devices)
    return [
        {"id": id, "what": what, "by_name": names.person(by), "device": names.device(device), "made_at": made_at or at, "at": at,
         "skew_ms": devices[device].skew_ms if device in devices else 0}
        for id, what, by, device, made_at, at in found
    ]  # fmt: skip


def _closed(work: Work, by: str, at: int, option: str, note: str, itself: bool = False) -> Json | None:
    if not at and not by:
        return None
    person = work.look(Person, by)
    return {"by_name": person.name if person else "", "at": at, "option": option, "note": note, "itself": itself}
