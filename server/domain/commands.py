"""THE TABLE: every command's name, its function and its policy. A new mutation is one line here, its noun's file, and its twin in
`web/src/lib/mutations.ts`.

Adds     facts and ledger deltas: always recorded, never refused for what became of the world meanwhile
Edits    per field, three-way merged
Decides  a state transition: already so is nothing, changed since the person looked is stale, else applied
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from . import (
    alerts,
    conflicts,
    containers,
    correspondence,
    costs,
    counts,
    demotions,
    differences,
    dispositions,
    errors,
    hand_overs,
    held,
    inspections,
    losses,
    lot_holds,
    messages,
    nouns,
    number_reports,
    outbound_claims,
    own_book,
    parcels,
    putting_back,
    receiving,
    replies,
    returns,
    tasks,
)  # fmt: skip
from .events import StockMoved
from .model import Command, Outcome
from .records import Mutation
from .work import Work

Policy = Literal["Adds", "Edits", "Decides"]


class Entry(NamedTuple):
    struct: type[Command]
    run: Callable[[Work, Any], Outcome | None]
    policy: Policy
    device: bool
    """Whether a handheld may send it; the rest needs the server's answer before anyone goes on."""


def _table() -> dict[str, Entry]:
    p, r, c, i, d, x, a, t = parcels, receiving, containers, inspections, dispositions, conflicts, alerts, returns
    h, o, n, k, f, s = held, outbound_claims, nouns, tasks, differences, losses
    return {
        "sign_parcel": Entry(p.SignParcel, p.sign_parcel, "Adds", True),
        "refuse_parcel": Entry(p.RefuseParcel, p.refuse_parcel, "Adds", True),
        "note_damage": Entry(p.NoteDamage, p.note_damage, "Adds", True),
        "close_load": Entry(p.CloseLoad, p.close_load, "Adds", True),
        "open_parcel": Entry(p.OpenParcel, p.open_parcel, "Adds", True),
        "bind_parcel": Entry(p.BindParcel, p.bind_parcel, "Adds", True),
        "close_parcel": Entry(p.CloseParcel, p.close_parcel, "Adds", True),
        "claim_parcel": Entry(p.ClaimParcel, p.claim_parcel, "Decides", False),
        "settle_unclaimed": Entry(p.SettleUnclaimed, p.settle_unclaimed, "Decides", False),
        "use_container": Entry(c.UseContainer, c.use_container, "Adds", True),
        "move_container": Entry(c.MoveContainer, d.move_container, "Adds", True),
        "open_return_without_order": Entry(t.OpenReturnWithoutOrder, t.open_return_without_order, "Adds", True),
        "scan_item": Entry(r.ScanItem, r.scan_item, "Adds", True),
        "unreceive": Entry(r.Unreceive, r.unreceive, "Adds", True),
        "map_barcode": Entry(r.MapBarcode, r.map_barcode, "Decides", True),
        "inspect": Entry(i.Inspect, i.inspect, "Adds", True),
        "dispose": Entry(d.Dispose, d.dispose, "Decides", True),
        "decide_disposition": Entry(d.DecideDisposition, d.decide_disposition, "Decides", False),
        "put_away": Entry(d.PutAway, d.put_away, "Adds", True),
        "open_stock": Entry(own_book.OpenStock, own_book.open_stock, "Adds", False),
        "record_shipment": Entry(own_book.RecordShipment, own_book.record_shipment, "Adds", False),
        "acknowledge_hand_overs": Entry(
            hand_overs.AcknowledgeHandOvers, hand_overs.acknowledge_hand_overs, "Decides", False
        ),
        "hold_lot": Entry(lot_holds.HoldLot, lot_holds.hold_lot, "Decides", False),
        "release_lot": Entry(lot_holds.ReleaseLot, lot_holds.release_lot, "Decides", False),
        "report_number": Entry(number_reports.ReportNumber, number_reports.report_number, "Adds", False),
        "set_unit_cost": Entry(costs.SetUnitCost, costs.set_unit_cost, "Decides", False),
        "send_away": Entry(d.SendAway, d.send_away, "Decides", False),
        "count_bin": Entry(counts.CountBin, counts.count_bin, "Adds", True),
        "read_message": Entry(messages.ReadMessage, messages.read_message, "Adds", True),
        "answer_task": Entry(k.AnswerTask, k.answer_task, "Adds", True),
        "take_task": Entry(t.TakeTask, t.take_task, "Decides", True),
        "complete_return": Entry(t.CompleteReturn, t.complete_return, "Decides", True),
        "create_return": Entry(t.CreateReturn, t.create_return, "Decides", True),
        "edit_return": Entry(t.EditReturn, t.edit_return, "Edits", True),
        "edit_return_line": Entry(t.EditReturnLine, t.edit_return_line, "Edits", True),
        "add_return_line": Entry(t.AddReturnLine, t.add_return_line, "Decides", True),
        "remove_return_line": Entry(t.RemoveReturnLine, t.remove_return_line, "Decides", True),
        "create_record": Entry(n.CreateRecord, n.create_record, "Decides", True),
        "edit_record": Entry(n.EditRecord, n.edit_record, "Edits", True),
        "remove_record": Entry(n.RemoveRecord, n.remove_record, "Decides", True),
        "submit_return": Entry(t.SubmitReturn, t.submit_return, "Decides", True),
        "cancel_return": Entry(t.CancelReturn, t.cancel_return, "Decides", True),
        "take_claim": Entry(o.TakeClaim, o.take_claim, "Decides", True),
        "give_back_claim": Entry(o.GiveBackClaim, o.give_back_claim, "Decides", True),
        "approve_return": Entry(t.ApproveReturn, t.approve_return, "Decides", False),
        "reject_return": Entry(t.RejectReturn, t.reject_return, "Decides", False),
        "ask_for_document": Entry(t.AskForDocument, t.ask_for_document, "Decides", False),
        "write_message": Entry(correspondence.WriteMessage, correspondence.write_message, "Adds", False),
        "amend_return": Entry(t.AmendReturn, t.amend_return, "Decides", False),
        "hold_return": Entry(t.HoldReturn, t.hold_return, "Decides", False),
        "release_return": Entry(t.ReleaseReturn, t.release_return, "Decides", False),
        "settle_short": Entry(t.SettleShort, t.settle_short, "Decides", False),
        "acknowledge_alert": Entry(a.AcknowledgeAlert, a.acknowledge_alert, "Decides", False),
        "resolve_alert": Entry(a.ResolveAlert, a.resolve_alert, "Decides", False),
        "dismiss_alert": Entry(a.DismissAlert, a.dismiss_alert, "Decides", False),
        "snooze_alert": Entry(a.SnoozeAlert, a.snooze_alert, "Decides", False),
        "take_difference": Entry(f.TakeDifference, f.take_difference, "Decides", False),
        "resolve_difference": Entry(f.ResolveDifference, f.resolve_difference, "Decides", False),
        "dismiss_difference": Entry(f.DismissDifference, f.dismiss_difference, "Decides", False),
        "open_loss": Entry(s.OpenLoss, s.open_loss, "Decides", False),
        "name_parties": Entry(s.NameParties, s.name_parties, "Decides", False),
        "take_loss": Entry(s.TakeLoss, s.take_loss, "Decides", False),
        "note_loss": Entry(s.NoteLoss, s.note_loss, "Adds", False),
        "find_lost": Entry(s.FindLost, s.find_lost, "Decides", False),
        "write_off_lost": Entry(s.WriteOffLost, s.write_off_lost, "Decides", False),
        "claim_lost": Entry(s.ClaimLost, s.claim_lost, "Decides", False),
        "resolve_conflict": Entry(x.ResolveConflict, x.resolve_conflict, "Decides", False),
        "assign_conflict": Entry(x.AssignConflict, x.assign_conflict, "Decides", False),
        "dismiss_conflict": Entry(x.DismissConflict, x.dismiss_conflict, "Decides", False),
        "demote_rule": Entry(demotions.DemoteRule, demotions.demote_rule, "Decides", False),
        "end_demotion": Entry(demotions.EndDemotion, demotions.end_demotion, "Decides", False),
        "put_back_lost": Entry(putting_back.PutBackLost, putting_back.put_back_lost, "Decides", False),
        "reply_to_conflict": Entry(replies.ReplyToConflict, replies.reply_to_conflict, "Adds", True),
        "read_replies": Entry(replies.ReadReplies, replies.read_replies, "Decides", False),
        "raise_task": Entry(k.RaiseTask, k.raise_task, "Decides", False),
        "withdraw_task": Entry(k.WithdrawTask, k.withdraw_task, "Decides", False),
        "send_message": Entry(messages.SendMessage, messages.send_message, "Decides", False),
        "force_held": Entry(h.ForceHeld, h.force_held, "Decides", False),
    }


COMMANDS = _table()
APPLIED = Outcome("applied")


def decode(name: str, args: Any) -> Command:
    """The command these arguments mean, or Invalid naming the field that does not fit."""
    entry = COMMANDS.get(name)
    if entry is None:
        raise errors.Invalid(f"There is no command {name}.", field="name")
    try:
        _within_bounds(args)
        return msgspec.convert(args, entry.struct)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise errors.Invalid(f"{text}.", field=path.rstrip("`").lstrip(".") or _named(text)) from error
    except RecursionError:
        raise errors.Invalid("This is nested too deeply.", field="") from None


def execute(work: Work, name: str, command: Command) -> Outcome:
    """Runs a command whose cause, device and time are set on the work. Somebody who lost the right since: counted, and X13 waits.

    Conflicts of the orders it spoke of are asked whether they still stand.
    """
    work.lost_right = ""
    already = work.told
    outcome = COMMANDS[name].run(work, command) or APPLIED
    if work.lost_right:
        order_id = _order_of(work, command)
        case = conflicts.open_case(
            work, "X13", work.site_id, (work.actor.id, order_id or work.cause), order_id=order_id,
            facts={"person_id": work.actor.id, "action": work.lost_right, "name": name, "mutation_id": work.cause},
            evidence={"name": name, "args": msgspec.to_builtins(command)},
        )  # fmt: skip
        outcome = Outcome("conflict", conflict_id=case.id)
    for subject in {subject: None for event, subject in work.told_since(already) if not isinstance(event, StockMoved)}:
        conflicts.ease(work, subject)
    return outcome


def perform(work: Work, name: str, args: Any, *, mutation_id: str, site_id: str = "") -> Outcome:
    """The desk's door, and a job's: the same command, kept as a mutation like any other. A refusal is raised and keeps nothing.

    A `mutation_id` that was carried out already answers what it answered then, and does nothing.
    """
    known = work.seek(Mutation, mutation_id)
    if known is not None:
        if known.name != name or known.by != work.actor.id:
            raise errors.Duplicate("This idempotency key was used for something else.", key=mutation_id)
        return Outcome("noop", conflict_id=known.conflict_id, code="dup")
    work.because_of(mutation_id)
    work.site_id = site_id
    command = decode(name, args)
    outcome = execute(work, name, command)
    work.add(
        Mutation, id=mutation_id, name=name, by=work.actor.id, site_id=site_id, body={"args": msgspec.to_builtins(command)},
        status=outcome.status, conflict_id=outcome.conflict_id, code=outcome.code, made_at=work.now, at=work.now,
    )  # fmt: skip
    return outcome


def _order_of(work: Work, command: Command) -> str:
    if order_id := getattr(command, "order_id", ""):
        return str(order_id)
    line = work.look(returns.ReturnLine, getattr(command, "line_id", ""))
    return line.order_id if line else ""


LONGEST_CODE = 200
"""Characters of an id or a code. Each is found by an index, and PostgreSQL's take no more than 2,704 bytes of a row."""

_CODES = {
    "id",
    "lot",
    "serial",
    "expiry",
    "waybill",
    "number",
    "label",
    "carrier",
    "supersedes",
    "assignee",
    "sku",
    "sha256",
}


def _within_bounds(value: Any, named: str = "") -> None:
    """No column holds more than 64 bits, no browser counts beyond 2**53, and what is found by an index has an end."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _within_bounds(inner, name)
    elif isinstance(value, list):
        for inner in value:
            _within_bounds(inner, named)
    elif isinstance(value, str):
        if len(value) > LONGEST_CODE and (named in _CODES or named.endswith(("_id", "_code", "_number"))):
            raise errors.Invalid(
                f"This is too long: at most {LONGEST_CODE} characters.", field=named, limit=LONGEST_CODE
            )
    elif isinstance(value, int) and abs(value) > 2**53:
        raise errors.Invalid("This number is too large.", field="")


def _named(text: str) -> str:
    parts = text.split("`")
    return parts[1] if len(parts) > 1 else ""
