"""Dispositions 处理方式: what we do with inspected goods, each with its stock effect."""

from typing import Literal

from .model import Command, Table, integer, moment, ref

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
    replacement: str = ""  # the exchange's outbound number
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    decided_by: str = ""
    made_at: int = moment()
    at: int = moment()


class Dispose(Command):
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


class DecideDisposition(Command):
    """A proposed disposition is confirmed, or replaced by another kind, by somebody with the right."""

    disposition_id: str
    kind: Kind
    reason: str = ""


class PutAway(Command):
    """Units of a line, by hand, into a bin. Whole containers go by MoveContainer."""

    line_id: str
    site_id: str
    quantity: int
    bin_id: str
    container_id: str = ""  # where they were
    lot: str = ""
    expiry: str = ""
    serial: str = ""
