"""Closed returns leave their site's feed after a while: handhelds forget them, the server keeps them.

How far each site has come is kept in the order in which orders were closed, so none is looked at twice. One that is opened again
changes, and so is in the feed again until it has been closed for as long again.
"""

from sqlalchemy import and_, case, or_
from sqlmodel import col

from server.domain.catalog import Site
from server.domain.conflicts import Conflict
from server.domain.dispositions import Disposition
from server.domain.inspections import Inspection
from server.domain.receiving import Receipt
from server.domain.records import Setting
from server.domain.replies import Reply
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.work import Work

KEPT = 30 * 86_400_000
AT_ONCE = 20
CHILDREN = (ReturnLine, Receipt, Inspection, Disposition, Conflict, Reply)

closed_at = case(
    (col(ReturnOrder.completed_at) > col(ReturnOrder.cancelled_at), col(ReturnOrder.completed_at)),
    else_=col(ReturnOrder.cancelled_at),
)


def leave(work: Work) -> bool:
    """Takes some closed orders and what belongs to them out of their feeds; True while there are more."""
    more = False
    for site in work.find(Site):
        place = work.seek(Setting, f"left:{site.id}") or work.add(Setting, id=f"left:{site.id}", value="0|")
        at, _, last = place.value.partition("|")
        orders = work.find(
            ReturnOrder,
            ReturnOrder.site_id == site.id,
            col(ReturnOrder.status).in_(("completed", "cancelled")),
            closed_at <= work.now - KEPT,
            or_(closed_at > int(at), and_(closed_at == int(at), col(ReturnOrder.id) > last)),
            order_by=(closed_at, ReturnOrder.id),
            limit=AT_ONCE,
        )
        for order in orders:
            work.leave(order)
            for model in CHILDREN:
                for record in work.all(model, order_id=order.id):
                    work.leave(record)
        if orders:
            place.value = f"{max(orders[-1].completed_at, orders[-1].cancelled_at)}|{orders[-1].id}"
        more |= len(orders) == AT_ONCE
    return more
