"""Alerts and conflicts: lists, and one conflict with its evidence and its ways out."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from sqlmodel import SQLModel, col, func, select

from .. import conflict_rules, putting_back, tables
from ..alerts import Alert
from ..catalog import Bin, Customer, Item, Site, Zone
from ..conflicts import Conflict, Occurrence
from ..containers import Container
from ..demotions import Demotion
from ..devices import Device
from ..dispositions import Disposition
from ..people import Person
from ..receiving import Receipt
from ..records import FieldWrite, Mutation
from ..replies import of_case
from ..returns import ReturnLine, ReturnOrder
from ..stock import StockEntry
from ..work import Work
from . import returns, tasks
from .rows import Json, Names, bin_ref, item_ref, many, named, one, order_ref, page, plain, total, visible

Cost = Counter[str]
"""By currency, in its smallest unit: what is in two currencies has no sum."""

OPEN_ALERTS = ("open", "acknowledged", "in_progress")
OPEN_CONFLICTS = ("open", "assigned")
ENOUGH, MOSTLY = 10, 0.8
"""An advisory rule is called noisy from so many closed on, of which so large a part asked for nothing."""
PATIENCE = {"blocking": 24 * 3_600_000, "advisory": 72 * 3_600_000}
"""How long a conflict may wait for its decision, in milliseconds; after that it is overdue."""


def alerts(
    work: Work, *, site: str = "", state: str = "", rule: str = "", cursor: str = "", limit: int = 50
) -> Json:  # fmt: skip
    """`state` may be several, separated by commas; not given: those that still ask for something."""
    work.allow("see_desk", site)
    where = [visible(work.actor, "see_desk", Alert.site_id)]
    where += [col(Alert.state).in_(state.split(",") if state else OPEN_ALERTS)] if state != "all" else []
    if site:
        where.append(col(Alert.site_id) == site)
    if rule:
        where.append(col(Alert.rule) == rule)
    found, following = page(work, Alert, where, Alert.first_at, cursor, limit)
    return {"rows": alert_rows(work, found), "next": following, "total": total(work, Alert, *where)}


def alert_rows(work: Work, found: list[Alert]) -> list[Json]:
    names = Names(work)
    sent = tasks.raised_for(work, alert_ids=[alert.id for alert in found]) if found else []
    names.learn(ReturnOrder, (alert.order_id for alert in found))
    names.learn(Item, (alert.item_id for alert in found))
    names.learn(Site, (alert.site_id for alert in found))
    names.learn(Person, (id for alert in found for id in (alert.closed_by, alert.assigned_to)))
    return [
        plain(alert)
        | {
            "order": order_ref(names.get(ReturnOrder, alert.order_id)),
            "item": names.item(alert.item_id),
            "site": names.site(alert.site_id),
            "closed_by_name": names.person(alert.closed_by),
            "assigned_to_name": names.person(alert.assigned_to),
            "tasks": [task for task in sent if task["alert_id"] == alert.id],
        }
        for alert in found
    ]


def conflicts(
    work: Work, *, site: str = "", state: str = "", rule: str = "", severity: Literal["", "blocking", "advisory"] = "",
    device: str = "", assignee: str = "", age: int = 0, cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`state` may be several, separated by commas; not given: those that wait for a decision; `all` for every one; `replied`:
    decided or not, a handheld has answered and nobody has read it. `assignee`: a person's id, `me` or `nobody`. `age`: open for so
    many hours at least."""
    work.allow("see_desk", site)
    where = [_seen(work)]
    if state == "replied":
        where.append(col(Conflict.replied_at) > 0)
    elif state != "all":
        where.append(col(Conflict.state).in_(state.split(",") if state else OPEN_CONFLICTS))
    if site:
        where.append(col(Conflict.site_id) == site)
    if rule:
        where.append(col(Conflict.rule) == rule)
    if severity:
        where.append(col(Conflict.blocking) == (severity == "blocking"))
    if device:
        where.append(col(Conflict.device_id) == device)
    if assignee:
        where.append(col(Conflict.assigned_to) == {"me": work.actor.id, "nobody": ""}.get(assignee, assignee))
    if age:
        where.append(col(Conflict.opened_at) <= work.now - age * 3_600_000)
    found, following = page(work, Conflict, where, Conflict.opened_at, cursor, limit)
    return {"rows": conflict_rows(work, found), "next": following, "total": total(work, Conflict, *where)}


def conflict_rows(work: Work, found: list[Conflict], *, placed: bool = False) -> list[Json]:
    """`placed`: with where the goods of each blocking one stand."""
    names = Names(work)
    places = _where_they_stand(work, [_goods(case) for case in found if case.blocking]) if placed else {}
    names.learn(ReturnOrder, (case.order_id for case in found))
    names.learn(Device, (case.device_id for case in found))
    names.learn(Site, (case.site_id for case in found))
    names.learn(Person, (id for case in found for id in (case.assigned_to, case.resolved_by)))
    return [
        plain(case)
        | {
            "order": order_ref(names.get(ReturnOrder, case.order_id)),
            "device": names.device(case.device_id),
            "site": names.site(case.site_id),
            "assigned_to_name": names.person(case.assigned_to),
            "resolved_by_name": names.person(case.resolved_by),
            "places": _in_words(work, places.get(case.id, {})),
            "due_at": case.opened_at + (PATIENCE["blocking" if case.blocking else "advisory"]),
        }
        for case in found
    ]


def conflict_page(work: Work, conflict_id: str) -> Json:
    case = one(work, Conflict, conflict_id, _seen(work))
    occurrences = work.find(Occurrence, col(Occurrence.conflict_id) == case.id, order_by=col(Occurrence.at))
    said = of_case(work, case.id)
    lost = putting_back.set_aside(work, case)
    back = {each.key: each for each in putting_back.put_back_already(work, case.id)}
    names = Names(work)
    by = [each.by for each in occurrences] + [each.by for each in said] + [each.by for each in back.values()]
    names.learn(Person, by + [each.told.get("by", "") for each in lost])
    devices = [each.device_id for each in occurrences] + [each.device_id for each in said]
    names.learn(Device, [case.device_id, *devices, *(each.told.get("device_id", "") for each in lost)])
    clocks = many(work, Device, devices)
    order = work.look(ReturnOrder, case.order_id)
    rule = conflict_rules.RULES[case.rule]
    writers = _writers(work, case, occurrences)
    names.learn(Person, [each.by for each in writers.values()])
    names.learn(Device, [each.device_id for each in writers.values()])
    return {
        "conflict": conflict_rows(work, [case])[0],
        "writers": {
            field: {"by_name": names.person(each.by), "device": names.device(each.device_id), "at": each.at}
            for field, each in writers.items()
        },
        "occurrences": [
            plain(occurrence)
            | {
                "by_name": names.person(occurrence.by),
                "device": names.device(occurrence.device_id),
                "skew_ms": clocks[occurrence.device_id].skew_ms if occurrence.device_id in clocks else 0,
            }
            for occurrence in occurrences
        ],
        "tasks": tasks.raised_for(work, conflict_id=case.id),
        "replies": [
            plain(reply) | {"by_name": names.person(reply.by), "device": names.device(reply.device_id)}
            for reply in said
        ],
        "lost": [
            {
                "key": each.key,
                "kind": each.kind,
                "number": each.number,
                "told": each.told,
                "by_name": names.person(each.told.get("by", "")),
                "device": names.device(each.told.get("device_id", "")),
                "restorable": each.run is not None and not (each.once and each.key in back),
                "put_back_at": back[each.key].at if each.key in back else 0,
                "put_back_by_name": names.person(back[each.key].by) if each.key in back else "",
            }
            for each in lost
        ],
        "stands": _stands(work, case),
        "subject": _subject(work, case),
        "order": returns.return_rows(work, [order])[0] if order else None,
        "device": names.device(case.device_id),
        "options": [
            {
                "name": name,
                "suggested": name == rule.suggestion(case),
                "reason": rule.why if name == rule.suggested == rule.suggestion(case) else "",
                "note_required": option.note_required,
                "sends": option.sends,
                "takes": option.takes,
                "value": option.begins_with(work, case),
            }
            for name, option in rule.options.items()
        ],
        "dismissible": not case.blocking,
        "named": _named(work, case, occurrences, [each.told for each in lost]),
    }


def conflict_figures(work: Work, *, site: str = "", days: int = 30) -> Json:
    """How often which rule was breached, on which handheld and by whom, for every thousand things done; how long a decision took."""
    work.allow("see_desk", site)
    since = work.now - max(1, min(days, 366)) * 86_400_000
    here = [_seen(work), *([col(Conflict.site_id) == site] if site else [])]
    there = [visible(work.actor, "see_desk", Mutation.site_id), *([col(Mutation.site_id) == site] if site else [])]
    done = work.rows(
        select(col(Mutation.device_id), col(Mutation.by), func.count())
        .where(*there, col(Mutation.at) >= since)
        .group_by(col(Mutation.device_id), col(Mutation.by))
    )
    breaches = work.rows(
        select(col(Conflict.rule), col(Occurrence.device_id), col(Occurrence.by), func.count())
        .join(Conflict, col(Conflict.id) == col(Occurrence.conflict_id))
        .where(*here, col(Occurrence.at) >= since)
        .group_by(col(Conflict.rule), col(Occurrence.device_id), col(Occurrence.by))
    )
    closed = work.rows(
        select(
            col(Conflict.rule),
            col(Conflict.state),
            col(Conflict.resolved_at) - col(Conflict.opened_at),
            col(Conflict.blocking),
        ).where(*here, col(Conflict.resolved_at) >= since)
    )
    moved = work.rows(
        select(col(Bin.zone_id), func.count())
        .select_from(StockEntry)
        .join(Bin, col(Bin.id) == col(StockEntry.bin_id))
        .where(
            visible(work.actor, "see_desk", StockEntry.site_id),
            *([col(StockEntry.site_id) == site] if site else []),
            col(StockEntry.at) >= since,
        )
        .group_by(col(Bin.zone_id))
    )
    placed = work.rows(
        select(col(Bin.zone_id), func.count(func.distinct(col(Occurrence.id))))
        .select_from(Occurrence)
        .join(Conflict, col(Conflict.id) == col(Occurrence.conflict_id))
        .join(StockEntry, col(StockEntry.mutation_id) == col(Occurrence.mutation_id))
        .join(Bin, col(Bin.id) == col(StockEntry.bin_id))
        .where(*here, col(Occurrence.at) >= since, col(Occurrence.mutation_id) != "")
        .group_by(col(Bin.zone_id))
    )
    demoted = work.find(
        Demotion, visible(work.actor, "see_desk", Demotion.site_id), *([col(Demotion.site_id) == site] if site else []),
        col(Demotion.ended_at) == 0, order_by=Demotion.at,
    )  # fmt: skip
    zones = many(work, Zone, (row[0] for row in placed))
    total = sum(row[2] for row in done)
    names = Names(work)
    names.learn(Device, (row[1] for row in breaches))
    names.learn(Person, (*(row[2] for row in breaches), *(each.by for each in demoted)))
    names.learn(Site, (each.site_id for each in demoted))

    def counted(at: int, mutations: Callable[[str], int]) -> list[Json]:
        sums: dict[str, int] = {}
        for row in breaches:
            if row[at]:
                sums[row[at]] = sums.get(row[at], 0) + row[3]
        found = [
            {
                "id": id,
                "name": names.person(id) if at == 2 else (names.device(id) or {}).get("code", "") if at == 1 else id,
                "breaches": n,
                "mutations": mutations(id),
                "per_1000": round(1000 * n / max(1, mutations(id)), 1),
            }
            for id, n in sums.items()
        ]
        return sorted(found, key=lambda each: (-each["breaches"], each["id"]))

    return {
        "days": days,
        "mutations": total,
        "breaches": sum(row[3] for row in breaches),
        "rules": [
            row | _lasted([each for each in closed if each[0] == row["id"]]) for row in counted(0, lambda id: total)
        ],
        "zones": sorted(
            (
                {
                    "id": zone_id,
                    "name": zones[zone_id].name,
                    "name_en": zones[zone_id].name_en,
                    "breaches": n,
                    "mutations": (there := dict(map(tuple, moved)).get(zone_id, 0)),
                    "per_1000": round(1000 * n / max(1, there), 1),
                }
                for zone_id, n in placed
                if zone_id in zones
            ),
            key=lambda row: (-row["per_1000"], row["id"]),
        ),
        "noisy": _noise(closed, names, demoted),
        "devices": counted(1, lambda id: sum(row[2] for row in done if row[0] == id)),
        "people": counted(2, lambda id: sum(row[2] for row in done if row[1] == id)),
    } | _lasted(closed)


def _noise(closed: list[Any], names: Names, demoted: list[Demotion]) -> list[Json]:
    """Advisory rules by how seldom anybody had to act: what was waved through or went by itself was no news. With where they are
    demoted; those that are stand here whether anything was closed or not."""
    found = []
    for rule in sorted({row[0] for row in closed if not row[3]} | {each.rule for each in demoted}):
        states = [row[1] for row in closed if row[0] == rule and not row[3]]
        dismissed, alone = states.count("dismissed"), states.count("auto_resolved")
        found.append({
            "rule": rule, "closed": len(states), "dismissed": dismissed, "by_themselves": alone, "acted": len(states) - dismissed - alone,
            "demoted": [
                {"id": each.id, "site": names.site(each.site_id), "by_name": names.person(each.by), "at": each.at, "reason": each.reason}
                for each in demoted
                if each.rule == rule
            ],
            "noisy": len(states) >= ENOUGH and dismissed + alone >= len(states) * MOSTLY,
        })  # fmt: skip
    return sorted(found, key=lambda row: (not row["noisy"], -row["closed"]))


def _lasted(closed: list[Any]) -> Json:
    """How many were closed, how many of them by themselves, and how long the middle one of those that a person decided took."""
    by_people = sorted(row[2] for row in closed if row[1] != "auto_resolved")
    return {
        "closed": len(closed),
        "by_themselves": len(closed) - len(by_people),
        "median_ms": by_people[len(by_people) // 2] if by_people else 0,
    }


def cost_of(units: int, item: Item | None) -> Cost:
    """What so many cost, at the cost frozen for the item."""
    return +Cost({item.currency: units * item.unit_cost}) if item else Cost()  # + leaves out what costs nothing


def weights(work: Work, found: list[Conflict]) -> dict[str, tuple[int, Cost]]:
    """How many units each conflict is about and what they cost: its line's, or its whole order's, as far as they still wait."""
    lines: dict[str, list[ReturnLine]] = {}
    ids = sorted({case.order_id for case in found if case.order_id})
    for start in range(0, len(ids), 500):
        for line in work.find(ReturnLine, col(ReturnLine.order_id).in_(ids[start : start + 500])):
            if not line.removed:
                lines.setdefault(line.order_id, []).append(line)
    items = many(work, Item, (line.item_id for each in lines.values() for line in each))

    def weight(case: Conflict) -> tuple[int, Cost]:
        units, cost = 0, Cost()
        for line in lines.get(case.order_id, []):
            if case.subject_kind != "ReturnLine" or line.id == case.subject_id:
                waiting = max(0, line.received - line.closed) if line.received else line.expected
                units += waiting
                cost += cost_of(waiting, items.get(line.item_id))
        return units, cost

    return {case.id: weight(case) for case in found}


def _stands(work: Work, case: Conflict) -> list[Json]:
    """Where the goods this is about stand now: those of its line, or of its order, and what the book says of their bins."""
    return _in_words(work, _where_they_stand(work, [_goods(case)])[case.id])


def stands_of_order(work: Work, order_id: str, line_id: str = "") -> list[Json]:
    """Where an order's goods stand, or one of its lines'."""
    return _in_words(work, _where_they_stand(work, [Goods(order_id, order_id, line_id)])[order_id]) if order_id else []


def stands_at(work: Work, item_id: str, bin_id: str, container_id: str, quantity: int) -> list[Json]:
    """Goods of which the book says where they stand."""
    box = work.look(Container, container_id)
    return _in_words(work, {(item_id, bin_id or (box.bin_id if box else ""), box.label if box else ""): quantity})


class Goods(NamedTuple):
    """Those of an order, or of one of its lines; `id` names who asks."""

    id: str
    order_id: str
    line_id: str = ""


def _goods(case: Conflict) -> Goods:
    return Goods(case.id, case.order_id, case.subject_id if case.subject_kind == "ReturnLine" else "")


Places = dict[tuple[str, str, str], int]
"""Units by item, bin and container."""


def _where_they_stand(work: Work, found: list[Goods]) -> dict[str, Places]:
    orders = sorted({case.order_id for case in found if case.order_id})
    put: dict[str, list[Disposition]] = {}
    came: dict[str, list[Receipt]] = {}
    lines: dict[str, list[str]] = {}
    for start in range(0, len(orders), 500):
        part = tuple(orders[start : start + 500])
        for line in work.all(ReturnLine, order_id=part):
            lines.setdefault(line.order_id, []).append(line.id)
        for disposition in work.all(Disposition, order_id=part):
            put.setdefault(disposition.line_id, []).append(disposition)
        for receipt in work.all(Receipt, order_id=part):
            came.setdefault(receipt.line_id, []).append(receipt)
    boxes = many(work, Container, (receipt.container_id for each in came.values() for receipt in each))
    places: dict[str, Places] = {}
    for case in found:
        stand: Places = places.setdefault(case.id, {})
        for line_id in lines.get(case.order_id, []):
            if case.line_id and line_id != case.line_id:
                continue
            left = 0
            for each in put.get(line_id, []):
                if each.put_away and each.bin_id and each.state != "void":
                    left += each.put_away
                    key = (each.item_id, each.bin_id, "")
                    stand[key] = stand.get(key, 0) + each.put_away
            for receipt in came.get(line_id, []):
                units = receipt.quantity - receipt.unreceived
                gone = min(left, units)
                left, units = left - gone, units - gone
                box = boxes.get(receipt.container_id)
                place = (box.bin_id if box else "") or receipt.bin_id
                if units and place:
                    key = (receipt.item_id, place, box.label if box else "")
                    stand[key] = stand.get(key, 0) + units
    return places


def _in_words(work: Work, places: Places) -> list[Json]:
    bins = many(work, Bin, (bin_id for _, bin_id, _ in places))
    zones = many(work, Zone, (bin.zone_id for bin in bins.values()))
    items = many(work, Item, (item_id for item_id, *_ in places))
    return [
        {
            "item": item_ref(items.get(item_id)),
            "quantity": quantity,
            "bin": bins[bin_id].code,
            "container": label,
            "zone": zones[bins[bin_id].zone_id].name if bins[bin_id].zone_id in zones else "",
            "zone_en": zones[bins[bin_id].zone_id].name_en if bins[bin_id].zone_id in zones else "",
            "zone_kind": bins[bin_id].kind,
        }
        for (item_id, bin_id, label), quantity in sorted(places.items())
        if bin_id in bins
    ]


def _named(work: Work, case: Conflict, occurrences: list[Occurrence], lost: list[Json]) -> Json:
    """Items, people, bins and return orders whose ids stand among the facts, the evidence and the values, by id."""
    told = [case.facts, *(occurrence.evidence for occurrence in occurrences), *lost]
    ids = {value for facts in told for value in facts.values() if isinstance(value, str) and value}
    ids |= {
        value for occurrence in occurrences for each in occurrence.values for value in each.values()
        if isinstance(value, str) and value
    }  # fmt: skip
    found: Json = {}
    for model, words in NAMED.items():
        found |= {id: words(record) for id, record in many(work, model, ids).items()}
    return found


NAMED: dict[type[SQLModel], Any] = {
    Item: item_ref,
    Bin: bin_ref,
    Person: named,
    Customer: named,
    ReturnOrder: lambda order: {"id": order.id, "name": order.number},
}


def _writers(work: Work, case: Conflict, occurrences: list[Occurrence]) -> dict[str, Mutation]:
    """What wrote the server's side of each field that clashed last, as far as it is known and still the one that was seen."""
    found = {}
    for value in occurrences[-1].values if occurrences else []:
        last = work.look(FieldWrite, f"{case.subject_kind}:{case.subject_id}:{value['field']}")
        if last is not None and last.value == value["server"] and (wrote := work.look(Mutation, last.mutation_id)):
            found[value["field"]] = wrote
    return found


def _seen(work: Work) -> Any:
    return visible(work.actor, "see_desk", Conflict.site_id)


def _subject(work: Work, case: Conflict) -> Json | None:
    """The record the conflict is about, as it is now."""
    model = SUBJECTS.get(case.subject_kind)
    record = work.look(model, case.subject_id) if model else None
    return None if record is None else plain(record)


def _subjects() -> dict[str, type[SQLModel]]:
    """Every table whose records a conflict may be about; none of those holds a secret."""
    modules = (tables.counts, tables.returns, tables.parcels, tables.inspections, tables.dispositions, tables.receiving, tables.containers,
               tables.documents)  # fmt: skip
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, SQLModel) and hasattr(value, "__table__")
    }


SUBJECTS = _subjects()
