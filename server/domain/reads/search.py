"""One field for any number, for the end of one, and for names as they are written or spoken.

Numbers are found by how they begin or, from four characters on, by how they end; names at any place in them. Every way is a look at
one stretch of an index. First it is looked what fits, then what of it this person may see: what fits a whole number and is not for
them is named by its kind alone, with whom to ask.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlmodel import SQLModel, col

from .. import words
from ..catalog import Barcode, Bin, Customer, Item, Site
from ..containers import Container
from ..documents import OutboundLine, OutboundOrder
from ..model import tail
from ..numbers import waybill_of
from ..parcels import Parcel
from ..people import Grant, Person, actor_of
from ..receiving import Receipt
from ..returns import ReturnOrder
from ..words import SearchWord, begins
from ..work import Work
from . import parcels as parcel_reads
from . import returns
from .rows import Json, history, many, seen_customers, visible

EACH = 6
AMONG = 1_000
"""Of the many that begin alike, so many are looked through for those that one may see: whoever types more finds more."""
TAIL = 4


class Numbered(NamedTuple):
    """Records with numbers: which columns, who may see which, and how one is shown."""

    kind: str
    model: type[SQLModel]
    columns: tuple[Any, ...]
    seen: Callable[[Work, str], ColumnElement[bool]]
    shown: Callable[[Any], tuple[str, str, str]]
    """Title, what stands below it, and the place."""
    ends: bool = True
    action: str = "see"


NUMBERED: tuple[Numbered, ...] = (
    Numbered("return", ReturnOrder, (ReturnOrder.number,), lambda work, q: returns.seen(work),
             lambda order: (order.number, order.status, f"/desk/returns/{order.id}")),
    Numbered("parcel", Parcel, (Parcel.waybill,), parcel_reads.seen,
             lambda parcel: (parcel.waybill, parcel.state, f"/desk/parcels/{parcel.id}")),
    Numbered("outbound", OutboundOrder, (OutboundOrder.number, OutboundOrder.platform_number, OutboundOrder.waybill),
             lambda work, q: visible(work.actor, "see_desk", OutboundOrder.site_id, OutboundOrder.owner_id, OutboundOrder.customer_id),
             lambda order: (order.number, order.shipped_on, f"/desk/outbound/{order.id}"), action="see_desk"),
    Numbered("container", Container, (Container.label,), lambda work, q: visible(work.actor, "see_stock", Container.site_id),
             lambda box: (box.label, box.outcome, f"/desk/stock?q={box.label}"), ends=False, action="see_stock"),
    Numbered("bin", Bin, (Bin.code,), lambda work, q: visible(work.actor, "see_stock", Bin.site_id),
             lambda place: (place.code, place.kind, f"/desk/stock?bin={place.id}"), ends=False, action="see_stock"),
)  # fmt: skip
WHOLE_FROM = 6
"""A shorter number is easily guessed, and nobody is told of what they may not see by a guess."""


def search(work: Work, *, q: str = "") -> Json:
    """`hits` in the order in which they are likely meant; `place`: where the one thing lies that this is the whole number of;
    `beyond`: what has this number and is not for this person to see, with whom to ask."""
    work.allow("see")
    q = q.strip()[:100]
    if len(q) < 2 and q.isascii():
        return {"hits": [], "place": "", "beyond": []}
    hits: list[Json] = []
    beyond: list[Json] = []
    for source in NUMBERED:
        found, hidden = _numbered(work, source, q)
        hits += found
        beyond += hidden
    hits += [*_serials(work, q), *_lots(work, q)]
    hits += [*_customers(work, q), *_items(work, q)]
    hits.sort(key=lambda hit: not hit["whole"])
    whole = [hit for hit in hits if hit["whole"]] or hits
    return {"hits": hits, "place": whole[0]["url"] if len({hit["url"] for hit in whole}) == 1 else "", "beyond": beyond}


def events(work: Work, *, subject: str) -> list[Json]:
    """What happened to one thing, oldest first, where its site may be seen."""
    work.allow("see_desk")
    sites = work.actor.sites("see_desk")
    found = history(work, [subject])
    return found if sites is None else [row for row in found if row["feed"] in {f"site:{site}" for site in sites}]


def _numbered(work: Work, source: Numbered, q: str) -> tuple[list[Json], list[Json]]:
    ident: Any = col(source.model.id)  # type: ignore[attr-defined]
    forms = _forms(q)
    exact: dict[str, None] = {}
    fitting: dict[str, None] = {}
    for column in source.columns:
        exact |= dict.fromkeys(row.id for row in work.rows(select(ident).where(col(column).in_(forms)).limit(AMONG)))
        for form in forms:
            first = select(ident).where(begins(column, form)).order_by(col(column).desc()).limit(AMONG)
            fitting |= dict.fromkeys(row.id for row in work.rows(first))
        if source.ends and len(q) >= TAIL:
            for form in forms:
                last = select(ident).where(
                    tail(col(column)) == form[-TAIL:], col(column).endswith(form, autoescape=True)
                )
                fitting |= dict.fromkeys(row.id for row in work.rows(last.limit(AMONG)))
    seen = source.seen(work, q)
    wanted = [*exact, *(id for id in fitting if id not in exact)]
    shown = {record.id: record for record in _those(work, source.model, wanted, seen)}
    hits = [
        _hit(source.kind, id, *source.shown(shown[id]), whole=id in exact) for id in wanted if id in shown
    ][:EACH]  # fmt: skip
    hidden = [id for id in exact if id not in shown][:1] if len(q) >= WHOLE_FROM else []
    return hits, [_beyond(work, source, id) for id in hidden]


def _those(work: Work, model: type[SQLModel], ids: list[str], seen: ColumnElement[bool]) -> list[Any]:
    """Of these, in this order, the first few that may be seen."""
    found: list[Any] = []
    for start in range(0, len(ids), 200):
        part = ids[start : start + 200]
        found += work.find(model, col(model.id).in_(part), seen)  # type: ignore[attr-defined]
        if len(found) >= EACH:
            break
    return found


def _beyond(work: Work, source: Numbered, id: str) -> Json:
    """That it is there, and who may see it: whoever sells to this customer, else who answers for goods at its site."""
    record: Any = work.look(source.model, id)
    site = work.look(Site, record.site_id)
    customer = work.look(Customer, getattr(record, "customer_id", ""))
    asked = [customer.sales_person_id] if customer and customer.sales_person_id else []
    if not asked:
        where = col(Grant.role).in_(("supervisor", "service")), col(Grant.site_id).in_((record.site_id, ""))
        asked = [grant.person_id for grant in work.find(Grant, *where, order_by=col(Grant.id), limit=20)]
    people = [
        person
        for person in many(work, Person, asked).values()
        if actor_of(work, person.id).may(source.action, record.site_id)
    ]
    return {
        "kind": source.kind,
        "site": site.name if site else "",
        "site_en": site.name_en if site else "",
        "ask": sorted({person.name for person in people})[:3],
    }


def _serials(work: Work, q: str) -> list[Json]:
    """A unit: where it was received, or the order it was sold with."""
    forms = _forms(q)
    seen = visible(work.actor, "see", Receipt.site_id)
    mine = select(col(ReturnOrder.id)).where(col(ReturnOrder.id) == col(Receipt.order_id), returns.seen(work)).exists()
    found: dict[str, Json] = {}
    for form in forms:
        near = work.find(Receipt, begins(Receipt.serial, form), seen, mine, order_by=col(Receipt.serial), limit=EACH)
        for receipt in near:
            found.setdefault(
                receipt.serial,
                _hit(
                    "serial",
                    receipt.id,
                    receipt.serial,
                    receipt.text,
                    _trail(work, receipt),
                    whole=receipt.serial in forms,
                ),
            )
    lines = _worded(work, OutboundLine, [q.casefold()])
    if lines and not found:
        sold = many(work, OutboundLine, lines)
        orders = {line.outbound_id: line for line in sold.values()}
        visible_ones = visible(
            work.actor, "see_desk", OutboundOrder.site_id, OutboundOrder.owner_id, OutboundOrder.customer_id
        )
        for order in work.find(OutboundOrder, col(OutboundOrder.id).in_(list(orders)), visible_ones, limit=EACH):
            serial = next(each for each in orders[order.id].serials if str(each).casefold().startswith(q.casefold()))
            found.setdefault(
                serial,
                _hit("serial", order.id, serial, order.number, f"/desk/outbound/{order.id}", whole=serial in forms),
            )
    return list(found.values())[:EACH]


def _trail(work: Work, receipt: Receipt) -> str:
    """Where a unit was and is; its return, for whoever does not see stock."""
    return (
        f"/desk/stock/entries?serial={receipt.serial}"
        if work.may("see_stock", receipt.site_id)
        else f"/desk/returns/{receipt.order_id}"
    )


def _lots(work: Work, q: str) -> list[Json]:
    if len(q) < TAIL or not work.may("see_stock"):
        return []
    seen = visible(work.actor, "see_stock", Receipt.site_id)
    found: dict[str, Json] = {}
    for form in _forms(q):
        lots = (
            select(col(Receipt.lot))
            .where(begins(Receipt.lot, form), seen)
            .order_by(col(Receipt.lot))
            .distinct()
            .limit(EACH)
        )
        for row in work.rows(lots):
            found[row.lot] = _hit("lot", row.lot, row.lot, "", f"/desk/stock?lot={row.lot}", whole=row.lot in _forms(q))
    return list(found.values())[:EACH]


def _customers(work: Work, q: str) -> list[Json]:
    if work.actor.sites("see_desk") == set():
        return []
    personal = work.may("see_personal")
    ids = dict.fromkeys(_worded(work, Customer, words.asked_for(q)))
    whole = dict.fromkeys(
        row.id for row in work.rows(select(col(Customer.id)).where(col(Customer.code).in_(_forms(q))).limit(EACH))
    )
    if personal and len(q) >= TAIL and q.isdigit():
        # The end of a telephone number is what people say of themselves; it is shown to nobody whole.
        ended = select(col(Customer.id)).where(
            tail(col(Customer.phone)) == q[-TAIL:], col(Customer.phone).endswith(q, autoescape=True)
        )
        ids |= dict.fromkeys(row.id for row in work.rows(ended.limit(AMONG)))
    ids = whole | ids
    shown = {one.id: one for one in _those(work, Customer, list(ids), seen_customers(work.actor))}
    return [
        _hit("customer", one.id, one.name, " · ".join(each for each in (one.code, masked(one.phone) if personal else "") if each),
             f"/desk/returns?customer={one.id}", whole=one.id in whole)
        for id in ids if (one := shown.get(id))
    ][:EACH]  # fmt: skip


def masked(phone: str) -> str:
    """138****0000: enough to know it by."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > 7 else "*" * len(phone)


def _items(work: Work, q: str) -> list[Json]:
    if work.actor.sites("see_stock") == set():
        return []
    coded = [
        select(col(Barcode.item_id).label("id")).where(col(Barcode.text) == q),
        select(col(Item.id)).where(col(Item.sku).in_(_forms(q))),
    ]
    whole = dict.fromkeys(row.id for each in coded for row in work.rows(each.limit(EACH)))
    ids = whole | dict.fromkeys(_worded(work, Item, words.asked_for(q)))
    owners = {right.owner_id for right in work.actor.rights if not right.past}
    mine = col(Item.owner_id).in_(owners) if "" not in owners and not work.actor.system else col(Item.id) != ""
    shown = {one.id: one for one in _those(work, Item, list(ids), mine)}
    return [
        _hit("item", one.id, one.sku, f"{one.name} {one.spec}".strip(), f"/desk/stock?item={one.id}", whole=one.id in whole)
        for id in ids if (one := shown.get(id))
    ][:EACH]  # fmt: skip


def _worded(work: Work, model: type[SQLModel], parts: list[str]) -> list[str]:
    """Records of this kind that have, for each part, a word that begins with it; whose word is just that come first."""
    if not parts:
        return []
    longest, *rest = sorted(parts, key=len, reverse=True)
    kind = model.__name__
    also = [words.found_by(kind, SearchWord.subject_id, part) for part in rest]
    fitting = select(col(SearchWord.subject_id)).where(
        begins(SearchWord.word, longest), col(SearchWord.kind) == kind, *also
    )
    return list(dict.fromkeys(row.subject_id for row in work.rows(fitting.order_by(col(SearchWord.word)).limit(AMONG))))


def _forms(q: str) -> list[str]:
    """As it was typed, and as numbers are mostly written: in capitals, without spaces."""
    return list(dict.fromkeys((q, waybill_of(q))))


def _hit(kind: str, id: str, title: str, subtitle: str, url: str, *, whole: bool = False) -> Json:
    return {"kind": kind, "id": id, "title": title, "subtitle": subtitle, "url": url, "whole": whole}
