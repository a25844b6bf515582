"""THE TABLE of alert rules. A new rule is a file here and a line in this table."""

from . import (
    device_silent,
    expired_stock,
    hand_over_waiting,
    inspection_failed,
    inspection_overdue,
    ledger_drift,
    lot_held,
    near_expiry_stock,
    negative_stock,
    number_reported,
    numbers_lost,
    over_received,
    parcel_unclaimed_too_long,
    photo_reused,
    review_overdue,
    short_received,
    unexpected_item,
    wrong_lot_or_serial,
)
from .rule import Breach, Heard, Rule

__all__ = ["RULES", "Breach", "Heard", "Rule"]

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        over_received.RULE, short_received.RULE, unexpected_item.RULE, wrong_lot_or_serial.RULE, inspection_failed.RULE,
        inspection_overdue.RULE, review_overdue.RULE, parcel_unclaimed_too_long.RULE, expired_stock.RULE, device_silent.RULE,
        ledger_drift.RULE, negative_stock.RULE, numbers_lost.RULE, photo_reused.RULE,
        near_expiry_stock.RULE, lot_held.RULE, hand_over_waiting.RULE, number_reported.RULE,
    )
}  # fmt: skip
