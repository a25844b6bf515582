"""Alerts and conflicts: lists, and one conflict with its evidence and its ways out."""

from typing import Any, Literal

from sqlmodel import SQLModel, col

from .. import conflict_rules, tables
from ..alerts import Alert
from ..catalog import Bin, Customer, Item, Site
from ..conflicts import Conflict, Occurrence
from ..devices import Device
from ..people import Person
from ..replies import of_case
from ..returns import ReturnOrder
from ..work import Work
from . import returns
from .rows import Json, Names, bin_ref, item_ref, many, named, one, order_ref, page, plain, total, visible

OPEN_ALERTS = ("open", "acknowledged", "in_progress")
OPEN_CONFLICTS = ("open", "assigned")


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
        }
        for alert in found
    ]


def conflicts(
    work: Work, *, site: str = "", state: str = "", rule: str = "", severity: Literal["", "blocking", "advisory"] = "",
    device: str = "", age: int = 0, cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`state` may be several, separated by commas; not given: those that wait for a decision; `all` for every one. `age`: open
    for so many hours at least."""
    work.allow("see_desk", site)
    where = [_seen(work)]
    where += [col(Conflict.state).in_(state.split(",") if state else OPEN_CONFLICTS)] if state != "all" else []
    if site:
        where.append(col(Conflict.site_id) == site)
    if rule:
        where.append(col(Conflict.rule) == rule)
    if severity:
        where.append(col(Conflict.blocking) == (severity == "blocking"))
    if device:
        where.append(col(Conflict.device_id) == device)
    if age:
        where.append(col(Conflict.opened_at) <= work.now - age * 3_600_000)
    found, following = page(work, Conflict, where, Conflict.opened_at, cursor, limit)
    return {"rows": conflict_rows(work, found), "next": following, "total": total(work, Conflict, *where)}


def conflict_rows(work: Work, found: list[Conflict]) -> list[Json]:
    names = Names(work)
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
        }
        for case in found
    ]


def conflict_page(work: Work, conflict_id: str) -> Json:
    case = one(work, Conflict, conflict_id, _seen(work))
    occurrences = work.find(Occurrence, col(Occurrence.conflict_id) == case.id, order_by=col(Occurrence.at))
    said = of_case(work, case.id)
    names = Names(work)
    names.learn(Person, (*(each.by for each in occurrences), *(each.by for each in said)))
    names.learn(Device, [case.device_id, *(each.device_id for each in occurrences), *(each.device_id for each in said)])
    order = work.look(ReturnOrder, case.order_id)
    rule = conflict_rules.RULES[case.rule]
    return {
        "conflict": conflict_rows(work, [case])[0],
        "occurrences": [
            plain(occurrence) | {"by_name": names.person(occurrence.by), "device": names.device(occurrence.device_id)}
            for occurrence in occurrences
        ],
        "replies": [
            plain(reply) | {"by_name": names.person(reply.by), "device": names.device(reply.device_id)}
            for reply in said
        ],
        "subject": _subject(work, case),
        "order": returns.return_rows(work, [order])[0] if order else None,
        "device": names.device(case.device_id),
        "options": [
            {
                "name": name,
                "suggested": name == rule.suggestion(case),
                "reason": rule.why if name == rule.suggested == rule.suggestion(case) else "",
                "note_required": option.note_required,
                "takes": option.takes,
                "value": option.begins_with(work, case),
            }
            for name, option in rule.options.items()
        ],
        "dismissible": not case.blocking,
        "named": _named(work, case, occurrences),
    }


def _named(work: Work, case: Conflict, occurrences: list[Occurrence]) -> Json:
    """Items, people, bins and return orders whose ids stand among the facts, the evidence and the values, by id."""
    told = [case.facts, *(occurrence.evidence for occurrence in occurrences)]
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


def _seen(work: Work) -> Any:
    return visible(work.actor, "see_desk", Conflict.site_id)


def _subject(work: Work, case: Conflict) -> Json | None:
    """The record the conflict is about, as it is now."""
    model = SUBJECTS.get(case.subject_kind)
    record = work.look(model, case.subject_id) if model else None
    return None if record is None else plain(record)


def _subjects() -> dict[str, type[SQLModel]]:
    """Every table whose records a conflict may be about; none of those holds a secret."""
    modules = (tables.returns, tables.parcels, tables.inspections, tables.dispositions, tables.receiving, tables.containers,
               tables.documents)  # fmt: skip
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, SQLModel) and hasattr(value, "__table__")
    }


SUBJECTS = _subjects()
