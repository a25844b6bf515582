"""A person's own saved views."""

from ..views import SavedView
from ..work import Work
from .rows import Json, shown


def saved_views(work: Work, *, page: str = "") -> list[Json]:
    work.allow("see")
    mine = sorted(work.all(SavedView, person_id=work.actor.id), key=lambda view: view.name.casefold())
    return [shown(view, "id", "page", "name", "query", "at") for view in mine if page in ("", view.page)]
