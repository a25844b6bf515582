"""What leaves its site's feed after a while: handhelds forget it, the server keeps it.

Closed returns, parcels, loads and tasks leave 30 days after they were closed. How far each site has come is kept in the order in which they
were closed, so none is looked at twice. One that is opened again changes, and so is in the feed again until it has been closed for as
long again. One that is only touched after it left, by a late scan's conflict or an answer to it, comes back with it too: the events tell
of it, and it leaves again 30 days after that.

Outbound papers leave when enough newer ones have come: what comes back was most often shipped lately, and a handheld holds only so
much. All waybills of 60 days are on its list (`waybills.py`).
"""

from itertools import takewhile
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, case, or_
from sqlmodel import SQLModel, col

from server.domain.catalog import Site
from server.domain.conflicts import Conflict
from server.domain.dispositions import Disposition
from server.domain.documents import OutboundLine, OutboundOrder
from server.domain.inspections import Inspection
from server.domain.parcels import Load, Parcel
from server.domain.receiving import Receipt
from server.domain.records import Change, EventRow, Setting
from server.domain.replies import Reply
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.tasks import Task
from server.domain.work import Work

from .pull import head_of
from .shapes import BY_MODEL, site_feed

KEPT = 30 * 86_400_000
AT_ONCE = 20

PAPERS = (OutboundOrder, OutboundLine)
PAPERS_KEPT = 60_000
"""Documents of outbound orders and lines in a site's feed: a few megabytes on the wire."""
PAPERS_AT_ONCE = 500
EVENTS_AT_ONCE = 2_000
LOOKED_THROUGH_AT_ONCE = 20_000
"""Revisions of the feed, so that one transaction stays short."""


class Closed(NamedTuple):
    """A kind of record that is over at some moment, and what belongs to it by `order_id`."""

    model: type[SQLModel]
    states: tuple[str, ...]
    state: Any
    closed_at: Any
    children: tuple[type[SQLModel], ...] = ()


CLOSED: dict[str, Closed] = {
    "left": Closed(
        ReturnOrder, ("completed", "cancelled"), ReturnOrder.status,
        case((col(ReturnOrder.completed_at) > col(ReturnOrder.cancelled_at), col(ReturnOrder.completed_at)),
             else_=col(ReturnOrder.cancelled_at)),
        (ReturnLine, Receipt, Inspection, Disposition, Conflict, Reply),
    ),
    "left_parcel": Closed(Parcel, ("done", "claimed", "refused"), Parcel.state, Parcel.closed_at),
    "left_task": Closed(Task, ("done", "withdrawn"), Task.state, Task.closed_at),
    "left_load": Closed(Load, ("",), sa.literal(""), Load.closed_at),
}  # fmt: skip
"""By the word under which each site's progress is kept."""


def leave(work: Work) -> bool:
    """Takes some of it out of the feeds; True while there is more."""
    more = False
    for site in work.find(Site):
        for word, kind in CLOSED.items():
            more |= _leave_closed(work, site.id, word, kind)
        more |= _leave_again(work, site.id)
        more |= _leave_papers(work, site.id)
    return more


def _leave_closed(work: Work, site_id: str, word: str, kind: Closed) -> bool:
    model: Any = kind.model
    place = _place(work, f"{word}:{site_id}", "0|")
    at, _, last = place.value.partition("|")
    over = (
        model.site_id == site_id,
        kind.state.in_(kind.states),
        kind.closed_at > 0,
        kind.closed_at <= work.now - KEPT,
    )
    due = work.rows(
        sa.select(model.id, kind.closed_at.label("closed_at"))
        .where(*over, or_(kind.closed_at > int(at), and_(kind.closed_at == int(at), model.id > last)))
        .order_by(kind.closed_at, model.id)
        .limit(AT_ONCE)
    )
    _take_out(work, kind, [row.id for row in due], over)
    if due:
        place.value = f"{due[-1].closed_at}|{due[-1].id}"
    return len(due) == AT_ONCE


def _leave_again(work: Work, site_id: str) -> bool:
    """What somebody touched after it had left, once nobody has for as long. A conflict's events speak of its return."""
    place = _place(work, f"left_again:{site_id}", "0")
    until = work.now - KEPT
    told = work.rows(
        sa.select(col(EventRow.revision), col(EventRow.subject_id), col(EventRow.at))
        .where(col(EventRow.feed) == site_feed(site_id), col(EventRow.revision) > int(place.value))
        .order_by(col(EventRow.revision))
        .limit(EVENTS_AT_ONCE)
    )
    heard = list(takewhile(lambda row: row.at <= until, told))
    touched = {row.subject_id: row.at for row in heard}
    speaking = sa.select(col(Conflict.id), col(Conflict.order_id)).where(col(Conflict.id).in_(list(touched)))
    for case_id, order_id in work.rows(speaking) if touched else []:
        touched[order_id] = max(touched[case_id], touched.get(order_id, 0))
    for kind in CLOSED.values() if touched else ():
        model: Any = kind.model
        over = (model.site_id == site_id, kind.state.in_(kind.states), kind.closed_at > 0, kind.closed_at <= until)
        known = work.rows(
            sa.select(model.id, kind.closed_at.label("closed_at")).where(*over, model.id.in_(list(touched)))
        )
        _take_out(work, kind, sorted(row.id for row in known if row.closed_at <= touched[row.id] - KEPT), over)
    if heard:
        place.value = str(heard[-1].revision)
    return len(heard) == EVENTS_AT_ONCE


def _take_out(work: Work, kind: Closed, ids: list[str], over: tuple[Any, ...]) -> None:
    """One that was opened again before it was locked stays: devices would forget what is worked on."""
    model: Any = kind.model
    locked = {id: work.get(kind.model, id) for id in ids}
    still = sa.select(model.id).where(*over, model.id.in_(list(locked))).order_by(model.id)
    for id in [row.id for row in work.rows(still)] if locked else []:
        work.leave(locked[id])
        for child in kind.children:
            for record in work.all(child, order_id=id):
                work.leave(record)


def _leave_papers(work: Work, site_id: str) -> bool:
    """1. counts the papers that came since it was last asked; 2. beyond so many, the oldest leave, as they came.

    A line of which something is reserved stays; it changes when it is not any more, and so comes last again.
    """
    feed = site_feed(site_id)
    place = _place(work, f"left_papers:{site_id}", "0|0|0")
    left_to, counted_to, count = (int(part) for part in place.value.split("|"))

    head = head_of(work, feed)
    upto = min(head, counted_to + LOOKED_THROUGH_AT_ONCE)
    if upto > counted_to:
        count += work.rows(sa.select(sa.func.count()).where(*_papers(feed, counted_to, upto)))[0][0]
    if count > PAPERS_KEPT:
        end = min(upto, left_to + LOOKED_THROUGH_AT_ONCE)
        oldest = work.rows(
            sa.select(col(Change.revision), col(Change.kind), col(Change.key))
            .where(*_papers(feed, left_to, end))
            .order_by(col(Change.revision))
            .limit(min(count - PAPERS_KEPT, PAPERS_AT_ONCE))
        )
        for model in PAPERS:
            kind = BY_MODEL[model].kind
            if keys := tuple({row.key for row in oldest if row.kind == kind}):
                for key in sorted(keys):
                    record = work.seek(model, key)  # locked: what is reserved now stays
                    if record is not None and not getattr(record, "claimed", 0):
                        work.leave(record)
        left_to = oldest[-1].revision if oldest else end
        count -= len(oldest)
    place.value = f"{left_to}|{upto}|{count}"
    return upto < head or count > PAPERS_KEPT


def _papers(feed: str, after: int, upto: int) -> tuple[Any, ...]:
    return (
        col(Change.feed) == feed, col(Change.revision) > after, col(Change.revision) <= upto,
        col(Change.kind).in_([BY_MODEL[model].kind for model in PAPERS]), col(Change.op) == "put",
    )  # fmt: skip


def _place(work: Work, id: str, start: str) -> Setting:
    return work.seek(Setting, id) or work.add(Setting, id=id, value=start)
