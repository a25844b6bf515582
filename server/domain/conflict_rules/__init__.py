"""THE TABLE of conflict rules (SPEC section 5). One file a rule: how it is found, what it blocks, its options, and which one is
suggested, and why."""

from . import x00, x01, x02, x03, x04, x05, x06, x07, x08, x09, x10, x11, x12, x13, x14, x15, x16, x17, x18
from .rule import Option, Rule

RULES: dict[str, Rule] = {
    module.RULE.id: module.RULE
    for module in (x01, x02, x03, x04, x05, x06, x07, x08, x09, x10, x11, x12, x13, x14, x15, x16, x17, x18, x00)
}

OF_A_SCAN = (x05.found, x02.found, x01.found, x12.found, x08.found, x18.found, x09.found)
"""Asked of each receipt, in the transaction that counts it: (work, receipt, its order, its line) → the case, or None."""

OF_AN_ITEM = (x02.found, x01.found, x12.found, x18.found, x09.found)
"""Those of them that need to know the item: asked again when goods received under an unknown code are named."""

__all__ = ["OF_AN_ITEM", "OF_A_SCAN", "RULES", "Option", "Rule"]
