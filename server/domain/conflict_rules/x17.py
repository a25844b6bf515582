"""X17: a photo that was spoken of has not come: its device says that none waits there any more, or five days have passed."""

from typing import TYPE_CHECKING

from .. import conflicts, photos, tasks
from ..devices import Device
from ..documents import Blob
from ..errors import Invalid
from ..work import Work
from .rule import Breaches, Option, Rule

if TYPE_CHECKING:
    from ..conflicts import Conflict, ResolveConflict
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


def retake(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """Somebody goes and takes it again."""
    tasks.send(
        work, "retake", case.site_id, question=command.note, subject_kind=case.subject_kind, subject_id=case.subject_id,
        conflict_id=case.id, **tasks.of_subject(work, case.subject_kind, case.subject_id),
    )  # fmt: skip


def answered(work: Work, case: "Conflict", task: "Task", answer: "TaskAnswer") -> None:
    """Each new photo stands for one that is missing."""
    for photo in answer.photos:
        _instead(work, case, photo["sha256"])


def replace(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    """A photo that is here already takes the place of the one that is missing."""
    sha256 = command.value
    if not isinstance(sha256, str) or work.look(Blob, sha256) is None:
        raise Invalid("Take the photo again, and choose it here once it has been uploaded.", field="value")
    _instead(work, case, sha256)


def accept(work: Work, case: "Conflict", breaches: Breaches, command: "ResolveConflict") -> None:
    for each in photos.awaited(work, case.subject_id):
        photos.forget(work, each)


def passes(work: Work, case: "Conflict") -> str:
    return "" if photos.awaited(work, case.subject_id) else "Every photo is here."


def _instead(work: Work, case: "Conflict", sha256: str) -> None:
    """One new photo stands for the first that is missing; the others are asked for again."""
    record = photos.subject(work, case.subject_kind, case.subject_id)
    missing = photos.awaited(work, case.subject_id)
    if not missing:
        return
    first = missing[0]
    record.photos = [
        {**photo, "sha256": sha256, "instead_of": first.sha256} if photo.get("sha256") == first.sha256 else photo
        for photo in record.photos
    ]
    photos.forget(work, first)


def _given_up(work: Work, awaited: "photos.AwaitedPhoto") -> bool:
    device = work.look(Device, awaited.device_id)
    says_none = device is not None and device.reported_at > awaited.at and device.pending_photos == 0
    return says_none or awaited.at <= work.now - PATIENCE


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
    locks="AwaitedPhoto",
    passes=passes,
    answered=answered,
)
