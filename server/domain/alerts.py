"""Alerts: one per rule and subject, counted, closing itself when its cause is gone."""

from typing import Any

from .model import Command, Table, integer, json_dict, moment, ref


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


class AcknowledgeAlert(Command):
    alert_id: str


class ResolveAlert(Command):
    alert_id: str
    note: str = ""


class DismissAlert(Command):
    alert_id: str
    reason: str


class SnoozeAlert(Command):
    alert_id: str
    until: int
