"""The other system has not acknowledged goods that were handed over to it a day ago or longer. The subject is the site."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from ..events import HandOverAcknowledged
from ..hand_overs import HandOver
from ..work import Work
from .rule import Breach, Heard, Rule

PATIENCE = 24 * 3_600_000


def subjects(work: Work, heard: Heard) -> Iterable[str]:
    return (heard.site_id,)


def breach(work: Work, subject: str) -> Breach | None:
    late = work.rows(
        select(func.count(), func.sum(col(HandOver.quantity)), func.min(col(HandOver.at))).where(
            *_late(work), col(HandOver.site_id) == subject
        )
    )[0]
    if not late[0]:
        return None
    return Breach(subject, {"waiting": int(late[0]), "quantity": int(late[1]), "oldest_at": int(late[2])})


def scheduled(work: Work) -> Iterable[str]:
    return [row.site_id for row in work.rows(select(col(HandOver.site_id)).where(*_late(work)).distinct())]


def _late(work: Work) -> tuple[Any, ...]:
    return col(HandOver.state) == "waiting", col(HandOver.at) <= work.now - PATIENCE


RULE = Rule(
    id="hand_over_waiting",
    severity="warning",
    hears=(HandOverAcknowledged,),
    subjects=subjects,
    breach=breach,
    gone="Nothing waits for longer than a day any more.",
    scheduled=scheduled,
)
