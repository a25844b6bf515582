"""How items are to be looked at, as the office writes it down."""

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ..domain import standards
from ..domain.standards import Picture, SetStandard
from .answers import Done
from .desk import CLASH, MISSING, REFUSALS
from .doors import put
from .identity import Desk


class StandardBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of it anew; `seen` is the `at` of what was looked at, 0 for none."""

    text: str = ""
    text_en: str = ""
    pictures: list[Picture] = []
    seen: int = 0


@put("/api/items/{item_id:str}/standard", tags=["catalogue"], responses=REFUSALS | MISSING | CLASH)
def set_standard(desk: NamedDependency[Desk], item_id: FromPath[str], data: JSONBody[StandardBody]) -> Done:
    """What to do with this item and what to look for. Its pictures are uploaded before, at `/api/photos/…`."""
    command = SetStandard(item_id=item_id, **msgspec.structs.asdict(data))
    desk.write(lambda work: standards.set_standard(work, command))
    return Done(status="applied")


HANDLERS = [set_standard]
