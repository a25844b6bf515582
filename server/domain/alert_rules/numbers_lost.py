"""A handheld gave out numbers it no longer has: work was done on it that nobody will ever receive. A person finds out which."""

from sqlmodel import col

from ..devices import Device
from ..events import NumbersLost
from ..records import EventRow
from ..work import Work
from .rule import Breach, Rule, itself


def breach(work: Work, subject: str) -> Breach | None:
    device = work.look(Device, subject)
    told = work.first(
        EventRow,
        EventRow.kind == NumbersLost.__name__,
        EventRow.subject_id == subject,
        order_by=col(EventRow.revision).desc(),
    )
    if device is None or told is None:
        return None
    facts = {
        "device": device.code,
        "name": device.name,
        "first": told.body["first"],
        "last": told.body["last"],
        "since": told.at,
    }
    return Breach(device.site_id, facts)


RULE = Rule(
    id="numbers_lost",
    severity="critical",
    hears=(NumbersLost,),
    subjects=itself,
    breach=breach,
    gone="The device is known here no more.",
)
