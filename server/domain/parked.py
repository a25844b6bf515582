"""Events a consumer failed on: set aside so that the rest goes on, shown, and tried again when somebody asks."""

from sqlmodel import col

from .records import ParkedEvent
from .work import Work


def parked(work: Work) -> list[ParkedEvent]:
    """What is set aside, or waits for its other try."""
    work.allow("admin")
    return work.find(ParkedEvent, col(ParkedEvent.state).in_(("parked", "again")), order_by=ParkedEvent.at)


def ask_again(work: Work, parked_id: str) -> None:
    """A worker tries it once more."""
    event = work.get(ParkedEvent, parked_id)
    work.allow("admin")
    if event.state == "parked":
        event.state = "again"
