"""Who is asking: a person by the cookie of a sign-in, a handheld by its token. Rights are read anew for every request."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import Request, Response
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from .. import passwords
from ..config import Config
from ..database import Database
from ..domain import devices, people, reads, sessions
from ..domain.codes import use_code
from ..domain.devices import Device
from ..domain.errors import Invalid, LimitReached, NotAllowed, NotSignedIn, WrongState
from ..domain.ids import uuid7
from ..domain.people import CreatePerson, EditPerson, GrantRight, Person, SetPassword
from ..domain.permissions import NOBODY, SYSTEM, Actor, Right
from ..domain.work import Work
from .answers import SessionAnswer, SetupNeeded
from .doors import delete, get, patch, post
from .problems import Refused

T = TypeVar("T")

HASHES_AT_ONCE = 2  # argon2id takes 64 MiB and a core for each
HASHES_WAITING = 40
TRIES_PER_NAME, TRIES_PER_ADDRESS = 5, 20
COOKIE, SECURE_COOKIE = "restow", "__Host-restow"


@dataclass(frozen=True)
class Desk:
    """A person at the desk, for one request."""

    database: Database
    config: Config
    actor: Actor
    key: str
    """The mutation id of what this request does, if it does anything: `Idempotency-Key`, or a fresh one."""

    @contextmanager
    def read(self) -> Iterator[Work]:
        with self.database.read(self.actor) as work:
            yield work

    def write(self, task: Callable[[Work], T]) -> T:
        """Everything made is named after the key, so that asking twice makes it once."""

        def caused(work: Work) -> T:
            work.because_of(self.key)
            return task(work)

        return self.database.write(self.actor, caused)


@dataclass(frozen=True)
class Handheld:
    """An enrolled device, for one request."""

    database: Database
    config: Config
    device: Device


# Dependencies: `desk`, `handheld`, `any_handheld` and `viewer` in a handler's parameters. They run off the event loop.


def desk(request: Request[Any, Any, Any]) -> Desk:
    """Refuses whoever is not signed in."""
    database: Database = request.app.state.database
    token = token_of(request)
    with database.read(NOBODY) as work:
        found = sessions.person_of(work, token) if token else None
        if found is None:
            raise NotSignedIn("Nobody is signed in here, or for too long. Sign in.")
        person, session = found
        actor = people.actor_of(work, person.id)
    if sessions.wants_notice(session, database.clock()):
        database.write(SYSTEM, lambda work: sessions.notice(work, token))
    return Desk(database, request.app.state.config, actor, key_of(request))


def handheld(request: Request[Any, Any, Any]) -> Handheld:
    """Refuses an unknown token, and one that was revoked."""
    found = any_handheld(request)
    if found.device.revoked_at:
        raise Refused("revoked", "This handheld was revoked. What it had not sent can still be handed over.")
    return found


def any_handheld(request: Request[Any, Any, Any]) -> Handheld:
    """A revoked one too: it may still hand over its outbox, and nothing else."""
    database: Database = request.app.state.database
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    with database.read(NOBODY) as work:
        device = devices.device_of(work, sessions.token_hash(token.strip())) if scheme.lower() == "bearer" else None
    if device is None:
        raise NotSignedIn("This handheld is not enrolled here.")
    return Handheld(database, request.app.state.config, device)


def viewer(request: Request[Any, Any, Any]) -> Actor:
    """Either: what a handheld may see is its site's."""
    if request.headers.get("authorization"):
        return device_actor(handheld(request).device)
    return desk(request).actor


def device_actor(device: Device) -> Actor:
    return Actor(id=device.id, name=device.name, rights=(Right("operator", device.site_id),))


def token_of(request: Request[Any, Any, Any]) -> str:
    return str(request.cookies.get(cookie_name(request), ""))


def cookie_name(request: Request[Any, Any, Any]) -> str:
    return SECURE_COOKIE if request.scope.get("https") else COOKIE


def key_of(request: Request[Any, Any, Any]) -> str:
    given = request.headers.get("idempotency-key", "")
    if not given:
        return uuid7()
    try:
        return str(UUID(given))
    except ValueError:
        raise Invalid("An Idempotency-Key is a UUID.", field="Idempotency-Key") from None


# Signing in


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    username: Annotated[str, msgspec.Meta(max_length=100)]
    password: Annotated[str, msgspec.Meta(max_length=1000)]


class ChangeLanguage(msgspec.Struct, forbid_unknown_fields=True):
    language: str


class SetUp(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=100)]
    username: str
    name: str
    password: Annotated[str, msgspec.Meta(max_length=1000)]


class Enrol(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=100)]
    name: str


class Enrolled(msgspec.Struct):
    device_id: str
    code: str
    token: str
    site_id: str
    epoch: str


@get("/api/session", tags=["session"])
def read_session(desk: NamedDependency[Desk]) -> SessionAnswer:
    """Who is signed in here, with which roles and sites."""
    with desk.read() as work:
        return SessionAnswer(**reads.session.session(work))


@post("/api/session", tags=["session"])
async def sign_in(request: Request[Any, Any, Any], data: JSONBody[SignIn]) -> Response[SessionAnswer]:
    """Signs in and sets the session's cookie. After five wrong passwords for a name, each further try waits longer."""
    database: Database = request.app.state.database
    username = data.username.strip().lower()
    keys = (f"name:{username}", TRIES_PER_NAME), (f"address:{address_of(request)}", TRIES_PER_ADDRESS)

    # 1. The attempt is counted, or refused, before anything is compared.
    def begin(work: Work) -> Person | None:
        for what, free in keys:
            sessions.attempt(work, what, free)
        return work.first(Person, Person.username == username)

    person = await to_thread.run_sync(database.write, SYSTEM, begin)

    # 2. The password is compared in a thread of its own kind, a few at a time; an unknown name costs as much.
    right = await slowly(request.app.state, passwords.matches, data.password, person.password_hash if person else "")
    if person is None or not right or person.disabled_at:
        raise NotSignedIn("Name or password is wrong.", field="password")

    # 3. A good attempt is forgotten, and the session begins.
    def finish(work: Work) -> None:
        for what, _ in keys:
            sessions.succeeded(work, what, forget=what.startswith("name:"))

    await to_thread.run_sync(database.write, SYSTEM, finish)
    return await to_thread.run_sync(begin_session, request, person.id)


@delete("/api/session", tags=["session"])
def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
    """Signs out; signing out twice is no mistake."""
    token = token_of(request)
    database: Database = request.app.state.database
    if token:
        database.write(SYSTEM, lambda work: sessions.close_session(work, token))
    return Response(None, status_code=204, cookies=[_cookie(request, "", 0)])


@patch("/api/session", tags=["session"])
def change_language(desk: NamedDependency[Desk], data: JSONBody[ChangeLanguage]) -> SessionAnswer:
    """The language this person works in."""
    desk.write(lambda work: people.edit_person(work, EditPerson(person_id=desk.actor.id, language=data.language)))
    with desk.read() as work:
        return SessionAnswer(**reads.session.session(work))


@get("/api/setup", tags=["session"])
def setup_needed(request: Request[Any, Any, Any]) -> SetupNeeded:
    """Whether the first administrator is still to be made."""
    with request.app.state.database.read(NOBODY) as work:
        return SetupNeeded(needed=not people.has_administrator(work))


@post("/api/setup", tags=["session"])
async def set_up(request: Request[Any, Any, Any], data: JSONBody[SetUp]) -> Response[SessionAnswer]:
    """Makes the first administrator with the one-time code that the server printed, and signs them in."""
    database: Database = request.app.state.database
    address = f"setup:{address_of(request)}"
    await to_thread.run_sync(database.write, SYSTEM, lambda work: sessions.attempt(work, address, TRIES_PER_ADDRESS))
    password_hash = await slowly(request.app.state, passwords.hash_of, data.password)

    def make(work: Work) -> str:
        if people.has_administrator(work):
            raise WrongState("There is an administrator already; they add people.")
        use_code(work, "first_admin", data.code)
        person = people.add_person(work, CreatePerson(username=data.username, name=data.name))
        people.add_grant(work, person, GrantRight(person_id=person.id, role="admin"))
        people.set_password(work, SetPassword(person_id=person.id, password_hash=password_hash))
        sessions.succeeded(work, address, forget=True)
        return person.id

    person_id = await to_thread.run_sync(database.write, SYSTEM, make)
    return await to_thread.run_sync(begin_session, request, person_id)


@post("/api/enrolments", tags=["devices"])
def enrol(request: Request[Any, Any, Any], data: JSONBody[Enrol]) -> Enrolled:
    """A handheld shows a one-time code and gets its identity: a code that heads its numbers, and a token it keeps."""
    database: Database = request.app.state.database
    token = f"restow_{secrets.token_urlsafe(32)}"
    address = f"enrol:{address_of(request)}"
    database.write(SYSTEM, lambda work: sessions.attempt(work, address, TRIES_PER_ADDRESS))

    def make(work: Work) -> Device:
        command = devices.EnrolDevice(code=data.code, name=data.name, token_hash=sessions.token_hash(token))
        sessions.succeeded(work, address, forget=False)
        return devices.enrol_device(work, command)

    device = database.write(SYSTEM, make)
    return Enrolled(
        device_id=device.id, code=device.code, token=token, site_id=device.site_id, epoch=database.epoch
    )  # fmt: skip


def begin_session(request: Request[Any, Any, Any], person_id: str) -> Response[SessionAnswer]:
    """A fresh secret at every sign-in; whatever session this browser had is over."""
    database: Database = request.app.state.database
    token, old = secrets.token_urlsafe(32), token_of(request)

    def begin(work: Work) -> None:
        if old:
            sessions.close_session(work, old)
        sessions.open_session(work, person_id, token, request.headers.get("user-agent", ""))

    database.write(SYSTEM, begin)
    with database.read(NOBODY) as work:
        actor = people.actor_of(work, person_id)
    with database.read(actor) as work:
        answer = SessionAnswer(**reads.session.session(work))
    return Response(answer, status_code=201, cookies=[_cookie(request, token, sessions.LONGEST // 1000)])


async def slowly(state: State, task: Callable[..., T], *args: Any) -> T:
    """Runs a password hash: a few at once, some waiting, and the rest told to come back, so that nobody else waits for them."""
    limiter: CapacityLimiter = state.hashing
    if limiter.statistics().tasks_waiting >= HASHES_WAITING:
        raise LimitReached("Very many people sign in right now. Try again in a moment.", retry_after=5)
    return await to_thread.run_sync(task, *args, limiter=limiter)


_SLOTS = BoundedSemaphore(HASHES_AT_ONCE)


def slowly_here(task: Callable[..., T], *args: Any) -> T:
    """The same for a handler that runs in a thread already: administrators are few, so they wait their turn."""
    with _SLOTS:
        return task(*args)


def address_of(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""


def admin_only(desk: Desk) -> None:
    if "admin" not in desk.actor.roles:
        raise NotAllowed("This is for administrators.", action="admin")


def _cookie(request: Request[Any, Any, Any], value: str, seconds: int) -> Cookie:
    return Cookie(
        key=cookie_name(request), value=value, path="/", max_age=seconds, httponly=True, samesite="lax",
        secure=bool(request.scope.get("https")),
    )  # fmt: skip


HANDLERS = [read_session, sign_in, sign_out, change_language, setup_needed, set_up, enrol]
__all__ = ["HANDLERS", "Desk", "Handheld"]
