"""A parcel nobody knows stands in the unclaimed zone longer than the site allows."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from ..catalog import Site
from ..events import ParcelClaimed, ParcelSettled, ParcelUnclaimed
from ..parcels import Parcel
from ..work import Work
from .rule import Breach, Rule, itself

DAY = 86_400_000


def breach(work: Work, subject: str) -> Breach | None:
    parcel = work.look(Parcel, subject)
    site = work.look(Site, parcel.site_id) if parcel else None
    if parcel is None or site is None or parcel.state != "unclaimed":
        return None
    if parcel.unclaimed_at + site.unclaimed_days * DAY > work.now:
        return None
    facts = {
        "waybill": parcel.waybill,
        "since": parcel.unclaimed_at,
        "days": site.unclaimed_days,
        "then": site.unclaimed_rule,
    }
    return Breach(parcel.site_id, facts)


def scheduled(work: Work) -> Iterable[str]:
    return [row.id for row in work.rows(select(col(Parcel.id)).where(col(Parcel.state) == "unclaimed"))]


RULE = Rule(
    id="parcel_unclaimed_too_long",
    severity="warning",
    hears=(ParcelUnclaimed, ParcelClaimed, ParcelSettled),
    subjects=itself,
    breach=breach,
    gone="Somebody claimed this parcel.",
    scheduled=scheduled,
)
