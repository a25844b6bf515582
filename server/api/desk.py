"""The desk's doors, as two tables: what may be read, and which command each write is. A door is one line."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import BodyKwarg, FromPath, QueryParameter

from ..domain import reads
from ..domain.alerts import Alert
from ..domain.commands import COMMANDS, perform
from ..domain.conflicts import Conflict
from ..domain.demotions import Demotion
from ..domain.devices import Device
from ..domain.differences import Difference
from ..domain.dispositions import Disposition
from ..domain.errors import NotFound
from ..domain.losses import LossCase
from ..domain.model import Table
from ..domain.parcels import Parcel
from ..domain.permissions import SYSTEM
from ..domain.records import Mutation
from ..domain.returns import ReturnLine, ReturnOrder
from ..domain.tasks import Task
from . import answers, doors
from .identity import Desk
from .problems import Problem


class Read(NamedTuple):
    """GET `path`; the parameters of `run` after the work are the path's `id`, if it has one, and the query's."""

    path: str
    run: Callable[..., Any]
    answer: type
    tag: str
    listed: bool = False
    """Whether `run` gives a bare list, answered as {"rows": […]}."""


READS: tuple[Read, ...] = (
    Read("/api/todo", reads.todo.todo, answers.Todo, "to do"),
    Read("/api/waiting", reads.todo.waiting, answers.Waiting, "to do"),
    Read("/api/returns", reads.returns.returns_list, answers.Returns, "returns"),
    Read("/api/return-totals", reads.returns.return_totals, answers.ReturnTotals, "returns"),
    Read("/api/returns/{id:str}", reads.returns.return_page, answers.ReturnPage, "returns"),
    Read("/api/parcels", reads.parcels.parcels, answers.Parcels, "parcels"),
    Read("/api/unclaimed", reads.parcels.unclaimed, answers.UnclaimedParcels, "parcels"),
    Read("/api/parcels/{id:str}", reads.parcels.parcel_page, answers.ParcelPage, "parcels"),
    Read("/api/stock", reads.standing.stock, answers.StockPage, "stock"),
    Read("/api/availability", reads.standing.availability, answers.Availability, "stock"),
    Read("/api/freshness", reads.freshness.freshness, answers.Freshness, "stock"),
    Read("/api/stock/entries", reads.ledger.entries, answers.Entries, "stock"),
    Read("/api/stock/entries/{id:str}", reads.ledger.entry_page, answers.EntryPage, "stock"),
    Read("/api/hand-overs", reads.books.hand_overs, answers.HandOvers, "stock"),
    Read("/api/lot-holds", reads.books.lot_holds, answers.LotHolds, "stock"),
    Read("/api/number-reports/{id:str}", reads.books.number_report, answers.NumberReportPage, "stock"),
    Read("/api/reconciliations", reads.stock.reconciliations, answers.Reconciliations, "stock"),
    Read("/api/reconciliations/{id:str}", reads.stock.run_page, answers.RunRow, "stock"),
    Read("/api/differences", reads.differences.differences, answers.Differences, "reconciliation"),
    Read("/api/differences/{id:str}", reads.differences.difference_page, answers.DifferencePage, "reconciliation"),
    Read("/api/explanations/sight", reads.explanations.sight, answers.Explained, "explanations"),
    Read("/api/explanations/stock", reads.explanations.freshness, answers.Explained, "explanations"),
    Read("/api/explanations/completion/{id:str}", reads.explanations.completion, answers.Explained, "explanations"),
    Read(
        "/api/explanations/people",
        reads.explanations.people_to_ask_about,
        answers.AskedAbout,
        "explanations",
        listed=True,
    ),
    Read("/api/losses", reads.losses.losses, answers.Losses, "reconciliation"),
    Read("/api/losses/{id:str}", reads.losses.loss_page, answers.LossPage, "reconciliation"),
    Read("/api/alerts", reads.cases.alerts, answers.Alerts, "alerts"),
    Read("/api/conflicts", reads.cases.conflicts, answers.Conflicts, "conflicts"),
    Read("/api/conflict-figures", reads.cases.conflict_figures, answers.ConflictFigures, "conflicts"),
    Read("/api/conflicts/{id:str}", reads.cases.conflict_page, answers.ConflictPage, "conflicts"),
    Read("/api/tasks", reads.tasks.tasks, answers.Tasks, "tasks"),
    Read("/api/counts", reads.tasks.counts, answers.Counts, "stock"),
    Read("/api/counts/{id:str}", reads.tasks.count_page, answers.CountPage, "stock"),
    Read("/api/mutations", reads.fleet.mutations, answers.Mutations, "devices"),
    Read("/api/devices", reads.fleet.devices, answers.Devices, "devices", listed=True),
    Read("/api/enrolment-codes", reads.fleet.enrolment_codes, answers.EnrolmentCodes, "devices", listed=True),
    Read("/api/people", reads.people.people, answers.People, "people", listed=True),
    Read("/api/sites", reads.session.sites, answers.Sites, "sites", listed=True),
    Read("/api/items", reads.catalogue.items, answers.Items, "catalogue", listed=True),
    Read("/api/customers", reads.catalogue.customers, answers.Customers, "catalogue", listed=True),
    Read("/api/catalog", reads.catalogue.catalogue, answers.Catalogue, "catalogue"),
    Read("/api/imports", reads.catalogue.imports, answers.Imports, "catalogue", listed=True),
    Read("/api/outbound", reads.outbound.outbound, answers.Outbound, "outbound orders", listed=True),
    Read("/api/outbound/{id:str}", reads.outbound.outbound_page, answers.OutboundPage, "outbound orders"),
    Read("/api/views", reads.views.saved_views, answers.Views, "people", listed=True),
    Read("/api/search", reads.search.search, answers.Hits, "search"),
    Read("/api/events", reads.search.events, answers.History, "search", listed=True),
)


class Write(NamedTuple):
    """`command` is a name in COMMANDS; `field` is the one that the path's id fills, `subject` what it is the id of.

    The request's body is the rest of the command; `inner`: it is that one field of it.
    """

    method: str
    path: str
    command: str
    field: str
    subject: type[Table]
    tag: str
    inner: str = ""


WRITES: tuple[Write, ...] = (
    Write("PATCH", "/api/returns/{id:str}", "edit_return", "id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/lines", "add_return_line", "order_id", ReturnOrder, "returns", inner="line"),
    Write("PATCH", "/api/lines/{id:str}", "edit_return_line", "id", ReturnLine, "returns"),
    Write("DELETE", "/api/lines/{id:str}", "remove_return_line", "line_id", ReturnLine, "returns"),
    Write("POST", "/api/returns/{id:str}/submission", "submit_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/approval", "approve_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/rejection", "reject_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/document-requests", "ask_for_document", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/messages", "write_message", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/amendment", "amend_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/cancellation", "cancel_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/hold", "hold_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/release", "release_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/returns/{id:str}/completion", "complete_return", "order_id", ReturnOrder, "returns"),
    Write("POST", "/api/lines/{id:str}/shortage", "settle_short", "line_id", ReturnLine, "returns"),
    Write("POST", "/api/parcels/{id:str}/claim", "claim_parcel", "parcel_id", Parcel, "parcels"),
    Write("POST", "/api/parcels/{id:str}/settlement", "settle_unclaimed", "parcel_id", Parcel, "parcels"),
    Write(
        "POST",
        "/api/dispositions/{id:str}/decision",
        "decide_disposition",
        "disposition_id",
        Disposition,
        "dispositions",
    ),
    Write("POST", "/api/dispositions/{id:str}/dispatch", "send_away", "disposition_id", Disposition, "dispositions"),
    Write("POST", "/api/alerts/{id:str}/acknowledgement", "acknowledge_alert", "alert_id", Alert, "alerts"),
    Write("POST", "/api/alerts/{id:str}/resolution", "resolve_alert", "alert_id", Alert, "alerts"),
    Write("POST", "/api/alerts/{id:str}/dismissal", "dismiss_alert", "alert_id", Alert, "alerts"),
    Write("POST", "/api/alerts/{id:str}/snooze", "snooze_alert", "alert_id", Alert, "alerts"),
    Write(
        "POST", "/api/differences/{id:str}/assignment", "take_difference", "difference_id", Difference, "reconciliation"
    ),
    Write(
        "POST",
        "/api/differences/{id:str}/resolution",
        "resolve_difference",
        "difference_id",
        Difference,
        "reconciliation",
    ),
    Write(
        "POST",
        "/api/differences/{id:str}/dismissal",
        "dismiss_difference",
        "difference_id",
        Difference,
        "reconciliation",
    ),
    Write("POST", "/api/losses/{id:str}/parties", "name_parties", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/losses/{id:str}/assignment", "take_loss", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/losses/{id:str}/notes", "note_loss", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/losses/{id:str}/finding", "find_lost", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/losses/{id:str}/write-off", "write_off_lost", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/losses/{id:str}/claim", "claim_lost", "loss_id", LossCase, "reconciliation"),
    Write("POST", "/api/conflicts/{id:str}/resolution", "resolve_conflict", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/conflicts/{id:str}/assignment", "assign_conflict", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/conflicts/{id:str}/dismissal", "dismiss_conflict", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/conflicts/{id:str}/restoration", "put_back_lost", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/conflicts/{id:str}/replies", "reply_to_conflict", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/conflicts/{id:str}/replies/reading", "read_replies", "conflict_id", Conflict, "conflicts"),
    Write("POST", "/api/demotions/{id:str}/ending", "end_demotion", "demotion_id", Demotion, "conflicts"),
    Write("POST", "/api/tasks/{id:str}/withdrawal", "withdraw_task", "task_id", Task, "tasks"),
    Write("POST", "/api/devices/{id:str}/messages", "send_message", "device_id", Device, "devices"),
    Write("POST", "/api/mutations/{id:str}/forcing", "force_held", "mutation_id", Mutation, "devices"),
)

REFUSALS = {
    401: ResponseSpec(Problem, description="Nobody is signed in.", media_type="application/problem+json"),
    403: ResponseSpec(Problem, description="Not with these rights.", media_type="application/problem+json"),
    422: ResponseSpec(Problem, description="`field` names what does not fit.", media_type="application/problem+json"),
}
MISSING = {404: ResponseSpec(Problem, description="Not there, or not for you.", media_type="application/problem+json")}
CLASH = {409: ResponseSpec(Problem, description="Not in this state.", media_type="application/problem+json")}


def reading(read: Read) -> Any:
    """A GET handler with the parameters of the function it calls."""
    asked = list(inspect.signature(read.run).parameters.values())[1:]

    if "{id" in read.path:
        asked[0] = asked[0].replace(name="id")

    def handler(desk: Desk, **asked_for: Any) -> Any:
        named = {name.removeprefix("asked_"): value for name, value in asked_for.items()}
        placed = (named.pop("id"),) if "{id" in read.path else ()
        with desk.read() as work:
            found = read.run(work, *placed, **named)
        return {"rows": found} if read.listed else found

    parameters = [
        inspect.Parameter("desk", inspect.Parameter.KEYWORD_ONLY, annotation=NamedDependency[Desk]),
        *(asked_for(parameter) for parameter in asked),
    ]
    handler.__signature__ = inspect.Signature(parameters, return_annotation=read.answer)  # type: ignore[attr-defined]
    handler.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {
        "return": read.answer
    }
    handler.__name__ = handler.__qualname__ = f"read_{read.run.__module__.rpartition('.')[2]}_{read.run.__name__}"
    handler.__doc__ = read.run.__doc__
    responses = REFUSALS | (MISSING if "{" in read.path else {})
    return doors.get(read.path, tags=[read.tag], responses=responses)(handler)


def asked_for(parameter: inspect.Parameter) -> inspect.Parameter:
    """As Litestar takes it: `state` is a word it keeps for itself, so that one goes by another name inside."""
    parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    if parameter.name == "id":
        return parameter.replace(annotation=FromPath[str])
    if parameter.name != "state":
        return parameter.replace(annotation=Annotated[parameter.annotation, QueryParameter()])
    return parameter.replace(name="asked_state", annotation=Annotated[str, QueryParameter(name="state")])


def writing(write: Write) -> Any:
    """A handler whose body is the command's struct without what the path says already."""
    entry = COMMANDS[write.command]
    body = _body_of(entry.struct, write)

    def handler(desk: Desk, id: str, data: Any) -> Any:
        args = msgspec.structs.asdict(data)
        args = {write.inner: args} if write.inner else args
        return carry_out(
            desk, write.command, msgspec.to_builtins(args) | {write.field: id}, site_of(desk, write.subject, id)
        )

    def bare(desk: Desk, id: str) -> Any:
        return carry_out(desk, write.command, {write.field: id}, site_of(desk, write.subject, id))

    chosen: Any = bare if write.method == "DELETE" else handler
    annotations: dict[str, Any] = {
        "desk": NamedDependency[Desk],
        "id": FromPath[str],
        "data": Annotated[body, BodyKwarg(media_type=RequestEncodingType.JSON)],
        "return": answers.Done,
    }
    chosen.__annotations__ = {name: annotations[name] for name in (*inspect.signature(chosen).parameters, "return")}
    chosen.__name__ = chosen.__qualname__ = write.command
    chosen.__doc__ = entry.struct.__doc__ if entry.struct.__doc__ and "(" not in entry.struct.__doc__[:40] else None
    declare = {"POST": doors.post, "PATCH": doors.patch, "DELETE": doors.delete}[write.method]
    return declare(write.path, tags=[write.tag], status_code=200, responses=REFUSALS | MISSING | CLASH)(chosen)


def carry_out(desk: Desk, name: str, args: dict[str, Any], site_id: str) -> answers.Done:
    """One command in one transaction, kept as a mutation. The same key again answers, and does nothing."""
    outcome = desk.write(lambda work: perform(work, name, args, mutation_id=desk.key, site_id=site_id))
    return answers.Done(status=outcome.status, conflict_id=outcome.conflict_id, detail=outcome.detail)


def site_of(desk: Desk, model: type[Table], id: str) -> str:
    """The site whose book this goes into. What is not there, and what stands at a site one does not see, is not found alike."""
    with desk.database.read(SYSTEM) as work:
        record: Any = work.look(model, id)
    sites = desk.actor.sites("see")
    if record is None or (sites is not None and record.site_id not in sites):
        raise NotFound("This does not exist, or is not for you to see.", id=id)
    return str(record.site_id)


def _body_of(struct: type[msgspec.Struct], write: Write) -> type[msgspec.Struct]:
    fields = msgspec.structs.fields(struct)
    if write.inner:
        inner: type[msgspec.Struct] = next(field.type for field in fields if field.name == write.inner)
        return inner
    rest = [
        (field.name, field.type)
        if field.required
        else (
            field.name,
            field.type,
            msgspec.field(default_factory=field.default_factory)
            if field.default_factory is not msgspec.NODEFAULT
            else field.default,
        )
        for field in fields
        if field.name != write.field
    ]
    return msgspec.defstruct(
        f"{struct.__name__}Body", rest, kw_only=True, frozen=True, forbid_unknown_fields=True, module=__name__
    )


HANDLERS = [*(reading(read) for read in READS), *(writing(write) for write in WRITES)]
