"""Alerts: one per rule and subject, counted, closing itself when its cause is gone."""

from typing import Any, Literal

from sqlmodel import col

from .alert_rules import RULES, Breach, Heard, Rule
from .errors import Invalid, Stale
from .events import AlertClosed, AlertRaised
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_dict, moment, ref
from .work import Work

HEARD: frozenset[str] = frozenset(kind.__name__ for rule in RULES.values() for kind in rule.hears)
"""The events any rule listens to."""


class Alert(Table, table=True):
    """The id is the hash of rule and subject. facts: what the sentence on the screen is made of."""

    rule: str = ""
    subject: str = ""
    site_id: str = ref()
    severity: str = "warning"  # info | warning | critical
    state: str = "open"  # open | acknowledged | in_progress | resolved | dismissed | snoozed | auto_closed
    facts: dict[str, Any] = json_dict()
    order_id: str = ref()
    item_id: str = ""
    occurrences: int = integer(1)
    first_at: int = moment()
    last_at: int = moment()
    assigned_to: str = ""
    snoozed_until: int = moment()
    closed_by: str = ""
    closed_at: int = moment()
    closing_reason: str = ""


class AcknowledgeAlert(Command, frozen=True):
    alert_id: str


class ResolveAlert(Command, frozen=True):
    alert_id: str
    note: str = ""


class DismissAlert(Command, frozen=True):
    alert_id: str
    reason: str


class SnoozeAlert(Command, frozen=True):
    alert_id: str
    until: int


OPEN = ("open", "acknowledged", "in_progress", "snoozed")

Step = Literal["", "raise", "count", "wake", "reopen", "close", "note_gone"]


def acknowledge_alert(work: Work, command: AcknowledgeAlert) -> Outcome | None:
    alert = _open(work, command.alert_id)
    if alert.state == "acknowledged":
        return Outcome("noop")
    alert.state = "acknowledged"
    alert.assigned_to = work.actor.id
    return None


def resolve_alert(work: Work, command: ResolveAlert) -> None:
    _close(work, _open(work, command.alert_id), "resolved", command.note)


def dismiss_alert(work: Work, command: DismissAlert) -> None:
    if not command.reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    _close(work, _open(work, command.alert_id), "dismissed", command.reason)


def snooze_alert(work: Work, command: SnoozeAlert) -> None:
    if command.until <= work.now:
        raise Invalid("Say until when: a moment that is still to come.", field="until")
    alert = _open(work, command.alert_id)
    alert.state = "snoozed"
    alert.snoozed_until = command.until


# Raised and closed by the rules


def hear(work: Work, heard: Heard) -> None:
    """Judges anew whatever this event may have changed."""
    for rule in RULES.values():
        if any(heard.kind == kind.__name__ for kind in rule.hears):
            for subject in rule.subjects(work, heard):
                judge(work, rule, subject)


def subjects(work: Work, rule: Rule) -> list[str]:
    """What time alone may have changed: what the rule's schedule names, and the subjects of its open alerts."""
    still_open = work.find(Alert, Alert.rule == rule.id, col(Alert.state).in_(OPEN))
    return sorted({*rule.scheduled(work), *(alert.subject for alert in still_open)})


def stands(work: Work, rule: Rule, subject: str) -> bool:
    """Whether judging would change nothing; needs no transaction that writes."""
    return _step(work.look(Alert, alert_id(rule, subject)), rule.breach(work, subject), work.now) == ""


def judge(work: Work, rule: Rule, subject: str) -> None:
    """Raises, counts, wakes, reopens or closes the one alert of this rule and subject, as its facts are now."""
    id = alert_id(rule, subject)
    alert = work.seek(Alert, id)
    breach = rule.breach(work, subject)
    step = _step(alert, breach, work.now)
    if breach is None:
        if alert is not None and step == "close":
            _close(work, alert, "auto_closed", rule.gone)
        elif alert is not None and step == "note_gone":
            alert.facts = {**alert.facts, "gone_at": work.now}
        return
    if step == "":
        return

    if alert is None:
        alert = work.add(Alert, id=id, rule=rule.id, subject=subject, first_at=work.now)
    elif step != "wake":
        work.count(alert, occurrences=1)
    alert.site_id, alert.order_id, alert.item_id = breach.site_id, breach.order_id, breach.item_id
    alert.severity = breach.severity or rule.severity
    alert.facts = breach.facts
    alert.last_at = work.now
    if step != "count":
        alert.state = "open"
        alert.snoozed_until = alert.closed_at = 0
        alert.closed_by = alert.closing_reason = ""
        work.record(AlertRaised(site_id=alert.site_id, rule=rule.id), id)


def alert_id(rule: Rule, subject: str) -> str:
    return derived_id("alert", rule.id, subject)


def _step(alert: Alert | None, breach: Breach | None, now: int) -> Step:
    """What is due. Decided by a person, an alert comes back on other facts only; closed by itself, whenever it breaches again."""
    if breach is None:
        if alert is None or alert.state in ("dismissed", "auto_closed"):
            return ""
        # What was resolved and really went away is a new case when it comes back, even with the same numbers.
        return "close" if alert.state in OPEN else "" if "gone_at" in alert.facts else "note_gone"
    if alert is None:
        return "raise"
    if alert.state == "auto_closed":
        return "reopen"
    if alert.state == "snoozed" and alert.snoozed_until <= now:
        return "wake"
    if alert.facts == breach.facts:
        return ""
    return "count" if alert.state in OPEN else "reopen"


def _open(work: Work, alert_id: str) -> Alert:
    alert = work.get(Alert, alert_id)
    work.allow("handle_alert", alert.site_id)
    if alert.state not in OPEN:
        raise Stale("This alert is closed already.", by=alert.closed_by, at=alert.closed_at, state=alert.state)
    return alert


def _close(work: Work, alert: Alert, state: str, reason: str) -> None:
    alert.state = state
    alert.closed_by = work.actor.id
    alert.closed_at = work.now
    alert.closing_reason = reason
    work.record(AlertClosed(site_id=alert.site_id, rule=alert.rule, state=state), alert.id)
