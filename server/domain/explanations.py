"""Why somebody does not see what they look for: answers in findings, each a code with facts, and what would help.

A finding says what stands in the way (`stops`), what may (`may`), or that nothing does (`fine`). FIXES is the table of what helps and
which right it takes: whoever has it is shown the button, everybody else whom to ask.
"""

from typing import Any, Literal, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from . import causes, conflicts, dispositions, hand_overs, reconciliation, returns, stock
from .catalog import Customer, Site
from .causes import Scene, likely
from .conflicts import Conflict
from .devices import Device
from .differences import GOODS, OPEN, Difference
from .people import Grant, Person, actor_of, day_at
from .permissions import Actor
from .records import Consumer, EventRow, Feed, ParkedEvent, Setting
from .work import Work

Weight = Literal["stops", "may", "fine"]

LATE_WORKER = 3 * 60_000
"""The schedule is looked at every minute: so long after it was due, no worker runs, in milliseconds."""

ON_HANDHELDS = 30 * 86_400_000
"""A closed return leaves the handhelds after so long, in milliseconds."""


class Finding(NamedTuple):
    code: str
    weight: Weight
    facts: dict[str, Any] = {}
    units: int = 0


FIXES: dict[str, tuple[str, str]] = {
    "conflict": ("resolve", "resolve"), "held": ("force", "resolve"), "held_some": ("force", "resolve"),
    "conflicts": ("resolve_all", "resolve"),
    "not_approved": ("review", "review"), "not_submitted": ("submit", "file"), "rejected": ("submit", "file"),
    "on_hold": ("release", "hold"),
    "waits_for_decision": ("decide", "decide_disposition"),
    "unsent": ("remind", "message_devices"), "device_behind": ("remind", "message_devices"), "not_here_yet": ("remind", "message_devices"),
    "never_inspected": ("inspect", "inspect"), "nothing_decided": ("dispose", "dispose"), "not_put_away": ("put_away", "put_away"),
    "not_posted": ("read", "see"), "task_open": ("answer", "answer_task"),
    "parcel_not_opened": ("open_parcel", "receive"), "not_in_parcel": ("settle", "settle_short"), "did_not_come": ("settle", "settle_short"),
    "parcel_damaged": ("settle", "settle_short"), "taken_back": ("receive", "receive"), "wrong_item": ("settle", "settle_short"),
    "by_hand": ("complete", "complete"),
    "worker_stopped": ("health", "admin"), "queue": ("health", "admin"), "parked": ("health", "admin"),
    "never_reconciled": ("reconcile", "reconcile"), "reconciled_long_ago": ("reconcile", "reconcile"),
    "differences": ("differences", "handle_difference"), "waits_to_be_put_away": ("put_away", "put_away"),
    "in_quarantine": ("inspect", "inspect"), "handed_over": ("acknowledge", "acknowledge_hand_over"),
    "disabled": ("person", "admin"), "no_role": ("grant", "admin"), "grant_ended": ("grant", "admin"), "grant_later": ("grant", "admin"),
    "other_site": ("grant", "admin"), "other_owner": ("grant", "admin"), "not_their_customer": ("grant", "admin"),
    "no_review_right": ("grant", "admin"), "device_other_site": ("grant", "admin"),
}  # fmt: skip


# Why can Li not see RT-…?


def why_not_seen(work: Work, order: "returns.ReturnOrder", person: Person) -> list[Finding]:
    """At a desk, in the list of those who review, and on a handheld: each where something stands in the way, or that nothing does."""
    if found := _no_way_in(work, order, person):
        return found
    actor = actor_of(work, person.id)
    if not _is_theirs(work, order, actor):
        customer = work.look(Customer, order.customer_id)
        return [Finding("not_their_customer", "stops", {"person_id": person.id, "customer_id": order.customer_id,
                                                        "seller_id": customer.sales_person_id if customer else ""})]  # fmt: skip
    found = (
        [Finding("sees_at_desk", "fine", {"person_id": person.id, "order_id": order.id})]
        if actor.may("see_desk", order.site_id)
        else []
    )
    return [*found, *_in_the_queue(work, order, person, actor), *_on_handhelds(work, order, person, actor)]


def why_not_here(work: Work, number: str) -> list[Finding]:
    """A document's number says which handheld made it: it may not have sent it yet."""
    parts = number.strip().upper().split("-")
    device = work.first(Device, Device.code == parts[1]) if len(parts) == 3 else None
    if device is None or not work.may("see", device.site_id):
        return [Finding("no_such_number", "stops", {"number": number})]
    return [Finding("not_here_yet", "stops", {
        "number": number, "device_id": device.id, "device": device.code, "contact": device.last_contact_at, "pending": device.pending,
        "person_id": device.last_person_id,
    })]  # fmt: skip


def _no_way_in(work: Work, order: "returns.ReturnOrder", person: Person) -> list[Finding]:
    about = {"person_id": person.id, "site_id": order.site_id}
    if person.disabled_at:
        return [Finding("disabled", "stops", about | {"at": person.disabled_at})]
    actor = actor_of(work, person.id)
    if actor.may("see", order.site_id, order.owner_id):
        return []
    if actor.may("see", order.site_id):
        return [Finding("other_owner", "stops", about)]
    grants = work.all(Grant, person_id=person.id)
    here = [grant for grant in grants if grant.site_id in ("", order.site_id)]
    today = day_at(work, order.site_id)
    for grant in here:
        if grant.valid_until and grant.valid_until < today:
            return [Finding("grant_ended", "stops", about | {"role": grant.role, "day": grant.valid_until})]
        if grant.valid_from and grant.valid_from > today:
            return [Finding("grant_later", "stops", about | {"role": grant.role, "day": grant.valid_from})]
    sites = sorted(site.code for id in {grant.site_id for grant in grants} if (site := work.look(Site, id)))
    return [
        Finding("other_site", "stops", about | {"sites": ", ".join(sites)})
        if sites
        else Finding("no_role", "stops", about)
    ]


def _is_theirs(work: Work, order: "returns.ReturnOrder", actor: Actor) -> bool:
    """Sales see their own customers' returns, and what they filed themselves."""
    others = [
        right
        for right in actor.rights
        if right.role != "sales" and not right.past and right.covers(order.site_id, order.owner_id)
    ]
    if others or order.filed_by == actor.id:
        return True
    customer = work.look(Customer, order.customer_id)
    return customer is not None and customer.sales_person_id == actor.id


def _in_the_queue(work: Work, order: "returns.ReturnOrder", person: Person, actor: Actor) -> list[Finding]:
    about = {"person_id": person.id, "order_id": order.id, "status": order.status}
    if order.status in ("draft", "rejected"):
        return [Finding("not_submitted" if order.status == "draft" else "rejected", "stops",
                        about | {"other_person_id": order.filed_by})]  # fmt: skip
    if order.status != "submitted":
        return [Finding("reviewed", "fine", about | {"other_person_id": order.reviewed_by, "at": order.reviewed_at})]
    if not actor.may("review", order.site_id, order.owner_id):
        return [Finding("no_review_right", "may", about)]
    if person.id in (order.filed_by, order.submitted_by):
        return [Finding("four_eyes", "may", about)]
    return [Finding("in_the_queue", "fine", about | {"since": order.submitted_at})]


def _on_handhelds(work: Work, order: "returns.ReturnOrder", person: Person, actor: Actor) -> list[Finding]:
    if not actor.may("receive", order.site_id):
        return []
    closed = order.completed_at or order.cancelled_at
    if closed and closed + ON_HANDHELDS < work.now:
        return [Finding("left_handhelds", "stops", {"order_id": order.id, "at": closed})]
    found = []
    changed = _last_change(work, order.id)
    for device in work.find(Device, Device.last_person_id == person.id, Device.revoked_at == 0, order_by=Device.code):
        facts = {"device_id": device.id, "device": device.code, "contact": device.last_contact_at, "at": changed}
        if device.site_id != order.site_id:
            found.append(Finding("device_other_site", "may", facts | {"person_id": person.id}))
        elif device.pack_at < changed:
            found.append(Finding("device_behind", "stops", facts))
        else:
            found.append(Finding("device_has_it", "fine", facts))
    return found


def _last_change(work: Work, order_id: str) -> int:
    row = work.rows(select(func.max(col(EventRow.at))).where(col(EventRow.subject_id) == order_id))[0]
    return int(row[0] or 0)


# Why is the stock not updated?


def why_not_updated(work: Work, site_id: str, item_id: str = "") -> list[Finding]:
    """What the numbers of a site, or of one item there, do not contain yet; and whether anything behind them stands still."""
    found = [
        Finding("unsent", "stops", {
            "device_id": device.id, "device": device.code, "person_id": device.last_person_id, "since": device.oldest_pending_at,
            "pending": device.pending, "contact": device.last_contact_at,
        }, device.pending)
        for device in causes.holding_work(work, site_id)
    ]  # fmt: skip
    found += _machinery(work, site_id)
    waiting = causes.waiting_mutations(work, site_id)
    if waiting:
        facts = causes.held_cause(waiting[0]).facts
        found.append(Finding("held_some", "stops", {**facts, "n": len(waiting)}, len(waiting)))
    orders = _orders_with(work, site_id, item_id)
    cases = [
        case
        for case in work.all(Conflict, site_id=site_id, blocking=True, state=conflicts.OPEN)
        if not item_id or case.order_id in orders
    ]
    if cases:
        oldest = min(cases, key=lambda case: case.opened_at)
        facts = {"conflict_id": oldest.id if len(cases) == 1 else "", "rule": oldest.rule, "n": len(cases), "since": oldest.opened_at,
                 "item_id": item_id, "site_id": site_id}  # fmt: skip
        found.append(Finding("conflicts", "stops", facts, len(cases)))
    found += _not_released(work, site_id, item_id)
    same = {"item_id": item_id} if item_id else {}
    if handed := work.all(hand_overs.HandOver, site_id=site_id, state="waiting", **same):
        units = sum(each.quantity for each in handed)
        found.append(
            Finding(
                "handed_over",
                "may",
                {"units": units, "since": min(each.at for each in handed), "site_id": site_id},
                units,
            )
        )
    wrong = work.all(Difference, site_id=site_id, state=OPEN, **same)
    if wrong:
        facts = {"n": len(wrong), "site_id": site_id, "item_id": item_id, "since": min(each.first_at for each in wrong),
                 "goods": sum(each.kind in GOODS for each in wrong)}  # fmt: skip
        found.append(Finding("differences", "may", facts, len(wrong)))
    last = reconciliation.last_run(work, site_id)
    if last is None:
        found.append(Finding("never_reconciled", "may", {"site_id": site_id}))
    elif last.finished_at + 2 * causes.HOUR < work.now:
        found.append(Finding("reconciled_long_ago", "may", {"site_id": site_id, "at": last.finished_at}))
    if not any(each.weight == "stops" for each in found):
        found.append(Finding("up_to_date", "fine", {"site_id": site_id, "at": _last_entry(work, site_id, item_id)}))
    return found


class Freshness(NamedTuple):
    """How fresh a site's numbers are; moments are 0 where there was none."""

    last_entry_at: int
    reconciled_at: int
    queue: int
    """Events no consumer has passed yet."""
    oldest_event_at: int
    worker_at: int
    """When a worker last looked at its schedule."""
    devices: int
    pending: int
    oldest_pending_at: int


def freshness(work: Work, site_id: str) -> Freshness:
    holding = causes.holding_work(work, site_id)
    last = reconciliation.last_run(work, site_id)
    queue, oldest = _queue(work, site_id)
    return Freshness(
        _last_entry(work, site_id, ""), last.finished_at if last else 0, queue, oldest, _worker_at(work), len(holding),
        sum(device.pending for device in holding),
        min((device.oldest_pending_at for device in holding if device.oldest_pending_at), default=0),
    )  # fmt: skip


class Waiting(NamedTuple):
    events: int
    since: int


def waiting(work: Work) -> Waiting:
    """Events of all sites that the slowest consumer has not passed, and when the oldest of them happened."""
    queues = [queue for site in work.find(Site) if (queue := _queue(work, site.id))[0]]
    return Waiting(sum(events for events, _ in queues), min((since for _, since in queues), default=0))


class Fleet(NamedTuple):
    devices: int
    holding: int
    silent: int
    """Those that hold unsent work and were not heard of for longer than their site allows."""


def fleet(work: Work) -> Fleet:
    patience = {site.id: site.device_silent_hours * causes.HOUR for site in work.find(Site)}
    devices = work.find(Device, Device.revoked_at == 0, Device.enrolled_at > 0)
    holding = [device for device in devices if device.pending]
    silent = [each for each in holding if each.last_contact_at + patience.get(each.site_id, causes.DAY) < work.now]
    return Fleet(len(devices), len(holding), len(silent))


def _machinery(work: Work, site_id: str) -> list[Finding]:
    found = []
    worker_at = _worker_at(work)
    if worker_at + LATE_WORKER < work.now:
        found.append(Finding("worker_stopped", "stops", {"at": worker_at}))
    queue, oldest = _queue(work, site_id)
    if queue and oldest + 60_000 < work.now:
        found.append(Finding("queue", "may", {"n": queue, "since": oldest}, queue))
    parked = work.rows(select(func.count()).select_from(ParkedEvent).where(col(ParkedEvent.state) == "parked"))[0][0]
    if parked:
        found.append(Finding("parked", "may", {"n": int(parked)}, int(parked)))
    return found


def _worker_at(work: Work) -> int:
    """What is due every minute is set a minute ahead by whoever did it."""
    due = work.look(Setting, "next:judge_by_time")
    return int(due.value) - 60_000 if due else 0


def _queue(work: Work, site_id: str) -> tuple[int, int]:
    """How many events of a site the slowest consumer has not passed, and when the oldest of them happened."""
    feed = f"site:{site_id}"
    head = work.rows(select(col(Feed.revision)).where(col(Feed.name) == feed))
    reached = work.rows(select(func.min(col(Consumer.position))).where(col(Consumer.feed) == feed))[0][0]
    if not head:
        return 0, 0
    after = (col(EventRow.feed) == feed, col(EventRow.revision) > int(reached or 0))
    row = work.rows(select(func.count(), func.min(col(EventRow.at))).where(*after))[0]
    return int(row[0]), int(row[1] or 0)


def _orders_with(work: Work, site_id: str, item_id: str) -> set[str]:
    return (
        {line.order_id for line in work.all(returns.ReturnLine, site_id=site_id, item_id=item_id)} if item_id else set()
    )


def _not_released(work: Work, site_id: str, item_id: str) -> list[Finding]:
    """Goods that are here and not for sale yet, by what they wait for."""
    where = [col(dispositions.Disposition.site_id) == site_id, col(dispositions.Disposition.kind) == "restock",
             col(dispositions.Disposition.state) == "decided"]  # fmt: skip
    where += [col(dispositions.Disposition.item_id) == item_id] if item_id else []
    left = func.sum(col(dispositions.Disposition.quantity) - col(dispositions.Disposition.put_away))
    decided = int(work.rows(select(left).where(*where))[0][0] or 0)
    standing = [col(stock.StockBalance.site_id) == site_id, col(stock.StockBalance.status) == "quarantine"]
    standing += [col(stock.StockBalance.item_id) == item_id] if item_id else []
    quarantine = int(work.rows(select(func.sum(col(stock.StockBalance.quantity))).where(*standing))[0][0] or 0)
    found = []
    about = {"site_id": site_id, "item_id": item_id}
    if decided > 0:
        found.append(Finding("waits_to_be_put_away", "may", about | {"units": decided}, decided))
    if quarantine > decided:
        found.append(Finding("in_quarantine", "may", about | {"units": quarantine - decided}, quarantine - decided))
    return found


def _last_entry(work: Work, site_id: str, item_id: str) -> int:
    where = [col(stock.StockEntry.site_id) == site_id, *([col(stock.StockEntry.item_id) == item_id] if item_id else [])]
    return int(work.rows(select(func.max(col(stock.StockEntry.at))).where(*where))[0][0] or 0)


# Why can I not complete this order?


def why_not_complete(work: Work, order: "returns.ReturnOrder") -> list[Finding]:
    """Every open line with its reason, and what holds the whole order."""
    about = {"order_id": order.id, "status": order.status}
    if order.status == "completed":
        return [Finding("completed", "fine", about | {"at": order.completed_at})]
    if order.status == "cancelled":
        return [Finding("cancelled", "stops", about | {"at": order.cancelled_at})]
    if order.status in ("draft", "rejected"):
        return [
            Finding(
                "not_submitted" if order.status == "draft" else "rejected",
                "stops",
                about | {"other_person_id": order.filed_by},
            )
        ]
    found = []
    if order.status == "on_hold":
        found.append(Finding("on_hold", "stops", about))
    if not order.authorised:
        found.append(Finding("not_approved", "stops", about))
    found += [
        Finding(
            "conflict",
            "stops",
            {"conflict_id": case.id, "rule": case.rule, "since": case.opened_at, "person_id": case.assigned_to},
        )
        for case in causes.open_conflicts(work, order.id)
    ]
    blocked = {"conflict", "on_hold", "not_approved"} & {each.code for each in found}
    for line in returns.lines_of(work, order.id):
        for kind, units in gaps(line):
            cause = likely(kind, Scene(work, line.site_id, units, order, line, line.item_id))
            if cause.code not in blocked:
                found.append(Finding(cause.code, "stops", {
                    "order_id": order.id, "for_item_id": line.item_id, "for_text": line.text, "for_line_id": line.id, "gap": kind, **cause.facts,
                }, units))  # fmt: skip
                break
    return found or [Finding("by_hand", "may", about)]


def gaps(line: "returns.ReturnLine") -> list[tuple[str, int]]:
    """What has not followed yet, the earliest step first."""
    missing = line.expected - line.received - line.short - line.lost - line.refused
    steps = [("line_missing", missing), ("line_uninspected", line.received - line.inspected), ("line_undecided", line.inspected - line.disposed),
             ("line_unposted", line.disposed - line.closed)]  # fmt: skip
    return [(kind, units) for kind, units in steps if units > 0]
