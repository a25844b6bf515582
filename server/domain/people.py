"""People, their grants per site and owner, and the secrets they sign in with."""

import base64
import datetime as dt
import hashlib
import re
import secrets
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlmodel import Field, col

from .catalog import Owner, Site
from .errors import Duplicate, Invalid, NotAllowed
from .events import (
    BadgeSet,
    PasswordSet,
    PersonCreated,
    PersonDisabled,
    PersonEdited,
    PersonEnabled,
    RightEnded,
    RightGranted,
)
from .model import Command, Table, integer, moment, ref
from .permissions import EVERYONE, PERMISSIONS, Actor, Right
from .work import Work

LANGUAGES = ("zh-CN", "en")
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
PIN = re.compile(r"\d{4,8}")
BADGE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 16384, 8, 1


class Person(Table, table=True):
    username: str = Field(unique=True)
    name: str = ""
    language: str = "zh-CN"
    password_hash: str = ""  # argon2id; '' cannot sign in at a desk
    badge: str = Field(default="", index=True)  # public part printed on the badge, found by scanning it
    pin_verifier: str = ""  # scrypt over the badge's secret and the PIN; travels to devices
    disabled_at: int = moment()


class Grant(Table, table=True):
    """One role of one person, at one site ('' is every site) and owner ('' is every owner), from one day to another."""

    person_id: str = ref()
    role: str = ""
    site_id: str = ""
    owner_id: str = ""
    valid_from: str = ""
    valid_until: str = ""
    deputy_for: str = ""


class Session(Table, table=True):
    """A desk sign-in. The id is the SHA-256 of the secret in the cookie, so a stolen table opens nothing."""

    person_id: str = ref()
    created_at: int = moment()
    last_seen_at: int = moment()
    expires_at: int = moment()
    agent: str = ""


class Throttle(Table, table=True):
    """Failed attempts per name or address; the key is hashed."""

    failures: int = integer()
    last_failure_at: int = moment()
    blocked_until: int = moment()


class OneTimeCode(Table, table=True):
    """A code that opens one door a few times: the first administrator, the enrolment of devices. The id is its hash."""

    purpose: str = ""  # first_admin | enrol
    site_id: str = ""
    uses: int = integer()  # how many it was made for; 0: made by a version that did not say
    uses_left: int = integer(1)
    expires_at: int = moment()
    made_by: str = ""


class CreatePerson(Command, frozen=True):
    username: str
    name: str
    language: str = "zh-CN"


class EditPerson(Command, frozen=True):
    person_id: str
    name: str | None = None
    language: str | None = None


class SetPassword(Command, frozen=True):
    """Hashed before it gets here: no password ever lies in a transaction, a log or a book."""

    person_id: str
    password_hash: str


class SetBadge(Command, frozen=True):
    """`badge` is the public part, `pin_verifier` what a device checks badge and PIN against (see `new_badge`)."""

    person_id: str
    badge: str
    pin_verifier: str


class GrantRight(Command, frozen=True):
    person_id: str
    role: str
    site_id: str = ""
    owner_id: str = ""
    valid_from: str = ""
    valid_until: str = ""
    """The last day; '' is for good."""
    deputy_for: str = ""


class EndGrant(Command, frozen=True):
    grant_id: str


class DisablePerson(Command, frozen=True):
    person_id: str


class EnablePerson(Command, frozen=True):
    person_id: str


def actor_of(work: Work, person_id: str) -> Actor:
    """This person with the rights of today. Ended grants and those of the disabled are past: they explain, they allow nothing."""
    person = work.look(Person, person_id)
    if person is None:
        return Actor(id=person_id)
    rights = []
    for grant in work.find(Grant, Grant.person_id == person_id):
        today = day_at(work, grant.site_id)
        if grant.valid_from and grant.valid_from > today:
            continue
        ended = bool(grant.valid_until and grant.valid_until < today)
        rights.append(Right(grant.role, grant.site_id, grant.owner_id, past=ended or bool(person.disabled_at)))
    return Actor(id=person.id, name=person.name, rights=tuple(rights))


def holders(work: Work, action: str, site_id: str, owner_id: str = "") -> list[Person]:
    """Whoever may do this here today, by name: those to ask."""
    roles = PERMISSIONS[action]
    granted = work.find(Grant, col(Grant.role).in_(roles), col(Grant.site_id).in_((site_id, "")))
    able = [
        id for id in sorted({grant.person_id for grant in granted}) if actor_of(work, id).may(action, site_id, owner_id)
    ]
    found = [person for id in able if (person := work.look(Person, id))]
    return sorted(found, key=lambda person: (person.name, person.id))


def day_at(work: Work, site_id: str) -> str:
    """The date there now. A right for every site goes by the first site's calendar."""
    site = work.look(Site, site_id) if site_id else None
    if site is None:
        first = work.find(Site, order_by=Site.code, limit=1)
        site = first[0] if first else None
    zone = _zone(site.time_zone if site else "UTC")
    return dt.datetime.fromtimestamp(work.now / 1000, zone).date().isoformat()


def create_person(work: Work, command: CreatePerson) -> Person:
    """Asked again by the same mutation, it is the same person."""
    work.allow("admin")
    return add_person(work, command)


def add_person(work: Work, command: CreatePerson) -> Person:
    """Without asking for a right: for the first administrator, the shell and the demo."""
    person_id = work.new_id()
    if known := work.seek(Person, person_id):
        return known
    username = command.username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise Invalid("A username has 2 to 40 letters, digits, dots, dashes or underscores.", field="username")
    if work.first(Person, Person.username == username):
        raise Duplicate("Somebody has this username already.", field="username", username=username)
    person = work.add(
        Person, id=person_id, username=username, name=_named(command.name), language=_spoken(command.language)
    )
    work.record(PersonCreated(username=username), person.id)
    return person


def edit_person(work: Work, command: EditPerson) -> None:
    person = work.get(Person, command.person_id)
    if person.id != work.actor.id:
        _administer(work, person)

    if command.name is not None and person.id == work.actor.id:
        work.allow("admin")  # what others read on every record is not one's own to change
    changed = []
    if command.name is not None and command.name != person.name:
        person.name = _named(command.name)
        changed.append("name")
    if command.language is not None and command.language != person.language:
        person.language = _spoken(command.language)
        changed.append("language")
    if changed:
        work.record(PersonEdited(fields=changed), person.id)


def set_password(work: Work, command: SetPassword) -> None:
    person = work.get(Person, command.person_id)
    if person.id != work.actor.id:
        _administer(work, person)

    person.password_hash = command.password_hash
    end_sessions(work, person.id)
    work.record(PasswordSet(), person.id)


def set_badge(work: Work, command: SetBadge) -> None:
    person = work.get(Person, command.person_id)
    _administer(work, person)

    person.badge = command.badge
    person.pin_verifier = command.pin_verifier
    work.record(BadgeSet(), person.id)


def grant_right(work: Work, command: GrantRight) -> Grant:
    person = work.get(Person, command.person_id)
    if not administers(work.actor, command.site_id):
        raise NotAllowed("Only an administrator of that site can give rights there.", action="admin")
    return add_grant(work, person, command)


def add_grant(work: Work, person: Person, command: GrantRight) -> Grant:
    grant_id = work.new_id()
    if known := work.seek(Grant, grant_id):
        return known
    if command.role not in EVERYONE:
        raise Invalid("There is no such role.", field="role", roles=list(EVERYONE))
    if command.site_id:
        work.get(Site, command.site_id)
    if command.owner_id:
        work.get(Owner, command.owner_id)
    for field in ("valid_from", "valid_until"):
        _check_date(getattr(command, field), field)
    grant = work.add(
        Grant, id=grant_id, person_id=person.id, role=command.role, site_id=command.site_id, owner_id=command.owner_id,
        valid_from=command.valid_from, valid_until=command.valid_until, deputy_for=command.deputy_for,
    )  # fmt: skip
    work.record(RightGranted(role=grant.role, at_site=grant.site_id), person.id)
    return grant


def end_grant(work: Work, command: EndGrant) -> None:
    """It ends yesterday: from now on it allows nothing, and still says who had it."""
    grant = work.get(Grant, command.grant_id)
    if not administers(work.actor, grant.site_id):
        raise NotAllowed("Only an administrator of that site can end rights there.", action="admin")
    if grant.person_id == work.actor.id and grant.role == "admin":
        raise NotAllowed("Another administrator has to end your own administrator's right.", action="admin")
    today = dt.date.fromisoformat(day_at(work, grant.site_id))
    if grant.valid_until and grant.valid_until < today.isoformat():
        return

    grant.valid_until = (today - dt.timedelta(days=1)).isoformat()
    work.record(RightEnded(role=grant.role, at_site=grant.site_id), grant.person_id)


def disable_person(work: Work, command: DisablePerson) -> None:
    person = work.get(Person, command.person_id)
    _administer(work, person)
    if person.id == work.actor.id:
        raise NotAllowed("Another administrator has to disable you.", action="admin")
    if person.disabled_at:
        return

    person.disabled_at = work.now
    end_sessions(work, person.id)
    work.record(PersonDisabled(), person.id)


def enable_person(work: Work, command: EnablePerson) -> None:
    person = work.get(Person, command.person_id)
    _administer(work, person)
    if not person.disabled_at:
        return

    person.disabled_at = 0
    work.record(PersonEnabled(), person.id)


def end_sessions(work: Work, person_id: str) -> None:
    for session in work.find(Session, Session.person_id == person_id):
        work.remove(session)


def administers(actor: Actor, site_id: str) -> bool:
    """Whether this is an administrator there; '' asks for one of every site."""
    sites = actor.sites("admin")
    return sites is None or (site_id != "" and site_id in sites)


def has_administrator(work: Work) -> bool:
    """Whether anybody can sign in and administer everything."""
    admins = work.find(Grant, Grant.role == "admin", Grant.site_id == "", Grant.valid_until == "")
    people = (work.look(Person, grant.person_id) for grant in admins)
    return any(person and person.password_hash and not person.disabled_at for person in people)


def new_badge(pin: str) -> tuple[str, str, str]:
    """(the badge's text, its public part, the verifier). The text is shown once, to be printed; nobody keeps the secret."""
    if not PIN.fullmatch(pin):
        raise Invalid("A PIN has 4 to 8 digits.", field="pin")
    badge = "".join(secrets.choice(BADGE_LETTERS) for _ in range(6))
    secret = secrets.token_urlsafe(12)
    salt = secrets.token_bytes(16)
    return f"B-{badge}.{secret}", badge, pin_verifier(secret, pin, salt)


def pin_verifier(secret: str, pin: str, salt: bytes) -> str:
    """What devices check a badge and its PIN against without network; slow, and worth nothing without the badge."""
    digest = hashlib.scrypt(
        f"{secret}:{pin}".encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=32, maxmem=64 * 2**20
    )
    shown = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("scrypt", str(SCRYPT_N), str(SCRYPT_R), str(SCRYPT_P), *shown))


def _administer(work: Work, person: Person) -> None:
    """Who administers one site must not take over somebody with rights beyond it."""
    work.allow("admin")
    for grant in work.find(Grant, Grant.person_id == person.id):
        if not administers(work.actor, grant.site_id):
            raise NotAllowed("This person has rights at sites that you do not administer.", action="admin")


def _named(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise Invalid("A name has 1 to 80 characters.", field="name")
    return name


def _spoken(language: str) -> str:
    if language not in LANGUAGES:
        raise Invalid("Restow speaks zh-CN and en.", field="language", languages=list(LANGUAGES))
    return language


def _check_date(text: str, field: str) -> None:
    try:
        if text:
            dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid("A date is written as YYYY-MM-DD.", field=field) from None


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
