"""Blind returns: which outbound line goods without an order came from (SPEC B13).

What is known of the goods is weighed against what was shipped and may still come back. The answer is a verdict with its
reasons: `matched` when one shipment explains the goods and no other nearly as well, `ambiguous` when several do or one does so
only in part, `none` when nothing fits. Nothing is guessed: only `matched` names the lines the goods belong to.

Points are whole numbers out of 10,000, so that the device's twin (`web/src/lib/match.ts`) comes to the same score to the last
digit; tests/vectors/matching.json holds both to it.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlmodel import col

from .catalog import Site
from .documents import OutboundLine, OutboundOrder
from .parcels import Parcel
from .receiving import Receipt
from .returns import ReturnLine, ReturnOrder, lines_of, orders_of
from .work import Work

Verdict = Literal["matched", "ambiguous", "none"]
Reason = dict[str, Any]
"""{"code": …} and the facts that go into its sentence; prices are minor units, dates ISO text."""

WHOLE = 10_000
CUSTOMER, PRICE, QUANTITY, DATE = 4_000, 2_500, 2_000, 1_500
ANOTHER_PRICE = 1_500
"""Taken off: goods credited at a price they were not sold at were more likely sold another time."""
LONGEST_AGO = 365
"""Days after which the date of shipment says nothing any more."""

ENOUGH = 7_000
"""A match has at least this: the item, the customer, and price or quantity agree."""
CLEARLY = 1_000
"""The best is better than the second by at least this; else a person looks."""
WORTH_SHOWING = 2_000
SHOWN = 5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Goods whose origin is asked for. '' and None are 'not known'."""

    item_id: str
    quantity: int
    on: str = ""
    """The day they came back."""
    customer_id: str = ""
    unit_price: int | None = None
    lot: str = ""
    serial: str = ""
    waybill: str = ""


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """An outbound line as far as it may still come back: `left` is shipped less returned."""

    outbound_line_id: str
    outbound_id: str
    item_id: str
    left: int
    shipped_on: str = ""
    customer_id: str = ""
    unit_price: int = 0
    lot: str = ""
    serials: list[str] = []
    waybill: str = ""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    outbound_line_id: str
    quantity: int
    score: float
    reasons: list[Reason]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """`proposals`, the best first: where the goods belong if `matched`, where they may belong if `ambiguous`."""

    verdict: Verdict
    proposals: list[Proposal] = []
    reasons: list[Reason] = []
    """Why it is not `matched`."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal for one line of a return, as a person reads it."""

    line_id: str
    verdict: Verdict
    outbound_line_id: str
    outbound_id: str
    number: str
    customer_id: str
    shipped_on: str
    quantity: int
    score: float
    reasons: list[Reason]


class _Source(NamedTuple):
    """Lines of one order that nothing tells apart: it makes no difference which of them a unit came from."""

    points: int
    left: int
    reasons: list[Reason]
    lines: list[Shipped]


def match(wanted: Wanted, shipped: Iterable[Shipped]) -> Match:
    """Weighs every shipment that could be the origin. The order of `shipped` does not matter."""
    of_item = [line for line in shipped if line.item_id == wanted.item_id]
    possible = [line for line in of_item if _possible(wanted, line)]
    sources = [source for source in _sources(wanted, possible) if source.points >= WORTH_SHOWING]
    if not sources:
        return Match(verdict="none", reasons=[_why_none(wanted, of_item)])

    best = sources[0]
    clearly = len(sources) == 1 or best.points - sources[1].points >= CLEARLY
    together = sum(source.left for source in sources)
    if best.points >= ENOUGH and best.left >= wanted.quantity and clearly:
        return Match(verdict="matched", proposals=_taken(best, wanted.quantity))
    if together == wanted.quantity and len(sources) > 1 and sources[-1].points >= ENOUGH - QUANTITY:
        # Each holds fewer, and all of them together hold exactly as many: there is nothing to choose.
        return Match(verdict="matched", proposals=[each for source in sources for each in _taken(source, source.left)])

    if together < wanted.quantity:
        reason: Reason = {"code": "more_than_shipped", "asked": wanted.quantity, "left": together}
    elif clearly and best.left >= wanted.quantity:
        reason = {"code": "too_little_known", "score": best.points / WHOLE}
    else:
        reason = {"code": "several_fit", "count": len(sources)}
    shown = [_proposal(source, source.lines[0], min(source.left, wanted.quantity)) for source in sources[:SHOWN]]
    return Match(verdict="ambiguous", proposals=shown, reasons=[reason])


def _possible(wanted: Wanted, line: Shipped) -> bool:
    return (
        line.left > 0
        and not (wanted.on and line.shipped_on > wanted.on)
        and not (wanted.customer_id and line.customer_id != wanted.customer_id and not _same_waybill(wanted, line))
        and not (wanted.serial and line.serials and wanted.serial not in line.serials)
    )


def _sources(wanted: Wanted, lines: list[Shipped]) -> list[_Source]:
    alike: dict[tuple[str, int, str, bool], list[Shipped]] = {}
    for line in sorted(lines, key=lambda line: (line.shipped_on, line.outbound_line_id)):
        known = bool(wanted.serial) and wanted.serial in line.serials
        alike.setdefault((line.outbound_id, line.unit_price, line.lot, known), []).append(line)
    found = []
    for group in alike.values():
        left = sum(line.left for line in group)
        points, reasons = _weigh(wanted, group[0], left)
        found.append(_Source(points, left, reasons, group))
    # The latest shipment first among equals.
    found.sort(key=lambda source: source.lines[0].outbound_line_id)
    found.sort(key=lambda source: source.lines[0].shipped_on, reverse=True)
    found.sort(key=lambda source: source.points, reverse=True)
    return found


def _weigh(wanted: Wanted, line: Shipped, left: int) -> tuple[int, list[Reason]]:
    if wanted.serial and wanted.serial in line.serials:
        return WHOLE, [{"code": "serial", "serial": wanted.serial}]
    points = 0
    reasons: list[Reason] = []

    if _same_waybill(wanted, line):
        points += CUSTOMER + PRICE  # the very shipment: whoever bought it, at whatever price
        reasons.append({"code": "waybill", "waybill": wanted.waybill})
    elif wanted.customer_id:
        points += CUSTOMER
        reasons.append({"code": "customer"})
    else:
        reasons.append({"code": "customer_unknown"})

    if wanted.unit_price is None:
        reasons.append({"code": "price_unknown"})
    elif wanted.unit_price == line.unit_price:
        points += 0 if _same_waybill(wanted, line) else PRICE
        reasons.append({"code": "price", "price": line.unit_price})
    else:
        points -= ANOTHER_PRICE
        reasons.append({"code": "price_differs", "asked": wanted.unit_price, "sold": line.unit_price})

    points += QUANTITY * min(left, wanted.quantity) // wanted.quantity
    reasons.append({"code": "quantity" if left >= wanted.quantity else "quantity_short", "left": left})

    if wanted.on and line.shipped_on:
        days = (dt.date.fromisoformat(wanted.on) - dt.date.fromisoformat(line.shipped_on)).days
        points += DATE * max(0, LONGEST_AGO - days) // LONGEST_AGO
        reasons.append({"code": "date", "shipped_on": line.shipped_on, "days": days})

    if wanted.lot and line.lot:
        if wanted.lot != line.lot:
            points //= 2
        reasons.append({"code": "lot" if wanted.lot == line.lot else "lot_differs", "lot": line.lot})
    return max(points, 0), reasons


def _same_waybill(wanted: Wanted, line: Shipped) -> bool:
    """Refused at the door, a parcel comes back under the number it went out with."""
    return bool(wanted.waybill) and wanted.waybill == line.waybill


def _why_none(wanted: Wanted, of_item: list[Shipped]) -> Reason:
    """The first thing that rules out everything."""
    if not of_item:
        return {"code": "item_never_shipped"}
    if wanted.customer_id and not any(line.customer_id == wanted.customer_id for line in of_item):
        return {"code": "never_shipped_to_customer"}
    theirs = [line for line in of_item if not wanted.customer_id or line.customer_id == wanted.customer_id]
    if wanted.on and all(line.shipped_on > wanted.on for line in theirs):
        return {"code": "shipped_later"}
    if all(line.left <= 0 for line in theirs):
        return {"code": "nothing_left"}
    return {"code": "nothing_fits"}


def _taken(source: _Source, quantity: int) -> list[Proposal]:
    taken = []
    for line in source.lines:
        units = min(quantity, line.left)
        if units > 0:
            taken.append(_proposal(source, line, units))
            quantity -= units
    return taken


def _proposal(source: _Source, line: Shipped, quantity: int) -> Proposal:
    return Proposal(
        outbound_line_id=line.outbound_line_id, quantity=quantity, score=source.points / WHOLE, reasons=source.reasons
    )


# What the desk asks


def matches_for_order(work: Work, order: ReturnOrder, waybill: str = "") -> list[Candidate]:
    """Where each line that names no outbound line may have come from, the best first; for reading, changes nothing."""
    lines = [line for line in lines_of(work, order.id) if line.item_id and not line.outbound_line_id]
    shipped = shipped_of(work, {line.item_id for line in lines}, order.customer_id)
    lines_shipped = [origin.line for origin in shipped.values()]
    found = []
    for line in lines:
        for wanted in _wanted(work, order, line, waybill):
            answer = match(wanted, lines_shipped)
            found += [
                _candidate(line.id, answer.verdict, proposal, shipped[proposal.outbound_line_id])
                for proposal in answer.proposals
            ]
    return _best_first(found)


def matches_for_parcel(work: Work, parcel: Parcel) -> list[Candidate]:
    """The same over all return orders a parcel brought; its own waybill is evidence too."""
    return _best_first(
        [each for order in orders_of(work, parcel.order_ids) for each in matches_for_order(work, order, parcel.waybill)]
    )


class Origin(NamedTuple):
    """An outbound line with the number of its order."""

    line: Shipped
    number: str


def shipped_of(work: Work, item_ids: Iterable[str], customer_id: str = "") -> dict[str, Origin]:
    """What was shipped of these items and may still come back, by outbound line; of one customer only, if given.

    The lines of one customer that are all back already are in it too: they tell 'nothing left' from 'never shipped'.
    """
    wanted = sorted(item_ids)
    if not wanted:
        return {}
    found: dict[str, Origin] = {}
    # Databases take some thousands of parameters at once.
    for at in range(0, len(wanted), 500):
        statement = (
            select(
                col(OutboundLine.id), col(OutboundLine.outbound_id), col(OutboundLine.item_id),
                (col(OutboundLine.quantity) - col(OutboundLine.returned)).label("units_left"), col(OutboundLine.unit_price),
                col(OutboundLine.lot), col(OutboundLine.serials), col(OutboundOrder.number), col(OutboundOrder.customer_id),
                col(OutboundOrder.shipped_on), col(OutboundOrder.waybill),
            )
            .join(OutboundOrder, col(OutboundOrder.id) == col(OutboundLine.outbound_id))
            .where(col(OutboundLine.item_id).in_(wanted[at : at + 500]))
        )  # fmt: skip
        if customer_id:
            statement = statement.where(col(OutboundOrder.customer_id) == customer_id)
        for row in work.rows(statement):
            line = Shipped(
                outbound_line_id=row.id, outbound_id=row.outbound_id, item_id=row.item_id, left=row.units_left,
                shipped_on=row.shipped_on, customer_id=row.customer_id, unit_price=row.unit_price, lot=row.lot,
                serials=row.serials, waybill=row.waybill,
            )  # fmt: skip
            found[line.outbound_line_id] = Origin(line, row.number)
    return found


def _candidate(line_id: str, verdict: Verdict, proposal: Proposal, origin: Origin) -> Candidate:
    return Candidate(
        line_id=line_id, verdict=verdict, outbound_line_id=proposal.outbound_line_id, outbound_id=origin.line.outbound_id,
        number=origin.number, customer_id=origin.line.customer_id, shipped_on=origin.line.shipped_on,
        quantity=proposal.quantity, score=proposal.score, reasons=proposal.reasons,
    )  # fmt: skip


def _best_first(found: list[Candidate]) -> list[Candidate]:
    return sorted(found, key=lambda each: (-each.score, each.number, each.outbound_line_id, each.line_id))


def _wanted(work: Work, order: ReturnOrder, line: ReturnLine, waybill: str) -> list[Wanted]:
    """One question for each unit with a serial number, one for the rest."""
    site = work.look(Site, order.site_id)
    receipts = work.find(Receipt, Receipt.line_id == line.id, order_by=Receipt.id)
    at = max((receipt.at for receipt in receipts), default=order.created_at)
    on = _day(at, site.time_zone if site else "UTC")
    units = [receipt.serial for receipt in receipts if receipt.serial and receipt.quantity > receipt.unreceived]
    serials = units or [str(each) for each in line.serials]
    rest = max(line.received, line.expected) - len(serials)
    asked = [(1, serial) for serial in sorted(set(serials))]
    if rest > 0:
        asked.append((rest, ""))
    lots = {receipt.lot for receipt in receipts} | {line.lot}
    return [
        Wanted(
            item_id=line.item_id, quantity=quantity, on=on, customer_id=order.customer_id,
            unit_price=line.unit_amount or None, lot=max(lots) if len(lots - {""}) == 1 else "", serial=serial, waybill=waybill,
        )
        for quantity, serial in asked
    ]  # fmt: skip


def _day(milliseconds: int, time_zone: str) -> str:
    return dt.datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(time_zone)).date().isoformat()
