"""A handheld has not been heard of for longer than the site allows, or keeps work for as long: what it holds may be lost."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from ..catalog import Site
from ..devices import Device
from ..events import DeviceEnrolled, DeviceRevoked
from ..work import Work
from .rule import Breach, Rule, itself

HOUR = 3_600_000


def breach(work: Work, subject: str) -> Breach | None:
    device = work.look(Device, subject)
    site = work.look(Site, device.site_id) if device else None
    if device is None or site is None or device.revoked_at or not device.last_contact_at:
        return None
    long_ago = work.now - site.device_silent_hours * HOUR
    silent = device.last_contact_at <= long_ago
    keeps = device.pending > 0 and 0 < device.oldest_pending_at <= long_ago
    if not silent and not keeps:
        return None
    facts = {
        "device": device.code,
        "name": device.name,
        "since": device.last_contact_at,
        "pending": device.pending,
        "oldest": device.oldest_pending_at,
        "silent": silent,
    }
    # One that said it had sent everything most likely lies in its cradle.
    return Breach(device.site_id, facts, severity="" if device.pending else "info")


def scheduled(work: Work) -> Iterable[str]:
    return [row.id for row in work.rows(select(col(Device.id)).where(col(Device.revoked_at) == 0))]


RULE = Rule(
    id="device_silent",
    severity="warning",
    hears=(DeviceEnrolled, DeviceRevoked),
    subjects=itself,
    breach=breach,
    gone="This handheld was heard of and has uploaded what was old, or was revoked.",
    scheduled=scheduled,
)
