"""*This number is wrong*: whoever doubts a figure files it as it stood on their screen, with all that is needed to find out why."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from .catalog import Bin, Site
from .devices import Device
from .differences import OPEN, Difference
from .errors import Invalid
from .events import NumberReported
from .model import Command, Outcome, Table, integer, json_dict, long_text, moment, ref
from .records import Feed, ReconcileRun
from .stock import STATUSES, StockBalance, StockEntry
from .work import Work


class NumberReport(Table, table=True):
    """`evidence` is frozen when it is filed; its alert waits in To do until somebody says what came of it."""

    site_id: str = ref()
    figure: str = ""
    shown: int = integer()
    asked: dict[str, Any] = json_dict()
    note: str = long_text()
    evidence: dict[str, Any] = json_dict()
    by: str = ""
    at: int = moment()


class ReportNumber(Command, frozen=True):
    """`figure`: which number of which page; `shown`: as it stood there; `asked`: the page's filters as its address has them, with
    `as_of` and, as `revision`, where the site's feed stood when the page was read. A `value` is in minor units of the `currency`
    that is asked with it."""

    report_id: str
    site_id: str
    figure: str
    shown: int
    asked: dict[str, str] = {}
    note: str = ""


NARROWS = {
    "item": "item_id", "owner": "owner_id", "bin": "bin_id", "container": "container_id", "lot": "lot", "serial": "serial",
    "expiry": "expiry", "currency": "currency",
}  # fmt: skip
"""What of a page's filters says which goods are meant."""

MONEY = "value"
"""The figure that only those who may see what stock cost may doubt, and read about."""

NEWEST = 30


def report_number(work: Work, command: ReportNumber) -> Outcome | None:
    site = work.look(Site, command.site_id)
    if site is None:
        raise Invalid("Say which site.", field="site_id")
    work.allow("report_number", site.id)
    if command.figure == MONEY:
        work.allow("see_value", site.id)
    if work.seek(NumberReport, command.report_id) is not None:
        return Outcome("noop")
    if not command.figure or len(command.figure) > 60:
        raise Invalid("Say which figure.", field="figure")
    if command.figure == MONEY and not command.asked.get("currency"):
        raise Invalid("A currency is three capital letters, as CNY.", field="asked")
    if len(command.note) > 2_000 or len(command.asked) > 30 or any(len(text) > 200 for text in command.asked.values()):
        raise Invalid("This is more than a report holds.", field="note")
    work.add(
        NumberReport, id=command.report_id, site_id=site.id, figure=command.figure, shown=command.shown,
        asked=dict(command.asked), note=command.note.strip(), evidence=_evidence(work, site.id, command),
        by=work.actor.id, at=work.now,
    )  # fmt: skip
    work.record(NumberReported(site_id=site.id, figure=command.figure), command.report_id)
    return None


def _evidence(work: Work, site_id: str, command: ReportNumber) -> dict[str, Any]:
    """What balances and ledger say of these goods now, what made it last, and what was not there yet."""
    balances, entries = _of(StockBalance, site_id, command.asked), _of(StockEntry, site_id, command.asked)
    balance, entry = (
        (col(StockBalance.value), col(StockEntry.quantity) * col(StockEntry.unit_cost))
        if command.figure == MONEY
        else (col(StockBalance.quantity), col(StockEntry.quantity))
    )
    newest = work.find(
        StockEntry, *entries, order_by=(col(StockEntry.at).desc(), col(StockEntry.id).desc()), limit=NEWEST
    )
    holding = work.find(
        Device, Device.site_id == site_id, Device.pending > 0, Device.revoked_at == 0, order_by=Device.code
    )
    run = work.first(
        ReconcileRun, ReconcileRun.site_id == site_id, ReconcileRun.state == "done",
        order_by=col(ReconcileRun.finished_at).desc(),
    )  # fmt: skip
    differences = work.find(Difference, Difference.site_id == site_id, col(Difference.state).in_(OPEN), limit=50)
    head = work.rows(select(col(Feed.revision)).where(col(Feed.name) == f"site:{site_id}"))
    return {
        "balances": _sum(work, balance, balances),
        "ledger": _sum(work, entry, entries),
        "revision": int(head[0][0]) if head else 0,
        "reconciled_at": run.finished_at if run else 0,
        "differences": [each.id for each in differences],
        "entries": [
            {"id": each.id, "quantity": each.quantity, "status": each.status, "cause": each.cause, "at": each.at,
             "mutation_id": each.mutation_id, "device_id": each.device_id, "by": each.by}
            for each in newest
        ],
        "devices": [
            {"id": each.id, "code": each.code, "name": each.name, "pending": each.pending, "oldest_at": each.oldest_pending_at,
             "last_contact_at": each.last_contact_at}
            for each in holding
        ],
    }  # fmt: skip


def _of(book: Any, site_id: str, asked: dict[str, str]) -> list[Any]:
    where = [
        book.site_id == site_id,
        col(book.status).in_(asked["status"].split(",") if asked.get("status") else STATUSES),
    ]
    where += [getattr(book, column) == asked[name] for name, column in NARROWS.items() if asked.get(name)]
    if asked.get("zone"):
        where.append(col(book.bin_id).in_(select(col(Bin.id)).where(col(Bin.zone_id) == asked["zone"])))
    return where


def _sum(work: Work, what: Any, where: list[Any]) -> int:
    return int(work.rows(select(func.sum(what)).where(*where))[0][0] or 0)
