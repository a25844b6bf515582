"""X17: a photo that was spoken of has not come, is not what came, or shows another label than was scanned.

Missing: its device says that none waits there any more, or five days have passed. What a photo taken *as label* shows is compared
with what was scanned of the goods it belongs to: their codes, on whatever packaging, their serial number and lot. A label nobody
could read is no breach.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from .. import conflicts, corrections, parcels, photos, receiving, replies, tasks
from ..catalog import Barcode, Item
from ..devices import Device
from ..documents import Blob
from ..errors import Invalid
from ..people import actor_of
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
    from ..photos import PhotoUse
    from ..receiving import Receipt
    from ..tasks import Task, TaskAnswer

PATIENCE = 5 * 86_400_000


def look(work: Work) -> int:
    """Opens what is due; called as time passes. How many photos are missing."""
    due = [each for each in work.find(photos.AwaitedPhoto) if not each.asked and _given_up(work, each)]
    for each in due:
        each.asked = True
        missing = sorted(other.sha256 for other in photos.awaited(work, each.subject_id))
        with work.acting(
            work.actor, device_id=each.device_id, made_at=each.at, site_id=each.site_id, cause=each.mutation_id
        ):
            conflicts.open_case(
                work, "X17", each.site_id, (each.subject_id,), order_id=each.order_id, subject_kind=each.subject_kind,
                subject_id=each.subject_id, facts={"missing": missing}, evidence={"sha256": each.sha256, "kind": each.kind},
            )  # fmt: skip
    return len(due)


def judge(work: Work, use: "PhotoUse") -> "Conflict | None":
    """Of a photo that was looked at. Asked by a worker, again whenever its goods are told of anew."""
    seen = work.look(photos.PhotoLook, use.sha256)
    if seen is None or not photos.stands(work, use):
        return None
    if seen.problem in ("differs", "gone"):
        return _tell(work, use, [], {"problem": seen.problem, "sha256": use.sha256}, {})
    differs = _label(work, _scans(work, use), seen).differs
    if differs is None:
        return None
    code, receipt, what = differs
    scanned = {"serial": receipt.serial, "lot": receipt.lot}.get(what, "") or _called(work, receipt)
    read = code.get(what) if what in ("serial", "lot") else code["text"]
    facts = {"problem": "label", "what": what, "read": read, "scanned": scanned, "sha256": use.sha256}
    return _tell(
        work, use, [{"field": "label", "base": None, "server": scanned, "device": read}], facts,
        {"text": code["text"], "symbology": code["symbology"], "engine": code["engine"], "confirmed": code["confirmed"],
         "position": code["position"], "receipt_id": receipt.id},
    )  # fmt: skip


def retake(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Somebody goes and takes it again."""
    tasks.send(
        work, "retake", case.site_id, question=command.note, subject_kind=case.subject_kind, subject_id=case.subject_id,
        conflict_id=case.id, **tasks.of_subject(work, case.subject_kind, case.subject_id),
    )  # fmt: skip


def answered(work: Work, case: "Conflict", task: "Task", answer: "TaskAnswer") -> None:
    """Each photo that was taken again stands for one."""
    for photo in answer.photos if task.kind == "retake" else ():
        _instead(work, case, photo["sha256"])


def replace(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """A photo that is here already takes the place of the one that is missing, or shows something else."""
    sha256 = command.value
    if not isinstance(sha256, str) or work.look(Blob, sha256) is None:
        raise Invalid("Take the photo again, and choose it here once it has been uploaded.", field="value")
    _instead(work, case, sha256)


def accept(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for each in photos.awaited(work, case.subject_id) if "problem" not in case.facts else []:
        photos.forget(work, each)


def passes(work: Work, case: "Conflict") -> str:
    if "problem" not in case.facts:
        return "" if photos.awaited(work, case.subject_id) else "Every photo is here."
    use = work.look(photos.PhotoUse, photos.use_id(case.facts["sha256"], case.subject_id))
    if use is None or not photos.stands(work, use):
        return "Another photo was taken in its place."
    seen = work.look(photos.PhotoLook, use.sha256)
    if seen is None:
        return "The photo was sent again."
    if case.facts["problem"] != "label":
        return "" if seen.problem == case.facts["problem"] else "The photo is what it was."
    if _label(work, _scans(work, use), seen).differs is None:
        return "The label is what was scanned, as it is told now."
    for later in _taken_later(work, case, use):
        after = work.look(photos.PhotoLook, later.sha256)
        if after is not None and _label(work, _scans(work, use), after).agrees:
            return "A later photo shows the label that was scanned."
    return ""


def _taken_later(work: Work, case: "Conflict", use: "PhotoUse") -> "list[PhotoUse]":
    """Label photos of the same goods, and those a handheld answered the case with."""
    answered = [
        each for reply in replies.of_case(work, case.id) for each in work.all(photos.PhotoUse, subject_id=reply.id)
    ]
    again = work.all(photos.PhotoUse, line_id=use.line_id, serial=use.serial) if use.line_id else []
    return [each for each in (*again, *answered)
            if each.kind == "label" and each.at > use.at and photos.stands(work, each)]  # fmt: skip


def _instead(work: Work, case: "Conflict", sha256: str) -> None:
    """One new photo stands for the one that shows something else, or for the first that is missing; others are asked for again."""
    if "problem" in case.facts:
        photos.replace(work, case.subject_kind, case.subject_id, case.facts["sha256"], sha256)
        return
    for first in photos.awaited(work, case.subject_id)[:1]:
        photos.replace(work, case.subject_kind, case.subject_id, first.sha256, sha256)
        photos.forget(work, first)


def _given_up(work: Work, awaited: "photos.AwaitedPhoto") -> bool:
    device = work.look(Device, awaited.device_id)
    says_none = device is not None and device.reported_at > awaited.at and device.pending_photos == 0
    return says_none or awaited.at <= work.now - PATIENCE


def _tell(
    work: Work, use: "PhotoUse", values: list[dict[str, Any]], facts: dict[str, Any], evidence: dict[str, Any]
) -> "Conflict":
    """Once: what is asked again whenever the goods are told of is no other breach."""
    case = work.look(conflicts.Conflict, conflicts.case_id("X17", use.subject_id, use.sha256))
    if case is not None and case.facts == facts and case.state != "auto_resolved":
        return case
    orders = sorted(photos.order_ids(work, use))
    with work.acting(
        actor_of(work, use.by), device_id=use.device_id, made_at=use.made_at, site_id=use.site_id, cause=use.mutation_id
    ):
        return conflicts.open_case(
            work, "X17", use.site_id, (use.subject_id, use.sha256), order_id=orders[0] if orders else "",
            subject_kind=use.subject_kind, subject_id=use.subject_id, values=values, facts=facts,
            evidence={"sha256": use.sha256, "kind": use.kind, **evidence},
        )  # fmt: skip


class Label(NamedTuple):
    """What the codes of a label say of the goods it was photographed for."""

    agrees: bool = False
    differs: "tuple[dict[str, Any], Receipt, str] | None" = None
    """The code that says something else, the scan it belongs to, and what of it differs: item_id, serial or lot."""


def _label(work: Work, receipts: "list[Receipt]", seen: "photos.PhotoLook") -> Label:
    """A code of these goods settles it, whatever else is in the picture; only another unit's serial number or lot does not go
    with it."""
    if not receipts:
        return Label()
    told = [(code, *_says(work, code, receipts)) for code in seen.codes]
    for wanted in ("serial", "lot"):
        for code, says, receipt in told:
            if says == wanted and not any(other is not code and other_says == "unit" for other, other_says, _ in told):
                return Label(differs=(code, receipt, wanted))
    if any(says in ("same", "unit") for _, says, _ in told):
        return Label(agrees=True)
    return Label(differs=next(((code, receipt, says) for code, says, receipt in told if says == "item_id"), None))


def _scans(work: Work, use: "PhotoUse") -> "list[Receipt]":
    """What was scanned of the goods a label photo belongs to, and still counts."""
    if use.kind != "label":
        return []
    if use.subject_kind == "Parcel":
        parcel = work.look(parcels.Parcel, use.subject_id)
        done = parcel is not None and parcel.state in ("done", "unclaimed", "claimed")
        found = work.all(receiving.Receipt, parcel_id=use.subject_id) if done else []
    else:
        found = receiving.of_line(work, use.line_id) if use.line_id else []
    standing = [each for each in found if corrections.standing(each)]
    return [each for each in standing if use.serial and each.serial == use.serial] or standing


def _says(work: Work, code: dict[str, Any], receipts: "list[Receipt]") -> "tuple[str, Receipt]":
    """same, unit (with its own serial number or lot), serial, lot or item_id where that differs; '' says nothing of the goods."""
    spelled, first = {code["text"], *code["spellings"]}, receipts[0]
    for receipt in receipts:
        if code["text"] == receipt.serial or (receipt.serial and code["serial"] == receipt.serial):
            return "unit", receipt
    wearing = {barcode.item_id for text in sorted(spelled) for barcode in work.all(Barcode, text=text)}
    these = [each for each in receipts if each.item_id in wearing or (not each.item_id and each.text in spelled)]
    if these:
        for what in ("serial", "lot"):
            if code[what] and all(getattr(each, what) not in ("", code[what]) for each in these):
                return what, these[0]
        return ("unit" if code["serial"] or code["lot"] else "same"), these[0]
    if any(each.text in spelled for each in receipts):
        return "same", first
    # A code no item wears says that these are other goods only where their own is of its kind.
    known = bool(wearing) or (bool(code["spellings"]) and any(_has_gtin(work, each) for each in receipts))
    return ("item_id" if known else ""), first


def _has_gtin(work: Work, receipt: "Receipt") -> bool:
    worn = [barcode.text for barcode in work.all(Barcode, item_id=receipt.item_id)] if receipt.item_id else []
    return any(text.isdigit() and len(text) in (8, 12, 13, 14) for text in (*worn, receipt.text))


def _called(work: Work, receipt: "Receipt") -> str:
    item = work.look(Item, receipt.item_id)
    return receipt.text or (item.sku if item else "")


RULE = Rule(
    id="X17",
    severity="advisory",
    options={
        "retake": Option(retake, sends=True),
        "replace_photo": Option(replace, takes="photo", final=False),
        "accept": Option(accept, note_required=True),
    },
    suggested="retake",
    why="The goods are still here: another photo costs a minute, evidence that is missing costs the claim.",
    locks="AwaitedPhoto, Conflict",
    passes=passes,
    answered=answered,
)
