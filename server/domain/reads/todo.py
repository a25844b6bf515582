"""One list for the morning: what waits for somebody at a desk."""

from sqlalchemy import and_, or_
from sqlmodel import col

from ..alerts import Alert
from ..catalog import Item
from ..conflicts import Conflict
from ..dispositions import Disposition
from ..parcels import Parcel
from ..people import Person
from ..returns import UNDER_WAY, ReturnOrder
from ..work import Work
from . import cases, parcels, returns
from .rows import Json, Names, order_ref, plain, unsent, visible

MOST = 200


def todo(work: Work, *, site: str = "") -> Json:
    """Reviews and proposals are for whoever may decide them; others see them too, and cannot."""
    work.allow("see_desk", site)

    def here(model: type) -> list:  # type: ignore[type-arg]
        return [col(model.site_id) == site] if site else []  # type: ignore[attr-defined]

    # Goods that came without an order wait for their approval too, once somebody knows whose they are.
    unauthorised = and_(
        col(ReturnOrder.origin) == "without_order", col(ReturnOrder.status).in_(UNDER_WAY), col(ReturnOrder.customer_id) != "",
        col(ReturnOrder.authorised).is_(False), col(ReturnOrder.rejection) == "",
    )  # fmt: skip
    reviews = work.find(
        ReturnOrder, returns.seen(work), *here(ReturnOrder), or_(col(ReturnOrder.status) == "submitted", unauthorised),
        order_by=col(ReturnOrder.created_at), limit=MOST,
    )  # fmt: skip
    conflicts = work.find(
        Conflict, visible(work.actor, "see_desk", Conflict.site_id), *here(Conflict),
        col(Conflict.state).in_(cases.OPEN_CONFLICTS), order_by=(col(Conflict.blocking).desc(), col(Conflict.opened_at)),
        limit=MOST,
    )  # fmt: skip
    alerts = work.find(
        Alert, visible(work.actor, "see_desk", Alert.site_id), *here(Alert), col(Alert.state).in_(cases.OPEN_ALERTS),
        order_by=col(Alert.first_at), limit=MOST,
    )  # fmt: skip
    unclaimed = work.find(
        Parcel, visible(work.actor, "see_desk", Parcel.site_id, without=("sales",)), *here(Parcel),
        col(Parcel.state) == "unclaimed", order_by=col(Parcel.unclaimed_at), limit=MOST,
    )  # fmt: skip
    proposed = work.find(
        Disposition, visible(work.actor, "see_desk", Disposition.site_id), *here(Disposition),
        col(Disposition.state) == "proposed", order_by=col(Disposition.at), limit=MOST,
    )  # fmt: skip
    names = Names(work)
    names.learn(Item, (disposition.item_id for disposition in proposed))
    names.learn(ReturnOrder, (disposition.order_id for disposition in proposed))
    names.learn(Person, (disposition.by for disposition in proposed))
    return {
        "reviews": returns.return_rows(work, reviews),
        "conflicts": cases.conflict_rows(work, conflicts),
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
        "unsent": unsent(work, site),
    }
