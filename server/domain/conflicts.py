"""Conflicts: a case per rule and subjects; each breach an occurrence with its own evidence; resolved by an ordinary command.

A case whose rule passes again resolves itself, and says why. What a supervisor decided stays decided while the facts are those
that were decided; a decision that cured the breach leaves nothing behind, so that the next breach is a new one.
"""

import hashlib
from typing import Any

import msgspec
from sqlmodel import col

from . import conflict_rules, dispositions, returns, tasks
from .errors import Invalid, Stale, WrongState
from .events import (
    ConflictAssigned,
    ConflictDismissed,
    ConflictOpened,
    ConflictRepeated,
    ConflictResolved,
    ConflictResolvedItself,
)
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_dict, json_list, moment, ref
from .records import FieldWrite
from .work import Work


class Conflict(Table, table=True):
    """The id is the hash of rule and subjects. A summary travels to devices; evidence is in the occurrences."""

    rule: str = ""  # X1 … X18, X0
    site_id: str = ref()
    order_id: str = ref()
    subject_kind: str = ""  # the model's name: ReturnOrder, ReturnLine, …
    subject_id: str = ref()
    field: str = ""  # X14
    blocking: bool = False
    state: str = "open"  # open | assigned | resolved | dismissed | auto_resolved
    facts: dict[str, Any] = json_dict()
    fingerprint: str = ""  # of the facts that were decided; only other facts reopen it
    occurrences: int = integer(1)
    decided: int = integer()  # so many of them were part of a decision
    mutation_id: str = ""  # the latest that breached
    device_id: str = ""
    assigned_to: str = ""
    opened_at: int = moment()
    last_at: int = moment()
    resolved_by: str = ""
    resolved_at: int = moment()
    resolution: str = ""  # the option's name
    resolution_note: str = ""
    replied_at: int = (
        moment()
    )  # a handheld has said something that nobody at a desk has read; 0: nothing waits to be read


class Occurrence(Table, table=True):
    """values: [{field, base, server, device}] for edits; evidence: whatever the rule saw."""

    conflict_id: str = ref()
    number: int = integer()  # the first is 1
    mutation_id: str = ref()
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()
    values: list[Any] = json_list()
    evidence: dict[str, Any] = json_dict()


class ResolveConflict(Command, frozen=True):
    """option: keep_server | take_device | enter_value (then `value`), or one of the rule's own.

    `shown`: the effect the person was shown (a preview's `shown`); refused if it is another by now.
    """

    conflict_id: str
    option: str
    value: Any = None
    note: str = ""
    shown: str = ""


class AssignConflict(Command, frozen=True):
    conflict_id: str
    person_id: str


class DismissConflict(Command, frozen=True):
    conflict_id: str
    reason: str


OPEN = ("open", "assigned")


def open_case(
    work: Work,
    rule: str,
    site_id: str,
    subjects: tuple[str, ...],
    *,
    order_id: str = "",
    subject_kind: str = "",
    subject_id: str = "",
    field: str = "",
    values: list[dict[str, Any]] | None = None,
    facts: dict[str, Any] | None = None,
    evidence: dict[str, Any] | None = None,
) -> Conflict:
    """Opens the case of this rule and these subjects, or adds an occurrence to it.

    A case that was decided opens again only on other facts than those that were decided.
    """
    id = case_id(rule, *subjects)
    seen = fingerprint(values or [], facts or {})
    case = work.seek(Conflict, id)
    if case is None:
        case = work.add(
            Conflict,
            id=id,
            rule=rule,
            site_id=site_id,
            order_id=order_id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            field=field,
            facts=facts or {},
            mutation_id=work.cause,
            device_id=work.device_id,
            opened_at=work.now,
            last_at=work.now,
        )
        case.blocking = conflict_rules.RULES[rule].blocks(case)
        work.record(ConflictOpened(site_id=site_id, rule=rule), id)
    else:
        work.count(case, occurrences=1)
        case.mutation_id = work.cause
        case.device_id = work.device_id
        case.last_at = work.now
        if case.state in OPEN or case.fingerprint != seen:
            case.facts = facts or case.facts
            case.blocking = conflict_rules.RULES[rule].blocks(case)
        if case.state not in OPEN and case.fingerprint != seen:
            case.state, case.order_id = "open", order_id
            case.assigned_to = case.resolved_by = case.resolution = case.resolution_note = ""
            case.opened_at, case.resolved_at = work.now, 0
            work.record(ConflictOpened(site_id=site_id, rule=rule), id)
        else:
            if case.state not in OPEN:
                case.decided = case.occurrences
            work.record(ConflictRepeated(site_id=site_id, rule=rule), id)
    work.add(
        Occurrence,
        id=derived_id("occurrence", id, str(case.occurrences)),
        conflict_id=id,
        number=case.occurrences,
        mutation_id=work.cause,
        device_id=work.device_id,
        by=work.actor.id,
        made_at=work.made_at,
        at=work.now,
        values=values or [],
        evidence=evidence or {},
    )
    return case


def blocked(work: Work, order_id: str) -> bool:
    """Whether a blocking conflict holds this order's goods back."""
    return bool(order_id) and any(
        case.blocking and case.state in OPEN for case in work.all(Conflict, order_id=order_id)
    )


def resolve_conflict(work: Work, command: ResolveConflict) -> None:
    case = _undecided(work, command.conflict_id)
    rule = conflict_rules.RULES[case.rule]
    option = rule.options.get(command.option)
    if option is None:
        raise Invalid("This conflict does not have that option.", field="option", options=list(rule.options))
    if option.note_required and not command.note.strip():
        raise Invalid("This option needs a note.", field="note")
    if command.shown:
        from .previews import still_so  # which runs this very command

        still_so(work, command)

    if option.sends and (sent := [task for task in tasks.sent_for(work, case.id) if task.kind != "look"]):
        raise Stale("Somebody has been sent for this already.", by=sent[0].raised_by, at=sent[0].raised_at)
    if not option.sends:
        tasks.no_longer_needed(work, case.id)
    option.run(work, case, occurrences_of(work, case.id)[case.decided :], command)
    if option.sends:
        return  # what they find settles it
    case.state = "resolved"
    _close(work, case, command.option, command.note, by=work.actor.id, remembered=option.final)
    work.record(ConflictResolved(site_id=case.site_id, rule=case.rule, option=command.option), case.id)
    _let_go_on(work, case.order_id)


def dismiss_conflict(work: Work, command: DismissConflict) -> None:
    case = _undecided(work, command.conflict_id)
    if case.blocking:
        raise WrongState("This conflict holds goods back; it can be resolved, not dismissed.", rule=case.rule)
    if not command.reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    tasks.no_longer_needed(work, case.id)
    case.state = "dismissed"
    _close(work, case, "", command.reason, by=work.actor.id)
    work.record(ConflictDismissed(site_id=case.site_id, rule=case.rule, reason=command.reason), case.id)


def assign_conflict(work: Work, command: AssignConflict) -> None:
    case = _undecided(work, command.conflict_id)
    case.state = "assigned" if command.person_id else "open"
    case.assigned_to = command.person_id
    work.record(ConflictAssigned(site_id=case.site_id, person_id=command.person_id), case.id)


# Cases that resolve themselves


def ease(work: Work, order_id: str) -> None:
    """Asks the open cases of an order whether their rule passes again. Called after every command that spoke of the order."""
    open_cases = [case for case in work.all(Conflict, order_id=order_id) if case.state in OPEN]
    for case in open_cases:
        ease_case(work, case)


def ease_case(work: Work, case: Conflict) -> bool:
    """True when its rule passes again: then it is resolved, and says why."""
    why = conflict_rules.RULES[case.rule].passes(work, case) if case.state in OPEN else ""
    if not why:
        return False
    case = work.get(Conflict, case.id)
    if case.state not in OPEN:
        return False  # somebody has decided it since it was looked at
    tasks.no_longer_needed(work, case.id)
    case.state = "auto_resolved"
    _close(work, case, "", why, by="")
    work.record(ConflictResolvedItself(site_id=case.site_id, rule=case.rule, why=why), case.id)
    _let_go_on(work, case.order_id)
    return True


def passing(work: Work) -> list[str]:
    """The open cases whose rule passes again, through something no command told of their order. Needs no transaction that writes."""
    waiting = work.find(Conflict, col(Conflict.state).in_(OPEN), order_by=Conflict.id)
    return [case.id for case in waiting if conflict_rules.RULES[case.rule].passes(work, case)]


def ease_these(work: Work, conflict_ids: list[str]) -> int:
    return sum(ease_case(work, work.get(Conflict, id)) for id in conflict_ids)


# What rules and others ask


def case_id(rule: str, *subjects: str) -> str:
    return derived_id("conflict", rule, *subjects)


def outcome_of(cases: list[Conflict]) -> Outcome | None:
    """A fact that clashed is counted in any case; it is 'conflict' where goods wait for a verdict, else applied and flagged."""
    standing = [case for case in cases if case.state in OPEN]
    for case in standing:
        if case.blocking:
            return Outcome("conflict", conflict_id=case.id)
    return Outcome("applied", conflict_id=standing[0].id) if standing else None


def occurrences_of(work: Work, conflict_id: str) -> list[Occurrence]:
    return work.find(Occurrence, Occurrence.conflict_id == conflict_id, order_by=Occurrence.number)


def last_values(work: Work, case: Conflict) -> list[Any]:
    """The fields that clashed last: [{field, base, server, device}]."""
    return occurrences_of(work, case.id)[-1].values


def fingerprint(values: list[Any], facts: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode([values, facts], order="deterministic")).hexdigest()[:32]


def _undecided(work: Work, conflict_id: str) -> Conflict:
    case = work.get(Conflict, conflict_id)
    work.allow("resolve", case.site_id)
    if case.state not in OPEN:
        raise Stale(
            "Somebody has resolved this already.", by=case.resolved_by, at=case.resolved_at, option=case.resolution
        )
    return case


def _close(work: Work, case: Conflict, option: str, note: str, *, by: str, remembered: bool = True) -> None:
    """1. who, when and what; 2. what was decided is remembered, unless nothing of it is left; 3. no chain of a device's own
    edits goes on from a field that was decided here."""
    case.resolved_by = by
    case.resolved_at = work.now
    case.resolution = option
    case.resolution_note = note
    cured = conflict_rules.RULES[case.rule].passes(work, case)
    last = occurrences_of(work, case.id)[-1]
    case.fingerprint = fingerprint(last.values, case.facts) if remembered and not cured else ""
    case.decided = case.occurrences
    for written in work.find(FieldWrite, FieldWrite.conflict_id == case.id):
        written.conflict_id, written.device_id = "", ""


def _let_go_on(work: Work, order_id: str) -> None:
    if order := work.seek(returns.ReturnOrder, order_id):
        dispositions.settle_order(work, order)
        returns.progress(work, order)
