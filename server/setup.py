"""What can be done before anybody can sign in: the first administrator's code, and people added at the shell."""

from collections.abc import Sequence

from . import passwords
from .config import Config
from .database import Database
from .domain import people
from .domain.catalog import Site
from .domain.codes import new_code
from .domain.errors import NotFound
from .domain.people import CreatePerson, GrantRight, OneTimeCode, SetPassword
from .domain.permissions import SYSTEM
from .domain.work import Work
from .sync.shapes import BY_MODEL


def first_admin_code(config: Config) -> str | None:
    """A fresh code while nobody can administer; the one before it no longer opens anything."""

    def make(work: Work) -> str | None:
        if people.has_administrator(work):
            return None
        for old in work.find(OneTimeCode, OneTimeCode.purpose == "first_admin"):
            work.remove(old)
        return new_code(work, "first_admin")

    database = Database(config.database_url, BY_MODEL)
    try:
        return database.write(SYSTEM, make)
    finally:
        database.close()


def add_person(config: Config, *, username: str, name: str, roles: Sequence[str], site: str, password: str) -> None:
    """`site` is a site's code, '' every site. Raises Refusal."""
    password_hash = passwords.hash_of(password)

    def add(work: Work) -> None:
        site_id = ""
        if site:
            known = work.first(Site, Site.code == site)
            if known is None:
                raise NotFound(f"There is no site with the code {site}.")
            site_id = known.id
        person = people.add_person(work, CreatePerson(username=username, name=name))
        for role in roles:
            people.add_grant(work, person, GrantRight(person_id=person.id, role=role, site_id=site_id))
        people.set_password(work, SetPassword(person_id=person.id, password_hash=password_hash))

    database = Database(config.database_url, BY_MODEL)
    try:
        database.write(SYSTEM, add)
    finally:
        database.close()
