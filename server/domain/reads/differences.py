"""Differences as people follow them: the list, and one with its cause, its evidence and whoever was sent for it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from ..catalog import Bin, Item, Site
from ..conflicts import Conflict
from ..containers import Container
from ..counts import BinCount
from ..devices import Device
from ..differences import BOOKS, GOODS, OPEN, Difference
from ..losses import LossCase
from ..parcels import Parcel
from ..people import Person, holders
from ..returns import ReturnOrder
from ..stock_lists import StockList
from ..work import Work
from . import tasks
from .rows import (
    Json,
    Names,
    bin_ref,
    container_ref,
    history,
    many,
    named,
    one,
    order_ref,
    page,
    plain,
    shown,
    total,
    visible,
)

HOUR = 3_600_000


def differences(
    work: Work, *, site: str = "", kind: str = "", state: str = "", assignee: str = "", item: str = "", order: str = "", age: int = 0,
    cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`state`: open ones unless said otherwise, `all` for every one. `kind`: one, several separated by commas, `books` or `goods`.
    `assignee`: a person's id, `me` or `nobody`. `age`: first found at least so many hours ago."""
    work.allow("see_stock", site)
    where = [seen(work)]
    if state != "all":
        where.append(col(Difference.state).in_(state.split(",") if state else OPEN))
    if kind:
        where.append(col(Difference.kind).in_({"books": BOOKS, "goods": GOODS}.get(kind) or kind.split(",")))
    for column, value in ((Difference.site_id, site), (Difference.item_id, item), (Difference.order_id, order)):
        if value:
            where.append(col(column) == value)
    if assignee:
        where.append(col(Difference.assigned_to) == {"me": work.actor.id, "nobody": ""}.get(assignee, assignee))
    if age:
        where.append(col(Difference.first_at) <= work.now - age * HOUR)
    found, following = page(work, Difference, where, Difference.first_at, cursor, limit)
    values = work.rows(
        select(col(Difference.currency), func.sum(col(Difference.value)))
        .where(*where)
        .group_by(col(Difference.currency))
    )
    kinds = work.rows(
        select(col(Difference.kind), func.count()).where(seen(work), col(Difference.state).in_(OPEN),
                                                         *([col(Difference.site_id) == site] if site else []))
        .group_by(col(Difference.kind))
    )  # fmt: skip
    return {
        "rows": difference_rows(work, found), "next": following, "total": total(work, Difference, *where),
        "values": [{"currency": row[0], "amount": int(row[1] or 0)} for row in values if row[1]],
        "open_by_kind": {row[0]: int(row[1]) for row in kinds},
    }  # fmt: skip


def difference_page(work: Work, difference_id: str) -> Json:
    found = one(work, Difference, difference_id, seen(work))
    names = Names(work)
    names.learn(Person, (suspect["by"] for suspect in found.trail))
    names.learn(Device, (suspect["device_id"] for suspect in found.trail))
    names.learn(ReturnOrder, (suspect.get("order_id", "") for suspect in found.trail))
    losses = work.all(LossCase, difference_id=found.id)
    return {
        "difference": difference_rows(work, [found])[0],
        "trail": [
            suspect
            | {"by_name": names.person(suspect["by"]), "device": names.device(suspect["device_id"]),
               "order": order_ref(names.get(ReturnOrder, suspect.get("order_id", "")))}
            for suspect in found.trail
        ],
        "tasks": tasks.task_rows(work, tasks.raised_for_difference(work, found.id)),
        "losses": [shown(case, "id", "state", "quantity", "opened_at") for case in losses],
        "history": history(work, [found.id]),
        "people": [shown(person, "id", "name") for person in followers(work, found.site_id)],
    }  # fmt: skip


def followers(work: Work, site_id: str) -> list[Person]:
    """Whoever may follow differences of this site."""
    return holders(work, "handle_difference", site_id)


def difference_rows(work: Work, found: Iterable[Difference]) -> list[Json]:
    found = list(found)
    names = Names(work)
    names.learn(Item, (row.item_id for row in found))
    names.learn(ReturnOrder, (row.order_id for row in found))
    names.learn(Site, (row.site_id for row in found))
    names.learn(Bin, (row.bin_id for row in found))
    names.learn(Container, (row.container_id for row in found))
    names.learn(Person, (id for row in found for id in (row.assigned_to, row.closed_by)))
    known = named_in(work, [row.facts for row in found])
    return [
        plain(row)
        | {
            "item": names.item(row.item_id),
            "order": order_ref(names.get(ReturnOrder, row.order_id)),
            "site": names.site(row.site_id),
            "bin": bin_ref(names.get(Bin, row.bin_id)),
            "container": container_ref(names.get(Container, row.container_id)),
            "assigned_to_name": names.person(row.assigned_to),
            "closed_by_name": names.person(row.closed_by),
            "named": {id: known[id] for id in row.facts.values() if isinstance(id, str) and id in known},
        }
        for row in found
    ]


KNOWN_AS: dict[str, type[Any]] = {
    "person_id": Person, "other_person_id": Person, "device_id": Device, "other_device_id": Device, "item_id": Item, "bin_id": Bin,
    "container_id": Container, "order_id": ReturnOrder, "parcel_id": Parcel, "conflict_id": Conflict, "count_id": BinCount,
    "list_id": StockList, "site_id": Site,
}  # fmt: skip


def named_in(work: Work, many_facts: Iterable[Json]) -> dict[str, Json]:
    """What the ids in these facts are called: a sentence says names."""
    wanted: dict[type[Any], set[str]] = {}
    for facts in many_facts:
        for name, id in facts.items():
            if name in KNOWN_AS and isinstance(id, str) and id:
                wanted.setdefault(KNOWN_AS[name], set()).add(id)
    return {id: _called(record) for model, ids in wanted.items() for id, record in many(work, model, ids).items()}


def _called(record: Any) -> Json:
    for name in ("number", "waybill", "label", "rule", "source"):
        if hasattr(record, name):
            return {"id": record.id, "name": getattr(record, name)}
    if hasattr(record, "sku"):
        return {"id": record.id, "name": record.name, "name_en": record.name_en, "code": record.sku}
    if hasattr(record, "code") and not hasattr(record, "name"):
        return {"id": record.id, "name": record.code}
    return named(record) or {} if hasattr(record, "name") else {"id": record.id, "name": ""}


def seen(work: Work) -> Any:
    return visible(work.actor, "see_stock", Difference.site_id, Difference.owner_id)
