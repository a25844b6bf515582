"""The shape all alert rules share, and how they find what an event concerns."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .. import parcels, receiving, returns, stock
from ..events import BarcodeMapped
from ..model import Event
from ..work import Work


class Heard(NamedTuple):
    """One event as a consumer hears it. `body` holds the event's own fields."""

    feed: str
    revision: int
    kind: str
    subject_id: str
    site_id: str
    body: dict[str, Any]
    mutation_id: str
    at: int


class Breach(NamedTuple):
    """What is wrong now. `facts` are what the sentence on the screen is made of: the same facts are the same case, so they hold
    moments, never ages."""

    site_id: str
    facts: dict[str, Any]
    order_id: str = ""
    item_id: str = ""
    severity: str = ""
    """Where these facts weigh more, or less, than the rule does."""


def nobody(work: Work) -> Iterable[str]:
    return ()


class Rule(NamedTuple):
    """`subjects`: which an event may have changed. `breach`: what is wrong with one now, or None. `scheduled`: which to look at
    because time has passed. `gone`: why it closed by itself; screens have it in their own words by the rule's id."""

    id: str
    severity: str
    hears: tuple[type[Event], ...]
    subjects: Callable[[Work, Heard], Iterable[str]]
    breach: Callable[[Work, str], Breach | None]
    gone: str
    scheduled: Callable[[Work], Iterable[str]] = nobody


def itself(work: Work, heard: Heard) -> Iterable[str]:
    """The event's own subject."""
    return (heard.subject_id,)


def lines(work: Work, heard: Heard) -> Iterable[str]:
    """The return lines an event speaks of: one, all of an order, all that a parcel brought, all received under a code."""
    if line_id := heard.body.get("line_id"):
        return [line_id]
    if heard.kind == BarcodeMapped.__name__:
        return {receipt.line_id for receipt in work.all(receiving.Receipt, item_id=heard.subject_id)
                if receipt.text == heard.body["text"]}  # fmt: skip
    parcel = work.look(parcels.Parcel, heard.subject_id)
    orders = parcel.order_ids if parcel else [heard.body.get("order_id") or heard.subject_id]
    return [line.id for order_id in orders for line in work.all(returns.ReturnLine, order_id=order_id)]


def balances(work: Work, heard: Heard) -> "list[stock.StockBalance]":
    """The balances that a move of goods changed; of a move that no mutation caused, all of the item at the site."""
    if not heard.mutation_id:
        return work.all(stock.StockBalance, site_id=heard.site_id, item_id=heard.subject_id)
    entries = work.all(stock.StockEntry, mutation_id=heard.mutation_id)
    ids = {entry.balance_id for entry in entries if entry.item_id == heard.subject_id}
    return [balance for id in sorted(ids) if (balance := work.look(stock.StockBalance, id)) is not None]
