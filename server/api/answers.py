"""What reads answer, for the OpenAPI document. A row is its table's fields, so a column added there is documented here."""

from typing import Any

import msgspec

from ..domain import (
    alerts,
    catalog,
    conflicts,
    correspondence,
    counts,
    devices,
    differences,
    dispositions,
    documents,
    hand_overs,
    inspections,
    losses,
    lot_holds,
    number_reports,
    parcels,
    receiving,
    records,
    replies,
    returns,
    stock,
    tasks,
    told,
)
from ..domain.model import Table
from ..domain.previews import Preview
from ..domain.standards import Picture

Facts = dict[str, Any]


def fields_of(model: type[Table], *without: str) -> Any:
    """A struct with the table's fields, to be extended by what an answer lays beside them."""
    fields = [(name, field.annotation or Any) for name, field in model.model_fields.items() if name not in without]
    return msgspec.defstruct(f"{model.__name__}Fields", fields, kw_only=True, module=__name__)


class Named(msgspec.Struct, kw_only=True):
    id: str
    name: str
    code: str = ""
    name_en: str = ""


class ItemRef(msgspec.Struct, kw_only=True):
    id: str
    sku: str
    name: str
    name_en: str
    spec: str
    uom: str


class OrderRef(msgspec.Struct, kw_only=True):
    id: str
    number: str
    status: str


class Bilingual(msgspec.Struct, kw_only=True):
    zh: str
    en: str


class Unsent(msgspec.Struct, kw_only=True):
    devices: int
    pending: int
    oldest: int
    oldest_at: int


class Role(msgspec.Struct, kw_only=True):
    role: str
    site_id: str
    owner_id: str


class SessionPerson(msgspec.Struct, kw_only=True):
    id: str
    name: str
    username: str
    language: str
    roles: list[Role]


class Site(fields_of(catalog.Site)):  # type: ignore[misc]
    pass


class SessionAnswer(msgspec.Struct, kw_only=True):
    person: SessionPerson
    sites: list[Site]


class SetupNeeded(msgspec.Struct, kw_only=True):
    needed: bool


class Done(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of a command: applied | merged | noop | conflict."""

    status: str
    conflict_id: str = ""
    detail: str = ""


class Made(msgspec.Struct, kw_only=True, omit_defaults=True):
    id: str
    number: str = ""


class ReturnRow(fields_of(returns.ReturnOrder)):  # type: ignore[misc]
    customer: Named | None
    site: Named | None
    filed_by_name: str
    submitted_by_name: str
    lines: int
    expected: int
    received: int
    inspected: int
    disposed: int
    closed: int
    amount: int


class ReturnHead(fields_of(returns.ReturnOrder)):  # type: ignore[misc]
    filed_by_name: str
    submitted_by_name: str
    reviewed_by_name: str
    claimed_by_name: str


class OutboundRef(msgspec.Struct, kw_only=True):
    id: str
    line_id: str
    number: str
    shipped_on: str
    quantity: int
    returned: int
    returnable: int
    unit_price: int


class LineRow(fields_of(returns.ReturnLine)):  # type: ignore[misc]
    item: ItemRef | None
    outbound: OutboundRef | None
    state: str


class RoundRow(fields_of(returns.ReviewRound)):  # type: ignore[misc]
    submitted_by_name: str
    decided_by_name: str


class ReceiptRow(fields_of(receiving.Receipt)):  # type: ignore[misc]
    by_name: str
    device: Named | None
    item: ItemRef | None


class InspectionRow(fields_of(inspections.Inspection)):  # type: ignore[misc]
    by_name: str
    device: Named | None
    item: ItemRef | None


class DispositionRow(fields_of(dispositions.Disposition)):  # type: ignore[misc]
    by_name: str
    item: ItemRef | None
    decided_by_name: str = ""
    device: Named | None = None
    order: OrderRef | None = None


class DocumentRow(fields_of(documents.Document)):  # type: ignore[misc]
    added_by_name: str
    media_type: str
    """Of its file, '' where it is a number alone."""


class HistoryRow(msgspec.Struct, kw_only=True):
    at: int
    kind: str
    by: str
    by_name: str
    device: Named | None
    body: Facts
    feed: str
    subject_id: str
    mutation_id: str


class PlainParcel(fields_of(parcels.Parcel)):  # type: ignore[misc]
    signed_by_name: str
    claimed_by_name: str


class HeldItem(ItemRef, kw_only=True):
    quantity: int


class ParcelRow(PlainParcel):
    carrier_name: str
    site: Named | None
    orders: list[OrderRef]
    items: list[HeldItem]


class BinRef(Named, kw_only=True):
    kind: str


class ContainerRef(msgspec.Struct, kw_only=True):
    id: str
    name: str
    label: str


class TaskAnswerRow(fields_of(tasks.TaskAnswer)):  # type: ignore[misc]
    by_name: str
    device: Named | None


class TaskRow(fields_of(tasks.Task)):  # type: ignore[misc]
    order: OrderRef | None
    item: ItemRef | None
    bin: BinRef | None
    container: ContainerRef | None
    assignee_name: str
    raised_by_name: str
    answered_by_name: str
    withdrawn_by_name: str
    given: list[TaskAnswerRow]
    """Every answer, in the order they came."""


class Tasks(msgspec.Struct, kw_only=True):
    rows: list[TaskRow]
    next: str | None
    total: int


class AlertRow(fields_of(alerts.Alert)):  # type: ignore[misc]
    order: OrderRef | None
    item: ItemRef | None
    site: Named | None
    closed_by_name: str
    assigned_to_name: str
    tasks: list[TaskRow]


class Standing(msgspec.Struct, kw_only=True):
    item: ItemRef | None
    quantity: int
    bin: str
    container: str
    zone: str
    zone_en: str
    zone_kind: str


class ConflictRow(fields_of(conflicts.Conflict)):  # type: ignore[misc]
    order: OrderRef | None
    device: Named | None
    site: Named | None
    assigned_to_name: str
    resolved_by_name: str
    due_at: int
    """When it is overdue: a day after it was opened where it holds goods back, three days otherwise."""
    places: list[Standing]
    """In To do: where the goods of a blocking one stand."""


class OccurrenceRow(fields_of(conflicts.Occurrence)):  # type: ignore[misc]
    by_name: str
    device: Named | None
    skew_ms: int
    """How far its clock was ahead of the server's (below zero: behind) when it last spoke."""


class ReplyRow(fields_of(replies.Reply)):  # type: ignore[misc]
    by_name: str
    device: Named | None


class Check(msgspec.Struct, kw_only=True):
    code: str
    done: bool
    missing: list[str] = []


class CustomerShown(Named, kw_only=True):
    phone: str = ""


class MessageRow(fields_of(correspondence.ReturnMessage)):  # type: ignore[misc]
    by_name: str


class RequestRow(fields_of(documents.DocumentRequest)):  # type: ignore[misc]
    asked_by_name: str


class ReturnPage(msgspec.Struct, kw_only=True):
    order: ReturnHead
    sentence: Bilingual
    customer: CustomerShown | None
    site: Named | None
    lines: list[LineRow]
    rounds: list[RoundRow]
    parcels: list[PlainParcel]
    receipts: list[ReceiptRow]
    inspections: list[InspectionRow]
    dispositions: list[DispositionRow]
    documents: list[DocumentRow]
    requests: list[RequestRow]
    messages: list[MessageRow]
    """What was said about it, oldest first."""
    conflicts: list[ConflictRow]
    alerts: list[AlertRow]
    history: list[HistoryRow]
    checklist: list[Check]
    outside_terms: list[Bilingual]
    missing_for_completion: list[str]
    unsent: Unsent


class Returns(msgspec.Struct, kw_only=True):
    rows: list[ReturnRow]
    next: str | None
    total: int


class Amount(msgspec.Struct, kw_only=True):
    currency: str
    amount: int


class ReturnTotals(msgspec.Struct, kw_only=True):
    orders: int
    expected: int
    received: int
    inspected: int
    closed: int
    amounts: list[Amount]


class View(msgspec.Struct, kw_only=True):
    id: str
    page: str
    name: str
    query: str
    at: int


class Views(msgspec.Struct, kw_only=True):
    rows: list[View]


class Parcels(msgspec.Struct, kw_only=True):
    rows: list[ParcelRow]
    next: str | None
    total: int


class Match(msgspec.Struct, kw_only=True):
    outbound_line_id: str
    outbound_id: str
    number: str
    shipped_on: str
    customer: Named | None
    customer_id: str
    item: ItemRef | None
    score: int
    reasons: list[Bilingual]


class Place(msgspec.Struct, kw_only=True):
    bin: str
    zone: str
    zone_en: str


class UnclaimedParcel(ParcelRow):
    matches: list[Match]
    place: Place | None
    due_at: int
    """When the site's rule for it applies."""
    rule: str


class UnclaimedParcels(msgspec.Struct, kw_only=True):
    rows: list[UnclaimedParcel]
    next: str | None
    total: int


class Settles(msgspec.Struct, kw_only=True):
    at: int
    rule: str
    days: int


class ParcelPage(msgspec.Struct, kw_only=True):
    parcel: ParcelRow
    settles: Settles
    orders: list[ReturnRow]
    receipts: list[ReceiptRow]
    history: list[HistoryRow]
    matches: list[Match]


class Alerts(msgspec.Struct, kw_only=True):
    rows: list[AlertRow]
    next: str | None
    total: int


class Conflicts(msgspec.Struct, kw_only=True):
    rows: list[ConflictRow]
    next: str | None
    total: int


class Option(msgspec.Struct, kw_only=True):
    name: str
    suggested: bool
    reason: str
    note_required: bool
    sends: bool
    """Somebody is sent, and the conflict stays open until they are back."""
    takes: str
    """What its value is: '' none, item, serial, quantity, bin, photo, text, record (an item, bin or return type)."""
    value: Any
    """The value it begins with."""


class Lost(msgspec.Struct, kw_only=True):
    """What a decision set aside. `kind`: value, scan, reading, inspection, disposition, operation, struck, removal, state."""

    key: str
    kind: str
    number: int
    """The occurrence it came with."""
    told: Facts
    by_name: str
    device: Named | None
    restorable: bool
    put_back_at: int
    put_back_by_name: str


class Rate(msgspec.Struct, kw_only=True):
    id: str
    name: str
    breaches: int
    mutations: int
    """What that handheld or person did in that time; of a rule, what everybody did."""
    per_1000: float


class ZoneRate(Rate, kw_only=True):
    name_en: str


class RuleRate(Rate, kw_only=True):
    closed: int
    by_themselves: int
    median_ms: int
    """How long the middle one of those that a person decided was open."""


class Demoted(msgspec.Struct, kw_only=True):
    """Where a rule is demoted, since when, by whom and why. The id ends it."""

    id: str
    site: Named | None
    by_name: str
    at: int
    reason: str


class Noise(msgspec.Struct, kw_only=True):
    """An advisory rule that people mostly wave through, with the figures that say so."""

    rule: str
    closed: int
    dismissed: int
    by_themselves: int
    acted: int
    demoted: list[Demoted]
    noisy: bool


class ConflictFigures(msgspec.Struct, kw_only=True):
    days: int
    mutations: int
    breaches: int
    closed: int
    by_themselves: int
    median_ms: int
    rules: list[RuleRate]
    zones: list[ZoneRate]
    """For every thousand movements of goods there."""
    noisy: list[Noise]
    devices: list[Rate]
    people: list[Rate]


class Writer(msgspec.Struct, kw_only=True):
    by_name: str
    device: Named | None
    at: int


class ConflictPage(msgspec.Struct, kw_only=True):
    conflict: ConflictRow
    occurrences: list[OccurrenceRow]
    writers: dict[str, Writer]
    """Who wrote the server's side of a field that clashed."""
    lost: list[Lost]
    stands: list[Standing]
    """Where the goods this is about stand now."""
    tasks: list[TaskRow]
    """Who was sent for it, and what they found."""
    replies: list[ReplyRow]
    """What was said about it, in the order it came."""
    subject: Facts | None
    order: ReturnRow | None
    device: Named | None
    options: list[Option]
    dismissible: bool
    named: dict[str, Facts]
    """What the ids among facts and evidence are called: items, people, bins, return orders."""


class Happening(msgspec.Struct, kw_only=True):
    """One thing that led to it. `what`: '' a breach of the rule, scan, inspection, proposal, submitted, signed, raised, or a fact's kind."""

    id: str
    what: str
    by_name: str
    device: Named | None
    made_at: int
    """By the handheld's clock."""
    at: int
    skew_ms: int
    quantity: int = 0


class Way(msgspec.Struct, kw_only=True):
    """One way to decide it. `value`: what it begins with, where `takes` says that it takes one. `note`: whether words go with it."""

    name: str
    note: bool
    note_required: bool
    takes: str
    value: Any
    sends: bool
    """Somebody is sent, and it stays open until they are back."""
    suggested: bool
    why: list[Bilingual]


class Closed(msgspec.Struct, kw_only=True):
    by_name: str
    at: int
    option: str
    note: str
    itself: bool


class Decision(msgspec.Struct, kw_only=True):
    """Whatever waits for a decision, in one shape: what happened, where the goods stand, and the ways out."""

    kind: str
    id: str
    site_id: str
    open: bool
    seen: str
    """Sent along with the decision, it is refused where the content is another by then."""
    row: Facts
    """As its list has it."""
    order: ReturnRow | None
    sides: list[Facts]
    """Values that clash, side by side: field, base, server, device, and who wrote the server's (`writer`)."""
    evidence: Facts
    named: dict[str, Facts]
    """What the ids among facts and evidence are called."""
    photos: list[Facts]
    matches: list["Match"]
    stands: list[Standing]
    tasks: list[TaskRow]
    losses: list[Facts]
    people: list[Facts]
    happened: list[Happening]
    options: list[Way]
    closed: Closed | None


class GroupEntry(msgspec.Struct, kw_only=True):
    kind: str
    """review, conflict, alert, unclaimed, disposition, difference or task: which of the lists it stands in."""
    id: str
    at: int
    blocking: bool
    units: int
    value: int
    """At frozen cost, in minor units; 0 for whoever may not resolve."""


class Group(msgspec.Struct, kw_only=True):
    """What has one cause, the largest effect first. `cause`: device (one handheld within a few minutes), order, lot, or '' alone."""

    cause: str
    order: OrderRef | None
    device: Named | None
    lot: str
    at: int
    blocking: bool
    units: int
    value: int
    entries: list[GroupEntry]


class NoticeRow(fields_of(told.Notice)):  # type: ignore[misc]
    order: OrderRef | None
    by_name: str


class Todo(msgspec.Struct, kw_only=True):
    notices: list[NoticeRow]
    """What became of what this person filed, or was asked of them, unread."""
    reviews: list[ReturnRow]
    conflicts: list[ConflictRow]
    alerts: list[AlertRow]
    unclaimed: list[ParcelRow]
    dispositions: list[DispositionRow]
    differences: list["DifferenceRow"]
    groups: list[Group]
    tasks: list[TaskRow]
    totals: dict[str, int]
    """How many of each kind wait, shown or not."""
    unsent: Unsent


class Waiting(msgspec.Struct, kw_only=True):
    totals: dict[str, int]
    notices: int


class StockFigures(msgspec.Struct, kw_only=True):
    on_hand: int
    available: int
    statuses: dict[str, int]
    not_available: dict[str, int]
    """Sellable and yet not to be promised: near_expiry, expired, lot_held."""
    value: dict[str, int] | None
    """At frozen cost, minor units by currency; null for whoever may not see money."""


class StockRow(StockFigures, kw_only=True):
    id: str
    item: ItemRef | None
    owner: Named | None
    site: Named | None
    zone: Named | None
    bin: BinRef | None
    container: ContainerRef | None
    status: str
    lot: str
    expiry: str
    serial: str


class Totals(StockFigures, kw_only=True):
    by_status: dict[str, int]
    """Of what fits the other filters, whichever status is asked for."""


class StockPage(msgspec.Struct, kw_only=True):
    rows: list[StockRow]
    totals: Totals
    as_of: int
    revisions: dict[str, int]
    """Where each site's feed stood when this was read."""
    reconciled_at: int
    unsent: Unsent
    next: str | None


class AvailableRow(msgspec.Struct, kw_only=True):
    id: str
    item: ItemRef | None
    site: Named | None
    available: int


class Availability(msgspec.Struct, kw_only=True):
    rows: list[AvailableRow]
    unsent: Unsent
    next: str | None


class Silent(msgspec.Struct, kw_only=True):
    devices: int
    since: int


class Book(msgspec.Struct, kw_only=True):
    site: Named
    book: str
    book_from: str
    waiting: int
    waiting_units: int
    oldest_at: int


class Freshness(msgspec.Struct, kw_only=True):
    reconciled_at: int
    differences: int
    unsent: Unsent
    silent: Silent
    books: list[Book]


class HandOverRow(fields_of(hand_overs.HandOver)):  # type: ignore[misc]
    item: ItemRef | None
    site: Named | None
    bin: BinRef | None
    order: OrderRef | None
    acknowledged_by_name: str


class HandOvers(msgspec.Struct, kw_only=True):
    rows: list[HandOverRow]
    waiting: int
    waiting_units: int
    oldest_at: int
    next: str | None


class LotHoldRow(fields_of(lot_holds.LotHold)):  # type: ignore[misc]
    item: ItemRef | None
    by_name: str
    released_by_name: str
    units: int
    """Of the lot, at the sites one sees."""


class LotHolds(msgspec.Struct, kw_only=True):
    rows: list[LotHoldRow]
    next: str | None


class NumberReportPage(fields_of(number_reports.NumberReport)):  # type: ignore[misc]
    site: Named | None
    person: Named | None


class EntryMutation(msgspec.Struct, kw_only=True):
    id: str
    name: str
    made_at: int
    at: int
    status: str


class Scanned(msgspec.Struct, kw_only=True):
    text: str
    symbology: str


class CountRow(fields_of(counts.BinCount)):  # type: ignore[misc]
    bin: BinRef | None
    by_name: str
    device: Named | None
    difference: int
    """Units the book had too few of; below zero, too many."""
    differing: int
    """How many of its lines differ from the book."""


class CountLineRow(fields_of(counts.CountLine)):  # type: ignore[misc]
    item: ItemRef | None
    container: ContainerRef | None


class Counts(msgspec.Struct, kw_only=True):
    rows: list[CountRow]
    next: str | None
    total: int


class CountPage(msgspec.Struct, kw_only=True):
    count: CountRow
    lines: list[CountLineRow]
    whole: list[ContainerRef | None]
    """Containers counted with all they hold."""
    missing: list[ContainerRef | None]


class EntryRow(fields_of(stock.StockEntry, "unit_cost")):  # type: ignore[misc]
    item: ItemRef | None
    site: Named | None
    bin: BinRef | None
    container: ContainerRef | None
    unit_cost: int | None
    mutation: EntryMutation | None
    device: Named | None
    person: Named | None
    order: OrderRef | None
    receipt: Scanned | None


class Entries(msgspec.Struct, kw_only=True):
    rows: list[EntryRow]
    sum: int
    """Of all that fit, not of this page."""
    count: int
    next: str | None


class PhotoRef(msgspec.Struct, kw_only=True):
    sha256: str
    kind: str


class WaybillRef(msgspec.Struct, kw_only=True):
    id: str
    waybill: str


class NumberRef(msgspec.Struct, kw_only=True):
    id: str
    number: str


class EntryPage(msgspec.Struct, kw_only=True):
    entry: EntryRow
    before: int
    """What the place held just before, and just after."""
    after: int
    with_: list[EntryRow] = msgspec.field(name="with")
    """The other entries that the same act made: where these goods came from or went first."""
    args: Facts
    outbound: NumberRef | None
    parcel: WaybillRef | None
    photos: list[PhotoRef]


class RunStarted(msgspec.Struct, kw_only=True):
    run_id: str


class RunRow(fields_of(records.ReconcileRun)):  # type: ignore[misc]
    site: Named | None
    asked_by_name: str


class DifferenceRow(fields_of(differences.Difference)):  # type: ignore[misc]
    item: ItemRef | None
    order: OrderRef | None
    site: Named | None
    bin: Named | None
    container: Named | None
    assigned_to_name: str
    closed_by_name: str
    named: dict[str, Any]
    """What the ids in `facts` are called."""


class Differences(msgspec.Struct, kw_only=True):
    rows: list[DifferenceRow]
    next: str | None
    total: int
    values: list[Amount]
    open_by_kind: dict[str, int]


class DifferencePage(msgspec.Struct, kw_only=True):
    difference: DifferenceRow
    trail: list[Facts]
    """The facts behind it: kind, quantity, at, by_name, device, mutation_id, order."""
    tasks: list["TaskRow"]
    losses: list[Facts]
    history: list[Facts]
    people: list[Facts]
    """Those who may follow it: id and name."""


class Explained(msgspec.Struct, kw_only=True, omit_defaults=True):
    findings: list[Facts]
    """code; weight (stops, may, fine); facts; units; named: what ids are called; fix: {do, may, ask}, what helps and whom to ask."""
    person: Facts | None = None
    order: OrderRef | None = None
    item: ItemRef | None = None
    fresh: Facts | None = None


class AskedAbout(msgspec.Struct, kw_only=True):
    rows: list[Facts]


class LossRow(fields_of(losses.LossCase)):  # type: ignore[misc]
    item: ItemRef | None
    order: OrderRef | None
    site: Named | None
    bin: Named | None
    container: Named | None
    assigned_to_name: str
    opened_by_name: str
    value: int
    left: int
    """Units that are not decided yet."""


class Losses(msgspec.Struct, kw_only=True):
    rows: list[LossRow]
    next: str | None
    total: int
    values: list[Amount]


class LossPage(msgspec.Struct, kw_only=True):
    case: LossRow
    steps: list[Facts]
    custody: list[Facts]
    """Each scan, inspection, put-away, move and count of these goods, oldest first: at, what, quantity, from, to, by_name, device."""
    replenish: Facts
    difference: DifferenceRow | None
    people: list[Facts]
    bins: list[Facts]


class Reconciliations(msgspec.Struct, kw_only=True):
    runs: list[RunRow]
    differences: list[DifferenceRow]


class Message(msgspec.Struct, kw_only=True):
    id: str
    text: str
    at: int
    by_name: str
    read_at: int
    read_by_name: str


class DeviceRow(fields_of(devices.Device, "token_hash")):  # type: ignore[misc]
    person: Named | None
    last_person_name: str
    site: Named | None
    messages: list[Message]


class Devices(msgspec.Struct, kw_only=True):
    rows: list[DeviceRow]


class EnrolmentCode(msgspec.Struct, kw_only=True):
    id: str
    purpose: str
    site_id: str
    uses: int
    uses_left: int
    expires_at: int
    made_by: str
    made_by_name: str
    site: Named | None


class EnrolmentCodes(msgspec.Struct, kw_only=True):
    rows: list[EnrolmentCode]


class Enrolment(msgspec.Struct, kw_only=True):
    code: str
    url: str
    qr_svg: str
    ca_qr_svg: str | None
    steps: list[Bilingual]


class MutationRow(fields_of(records.Mutation, "digest")):  # type: ignore[misc]
    by_name: str
    device: Named | None


class Mutations(msgspec.Struct, kw_only=True):
    rows: list[MutationRow]
    next: str | None


class GrantRow(msgspec.Struct, kw_only=True):
    id: str
    role: str
    site_id: str
    owner_id: str
    valid_from: str
    valid_until: str
    deputy_for: str
    site: Named | None
    ended: bool


class PersonRow(msgspec.Struct, kw_only=True):
    id: str
    username: str
    name: str
    language: str
    badge: str
    disabled_at: int
    has_password: bool
    has_badge: bool
    grants: list[GrantRow]


class People(msgspec.Struct, kw_only=True):
    rows: list[PersonRow]


class BadgeText(msgspec.Struct, kw_only=True):
    """Shown once, to be printed: nobody keeps it."""

    badge_text: str


class Sites(msgspec.Struct, kw_only=True):
    rows: list[Site]


class Code(msgspec.Struct, kw_only=True):
    text: str
    quantity: int
    level: str


class Standard(msgspec.Struct, kw_only=True):
    text: str
    text_en: str
    pictures: list[Picture]
    by: str
    at: int


class ItemRow(ItemRef, kw_only=True):
    owner_id: str
    lot_tracked: bool
    serial_tracked: bool
    expiry_tracked: bool
    shelf_life_days: int
    hazard: bool
    active: bool
    barcodes: list[Code]
    standard: Standard | None = None


class Items(msgspec.Struct, kw_only=True):
    rows: list[ItemRow]


class CustomerRow(msgspec.Struct, kw_only=True):
    id: str
    code: str
    name: str
    country: str
    owner_id: str
    phone: str = ""


class Customers(msgspec.Struct, kw_only=True):
    rows: list[CustomerRow]


class OutboundRow(fields_of(documents.OutboundOrder)):  # type: ignore[misc]
    customer: Named | None
    lines: int


class OutboundLineRow(fields_of(documents.OutboundLine)):  # type: ignore[misc]
    item: ItemRef | None
    returnable: int


class Outbound(msgspec.Struct, kw_only=True):
    rows: list[OutboundRow]


class OutboundPage(msgspec.Struct, kw_only=True):
    order: OutboundRow
    lines: list[OutboundLineRow]


class Hit(msgspec.Struct, kw_only=True):
    kind: str
    id: str
    title: str
    subtitle: str
    url: str
    whole: bool
    """Asked for by its whole number."""


class Beyond(msgspec.Struct, kw_only=True):
    """Something has this number, and is not for this person to see."""

    kind: str
    site: str
    site_en: str
    ask: list[str]


class Hits(msgspec.Struct, kw_only=True):
    hits: list[Hit]
    place: str
    beyond: list[Beyond]


class ReturnTypeRow(fields_of(catalog.ReturnType)):  # type: ignore[misc]
    pass


class ReturnReasonRow(fields_of(catalog.ReturnReason)):  # type: ignore[misc]
    pass


class DefectCodeRow(fields_of(catalog.DefectCode)):  # type: ignore[misc]
    pass


class CarrierRow(fields_of(catalog.Carrier)):  # type: ignore[misc]
    pass


class ZoneRow(fields_of(catalog.Zone)):  # type: ignore[misc]
    pass


class BinRow(fields_of(catalog.Bin)):  # type: ignore[misc]
    pass


class OwnerRow(fields_of(catalog.Owner)):  # type: ignore[misc]
    pass


class Catalogue(msgspec.Struct, kw_only=True):
    return_types: list[ReturnTypeRow]
    return_reasons: list[ReturnReasonRow]
    defect_codes: list[DefectCodeRow]
    carriers: list[CarrierRow]
    zones: list[ZoneRow]
    bins: list[BinRow]
    owners: list[OwnerRow]


class ImportRow(fields_of(documents.ImportRun)):  # type: ignore[misc]
    by_name: str


class Imports(msgspec.Struct, kw_only=True):
    rows: list[ImportRow]


class History(msgspec.Struct, kw_only=True):
    rows: list[HistoryRow]


class GivenLabels(msgspec.Struct):
    """Numbers of own labels, in order."""

    labels: list[str]


class PhotoStored(msgspec.Struct, kw_only=True):
    sha256: str
    size: int


class OutboxFile(msgspec.Struct, kw_only=True):
    """What became of a file that was brought. `receipt` and its QR code tell the handheld, which accepts no other."""

    device: Named
    part: int
    parts: int
    first: int
    last: int
    new: int
    already: int
    outcomes: dict[str, int]
    photos: int
    photos_refused: int
    """No pictures, or not the bytes they were named by."""
    made_at: int
    device_last_seq: int
    receipt: str
    receipt_svg: str


class FeedHeads(msgspec.Struct, kw_only=True):
    epoch: str
    carry_key: str
    """Base64 of the P-256 point that outbox files are encrypted to."""
    feeds: list[str]
    heads: dict[str, int]
    device: Named
    server_time: int


class Previews(msgspec.Struct, kw_only=True):
    """What each option would do, found by doing it and taking it back."""

    rows: list[Preview]


class ParkedRow(fields_of(records.ParkedEvent)):  # type: ignore[misc]
    pass


class Parked(msgspec.Struct, kw_only=True):
    rows: list[ParkedRow]
