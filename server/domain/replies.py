"""What people say to one another about a conflict: the handheld that caused it, and whoever decides it.

Words move no goods and open no case again. What a handheld says waits, beside the case, until somebody at a desk has read it.
"""

from typing import Any

import msgspec

from . import conflicts, photos
from .documents import Photo
from .errors import Invalid
from .events import ConflictAnswered, RepliesRead
from .model import Command, Outcome, Table, json_list, long_text, moment, ref
from .work import Work

LONGEST = 2_000


class Reply(Table, table=True):
    """One thing said, never changed. `device_id` is '' where it was said at a desk."""

    site_id: str = ref()
    order_id: str = ref()
    conflict_id: str = ref()
    text: str = long_text()
    photos: list[Any] = json_list()  # [{sha256, kind}]
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class ReplyToConflict(Command, frozen=True):
    """`reply_id` is made by whoever says it; at a desk it may be left out. Text, photos or both."""

    conflict_id: str
    reply_id: str = ""
    text: str = ""
    photos: list[Photo] = []


class ReadReplies(Command, frozen=True):
    conflict_id: str


def reply_to_conflict(work: Work, command: ReplyToConflict) -> Outcome | None:
    case = work.seek(conflicts.Conflict, command.conflict_id)
    site_id = case.site_id if case else work.site_id
    work.allow("see", site_id, fact=True)
    work.lost_right = ""  # whoever lost a right since is heard all the same: there is nothing here to hold back
    if command.reply_id and work.seek(Reply, command.reply_id):
        return Outcome("noop")
    text = command.text.strip()
    if not text and not command.photos:
        raise Invalid("Write what you want to say, or add a photo.", field="text")
    if len(text) > LONGEST:
        raise Invalid(f"Say it in {LONGEST} characters at most.", field="text", limit=LONGEST)

    reply = work.add(
        Reply,
        id=command.reply_id or work.new_id(),
        site_id=site_id,
        order_id=case.order_id if case else "",
        conflict_id=command.conflict_id,
        text=text,
        photos=[msgspec.to_builtins(each) for each in command.photos],
        mutation_id=work.cause,
        device_id=work.device_id,
        by=work.actor.id,
        made_at=work.made_at,
        at=work.now,
    )
    photos.expect(work, reply.photos, "Reply", reply.id, site_id=site_id, order_id=reply.order_id)
    if case:
        case.replied_at = work.now if work.device_id else 0
    work.record(ConflictAnswered(site_id=site_id, reply_id=reply.id), command.conflict_id)
    return None


def read_replies(work: Work, command: ReadReplies) -> Outcome | None:
    case = work.get(conflicts.Conflict, command.conflict_id)
    work.allow("resolve", case.site_id)
    if not case.replied_at:
        return Outcome("noop")
    case.replied_at = 0
    work.record(RepliesRead(site_id=case.site_id), case.id)
    return None


def of_case(work: Work, conflict_id: str) -> list[Reply]:
    return work.find(Reply, Reply.conflict_id == conflict_id, order_by=(Reply.at, Reply.id))
