"""Sites as they are set up: a new one comes with the zones a return needs, each with a first bin to put things in."""

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
    currency: str = "CNY"
    unclaimed_days: int = 7
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
    currency: str | None = None
    unclaimed_days: int | None = None
    inspection_hours: int | None = None
    review_hours: int | None = None
    device_silent_hours: int | None = None


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


def _check(values: dict[str, str | int]) -> None:
    if "name" in values and not str(values["name"]).strip():
        raise Invalid("A site needs a name.", field="name")
    if "book" in values and values["book"] not in ("own", "hand_over"):
        raise Invalid("A site keeps its own book, or hands over.", field="book")
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
