"""Desk sign-ins, and how often a wrong one may be tried."""

import hashlib
import math

from .errors import LimitReached
from .people import Person, Session, Throttle
from .work import Work

HOUR = 3_600_000
IDLE = 12 * HOUR
LONGEST = 7 * 24 * HOUR
NOTICED_EVERY = 5 * 60_000  # how often a request makes a session write that it is in use

FORGOTTEN_AFTER = HOUR  # failures, once nobody tried again for so long
FIRST_WAIT, LONGEST_WAIT = 10_000, 15 * 60_000


def token_hash(token: str) -> str:
    """What is kept of a secret of 256 random bits; a stolen table opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(work: Work, person_id: str, token: str, agent: str) -> None:
    for old in work.find(Session, Session.expires_at <= work.now, limit=50):
        work.remove(old)
    work.add(
        Session, id=token_hash(token), person_id=person_id, created_at=work.now, last_seen_at=work.now,
        expires_at=work.now + IDLE, agent=agent[:200],
    )  # fmt: skip


def person_of(work: Work, token: str) -> tuple[Person, Session] | None:
    """Who holds this secret, while the session lives and the person is not disabled."""
    session = work.look(Session, token_hash(token))
    if session is None or session.expires_at <= work.now:
        return None
    person = work.look(Person, session.person_id)
    return None if person is None or person.disabled_at else (person, session)


def wants_notice(session: Session, now: int) -> bool:
    return now - session.last_seen_at >= NOTICED_EVERY


def notice(work: Work, token: str) -> None:
    """Keeps a session alive that is in use, for a week at most."""
    session = work.seek(Session, token_hash(token))
    if session is not None:
        session.last_seen_at = work.now
        session.expires_at = min(work.now + IDLE, session.created_at + LONGEST)


def close_session(work: Work, token: str) -> None:
    session = work.seek(Session, token_hash(token))
    if session is not None:
        work.remove(session)


def attempt(work: Work, what: str, free: int) -> None:
    """Counts one attempt before it is known to fail, so that many at once are not all the first. `free` of them cost nothing.

    Raises LimitReached while the wait of the earlier failures is not over.
    """
    for old in work.find(Throttle, Throttle.last_failure_at < work.now - FORGOTTEN_AFTER, limit=20):
        work.remove(old)
    throttle = work.seek(Throttle, token_hash(what)) or work.add(Throttle, id=token_hash(what))
    if throttle.blocked_until > work.now:
        seconds = math.ceil((throttle.blocked_until - work.now) / 1000)
        raise LimitReached(f"Too many attempts failed. Try again in {seconds} seconds.", retry_after=seconds)
    throttle.failures += 1
    throttle.last_failure_at = work.now
    if throttle.failures >= free:
        throttle.blocked_until = work.now + min(FIRST_WAIT * 2 ** min(throttle.failures - free, 10), LONGEST_WAIT)


def succeeded(work: Work, what: str, *, forget: bool) -> None:
    """The attempt was a good one: not counted (an address), or all before it forgotten (a name)."""
    throttle = work.seek(Throttle, token_hash(what))
    if throttle is not None:
        throttle.failures = 0 if forget else max(0, throttle.failures - 1)
        throttle.blocked_until = 0
