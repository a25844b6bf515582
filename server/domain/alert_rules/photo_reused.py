"""A photo stands as evidence of one thing, and was used before for another: the same file, or another picture of it."""

from collections.abc import Iterable

from .. import photos
from ..events import GoodsInspected, ParcelBound, ParcelClaimed, ParcelClosed, ParcelDamaged, PhotoLookedAt
from ..photos import PhotoUse
from ..returns import ReturnOrder
from ..work import Work
from .rule import Breach, Heard, Rule

CLOSE_UPS = ("label", "defect")
"""Photos of one thing alone. One of the whole may show several lines of a return."""


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    """The uses of a photo and of its likes; of a record, those of its photos. Which of two came second may only be known now."""
    if heard.kind == PhotoLookedAt.__name__:
        told = [heard.subject_id]
    else:
        subject_id = heard.body.get("inspection_id") or heard.subject_id
        told = [use.sha256 for use in work.all(PhotoUse, subject_id=subject_id)]
    likes = {other for sha256 in told for other in photos.twins(work, sha256)}
    return sorted(use.id for sha256 in likes for use in work.all(PhotoUse, sha256=sha256))


def breach(work: Work, subject: str) -> Breach | None:
    use = work.look(PhotoUse, subject)
    if use is None or not photos.stands(work, use):
        return None
    likes = photos.twins(work, use.sha256)
    others = [
        other
        for sha256 in likes
        for other in work.all(PhotoUse, sha256=sha256)
        if (other.at, other.id) < (use.at, use.id)
        and _of_something_else(work, use, other)
        and photos.stands(work, other)
    ]
    if not others:
        return None
    first = min(others, key=lambda each: (each.at, each.id))
    orders, before = sorted(photos.order_ids(work, use)), sorted(photos.order_ids(work, first))
    order = work.look(ReturnOrder, before[0]) if before else None
    facts = {
        "photo": use.sha256, "photo_before": first.sha256, "kind": use.kind, "serial": use.serial,
        "before_order_id": order.id if order else "", "before_number": order.number if order else "", "before_serial": first.serial,
        "before_at": first.at, "same_file": use.sha256 == first.sha256, "differing": likes[first.sha256],
    }  # fmt: skip
    return Breach(use.site_id, facts, order_id=orders[0] if orders else "")


def _of_something_else(work: Work, one: PhotoUse, other: PhotoUse) -> bool:
    """Another return, or another unit of one. A parcel nobody has said the return of yet waits for that."""
    if one.line_id and one.line_id == other.line_id:
        return bool(one.serial and other.serial) and one.serial != other.serial
    ours, theirs = photos.order_ids(work, one), photos.order_ids(work, other)
    if not ours and not theirs:
        return one.subject_kind == other.subject_kind == "Parcel" and one.subject_id != other.subject_id
    if not ours or not theirs:
        return False
    if not ours & theirs:
        return True
    return bool(one.line_id and other.line_id) and one.kind == other.kind in CLOSE_UPS


RULE = Rule(
    id="photo_reused",
    severity="warning",
    hears=(PhotoLookedAt, GoodsInspected, ParcelDamaged, ParcelClosed, ParcelBound, ParcelClaimed),
    subjects=subjects,
    breach=breach,
    gone="The photo is evidence of one thing alone now.",
)
