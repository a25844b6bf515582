"""THE TABLE of conflict rules (SPEC section 5). One file a rule: what it blocks, its options, and which one is suggested, and why."""

from . import x02, x03, x04, x05, x06, x07, x13, x14
from .rule import Option, Rule

RULES: dict[str, Rule] = {
    rule.id: rule for rule in (x02.RULE, x03.RULE, x04.RULE, x05.RULE, x06.RULE, x07.RULE, x13.RULE, x14.RULE)
}

__all__ = ["RULES", "Option", "Rule"]
