"""Dispositions 处理方式: what we do with inspected goods, each with its stock effect."""

from typing import Any, Literal, NamedTuple

import msgspec

from . import availability, conflicts, hand_overs, policies, returns, stock
from .catalog import Bin, Item, ReturnType, Site, cost_on
from .conflict_rules import x06, x07, x18
from .containers import MoveContainer, container_or_stub
from .errors import Invalid, Waiting, WrongState
from .events import (
    ContainerMoved,
    DispositionDecided,
    DispositionPosted,
    DispositionProposed,
    GoodsPutAway,
    GoodsSentAway,
)  # fmt: skip
from .model import Command, Outcome, Table, integer, moment, ref
from .work import Work

Kind = Literal["restock", "repair", "scrap", "exchange", "return_to_vendor", "return_to_customer"]


class Disposition(Table, table=True):
    """proposed (needs somebody with the right) → decided → posted, when its stock effect is in the ledger."""

    site_id: str = ref()
    order_id: str = ref()
    line_id: str = ref()
    inspection_id: str = ""
    item_id: str = ""
    quantity: int = integer()
    posted: int = integer()
    kind: str = ""
    state: str = "decided"  # proposed | decided | posted | void
    reason: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    container_id: str = ref()
    bin_id: str = ""
    put_away: int = integer()  # units that stand in their final bin
    sent: int = integer()  # units that have left the building (for an exchange: replacements sent)
    replacement: str = ""  # the exchange's outbound number
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    decided_by: str = ""
    made_at: int = moment()
    at: int = moment()


class Dispose(Command, frozen=True):
    disposition_id: str
    line_id: str
    site_id: str
    quantity: int
    kind: Kind
    inspection_id: str = ""
    reason: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    container_id: str = ""  # where the goods stand now
    to_container_id: str = ""  # the tote of this outcome they are put into


class DecideDisposition(Command, frozen=True):
    """A proposed disposition is confirmed, or replaced by another kind, by somebody with the right."""

    disposition_id: str
    kind: Kind
    reason: str = ""


class SendAway(Command, frozen=True):
    """reference: the scrap record, the shipment's waybill, the replacement's outbound number."""

    disposition_id: str
    quantity: int
    reference: str = ""


class PutAway(Command, frozen=True):
    """Units of a line, by hand, into a bin. Whole containers go by MoveContainer."""

    line_id: str
    site_id: str
    quantity: int
    bin_id: str
    container_id: str = ""  # where they were
    lot: str = ""
    expiry: str = ""
    serial: str = ""


class Effect(NamedTuple):
    """Where goods go in the book, and in which zones they may stand then."""

    status: str
    zones: tuple[str, ...]
    gone: str = ""
    """Their status once they have left the building; '' when they stay."""


EFFECTS: dict[str, Effect] = {
    "restock": Effect("sellable", ("sellable",)),
    "repair": Effect("in_repair", ("repair",)),
    "scrap": Effect("scrap_pending", ("scrap", "hazard"), "scrapped"),
    "exchange": Effect("defective", ("defective",), "shipped_exchange"),
    "return_to_vendor": Effect("vendor_pending", ("vendor", "defective"), "vendor_shipped"),
    "return_to_customer": Effect("customer_pending", ("exception", "defective", "dock"), "customer_shipped"),
}
"""restock posts when it is put away: goods on a cart are not for sale. exchange keeps what came back as defective and owes
the customer a replacement, taken from sellable stock when it is sent. Everything else posts as soon as it is decided."""


def dispose(work: Work, command: Dispose) -> Outcome | None:
    if work.seek(Disposition, command.disposition_id) is not None:
        return Outcome("noop")
    line = work.seek(returns.ReturnLine, command.line_id)
    order = work.seek(returns.ReturnOrder, line.order_id) if line else None
    if line is None or order is None or ((line.stub or order.stub) and not (work.forced and line.received)):
        work.allow("dispose", command.site_id)
        raise Waiting(
            "These goods were received on a handheld that has not sent them yet.",
            subject=order.id if order and order.stub else command.line_id,
        )
    work.allow("dispose", order.site_id, order.owner_id)
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    if order.origin == "unclaimed":
        raise WrongState(
            "Nobody has claimed these goods yet: they can be inspected, not disposed of.", origin=order.origin
        )

    undecided = line.inspected - line.disposed
    quantity = command.quantity
    if line.inspected > line.received and quantity > line.received - line.disposed:
        if not work.forced or line.received <= line.disposed:
            raise Waiting(
                "Some of these goods were received on a handheld that has not sent them yet.", subject=line.id
            )
        quantity = line.received - line.disposed  # as many as are here; a supervisor did not wait for the rest
    clash = quantity > undecided and line.disposed > 0
    if quantity > undecided and not clash:
        raise WrongState(
            f"Only {undecided} of these goods are inspected.", inspected=line.inspected, disposed=line.disposed
        )

    policy = policy_of(work, order.type_code)
    if policies.allowed_dispositions(policy) and command.kind not in policies.allowed_dispositions(policy):
        raise Invalid(
            "The return type does not allow this disposition.",
            field="kind",
            allowed=policies.allowed_dispositions(policy),
        )
    item = work.get(Item, line.item_id)
    cost = cost_on(item, stock.date_at(work.now, work.look(Site, order.site_id)))
    beyond = command.kind == "scrap" and policies.needs_approval(policy, quantity * cost)
    if command.to_container_id:
        _into(work, command, item, quantity)
    disposition = work.add(
        Disposition,
        id=command.disposition_id,
        site_id=order.site_id,
        order_id=order.id,
        line_id=line.id,
        inspection_id=command.inspection_id,
        item_id=line.item_id,
        quantity=quantity,
        kind=command.kind,
        state="proposed" if clash or (beyond and not work.may("scrap_above_limit", order.site_id)) else "decided",
        reason=command.reason,
        lot=command.lot,
        expiry=command.expiry,
        serial=command.serial,
        container_id=command.to_container_id or command.container_id,
        mutation_id=work.cause,
        device_id=work.device_id,
        by=work.actor.id,
        made_at=work.made_at,
        at=work.now,
    )
    if clash:
        return Outcome("conflict", conflict_id=x06.found(work, disposition, order, line, undecided).id)
    work.count(line, disposed=quantity)
    told = DispositionProposed if disposition.state == "proposed" else DispositionDecided
    work.record(
        told(
            site_id=order.site_id, line_id=line.id, disposition_id=disposition.id, kind=command.kind, quantity=quantity
        ),
        order.id,
    )
    settle(work, order, disposition, item)
    returns.progress(work, order)
    return None


def decide_disposition(work: Work, command: DecideDisposition) -> Outcome | None:
    disposition = work.get(Disposition, command.disposition_id)
    work.allow("decide_disposition", disposition.site_id)
    if disposition.state != "proposed":
        return Outcome("noop")
    order = work.get(returns.ReturnOrder, disposition.order_id)
    disposition.kind = command.kind
    disposition.state = "decided"
    disposition.decided_by = work.actor.id
    disposition.reason = command.reason or disposition.reason
    work.record(
        DispositionDecided(
            site_id=order.site_id, line_id=disposition.line_id, disposition_id=disposition.id, kind=disposition.kind,
            quantity=disposition.quantity,
        ),
        order.id,
    )  # fmt: skip
    settle(work, order, disposition, work.get(Item, disposition.item_id))
    returns.progress(work, order)
    return None


def put_away(work: Work, command: PutAway) -> Outcome | None:
    line = work.seek(returns.ReturnLine, command.line_id)
    work.allow("put_away", line.site_id if line else command.site_id, fact=True)
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    item = work.look(Item, line.item_id) if line else None
    if line is None or item is None:
        raise Waiting("These goods were received on a handheld that has not sent them yet.", subject=command.line_id)
    target = work.seek(Bin, command.bin_id)
    order = work.get(returns.ReturnOrder, line.order_id)
    if target is None or target.site_id != order.site_id:
        args = msgspec.structs.asdict(command)
        return conflicts.outcome_of([x18.found_bin(work, order.site_id, command.bin_id, "put_away", args, order.id)])
    lot = stock.Lot(command.lot, command.expiry, command.serial)
    cause = stock.Cause("put_away", line.order_id, line.id)
    left = command.quantity
    put: set[str] = set()
    for disposition in _to_put_away(work, line.id, command, target):
        if not left:
            break  # the rest stays where it is, in its own tote
        units = min(left, disposition.quantity - disposition.put_away)
        effect = EFFECTS[disposition.kind]
        status = "quarantine" if disposition.posted < disposition.quantity else effect.status
        place = stock.Place(status, disposition.bin_id, command.container_id or disposition.container_id)
        stock.transfer(work, order.site_id, item, units, place, stock.Place(status, target.id), cause, lot)
        work.count(disposition, put_away=units)
        disposition.bin_id, disposition.container_id = target.id, ""
        settle(work, order, disposition, item)
        put.add(effect.status if disposition.posted >= disposition.put_away else "quarantine")
        left -= units
    if left:
        # Nothing was decided for these: they only change place, and stay what they are.
        put.add("quarantine")
        place = stock.Place("quarantine", "", command.container_id)
        stock.transfer(work, order.site_id, item, left, place, stock.Place("quarantine", target.id), cause, lot)
    work.record(
        GoodsPutAway(site_id=order.site_id, line_id=line.id, quantity=command.quantity, bin_id=target.id), order.id
    )
    wrong = x07.found(work, target, item.id, order.id, line.id, put)
    returns.progress(work, order)
    return conflicts.outcome_of([wrong]) if wrong else None


def move_container(work: Work, command: MoveContainer) -> Outcome | None:
    """Everything in it changes bin; what was to be put away in that kind of zone is put away."""
    container = container_or_stub(work, command.container_id)
    work.allow("put_away", container.site_id, fact=True)
    target = work.seek(Bin, command.bin_id)
    if target is None or container.site_id not in ("", target.site_id):
        args = msgspec.structs.asdict(command)
        return conflicts.outcome_of([x18.found_bin(work, container.site_id, command.bin_id, "move_container", args)])
    if container.bin_id == target.id:
        return Outcome("noop")
    site_id = container.site_id or target.site_id
    orders: dict[str, returns.ReturnOrder] = {}
    for balance in stock.contents(work, container.id):
        stock.move(
            work, site_id, work.get(Item, balance.item_id), balance.quantity,
            stock.Place(balance.status, balance.bin_id, container.id), stock.Place(balance.status, target.id, container.id),
            stock.Cause("move"), stock.Lot(balance.lot, balance.expiry, balance.serial),
        )  # fmt: skip
    before, container.bin_id = container.bin_id, target.id
    work.record(ContainerMoved(site_id=site_id, bin_id=target.id, from_bin_id=before), container.id)
    for disposition in work.find(Disposition, Disposition.container_id == container.id, Disposition.state != "void"):
        disposition.bin_id = target.id
        if target.kind in EFFECTS[disposition.kind].zones and disposition.put_away < disposition.quantity:
            work.count(disposition, put_away=disposition.quantity - disposition.put_away)
            order = orders.setdefault(disposition.order_id, work.get(returns.ReturnOrder, disposition.order_id))
            work.record(
                GoodsPutAway(
                    site_id=site_id, line_id=disposition.line_id, quantity=disposition.quantity, bin_id=target.id
                ),
                order.id,
            )
            settle(work, order, disposition, work.get(Item, disposition.item_id))
    for order in orders.values():
        returns.progress(work, order)
    put: dict[str, set[str]] = {}
    for balance in stock.contents(work, container.id):
        if balance.quantity > 0:
            put.setdefault(balance.item_id, set()).add(balance.status)
    return conflicts.outcome_of(
        [case for item_id in sorted(put) if (case := x07.found(work, target, item_id, "", "", put[item_id]))]
    )


def send_away(work: Work, command: SendAway) -> None:
    """Scrapped, sent to the vendor, sent back to the customer; for an exchange, the replacement leaves sellable stock."""
    disposition = work.get(Disposition, command.disposition_id)
    work.allow("send_away", disposition.site_id)
    effect = EFFECTS[disposition.kind]
    if not effect.gone:
        raise WrongState("These goods stay in the building.", kind=disposition.kind)
    if disposition.sent + command.quantity > disposition.posted or command.quantity <= 0:
        raise Invalid(f"{disposition.posted - disposition.sent} are ready to leave.", field="quantity")
    item = work.get(Item, disposition.item_id)
    source = stock.Place(
        "sellable" if disposition.kind == "exchange" else effect.status, disposition.bin_id, disposition.container_id
    )
    if disposition.kind == "exchange" and availability.units(work, disposition.site_id, item.id) < command.quantity:
        raise WrongState("No sellable unit of this item is here to send as a replacement.", item_id=item.id)
    lot = (
        stock.Lot()
        if disposition.kind == "exchange"
        else stock.Lot(disposition.lot, disposition.expiry, disposition.serial)
    )
    stock.transfer(
        work, disposition.site_id, item, command.quantity, source, stock.Place(effect.gone),
        stock.Cause("send_away", disposition.order_id, disposition.line_id), lot,
        only=availability.may_leave(work) if disposition.kind == "exchange" else None,
    )  # fmt: skip
    work.count(disposition, sent=command.quantity)
    disposition.replacement = command.reference if disposition.kind == "exchange" else disposition.replacement
    work.record(
        GoodsSentAway(
            site_id=disposition.site_id, disposition_id=disposition.id, kind=disposition.kind, quantity=command.quantity,
            reference=command.reference,
        ),
        disposition.order_id,
    )  # fmt: skip


def settle(work: Work, order: "returns.ReturnOrder", disposition: Disposition, item: Item) -> None:
    """Posts as much of a disposition as may be posted now; asked again after each approval, put-away and resolution."""
    if disposition.state not in ("decided", "posted") or conflicts.blocked(work, order.id):
        return
    if order.status == "on_hold" or not (order.authorised or disposition.kind == "return_to_customer"):
        return
    ready = disposition.put_away if disposition.kind == "restock" else disposition.quantity
    units = min(ready, disposition.quantity) - disposition.posted
    if units <= 0:
        return
    target = EFFECTS[disposition.kind].status
    source = stock.Place("quarantine", disposition.bin_id, disposition.container_id)
    lot = stock.Lot(disposition.lot, disposition.expiry, disposition.serial)
    for taken, place, kind in stock.take(work, order.site_id, item, units, source, lot):
        stock.move(
            work, order.site_id, item, taken, place, stock.Place(target, place.bin_id, place.container_id),
            stock.Cause("dispose", order.id, disposition.line_id), kind,
        )  # fmt: skip
        if target == "sellable":
            hand_overs.begin(work, disposition, item, taken, place, kind)
    work.count(disposition, posted=units)
    if disposition.posted == disposition.quantity:
        disposition.state = "posted"
    work.count(work.get(returns.ReturnLine, disposition.line_id), closed=units)
    work.record(
        DispositionPosted(
            site_id=order.site_id, line_id=disposition.line_id, disposition_id=disposition.id, kind=disposition.kind,
            quantity=units,
        ),
        order.id,
    )  # fmt: skip


def settle_order(work: Work, order: "returns.ReturnOrder") -> None:
    for disposition in work.find(Disposition, Disposition.order_id == order.id, Disposition.state == "decided"):
        settle(work, order, disposition, work.get(Item, disposition.item_id))


def decided_for(work: Work, line: "returns.ReturnLine", kind: Kind, quantity: int, reason: str) -> Disposition:
    """A supervisor's decision over goods that stand in quarantine, inspected or not. It posts when its order lets it."""
    disposition = work.add(
        Disposition, site_id=line.site_id, order_id=line.order_id, line_id=line.id, item_id=line.item_id, quantity=quantity,
        kind=kind, state="decided", reason=reason, mutation_id=work.cause, device_id=work.device_id, by=work.actor.id,
        decided_by=work.actor.id, made_at=work.made_at, at=work.now,
    )  # fmt: skip
    work.count(line, disposed=quantity)
    work.record(
        DispositionDecided(
            site_id=line.site_id, line_id=line.id, disposition_id=disposition.id, kind=kind, quantity=quantity
        ),
        line.order_id,
    )
    return disposition


def of_line(work: Work, line_id: str) -> list[Disposition]:
    """In the order in which they came."""
    return work.find(Disposition, Disposition.line_id == line_id, order_by=(Disposition.at, Disposition.id))


def policy_of(work: Work, type_code: str) -> dict[str, Any]:
    kind = work.first(ReturnType, ReturnType.code == type_code) if type_code else None
    return kind.policy if kind else {}


def _into(work: Work, command: Dispose, item: Item, quantity: int) -> None:
    """The goods are put into the tote of this outcome."""
    tote = container_or_stub(work, command.to_container_id)
    lot = stock.Lot(command.lot, command.expiry, command.serial)
    for units, place, kind in stock.take(
        work, command.site_id, item, quantity, stock.Place("quarantine", "", command.container_id), lot
    ):
        # A tote without a bin of its own stands where its first goods stood.
        tote.bin_id = tote.bin_id or place.bin_id
        stock.move(
            work, command.site_id, item, units, place, stock.Place("quarantine", tote.bin_id, tote.id),
            stock.Cause("move", "", command.line_id), kind,
        )  # fmt: skip


def _to_put_away(work: Work, line_id: str, command: PutAway, target: Bin) -> list[Disposition]:
    waiting = [
        each
        for each in work.find(
            Disposition, Disposition.line_id == line_id, Disposition.state != "void", order_by=Disposition.id
        )
        if each.put_away < each.quantity
        and (not command.serial or each.serial in ("", command.serial))
        and target.kind in EFFECTS[each.kind].zones
    ]
    return sorted(waiting, key=lambda each: each.container_id != command.container_id)


ZONES: dict[str, tuple[str, ...]] = {
    "quarantine": ("quarantine", "dock", "unclaimed", "exception", "hazard", "defective", "repair", "scrap", "vendor"),
    "held": ("quarantine", "exception"),
} | {effect.status: effect.zones for effect in EFFECTS.values()}
"""Where goods of each status may stand. Quarantine may wait anywhere but among what is for sale."""


def fits(bin: Bin, status: str) -> bool:
    return bin.kind in ZONES.get(status, (bin.kind,))


def home_of(status: str) -> str:
    """The kind of zone where goods of this status belong first."""
    return ZONES.get(status, ("exception",))[0]
