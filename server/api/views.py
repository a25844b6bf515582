"""What one person keeps for themselves: lists as they want to see them again, and what they have read."""

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ..domain import told, views
from ..domain.views import SaveView
from .answers import Done, Made
from .desk import MISSING, REFUSALS
from .doors import delete, post
from .identity import Desk


@post("/api/views", tags=["people"], responses=REFUSALS)
def save_view(desk: NamedDependency[Desk], data: JSONBody[SaveView]) -> Made:
    """Keeps these filters, this order and these columns under a name; the same name again replaces them."""
    return Made(id=desk.write(lambda work: views.save_view(work, data).id))


@delete("/api/views/{id:str}", tags=["people"], responses=REFUSALS | MISSING)
def drop_view(desk: NamedDependency[Desk], id: FromPath[str]) -> Done:
    desk.write(lambda work: views.drop_view(work, views.DropView(view_id=id)))
    return Done(status="applied")


@post("/api/notices/{id:str}/reading", tags=["to do"], status_code=200, responses=REFUSALS)
def read_notice(desk: NamedDependency[Desk], id: FromPath[str]) -> Done:
    """It has been read, and is in To do no more."""
    desk.write(lambda work: told.read_notice(work, told.ReadNotice(notice_id=id)))
    return Done(status="applied")


HANDLERS = [save_view, drop_view, read_notice]
