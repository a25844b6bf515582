"""What all reads share: what an actor may see as a condition, pages, and names beside ids."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlmodel import SQLModel, col

from ..catalog import Bin, Customer, Item, Site
from ..containers import Container
from ..devices import Device
from ..errors import Invalid, NotFound
from ..model import tail
from ..numbers import waybill_of
from ..people import Person
from ..permissions import PERMISSIONS, Actor
from ..records import EventRow
from ..returns import ReturnOrder
from ..words import begins
from ..work import Work

T = TypeVar("T", bound=SQLModel)
Json = dict[str, Any]

MOST = 200
_MOST: ContextVar[int] = ContextVar("rows in a page", default=MOST)


def at_most(limit: int, most: int = MOST) -> int:
    """How many rows a page has: what was asked for, within what a door gives at once."""
    return max(1, min(limit, max(most, _MOST.get())))


@contextmanager
def large_pages(rows: int) -> Iterator[None]:
    """Inside, a page may have so many rows: for whoever reads a whole list, and not to show it."""
    token = _MOST.set(rows)
    try:
        yield
    finally:
        _MOST.reset(token)


def visible(
    actor: Actor,
    action: str,
    site: Any,
    owner: Any = None,
    customer: Any = None,
    filed_by: Any = None,
    without: tuple[str, ...] = (),
) -> ColumnElement[bool]:
    """The rows this actor's rights reach. Sales see their own customers' and what they filed, where a customer is known."""
    if actor.system:
        return true()
    ways: list[ColumnElement[bool]] = []
    for right in actor.rights:
        if right.past or right.role not in PERMISSIONS[action] or right.role in without:
            continue
        limits: list[ColumnElement[bool]] = []
        if right.site_id:
            limits.append(col(site) == right.site_id)
        if right.owner_id and owner is not None:
            limits.append(col(owner).in_((right.owner_id, "")))
        if right.role == "sales" and customer is not None:
            own = col(customer).in_(select(col(Customer.id)).where(col(Customer.sales_person_id) == actor.id))
            limits.append(or_(own, col(filed_by) == actor.id) if filed_by is not None else own)
        if not limits:  # said as simply as it is, so that an index alone answers
            return true()
        ways.append(and_(*limits))
    return or_(*ways) if ways else false()


def seen_customers(actor: Actor) -> ColumnElement[bool]:
    """A customer belongs to an owner and to no site."""
    if actor.system:
        return true()
    ways: list[ColumnElement[bool]] = []
    for right in actor.rights:
        if right.past or right.role not in PERMISSIONS["see_desk"]:
            continue
        own = col(Customer.sales_person_id) == actor.id if right.role == "sales" else true()
        ways.append(and_(own, col(Customer.owner_id).in_((right.owner_id, ""))) if right.owner_id else and_(own))
    return or_(*ways) if ways else false()


def one(work: Work, model: type[T], id: str, seen: ColumnElement[bool]) -> T:
    """The record, or NotFound: also when it is there and not for this actor, so that ids cannot be tried out."""
    found = work.first(model, col(model.id) == id, seen)  # type: ignore[attr-defined]
    if found is None:
        words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in model.__name__).strip()
        raise NotFound(f"This {words} does not exist, or is not for you to see.", kind=model.__name__, id=id)
    return found


def page(
    work: Work, model: type[T], where: Iterable[ColumnElement[bool]], moment: Any, cursor: str, limit: int
) -> tuple[list[T], str | None]:
    """Newest first. The cursor is the last row's place, so rows that arrive meanwhile shift nothing."""
    limit = at_most(limit)
    ident: Any = col(model.id)  # type: ignore[attr-defined]
    conditions = list(where)
    if cursor:
        at, _, after = cursor.partition(":")
        if not at.isdigit() or len(at) > 18:
            raise Invalid("This cursor was not made here.", field="cursor")
        conditions.append(or_(col(moment) < int(at), and_(col(moment) == int(at), ident < after)))
    rows = work.find(model, *conditions, order_by=(col(moment).desc(), ident.desc()), limit=limit + 1)
    if len(rows) <= limit:
        return rows, None
    last: Any = rows[limit - 1]
    return rows[:limit], f"{getattr(last, moment.key)}:{last.id}"


FEW = 500


def met(work: Work, model: type[T], ways: Iterable[Any], broadly: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows that one of these ways (selects of ids) finds. Few are named by their ids. Many are soon met on any walk through the
    table, where `broadly` knows them: to gather them first would cost more."""
    ids: set[str] = set()
    for way in ways:
        ids |= {row.id for row in work.rows(way.limit(FEW + 1))}
        if len(ids) > FEW:
            return broadly
    found: ColumnElement[bool] = col(model.id).in_(sorted(ids))  # type: ignore[attr-defined]
    return found


def numbered(column: Any, q: str) -> list[ColumnElement[bool]]:
    """A number is asked for by how it begins or, from four characters on, by how it ends; each a stretch of an index. As it was
    typed, and as numbers are mostly written: in capitals, without spaces."""
    ways = []
    for form in dict.fromkeys((q, waybill_of(q))):
        ways.append(begins(column, form))
        if len(form) >= 4:
            ways.append(and_(tail(col(column)) == form[-4:], col(column).endswith(form, autoescape=True)))
    return ways


def total(work: Work, model: type[T], *where: ColumnElement[bool]) -> int:
    return int(work.rows(select(func.count()).select_from(model).where(*where))[0][0])


def many(work: Work, model: type[T], ids: Iterable[str]) -> dict[str, T]:
    """Records by id, in few queries."""
    wanted = sorted({id for id in ids if id})
    found: dict[str, T] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found |= {record.id: record for record in work.find(model, col(model.id).in_(part))}  # type: ignore[attr-defined]
    return found


def plain(record: Any) -> Json:
    """All of a record's fields."""
    return msgspec.structs.asdict(record)


def shown(record: Any, *names: str) -> Json:
    return {name: getattr(record, name) for name in names}


def item_ref(item: Item | None) -> Json | None:
    return shown(item, "id", "sku", "name", "name_en", "spec", "uom") if item else None


def named(record: Any) -> Json | None:
    return shown(record, "id", "name") if record else None


def coded(record: Any) -> Json | None:
    """A site, a device, a customer: code and name."""
    if record is None:
        return None
    return {"id": record.id, "code": record.code, "name": getattr(record, "name", record.code)} | (
        {"name_en": record.name_en} if hasattr(record, "name_en") else {}
    )


def bin_ref(place: Bin | None) -> Json | None:
    return {"id": place.id, "name": place.code, "code": place.code, "kind": place.kind} if place else None


def container_ref(container: Container | None) -> Json | None:
    return {"id": container.id, "name": container.label, "label": container.label} if container else None


def order_ref(order: ReturnOrder | None) -> Json | None:
    return shown(order, "id", "number", "status") if order else None


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """The text as it stands, anywhere: a percent sign is no wildcard."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return col(column).ilike(f"%{escaped}%", escape="\\")


class Names:
    """Names of people, devices, items and sites that rows mention, each kind asked for once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: dict[type[SQLModel], dict[str, Any]] = {}

    def learn(self, model: type[SQLModel], ids: Iterable[str]) -> None:
        known = self._known.setdefault(model, {})
        known |= many(self._work, model, [id for id in ids if id not in known])

    def get(self, model: type[T], id: str) -> T | None:
        found: T | None = self._known.get(model, {}).get(id)
        return found

    def person(self, id: str) -> str:
        if id == "system":
            return "Restow"
        person = self.get(Person, id)
        return person.name if person else ""

    def device(self, id: str) -> Json | None:
        return coded(self.get(Device, id))

    def item(self, id: str) -> Json | None:
        return item_ref(self.get(Item, id))

    def site(self, id: str) -> Json | None:
        return coded(self.get(Site, id))


def history(work: Work, subjects: Iterable[str], limit: int = 500) -> list[Json]:
    """What happened to these, oldest first, each with who and where."""
    found = work.rows(
        select(
            col(EventRow.at), col(EventRow.kind), col(EventRow.by), col(EventRow.device_id), col(EventRow.body),
            col(EventRow.subject_id), col(EventRow.mutation_id), col(EventRow.revision), col(EventRow.feed),
        )
        .where(col(EventRow.subject_id).in_([subject for subject in subjects if subject]))
        .order_by(col(EventRow.at).desc(), col(EventRow.revision).desc())
        .limit(limit)
    )  # fmt: skip
    names = Names(work)
    names.learn(Person, (row.by for row in found))
    names.learn(Device, (row.device_id for row in found))
    return [
        {
            "at": row.at,
            "kind": row.kind,
            "by": row.by,
            "by_name": names.person(row.by),
            "device": names.device(row.device_id),
            "body": row.body,
            "feed": row.feed,
            "subject_id": row.subject_id,
            "mutation_id": row.mutation_id,
        }
        for row in reversed(found)
    ]


def unsent(work: Work, site_id: str = "") -> Json:
    """How many handhelds of one's sites still hold work, how much, and since when."""
    where = [visible(work.actor, "see", Device.site_id), col(Device.pending) > 0, col(Device.revoked_at) == 0]
    if site_id:
        where.append(col(Device.site_id) == site_id)
    holding = work.find(Device, *where)
    oldest = min((device.oldest_pending_at for device in holding if device.oldest_pending_at), default=0)
    return {
        "devices": len(holding),
        "pending": sum(device.pending for device in holding),
        "oldest": oldest,
        "oldest_at": oldest,
    }
