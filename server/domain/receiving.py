"""Receiving by scan: each scan is a fact, counted, and stands in quarantine whatever became of the order."""

from sqlmodel import Field

from .model import Command, Table, integer, moment, ref


class Receipt(Table, table=True):
    """One scan, or one typed quantity, at the dock. The id is the device's, so a replay is the same receipt."""

    site_id: str = ref()
    order_id: str = ref()
    line_id: str = ref()
    parcel_id: str = ref()
    container_id: str = ""
    bin_id: str = ""
    item_id: str = ref()
    quantity: int = integer()
    unreceived: int = integer()  # taken back by undo or correction
    lot: str = ""
    expiry: str = ""
    serial: str = Field(default="", index=True)
    text: str = ""  # exactly what the scanner sent
    symbology: str = ""
    catalogue_revision: int = integer()
    customer_id: str = ""
    mutation_id: str = ref()
    device_id: str = ""
    by: str = ""
    made_at: int = moment()  # the device's clock: a claim
    at: int = moment()


class ScanItem(Command):
    """`line_id` of a line nobody planned is derived from order and item (see `line_of`)."""

    receipt_id: str
    order_id: str
    line_id: str
    site_id: str
    parcel_id: str = ""
    item_id: str = ""
    quantity: int = 1
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    text: str = ""
    symbology: str = ""
    catalogue_revision: int = 0
    container_id: str = ""
    bin_id: str = ""


class Unreceive(Command):
    """Undo of a scan, or a correction before completion: a compensating fact, never an erasure."""

    receipt_id: str
    quantity: int
    reason: str = ""


class MapBarcode(Command):
    """An unknown code is this item (from now on, and for every line like it)."""

    barcode_id: str
    text: str
    item_id: str
    quantity: int = 1
