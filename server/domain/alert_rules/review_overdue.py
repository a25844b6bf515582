"""A return order waits for its review longer than the site allows."""

from collections.abc import Iterable

from sqlalchemy import and_, or_, select
from sqlmodel import col

from .. import returns
from ..catalog import Site
from ..events import ReturnAmended, ReturnApproved, ReturnCancelled, ReturnRejected, ReturnSubmitted
from ..returns import UNDER_WAY, ReturnOrder
from ..work import Work
from .rule import Breach, Rule, itself

HOUR = 3_600_000


def breach(work: Work, subject: str) -> Breach | None:
    order = work.look(ReturnOrder, subject)
    site = work.look(Site, order.site_id) if order else None
    since = _waits_since(order) if order else 0
    if order is None or site is None or not since or since + site.review_hours * HOUR > work.now:
        return None
    return Breach(order.site_id, {"since": since, "hours": site.review_hours}, order_id=order.id)


def scheduled(work: Work) -> Iterable[str]:
    waiting = select(col(ReturnOrder.id)).where(
        or_(
            col(ReturnOrder.status) == "submitted",
            and_(
                col(ReturnOrder.origin) == "without_order",
                col(ReturnOrder.status).in_(UNDER_WAY),
                col(ReturnOrder.authorised).is_(False),
            ),
        )
    )
    return [row.id for row in work.rows(waiting)]


def _waits_since(order: "returns.ReturnOrder") -> int:
    """Goods that came without an order wait for their approval too; 0 waits for nobody."""
    if order.status == "submitted":
        return order.submitted_at
    if order.origin == "without_order" and order.status in UNDER_WAY and not order.authorised and not order.rejection:
        return order.created_at
    return 0


RULE = Rule(
    id="review_overdue",
    severity="warning",
    hears=(ReturnSubmitted, ReturnApproved, ReturnRejected, ReturnAmended, ReturnCancelled),
    subjects=itself,
    breach=breach,
    gone="This return order no longer waits for its review.",
    scheduled=scheduled,
)
