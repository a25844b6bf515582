"""Sites as they are set up, and reconciling them when somebody asks."""

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ..domain import reconciliation, sites
from ..domain.sites import CreateBin, CreateSite, EditBin, EditSite
from .answers import Done, Made, RunStarted
from .desk import CLASH, MISSING, REFUSALS
from .doors import patch, post
from .identity import Desk


class SiteEdit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Only what is given changes."""

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


@post("/api/sites", tags=["sites"], responses=REFUSALS | CLASH)
def create_site(desk: NamedDependency[Desk], data: JSONBody[CreateSite]) -> Made:
    """Opens a site, with the zones a return needs and a first bin in each."""
    return Made(id=desk.write(lambda work: sites.create_site(work, data)).id)


@patch("/api/sites/{site_id:str}", tags=["sites"], responses=REFUSALS | MISSING)
def edit_site(desk: NamedDependency[Desk], site_id: FromPath[str], data: JSONBody[SiteEdit]) -> Done:
    command = EditSite(site_id=site_id, **msgspec.structs.asdict(data))
    desk.write(lambda work: sites.edit_site(work, command))
    return Done(status="applied")


class NewBin(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    code: str
    capacity: int = 0
    holds: str = "units"


class BinEdit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Only what is given changes."""

    capacity: int | None = None
    holds: str | None = None
    active: bool | None = None


@post("/api/zones/{zone_id:str}/bins", tags=["sites"], responses=REFUSALS | MISSING | CLASH)
def create_bin(desk: NamedDependency[Desk], zone_id: FromPath[str], data: JSONBody[NewBin]) -> Made:
    command = CreateBin(zone_id=zone_id, **msgspec.structs.asdict(data))
    return Made(id=desk.write(lambda work: sites.create_bin(work, command)).id)


@patch("/api/bins/{bin_id:str}", tags=["sites"], responses=REFUSALS | MISSING)
def edit_bin(desk: NamedDependency[Desk], bin_id: FromPath[str], data: JSONBody[BinEdit]) -> Done:
    """How much a bin holds, and whether it is in use."""
    command = EditBin(bin_id=bin_id, **msgspec.structs.asdict(data))
    desk.write(lambda work: sites.edit_bin(work, command))
    return Done(status="applied")


@post("/api/sites/{site_id:str}/reconciliations", tags=["stock"], status_code=202, responses=REFUSALS | MISSING)
def reconcile(desk: NamedDependency[Desk], site_id: FromPath[str]) -> RunStarted:
    """Asks a worker to compare this site's books now; follow the run by its id."""
    return RunStarted(run_id=desk.write(lambda work: reconciliation.ask(work, site_id)))


HANDLERS = [create_site, edit_site, create_bin, edit_bin, reconcile]
