"""Push: one request, one transaction, one stored outcome for each mutation.

1. The device's row is locked: its counter is the only judge of what comes next.
2. A number that is next is carried out; a lower one is answered with its outcome; a higher one is a gap, and nothing is carried out.
3. Each mutation stands in a savepoint: a refusal rolls back that savepoint alone, and its outcome and whole content are stored.
4. The answer is made after COMMIT. What was answered is durable; what was not is asked again.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from server.database import Database
from server.domain import errors
from server.domain.commands import COMMANDS, decode, execute
from server.domain.devices import Device
from server.domain.events import MutationHeld, MutationRejected, NumbersLost
from server.domain.model import Outcome
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM, Actor
from server.domain.records import Mutation
from server.domain.work import Work

from .protocol import (
    APP_SCHEMA,
    MAX_MUTATION,
    MAX_MUTATIONS,
    PROTOCOL,
    Lost,
    MutationIn,
    PushRequest,
    PushResponse,
    Result,
)
from .shapes import CATALOGUE, site_feed

log = logging.getLogger("restow.sync")

HELD_FOR = 5 * 86_400_000
"""How long an intention waits for what another device has not sent, in milliseconds."""

UPCASTS: dict[int, Callable[[str, dict[str, Any]], dict[str, Any]]] = {}
"""From each older schema to the next: what an app that was offline meanwhile wrote is read as what it meant."""


class Gap(errors.Refusal):
    """Numbers are missing between what the server has and what was sent."""

    code = "gap"


class Forked(errors.Refusal):
    """The same number came with another content: two devices share one identity."""

    code = "device_forked"


class Revoked(errors.Refusal):
    """The device was revoked. What it had was taken in first; now it wipes itself."""

    code = "revoked"


def push(database: Database, device: Device, request: PushRequest, held_for: int = HELD_FOR) -> PushResponse:
    """Takes in what a device sends. Raises Gap {expected}, Forked {seq} or Revoked; nothing else is refused as a whole."""
    if request.protocol != PROTOCOL:
        raise errors.Invalid("This server speaks another version of the protocol.", field="protocol", spoken=PROTOCOL)
    if len(request.mutations) > MAX_MUTATIONS:
        raise errors.LimitReached(f"Send at most {MAX_MUTATIONS} mutations at once.", limit=MAX_MUTATIONS)

    results: list[Result] = []

    def take_in(work: Work) -> tuple[int, str]:
        results.clear()  # the transaction may run more than once
        authors = Authors(work)
        known = work.get(Device, device.id)
        _note_state(work, known, request)
        if request.lost is not None:
            _declare_lost(work, known, request.lost)
        results.extend(_one(work, authors, known, mutation, held_for) for mutation in request.mutations)
        return known.last_seq, known.site_id

    last_seq, site_id = database.write(SYSTEM, take_in)
    heads = database.heads()
    if device.revoked_at:
        raise Revoked("This device was revoked. What it held has been handed over.", device_last_seq=last_seq)
    return PushResponse(
        epoch=database.epoch,
        device_last_seq=last_seq,
        heads={name: heads.get(name, 0) for name in (CATALOGUE, site_feed(site_id))},
        server_time=database.clock(),
        results=results,
    )


def _one(work: Work, authors: "Authors", device: Device, sent: MutationIn, held_for: int) -> Result:
    digest = digest_of(sent)
    if sent.seq <= device.last_seq:
        return _again(work, device, sent, digest)
    if sent.seq != device.last_seq + 1:
        raise Gap(f"Number {device.last_seq + 1} is expected next.", expected=device.last_seq + 1)

    device.last_seq = sent.seq
    known = work.seek(Mutation, sent.id)
    if known is not None:  # this device under its former identity: carried out already
        return Result(seq=sent.seq, id=sent.id, status=_status(known), dup=True, code=known.code, detail=known.detail)

    outcome, refused = _attempt(work, authors, device, sent)
    stored = work.add(
        Mutation, id=sent.id, device_id=device.id, seq=sent.seq, name=sent.name[:80], by=sent.by, site_id=sent.site,
        body={"args": sent.args, "schema": sent.schema, "epoch": sent.epoch, "base": sent.base}, digest=digest,
        status=outcome.status if outcome else "rejected", conflict_id=outcome.conflict_id if outcome else "",
        code=outcome.code if outcome else "", made_at=sent.made_at, at=work.now,
    )  # fmt: skip
    work.because_of(sent.id)
    if isinstance(refused, errors.Waiting):
        stored.status, stored.code, stored.detail = "held", refused.code, refused.sentence
        stored.waits_for = str(refused.facts.get("subject", ""))
        stored.held_until = work.now + held_for
        work.record(MutationHeld(site_id=device.site_id, name=sent.name[:80], waits_for=stored.waits_for), sent.id)
    elif isinstance(refused, errors.Refusal):
        stored.code, stored.detail = refused.code, refused.sentence
        work.record(MutationRejected(site_id=device.site_id, name=sent.name[:80], code=refused.code), sent.id)
    elif refused is not None:
        stored.status, stored.code, stored.detail = (
            "held",
            "internal_error",
            "This could not be taken in; a supervisor was told.",
        )
        work.record(MutationHeld(site_id=device.site_id, name=sent.name[:80], waits_for="internal_error"), sent.id)
    work.let_go(stored)
    if stored.status in ("applied", "merged", "conflict"):
        _release(work, authors, sent)
    return Result(
        seq=sent.seq,
        id=sent.id,
        status=_status(stored),
        conflict=stored.conflict_id,
        code=stored.code,
        detail=stored.detail,
    )


def _attempt(
    work: Work, authors: "Authors", device: Device, sent: MutationIn
) -> tuple[Outcome | None, Exception | None]:
    """What became of it, or why it was refused. An unexpected failure is tried alone three times before it is set aside."""
    for tried in range(3):
        try:
            with work.savepoint():
                return _carry_out(work, authors, device, sent), None
        except errors.Refusal as refusal:
            return None, refusal
        except Exception as error:
            if getattr(error, "sqlstate", "") or "locked" in str(error):
                raise  # the database asks for the whole transaction again
            log.exception(
                "mutation failed", extra={"mutation": sent.id, "name_of_mutation": sent.name[:80], "tried": tried}
            )
            failure = error
    return None, failure


def _carry_out(work: Work, authors: "Authors", device: Device, sent: MutationIn) -> Outcome:
    if len(msgspec.json.encode(sent.args)) > MAX_MUTATION:
        raise errors.LimitReached(f"One mutation holds at most {MAX_MUTATION} bytes.", limit=MAX_MUTATION)
    if sent.name in COMMANDS and not COMMANDS[sent.name].device:
        raise errors.NotAllowed("A handheld cannot decide this; do it at a desk.", name=sent.name)
    actor = authors[sent.by]
    args = upcast(sent.name, sent.args, sent.schema)
    command = decode(sent.name, args)
    with acting(work, actor, device.id, sent):
        return execute(work, sent.name, command)


class Authors(dict[str, Actor]):
    """Who wrote the mutations of one request, with the rights this transaction sees."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, person_id: str) -> Actor:
        self[person_id] = actor_of(self._work, person_id)
        return self[person_id]


class acting:
    """Inside, the work is this author's, on this device, at the time the device claims, caused by this mutation."""

    def __init__(self, work: Work, actor: Actor, device_id: str, sent: MutationIn) -> None:
        self._work, self._new = work, (actor, device_id, sent.made_at, sent.site, sent.id)

    def __enter__(self) -> None:
        work = self._work
        self._old = (work.actor, work.device_id, work.made_at, work.site_id, work.cause)
        self._set(self._new)

    def __exit__(self, *_: object) -> None:
        self._set(self._old)

    def _set(self, values: tuple[Actor, str, int, str, str]) -> None:
        work = self._work
        work.actor, work.device_id, work.made_at, work.site_id = values[:4]
        work.because_of(values[4])


def upcast(name: str, args: dict[str, Any], schema: int) -> dict[str, Any]:
    if schema > APP_SCHEMA:
        raise errors.Waiting(
            "This app is newer than the server; it waits for the server's update.", subject=f"schema:{schema}"
        )
    for step in range(schema, APP_SCHEMA):
        args = UPCASTS[step](name, args)
    return args


def digest_of(sent: MutationIn) -> str:
    return hashlib.sha256(
        msgspec.json.encode([sent.id, sent.name, sent.by, sent.args], order="deterministic")
    ).hexdigest()[:32]


def _again(work: Work, device: Device, sent: MutationIn, digest: str) -> Result:
    """A number that was taken in before is answered with what became of it since; nothing happens twice."""
    stored = work.all(Mutation, device_id=device.id, seq=sent.seq)
    if not stored:
        return Result(
            seq=sent.seq, id=sent.id, status="rejected", dup=True, code="lost", detail="This number was declared lost."
        )
    known = stored[0]
    if known.digest != digest:
        raise Forked(f"Number {sent.seq} came before with another content.", seq=sent.seq)
    return Result(
        seq=sent.seq,
        id=known.id,
        status=_status(known),
        dup=True,
        conflict=known.conflict_id,
        code=known.code,
        detail=known.detail,
    )


def _release(work: Work, authors: "Authors", sent: MutationIn) -> None:
    """What waited for a subject this mutation brought is tried now, in the order it came."""
    arrived = {str(value) for name, value in sent.args.items() if name == "id" or name.endswith("_id")}
    if isinstance(lines := sent.args.get("lines"), list):
        arrived |= {str(line["line_id"]) for line in lines if isinstance(line, dict) and "line_id" in line}
    waiting = [held for subject in arrived if subject for held in work.all(Mutation, waits_for=subject, status="held")]
    waiting.sort(key=lambda held: (held.at, held.seq))
    for held in waiting:
        retry(work, held, authors)


def retry(work: Work, held: Mutation, authors: "Authors | None" = None) -> None:
    """Tries a held mutation again, as its author and its device; what it was waiting for may have arrived."""
    authors = authors or Authors(work)
    device = work.get(Device, held.device_id)
    body = held.body
    sent = MutationIn(
        seq=held.seq or 0, id=held.id, name=held.name, by=held.by, site=held.site_id, schema=body["schema"], args=body["args"],
        made_at=held.made_at,
    )  # fmt: skip
    outcome, refused = _attempt(work, authors, device, sent)
    held = work.get(Mutation, held.id)
    if outcome is not None:
        held.status, held.conflict_id, held.code, held.detail = outcome.status, outcome.conflict_id, outcome.code, ""
        held.waits_for, held.held_until = "", 0
        work.flush()
        _release(work, authors, sent)
    elif isinstance(refused, errors.Waiting):
        held.waits_for = str(refused.facts.get("subject", held.waits_for))
    elif isinstance(refused, errors.Refusal):
        held.status, held.code, held.detail = "rejected", refused.code, refused.sentence
    work.flush()


def expire_held(work: Work) -> int:
    """Intentions that waited too long are tried once more and then handed to a supervisor, with their whole content."""
    due = work.find(Mutation, Mutation.status == "held", Mutation.held_until > 0, Mutation.held_until <= work.now)
    for held in due:
        retry(work, held)
        again = work.get(Mutation, held.id)
        if again.status == "held":
            again.status, again.code = "rejected", "never_arrived"
            again.detail = "What this waits for never arrived; a supervisor decides."
            work.record(MutationRejected(site_id=again.site_id, name=again.name, code="never_arrived"), again.id)
            work.flush()
    return len(due)


def _note_state(work: Work, device: Device, request: PushRequest) -> None:
    device.last_contact_at = work.now
    if request.mutations:
        device.last_person_id = request.mutations[-1].by
    if request.state is not None:
        state = request.state
        device.pending, device.pending_photos = state.pending, state.pending_photos
        device.oldest_pending_at, device.app_version = state.oldest_pending_at, state.app_version[:40]
        device.storage = state.storage
        device.skew_ms = state.clock - work.now if state.clock else device.skew_ms


def _declare_lost(work: Work, device: Device, lost: Lost) -> None:
    if lost.first != device.last_seq + 1 or lost.last < lost.first:
        raise Gap(f"Number {device.last_seq + 1} is expected next.", expected=device.last_seq + 1)
    device.last_seq = lost.last
    work.record(NumbersLost(site_id=device.site_id, first=lost.first, last=lost.last), device.id)


def _status(stored: Mutation) -> Any:
    return stored.status
