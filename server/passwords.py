"""Passwords: argon2id, slow on purpose. Callers keep it off the event loop and bound how many run at once (64 MiB each)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .domain.errors import Invalid

SHORTEST, LONGEST = 8, 256

_HASHER = PasswordHasher()
_NOBODYS = _HASHER.hash("the password of nobody")


def hash_of(password: str) -> str:
    """Raises Invalid when it is too short to keep anybody out, or longer than is worth hashing."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            f"A password has {SHORTEST} to {LONGEST} characters.", field="password", shortest=SHORTEST, longest=LONGEST
        )
    return _HASHER.hash(password)


def matches(password: str, password_hash: str) -> bool:
    """An unknown person (no hash) costs as much time as a wrong password, so that names cannot be told apart."""
    try:
        return _HASHER.verify(password_hash or _NOBODYS, password[:LONGEST]) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False
