"""One list for the morning: what waits for somebody at a desk, by what caused it."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import and_, literal_column, or_
from sqlmodel import col

from ..alerts import Alert
from ..catalog import Item, Site
from ..conflicts import Conflict
from ..devices import Device
from ..dispositions import Disposition
from ..parcels import Parcel
from ..people import Person
from ..returns import UNDER_WAY, ReturnLine, ReturnOrder
from ..tasks import Task
from ..told import Notice
from ..work import Work
from . import cases, parcels, returns, tasks
from .cases import Cost
from .rows import Json, Names, many, order_ref, plain, unsent, visible

MOST = 200
HOUR = 3_600_000
STILL_NEWS = 3 * 24 * HOUR
"""So long it is told that something went well; what asks for something is told until it is read."""
GRAVITY = {"info": 0, "warning": 1, "critical": 2}
AT_ONE_TIME = 10 * 60_000
"""What one handheld brings within so many milliseconds of each other has most often one cause: it was away, or its clock is wrong."""


def todo(work: Work, *, site: str = "") -> Json:
    """Reviews and proposals are for whoever may decide them; others see them too, and cannot."""
    work.allow("see_desk", site)

    def here(model: type) -> list:  # type: ignore[type-arg]
        return [col(model.site_id) == site] if site else []  # type: ignore[attr-defined]

    # Goods that came without an order wait for their approval too, once somebody knows whose they are.
    unauthorised = and_(
        col(ReturnOrder.origin) == "without_order", col(ReturnOrder.status).in_(UNDER_WAY), or_(col(ReturnOrder.customer_id) != "", col(ReturnOrder.submitted_at) > 0),
        col(ReturnOrder.authorised).is_(False), col(ReturnOrder.rejection) == "",
    )  # fmt: skip
    reviews = work.find(
        ReturnOrder, returns.seen(work), *here(ReturnOrder), or_(col(ReturnOrder.status) == "submitted", unauthorised),
        order_by=col(ReturnOrder.created_at), limit=MOST,
    )  # fmt: skip
    conflicts = work.find(
        Conflict, visible(work.actor, "see_desk", Conflict.site_id), *here(Conflict),
        or_(col(Conflict.state).in_(cases.OPEN_CONFLICTS), col(Conflict.replied_at) > 0), order_by=(col(Conflict.blocking).desc(), col(Conflict.opened_at)),
        limit=MOST,
    )  # fmt: skip
    alerts = work.find(
        Alert, visible(work.actor, "see_desk", Alert.site_id), *here(Alert), col(Alert.state).in_(cases.OPEN_ALERTS),
        order_by=col(Alert.first_at), limit=MOST,
    )  # fmt: skip
    unclaimed = work.find(
        Parcel, visible(work.actor, "see_desk", Parcel.site_id, without=("sales",)), *here(Parcel),
        col(Parcel.state) == literal_column("'unclaimed'"), order_by=col(Parcel.unclaimed_at), limit=MOST,
    )  # fmt: skip
    proposed = work.find(
        Disposition, visible(work.actor, "see_desk", Disposition.site_id), *here(Disposition),
        col(Disposition.state) == "proposed", order_by=col(Disposition.at), limit=MOST,
    )  # fmt: skip
    asked = work.find(
        Task, visible(work.actor, "see_desk", Task.site_id), *here(Task), col(Task.state) == "open",
        order_by=col(Task.raised_at), limit=MOST,
    )  # fmt: skip
    news = work.find(
        Notice, col(Notice.person_id) == work.actor.id, *here(Notice), col(Notice.read_at) == 0,
        or_(col(Notice.what).in_(("rejected", "document_asked")), col(Notice.at) >= work.now - STILL_NEWS),
        order_by=col(Notice.at).desc(), limit=MOST,
    )  # fmt: skip
    names = Names(work)
    names.learn(ReturnOrder, (notice.order_id for notice in news))
    names.learn(Person, (notice.by for notice in news))
    names.learn(Item, (disposition.item_id for disposition in proposed))
    names.learn(ReturnOrder, (disposition.order_id for disposition in proposed))
    names.learn(Person, (disposition.by for disposition in proposed))
    hours = {site.id: site.review_hours for site in many(work, Site, (order.site_id for order in reviews)).values()}
    entries = _entries(work, reviews, conflicts, alerts, unclaimed, proposed, asked)
    return {
        "groups": grouped(work, entries),
        "notices": [
            plain(notice)
            | {"order": order_ref(names.get(ReturnOrder, notice.order_id)), "by_name": names.person(notice.by)}
            for notice in news
        ],
        "reviews": [
            row | {"due_at": row["submitted_at"] + hours.get(row["site_id"], 24) * HOUR}
            for row in returns.return_rows(work, reviews)
        ],
        "conflicts": cases.conflict_rows(work, conflicts, placed=True),
        "alerts": cases.alert_rows(work, alerts),
        "unclaimed": parcels.parcel_rows(work, unclaimed),
        "dispositions": [
            plain(disposition)
            | {
                "item": names.item(disposition.item_id),
                "order": order_ref(names.get(ReturnOrder, disposition.order_id)),
                "by_name": names.person(disposition.by),
            }
            for disposition in proposed
        ],
        "tasks": tasks.task_rows(work, asked),
        "unsent": unsent(work, site),
    }


class Entry(NamedTuple):
    """One thing that waits. `units` of goods it is about and their frozen `cost`; `gravity` is how much an alert says it matters."""

    kind: str
    id: str
    at: int
    blocking: bool = False
    units: int = 0
    cost: Cost = Cost()  # never changed
    order_id: str = ""
    device_id: str = ""
    lot: tuple[str, str] = ("", "")
    about: str = ""
    """The line whose goods these are; '' its whole order."""
    gravity: int = 0


def grouped(work: Work, entries: list[Entry]) -> list[Json]:
    """What has one cause stands together, and what weighs most stands first: what holds goods back, then value, units, the gravity of
    an alert, and age. Values of several currencies are not compared.

    One handheld within a few minutes explains more than one order does, an order more than a lot; nothing stands twice.
    """
    groups: list[tuple[str, list[Entry]]] = []
    rest = entries
    for cause, alike in (("device", _of_one_device), ("order", _by_order), ("lot", _by_lot)):
        together = alike(rest)
        groups += [(cause, each) for each in together]
        taken = {(entry.kind, entry.id) for each in together for entry in each}
        rest = [entry for entry in rest if (entry.kind, entry.id) not in taken]
    groups += [("", [entry]) for entry in rest]

    names = Names(work)
    names.learn(ReturnOrder, (entry.order_id for entry in entries))
    names.learn(Device, (entry.device_id for entry in entries))
    rows = [
        {
            "cause": cause,
            "order": order_ref(names.get(ReturnOrder, group[0].order_id)) if cause in ("order", "") else None,
            "device": names.device(group[0].device_id) if cause == "device" else None,
            "lot": group[0].lot[1] if cause == "lot" else "",
            "at": min(entry.at for entry in group),
            "blocking": any(entry.blocking for entry in group),
            "gravity": max(entry.gravity for entry in group),
            **_weight_of(group),
            "entries": [
                {"kind": entry.kind, "id": entry.id, "at": entry.at, "blocking": entry.blocking, "gravity": entry.gravity,
                 **_weight_of([entry])}
                for entry in group
            ],
        }
        for cause, group in groups
    ]  # fmt: skip
    comparable = len({currency for entry in entries for currency in entry.cost}) < 2

    def weight(row: Json) -> tuple[bool, int, int, int, int]:
        return not row["blocking"], -row["value"] if comparable else 0, -row["units"], -row["gravity"], row["at"]

    for row in rows:
        row["entries"].sort(key=weight)
    return sorted(rows, key=weight)


def _weight_of(group: list[Entry]) -> Json:
    """Two conflicts about the same goods weigh what those goods weigh, once. What is in several currencies has no one value."""
    whole = {entry.order_id: entry for entry in group if not entry.about and entry.order_id}
    lines = {entry.about: entry for entry in group if entry.about and entry.order_id not in whole}
    rest = [entry for entry in group if not entry.about and not entry.order_id]
    each = [*whole.values(), *lines.values(), *rest]
    cost = sum((entry.cost for entry in each), Cost())
    currency, value = next(iter(cost.items())) if len(cost) == 1 else ("", 0)
    return {"units": sum(entry.units for entry in each), "value": value, "currency": currency}


def _of_one_device(entries: list[Entry]) -> list[list[Entry]]:
    """Conflicts that one handheld brought in one go, about more than one order: the handheld is the cause, not the order."""
    runs: list[list[Entry]] = []
    for entry in sorted((each for each in entries if each.device_id), key=lambda each: (each.device_id, each.at)):
        last = runs[-1][-1] if runs else None
        if last and last.device_id == entry.device_id and entry.at - last.at <= AT_ONE_TIME:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return [run for run in runs if len({entry.order_id or entry.id for entry in run}) > 1]


def _by_order(entries: list[Entry]) -> list[list[Entry]]:
    return _alike(entries, lambda entry: entry.order_id)


def _by_lot(entries: list[Entry]) -> list[list[Entry]]:
    return _alike(entries, lambda entry: "\n".join(entry.lot) if entry.lot[1] else "")


def _alike(entries: list[Entry], key: Callable[[Entry], str]) -> list[list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if name := key(entry):
            found.setdefault(name, []).append(entry)
    return [each for each in found.values() if len(each) > 1]


def _entries(
    work: Work, reviews: list[ReturnOrder], conflicts: list[Conflict], alerts: list[Alert], unclaimed: list[Parcel],
    proposed: list[Disposition], asked: list[Task],
) -> list[Entry]:  # fmt: skip
    weights = cases.weights(work, conflicts)
    lines = many(work, ReturnLine, (case.subject_id for case in conflicts if case.subject_kind == "ReturnLine"))
    wanted: dict[str, list[ReturnLine]] = {}
    ids = [order.id for order in reviews]
    for line in work.find(ReturnLine, col(ReturnLine.order_id).in_(ids)) if ids else []:
        if not line.removed:
            wanted.setdefault(line.order_id, []).append(line)
    items = many(
        work, Item, [line.item_id for each in wanted.values() for line in each] + [each.item_id for each in proposed]
    )

    def lot(case: Conflict) -> tuple[str, str]:
        line = lines.get(case.subject_id)
        told = case.facts.get("came", "") if case.facts.get("what") == "lot" else ""
        return (line.item_id, told or line.lot) if line else ("", "")

    found = [
        Entry("review", order.id, order.submitted_at or order.created_at, order_id=order.id,
              units=sum(line.expected for line in wanted.get(order.id, [])),
              cost=sum((cases.cost_of(line.expected, items.get(line.item_id)) for line in wanted.get(order.id, [])), Cost()))
        for order in reviews
    ]  # fmt: skip
    found += [
        Entry("conflict", case.id, case.opened_at, case.blocking, *weights[case.id], case.order_id, case.device_id, lot(case),
              case.subject_id if case.subject_kind == "ReturnLine" else "")
        for case in conflicts
    ]  # fmt: skip
    found += [
        Entry("alert", alert.id, alert.first_at, alert.severity == "critical", order_id=alert.order_id, about=alert.id,
              gravity=GRAVITY[alert.severity], lot=(alert.item_id, str(alert.facts.get("lot", ""))))
        for alert in alerts
    ]  # fmt: skip
    found += [Entry("unclaimed", parcel.id, parcel.unclaimed_at or parcel.signed_at) for parcel in unclaimed]
    found += [
        Entry("disposition", each.id, each.at, units=each.quantity, cost=cases.cost_of(each.quantity, items.get(each.item_id)),
              order_id=each.order_id, lot=(each.item_id, each.lot), about=each.line_id)
        for each in proposed
    ]  # fmt: skip
    found += [Entry("task", task.id, task.raised_at, order_id=task.order_id, about=task.id) for task in asked]
    # What goods cost is for those who decide about them; the others see them weighed by their number.
    return found if work.may("resolve") else [entry._replace(cost=Cost()) for entry in found]
