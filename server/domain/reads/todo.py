"""One list for the morning: what waits for somebody at a desk, by what caused it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, literal_column, or_, select, union_all
from sqlmodel import col

from ..alerts import Alert
from ..catalog import Item, Site
from ..conflicts import Conflict
from ..demotions import Demotion
from ..devices import Device
from ..differences import BOOKS, Difference
from ..differences import OPEN as OPEN_DIFFERENCES
from ..dispositions import Disposition
from ..parcels import Parcel
from ..people import Person
from ..returns import UNDER_WAY, ReturnLine, ReturnOrder
from ..tasks import Task
from ..told import Notice
from ..work import Work
from . import cases, differences, parcels, returns, tasks
from .cases import Cost
from .rows import Json, Names, many, order_ref, plain, total, unsent, visible

MOST = 200
"""Of each kind, so many are grouped at first; `most` asks for more of them."""
AT_MOST = 2_000
HOUR = 3_600_000
STILL_NEWS = 3 * 24 * HOUR
"""So long it is told that something went well; what asks for something is told until it is read."""
GRAVITY = {"info": 0, "warning": 1, "critical": 2}
AT_ONE_TIME = 10 * 60_000
"""What one handheld brings within so many milliseconds of each other has most often one cause: it was away, or its clock is wrong."""


def todo(work: Work, *, site: str = "", most: int = MOST) -> Json:
    """What waits, grouped by cause. Of each kind the `most` that wait longest (of conflicts those that hold goods back first);
    `totals` says how many there are. Reviews and proposals are for whoever may decide them; others see them too, and cannot."""
    work.allow("see_desk", site)
    most = max(1, min(most, AT_MOST))
    found: dict[str, list[Any]] = {
        name: work.find(kind.model, *kind.where(work, site), order_by=kind.order, limit=most)
        for name, kind in KINDS.items()
    }
    news = work.find(
        Notice, *_of_me(work, site), or_(col(Notice.what).in_(("rejected", "document_asked")), col(Notice.at) >= work.now - STILL_NEWS),
        order_by=col(Notice.at).desc(), limit=MOST,
    )  # fmt: skip
    names = Names(work)
    names.learn(ReturnOrder, (notice.order_id for notice in news))
    names.learn(Person, (notice.by for notice in news))
    hours = {
        site.id: site.review_hours for site in many(work, Site, (order.site_id for order in found["review"])).values()
    }
    return {
        "groups": grouped(work, _entries(work, found)),
        "totals": totals(work, found, most, site),
        "notices": [
            plain(notice)
            | {"order": order_ref(names.get(ReturnOrder, notice.order_id)), "by_name": names.person(notice.by)}
            for notice in news
        ],
        "reviews": [
            row | {"due_at": row["submitted_at"] + hours.get(row["site_id"], 24) * HOUR}
            for row in returns.return_rows(work, found["review"])
        ],
        "conflicts": cases.conflict_rows(work, found["conflict"], placed=True),
        "alerts": cases.alert_rows(work, found["alert"]),
        "unclaimed": parcels.parcel_rows(work, found["unclaimed"]),
        "dispositions": disposition_rows(work, found["disposition"]),
        "differences": differences.difference_rows(work, found["difference"]),
        "tasks": tasks.task_rows(work, found["task"]),
        "unsent": unsent(work, site),
    }


def waiting(work: Work, *, site: str = "") -> Json:
    """How many of each kind wait, and how much news there is: the figures beside To do."""
    work.allow("see_desk", site)
    return {"totals": totals(work, {}, 0, site), "notices": total(work, Notice, *_of_me(work, site))}


def totals(work: Work, found: dict[str, list[Any]], most: int, site: str) -> dict[str, int]:
    """Counted only where there are more than were read."""
    return {
        name: len(found[name]) if len(found.get(name, ())) < most else total(work, kind.model, *kind.where(work, site))
        for name, kind in KINDS.items()
    }


class Waiting(NamedTuple):
    model: type[Any]
    where: Callable[[Work, str], list[Any]]
    order: Any


def _here(model: type[Any], site: str) -> list[Any]:
    return [col(model.site_id) == site] if site else []


def _of_me(work: Work, site: str) -> list[Any]:
    return [col(Notice.person_id) == work.actor.id, *_here(Notice, site), col(Notice.read_at) == 0]


def _at_desk(model: type[Any], *states: Any, without: tuple[str, ...] = ()) -> Callable[[Work, str], list[Any]]:
    return lambda work, site: [
        visible(work.actor, "see_desk", model.site_id, without=without),
        *_here(model, site),
        *states,
    ]


# Goods that came without an order wait for their approval too, once somebody knows whose they are.
UNAUTHORISED = and_(
    col(ReturnOrder.origin) == "without_order", col(ReturnOrder.status).in_(UNDER_WAY), or_(col(ReturnOrder.customer_id) != "", col(ReturnOrder.submitted_at) > 0),
    col(ReturnOrder.authorised).is_(False), col(ReturnOrder.rejection) == "",
)  # fmt: skip
REVIEWED = union_all(  # each by its own index; asked for together, every return would be looked at
    select(col(ReturnOrder.id)).where(col(ReturnOrder.status) == "submitted"),
    select(col(ReturnOrder.id)).where(UNAUTHORISED),
)
# What a demoted rule only advises on stands in its own list alone, unless somebody was asked to see to it.
DEMOTED = and_(
    col(Conflict.state) == "open", col(Conflict.blocking).is_(False),
    exists().where(col(Demotion.site_id) == col(Conflict.site_id), col(Demotion.rule) == col(Conflict.rule), col(Demotion.ended_at) == 0),
)  # fmt: skip
KINDS: dict[str, Waiting] = {
    "review": Waiting(
        ReturnOrder, lambda work, site: [returns.seen(work), *_here(ReturnOrder, site), col(ReturnOrder.id).in_(REVIEWED)],
        col(ReturnOrder.created_at),
    ),
    "conflict": Waiting(
        Conflict, _at_desk(Conflict, or_(and_(col(Conflict.state).in_(cases.OPEN_CONFLICTS), ~DEMOTED), col(Conflict.replied_at) > 0)),
        (col(Conflict.blocking).desc(), col(Conflict.opened_at)),
    ),
    "alert": Waiting(Alert, _at_desk(Alert, col(Alert.state).in_(cases.OPEN_ALERTS)), col(Alert.first_at)),
    "unclaimed": Waiting(Parcel, _at_desk(Parcel, col(Parcel.state) == literal_column("'unclaimed'"), without=("sales",)), col(Parcel.unclaimed_at)),
    "disposition": Waiting(Disposition, _at_desk(Disposition, col(Disposition.state) == "proposed"), col(Disposition.at)),
    "difference": Waiting(
        Difference, lambda work, site: [differences.seen(work), *_here(Difference, site), col(Difference.state).in_(OPEN_DIFFERENCES)],
        (col(Difference.value).desc(), col(Difference.first_at)),
    ),
    "task": Waiting(Task, _at_desk(Task, col(Task.state) == "open"), col(Task.raised_at)),
}  # fmt: skip


def disposition_rows(work: Work, proposed: list[Disposition]) -> list[Json]:
    names = Names(work)
    names.learn(Item, (disposition.item_id for disposition in proposed))
    names.learn(ReturnOrder, (disposition.order_id for disposition in proposed))
    names.learn(Person, (disposition.by for disposition in proposed))
    return [
        plain(disposition)
        | {
            "item": names.item(disposition.item_id),
            "order": order_ref(names.get(ReturnOrder, disposition.order_id)),
            "by_name": names.person(disposition.by),
        }
        for disposition in proposed
    ]


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


def _entries(work: Work, waiting: dict[str, list[Any]]) -> list[Entry]:
    reviews, conflicts, proposed = waiting["review"], waiting["conflict"], waiting["disposition"]
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
        for alert in waiting["alert"]
    ]  # fmt: skip
    found += [Entry("unclaimed", parcel.id, parcel.unclaimed_at or parcel.signed_at) for parcel in waiting["unclaimed"]]
    found += [
        Entry("disposition", each.id, each.at, units=each.quantity, cost=cases.cost_of(each.quantity, items.get(each.item_id)),
              order_id=each.order_id, lot=(each.item_id, each.lot), about=each.line_id)
        for each in proposed
    ]  # fmt: skip
    found += [Entry("task", task.id, task.raised_at, order_id=task.order_id, about=task.id) for task in waiting["task"]]
    found += [
        Entry("difference", each.id, each.first_at, units=abs(each.expected - each.found), cost=+Cost({each.currency: each.value}),
              order_id=each.order_id, lot=(each.item_id, each.lot), about=each.line_id or each.id,
              gravity=GRAVITY["critical" if each.kind in BOOKS else "warning"])
        for each in waiting["difference"]
    ]  # fmt: skip
    # What goods cost is for those who decide about them; the others see them weighed by their number.
    return found if work.may("resolve") else [entry._replace(cost=Cost()) for entry in found]
