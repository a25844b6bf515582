"""Evidence photos: which record speaks of which, what was read in them, which are alike, and which have not come yet.

Data never waits for a photo. What a photo shows is read by a worker once its bytes are here (`workers/images.py`); what follows
from it is the affair of the rules: X17 where a label is not what was scanned, `photo_reused` where one was used before.
"""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from . import conflicts, inspections, parcels, replies, returns, tasks
from .documents import Blob
from .events import PhotoLookedAt
from .ids import derived_id
from .model import Table, integer, json_list, moment, ref
from .work import Work

SUBJECTS = ("Inspection", "Parcel", "Reply", "TaskAnswer")
"""What photos are of."""

ALIKE = 10
"""Of 64 bits, so many may differ in two pictures of one photo: encoded anew, scaled, cut at its edges by a few hundredths. Others may
differ in as few: those are laid over each other (`server/likeness.py`; `tests/workers/test_photos.py` measures both)."""


class PhotoUse(Table, table=True):
    """A record speaks of a photo, as evidence of these goods."""

    sha256: str = ref()
    kind: str = ""
    subject_kind: str = ""  # one of SUBJECTS
    subject_id: str = ref()
    site_id: str = ""
    order_id: str = ""
    line_id: str = ref()
    serial: str = ""
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class AwaitedPhoto(Table, table=True):
    """One photo of one record, gone from here when its bytes are there."""

    sha256: str = ref()
    kind: str = ""
    subject_kind: str = ""
    subject_id: str = ref()
    site_id: str = ""
    order_id: str = ""
    mutation_id: str = ""
    device_id: str = ""
    asked: bool = False  # a supervisor has been asked
    at: int = moment()


class PhotoLook(Table, table=True):
    """What was seen in a photo; the id is its SHA-256.

    problem: '' | unreadable (no decoder takes it) | differs (the bytes kept are not those that came) | gone (they are not there)
    codes: [{text, symbology, engine, sure, confirmed, position, gtins, serial, lot, expiry}]
    """

    problem: str = ""
    likeness: str = ""  # 64 bits in hexadecimal; '' where there is too little in it to know it again
    codes: list[Any] = json_list()
    engines: list[Any] = json_list()
    at: int = moment()


class PhotoTwin(Table, table=True):
    """Two photos that are pictures of one: written once for each of them."""

    sha256: str = ref()
    other: str = ""
    differing: int = integer()  # bits


def expect(
    work: Work, photos: list[dict[str, str]], subject_kind: str, subject_id: str, *, site_id: str, order_id: str = "",
    line_id: str = "", serial: str = "",
) -> None:  # fmt: skip
    """A record speaks of these photos: from here on they are its evidence, and those that have not come are waited for."""
    for photo in photos:
        sha256 = photo.get("sha256", "")
        if not sha256:
            continue
        id = use_id(sha256, subject_id)
        about = {
            "sha256": sha256, "kind": photo.get("kind", ""), "subject_kind": subject_kind, "subject_id": subject_id,
            "site_id": site_id, "order_id": order_id, "mutation_id": work.cause, "device_id": work.device_id, "at": work.now,
        }  # fmt: skip
        if work.seek(PhotoUse, id) is None:
            work.add(PhotoUse, id=id, line_id=line_id, serial=serial, by=work.actor.id, made_at=work.made_at, **about)
        if work.look(Blob, sha256) is None and work.seek(AwaitedPhoto, id) is None:
            work.add(AwaitedPhoto, id=id, **about)


def use_id(sha256: str, subject_id: str) -> str:
    return derived_id("photo", sha256, subject_id)


def arrived(work: Work, sha256: str) -> None:
    for awaited_photo in work.all(AwaitedPhoto, sha256=sha256):
        subject_id = awaited_photo.subject_id
        forget(work, awaited_photo)
        if case := work.seek(conflicts.Conflict, conflicts.case_id("X17", subject_id)):
            conflicts.ease_case(work, case)


def awaited(work: Work, subject_id: str) -> list[AwaitedPhoto]:
    return work.all(AwaitedPhoto, subject_id=subject_id)


def subject(work: Work, kind: str, id: str) -> Any:
    """The record whose `photos` they are."""
    return work.get(_kinds()[kind], id)


def stands(work: Work, use: PhotoUse) -> bool:
    """Whether its record still speaks of it: no other photo was taken in its place, and no later inspection counts instead."""
    record: Any = work.look(_kinds()[use.subject_kind], use.subject_id)
    if record is None or (use.subject_kind == "Inspection" and record.superseded_by):
        return False
    return any(photo.get("sha256") == use.sha256 for photo in record.photos)


def replace(work: Work, subject_kind: str, subject_id: str, sha256: str, by: str) -> None:
    """One photo of a record for another; what was there stays told."""
    record = subject(work, subject_kind, subject_id)
    record.photos = [
        {**photo, "sha256": by, "instead_of": sha256} if photo.get("sha256") == sha256 else photo
        for photo in record.photos
    ]
    use = work.look(PhotoUse, use_id(sha256, subject_id))
    expect(
        work, [photo for photo in record.photos if photo.get("sha256") == by], subject_kind, subject_id, site_id=record.site_id,
        order_id=getattr(record, "order_id", ""), line_id=use.line_id if use else "", serial=use.serial if use else "",
    )  # fmt: skip


def forget(work: Work, awaited_photo: AwaitedPhoto) -> None:
    work.remove(awaited_photo)


# What a worker sees in them


def unseen(work: Work, limit: int) -> list[Blob]:
    """Photos that have been painted, and whose codes nobody has looked for."""
    return work.find(Blob, col(Blob.looked).is_(False), Blob.state != "stored", order_by=Blob.stored_at, limit=limit)


def note_look(work: Work, sha256: str, **seen: Any) -> None:
    if work.seek(PhotoLook, sha256) is None:
        work.add(PhotoLook, id=sha256, at=work.now, **seen)


def alike(work: Work, sha256: str) -> list[tuple[str, int]]:
    """Other photos that are pictures of the same, and in how many bits they differ. Reads through all: for a read of its own."""
    look = work.look(PhotoLook, sha256)
    if look is None or not look.likeness:
        return []
    mine = int(look.likeness, 16)
    others = work.rows(select(col(PhotoLook.id), col(PhotoLook.likeness)).where(col(PhotoLook.likeness) != ""))
    apart = ((row.id, (int(row.likeness, 16) ^ mine).bit_count()) for row in others if row.id != sha256)
    return [(id, bits) for id, bits in apart if bits <= ALIKE]


def note_alike(work: Work, sha256: str, found: list[tuple[str, int]]) -> None:
    """Two workers that look at two such photos at once both tell: what each saw is there before it looks for others."""
    blob = work.get(Blob, sha256)
    if blob.looked:
        return
    blob.looked = True
    for other, bits in found:
        for one, two in ((sha256, other), (other, sha256)):
            id = derived_id("photo twin", one, two)
            if work.seek(PhotoTwin, id) is None:
                work.add(PhotoTwin, id=id, sha256=one, other=two, differing=bits)
    for site_id in sorted({use.site_id for use in work.all(PhotoUse, sha256=sha256)}):
        work.record(PhotoLookedAt(site_id=site_id), sha256)


def look_again(work: Work, sha256: str) -> None:
    """Its bytes had been lost or changed here, and have been sent again."""
    look = work.look(PhotoLook, sha256)
    if look is not None and look.problem in ("gone", "differs"):
        work.remove(look)
        blob = work.get(Blob, sha256)
        blob.looked, blob.state = False, "stored"


def twins(work: Work, sha256: str) -> dict[str, int]:
    """This photo itself and all that are pictures of it, by how many bits they differ."""
    return {sha256: 0} | {twin.other: twin.differing for twin in work.all(PhotoTwin, sha256=sha256)}


def order_ids(work: Work, use: PhotoUse) -> set[str]:
    """The return orders whose goods a photo shows."""
    if use.subject_kind == "Parcel":
        parcel = work.look(parcels.Parcel, use.subject_id)
        return set(parcel.order_ids) if parcel else set()
    line = work.look(returns.ReturnLine, use.line_id)
    return {order for order in (line.order_id if line else use.order_id,) if order}


def _kinds() -> dict[str, type[Table]]:
    return {
        "Inspection": inspections.Inspection, "Parcel": parcels.Parcel, "Reply": replies.Reply, "TaskAnswer": tasks.TaskAnswer,
    }  # fmt: skip
