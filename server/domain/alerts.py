"""Alerts: one per rule and subject, counted, closing itself when its cause is gone."""

from typing import Any

from .errors import Invalid, Stale
from .events import AlertClosed
from .model import Command, Outcome, Table, integer, json_dict, moment, ref
from .work import Work


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
