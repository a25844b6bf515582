"""Loss cases 丢失: goods nobody can find, from the day somebody says so until they are found, written off or claimed.

open → investigating (somebody has it, or has written something down) → closed, once every unit is found, written off or claimed.
Goods that were in the book wait in the stock status `lost`; found, they are in quarantine again. Goods that never came (a line's
`lost`) are in no book: found, their line expects them again, and they are received by scan. The cost is that of the day the case was
opened, whatever the item costs later.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlmodel import col

from . import differences, outbound_claims, returns, stock, tasks
from .catalog import Bin, Item, Site
from .documents import OutboundLine, OutboundOrder
from .errors import Invalid, NotAllowed, Stale, WrongState
from .events import LossDecided, LossEdited, LossNoted, LossOpened
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_list, long_text, moment, ref
from .people import actor_of
from .work import Work

OPEN = ("open", "investigating")
LOST = stock.Place("lost")
WRITTEN_OFF = stock.Place("written_off")
DAY = 86_400_000
DEMAND_OVER = 30
"""Days whose shipments say how much is needed for as many days to come."""


class LossCase(Table, table=True):
    """`in_book`: the goods were in stock here, and wait in the status `lost`. parties: [{kind, id, name, share}], shares in percent."""

    site_id: str = ref()
    owner_id: str = ""
    item_id: str = ref()
    quantity: int = integer()
    found: int = integer()
    written_off: int = integer()
    claimed: int = integer()
    in_book: bool = True
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    status: str = ""  # what they were, and where, when they were last in the book
    bin_id: str = ""
    container_id: str = ""
    order_id: str = ref()
    line_id: str = ref()
    difference_id: str = ref()
    unit_cost: int = integer()
    currency: str = "CNY"
    state: str = "open"  # open | investigating | closed
    reason: str = long_text()
    parties: list[Any] = json_list()
    assigned_to: str = ""
    opened_by: str = ""
    opened_at: int = moment()
    closed_at: int = moment()


class LossStep(Table, table=True):
    """What was written down, and what was decided: note | found | write_off | claim."""

    case_id: str = ref()
    site_id: str = ""
    kind: str = "note"
    quantity: int = integer()
    note: str = long_text()
    bin_id: str = ""
    against: str = ""
    reference: str = ""
    amount: int = integer()
    by: str = ""
    at: int = moment()


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["person", "carrier", "supplier", "customer", "other"]
    name: str
    id: str = ""
    share: int = 100


class OpenLoss(Command, frozen=True):
    """From a difference, or by hand: then `item_id`, `status` and where they should be say which goods."""

    loss_id: str
    site_id: str
    quantity: int
    reason: str
    difference_id: str = ""
    item_id: str = ""
    status: str = ""
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""


class NameParties(Command, frozen=True):
    """Who is responsible for the loss, with their shares; in place of whoever was named before."""

    loss_id: str
    parties: list[Party]


class TakeLoss(Command, frozen=True):
    """`person_id`: who follows it from now on; '' gives it back to everybody."""

    loss_id: str
    person_id: str


class NoteLoss(Command, frozen=True):
    loss_id: str
    note: str


class FindLost(Command, frozen=True):
    """`bin_id`: where they stand now; not given, the site's quarantine."""

    loss_id: str
    quantity: int
    bin_id: str = ""
    note: str = ""


class WriteOffLost(Command, frozen=True):
    loss_id: str
    quantity: int
    note: str


class ClaimLost(Command, frozen=True):
    """Money is asked of a carrier, an insurer or whoever: they leave the book, and the claim is written down."""

    loss_id: str
    quantity: int
    against: str
    amount: int
    reference: str = ""
    note: str = ""


def open_loss(work: Work, command: OpenLoss) -> Outcome | None:
    work.allow("open_loss", command.site_id)
    if work.seek(LossCase, command.loss_id) is not None:
        return Outcome("noop")
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    if not command.reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    if command.difference_id:
        _of_difference(work, command)
    else:
        place = stock.Place(command.status, command.bin_id, command.container_id)
        lot = stock.Lot(command.lot, command.expiry, command.serial)
        _from_stock(work, command, work.get(Item, command.item_id), place, lot)
    return None


def of_line(
    work: Work, line: "returns.ReturnLine", quantity: int, reason: str, *, id: str = "", difference_id: str = ""
) -> LossCase:
    """Units of a return line that never came."""
    item = work.look(Item, line.item_id)
    return _add(
        work, id or work.new_id(), line.site_id, item, quantity, reason, in_book=False,
        order_id=line.order_id, line_id=line.id, lot=line.lot, difference_id=difference_id,
    )  # fmt: skip


def name_parties(work: Work, command: NameParties) -> None:
    case = _open(work, command.loss_id, "open_loss")
    if any(not party.name.strip() or not 0 < party.share <= 100 for party in command.parties):
        raise Invalid("Each party has a name and a share of 1 to 100 percent.", field="parties")
    if sum(party.share for party in command.parties) > 100:
        raise Invalid("Shares add up to 100 percent at most.", field="parties")
    case.parties, case.state = msgspec.to_builtins(command.parties), "investigating"
    work.record(LossEdited(site_id=case.site_id, fields=["parties"]), case.id)


def take_loss(work: Work, command: TakeLoss) -> Outcome | None:
    case = _open(work, command.loss_id, "open_loss")
    if command.person_id and not actor_of(work, command.person_id).may("open_loss", case.site_id):
        raise Invalid("This person may not follow loss cases of this site.", field="person_id")
    if case.assigned_to == command.person_id:
        return Outcome("noop")
    case.assigned_to, case.state = command.person_id, "investigating"
    work.record(LossEdited(site_id=case.site_id, fields=["assigned_to"]), case.id)
    return None


def note_loss(work: Work, command: NoteLoss) -> None:
    case = _open(work, command.loss_id, "open_loss")
    if not command.note.strip():
        raise Invalid("Write something down.", field="note")
    case.state = "investigating"
    _step(work, case, "note", 0, command.note)
    work.record(LossNoted(site_id=case.site_id), case.id)


def find_lost(work: Work, command: FindLost) -> None:
    """1. the goods are in the book again, to be inspected; 2. or their line expects them again; 3. the case counts them."""
    case = _deciding(work, command.loss_id, command.quantity)
    if case.in_book:
        bin_id = stock.receiving_bin(work, case.site_id, command.bin_id, "")
        if command.bin_id:
            place = work.get(Bin, command.bin_id)
            if place.site_id != case.site_id:
                raise Invalid("This is of another site.", field="bin_id")
        _move(work, case, command.quantity, LOST, stock.Place("quarantine", bin_id), "found")
        if case.line_id:
            tasks.send(work, "reinspect", case.site_id, order_id=case.order_id, line_id=case.line_id, item_id=case.item_id,
                       serial=case.serial, bin_id=bin_id)  # fmt: skip
    else:
        line = work.get(returns.ReturnLine, case.line_id)
        order = work.get(returns.ReturnOrder, line.order_id)
        if order.status in ("completed", "cancelled"):
            raise WrongState(
                "This return is closed; receive what was found as a return without order.", status=order.status
            )
        work.count(line, lost=-command.quantity)
        outbound_claims.give_back_units(work, line, -command.quantity)
        returns.progress(work, order)
    _decided(work, case, "found", command.quantity, command.note, bin_id=command.bin_id)


def write_off_lost(work: Work, command: WriteOffLost) -> None:
    if not command.note.strip():
        raise Invalid("Say why: this needs a reason.", field="note")
    case = _deciding(work, command.loss_id, command.quantity)
    if case.in_book:
        _move(work, case, command.quantity, LOST, WRITTEN_OFF, "write_off")
    _decided(work, case, "write_off", command.quantity, command.note, amount=command.quantity * case.unit_cost)


def claim_lost(work: Work, command: ClaimLost) -> None:
    case = _deciding(work, command.loss_id, command.quantity)
    if not command.against.strip():
        raise Invalid("Say whom the money is asked of.", field="against")
    if command.amount <= 0:
        raise Invalid("An amount is more than nothing.", field="amount")
    if case.in_book:
        _move(work, case, command.quantity, LOST, WRITTEN_OFF, "claim")
    _decided(work, case, "claim", command.quantity, command.note, against=command.against.strip(), reference=command.reference,
             amount=command.amount)  # fmt: skip


class Replenishing(NamedTuple):
    """In units. `suggested`: as many as the loss leaves too few of for the days to come; 0: nothing needs to be bought."""

    suggested: int
    available: int
    shipped: int
    days: int


def replenishing(work: Work, case: LossCase) -> Replenishing:
    available = stock.on_hand(work, case.site_id, case.item_id, "sellable")
    shipped = work.rows(
        select(func.sum(col(OutboundLine.quantity)))
        .join(OutboundOrder, col(OutboundOrder.id) == col(OutboundLine.outbound_id))
        .where(
            col(OutboundLine.item_id) == case.item_id, col(OutboundOrder.site_id) == case.site_id,
            col(OutboundOrder.shipped_at) > work.now - DEMAND_OVER * DAY,
        )
    )[0][0]  # fmt: skip
    still = case.quantity - case.found
    return Replenishing(min(still, max(0, int(shipped or 0) - available)), available, int(shipped or 0), DEMAND_OVER)


def steps_of(work: Work, case_id: str) -> list[LossStep]:
    return work.find(LossStep, LossStep.case_id == case_id, order_by=(LossStep.at, LossStep.id))


def _of_difference(work: Work, command: OpenLoss) -> None:
    found = work.get(differences.Difference, command.difference_id)
    if found.site_id != command.site_id:
        raise Invalid("This is of another site.", field="site_id")
    missing = found.expected - found.found
    if found.kind not in ("count_book", "line_missing") or missing <= 0:
        raise WrongState("Only goods that are missing can be lost.", kind=found.kind)
    if command.quantity > missing:
        raise Invalid(f"{missing} are missing.", field="quantity", missing=missing)
    if found.kind == "line_missing":
        line = work.get(returns.ReturnLine, found.line_id)
        returns.settle_short(
            work, returns.SettleShort(line_id=line.id, quantity=command.quantity, lost=True, reason=command.reason),
            loss_id=command.loss_id, difference_id=found.id,
        )  # fmt: skip
    else:
        lot = stock.Lot(found.lot, found.expiry, found.serial)
        place = stock.Place("", found.bin_id)
        case = _add(
            work, command.loss_id, found.site_id, work.get(Item, found.item_id), command.quantity, command.reason, lot=lot.lot,
            expiry=lot.expiry, serial=lot.serial, bin_id=place.bin_id, difference_id=found.id,
            parts=[(command.quantity, stock.DIFFERENCE, lot)],
        )  # fmt: skip
        _move(work, case, command.quantity, stock.DIFFERENCE, LOST, "lost")
    differences.followed_up(work, found.id)


def _from_stock(work: Work, command: OpenLoss, item: Item, place: stock.Place, lot: stock.Lot) -> None:
    if place.status not in stock.STATUSES or place.status == "lost":
        raise Invalid("Say which goods: those for sale, in quarantine, defective …", field="status")
    parts = stock.take(work, command.site_id, item, command.quantity, place, lot)
    sources = {(source, kind) for _, source, kind in parts}
    here = sum(max(0, _balance_at(work, command.site_id, item, *source)) for source in sources)
    if here < command.quantity:
        raise Invalid(f"The book has {here} of these here.", field="quantity", here=here)
    case = _add(
        work, command.loss_id, command.site_id, item, command.quantity, command.reason, lot=lot.lot, expiry=lot.expiry,
        serial=lot.serial, status=place.status, bin_id=place.bin_id, container_id=place.container_id, parts=parts,
    )  # fmt: skip
    for units, source, kind in parts:
        stock.move(work, case.site_id, item, units, source, LOST, stock.Cause("lost"), kind)


def _balance_at(work: Work, site_id: str, item: Item, place: stock.Place, lot: stock.Lot) -> int:
    balance = work.look(stock.StockBalance, derived_id("balance", site_id, item.id, *place, *lot))
    return balance.quantity if balance else 0


def _cost(
    work: Work, site_id: str, item: Item, parts: Iterable[tuple[int, stock.Place, stock.Lot]], line_id: str = ""
) -> int:
    """Of one unit, as the book has it: what these stand at, or what others of their line came in at. Today's price is for goods
    that the book never saw."""
    units = worth = 0
    for quantity, place, lot in parts:
        balance = work.look(stock.StockBalance, derived_id("balance", site_id, item.id, *place, *lot))
        if balance and balance.quantity:
            units, worth = units + quantity, worth + quantity * balance.value // balance.quantity
    if units:
        return round(worth / units)
    line = work.look(returns.ReturnLine, line_id)
    for known in (line_id, line.outbound_line_id if line else ""):
        entries = work.all(stock.StockEntry, line_id=known, item_id=item.id) if known else []
        if entries:
            return max(entries, key=lambda entry: (entry.at, entry.id)).unit_cost
    return item.unit_cost


def _add(
    work: Work, id: str, site_id: str, item: Item | None, quantity: int, reason: str,
    parts: Iterable[tuple[int, stock.Place, stock.Lot]] = (), **about: Any,
) -> LossCase:  # fmt: skip
    site = work.look(Site, site_id)
    cost = _cost(work, site_id, item, parts, about.get("line_id", "")) if item else 0
    case = work.add(
        LossCase, id=id, site_id=site_id, item_id=item.id if item else "", owner_id=item.owner_id if item else "", quantity=quantity,
        unit_cost=cost, currency=item.currency if item else site.currency if site else "CNY",
        reason=reason.strip(), opened_by=work.actor.id, opened_at=work.now, **about,
    )  # fmt: skip
    work.record(LossOpened(site_id=site_id, item_id=case.item_id, quantity=quantity), id)
    return case


def _open(work: Work, id: str, action: str) -> LossCase:
    case = work.get(LossCase, id)
    work.allow(action, case.site_id, case.owner_id)
    if case.state not in OPEN:
        raise Stale("This loss case is closed already.", at=case.closed_at, state=case.state)
    return case


def _deciding(work: Work, id: str, quantity: int) -> LossCase:
    case = _open(work, id, "decide_loss")
    if any(party["kind"] == "person" and party["id"] == work.actor.id for party in case.parties):
        raise NotAllowed("Whoever is held responsible does not decide.", action="decide_loss")
    left = undecided(case)
    if not 0 < quantity <= left:
        raise Invalid(f"{left} of this case are not decided yet.", field="quantity", left=left)
    return case


def undecided(case: LossCase) -> int:
    return case.quantity - case.found - case.written_off - case.claimed


def _decided(work: Work, case: LossCase, kind: str, quantity: int, note: str, **more: Any) -> None:
    work.count(case, **{{"found": "found", "write_off": "written_off", "claim": "claimed"}[kind]: quantity})
    _step(work, case, kind, quantity, note, **more)
    case.state = "investigating"
    if undecided(case) == 0:
        case.state, case.closed_at = "closed", work.now
    work.record(LossDecided(site_id=case.site_id, decision=kind, quantity=quantity), case.id)


def _step(work: Work, case: LossCase, kind: str, quantity: int, note: str, **more: Any) -> None:
    work.add(LossStep, case_id=case.id, site_id=case.site_id, kind=kind, quantity=quantity, note=note.strip(), by=work.actor.id,
             at=work.now, **more)  # fmt: skip


def _move(work: Work, case: LossCase, units: int, source: stock.Place, target: stock.Place, word: str) -> None:
    """A case by hand may have gathered goods of several lots: they leave as they came."""
    item = work.get(Item, case.item_id)
    lot = stock.Lot(case.lot, case.expiry, case.serial)
    if source == LOST and not (case.lot or case.expiry or case.serial):
        parts = stock.take(work, case.site_id, item, units, source)
    else:
        parts = [(units, source, lot)]
    for part, place, kind in parts:
        stock.move(work, case.site_id, item, part, place, target, stock.Cause(word, case.order_id, case.line_id), kind)
