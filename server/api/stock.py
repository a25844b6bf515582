"""Writes of the stock's book that name no record in their path: opening stock, shipments, acknowledgements, holds, doubts."""

from typing import Any

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ..domain.costs import SetUnitCost
from ..domain.hand_overs import AcknowledgeHandOvers, HandOver
from ..domain.lot_holds import HoldLot
from ..domain.number_reports import ReportNumber
from ..domain.own_book import OpenStock, RecordShipment
from .answers import Done
from .desk import CLASH, MISSING, REFUSALS, carry_out, site_of
from .doors import post
from .identity import Desk


@post("/api/opening-stock", tags=["stock"], status_code=200, responses=REFUSALS | CLASH)
def open_stock(desk: NamedDependency[Desk], data: JSONBody[OpenStock]) -> Done:
    """One row of the stock a site's own book begins with. The same `external_id` again changes nothing."""
    return _carry_out(desk, "open_stock", data, data.site_id)


@post("/api/shipments", tags=["stock"], status_code=200, responses=REFUSALS | CLASH)
def record_shipment(desk: NamedDependency[Desk], data: JSONBody[RecordShipment]) -> Done:
    """What left a site, with lots and serial numbers sold. A site with its own book posts it out, once, however often it is told."""
    return _carry_out(desk, "record_shipment", data, data.site_id)


@post("/api/hand-overs/acknowledgement", tags=["stock"], status_code=200, responses=REFUSALS | MISSING)
def acknowledge_hand_overs(desk: NamedDependency[Desk], data: JSONBody[AcknowledgeHandOvers]) -> Done:
    """The other system has these goods in its book: they leave this one."""
    sites = {site_of(desk, HandOver, id) for id in data.hand_over_ids}
    return _carry_out(desk, "acknowledge_hand_overs", data, sites.pop() if len(sites) == 1 else "")


@post("/api/lot-holds", tags=["stock"], status_code=200, responses=REFUSALS)
def hold_lot(desk: NamedDependency[Desk], data: JSONBody[HoldLot]) -> Done:
    """A lot is held at every site at once: nothing of it is available until it is released."""
    return _carry_out(desk, "hold_lot", data)


class Release(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: str


@post("/api/lot-holds/{id:str}/release", tags=["stock"], status_code=200, responses=REFUSALS | MISSING)
def release_lot(desk: NamedDependency[Desk], id: FromPath[str], data: JSONBody[Release]) -> Done:
    return carry_out(desk, "release_lot", {"hold_id": id, "reason": data.reason}, "")


@post("/api/unit-costs", tags=["catalogue"], status_code=200, responses=REFUSALS | MISSING)
def set_unit_cost(desk: NamedDependency[Desk], data: JSONBody[SetUnitCost]) -> Done:
    """What an item costs from a day on. What is in the ledger keeps the cost it was posted at."""
    return _carry_out(desk, "set_unit_cost", data)


@post("/api/number-reports", tags=["stock"], status_code=200, responses=REFUSALS)
def report_number(desk: NamedDependency[Desk], data: JSONBody[ReportNumber]) -> Done:
    """*This number is wrong*: kept with what the book said at that moment, and put before a supervisor."""
    return _carry_out(desk, "report_number", data, data.site_id)


def _carry_out(desk: Desk, name: str, data: Any, site_id: str = "") -> Done:
    return carry_out(desk, name, msgspec.to_builtins(data), site_id)


HANDLERS = [open_stock, record_shipment, acknowledge_hand_overs, hold_lot, release_lot, set_unit_cost, report_number]
