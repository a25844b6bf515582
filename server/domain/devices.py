"""Handhelds: enrolled with a code, known by a revocable token, told apart by a device code that heads their document numbers."""

from typing import Any

from sqlmodel import Field, col

from .catalog import Site
from .codes import new_code, use_code
from .errors import Invalid, LimitReached, NotFound
from .events import DeviceEnrolled, DeviceRevoked, EnrolmentCodeMade, EnrolmentCodeWithdrawn, WorkCarried
from .model import Command, Table, integer, json_dict, moment, ref
from .people import OneTimeCode
from .records import Setting
from .work import Work

CODE_LETTERS = "ABCEFGHJKMNPQRSTUVWXYZ"  # no D: D0 is the desk's; no I, L, O: they are read as digits
AFTER_A_RESTORE = 200
"""Codes given after the backup was made are not in it, and a code is never given twice: a new history starts well beyond."""


class Device(Table, table=True):
    code: str = Field(unique=True)  # 'A7': two or three characters, never given twice, heads document numbers
    name: str = ""
    site_id: str = ref()
    token_hash: str = Field(default="", index=True)
    enrolled_by: str = ""
    enrolled_at: int = moment()
    revoked_at: int = moment()
    last_seq: int = integer()  # the device's own counter, as far as it has been processed
    last_contact_at: int = moment()
    last_person_id: str = ""
    app_version: str = ""
    reported_at: int = moment()  # when it last spoke of itself:
    pending: int = integer()
    pending_photos: int = integer()
    oldest_pending_at: int = moment()
    pack_at: int = moment()  # when it last pulled everything
    battery: int = integer(-1)  # percent; -1: this browser does not tell
    skew_ms: int = integer()
    storage: dict[str, Any] = json_dict()


class MakeEnrolmentCode(Command, frozen=True):
    """One code for a whole trolley of handhelds: so many uses, so many days."""

    site_id: str
    uses: int = 1
    days: int = 7


class WithdrawEnrolmentCode(Command, frozen=True):
    code_id: str
    """As the list has it: the beginning of its hash."""


class EnrolDevice(Command, frozen=True):
    code: str
    name: str
    token_hash: str


class RevokeDevice(Command, frozen=True):
    device_id: str


def make_enrolment_code(work: Work, command: MakeEnrolmentCode) -> str:
    """The code itself, to be shown once."""
    site = work.get(Site, command.site_id)
    work.allow("enrol_devices", site.id)
    if not 1 <= command.uses <= 500:
        raise Invalid("A code enrols between 1 and 500 handhelds.", field="uses")
    if not 1 <= command.days <= 90:
        raise Invalid("A code lives between 1 and 90 days.", field="days")

    work.record(EnrolmentCodeMade(site_id=site.id, uses=command.uses, days=command.days), site.id)
    return new_code(work, "enrol", site_id=site.id, uses=command.uses, days=command.days)


def withdraw_enrolment_code(work: Work, command: WithdrawEnrolmentCode) -> None:
    """It enrols nobody any more. Handhelds that came in by it stay."""
    known = work.find(
        OneTimeCode, OneTimeCode.purpose == "enrol", col(OneTimeCode.id).startswith(command.code_id, autoescape=True)
    )
    if len(known) != 1:
        raise NotFound("This enrolment code does not exist.")
    code = work.get(OneTimeCode, known[0].id)
    work.allow("enrol_devices", code.site_id)
    if code.expires_at <= work.now or not code.uses_left:
        return

    code.expires_at = work.now
    work.record(EnrolmentCodeWithdrawn(site_id=code.site_id, uses_left=code.uses_left), code.site_id)


def enrol_device(work: Work, command: EnrolDevice) -> Device:
    """Whoever has the code may: a handheld has nobody signed in yet."""
    name = command.name.strip()
    if not 1 <= len(name) <= 60:
        raise Invalid("A handheld's name has 1 to 60 characters.", field="name")
    used = use_code(work, "enrol", command.code)

    device = work.add(
        Device, code=_next_code(work), name=name, site_id=used.site_id, token_hash=command.token_hash,
        enrolled_by=used.made_by, enrolled_at=work.now, last_contact_at=work.now,
    )  # fmt: skip
    work.record(DeviceEnrolled(site_id=device.site_id, code=device.code, name=name), device.id)
    return device


def revoke_device(work: Work, command: RevokeDevice) -> None:
    """It may still hand over what it has not sent; nothing else is answered."""
    device = work.get(Device, command.device_id)
    work.allow("enrol_devices", device.site_id)
    if device.revoked_at:
        return

    device.revoked_at = work.now
    work.record(DeviceRevoked(site_id=device.site_id), device.id)


def may_carry(work: Work, device: Device) -> None:
    """Whoever works at its site may bring what it recorded; they cannot read it."""
    work.allow("carry_work", device.site_id)


def carry_work(work: Work, device: Device, *, first: int, last: int, new: int, photos: int) -> None:
    may_carry(work, device)
    work.record(WorkCarried(site_id=device.site_id, first=first, last=last, new=new, photos=photos), device.id)


def device_of(work: Work, token_hash: str) -> Device | None:
    found = work.all(Device, token_hash=token_hash) if token_hash else []
    return found[0] if found else None


def device_code(counter: int) -> str:
    """A1 … Z9, then A10 … Z99: short, because they head every document number."""
    letters = len(CODE_LETTERS)
    if counter < letters * 9:
        return f"{CODE_LETTERS[counter // 9]}{counter % 9 + 1}"
    counter -= letters * 9
    if counter < letters * 90:
        return f"{CODE_LETTERS[counter // 90]}{counter % 90 + 10}"
    raise LimitReached("All device codes have been given.")


def _next_code(work: Work) -> str:
    epoch = work.look(Setting, "epoch")
    history = epoch.value if epoch else ""
    setting = work.seek(Setting, "counter:device") or work.add(Setting, id="counter:device", value=f"0:{history}")
    counter, _, under = setting.value.partition(":")
    taken = int(counter) if under == history else int(counter) + AFTER_A_RESTORE
    while work.first(Device, Device.code == device_code(taken)):
        taken += 1
    setting.value = f"{taken + 1}:{history}"
    return device_code(taken)
