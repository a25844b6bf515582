"""Judging a return type's policy. Policies are data; `web/src/lib/policy.ts` gives the same answers (tests/vectors/policies.json)."""

from typing import Any


def allowed_dispositions(policy: dict[str, Any]) -> list[str]:
    """[] allows every kind."""
    return list(policy.get("allowed_dispositions", []))


def proposed_disposition(policy: dict[str, Any], verdict: str, grade: str) -> str:
    """What the policy suggests for goods of this grade; '' leaves it to the inspector."""
    by_grade = policy.get("disposition_by_grade", {})
    if found := by_grade.get(grade):
        return str(found)
    default = str(policy.get("default_disposition", ""))
    return default if verdict == "pass" or default != "restock" else ""


def needs_approval(policy: dict[str, Any], value: int) -> bool:
    """Whether scrapping goods of this value (minor units of cost) is beyond an inspector alone."""
    limit = policy.get("scrap_limit")
    return limit is not None and value > int(limit)
