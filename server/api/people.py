"""People and their rights, for administrators."""

from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from .. import passwords
from ..domain import people
from ..domain.errors import NotAllowed
from ..domain.people import CreatePerson, EditPerson, GrantRight, Person, SetBadge, SetPassword
from ..domain.work import Work
from .answers import BadgeText, Done, Made
from .desk import MISSING, REFUSALS
from .doors import delete, patch, post
from .identity import Desk, slowly_here

DONE = Done(status="applied")


class NewPerson(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    username: str
    name: str
    language: str = "zh-CN"
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class PersonEdit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str | None = None
    language: str | None = None


class NewGrant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    role: str
    site_id: str = ""
    owner_id: str = ""
    valid_from: str = ""
    valid_until: str = ""
    deputy_for: str = ""


class NewPassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`current` is asked of those who change their own."""

    password: Annotated[str, msgspec.Meta(max_length=1000)]
    current: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class NewPin(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pin: Annotated[str, msgspec.Meta(max_length=8)]


@post("/api/people", tags=["people"], responses=REFUSALS)
def create_person(desk: NamedDependency[Desk], data: JSONBody[NewPerson]) -> Made:
    """Without a password this person signs in on handhelds only."""
    _administrator(desk)
    password_hash = slowly_here(passwords.hash_of, data.password) if data.password else ""

    def create(work: Work) -> Person:
        person = people.create_person(
            work, CreatePerson(username=data.username, name=data.name, language=data.language)
        )  # fmt: skip
        if password_hash and not person.password_hash:
            people.set_password(work, SetPassword(person_id=person.id, password_hash=password_hash))
        return person

    return Made(id=desk.write(create).id)


@patch("/api/people/{person_id:str}", tags=["people"], responses=REFUSALS | MISSING)
def edit_person(desk: NamedDependency[Desk], person_id: FromPath[str], data: JSONBody[PersonEdit]) -> Done:
    desk.write(
        lambda work: people.edit_person(work, EditPerson(person_id=person_id, name=data.name, language=data.language))
    )
    return DONE


@post("/api/people/{person_id:str}/grants", tags=["people"], responses=REFUSALS | MISSING)
def grant_right(desk: NamedDependency[Desk], person_id: FromPath[str], data: JSONBody[NewGrant]) -> Made:
    """A role, at one site or every one, from one day to another."""
    command = GrantRight(person_id=person_id, **msgspec.structs.asdict(data))
    return Made(id=desk.write(lambda work: people.grant_right(work, command)).id)


@delete("/api/grants/{grant_id:str}", tags=["people"], responses=REFUSALS | MISSING)
def end_grant(desk: NamedDependency[Desk], grant_id: FromPath[str]) -> Done:
    """Ends a right at once. It stays on record."""
    desk.write(lambda work: people.end_grant(work, people.EndGrant(grant_id=grant_id)))
    return DONE


@post("/api/people/{person_id:str}/password", tags=["people"], status_code=200, responses=REFUSALS | MISSING)
def set_password(desk: NamedDependency[Desk], person_id: FromPath[str], data: JSONBody[NewPassword]) -> Done:
    """Sets a password and ends every session of that person. Administrators set anybody's, others their own."""
    if person_id == desk.actor.id:
        with desk.read() as work:
            known = work.get(Person, person_id).password_hash
        if not slowly_here(passwords.matches, data.current, known):
            raise NotAllowed("The current password is wrong.", field="current")
    else:
        _administrator(desk)
    password_hash = slowly_here(passwords.hash_of, data.password)
    desk.write(lambda work: people.set_password(work, SetPassword(person_id=person_id, password_hash=password_hash)))
    return DONE


@post("/api/people/{person_id:str}/badge", tags=["people"], responses=REFUSALS | MISSING)
def set_badge(desk: NamedDependency[Desk], person_id: FromPath[str], data: JSONBody[NewPin]) -> BadgeText:
    """A new badge with this PIN; the old one opens nothing any more. Its text is answered once, to be printed."""
    _administrator(desk)
    text, badge, verifier = slowly_here(people.new_badge, data.pin)
    desk.write(lambda work: people.set_badge(work, SetBadge(person_id=person_id, badge=badge, pin_verifier=verifier)))
    return BadgeText(badge_text=text)


@post("/api/people/{person_id:str}/disabling", tags=["people"], status_code=200, responses=REFUSALS | MISSING)
def disable_person(desk: NamedDependency[Desk], person_id: FromPath[str]) -> Done:
    """Ends every session and right at once; what this person did stays."""
    desk.write(lambda work: people.disable_person(work, people.DisablePerson(person_id=person_id)))
    return DONE


@post("/api/people/{person_id:str}/enabling", tags=["people"], status_code=200, responses=REFUSALS | MISSING)
def enable_person(desk: NamedDependency[Desk], person_id: FromPath[str]) -> Done:
    desk.write(lambda work: people.enable_person(work, people.EnablePerson(person_id=person_id)))
    return DONE


def _administrator(desk: Desk) -> None:
    """Asked before a slow hash is made for somebody who may not; the command asks again."""
    if not desk.actor.may("admin"):
        raise NotAllowed("This is for administrators.", action="admin")


HANDLERS = [create_person, edit_person, grant_right, end_grant, set_password, set_badge, disable_person, enable_person]
