"""Parcels: what arrives at the dock, signed for by waybill before anyone knows whose it is."""

from typing import Any, Literal

from sqlmodel import Field

from . import photos, returns, tasks
from .catalog import Customer, Site
from .conflict_rules import x09
from .errors import Invalid, NotAllowed, WrongState
from .events import (
    LoadClosed,
    ParcelBound,
    ParcelClaimed,
    ParcelClosed,
    ParcelDamaged,
    ParcelOpened,
    ParcelRefused,
    ParcelSettled,
    ParcelSigned,
    ParcelUnclaimed,
)  # fmt: skip
from .model import CODE, Command, Outcome, Table, found_by_its_end, integer, json_list, moment, ref
from .numbers import waybill_of
from .people import Person
from .permissions import PERMISSIONS
from .work import Work

DAY = 86_400_000


class Parcel(Table, table=True):
    """The id comes from carrier and waybill, so two handhelds that sign it make one parcel."""

    site_id: str = ref()
    carrier: str = ""  # the carrier's code, '' unknown
    waybill: str = Field(default="", index=True, sa_type=CODE)
    state: str = "signed"  # signed | opened | done | unclaimed | claimed | refused
    load_id: str = ""
    door_id: str = ""  # the dock bin
    signed_by: str = ""
    signed_at: int = moment()
    signed_count: int = integer()  # how often it was signed for; 2 is 'already signed', never a second parcel
    opened_at: int = moment()
    unclaimed_at: int = moment()
    closed_at: int = moment()  # done, claimed or refused: nothing more is expected of it
    order_ids: list[Any] = json_list()  # the return orders it brought
    claimed_by: str = ""
    refused_reason: str = ""
    damage: str = ""
    photos: list[Any] = json_list()  # [{sha256, kind}]
    note: str = ""


found_by_its_end(Parcel.waybill)


class Load(Table, table=True):
    """One carrier's hand-over at the dock: what was counted against what the carrier's list says."""

    site_id: str = ref()
    carrier: str = ""
    counted: int = integer()
    listed: int = integer(-1)  # -1: the carrier had no list
    closed_at: int = moment()
    closed_by: str = ""


class SignParcel(Command, frozen=True):
    parcel_id: str
    site_id: str
    waybill: str
    carrier: str = ""
    load_id: str = ""
    door_id: str = ""


class RefuseParcel(Command, frozen=True):
    parcel_id: str
    reason: str


class NoteDamage(Command, frozen=True):
    parcel_id: str
    damage: str
    photos: list[dict[str, str]] = []


class CloseLoad(Command, frozen=True):
    load_id: str
    site_id: str
    carrier: str
    counted: int
    listed: int = -1


class OpenParcel(Command, frozen=True):
    parcel_id: str


class BindParcel(Command, frozen=True):
    """The parcel brings goods of this order; two orders in one parcel are two bindings."""

    parcel_id: str
    order_id: str


class CloseParcel(Command, frozen=True):
    """Everything in it was scanned, or it was empty, which needs a photo. `unclaimed`: nobody knows whose it is."""

    parcel_id: str
    empty: bool = False
    unclaimed: bool = False
    photos: list[dict[str, str]] = []


class ClaimParcel(Command, frozen=True):
    """认领: this parcel's goods belong to this order (an approved one, or a new one of this customer)."""

    parcel_id: str
    order_id: str = ""
    customer_id: str = ""


class SettleUnclaimed(Command, frozen=True):
    """Nobody claimed it in the time its site gives: what its rule says becomes of the goods, or, where it asks, what somebody says.

    keep 留用: the house takes them, after a review like any other return. send_back 退回: a handheld is asked to give them back.
    """

    parcel_id: str
    how: Literal["keep", "send_back"]
    note: str = ""


def sign_parcel(work: Work, command: SignParcel) -> Outcome | None:
    parcel = work.seek(Parcel, command.parcel_id)
    work.allow("sign_for", (parcel and parcel.site_id) or command.site_id, fact=True)
    if parcel is not None and parcel.signed_at:
        # The same parcel under two scanners, or under one scanner twice: counted and shown, never a second parcel.
        work.count(parcel, signed_count=1)
        return Outcome("noop", code="already_signed")
    values = {
        "site_id": command.site_id,
        "carrier": command.carrier,
        "waybill": waybill_of(command.waybill),
        "load_id": command.load_id,
        "door_id": command.door_id,
        "signed_by": work.actor.id,
        "signed_at": work.now,
        "signed_count": 1,
    }
    if parcel is None:
        work.add(Parcel, id=command.parcel_id, **values)
    else:  # opened on another handheld, whose work arrived first
        for name, value in values.items():
            setattr(parcel, name, value)
    work.record(ParcelSigned(site_id=command.site_id, waybill=command.waybill), command.parcel_id)
    return None


def refuse_parcel(work: Work, command: RefuseParcel) -> None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("sign_for", parcel.site_id, fact=True)
    parcel.state = "refused"
    parcel.closed_at = work.now
    parcel.refused_reason = command.reason
    work.record(ParcelRefused(site_id=parcel.site_id, reason=command.reason), parcel.id)


def note_damage(work: Work, command: NoteDamage) -> None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("sign_for", parcel.site_id, fact=True)
    parcel.damage = command.damage
    parcel.photos = [*parcel.photos, *command.photos]
    photos.expect(work, command.photos, "Parcel", parcel.id, site_id=parcel.site_id)
    work.record(ParcelDamaged(site_id=parcel.site_id, damage=command.damage), parcel.id)


def close_load(work: Work, command: CloseLoad) -> Outcome | None:
    work.allow("sign_for", command.site_id, fact=True)
    if work.seek(Load, command.load_id):
        return Outcome("noop")
    work.add(
        Load,
        id=command.load_id,
        site_id=command.site_id,
        carrier=command.carrier,
        counted=command.counted,
        listed=command.listed,
        closed_at=work.now,
        closed_by=work.actor.id,
    )
    work.record(
        LoadClosed(site_id=command.site_id, carrier=command.carrier, counted=command.counted, listed=command.listed),
        command.load_id,
    )
    return None


def open_parcel(work: Work, command: OpenParcel) -> Outcome | None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("receive", parcel.site_id, fact=True)
    if parcel.state != "signed":
        return Outcome("noop")
    parcel.state = "opened"
    parcel.opened_at = work.now
    work.record(ParcelOpened(site_id=parcel.site_id), parcel.id)
    return None


def bind_parcel(work: Work, command: BindParcel) -> Outcome | None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("receive", parcel.site_id, fact=True)
    if command.order_id in parcel.order_ids:
        return Outcome("noop")
    parcel.order_ids = [*parcel.order_ids, command.order_id]
    work.record(ParcelBound(site_id=parcel.site_id, order_id=command.order_id), parcel.id)
    return None


def close_parcel(work: Work, command: CloseParcel) -> None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("receive", parcel.site_id, fact=True)

    if command.empty and not command.photos:
        raise Invalid("An empty parcel needs a photo.", field="photos")

    parcel.photos = [*parcel.photos, *command.photos]
    photos.expect(work, command.photos, "Parcel", parcel.id, site_id=parcel.site_id)
    if command.unclaimed and parcel.state != "claimed":
        parcel.state = "unclaimed"
        parcel.closed_at = 0
        parcel.unclaimed_at = parcel.unclaimed_at or work.now
        for order in returns.orders_of(work, parcel.order_ids):
            if order.origin == "without_order" and not order.customer_id:
                order.origin = "unclaimed"
        work.record(ParcelUnclaimed(site_id=parcel.site_id), parcel.id)
    elif parcel.state != "unclaimed":
        parcel.state = "done"
        parcel.closed_at = work.now
    if command.empty:
        parcel.note = "empty"
    work.record(ParcelClosed(site_id=parcel.site_id, empty=command.empty), parcel.id)


def claim_parcel(work: Work, command: ClaimParcel) -> Outcome | None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("claim_parcel", parcel.site_id)

    if parcel.state == "claimed":
        if parcel.claimed_by == work.actor.id:
            return Outcome("noop")
        first = work.look(Person, parcel.claimed_by)
        raise WrongState(
            f"{first.name if first else 'Somebody'} has claimed this parcel already.", by=parcel.claimed_by
        )
    if parcel.state != "unclaimed":
        raise WrongState("Only an unclaimed parcel can be claimed.", state=parcel.state)
    if not command.order_id and not command.customer_id:
        raise Invalid("Say whose parcel it is: a return order or a customer.", field="customer_id")
    _own_customers(work, parcel, command)

    for order in returns.orders_of(work, parcel.order_ids):
        if order.origin == "unclaimed":
            if command.order_id:
                returns.hand_over_lines(work, order, work.get(returns.ReturnOrder, command.order_id))
            else:
                order.origin = "without_order"
                order.customer_id = command.customer_id
                order.content += 1
                x09.found_in(work, order)
    parcel.state = "claimed"
    parcel.closed_at = work.now
    parcel.claimed_by = work.actor.id
    if command.order_id and command.order_id not in parcel.order_ids:
        parcel.order_ids = [*parcel.order_ids, command.order_id]
    work.record(ParcelClaimed(site_id=parcel.site_id, order_id=command.order_id), parcel.id)
    return None


def settle_unclaimed(work: Work, command: SettleUnclaimed) -> Outcome | None:
    parcel = _parcel(work, command.parcel_id)
    work.allow("settle_unclaimed", parcel.site_id)
    if parcel.state == "done" and parcel.note == command.how:
        return Outcome("noop")
    if parcel.state != "unclaimed":
        raise WrongState("Only a parcel that nobody has claimed can be settled.", state=parcel.state)
    site = work.get(Site, parcel.site_id)
    if parcel.unclaimed_at + site.unclaimed_days * DAY > work.now:
        raise WrongState(
            f"This site waits {site.unclaimed_days} days for somebody to claim a parcel.", days=site.unclaimed_days
        )
    if site.unclaimed_rule not in ("ask", command.how):
        raise WrongState("This site's rule for unclaimed parcels is another one.", rule=site.unclaimed_rule)

    orders = [order for order in returns.orders_of(work, parcel.order_ids) if order.origin == "unclaimed"]
    for order in orders:
        if command.how == "keep":
            order.origin = "without_order"
            order.submitted_by, order.submitted_at = work.actor.id, work.now
            order.content += 1
        else:
            tasks.send(work, "refuse", parcel.site_id, question=command.note or parcel.waybill, order_id=order.id)
    parcel.state, parcel.note = "done", command.how
    parcel.closed_at = work.now
    work.record(ParcelSettled(site_id=parcel.site_id, how=command.how), parcel.id)
    return None


def _own_customers(work: Work, parcel: Parcel, command: ClaimParcel) -> None:
    """Sales claim for their own customers; whoever may claim in another role, for all."""
    rights = [right for right in work.actor.rights if not right.past and right.covers(parcel.site_id, "")]
    if work.actor.system or any(
        right.role in PERMISSIONS["claim_parcel"] and right.role != "sales" for right in rights
    ):
        return
    order = work.look(returns.ReturnOrder, command.order_id)
    customer = work.look(Customer, order.customer_id if order else command.customer_id)
    filed = order is not None and order.filed_by == work.actor.id
    if not filed and (customer is None or customer.sales_person_id != work.actor.id):
        raise NotAllowed("You claim parcels for your own customers.", action="claim_parcel")


def _parcel(work: Work, parcel_id: str) -> Parcel:
    """A fact may speak of a parcel that another handheld signed for and has not sent yet: a stub, filled when it does."""
    return work.seek(Parcel, parcel_id) or work.add(Parcel, id=parcel_id, site_id=work.site_id, state="signed")
