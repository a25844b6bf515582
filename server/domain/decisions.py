"""Whatever waits at a desk is decided one way: a kind of thing, its ways out, and the command that each of them is.

A decision runs the command that any other door would run, so rights, refusals and the record of it are that command's own; what it
would do is found by running it and taking it back (`previews.py`).
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from . import alerts, conflict_rules, conflicts, differences, dispositions, parcels, returns, tasks
from .catalog import Site
from .commands import decode, perform
from .conflict_rules.rule import Takes as RuleTakes
from .errors import Invalid, NotFound, Refusal, Stale
from .model import Outcome, Table
from .previews import GroupPreview, Preview, attempted, effects, tried
from .reads import matches
from .records import Mutation
from .returns import ReturnLine, ReturnOrder
from .work import Work

KindName = Literal["review", "conflict", "alert", "unclaimed", "disposition", "difference", "task"]
Takes = RuleTakes | Literal["moment", "person", "customer", "order", "document"]
Json = dict[str, Any]

SURE = 60
"""So well (of 100) a shipment has to fit a parcel for its customer to be suggested."""


class Way(NamedTuple):
    """One way out. `fills`: the command's argument that the value is; `says`: the one that the note is, '' for none.

    `makes`: the argument that names what it makes. `sends`: somebody is sent, and the thing stays open. `why`: the reason for suggesting it, where the facts give one; else screens
    have it in their own words.
    """

    name: str
    command: str
    args: Json
    says: str = "note"
    note_required: bool = False
    takes: Takes = ""
    begins: Any = None
    fills: str = "value"
    makes: str = ""
    sends: bool = False
    suggested: bool = False
    why: list[Json] = []  # never changed


class Kind(NamedTuple):
    """`seen`: what of a record must be as it was shown for a decision to stand, as a word."""

    model: type[Table]
    ways: Callable[[Work, Any], list[Way]]
    waits: Callable[[Any], bool]
    seen: Callable[[Any], str] = lambda record: ""


class Decide(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`shown` and `seen`: the effect and the content that this person was shown; refused where either is another by now."""

    option: str
    value: Any = None
    note: str = ""
    shown: str = ""
    seen: str = ""


class Chosen(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One of several that are decided together."""

    kind: KindName
    id: str
    option: str


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound("There is nothing at this address.")
    return KINDS[name]


def ways(work: Work, kind: str, id: str) -> list[Way]:
    record = work.look(KINDS[kind].model, id)
    return KINDS[kind].ways(work, record) if record is not None else []


def previews(work: Work, kind: str, id: str, option: str = "", value: Any = None) -> list[Preview]:
    """One for each way, or for the one that is named. A way that takes a value is tried with `value`, else with what it begins with."""
    return [_preview(work, id, way, value) for way in ways(work, kind, id) if option in ("", way.name)]


def of_group(work: Work, chosen: list[Chosen]) -> GroupPreview:
    """What it would do to decide these one after the other, each with the value it begins with."""

    def each() -> dict[str, str]:
        refused: dict[str, str] = {}
        for one in chosen:
            way = _way(work, one.kind, one.id, one.option)
            try:
                attempted(work, f"preview:{one.id}", way.command, lambda way=way: _meant(way, None))  # type: ignore[misc]
            except Refusal as refusal:
                refused[one.id] = refusal.sentence
        return refused

    return effects(work, each)


def decide(work: Work, kind: str, id: str, decision: Decide, *, key: str, site_id: str) -> Outcome:
    """1. sent again, it answers as before; 2. somebody was first; 3. what it would do is another than was shown; 4. the command."""
    way = _way(work, kind, id, decision.option)
    if work.seek(Mutation, key) is None:
        record: Any = work.get(KINDS[kind].model, id)
        if not KINDS[kind].waits(record):
            raise Stale("Somebody has resolved this already.", state=getattr(record, "state", ""))
        if decision.seen and decision.seen != KINDS[kind].seen(record):
            raise Stale("This return order was changed since you opened it. Look at it again.", content=record.content)
        if way.note_required and not decision.note.strip():
            raise Invalid("This option needs a note.", field="note")
        if decision.shown:
            _still_so(work, id, way, decision)
    args = _arguments(way, decision.value, decision.note, key)
    return perform(work, way.command, args, mutation_id=key, site_id=site_id)


def _still_so(work: Work, id: str, way: Way, decision: Decide) -> None:
    cause, made_at = work.cause, work.made_at
    now = _preview(work, id, way, decision.value)
    work.because_of(cause)
    work.made_at = made_at
    if not now.refused and now.shown != decision.shown:
        raise Stale("What this would do has changed since it was shown; look at it again.", shown=now.shown)


def _way(work: Work, kind: str, id: str, option: str) -> Way:
    found = [way for way in ways(work, kind, id) if way.name == option]
    if not found:
        raise Invalid("There is no such way to decide this.", field="option")
    return found[0]


def _preview(work: Work, id: str, way: Way, value: Any) -> Preview:
    given = way.begins if value is None else value
    preview = Preview(option=way.name, value=given)
    if way.takes not in ("", "person") and given in ("", None, []):
        return preview  # nothing was chosen yet
    return tried(work, f"preview:{way.name}:{id}", way.command, lambda: _meant(way, given), preview)


def _meant(way: Way, value: Any) -> Any:
    return decode(way.command, _arguments(way, value, "preview", "preview"))


def _arguments(way: Way, value: Any, note: str, key: str) -> Json:
    args = dict(way.args)
    if way.takes:
        args[way.fills] = way.begins if value is None else value
    if way.says and note.strip():
        args[way.says] = note.strip()
    if way.makes:
        args[way.makes] = key
    return args


# The ways of each kind, the suggested one marked


def _of_conflict(work: Work, case: conflicts.Conflict) -> list[Way]:
    rule = conflict_rules.RULES[case.rule]
    found = [
        Way(
            name, "resolve_conflict", {"conflict_id": case.id, "option": name}, note_required=option.note_required,
            takes=option.takes, begins=option.begins_with(work, case), sends=option.sends,
            suggested=name == rule.suggestion(case),
        )
        for name, option in rule.options.items()
    ]  # fmt: skip
    if not case.blocking:
        found.append(Way("dismiss", "dismiss_conflict", {"conflict_id": case.id}, "reason", note_required=True))
    return [*found, *_look(case.site_id, conflict_id=case.id)]


def _of_review(work: Work, order: ReturnOrder) -> list[Way]:
    """Suggested is what the papers say: all there, it may come back; one missing, that one is asked for."""
    missing = returns.missing_documents(work, order)
    this = {"order_id": order.id}
    return [
        Way("approve", "approve_return", this, suggested=not missing),
        Way("reject", "reject_return", this, "reason", note_required=True),
        Way(
            "ask", "ask_for_document", this, takes="document", fills="kind", sends=True,
            begins=missing[0] if missing else "inspection_report", suggested=bool(missing),
        ),
    ]  # fmt: skip


def _of_alert(work: Work, alert: alerts.Alert) -> list[Way]:
    this = {"alert_id": alert.id}
    parcel = work.look(parcels.Parcel, alert.subject) if alert.rule == "parcel_unclaimed_too_long" else None
    line = work.look(ReturnLine, alert.subject) if alert.rule == "short_received" else None
    found: list[Way] = []
    if parcel is not None:
        found += _of_unclaimed(work, parcel)[:-1]
    if line is not None:
        missing = line.expected - line.received - line.short - line.lost - line.refused
        settled = {"line_id": line.id, "quantity": max(1, missing)}
        found += [
            Way("settle_short", "settle_short", settled, "reason", note_required=True),
            Way("settle_lost", "settle_short", settled | {"lost": True}, "reason", note_required=True),
        ]
    if alert.rule in COUNTED:
        sent = {"site_id": alert.site_id, "kind": "recount"} | this
        found.append(
            Way("recount", "raise_task", sent, "question", takes="person", fills="assignee", begins="", sends=True)
        )
    found += [
        *_look(alert.site_id, alert_id=alert.id, suggested=alert.rule in LOOKED_AT),
        Way("resolve", "resolve_alert", this, suggested=not parcel and alert.rule not in LOOKED_AT),
        Way("snooze", "snooze_alert", this, "", takes="moment", fills="until"),
        Way("dismiss", "dismiss_alert", this, "reason", note_required=True),
    ]
    return found


COUNTED = ("over_received", "short_received", "unexpected_item", "wrong_lot_or_serial", "negative_stock")
LOOKED_AT = (*COUNTED, "photo_reused", "inspection_failed")
"""Alerts about goods that stand there: whoever looks knows."""


def _of_unclaimed(work: Work, parcel: parcels.Parcel) -> list[Way]:
    this = {"parcel_id": parcel.id}
    fits = [match for match in matches.of_parcel(work, parcel) if match["customer"]]
    best = fits[0] if fits and fits[0]["score"] >= SURE else None
    site = work.look(Site, parcel.site_id)
    due = site is not None and parcel.unclaimed_at + site.unclaimed_days * parcels.DAY <= work.now
    rule = site.unclaimed_rule if site and due else ""
    return [
        Way(
            "claim_customer", "claim_parcel", this, "", takes="customer", fills="customer_id",
            begins=best["customer_id"] if best else "", suggested=best is not None, why=best["reasons"] if best else [],
        ),
        Way("claim_order", "claim_parcel", this, "", takes="order", fills="order_id", begins=""),
        *(
            Way(how, "settle_unclaimed", this | {"how": how}, suggested=best is None and rule == how)
            for how in ("keep", "send_back")
            if rule in ("ask", how)
        ),
        *_look(parcel.site_id, order_id=next(iter(parcel.order_ids), ""), suggested=best is None and rule in ("", "ask")),
    ]  # fmt: skip


def _of_disposition(work: Work, proposed: dispositions.Disposition) -> list[Way]:
    """The one that was proposed is suggested: whoever proposed it had the goods in hand."""
    kinds = sorted(dispositions.EFFECTS, key=lambda kind: kind != proposed.kind)
    this = {"disposition_id": proposed.id}
    reason = [{"zh": proposed.reason, "en": proposed.reason}] if proposed.reason else []
    return [
        Way(kind, "decide_disposition", this | {"kind": kind}, "reason", suggested=kind == proposed.kind,
            why=reason if kind == proposed.kind else [])
        for kind in kinds
    ] + _look(proposed.site_id, order_id=proposed.order_id, line_id=proposed.line_id, serial=proposed.serial)  # fmt: skip


def _of_difference(work: Work, found: differences.Difference) -> list[Way]:
    this = {"difference_id": found.id}
    countable = bool(found.bin_id or found.container_id or found.line_id)
    missing = found.expected - found.found if found.kind in ("count_book", "line_missing") else 0
    sent = {"site_id": found.site_id, "kind": "recount"} | this
    lost = {"site_id": found.site_id} | this
    return [
        *([Way("recount", "raise_task", sent, "question", sends=True, takes="person", fills="assignee", begins="", suggested=True)] if countable else []),
        *_look(found.site_id, difference_id=found.id, suggested=not countable and found.kind in differences.GOODS),
        *([Way("lose", "open_loss", lost, "reason", note_required=True, takes="quantity",
               fills="quantity", begins=missing, makes="loss_id", sends=True)] if missing > 0 else []),
        Way("resolve", "resolve_difference", this, "reason", note_required=True),
        Way("dismiss", "dismiss_difference", this, "reason", note_required=True),
    ]  # fmt: skip


def _of_task(work: Work, task: tasks.Task) -> list[Way]:
    return [Way("withdraw", "withdraw_task", {"task_id": task.id}, "reason")]


def _look(site_id: str, *, suggested: bool = False, **about: str) -> list[Way]:
    """Go and look: whoever is sent answers with a photo."""
    args = {"site_id": site_id, "kind": "look"} | about
    return [
        Way("look", "raise_task", args, "question", note_required=True, takes="person", fills="assignee", begins="", sends=True,
            suggested=suggested)
    ]  # fmt: skip


def _to_be_reviewed(order: ReturnOrder) -> bool:
    if order.status == "submitted":
        return True
    open_end = order.status in (*returns.UNDER_WAY, "on_hold") and not order.rejection
    return open_end and not order.authorised and order.origin in ("without_order", "unclaimed", "imported")


KINDS: dict[str, Kind] = {
    "review": Kind(ReturnOrder, _of_review, _to_be_reviewed, lambda order: str(order.content)),
    "conflict": Kind(conflicts.Conflict, _of_conflict, lambda case: case.state in conflicts.OPEN),
    "alert": Kind(alerts.Alert, _of_alert, lambda alert: alert.state in alerts.OPEN),
    "unclaimed": Kind(parcels.Parcel, _of_unclaimed, lambda parcel: parcel.state == "unclaimed"),
    "disposition": Kind(dispositions.Disposition, _of_disposition, lambda each: each.state == "proposed"),
    "difference": Kind(differences.Difference, _of_difference, lambda found: found.state in differences.OPEN),
    "task": Kind(tasks.Task, _of_task, lambda task: task.state == "open"),
}  # fmt: skip
