"""Push: one request, one transaction, one stored outcome for each mutation.

1. The device's row is locked: its counter is the only judge of what comes next.
2. A number that is next is carried out; a lower one is answered with its outcome; a higher one is a gap, and nothing is carried out.
3. Each mutation stands in a savepoint: a refusal rolls back that savepoint alone, and its outcome and whole content are stored.
4. A passing fault stops the batch there: what stood before it is kept, the rest is sent again.
5. The answer is made after COMMIT. What was answered is durable; what was not is asked again.
"""

import hashlib
from typing import Any

import msgspec

from server.database import Database, passing
from server.domain import errors
from server.domain.commands import COMMANDS, LONGEST_CODE, decode, execute
from server.domain.devices import Device
from server.domain.events import NumbersLost
from server.domain.held import HELD_FOR, Arrivals, Authors, Passing, attempt, set_aside
from server.domain.ids import derived_id
from server.domain.model import Outcome
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.upcasts import upcast
from server.domain.work import Work

from .protocol import (
    LATEST,
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

LATER = 5
"""Seconds until what was deferred is sent again."""


class Gap(errors.Refusal):
    """Numbers are missing between what the server has and what was sent."""

    code = "gap"


class Forked(errors.Refusal):
    """The same number came with another content: two devices share one identity."""

    code = "device_forked"


class Revoked(errors.Refusal):
    """The device was revoked. What it had was taken in first; now it wipes itself."""

    code = "revoked"


def push(
    database: Database, device: Device, request: PushRequest, held_for: int = HELD_FOR, *, carried: bool = False
) -> PushResponse:
    """Takes in what a device sends. Raises Gap {expected}, Forked {seq} or Revoked; nothing else is refused as a whole. While the
    database asks again and again for another time, all of it is deferred.

    `carried`: somebody else brings it, so that the device was not heard from and nobody is there to be told to wipe itself.
    """
    if request.protocol != PROTOCOL:
        raise errors.Invalid("This server speaks another version of the protocol.", field="protocol", spoken=PROTOCOL)
    if len(request.mutations) > MAX_MUTATIONS:
        raise errors.LimitReached(f"Send at most {MAX_MUTATIONS} mutations at once.", limit=MAX_MUTATIONS)

    results: list[Result] = []

    def take_in(work: Work) -> tuple[int, str]:
        results.clear()  # the transaction may run more than once
        # One batch of a site at a time. Until it commits a batch holds what it has touched, a bin, an order, and two that
        # touch the same in another order wait for each other until PostgreSQL notices, a second each time: sixteen
        # handhelds on one return came to a standstill.
        work.lock("push", device.site_id)
        known = work.get(Device, device.id)
        if not carried:
            _note_state(work, known, request)
        batch = _Batch(work, known, request.mutations, held_for)
        lost = request.lost
        for mutation in request.mutations:
            if lost is not None and lost.first == batch.last_seq + 1:  # it may lie between two mutations
                _declare_lost(work, batch, lost)
                lost = None
            try:
                results.append(_one(work, batch, mutation))
            except Passing:
                batch.last_seq = mutation.seq - 1
                results.append(Result(seq=mutation.seq, id=mutation.id, status="deferred", retry_after=LATER))
                break
        if lost is not None:
            _declare_lost(work, batch, lost)
        known.last_seq = batch.last_seq
        batch.arrivals.settle()
        return known.last_seq, known.site_id

    def one_by_one(work: Work) -> tuple[int, str]:
        work.at_once = True
        return take_in(work)

    try:
        try:
            last_seq, site_id = database.write(SYSTEM, take_in)
        except Exception as error:
            if passing(error) or (isinstance(error, errors.Refusal) and not isinstance(error, errors.Duplicate)):
                raise
            # What was left to be written together may hold what the database does not take: alone it fails alone.
            last_seq, site_id = database.write(SYSTEM, one_by_one)
    except Exception as error:
        if carried or not passing(error):
            raise
        return _deferred(database, device, request)
    epoch, heads = database.stands()
    if device.revoked_at and not carried:
        raise Revoked("This device was revoked. What it held has been handed over.", device_last_seq=last_seq)
    return PushResponse(
        epoch=epoch,
        device_last_seq=last_seq,
        heads={name: heads.get(name, 0) for name in (CATALOGUE, site_feed(site_id))},
        server_time=database.clock(),
        results=results,
    )


def _deferred(database: Database, device: Device, request: PushRequest) -> PushResponse:
    """The database had no turn for it, however often it was asked. Nothing of it is kept; it is sent again a little later."""
    with database.read(SYSTEM) as work:
        known = work.look(Device, device.id) or device
    epoch, heads = database.stands()
    sentence = "The server is too busy to take this in; it is sent again."
    return PushResponse(
        epoch=epoch,
        device_last_seq=known.last_seq,
        heads={name: heads.get(name, 0) for name in (CATALOGUE, site_feed(known.site_id))},
        server_time=database.clock(),
        results=[
            Result(seq=sent.seq, id=sent.id, status="deferred", code="unavailable", detail=sentence, retry_after=LATER)
            for sent in request.mutations
        ],
    )


class _Batch:
    """What the mutations of one request share: asked of the database once, and not for each."""

    def __init__(self, work: Work, device: Device, mutations: list[MutationIn], held_for: int) -> None:
        self.device = device
        self.last_seq = device.last_seq
        self.held_for = held_for
        self.authors = Authors(work, device.site_id)
        self.arrivals = Arrivals(work)
        sent = tuple(mutation.id for mutation in mutations if mutation.seq > device.last_seq)
        self.met = {mutation.id for mutation in work.all(Mutation, id=sent)} if sent else set()
        """Ids that came before, under whatever number."""


def _one(work: Work, batch: _Batch, sent: MutationIn) -> Result:
    device, authors = batch.device, batch.authors
    digest = digest_of(sent)
    if not 0 <= sent.made_at <= LATEST:  # a clock as wrong as that says nothing, and holds nobody up
        sent = msgspec.structs.replace(sent, made_at=min(max(sent.made_at, 0), LATEST))
    if sent.seq <= batch.last_seq:
        return _again(work, device, sent, digest)
    if sent.seq != batch.last_seq + 1:
        raise Gap(f"Number {batch.last_seq + 1} is expected next.", expected=batch.last_seq + 1)

    batch.last_seq = sent.seq
    known = work.seek(Mutation, sent.id) if sent.id in batch.met else None
    batch.met.add(sent.id)
    if known is not None and known.digest == digest:  # this device under its former identity: carried out already
        return _dup(sent, known)

    outcome: Outcome | None = None
    refused: Exception | None = None
    if known is None:
        id = sent.id
        outcome, refused = attempt(work, id, sent.name, lambda: _carry_out(work, authors, device, sent))
    else:  # whoever gave this id twice: what came second is neither dropped nor taken for the first
        id = derived_id("mutation", device.id, str(sent.seq))
        refused = errors.Duplicate("This id came before with another content.", id=sent.id)
    stored = work.add(
        Mutation, id=id, device_id=device.id, seq=sent.seq, name=sent.name[:80], by=sent.by[:LONGEST_CODE], site_id=sent.site[:LONGEST_CODE],
        body={"args": sent.args, "schema": sent.schema, "epoch": sent.epoch, "base": sent.base}, digest=digest,
        status=outcome.status if outcome else "rejected", conflict_id=outcome.conflict_id if outcome else "",
        code=outcome.code if outcome else "", made_at=sent.made_at, at=work.now,
    )  # fmt: skip
    work.because_of(id)
    if refused is not None:
        with work.acting(authors[sent.by], device_id=device.id, made_at=sent.made_at, site_id=device.site_id, cause=id):
            set_aside(work, stored, refused, batch.held_for)
    work.let_go(stored)
    if stored.status in ("applied", "merged", "conflict"):
        batch.arrivals.release(sent.args)
    elif stored.status == "held":
        batch.arrivals.look()
    return Result(
        seq=sent.seq,
        id=sent.id,
        status=_status(stored),
        conflict=stored.conflict_id,
        code=stored.code,
        detail=stored.detail,
    )


def _carry_out(work: Work, authors: Authors, device: Device, sent: MutationIn) -> Outcome:
    if len(msgspec.json.encode(sent.args)) > MAX_MUTATION:
        raise errors.LimitReached(f"One mutation holds at most {MAX_MUTATION} bytes.", limit=MAX_MUTATION)
    if max(len(sent.by), len(sent.site)) > LONGEST_CODE:
        raise errors.Invalid(f"This is too long: at most {LONGEST_CODE} characters.", field="by")
    if sent.name in COMMANDS and not COMMANDS[sent.name].device:
        raise errors.NotAllowed("A handheld cannot decide this; do it at a desk.", name=sent.name)
    actor = authors[sent.by]
    command = decode(sent.name, upcast(sent.name, sent.args, sent.schema))
    with work.acting(actor, device_id=device.id, made_at=sent.made_at, site_id=sent.site, cause=sent.id):
        return execute(work, sent.name, command)


def digest_of(sent: MutationIn) -> str:
    return hashlib.sha256(
        msgspec.json.encode([sent.id, sent.name, sent.by, sent.args], order="deterministic")
    ).hexdigest()[:32]


def _again(work: Work, device: Device, sent: MutationIn, digest: str) -> Result:
    """A number that was taken in before is answered with what became of it since; nothing happens twice."""
    stored = work.all(Mutation, device_id=device.id, seq=sent.seq)
    if not stored:
        former = work.seek(Mutation, sent.id)
        if former is not None and former.digest == digest:
            return _dup(sent, former)
        return Result(
            seq=sent.seq, id=sent.id, status="rejected", dup=True, code="lost", detail="This number was declared lost."
        )
    known = stored[0]
    if known.digest != digest:
        raise Forked(f"Number {sent.seq} came before with another content.", seq=sent.seq)
    return _dup(sent, known)


def _dup(sent: MutationIn, known: Mutation) -> Result:
    return Result(
        seq=sent.seq, id=sent.id, status=_status(known), dup=True, conflict=known.conflict_id, code=known.code,
        detail=known.detail,
    )  # fmt: skip


def _note_state(work: Work, device: Device, request: PushRequest) -> None:
    device.last_contact_at = work.now
    if request.mutations:
        device.last_person_id = request.mutations[-1].by
    if request.state is not None:
        state = request.state
        device.reported_at = work.now
        device.pending, device.pending_photos = state.pending, state.pending_photos
        device.oldest_pending_at, device.app_version = state.oldest_pending_at, state.app_version[:40]
        device.storage = state.storage
        device.pack_at, device.battery = state.pack_at, state.battery
        device.skew_ms = state.clock - work.now if state.clock else device.skew_ms


def _declare_lost(work: Work, batch: _Batch, lost: Lost) -> None:
    if lost.first != batch.last_seq + 1 or lost.last < lost.first:
        raise Gap(f"Number {batch.last_seq + 1} is expected next.", expected=batch.last_seq + 1)
    batch.last_seq = lost.last
    device = batch.device
    work.record(NumbersLost(site_id=device.site_id, first=lost.first, last=lost.last), device.id)


def _status(stored: Mutation) -> Any:
    return stored.status
