"""Sites as they are set up: a new one comes with the zones a return needs, each with a first bin to put things in."""

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from .catalog import Bin, Site, Zone
from .errors import Duplicate, Invalid, NotAllowed
from .events import SiteCreated, SiteEdited
from .model import Command
from .people import administers
from .work import Work

CODE = re.compile(r"[A-Z0-9]{2,3}")

# kind, code, name, English name
ZONES = (
    ("dock", "DOCK", "签收暂存", "Dock"),
    ("quarantine", "WAIT", "待检", "Quarantine"),
    ("unclaimed", "LOST", "无主", "Unclaimed"),
    ("exception", "STOP", "异常", "Exceptions"),
    ("sellable", "GOOD", "良品", "Sellable"),
    ("defective", "SEC", "次品", "Defective"),
    ("repair", "REP", "维修", "Repair"),
    ("scrap", "SCR", "待报废", "Scrap"),
    ("vendor", "VEN", "待退供", "Vendor"),
    ("hazard", "HAZ", "危险品", "Hazard"),
)


class CreateSite(Command, frozen=True):
    code: str
    name: str
    name_en: str = ""
    time_zone: str = "Asia/Shanghai"
    book: str = "own"
    book_from: str = ""
    currency: str = "CNY"
    unclaimed_days: int = 7
    unclaimed_rule: str = "ask"
    inspection_hours: int = 24
    review_hours: int = 24
    device_silent_hours: int = 12


class EditSite(Command, frozen=True):
    """Only what is given changes. The code stays: it heads every label and bin of the site."""

    site_id: str
    name: str | None = None
    name_en: str | None = None
    time_zone: str | None = None
    book: str | None = None
    book_from: str | None = None
    currency: str | None = None
    unclaimed_days: int | None = None
    unclaimed_rule: str | None = None
    inspection_hours: int | None = None
    review_hours: int | None = None
    device_silent_hours: int | None = None


class CreateBin(Command, frozen=True):
    """capacity: 0 is as much as one likes; `holds` says what it counts: units, or containers."""

    zone_id: str
    code: str
    capacity: int = 0
    holds: str = "units"


class EditBin(Command, frozen=True):
    """Only what is given changes. The code stays: it is on the bin's label."""

    bin_id: str
    capacity: int | None = None
    holds: str | None = None
    active: bool | None = None


def create_site(work: Work, command: CreateSite) -> Site:
    if not administers(work.actor, ""):
        raise NotAllowed("Only an administrator of all sites can open one.", action="admin")
    site_id = work.new_id()
    if known := work.seek(Site, site_id):
        return known
    if not CODE.fullmatch(command.code):
        raise Invalid("A site's code has two or three capital letters or digits.", field="code")
    if work.first(Site, Site.code == command.code):
        raise Duplicate("Another site has this code.", field="code")
    values = msgspec.structs.asdict(command)
    _check(values)

    site = work.add(Site, id=site_id, **values)
    for kind, code, name, name_en in ZONES:
        zone = work.add(Zone, site_id=site.id, code=code, name=name, name_en=name_en, kind=kind)
        work.add(Bin, site_id=site.id, zone_id=zone.id, code=f"{site.code}-{code}-01-01", kind=kind)
    work.record(SiteCreated(code=site.code), site.id)
    return site


def edit_site(work: Work, command: EditSite) -> None:
    site = work.get(Site, command.site_id)
    if not administers(work.actor, site.id):
        raise NotAllowed("Only an administrator of this site can change it.", action="admin")
    values = {name: value for name, value in msgspec.structs.asdict(command).items() if value is not None}
    del values["site_id"]
    _check(values)

    changed = [name for name, value in values.items() if getattr(site, name) != value]
    for name in changed:
        setattr(site, name, values[name])
    if changed:
        work.record(SiteEdited(fields=changed), site.id)


def create_bin(work: Work, command: CreateBin) -> Bin:
    zone = work.get(Zone, command.zone_id)
    if not administers(work.actor, zone.site_id):
        raise NotAllowed("Only an administrator of this site can change it.", action="admin")
    code = command.code.strip()
    if not code or len(code) > 40:
        raise Invalid("A bin needs a code of at most 40 characters.", field="code")
    if work.first(Bin, Bin.site_id == zone.site_id, Bin.code == code):
        raise Duplicate("Another bin of this site has this code.", field="code")
    _check_bin(command.capacity, command.holds)
    bin = work.add(
        Bin,
        site_id=zone.site_id,
        zone_id=zone.id,
        code=code,
        kind=zone.kind,
        capacity=command.capacity,
        holds=command.holds,
    )
    work.record(SiteEdited(fields=["bins"]), zone.site_id)
    return bin


def edit_bin(work: Work, command: EditBin) -> None:
    bin = work.get(Bin, command.bin_id)
    if not administers(work.actor, bin.site_id):
        raise NotAllowed("Only an administrator of this site can change it.", action="admin")
    values = {name: value for name, value in msgspec.structs.asdict(command).items() if value is not None}
    del values["bin_id"]
    _check_bin(values.get("capacity", 0), values.get("holds", "units"))
    changed = [name for name, value in values.items() if getattr(bin, name) != value]
    for name in changed:
        setattr(bin, name, values[name])
    if changed:
        work.record(SiteEdited(fields=["bins"]), bin.site_id)


def _check_bin(capacity: int, holds: str) -> None:
    if not 0 <= capacity <= 1_000_000:
        raise Invalid("A capacity is between 0 and 1000000.", field="capacity")
    if holds not in ("units", "containers"):
        raise Invalid("A capacity counts units or containers.", field="holds")


def _check(values: dict[str, str | int]) -> None:
    if "name" in values and not str(values["name"]).strip():
        raise Invalid("A site needs a name.", field="name")
    if "unclaimed_rule" in values and values["unclaimed_rule"] not in ("ask", "keep", "send_back"):
        raise Invalid("A parcel nobody claims is asked about, kept or sent back.", field="unclaimed_rule")
    if "book" in values and values["book"] not in ("own", "hand_over"):
        raise Invalid("A site keeps its own book, or hands over.", field="book")
    if values.get("book_from"):
        try:
            dt.date.fromisoformat(str(values["book_from"]))
        except ValueError:
            raise Invalid("A date is written as YYYY-MM-DD.", field="book_from") from None
    if "currency" in values and not re.fullmatch(r"[A-Z]{3}", str(values["currency"])):
        raise Invalid("A currency is three capital letters, as CNY.", field="currency")
    if "time_zone" in values:
        try:
            ZoneInfo(str(values["time_zone"]))
        except (ZoneInfoNotFoundError, ValueError):
            raise Invalid("There is no such time zone.", field="time_zone") from None
    for name in ("unclaimed_days", "inspection_hours", "review_hours", "device_silent_hours"):
        if name in values and not 1 <= int(values[name]) <= 8760:
            raise Invalid("This is between 1 and 8760.", field=name)
