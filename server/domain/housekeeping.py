"""What is thrown away in time."""

from sqlalchemy import and_, or_
from sqlmodel import col

from .people import OneTimeCode, Session, Throttle
from .records import ReconcileRun
from .sessions import FORGOTTEN_AFTER
from .work import Work

DAY = 86_400_000
AT_ONCE = 200
RUNS_KEPT, CLEAN_RUNS_KEPT = 30 * DAY, DAY
CODES_KEPT = 30 * DAY


def tidy(work: Work) -> bool:
    """Forgets what has expired, a little at a time; True while there may be more."""
    expired = [
        *work.find(Session, Session.expires_at <= work.now, limit=AT_ONCE),
        *work.find(Throttle, Throttle.last_failure_at < work.now - FORGOTTEN_AFTER, limit=AT_ONCE),
        *work.find(OneTimeCode, OneTimeCode.expires_at <= work.now - CODES_KEPT, limit=AT_ONCE),
        *work.find(
            ReconcileRun, col(ReconcileRun.state).in_(("done", "failed")),
            or_(
                col(ReconcileRun.finished_at) <= work.now - RUNS_KEPT,
                and_(col(ReconcileRun.finished_at) <= work.now - CLEAN_RUNS_KEPT, col(ReconcileRun.differences) == 0,
                     col(ReconcileRun.cause) != "asked"),
            ), limit=AT_ONCE,
        ),
    ]  # fmt: skip
    for record in expired:
        work.remove(record)
    return len(expired) >= AT_ONCE
