"""Handhelds, the codes that enrol them, and what they sent that could not be carried out."""

from sqlmodel import col

from ..catalog import Site
from ..devices import Device
from ..messages import DeviceMessage
from ..people import OneTimeCode, Person
from ..records import Mutation
from ..work import Work
from .rows import Json, Names, named, page, plain, shown, visible

MESSAGES_SHOWN = 14 * 86_400_000


def devices(work: Work, *, site: str = "") -> list[Json]:
    work.allow("see_devices", site)
    where = [visible(work.actor, "see_devices", Device.site_id)]
    if site:
        where.append(col(Device.site_id) == site)
    found = work.find(Device, *where, order_by=col(Device.code))
    names = Names(work)
    names.learn(Person, (device.last_person_id for device in found))
    names.learn(Site, (device.site_id for device in found))
    messages = _messages(work, [device.id for device in found])
    names.learn(
        Person, (person for each in messages.values() for message in each for person in (message.by, message.read_by))
    )
    rows = []
    for device in found:
        row = plain(device)
        del row["token_hash"]
        person = names.get(Person, device.last_person_id)
        rows.append(
            row
            | {"person": named(person), "last_person_name": names.person(device.last_person_id)}
            | {"site": names.site(device.site_id)}
            | {
                "messages": [
                    shown(each, "id", "text", "at", "read_at")
                    | {"by_name": names.person(each.by), "read_by_name": names.person(each.read_by)}
                    for each in messages.get(device.id, [])
                ]
            }
        )
    return rows


def _messages(work: Work, devices: list[str]) -> dict[str, list[DeviceMessage]]:
    """The last few of each, the newest first."""
    found: dict[str, list[DeviceMessage]] = {}
    since = work.now - MESSAGES_SHOWN
    for message in work.find(
        DeviceMessage,
        col(DeviceMessage.device_id).in_(devices),
        col(DeviceMessage.at) > since,
        order_by=col(DeviceMessage.at).desc(),
    ):
        found.setdefault(message.device_id, []).append(message)
    return found


def enrolment_codes(work: Work) -> list[Json]:
    """Those that still open something. The codes themselves are kept by nobody."""
    work.allow("enrol_devices")
    found = work.find(
        OneTimeCode,
        col(OneTimeCode.purpose) == "enrol",
        col(OneTimeCode.uses_left) > 0,
        col(OneTimeCode.expires_at) > work.now,
        visible(work.actor, "enrol_devices", OneTimeCode.site_id),
        order_by=col(OneTimeCode.expires_at),
    )
    names = Names(work)
    names.learn(Person, (code.made_by for code in found))
    names.learn(Site, (code.site_id for code in found))
    return [
        shown(code, "site_id", "uses", "uses_left", "expires_at", "made_by", "purpose")
        | {"id": code.id[:12], "made_by_name": names.person(code.made_by), "site": names.site(code.site_id)}
        for code in found
    ]


def mutations(work: Work, *, status: str = "", device: str = "", cursor: str = "", limit: int = 100) -> Json:
    """What was asked, with its whole content and what became of it."""
    work.allow("see_devices")
    where = [visible(work.actor, "see_devices", Mutation.site_id)]
    if status:
        where.append(col(Mutation.status).in_(status.split(",")))
    if device:
        where.append(col(Mutation.device_id) == device)
    found, following = page(work, Mutation, where, Mutation.at, cursor, limit)
    names = Names(work)
    names.learn(Person, (mutation.by for mutation in found))
    names.learn(Device, (mutation.device_id for mutation in found))
    rows = []
    for mutation in found:
        row = plain(mutation)
        del row["digest"]
        rows.append(row | {"by_name": names.person(mutation.by), "device": names.device(mutation.device_id)})
    return {"rows": rows, "next": following}
