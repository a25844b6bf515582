"""Photos that were spoken of and have not come yet. Data never waits for them; a supervisor is asked when they are given up (X17)."""

from typing import Any

from . import conflicts, inspections, parcels, replies, tasks
from .documents import Blob
from .ids import derived_id
from .model import Table, moment, ref
from .work import Work

SUBJECTS = ("Inspection", "Parcel", "Reply", "TaskAnswer")
"""What photos are of."""


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


def expect(
    work: Work, photos: list[dict[str, str]], subject_kind: str, subject_id: str, *, site_id: str, order_id: str = ""
) -> None:
    for photo in photos:
        sha256 = photo.get("sha256", "")
        if not sha256 or work.look(Blob, sha256):
            continue
        id = derived_id("photo", sha256, subject_id)
        if work.seek(AwaitedPhoto, id) is None:
            work.add(
                AwaitedPhoto, id=id, sha256=sha256, kind=photo.get("kind", ""), subject_kind=subject_kind, subject_id=subject_id,
                site_id=site_id, order_id=order_id, mutation_id=work.cause, device_id=work.device_id, at=work.now,
            )  # fmt: skip


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
    tables: dict[str, Any] = {
        "Inspection": inspections.Inspection, "Parcel": parcels.Parcel, "Reply": replies.Reply,
        "TaskAnswer": tasks.TaskAnswer,
    }  # fmt: skip
    return work.get(tables[kind], id)


def forget(work: Work, awaited_photo: AwaitedPhoto) -> None:
    work.remove(awaited_photo)
