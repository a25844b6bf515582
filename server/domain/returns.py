"""Return orders 退库单 and their lines, from draft to completed."""

from typing import Any

from sqlmodel import Field

from .model import Command, Table, integer, json_list, long_text, moment, ref


class ReturnOrder(Table, table=True):
    number: str = Field(default="", index=True)
    site_id: str = ref()
    owner_id: str = ""
    customer_id: str = ref()
    status: str = Field(default="draft", index=True)
    type_code: str = ""
    reason_code: str = ""
    note: str = long_text()
    origin: str = "filed"  # filed | without_order | unclaimed | imported
    authorised: bool = False  # approved: dispositions may free stock
    revision: int = integer(1)  # of the document: an amendment is a new one, reviewed again
    content: int = integer()  # counts every change of what is reviewed, so an approval names what it saw
    filed_by: str = ""
    submitted_by: str = ""
    submitted_at: int = moment()
    reviewed_by: str = ""
    reviewed_at: int = moment()
    rejection: str = ""
    claimed_by: str = ""  # who on the floor took the task
    created_at: int = moment()
    completed_at: int = moment()
    cancelled_at: int = moment()
    held_status: str = ""  # where it was when it was put on hold
    currency: str = "CNY"
    stub: bool = False  # goods arrived before the document; the document fills it
    match: list[Any] = json_list()  # imported without order: [{outbound_line_id, quantity, score, reasons}]


class ReturnLine(Table, table=True):
    """Quantities, not only a state. The id of a line made by a scan comes from order and item, so two handhelds make one."""

    order_id: str = ref()
    site_id: str = ref()
    item_id: str = ref()  # '' for goods nobody could identify yet; then `text` is what was scanned
    text: str = ""
    outbound_line_id: str = ref()
    expected: int = integer()
    received: int = integer()
    inspected: int = integer()
    disposed: int = integer()  # decided
    closed: int = integer()  # posted: nothing more to do with these units here
    short: int = integer()
    lost: int = integer()
    refused: int = integer()
    unit_amount: int = integer()
    lot: str = ""
    serials: list[Any] = json_list()
    note: str = ""
    removed: bool = False
    stub: bool = False


class ReviewRound(Table, table=True):
    """One submission and what became of it; every round is kept."""

    order_id: str = ref()
    site_id: str = ""
    revision: int = integer()
    submitted_by: str = ""
    submitted_at: int = moment()
    decision: str = ""  # '' waiting | approved | rejected
    decided_by: str = ""
    decided_at: int = moment()
    reason: str = long_text()


class LineDraft(Command):
    line_id: str
    item_id: str
    quantity: int
    outbound_line_id: str = ""
    unit_amount: int = 0
    lot: str = ""
    serials: list[str] = []
    note: str = ""


class CreateReturn(Command):
    """A draft, with its final number made on the device or by the desk."""

    order_id: str
    number: str
    site_id: str
    type_code: str
    customer_id: str = ""
    owner_id: str = ""
    reason_code: str = ""
    note: str = ""
    lines: list[LineDraft] = []


class EditReturn(Command):
    """Three-way merged per field: `set` the new values, `was` the values this person saw."""

    id: str
    set: dict[str, Any]
    was: dict[str, Any] = {}


class EditReturnLine(Command):
    id: str
    set: dict[str, Any]
    was: dict[str, Any] = {}


class AddReturnLine(Command):
    order_id: str
    line: LineDraft


class RemoveReturnLine(Command):
    line_id: str


class SubmitReturn(Command):
    order_id: str


class ApproveReturn(Command):
    """`content` is what the reviewer saw; 0 does not ask."""

    order_id: str
    content: int = 0
    note: str = ""


class RejectReturn(Command):
    order_id: str
    reason: str
    content: int = 0


class AmendReturn(Command):
    """An approved order goes back to draft as a new revision, to be reviewed again."""

    order_id: str
    reason: str


class CancelReturn(Command):
    order_id: str
    reason: str


class HoldReturn(Command):
    order_id: str
    reason: str


class ReleaseReturn(Command):
    order_id: str


class TakeTask(Command):
    """A person on the floor says: this return is mine to receive."""

    order_id: str


class OpenReturnWithoutOrder(Command):
    """无单收货: goods are here and no order is known. Receiving starts at once; approval comes later."""

    order_id: str
    number: str
    site_id: str
    parcel_id: str = ""
    customer_id: str = ""
    type_code: str = ""
    note: str = ""


class SettleShort(Command):
    """A supervisor says these will not come any more."""

    line_id: str
    quantity: int
    lost: bool = False
    reason: str = ""


class CompleteReturn(Command):
    order_id: str
