"""`restow demo`: two warehouses with two months behind them, for looking around.

Only what asks for the demo loads it, and only into an empty database: its passwords are known to everybody.
"""

import sys
import time
from pathlib import Path

from sqlmodel import col

from server.config import Config
from server.database import Database
from server.domain.catalog import Bin, Site
from server.domain.codes import new_code
from server.domain.parcels import Parcel
from server.domain.people import OneTimeCode, Person
from server.domain.permissions import SYSTEM
from server.domain.records import Setting
from server.domain.returns import ReturnOrder
from server.domain.work import Work
from server.sync.shapes import BY_MODEL

from . import goods, standards, world
from .stage import Stage
from .story import tell

WHOLE = "whole"
CODE_USES, CODE_DAYS = 20, 30


def load(config: Config, *, large: bool = False) -> None:
    """Loads the demo unless it is there, and prints who signs in how. A load that was cut off goes on where it was."""
    database = Database(config.database_url, BY_MODEL)
    try:
        state, inhabited = _state(database)
        if not state and inhabited:
            print("This database is in use already; the demo is only loaded into an empty one.", file=sys.stderr)
            return
        if not state.endswith(WHOLE):
            _load(config, int(state) if state else database.clock())
        if large:
            from .large import add

            add(database)
        print(database.write(SYSTEM, _sign_ins))
    finally:
        database.close()


def _state(database: Database) -> tuple[str, bool]:
    """('' | the moment it began | that and that it is whole, whether anybody or anything is here)"""
    with database.read(SYSTEM) as work:
        begun = work.look(Setting, "demo")
        return begun.value if begun else "", bool(work.first(Person) or work.first(Site))


def _load(config: Config, start: int) -> None:
    began = time.monotonic()
    stage = Stage(config.database_url, start)
    try:
        stage.now = stage.day(90, 8)
        stage.database.write(SYSTEM, lambda work: _begin(work, start, config.blobs_dir))
        stage.look_around()
        tell(stage)
        stage.play(_progress)
        stage.database.write(SYSTEM, lambda work: _finish(work, start))
    finally:
        stage.close()
    print(f"The demo is loaded, in {time.monotonic() - began:.1f} s.", file=sys.stderr)


def _begin(work: Work, start: int, blobs: Path) -> None:
    if work.seek(Setting, "demo") is None:
        work.add(Setting, id="demo", value=str(start))
        world.make(work)
        standards.write(work, blobs)


def _finish(work: Work, start: int) -> None:
    work.get(Setting, "demo").value = f"{start} {WHOLE}"


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r\x1b[KLoading the demo … {done * 100 // total} %", end=end, file=sys.stderr, flush=True)
    elif done == 1:
        print("Loading the demo …", file=sys.stderr, flush=True)


# What is printed, at every start


def _sign_ins(work: Work) -> str:
    lines = [
        f"The demo's people, all with the password {world.PASSWORD}",
        *(
            f"  {worker.username:<8} {', '.join(worker.roles):<20} {worker.site or 'every site':<11} {worker.name}"
            for worker in goods.PEOPLE
        ),
        "",
        f"Badges for handhelds, all with the PIN {world.PIN} (scan or type the text)",
        *(
            f"  {world.badge_text(worker):<27} {', '.join(worker.roles):<20} {worker.site:<11} {worker.name}"
            for worker in goods.PEOPLE
            if worker.badge
        ),
        "",
        f"Codes that enrol a handheld (each {CODE_USES} times, for {CODE_DAYS} days)",
        *(f"  {code:<27} {site.code} {site.name} {site.name_en}" for site, code in _codes(work)),
        "",
        "To scan or type",
        *(f"  {text:<27} {what}" for text, what in _worth_scanning(work)),
    ]
    return "\n".join(lines)


def _codes(work: Work) -> list[tuple[Site, str]]:
    """Fresh at each start: only its hash is kept, so an old one cannot be shown again."""
    for old in work.find(OneTimeCode, OneTimeCode.purpose == "enrol", OneTimeCode.made_by == SYSTEM.id):
        work.remove(old)
    own = {code for code, _, _ in goods.SITES}
    sites = [site for site in work.find(Site, order_by=col(Site.code).desc()) if site.code in own]
    return [(site, new_code(work, "enrol", site_id=site.id, uses=CODE_USES, days=CODE_DAYS)) for site in sites]


def _worth_scanning(work: Work) -> list[tuple[str, str]]:
    kettle = world.GOODS["KET-GN"]
    found = [
        (kettle.barcode, "电热水壶 绿色 Electric kettle, green"),
        (kettle.case_barcode, "its case of 12"),
    ]
    approved = work.first(ReturnOrder, ReturnOrder.status == "approved", order_by=ReturnOrder.number)
    if approved:
        found.append((approved.number, "an approved return 审核通过"))
    signed = work.first(
        Parcel, Parcel.state == "signed", col(Parcel.order_ids) == [], order_by=col(Parcel.signed_at).desc()
    )
    if signed:
        found.append((signed.waybill, "a parcel that waits to be opened 待拆包裹"))
    good = work.first(Bin, Bin.kind == "sellable", order_by=col(Bin.code).desc())
    if good:
        found.append((good.code, "a bin 库位"))
    return found
