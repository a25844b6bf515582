"""Printed labels: numbers given to a roll, and any labels or cards as PDF."""

from typing import Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from .. import labels
from ..domain import own_labels
from .answers import GivenLabels
from .desk import MISSING, REFUSALS
from .doors import post
from .identity import Desk


class Roll(msgspec.Struct, forbid_unknown_fields=True):
    count: int


class Print(msgspec.Struct, forbid_unknown_fields=True):
    size: labels.Size
    labels: list[labels.Label]


@post("/api/sites/{site_id:str}/own-labels", tags=["labels"], status_code=200, responses=REFUSALS | MISSING)
def give_labels(desk: NamedDependency[Desk], site_id: FromPath[str], data: JSONBody[Roll]) -> GivenLabels:
    """The next numbers of a site, for a roll. None is ever given twice."""
    return GivenLabels(desk.write(lambda work: own_labels.give(work, site_id, data.count)))


@post(
    "/api/labels",
    tags=["labels"],
    status_code=200,
    media_type="application/pdf",
    responses=REFUSALS,
    sent_as_it_is=True,
)
def print_labels(desk: NamedDependency[Desk], data: JSONBody[Print]) -> Response[Any]:
    """One PDF: a label a page, of the printer's size, or cards on A4."""
    with desk.read() as work:
        work.allow("print")
    return Response(
        labels.draw(data.labels, data.size), media_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="labels.pdf"'},
    )  # fmt: skip


HANDLERS = [give_labels, print_labels]
