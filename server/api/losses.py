"""A loss case is opened under an id of its own."""

import msgspec
from litestar.di import NamedDependency
from litestar.params import JSONBody

from ..domain.commands import perform
from ..domain.losses import OpenLoss
from .answers import Made
from .desk import CLASH, REFUSALS
from .doors import post
from .identity import Desk


class NewLoss(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From a difference (`difference_id`), or by hand: then `item_id`, `status` and where they should be say which goods."""

    site_id: str
    quantity: int
    reason: str
    difference_id: str = ""
    item_id: str = ""
    status: str = ""
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""


@post("/api/losses", tags=["reconciliation"], responses=REFUSALS | CLASH)
def open_loss(desk: NamedDependency[Desk], data: JSONBody[NewLoss]) -> Made:
    """Goods nobody can find: they leave what is in stock, and somebody is asked for them."""
    args = msgspec.to_builtins(msgspec.convert(msgspec.structs.asdict(data) | {"loss_id": desk.key}, OpenLoss))
    desk.write(lambda work: perform(work, "open_loss", args, mutation_id=desk.key, site_id=data.site_id))
    return Made(id=desk.key)


HANDLERS = [open_loss]
