"""Sending somebody: a task is raised under an id of its own."""

import msgspec
from litestar.di import NamedDependency
from litestar.params import JSONBody

from ..domain.commands import perform
from ..domain.tasks import RaiseTask
from .answers import Made
from .desk import CLASH, REFUSALS
from .doors import post
from .identity import Desk


@post("/api/tasks", tags=["tasks"], responses=REFUSALS | CLASH)
def raise_task(desk: NamedDependency[Desk], data: JSONBody[RaiseTask]) -> Made:
    """Somebody is asked to go and look, count, inspect again, take a photo again, or put refused goods apart."""
    args = msgspec.to_builtins(data) | {"task_id": data.task_id or desk.key}
    desk.write(lambda work: perform(work, "raise_task", args, mutation_id=desk.key, site_id=data.site_id))
    return Made(id=args["task_id"])


HANDLERS = [raise_task]
