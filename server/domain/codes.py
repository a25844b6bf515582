"""One-time codes: short enough to be typed, long enough not to be guessed, kept as hashes."""

import hashlib
import secrets

from .errors import Invalid
from .people import OneTimeCode
from .work import Work

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
GROUPS, GROUP = 3, 4  # 60 bits
DAY = 86_400_000


def new_code(work: Work, purpose: str, *, site_id: str = "", uses: int = 1, days: int = 7) -> str:
    """The code as people type it; only its hash is kept."""
    groups = ["".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)]
    code = "-".join(groups)
    work.add(
        OneTimeCode, id=hash_of(code), purpose=purpose, site_id=site_id, uses=uses, uses_left=uses,
        expires_at=work.now + days * DAY, made_by=work.actor.id,
    )  # fmt: skip
    return code


def use_code(work: Work, purpose: str, code: str) -> OneTimeCode:
    """Takes one of its uses. A wrong, used up or expired code is refused alike."""
    known = work.seek(OneTimeCode, hash_of(code))
    if known is None or known.purpose != purpose or known.uses_left < 1 or known.expires_at <= work.now:
        raise Invalid("This code is not known here, was used up or has expired. Ask for a new one.", field="code")
    known.uses_left -= 1
    return known


def hash_of(code: str) -> str:
    meant = code.upper().translate(str.maketrans("ILO", "110", "- \t"))
    return hashlib.sha256(meant.encode()).hexdigest()
