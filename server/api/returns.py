"""What filing a return needs beyond its commands: a number made here, and linked papers."""

from typing import Annotated, Any

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from ..domain.attachments import AddDocument, add_document
from ..domain.commands import perform
from ..domain.numbers import next_desk_number
from ..domain.returns import LineDraft, ReturnOrder
from ..domain.work import Work
from .answers import Made
from .desk import CLASH, MISSING, REFUSALS, site_of
from .doors import post
from .identity import Desk


class NewReturn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A draft; its number is made here. `order_id` is the sender's, so that sending twice files it once."""

    site_id: str
    type_code: str
    order_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    customer_id: str = ""
    owner_id: str = ""
    reason_code: str = ""
    note: str = ""
    lines: list[LineDraft] = []


class NewDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    kind: str
    number: str = ""
    date: str = ""
    blob: str = ""


@post("/api/returns", tags=["returns"], responses=REFUSALS | CLASH)
def create_return(desk: NamedDependency[Desk], data: JSONBody[NewReturn]) -> Made:
    """Files a draft and answers its final number."""

    def create(work: Work) -> ReturnOrder:
        args: dict[str, Any] = msgspec.to_builtins(data)
        args["order_id"] = data.order_id or work.new_id()
        known = work.seek(ReturnOrder, args["order_id"])
        args["number"] = known.number if known else next_desk_number(work)
        perform(work, "create_return", args, mutation_id=desk.key, site_id=data.site_id)
        return work.get(ReturnOrder, args["order_id"])

    order = desk.write(create)
    return Made(id=order.id, number=order.number)


@post("/api/returns/{id:str}/documents", tags=["returns"], responses=REFUSALS | MISSING)
def link_document(desk: NamedDependency[Desk], id: FromPath[str], data: JSONBody[NewDocument]) -> Made:
    """Links a paper by its number, its uploaded file, or both."""
    site_of(desk, ReturnOrder, id)
    command = msgspec.convert({"order_id": id} | msgspec.to_builtins(data), AddDocument)
    return Made(id=desk.write(lambda work: add_document(work, command)).id)


HANDLERS = [create_return, link_document]
