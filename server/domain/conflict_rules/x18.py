"""X18: what was done without network refers to master data that is closed or gone: an item, a bin, a return type."""

from typing import TYPE_CHECKING, Any

from sqlmodel import col

from .. import conflicts, containers, corrections, counts, dispositions, receiving, returns
from ..catalog import Bin, Item, ReturnType
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule, nothing

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict


def found(
    work: Work, receipt: "receiving.Receipt", order: "returns.ReturnOrder", line: "returns.ReturnLine"
) -> "Conflict | None":
    """Of a scan: its item, and the bin it was put down in."""
    item = work.look(Item, receipt.item_id)
    if receipt.item_id and (item is None or not item.active):
        return _open(work, order.site_id, "Item", receipt.item_id, item, order.id, {"receipt_id": receipt.id})
    bin = work.look(Bin, receipt.bin_id)
    if receipt.bin_id and (bin is None or not bin.active):
        return _open(work, order.site_id, "Bin", receipt.bin_id, bin, order.id, {"receipt_id": receipt.id})
    return None


def found_type(work: Work, order: "returns.ReturnOrder") -> "Conflict | None":
    kind = work.first(ReturnType, ReturnType.code == order.type_code) if order.type_code else None
    if not order.type_code or (kind is not None and kind.active):
        return None
    return _open(work, order.site_id, "ReturnType", order.type_code, kind, order.id, {"order_id": order.id})


def found_bin(work: Work, site_id: str, bin_id: str, name: str, args: dict[str, Any], order_id: str = "") -> "Conflict":
    """Goods were carried to a bin that is gone. What was done is kept, to be done again with the right one."""
    return _open(work, site_id, "Bin", bin_id, None, order_id, {"name": name, "args": args})


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
    target: Any = work.seek(Item if kind == "Item" else Bin, right)
    if target is None or not target.active:
        raise Invalid("This does not exist or is closed.", field="value")
    for breach in breaches:
        if "name" in breach.evidence:
            _done_again(work, breach.evidence["name"], {**breach.evidence["args"], "bin_id": right})
            continue
        receipt = work.get(receiving.Receipt, breach.evidence["receipt_id"])
        if kind == "Item" and corrections.standing(receipt):
            _another_item(work, receipt, target, case.facts["id"])
        elif kind == "Bin":
            corrections.stood_in(work, receipt, target)


def passes(work: Work, case: "Conflict") -> str:
    if case.facts["problem"] == "gone":
        return ""
    kind, id = case.facts["kind"], case.facts["id"]
    record: Any = (
        work.first(ReturnType, ReturnType.code == id)
        if kind == "ReturnType"
        else work.look(Item if kind == "Item" else Bin, id)
    )
    return "It is in use again." if record is not None and record.active else ""


def _open(
    work: Work, site_id: str, kind: str, id: str, record: object | None, order_id: str, evidence: dict[str, Any]
) -> "Conflict":
    return conflicts.open_case(
        work, "X18", site_id, (site_id, kind, id), order_id=order_id, subject_kind="ReturnOrder" if order_id else "",
        subject_id=order_id, facts={"kind": kind, "id": id, "problem": "gone" if record is None else "inactive"}, evidence=evidence,
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
    options={"remap": Option(remap, takes="record"), "review": Option(nothing)},
    suggested="remap",
    why="Whoever was offline could not know that it was replaced; what was meant is the one in use.",
    locks="the item, bin or return type itself",
    passes=passes,
)
