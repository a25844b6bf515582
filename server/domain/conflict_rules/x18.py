"""X18: what was done without network refers to master data that is closed or gone, or has changed: an item, a code that belongs to
another item now, a bin, a return type or reason."""

from typing import TYPE_CHECKING, Any

from sqlmodel import col

from .. import conflicts, containers, corrections, counts, dispositions, receiving, returns
from ..catalog import Barcode, Bin, Item, ReturnReason, ReturnType
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    """Of a scan: its item, what its code stands for now, and the bin it was put down in."""
    item = work.look(Item, receipt.item_id)
    if receipt.item_id and (item is None or not item.active):
        return _open(work, order.site_id, "Item", receipt.item_id, item, order.id, {"receipt_id": receipt.id})
    if item is not None and (now := _worn_by_another(work, receipt, item)):
        return _open(
            work,
            order.site_id,
            "Item",
            item.id,
            item,
            order.id,
            {"receipt_id": receipt.id},
            code=receipt.text,
            to=now.id,
        )
    bin = work.look(Bin, receipt.bin_id)
    if receipt.bin_id and (bin is None or not bin.active or bin.site_id != order.site_id):
        return _open(work, order.site_id, "Bin", receipt.bin_id, bin, order.id, {"receipt_id": receipt.id})
    return None


def found_type(work: Work, order: "returns.ReturnOrder") -> "Conflict | None":
    kind = work.first(ReturnType, ReturnType.code == order.type_code) if order.type_code else None
    if not order.type_code or (kind is not None and kind.active):
        return None
    return _open(work, order.site_id, "ReturnType", order.type_code, kind, order.id, {"order_id": order.id})


def found_reason(work: Work, order: "returns.ReturnOrder") -> "Conflict | None":
    reasons = work.find(ReturnReason, ReturnReason.code == order.reason_code) if order.reason_code else []
    mine = [each for each in reasons if each.type_code in ("", order.type_code)]
    if not mine or any(each.active for each in mine):
        return None
    return _open(work, order.site_id, "ReturnReason", order.reason_code, mine[0], order.id, {"order_id": order.id})


def found_bin(work: Work, site_id: str, bin_id: str, name: str, args: dict[str, Any], order_id: str = "") -> "Conflict":
    """Goods were carried to a bin that is gone, or is another site's. What was done is kept, to be done again with the right one."""
    return _open(work, site_id, "Bin", bin_id, work.look(Bin, bin_id), order_id, {"name": name, "args": args})


def remap(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Everything that named it names the other one from now on."""
    right = command.value
    if not isinstance(right, str) or not right or right == case.facts["id"]:
        raise Invalid("Choose what it should be instead.", field="value")
    kind = case.facts["kind"]
    if kind == "ReturnType":
        if not work.find(ReturnType, ReturnType.code == right, col(ReturnType.active).is_(True), limit=1):
            raise Invalid("This return type does not exist or is closed.", field="value")
        for breach in breaches:
            order = work.get(returns.ReturnOrder, breach.evidence["order_id"])
            order.type_code = right
            returns.changed(work, order, ["type_code"])
        return
    if kind == "ReturnReason":
        if not work.find(ReturnReason, ReturnReason.code == right, col(ReturnReason.active).is_(True), limit=1):
            raise Invalid("This return reason does not exist or is closed.", field="value")
        for breach in breaches:
            order = work.get(returns.ReturnOrder, breach.evidence["order_id"])
            order.reason_code = right
            returns.changed(work, order, ["reason_code"])
        return
    target: Any = work.seek(Item if kind == "Item" else Bin, right)
    if target is None or not target.active:
        raise Invalid("This does not exist or is closed.", field="value")
    if kind == "Bin" and target.site_id != case.site_id:
        raise Invalid("This bin is another site's.", field="value")
    for breach in breaches:
        if "name" in breach.evidence:
            _done_again(work, breach.evidence["name"], {**breach.evidence["args"], "bin_id": right})
            continue
        receipt = work.get(receiving.Receipt, breach.evidence["receipt_id"])
        if kind == "Item" and corrections.standing(receipt):
            _another_item(work, receipt, target, case.facts["id"])
        elif kind == "Bin":
            corrections.stood_in(work, receipt, target)


def replacement(work: Work, case: "Conflict") -> str | None:
    """By rule: the item that wears the code now; for a closed one, the only item in use that wears one of its codes, or is called
    like it; for a bin, the only other one of its zone."""
    kind, id = case.facts["kind"], case.facts["id"]
    if kind == "Item":
        if case.facts.get("to"):
            return str(case.facts["to"])
        texts = {barcode.text for barcode in work.all(Barcode, item_id=id)} | {
            receipt.text for breach in conflicts.occurrences_of(work, case.id)
            if (receipt := work.look(receiving.Receipt, breach.evidence.get("receipt_id", ""))) is not None and receipt.text
        }  # fmt: skip
        wearing = {barcode.item_id for text in sorted(texts) for barcode in work.all(Barcode, text=text)} - {id}
        stale = work.look(Item, id)
        named = (
            work.find(Item, Item.owner_id == stale.owner_id, Item.name == stale.name) if stale and stale.name else []
        )
        for candidates in (wearing, {item.id for item in named} - {id}):
            in_use = [
                each for each in sorted(candidates) if (item := work.look(Item, each)) is not None and item.active
            ]
            if len(in_use) == 1:
                return in_use[0]
    elif kind == "Bin" and case.facts["problem"] != "elsewhere" and (stale_bin := work.look(Bin, id)) is not None:
        others = work.find(Bin, Bin.zone_id == stale_bin.zone_id, col(Bin.active).is_(True), Bin.id != id, limit=2)
        return others[0].id if len(others) == 1 else None
    return None


def passes(work: Work, case: "Conflict") -> str:
    kind, id = case.facts["kind"], case.facts["id"]
    if case.facts["problem"] in ("gone", "elsewhere"):
        return ""
    if case.facts["problem"] == "changed":
        wears = {barcode.item_id for barcode in work.all(Barcode, text=case.facts["code"])}
        return "The code stands for this item again." if id in wears or not wears else ""
    record: Any
    if kind == "ReturnType":
        record = work.first(ReturnType, ReturnType.code == id)
    elif kind == "ReturnReason":
        record = work.first(ReturnReason, ReturnReason.code == id, col(ReturnReason.active).is_(True))
    else:
        record = work.look(Item if kind == "Item" else Bin, id)
    return "It is in use again." if record is not None and record.active else ""


def _worn_by_another(work: Work, receipt: "receiving.Receipt", item: Item) -> Item | None:
    """Its code was another item's before the handheld heard of it. Asked of the code alone: what was typed or chosen has none."""
    wearing = work.all(Barcode, text=receipt.text) if receipt.text else []
    if not wearing or any(barcode.item_id == item.id for barcode in wearing):
        return None
    others = [other for barcode in wearing if barcode.owner_id == item.owner_id
              and (other := work.look(Item, barcode.item_id)) is not None and other.active]  # fmt: skip
    return others[0] if len({other.id for other in others}) == 1 else None


def _open(
    work: Work, site_id: str, kind: str, id: str, record: object | None, order_id: str, evidence: dict[str, Any], **changed: str
) -> "Conflict":  # fmt: skip
    elsewhere = isinstance(site := getattr(record, "site_id", ""), str) and site not in ("", site_id)
    problem = "changed" if changed else "gone" if record is None else "elsewhere" if elsewhere else "inactive"
    return conflicts.open_case(
        work, "X18", site_id, (site_id, kind, id, *changed.values()), order_id=order_id, subject_kind="ReturnOrder" if order_id else "",
        subject_id=order_id, facts={"kind": kind, "id": id, "problem": problem, **changed}, evidence=evidence,
    )  # fmt: skip


def _another_item(work: Work, receipt: "receiving.Receipt", item: Item, stale_id: str) -> None:
    corrections.correct(work, receipt, item=item)
    line = work.get(returns.ReturnLine, receipt.line_id)
    if line.item_id in (stale_id, item.id):
        line.item_id = item.id
        return
    order = work.get(returns.ReturnOrder, receipt.order_id)
    corrections.reassign(work, receipt, corrections.standing(receipt), corrections.line_for(work, order, item.id))


def _done_again(work: Work, name: str, args: dict[str, Any]) -> None:
    if name == "put_away":
        dispositions.put_away(work, dispositions.PutAway(**args))
    elif name == "count_bin":
        count = work.get(counts.BinCount, args["count_id"])
        count.bin_id = args["bin_id"]
        counts.post(work, count)
    else:
        dispositions.move_container(work, containers.MoveContainer(**args))


RULE = Rule(
    id="X18",
    severity="advisory",
    options={"remap": Option(remap, takes="record", begins_with=replacement), "review": Option(nothing)},
    suggested="remap",
    why="Whoever was offline could not know that it was replaced; what was meant is the one in use.",
    locks="the item, bin, return type or reason itself",
    passes=passes,
)
