"""What every figure is told with: which book it is of, when that was last reconciled, and what it cannot know yet."""

from sqlalchemy import func, select
from sqlmodel import col

from ..catalog import Site
from ..devices import Device
from ..differences import OPEN, Difference
from ..hand_overs import HandOver
from ..work import Work
from .rows import Json, coded, total, unsent, visible
from .stock import reconciled_at

HOUR = 3_600_000


def freshness(work: Work, *, site: str = "") -> Json:
    """Of one site, or of all one sees. `silent`: handhelds out of touch for longer than their site allows; what they hold is not known."""
    work.allow("see", site)
    seen = [visible(work.actor, "see", Site.id), *([col(Site.id) == site] if site else [])]
    sites = work.find(Site, *seen, order_by=Site.code)
    ids = [each.id for each in sites]
    waiting = {
        row.site_id: row
        for row in work.rows(
            select(
                col(HandOver.site_id), func.count().label("n"), func.sum(col(HandOver.quantity)).label("units"),
                func.min(col(HandOver.at)).label("oldest"),
            )
            .where(col(HandOver.state) == "waiting", col(HandOver.site_id).in_(ids))
            .group_by(col(HandOver.site_id))
        )
    }  # fmt: skip
    devices = work.find(Device, col(Device.site_id).in_(ids), Device.revoked_at == 0, Device.enrolled_at > 0)
    patience = {each.id: each.device_silent_hours * HOUR for each in sites}
    silent = [each.last_contact_at for each in devices if each.last_contact_at + patience[each.site_id] < work.now]
    return {
        "reconciled_at": reconciled_at(work, site),
        "differences": total(work, Difference, col(Difference.site_id).in_(ids), col(Difference.state).in_(OPEN)),
        "unsent": unsent(work, site),
        "silent": {"devices": len(silent), "since": min((at for at in silent if at), default=0)},
        "books": [
            {
                "site": coded(each),
                "book": each.book,
                "book_from": each.book_from,
                "waiting": int(waiting[each.id].n) if each.id in waiting else 0,
                "waiting_units": int(waiting[each.id].units) if each.id in waiting else 0,
                "oldest_at": int(waiting[each.id].oldest) if each.id in waiting else 0,
            }
            for each in sites
        ],
    }
