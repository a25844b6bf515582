"""What a return type's policy allows. Policies are data; handhelds judge them alike, without network.

`web/src/lib/policy.ts` is the twin; tests/vectors/policies.json holds both to the same answers. A key that is not there sets no limit.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

KINDS = ("restock", "repair", "scrap", "exchange", "return_to_vendor", "return_to_customer")

UNSELLABLE_FIRST = ("repair", "return_to_vendor", "scrap", "return_to_customer", "exchange")
"""What is proposed for goods that cannot be sold, where the policy's own default does not fit."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of inspected goods. expiry and today are dates; no expiry is ''."""

    verdict: str = ""
    grade: str = ""
    expiry: str = ""
    min_days_to_sell: int = 0
    today: str = ""
    lot_held: bool = False


def may_be_sold(facts: Facts) -> bool:
    """Failed, damaged, expired and nearly expired goods are never offered for sale."""
    if facts.verdict == "fail" or facts.grade == "D" or facts.lot_held:
        return False
    if not facts.expiry or not facts.today:
        return True
    left = (date.fromisoformat(facts.expiry) - date.fromisoformat(facts.today)).days
    return left >= max(facts.min_days_to_sell, 0)


def allowed_dispositions(policy: Mapping[str, Any], facts: Facts | None = None) -> list[str]:
    named = policy.get("allowed_dispositions") or KINDS
    return [kind for kind in KINDS if kind in named and (kind != "restock" or facts is None or may_be_sold(facts))]


def proposed_disposition(policy: Mapping[str, Any], facts: Facts) -> str:
    """What the screen has chosen already; '' when the policy leaves nothing."""
    allowed = allowed_dispositions(policy, facts)
    default = str(policy.get("default_disposition") or "")
    if may_be_sold(facts):
        if default in allowed:
            return default
        return "restock" if "restock" in allowed else next(iter(allowed), "")
    if facts.grade == "D" and "scrap" in allowed:
        return "scrap"
    if default in allowed and default != "exchange":
        return default
    return next((kind for kind in UNSELLABLE_FIRST if kind in allowed), "")


def missing_checks(policy: Mapping[str, Any], checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """The checks this type requires that nobody made; 'not applicable' is no answer to a required one."""
    made = {check["check"] for check in checks if check["outcome"] != "na"}
    return [check for check in policy.get("required_checks") or () if check not in made]


def missing_documents(policy: Mapping[str, Any], kinds: Iterable[str]) -> list[str]:
    there = set(kinds)
    return [kind for kind in policy.get("required_documents") or () if kind not in there]


def needs_approval(policy: Mapping[str, Any], amount: int) -> bool:
    """Whether scrapping goods of this value (minor units) is beyond what an inspector may do alone."""
    limit = policy.get("scrap_limit")
    return limit is not None and amount > limit
