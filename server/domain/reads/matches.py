"""Where goods without an order may have come from, in words: what `matching.py` found, as far as this person may see it."""

from collections.abc import Iterable

from sqlmodel import col

from ..catalog import Customer, Item
from ..documents import OutboundLine, OutboundOrder
from ..matching import Candidate, Reason, matches_for_order, matches_for_parcel
from ..parcels import Parcel
from ..returns import ReturnLine, ReturnOrder
from ..work import Work
from .rows import Json, Names, coded, many, visible

WORDS: dict[str, tuple[str, str]] = {
    "serial": ("序列号相同：{serial}", "the serial number is the same: {serial}"),
    "waybill": ("出库时用的就是这个运单号", "it was shipped with this waybill"),
    "customer": ("同一客户", "the same customer"),
    "customer_unknown": ("客户不详", "the customer is not known"),
    "price": ("价格相同", "the same price"),
    "price_unknown": ("价格不详", "the price is not known"),
    "price_differs": ("价格不同", "another price"),
    "quantity": ("还有 {left} 件未退", "{left} of it not returned yet"),
    "quantity_short": ("只有 {left} 件未退", "only {left} of it not returned yet"),
    "date": ("{days} 天前出库", "shipped {days} days before"),
    "lot": ("批号相同：{lot}", "the same lot: {lot}"),
    "lot_differs": ("批号不同：出库的是 {lot}", "another lot: {lot} was shipped"),
    "several_fit": ("有 {count} 个出库记录都符合", "{count} shipments fit"),
    "more_than_shipped": ("退回 {asked} 件，可退仅 {left} 件", "{asked} came back, of {left} that can"),
    "too_little_known": ("依据不足，请人工确认", "too little is known: a person decides"),
    "item_never_shipped": ("此前没有出库过这个商品", "this item was never shipped before"),
    "never_shipped_to_customer": (
        "此前没有给该客户出库过这个商品",
        "this item was never shipped to this customer before",
    ),
    "shipped_later": ("退回之后才出库", "it was shipped only later"),
    "nothing_left": ("出库的都已退回", "all of it is back already"),
    "nothing_fits": ("没有符合的出库记录", "no shipment fits"),
}
"""Reason code of a match → Chinese, English; the facts fill the braces."""

SHOWN = 8


def of_parcel(work: Work, parcel: Parcel) -> list[Json]:
    return _shown(work, _reached(work, matches_for_parcel(work, parcel))[:SHOWN])


def of_order(work: Work, order: ReturnOrder) -> list[Json]:
    """What the import noted, or, for goods that came without an order, what fits them today."""
    if order.origin in ("without_order", "unclaimed"):
        return _shown(work, _reached(work, matches_for_order(work, order))[:SHOWN])
    lines = many(work, ReturnLine, (entry["line_id"] for entry in order.match if "line_id" in entry))
    outbound = many(work, OutboundLine, (entry["outbound_line_id"] for entry in order.match))
    origins = many(work, OutboundOrder, (line.outbound_id for line in outbound.values()))
    reached = _orders(work, origins)
    names = Names(work)
    names.learn(Item, (line.item_id for line in lines.values()))
    shown = []
    for entry in order.match:
        line, sent = lines.get(entry.get("line_id", "")), outbound.get(entry["outbound_line_id"])
        origin = origins.get(sent.outbound_id) if sent else None
        if sent and (origin is None or origin.id not in reached):
            continue
        reasons = [*entry["reasons"], *entry.get("why", [])]
        shown.append({
            "line_id": entry.get("line_id", ""), "verdict": entry.get("verdict", ""), "item": names.item(line.item_id if line else ""),
            "outbound_line_id": entry["outbound_line_id"], "outbound_id": origin.id if origin else "",
            "number": origin.number if origin else "—", "shipped_on": origin.shipped_on if origin else "",
            "quantity": entry["quantity"] or (line.received if line else 0), "score": round(entry["score"] * 100),
            "reasons": [in_words(reason) for reason in reasons],
        })  # fmt: skip
    return shown


def in_words(reason: Reason) -> Json:
    zh, en = WORDS.get(reason["code"], (reason["code"], reason["code"]))
    return {"zh": zh.format(**reason), "en": en.format(**reason)}


def _reached(work: Work, found: list[Candidate]) -> list[Candidate]:
    """Without other customers' data for whoever sees only their own."""
    reached = _orders(work, {each.outbound_id for each in found})
    return [each for each in found if each.outbound_id in reached]


def _orders(work: Work, ids: Iterable[str]) -> set[str]:
    wanted = sorted(ids)
    if work.actor.system or not wanted:
        return set(wanted)
    seen = visible(work.actor, "see", OutboundOrder.site_id, OutboundOrder.owner_id, OutboundOrder.customer_id)
    return {order.id for order in work.find(OutboundOrder, col(OutboundOrder.id).in_(wanted), seen)}


def _shown(work: Work, found: list[Candidate]) -> list[Json]:
    names = Names(work)
    names.learn(Customer, (each.customer_id for each in found))
    lines = many(work, ReturnLine, (each.line_id for each in found))
    names.learn(Item, (line.item_id for line in lines.values()))
    return [
        {
            "line_id": each.line_id,
            "verdict": each.verdict,
            "item": names.item(lines[each.line_id].item_id),
            "outbound_line_id": each.outbound_line_id,
            "outbound_id": each.outbound_id,
            "number": each.number,
            "shipped_on": each.shipped_on,
            "customer": coded(names.get(Customer, each.customer_id)),
            "customer_id": each.customer_id,
            "quantity": each.quantity,
            "score": round(each.score * 100),
            "reasons": [in_words(reason) for reason in each.reasons],
        }
        for each in found
    ]
