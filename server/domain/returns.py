"""Return orders 退库单 and their lines, from draft to completed."""

from typing import Any, Literal, TypeVar

from sqlmodel import Field

from . import conflicts, dispositions, edits, inspections, losses, outbound_claims, receiving, replies, told
from .catalog import ReturnType, Site
from .conflict_rules import x01, x04, x09, x11, x16, x18
from .documents import Document, DocumentRequest
from .errors import Duplicate, Invalid, NotAllowed, Stale, Waiting, WrongState
from .events import (
    DocumentAsked,
    LineSettledShort,
    ReturnAmended,
    ReturnApproved,
    ReturnCancelled,
    ReturnCompleted,
    ReturnCreated,
    ReturnEdited,
    ReturnHeld,
    ReturnOpenedWithoutOrder,
    ReturnRejected,
    ReturnReleased,
    ReturnReopened,
    ReturnSubmitted,
    ReturnTaken,
)  # fmt: skip
from .model import CODE, Command, Outcome, Table, found_by_its_end, integer, json_list, long_text, moment, ref
from .work import Work


class ReturnOrder(Table, table=True):
    number: str = Field(default="", index=True, sa_type=CODE)
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


found_by_its_end(ReturnOrder.number)


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


class LineDraft(Command, frozen=True):
    line_id: str
    item_id: str
    quantity: int
    outbound_line_id: str = ""
    unit_amount: int = 0
    lot: str = ""
    serials: list[str] = []
    note: str = ""


class CreateReturn(Command, frozen=True):
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


class EditReturn(Command, frozen=True):
    """Three-way merged per field: `set` the new values, `was` the values this person saw."""

    id: str
    set: dict[str, Any]
    was: dict[str, Any] = {}


class EditReturnLine(Command, frozen=True):
    id: str
    set: dict[str, Any]
    was: dict[str, Any] = {}


class AddReturnLine(Command, frozen=True):
    order_id: str
    line: LineDraft


class RemoveReturnLine(Command, frozen=True):
    """`was`: the values this person saw. A line that others have changed since is not struck unseen (X11)."""

    line_id: str
    was: dict[str, Any] = {}


class SubmitReturn(Command, frozen=True):
    order_id: str


class ApproveReturn(Command, frozen=True):
    """`content` is what the reviewer saw; 0 does not ask."""

    order_id: str
    content: int = 0
    note: str = ""


class RejectReturn(Command, frozen=True):
    order_id: str
    reason: str
    content: int = 0


class AskForDocument(Command, frozen=True):
    """One paper of a return that waits for its review is asked for again; the review goes on when it is there."""

    order_id: str
    kind: Literal["outbound_order", "sales_contract", "inspection_report", "return_application", "photo", "other"]
    note: str = ""


class AmendReturn(Command, frozen=True):
    """An approved order goes back to draft as a new revision, to be reviewed again."""

    order_id: str
    reason: str


class CancelReturn(Command, frozen=True):
    """`was`: the values this person saw. A return that others have changed since is not cancelled unseen (X11)."""

    order_id: str
    reason: str
    was: dict[str, Any] = {}


class HoldReturn(Command, frozen=True):
    order_id: str
    reason: str


class ReleaseReturn(Command, frozen=True):
    order_id: str


class TakeTask(Command, frozen=True):
    """A person on the floor says: this return is mine to receive."""

    order_id: str


class OpenReturnWithoutOrder(Command, frozen=True):
    """无单收货: goods are here and no order is known. Receiving starts at once; approval comes later."""

    order_id: str
    number: str
    site_id: str
    parcel_id: str = ""
    customer_id: str = ""
    type_code: str = ""
    note: str = ""


class SettleShort(Command, frozen=True):
    """A supervisor says these will not come any more."""

    line_id: str
    quantity: int
    lost: bool = False
    reason: str = ""


class CompleteReturn(Command, frozen=True):
    order_id: str


TRANSITIONS: dict[tuple[str, str], str] = {
    ("draft", "submit"): "submitted",
    ("rejected", "submit"): "submitted",
    ("submitted", "approve"): "approved",
    ("submitted", "reject"): "rejected",
    ("approved", "amend"): "draft",
    ("rejected", "amend"): "draft",
    ("draft", "cancel"): "cancelled",
    ("submitted", "cancel"): "cancelled",
    ("rejected", "cancel"): "cancelled",
    ("approved", "cancel"): "cancelled",
}
"""What people decide. From `receiving` on the state is computed from the lines (see `progress`), never set."""

UNDER_WAY = ("receiving", "inspecting", "disposing", "completed")
OPEN_FOR_EDITS = ("draft", "rejected")


def after(status: str, action: str) -> str:
    found = TRANSITIONS.get((status, action))
    if found is None:
        raise WrongState(f"A return order that is {status.replace('_', ' ')} cannot be {_DONE[action]}.", status=status)
    return found


_DONE = {"submit": "submitted", "approve": "approved", "reject": "rejected", "amend": "amended", "cancel": "cancelled"}


# Filing


def create_return(work: Work, command: CreateReturn) -> Outcome | None:
    work.allow("file", command.site_id, command.owner_id)
    order = work.seek(ReturnOrder, command.order_id)
    if order is not None and not order.stub:
        return Outcome("noop")
    if command.type_code and not work.device_id and not _in_use(work, command.type_code):
        raise Invalid("This return type does not exist, or is not in use any more.", field="type_code")

    site = work.look(Site, command.site_id)
    values = {
        "number": command.number,
        "site_id": command.site_id,
        "owner_id": command.owner_id,
        "customer_id": command.customer_id,
        "type_code": command.type_code,
        "reason_code": command.reason_code,
        "note": command.note,
        "filed_by": work.actor.id,
        "created_at": work.now,
        "currency": site.currency if site else "CNY",
        "stub": False,
    }
    if order is None:
        order = work.add(ReturnOrder, id=command.order_id, **values)
    else:  # its goods arrived first, from another handheld
        for name, value in values.items():
            setattr(order, name, value)
        order.origin = "filed"
        order.status = order.status if order.status in UNDER_WAY else "draft"
    for draft in command.lines:
        put_line(work, order, draft)
    work.record(ReturnCreated(site_id=order.site_id, number=order.number), order.id)
    return _odd_papers(work, order)


def add_return_line(work: Work, command: AddReturnLine) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.order_id)
    if x04.decided_meanwhile(work, order):
        work.allow("file", order.site_id, order.owner_id)
        return Outcome("conflict", conflict_id=x04.added(work, order, command.line).id)
    order = editable(work, command.order_id)
    put_line(work, order, command.line)
    changed(work, order, ["lines"])
    return None


def edit_return(work: Work, command: EditReturn) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.id)
    work.allow("receive" if _names_sender(order, command) else "file", order.site_id, order.owner_id)
    outcome = edits.edit(
        work, order, command.set, command.was, open_for_edits=order.status in OPEN_FOR_EDITS, order=order
    )
    if "customer_id" in command.set:
        x09.found_in(work, order)
    return outcome


def _names_sender(order: ReturnOrder, command: EditReturn) -> bool:
    """Whoever opens a parcel without an order finds the slip that says whose it is, maybe only below the goods."""
    return (
        order.origin == "without_order" and command.set.keys() == {"customer_id"} and not command.was.get("customer_id")
    )


def edit_return_line(work: Work, command: EditReturnLine) -> Outcome | None:
    line = _intended(work, ReturnLine, command.id)
    order = work.get(ReturnOrder, line.order_id)
    work.allow("file", order.site_id, order.owner_id)
    return edits.edit(work, line, command.set, command.was, open_for_edits=order.status in OPEN_FOR_EDITS, order=order)


def remove_return_line(work: Work, command: RemoveReturnLine) -> Outcome | None:
    line = _intended(work, ReturnLine, command.line_id)
    order = work.get(ReturnOrder, line.order_id)
    if x04.decided_meanwhile(work, order) and not line.removed and not line.received:
        work.allow("file", order.site_id, order.owner_id)
        return Outcome("conflict", conflict_id=x04.struck(work, order, line).id)
    order = editable(work, line.order_id)
    if line.removed:
        return Outcome("noop")
    if line.received:
        raise WrongState("Goods of this line have been received; it stays.", received=line.received)
    if unseen := _unseen(line, command.was):
        return _removed_unseen(work, line, order, command.was, unseen)
    line.removed = True
    changed(work, order, ["lines"])
    return None


def submit_return(work: Work, command: SubmitReturn) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.order_id)
    work.allow("file", order.site_id, order.owner_id)
    if order.status == "submitted":
        return Outcome("noop")
    status = after(order.status, "submit")
    lines = lines_of(work, order.id)

    if not order.type_code:
        raise Invalid("A return order needs a return type.", field="type_code")
    if not lines:
        raise Invalid("A return order needs at least one line.", field="lines")
    if missing := missing_documents(work, order):
        raise Invalid("Documents are missing: " + ", ".join(missing) + ".", field="documents", missing=missing)
    outcome = outbound_claims.file_lines(work, order, lines)

    order.status = status
    order.submitted_by = work.actor.id
    order.submitted_at = work.now
    order.rejection = ""
    work.add(
        ReviewRound,
        order_id=order.id,
        site_id=order.site_id,
        revision=order.revision,
        submitted_by=work.actor.id,
        submitted_at=work.now,
    )
    work.record(ReturnSubmitted(site_id=order.site_id, revision=order.revision), order.id)
    return outcome


# Review


def approve_return(work: Work, command: ApproveReturn) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("review", order.site_id, order.owner_id)
    if order.authorised:
        return Outcome("noop")
    _as_seen(order, command.content)
    _four_eyes(work, order)

    if order.status in UNDER_WAY or order.origin in ("without_order", "imported"):
        if order.origin == "unclaimed":
            raise WrongState("Nobody has claimed these goods yet.", origin=order.origin)
    else:
        order.status = after(order.status, "approve")
    order.authorised = True
    order.rejection = ""
    order.reviewed_by = work.actor.id
    order.reviewed_at = work.now
    _close_round(work, order, "approved", command.note)
    work.record(ReturnApproved(site_id=order.site_id, note=command.note), order.id)
    _tell_filer(work, order, "approved", command.note)
    dispositions.settle_order(work, order)
    progress(work, order)
    return None


def reject_return(work: Work, command: RejectReturn) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("review", order.site_id, order.owner_id)
    if not command.reason.strip():
        raise Invalid("A rejection needs its reason.", field="reason")
    if order.status == "rejected" and order.rejection == command.reason:
        return Outcome("noop")
    _as_seen(order, command.content)
    _four_eyes(work, order)

    if order.status in UNDER_WAY:
        # The goods are here already: they stay in quarantine and can only go back or wait for another review.
        if order.authorised:
            raise WrongState("This return is approved and under way; put it on hold instead.", status=order.status)
    else:
        order.status = after(order.status, "reject")
        outbound_claims.give_back(work, order.id)
    order.rejection = command.reason
    order.reviewed_by = work.actor.id
    order.reviewed_at = work.now
    _close_round(work, order, "rejected", command.reason)
    work.record(ReturnRejected(site_id=order.site_id, reason=command.reason), order.id)
    _tell_filer(work, order, "rejected", command.reason)
    return None


def ask_for_document(work: Work, command: AskForDocument) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("review", order.site_id, order.owner_id)
    if order.status in ("draft", "cancelled", "completed"):
        raise WrongState("Papers are asked for while a return is under review or under way.", status=order.status)
    if any(asked.kind == command.kind for asked in asked_documents(work, order.id)):
        return Outcome("noop")
    work.add(
        DocumentRequest, site_id=order.site_id, order_id=order.id, kind=command.kind, note=command.note.strip()[:500],
        asked_by=work.actor.id, asked_at=work.now,
    )  # fmt: skip
    _tell_filer(work, order, "document_asked", command.note.strip()[:500])
    work.record(DocumentAsked(site_id=order.site_id, kind=command.kind, note=command.note.strip()[:500]), order.id)
    return None


def amend_return(work: Work, command: AmendReturn) -> None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("amend", order.site_id, order.owner_id)
    _reason(command.reason)
    order.status = after(order.status, "amend")
    outbound_claims.give_back(work, order.id)
    order.authorised = False
    order.revision += 1
    order.content += 1
    work.record(ReturnAmended(site_id=order.site_id, reason=command.reason, revision=order.revision), order.id)


def cancel_return(work: Work, command: CancelReturn) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.order_id)
    work.allow("cancel", order.site_id, order.owner_id)
    if order.status == "cancelled":
        return Outcome("noop")
    _reason(command.reason)
    if unseen := _unseen(order, command.was):
        return _removed_unseen(work, order, order, command.was, unseen)
    if any(line.received for line in lines_of(work, order.id)):
        raise WrongState(
            "Goods of this return have been received; it cannot be cancelled any more.", status=order.status
        )
    order.status = after(order.status, "cancel")
    outbound_claims.give_back(work, order.id)
    order.authorised = False
    order.cancelled_at = work.now
    work.record(ReturnCancelled(site_id=order.site_id, reason=command.reason), order.id)
    return None


def hold_return(work: Work, command: HoldReturn) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("hold", order.site_id, order.owner_id)
    _reason(command.reason)
    if order.status == "on_hold":
        return Outcome("noop")
    if order.status in ("completed", "cancelled"):
        raise WrongState("This return is closed.", status=order.status)
    order.held_status, order.status = order.status, "on_hold"
    work.record(ReturnHeld(site_id=order.site_id, reason=command.reason), order.id)
    return None


def release_return(work: Work, command: ReleaseReturn) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("hold", order.site_id, order.owner_id)
    if order.status != "on_hold":
        return Outcome("noop")
    order.status, order.held_status = order.held_status, ""
    work.record(ReturnReleased(site_id=order.site_id), order.id)
    x01.counted_again(work, order)
    dispositions.settle_order(work, order)
    progress(work, order)
    return None


# On the floor


def take_task(work: Work, command: TakeTask) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.order_id)
    work.allow("receive", order.site_id)
    if order.claimed_by == work.actor.id:
        return Outcome("noop")
    order.claimed_by = work.actor.id
    work.record(ReturnTaken(site_id=order.site_id), order.id)
    return None


def open_return_without_order(work: Work, command: OpenReturnWithoutOrder) -> Outcome | None:
    order = work.seek(ReturnOrder, command.order_id)
    work.allow("receive", order.site_id if order else command.site_id, fact=True)
    if order is not None and not order.stub:
        return Outcome("noop")
    site = work.look(Site, command.site_id)
    values = {
        "number": command.number,
        "site_id": command.site_id,
        "customer_id": command.customer_id,
        "type_code": command.type_code,
        "note": command.note,
        "origin": "without_order",
        "status": "receiving",
        "filed_by": work.actor.id,
        "created_at": work.now,
        "currency": site.currency if site else "CNY",
        "stub": False,
    }
    if order is None:
        order = work.add(ReturnOrder, id=command.order_id, **values)
    else:
        for name, value in values.items():
            setattr(order, name, value)
    work.record(ReturnOpenedWithoutOrder(site_id=order.site_id, number=order.number), order.id)
    progress(work, order)
    x09.found_in(work, order)  # its goods came first, from another handheld
    return _odd_papers(work, order)


def settle_short(work: Work, command: SettleShort, *, loss_id: str = "", difference_id: str = "") -> None:
    """Lost on their way, they are a loss case: somebody is asked for them."""
    line = work.get(ReturnLine, command.line_id)
    order = work.get(ReturnOrder, line.order_id)
    work.allow("settle_short", order.site_id)
    missing = line.expected - line.received - line.short - line.lost - line.refused
    if not 0 < command.quantity <= missing:
        raise Invalid(f"{missing} of this line are still expected.", field="quantity", missing=missing)
    work.count(line, **({"lost": command.quantity} if command.lost else {"short": command.quantity}))
    outbound_claims.give_back_units(work, line, command.quantity)
    if command.lost:
        losses.of_line(work, line, command.quantity, command.reason, id=loss_id, difference_id=difference_id)
    work.record(
        LineSettledShort(
            site_id=order.site_id, line_id=line.id, quantity=command.quantity, lost=command.lost, reason=command.reason
        ),
        order.id,
    )
    progress(work, order)


def complete_return(work: Work, command: CompleteReturn) -> Outcome | None:
    order = _intended(work, ReturnOrder, command.order_id)
    work.allow("complete", order.site_id)
    progress(work, order)
    if order.status == "completed":
        return Outcome("noop")
    if reasons := why_not_complete(work, order):
        raise WrongState("This return cannot be completed yet: " + "; ".join(reasons) + ".", reasons=reasons)
    _complete(work, order)
    return None


# What others ask of a return order


def lines_of(work: Work, order_id: str) -> list[ReturnLine]:
    return work.all(ReturnLine, order_id=order_id, removed=False)


def asked_documents(work: Work, order_id: str) -> list[DocumentRequest]:
    """Papers that were asked for and are not there yet."""
    return work.all(DocumentRequest, order_id=order_id, answered_at=0)


def orders_of(work: Work, order_ids: list[str]) -> list[ReturnOrder]:
    return [order for id in order_ids if (order := work.seek(ReturnOrder, id)) is not None]


def order_or_stub(work: Work, order_id: str, site_id: str) -> ReturnOrder:
    """Goods of an order that another handheld still holds: a stub counts them, and its creation fills it."""
    return work.seek(ReturnOrder, order_id) or work.add(
        ReturnOrder,
        id=order_id,
        site_id=site_id,
        status="receiving",
        origin="without_order",
        stub=True,
        created_at=work.now,
    )


def progress(work: Work, order: ReturnOrder) -> None:
    """Computes the state from the lines, from `receiving` on; a completed return that got more goods opens again."""
    if order.status not in ("approved", *UNDER_WAY):
        return
    lines = lines_of(work, order.id)
    if order.status == "approved" and not any(line.received or line.short or line.lost for line in lines):
        return
    before = order.status
    if any(line.expected > line.received + line.short + line.lost + line.refused for line in lines) or not lines:
        order.status = "receiving"
    elif any(line.inspected < line.received for line in lines):
        order.status = "inspecting"
    elif any(line.closed < line.received for line in lines) or not _all_expected(order, lines):
        order.status = "disposing"
    elif before != "completed":
        if conflicts.blocked(work, order.id):
            order.status = "disposing"
        else:
            _complete(work, order)
    if before == "completed" and order.status != "completed":
        order.completed_at = 0
        reopened(work, order)


def reopened(work: Work, order: ReturnOrder) -> None:
    """It is worked on again. Handhelds forgot it some time after it was closed, and are told of all that belongs to it."""
    work.record(ReturnReopened(site_id=order.site_id), order.id)
    for model in (
        ReturnLine, receiving.Receipt, inspections.Inspection, dispositions.Disposition, conflicts.Conflict, replies.Reply,
    ):  # fmt: skip
        for record in work.all(model, order_id=order.id):
            work.show(record)


def why_not_complete(work: Work, order: ReturnOrder) -> list[str]:
    """In words, each with its numbers; empty when nothing is left to do."""
    reasons = []
    if not order.authorised:
        reasons.append("it is not approved yet")
    if conflicts.blocked(work, order.id):
        reasons.append("a conflict waits for a supervisor")
    for line in lines_of(work, order.id):
        missing = line.expected - line.received - line.short - line.lost - line.refused
        if missing > 0:
            reasons.append(f"{missing} of {line.expected} have not arrived")
        elif line.inspected < line.received:
            reasons.append(f"{line.received - line.inspected} of {line.received} are not inspected")
        elif line.closed < line.received:
            reasons.append(f"{line.received - line.closed} of {line.received} have no posted disposition")
    return reasons


def missing_documents(work: Work, order: ReturnOrder) -> list[str]:
    kind = work.first(ReturnType, ReturnType.code == order.type_code)
    required = kind.policy.get("required_documents", []) if kind else []
    there = {document.kind for document in work.find(Document, Document.order_id == order.id)}
    return [each for each in required if each not in there]


def hand_over_lines(work: Work, source: ReturnOrder, target: ReturnOrder) -> None:
    """Goods that were received as nobody's now belong to this order: its lines take them, inspected or not."""
    if source.site_id != target.site_id:
        raise WrongState("That return order belongs to another site.", site_id=target.site_id)
    if target.status in ("draft", "submitted", "rejected", "cancelled"):
        raise WrongState("That return order is not approved.", status=target.status)
    wanted = lines_of(work, target.id)
    for line in lines_of(work, source.id):
        taker = next((each for each in wanted if each.item_id == line.item_id and line.item_id), line)
        counts = {name: getattr(line, name) for name in ("received", "inspected", "disposed", "closed")}
        if taker is line:
            line.order_id = target.id
        else:
            outbound_claims.received(work, line, -line.received)
            outbound_claims.received(work, taker, line.received)
            work.count(taker, **counts)
            work.count(line, **{name: -count for name, count in counts.items()})
            line.removed = True
        for model in (receiving.Receipt, inspections.Inspection, dispositions.Disposition):
            for record in work.all(model, line_id=line.id):
                record.order_id, record.line_id = target.id, taker.id
    source.status = "cancelled"
    source.cancelled_at = work.now
    source.note = (source.note + f"\n→ {target.number}").strip()
    x01.counted_again(work, target)
    progress(work, target)


def put_line(work: Work, order: ReturnOrder, draft: LineDraft) -> None:
    if draft.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity", line_id=draft.line_id)
    values = {
        "order_id": order.id,
        "site_id": order.site_id,
        "item_id": draft.item_id,
        "outbound_line_id": draft.outbound_line_id,
        "expected": draft.quantity,
        "unit_amount": draft.unit_amount,
        "lot": draft.lot,
        "serials": list(draft.serials),
        "note": draft.note,
        "stub": False,
    }
    line = work.seek(ReturnLine, draft.line_id)
    if line is None:
        work.add(ReturnLine, id=draft.line_id, **values)
    elif line.stub:
        for name, value in values.items():
            setattr(line, name, value)
    else:
        raise Duplicate("This line exists already.", line_id=draft.line_id)


def changed(work: Work, order: ReturnOrder, fields: list[str]) -> None:
    """What is reviewed is not what it was: an approval names what it saw."""
    order.content += 1
    work.record(ReturnEdited(site_id=order.site_id, fields=fields), order.id)


def editable(work: Work, order_id: str) -> ReturnOrder:
    order = _intended(work, ReturnOrder, order_id)
    work.allow("file", order.site_id, order.owner_id)
    if order.status not in OPEN_FOR_EDITS:
        raise WrongState("This return order is not a draft; amend it to change it.", status=order.status)
    return order


T = TypeVar("T", ReturnOrder, ReturnLine)


def _intended(work: Work, model: type[T], id: str) -> T:
    """An intention about something another handheld still holds waits for it, unless a supervisor forces it."""
    record = work.seek(model, id)
    if record is None or (record.stub and not work.forced):
        raise Waiting("This waits for what another handheld has not sent yet.", subject=id)
    return record


def _odd_papers(work: Work, order: ReturnOrder) -> Outcome | None:
    """A document made without network may bear a number that is taken, or a type that is not in use any more."""
    return conflicts.outcome_of(
        [case for case in (x16.found(work, order), x18.found_type(work, order), x18.found_reason(work, order)) if case]
    )


def _unseen(record: ReturnOrder | ReturnLine, was: dict[str, Any]) -> list[str]:
    return [name for name, value in was.items() if getattr(record, name, value) != value]


def _removed_unseen(
    work: Work, record: ReturnOrder | ReturnLine, order: ReturnOrder, was: dict[str, Any], unseen: list[str]
) -> Outcome:
    """Whoever is at a desk looks again; whoever was offline could not, and a supervisor decides."""
    if not work.device_id:
        raise Stale("Somebody has changed this since you looked. Look at it again.", fields=unseen)
    return Outcome("conflict", conflict_id=x11.removed_after(work, record, order, was).id)


def _in_use(work: Work, type_code: str) -> bool:
    kind = work.first(ReturnType, ReturnType.code == type_code)
    return kind is not None and kind.active


def _as_seen(order: ReturnOrder, content: int) -> None:
    if content and content != order.content:
        raise Stale("This return order was changed since you opened it. Look at it again.", content=order.content)


def _four_eyes(work: Work, order: ReturnOrder) -> None:
    if work.actor.id in (order.filed_by, order.submitted_by):
        raise NotAllowed("Whoever files a return order cannot approve or reject it.", order=order.number)


def _tell_filer(work: Work, order: ReturnOrder, what: str, words: str) -> None:
    for person_id in dict.fromkeys((order.submitted_by, order.filed_by)):
        told.tell(work, what, person_id=person_id, order_id=order.id, site_id=order.site_id, words=words)


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")


def _close_round(work: Work, order: ReturnOrder, decision: str, reason: str) -> None:
    waiting = work.first(ReviewRound, ReviewRound.order_id == order.id, ReviewRound.decision == "")
    if waiting is None:
        waiting = work.add(
            ReviewRound,
            order_id=order.id,
            site_id=order.site_id,
            revision=order.revision,
            submitted_by=order.filed_by,
            submitted_at=order.created_at,
        )
    waiting.decision = decision
    waiting.decided_by = work.actor.id
    waiting.decided_at = work.now
    waiting.reason = reason


def _all_expected(order: ReturnOrder, lines: list[ReturnLine]) -> bool:
    """Only an order that was filed says what to expect; others are completed by a person."""
    return order.authorised and order.origin == "filed" and any(line.expected for line in lines)


def _complete(work: Work, order: ReturnOrder) -> None:
    order.status = "completed"
    order.completed_at = work.now
    outbound_claims.give_back(work, order.id)
    work.record(ReturnCompleted(site_id=order.site_id), order.id)
