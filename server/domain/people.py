"""People, their grants per site and owner, and the secrets they sign in with."""

from sqlmodel import Field

from .model import Table, integer, moment, ref


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
    uses_left: int = integer(1)
    expires_at: int = moment()
    made_by: str = ""
