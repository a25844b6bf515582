"""Mutations that wait: for what another device has not sent, for a person with the right, or because they could not be taken in.

What waits keeps its whole content and its author. It is carried out as soon as what it waits for arrives; after some days, or when
it cannot go on by itself, a conflict asks a supervisor (X13, X15, X0).
"""

import errno
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import col

from . import conflicts, returns, upcasts
from .devices import Device
from .errors import NotAllowed, Refusal, Waiting, WrongState
from .events import MutationForced, MutationHeld, MutationRejected
from .model import Command, Outcome
from .people import actor_of
from .permissions import Actor
from .records import Mutation
from .upcasts import newer, upcast
from .work import Work

log = logging.getLogger("restow.sync")

HELD_FOR = 5 * 86_400_000
"""How long an intention waits for what another device has not sent, in milliseconds."""

TRIES = 3

PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
OF_THE_DATA = ("22", "23", "42", "54")
"""Classes of PostgreSQL's codes: a value, a constraint, a statement, a limit. A key that another has made meanwhile is seen at the
second try."""
PASSING_ON_SQLITE = ("disk is full", "disk I/O error", "unable to open database file")

Attempt = tuple[Outcome | None, Exception | None]


class Passing(Exception):
    """A fault of this moment, of the disk or the memory: what was sent is as good as before, and is asked for again."""


class ForceHeld(Command, frozen=True):
    """A supervisor does not wait any longer: it is carried out with what is there."""

    mutation_id: str


class Authors(dict[str, Actor]):
    """Who wrote the mutations of one request, with the rights this transaction sees: at the handheld's own site. Who is signed in
    there it alone says, so that one in the wrong hands reaches no further."""

    def __init__(self, work: Work, site_id: str) -> None:
        super().__init__()
        self._work, self._site_id = work, site_id

    def __missing__(self, person_id: str) -> Actor:
        self[person_id] = actor_of(self._work, person_id).at(self._site_id)
        return self[person_id]


def attempt(work: Work, mutation_id: str, name: str, run: Callable[[], Outcome]) -> Attempt:
    """What became of it, or why it was refused. An unexpected failure is tried alone three times before it is set aside."""
    for tried in range(TRIES):
        try:
            with work.savepoint():
                return run(), None
        except Refusal as refusal:
            return None, refusal
        except Exception as error:
            if _asked_again(error):
                raise
            if _passes(error):
                raise Passing from error
            log.exception(
                "mutation failed", extra={"mutation": mutation_id, "name_of_mutation": name[:80], "tried": tried}
            )
            failure = error
    return None, failure


def _asked_again(error: Exception) -> bool:
    """Whether the database asks for the whole transaction again. What it says of this one's data or statement, it would say again,
    and everything behind it would wait for ever."""
    state = getattr(error, "sqlstate", "") or ""
    return (bool(state) and not state.startswith(OF_THE_DATA)) or "locked" in str(error)


def _passes(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in PASSING
    return isinstance(error, MemoryError) or any(words in str(error) for words in PASSING_ON_SQLITE)


def set_aside(work: Work, stored: Mutation, refused: Exception, held_for: int = HELD_FOR) -> None:
    """Keeps why a mutation was not carried out, and asks a supervisor where nobody else can go on. Called as its author."""
    if isinstance(refused, Waiting):
        stored.status, stored.code, stored.detail = "held", refused.code, refused.sentence
        stored.waits_for = str(refused.facts.get("subject", ""))
        stored.held_until = work.now + held_for
        work.record(MutationHeld(site_id=work.site_id, name=stored.name, waits_for=stored.waits_for), stored.id)
    elif isinstance(refused, NotAllowed) and refused.facts.get("lost"):
        stored.status, stored.code, stored.detail = "held", "lost_right", refused.sentence
        facts = {
            "person_id": stored.by,
            "action": refused.facts["action"],
            "name": stored.name,
            "mutation_id": stored.id,
        }
        _ask(work, stored, "X13", facts)
    elif isinstance(refused, Refusal):
        stored.status, stored.code, stored.detail = "rejected", refused.code, refused.sentence
        work.record(MutationRejected(site_id=work.site_id, name=stored.name, code=refused.code), stored.id)
    else:
        stored.status, stored.code, stored.detail = (
            "held",
            "internal_error",
            "This could not be taken in; a supervisor was told.",
        )
        work.record(MutationHeld(site_id=work.site_id, name=stored.name, waits_for="internal_error"), stored.id)
        _ask(work, stored, "X0", {"name": stored.name, "error": type(refused).__name__})


def again(work: Work, held: Mutation, actor: Actor | None = None, *, forced: bool = False) -> Attempt:
    """Carries a held mutation out, as its author (or whoever adopts it) and its device; what came of it is kept with it."""
    from .commands import decode, execute  # the table of all commands, this file's own among them

    device = work.look(Device, held.device_id)
    author = actor or actor_of(work, held.by).at(device.site_id if device else held.site_id)

    def run() -> Outcome:
        with work.acting(author, device_id=held.device_id, made_at=held.made_at, site_id=held.site_id, cause=held.id):
            work.forced = forced
            try:
                return execute(work, held.name, decode(held.name, _args(held)))
            finally:
                work.forced = False

    outcome, refused = attempt(work, held.id, held.name, run)
    held = work.get(Mutation, held.id)
    if outcome is not None:
        held.status, held.code, held.detail = outcome.status, outcome.code, ""
        held.conflict_id = outcome.conflict_id
        held.waits_for, held.held_until = "", 0
        work.flush()
        release(work, _args(held))
    return outcome, refused


def retry(work: Work, held: Mutation) -> bool:
    """Tries a held mutation again; what it was waiting for may have arrived. True when it was carried out."""
    held = work.get(Mutation, held.id)
    if held.status != "held":
        return True  # another has carried it out, or put an end to it, since it was looked for
    case_id = held.conflict_id
    outcome, refused = again(work, held)
    held = work.get(Mutation, held.id)
    if isinstance(refused, Waiting):
        held.waits_for = str(refused.facts.get("subject", held.waits_for))
    elif isinstance(refused, Refusal) and held.status == "held" and held.code in (Waiting.code, NEVER_ARRIVED):
        with _as_author(work, held):
            set_aside(work, held, refused)
    work.flush()
    if held.status != "held" and case_id and (case := work.seek(conflicts.Conflict, case_id)):
        conflicts.ease_case(work, case)
    return outcome is not None


class Arrivals:
    """What arrives in one transaction, and what others wait for: those are tried as soon as it is there.

    Asked once for all of them, when one begins to wait, and once more at the end: another transaction may have held something back
    meanwhile, for what arrived in this one.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._arrived: set[str] = set()
        self.look()

    def look(self) -> None:
        self._waited_for = waited_for(self._work)

    def release(self, args: dict[str, Any]) -> None:
        arrived = subjects_of(args)
        self._arrived |= arrived
        if not self._waited_for.isdisjoint(arrived):
            _release(self._work, arrived)
            self.look()

    def settle(self) -> None:
        if self._arrived and (since := (waited_for(self._work) - self._waited_for) & self._arrived):
            _release(self._work, since)


def waited_for(work: Work) -> set[str]:
    return {row[0] for row in work.rows(_WAITED_FOR)}


_WAITED_FOR = (
    select(col(Mutation.waits_for)).where(col(Mutation.waits_for) > "", col(Mutation.status) == "held").distinct()
)


def release(work: Work, args: dict[str, Any]) -> None:
    """What waited for a subject that these arguments brought is tried now, in the order it came."""
    if arrived := subjects_of(args):
        _release(work, arrived)


def subjects_of(args: dict[str, Any]) -> set[str]:
    """Every record these arguments name."""
    named = {str(value) for name, value in args.items() if name == "id" or name.endswith("_id")}
    if isinstance(lines := args.get("lines"), list):
        named |= {str(line["line_id"]) for line in lines if isinstance(line, dict) and "line_id" in line}
    named.discard("")
    return named


def _release(work: Work, arrived: set[str]) -> None:
    waiting = work.all(Mutation, waits_for=tuple(arrived), status="held")
    waiting.sort(key=lambda held: (held.at, held.seq))
    for held in waiting:
        retry(work, held)


NEVER_ARRIVED = "never_arrived"


def expire_held(work: Work) -> int:
    """Intentions that waited too long are tried once more; then a supervisor is asked, and they wait for that.

    What a newer app wrote is tried as soon as the server has been updated.
    """
    too_long = and_(col(Mutation.held_until) > 0, col(Mutation.held_until) <= work.now)
    understood = col(Mutation.waits_for).in_([newer(schema) for schema in range(2, upcasts.SCHEMA + 1)])
    due = work.find(
        Mutation, Mutation.status == "held", or_(too_long, understood), order_by=(Mutation.at, Mutation.seq)
    )
    for held in due:
        if retry(work, held):
            continue
        held = work.get(Mutation, held.id)
        if held.status == "held" and 0 < held.held_until <= work.now:
            facts = {"name": held.name, "waits_for": held.waits_for, "held_until": held.held_until,
                     "forceable": _forceable(work, held)}  # fmt: skip
            held.held_until, held.code = 0, NEVER_ARRIVED
            held.detail = "What this waits for never arrived; a supervisor decides."
            with _as_author(work, held):
                _ask(work, held, "X15", facts)
            work.flush()
    return len(due)


def force_held(work: Work, command: ForceHeld) -> Outcome | None:
    held = work.get(Mutation, command.mutation_id)
    work.allow("resolve", held.site_id)
    if held.status != "held":
        return Outcome("noop")
    case_id = held.conflict_id
    carry_out_now(work, held)
    work.record(MutationForced(site_id=held.site_id, name=held.name), held.id)
    if case_id and (case := work.seek(conflicts.Conflict, case_id)):
        conflicts.ease_case(work, case)
    return None


def carry_out_now(work: Work, held: Mutation, actor: Actor | None = None, *, forced: bool = True) -> None:
    """For whoever decides now: carried out, or refused with the reason in a sentence."""
    if held.status != "held":
        raise WrongState("This does not wait any more.", status=held.status)
    _, refused = again(work, held, actor, forced=forced)
    if isinstance(refused, Refusal):
        raise WrongState(f"It cannot be carried out with what is there: {refused.sentence}", **refused.facts)
    if refused is not None:
        raise WrongState(f"It failed again ({type(refused).__name__}); nothing of it was kept.")


def void(work: Work, held: Mutation, why: str) -> None:
    """It will not be carried out. Its content stays where it is."""
    if held.status != "held":
        raise WrongState("This does not wait any more.", status=held.status)
    held.status, held.code, held.detail = "rejected", "voided", why
    held.waits_for, held.held_until = "", 0
    work.record(MutationRejected(site_id=held.site_id, name=held.name, code="voided"), held.id)


def wait_on(work: Work, held: Mutation) -> None:
    if held.status != "held":
        raise WrongState("This does not wait any more.", status=held.status)
    held.held_until, held.code = work.now + HELD_FOR, Waiting.code
    held.conflict_id = ""


class _Tried(Exception):
    """Ends the rehearsal of a forced mutation that would have worked."""


def _forceable(work: Work, held: Mutation) -> bool:
    try:
        with work.savepoint():
            outcome, _ = again(work, held, forced=True)
            if outcome is None:
                return False
            raise _Tried
    except _Tried:
        return True


def _args(held: Mutation) -> dict[str, Any]:
    return upcast(held.name, held.body["args"], held.body["schema"])


def _as_author(work: Work, held: Mutation) -> Any:
    return work.acting(
        actor_of(work, held.by), device_id=held.device_id, made_at=held.made_at, site_id=held.site_id, cause=held.id
    )


def _ask(work: Work, stored: Mutation, rule: str, facts: dict[str, Any]) -> None:
    """The case is the mutation's own: what it would do waits for a person."""
    case = conflicts.open_case(
        work, rule, stored.site_id, (stored.id,), order_id=_order_of(work, stored), subject_kind="Mutation", subject_id=stored.id,
        facts=facts, evidence={"args": stored.body["args"]},
    )  # fmt: skip
    stored.conflict_id = case.id


def _order_of(work: Work, stored: Mutation) -> str:
    """The order whose goods wait with it, if there is one yet."""
    args = stored.body["args"]
    for named in (args.get("order_id"), args.get("id")):
        if isinstance(named, str) and work.look(returns.ReturnOrder, named):
            return named
    line = work.look(returns.ReturnLine, str(args.get("line_id") or args.get("id") or ""))
    return line.order_id if line else ""
