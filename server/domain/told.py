"""What became of one's return orders, for whoever filed them: decided, or a paper asked for."""

from .model import Command, Outcome, Table, long_text, moment, ref
from .work import Work


class Notice(Table, table=True):
    site_id: str = ref()
    person_id: str = ref()
    order_id: str = ref()
    what: str = ""  # approved | rejected | document_asked | document_added
    words: str = long_text()
    by: str = ""
    at: int = moment()
    read_at: int = moment()


class ReadNotice(Command, frozen=True):
    notice_id: str


def tell(work: Work, what: str, *, person_id: str, order_id: str, site_id: str, words: str = "") -> None:
    """Nobody is told what they did themselves."""
    if person_id and person_id not in (work.actor.id, "system"):
        work.add(
            Notice,
            site_id=site_id,
            person_id=person_id,
            order_id=order_id,
            what=what,
            words=words,
            by=work.actor.id,
            at=work.now,
        )


def read_notice(work: Work, command: ReadNotice) -> Outcome | None:
    work.allow("see")
    notice = work.seek(Notice, command.notice_id)
    if notice is None or notice.person_id != work.actor.id or notice.read_at:
        return Outcome("noop")
    notice.read_at = work.now
    return None
