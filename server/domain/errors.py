"""Every way a command can refuse: a sentence for a person, facts for a program. Raise means roll back."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A refusal with its code, sentence and facts. The domain never speaks of HTTP; `api/problems.py` alone maps these."""

    code: ClassVar[str] = "refused"

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class NotFound(Refusal):
    code = "not_found"


class NotAllowed(Refusal):
    code = "not_allowed"


class NotSignedIn(Refusal):
    code = "not_signed_in"


class Invalid(Refusal):
    """`field` in the facts names what is wrong."""

    code = "invalid"


class WrongState(Refusal):
    code = "wrong_state"


class Stale(Refusal):
    """Somebody changed it since this person looked; the facts hold what it is now."""

    code = "stale"


class Duplicate(Refusal):
    code = "duplicate"


class LimitReached(Refusal):
    """`retry_after` in the facts, in seconds, where waiting helps."""

    code = "limit_reached"


class Waiting(Refusal):
    """An intention whose subject has not arrived from another device yet: held, never refused."""

    code = "waiting"


REFUSALS: tuple[type[Refusal], ...] = (
    NotFound, NotAllowed, NotSignedIn, Invalid, WrongState, Stale, Duplicate, LimitReached, Waiting,
)  # fmt: skip
