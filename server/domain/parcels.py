"""Parcels: what arrives at the dock, signed for by waybill before anyone knows whose it is."""

from typing import Any

from sqlmodel import Field

from .model import Command, Table, integer, json_list, moment, ref


class Parcel(Table, table=True):
    """The id comes from carrier and waybill, so two handhelds that sign it make one parcel."""

    site_id: str = ref()
    carrier: str = ""  # the carrier's code, '' unknown
    waybill: str = Field(default="", index=True)
    state: str = "signed"  # signed | opened | done | unclaimed | claimed | refused
    load_id: str = ""
    door_id: str = ""  # the dock bin
    signed_by: str = ""
    signed_at: int = moment()
    signed_count: int = integer()  # how often it was signed for; 2 is 'already signed', never a second parcel
    opened_at: int = moment()
    unclaimed_at: int = moment()
    order_ids: list[Any] = json_list()  # the return orders it brought
    claimed_by: str = ""
    refused_reason: str = ""
    damage: str = ""
    photos: list[Any] = json_list()  # [{sha256, kind}]
    note: str = ""


class Load(Table, table=True):
    """One carrier's hand-over at the dock: what was counted against what the carrier's list says."""

    site_id: str = ref()
    carrier: str = ""
    counted: int = integer()
    listed: int = integer(-1)  # -1: the carrier had no list
    closed_at: int = moment()
    closed_by: str = ""


class SignParcel(Command):
    parcel_id: str
    site_id: str
    waybill: str
    carrier: str = ""
    load_id: str = ""
    door_id: str = ""


class RefuseParcel(Command):
    parcel_id: str
    reason: str


class NoteDamage(Command):
    parcel_id: str
    damage: str
    photos: list[dict[str, str]] = []


class CloseLoad(Command):
    load_id: str
    site_id: str
    carrier: str
    counted: int
    listed: int = -1


class OpenParcel(Command):
    parcel_id: str


class BindParcel(Command):
    """The parcel brings goods of this order; two orders in one parcel are two bindings."""

    parcel_id: str
    order_id: str


class CloseParcel(Command):
    """Everything in it was scanned, or it was empty, which needs a photo. `unclaimed`: nobody knows whose it is."""

    parcel_id: str
    empty: bool = False
    unclaimed: bool = False
    photos: list[dict[str, str]] = []


class ClaimParcel(Command):
    """认领: this parcel's goods belong to this order (an approved one, or a new one of this customer)."""

    parcel_id: str
    order_id: str = ""
    customer_id: str = ""
