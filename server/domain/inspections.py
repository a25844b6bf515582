"""Inspections: four checks, a grade, a verdict. Immutable; a correction is a new one that supersedes."""

from typing import Any, Literal

import msgspec

from .model import Command, Table, integer, json_list, long_text, moment, ref

Outcome = Literal["pass", "fail", "na"]
Check = Literal["appearance", "function", "accessories", "packaging"]
Grade = Literal["A", "B", "C", "D"]
Verdict = Literal["pass", "conditional", "fail"]
CHECKS: tuple[Check, ...] = ("appearance", "function", "accessories", "packaging")


class Inspection(Table, table=True):
    site_id: str = ref()
    order_id: str = ref()
    line_id: str = ref()
    item_id: str = ""
    quantity: int = integer()
    serial: str = ""
    lot: str = ""
    container_id: str = ""
    verdict: str = ""
    grade: str = ""
    checks: list[Any] = json_list()  # [{check, outcome, severity, defects, note}]
    photos: list[Any] = json_list()  # [{sha256, kind}]
    steps: list[Any] = json_list()  # [{code, value}]
    note: str = long_text()
    supersedes: str = ""
    superseded_by: str = ""
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    check: Check
    outcome: Outcome
    severity: Literal["", "minor", "major", "critical"] = ""
    defects: list[str] = []
    note: str = ""


class Photo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sha256: str
    kind: Literal["label", "outer", "defect", "whole"] = "whole"


class Inspect(Command):
    inspection_id: str
    line_id: str
    site_id: str
    quantity: int
    verdict: Verdict
    grade: Grade
    checks: list[CheckResult]
    serial: str = ""
    lot: str = ""
    container_id: str = ""
    steps: list[dict[str, str]] = []
    note: str = ""
    photos: list[Photo] = []
    supersedes: str = ""
