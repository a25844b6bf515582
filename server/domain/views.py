"""Lists as a person wants to see them again: the filters, order and columns that stand in an address, under a name."""

import re

from .errors import Invalid, LimitReached, NotAllowed
from .model import Command, Outcome, Table, long_text, moment, ref
from .work import Work

MOST = 50
LONGEST_NAME = 60
LONGEST_QUERY = 2_000


class SavedView(Table, table=True):
    """Of one person and one page, on whatever machine they sign in."""

    person_id: str = ref()
    page: str = ""
    name: str = ""
    query: str = long_text()
    at: int = moment()


class SaveView(Command, frozen=True):
    """Under a name that is there already it replaces what was there."""

    page: str
    name: str
    query: str


class DropView(Command, frozen=True):
    view_id: str


def save_view(work: Work, command: SaveView) -> SavedView:
    work.allow("see")
    name = command.name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"A view's name has 1 to {LONGEST_NAME} characters.", field="name", limit=LONGEST_NAME)
    if not re.fullmatch(r"[a-z][a-z/-]{0,39}", command.page):
        raise Invalid("There is no such page.", field="page")
    if len(command.query) > LONGEST_QUERY:
        raise Invalid("These filters are too long to be kept.", field="query", limit=LONGEST_QUERY)

    mine = work.all(SavedView, person_id=work.actor.id)
    view = next((each for each in mine if (each.page, each.name) == (command.page, name)), None)
    if view is None:
        if len(mine) >= MOST:
            raise LimitReached(f"One person keeps at most {MOST} views. Delete one first.", limit=MOST)
        view = work.add(SavedView, person_id=work.actor.id, page=command.page, name=name)
    view.query, view.at = command.query, work.now
    return view


def drop_view(work: Work, command: DropView) -> Outcome | None:
    work.allow("see")
    view = work.seek(SavedView, command.view_id)
    if view is None:
        return Outcome("noop")
    if view.person_id != work.actor.id:
        raise NotAllowed("This view is somebody else's.", view_id=view.id)
    work.remove(view)
    return None
