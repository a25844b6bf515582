"""Conflicts: a case per rule and subjects; each breach an occurrence with its own evidence; resolved by an ordinary command."""

from typing import Any

from .model import Command, Table, integer, json_dict, json_list, moment, ref


class Conflict(Table, table=True):
    """The id is the hash of rule and subjects. A summary travels to devices; evidence is in the occurrences."""

    rule: str = ""  # X1 … X18
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
    mutation_id: str = ""  # the latest that breached
    device_id: str = ""
    assigned_to: str = ""
    opened_at: int = moment()
    last_at: int = moment()
    resolved_by: str = ""
    resolved_at: int = moment()
    resolution: str = ""  # the option's name
    resolution_note: str = ""


class Occurrence(Table, table=True):
    """values: [{field, base, server, device}] for edits; evidence: whatever the rule saw."""

    conflict_id: str = ref()
    mutation_id: str = ref()
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()
    values: list[Any] = json_list()
    evidence: dict[str, Any] = json_dict()


class ResolveConflict(Command):
    """option: keep_server | take_device | enter_value (then `value`), or one of the rule's own."""

    conflict_id: str
    option: str
    value: Any = None
    note: str = ""


class AssignConflict(Command):
    conflict_id: str
    person_id: str


class DismissConflict(Command):
    conflict_id: str
    reason: str
