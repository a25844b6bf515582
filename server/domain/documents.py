"""Papers a return leans on: outbound orders with their lines, and linked documents."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Index
from sqlmodel import Field

from .model import CODE, Table, found_by_its_end, integer, json_dict, json_list, long_text, moment, ref


class OutboundOrder(Table, table=True):
    __table_args__ = (Index("ix_outboundorder_shipped", "site_id", "shipped_on"), {"sqlite_with_rowid": False})

    number: str = Field(default="", index=True, sa_type=CODE)
    site_id: str = ref()
    owner_id: str = ""
    customer_id: str = ref()
    platform_number: str = Field(default="", index=True, sa_type=CODE)
    waybill: str = Field(default="", index=True, sa_type=CODE)
    shipped_on: str = ""  # date
    shipped_at: int = moment()
    currency: str = "CNY"
    source: str = ""  # which import or link brought it


found_by_its_end(OutboundOrder.number, OutboundOrder.platform_number, OutboundOrder.waybill)


class OutboundLine(Table, table=True):
    outbound_id: str = ref()
    site_id: str = ""
    item_id: str = ref()
    line_number: int = integer()
    quantity: int = integer()
    returned: int = integer()  # counted by receipts
    posted: int = integer()  # units that have left the book of a site that keeps its own
    claimed: int = integer()  # reserved by who files; what may still be filed is quantity - returned - claimed
    unit_price: int = integer()
    lot: str = ""
    expiry: str = ""  # date
    spec: str = ""  # as the order says it
    serials: list[Any] = json_list()


class Document(Table, table=True):
    """A linked paper: kind outbound_order | sales_contract | inspection_report | return_application | photo | other."""

    site_id: str = ""
    order_id: str = ref()
    kind: str = ""
    number: str = ""
    date: str = ""
    blob: str = ""  # sha256 of the file, '' for a number alone
    added_by: str = ""
    added_at: int = moment()


class DocumentRequest(Table, table=True):
    """One paper of a return asked for again; answered by the next of its kind."""

    site_id: str = ref()
    order_id: str = ref()
    kind: str = ""
    note: str = long_text()
    asked_by: str = ""
    asked_at: int = moment()
    answered_at: int = moment()
    document_id: str = ""


class Photo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a mutation names it; its bytes come on their own."""

    sha256: str
    kind: Literal["label", "outer", "defect", "whole"] = "whole"


class Blob(Table, table=True):
    """A file by its SHA-256 (the id). The bytes lie in the data folder; originals are kept and never served."""

    size: int = integer()
    media_type: str = ""
    width: int = integer()
    height: int = integer()
    state: str = "stored"  # stored | shown (repainted copies exist) | unreadable
    looked: bool = Field(default=False, index=True)  # a worker has read its codes and compared it with the others
    device_id: str = ""
    stored_at: int = moment()


class Adjustment(Table, table=True):
    """A stock adjustment found in a foreign book: recorded with its words, not posted."""

    site_id: str = ref()
    item_id: str = ref()
    number: str = ""
    quantity: int = integer()
    reason: str = long_text()
    made_on: str = ""
    source: str = ""


class ImportRun(Table, table=True):
    """One file taken in, by its hash, and what became of each of its rows."""

    kind: str = ""
    file_name: str = ""
    sha256: str = ""
    rows: int = integer()
    outcomes: dict[str, Any] = json_dict()
    by: str = ""
    at: int = moment()
