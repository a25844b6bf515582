"""What an item costs, from a day on. What is in the ledger keeps the cost it was posted at."""

import datetime as dt
import re

from . import catalog, stock
from .errors import Invalid
from .events import UnitCostSet
from .model import Command, Outcome
from .work import Work


class SetUnitCost(Command, frozen=True):
    """`start`: the day it is so from; not given, today. Minor units; the currency is the item's, and stays once goods are in the book."""

    item_id: str
    unit_cost: int
    start: str = ""
    currency: str = ""


def set_unit_cost(work: Work, command: SetUnitCost) -> Outcome | None:
    item = work.get(catalog.Item, command.item_id)
    work.allow("set_cost", owner_id=item.owner_id)
    if command.unit_cost < 0:
        raise Invalid("A cost is at least 0.", field="unit_cost")
    currency = command.currency or item.currency
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Invalid("A currency is three capital letters, as CNY.", field="currency")
    if currency != item.currency and work.first(stock.StockBalance, stock.StockBalance.item_id == item.id):
        raise Invalid(f"This item is in the book in {item.currency}: its currency stays.", field="currency")
    today = stock.date_at(work.now, None)
    start = command.start or today
    try:
        dt.date.fromisoformat(start)
    except ValueError:
        raise Invalid("A date is written as YYYY-MM-DD.", field="start") from None

    before = item.costs or ([{"from": "", "unit_cost": item.unit_cost}] if item.unit_cost else [])
    said = {"from": start, "unit_cost": command.unit_cost}
    if said in before and currency == item.currency:
        return Outcome("noop")
    item.costs = sorted([*(each for each in before if each["from"] != start), said], key=lambda each: each["from"])
    item.currency = currency
    item.unit_cost = catalog.cost_on(item, today)
    work.record(UnitCostSet(unit_cost=command.unit_cost, currency=currency, start=start), item.id)
    return None
