"""What happens in Restow, told once, in the transaction in which it happened. Names are in the past tense."""

from .model import Event


class ParcelSigned(Event, frozen=True):
    waybill: str


class ParcelRefused(Event, frozen=True):
    reason: str


class ParcelDamaged(Event, frozen=True):
    damage: str


class ParcelOpened(Event, frozen=True):
    pass


class ParcelBound(Event, frozen=True):
    order_id: str


class ParcelClosed(Event, frozen=True):
    empty: bool = False


class ParcelUnclaimed(Event, frozen=True):
    pass


class ParcelClaimed(Event, frozen=True):
    order_id: str


class ParcelSettled(Event, frozen=True):
    how: str  # keep | send_back


class LoadClosed(Event, frozen=True):
    carrier: str
    counted: int
    listed: int


class ContainerUsed(Event, frozen=True):
    label: str


class ContainerMoved(Event, frozen=True):
    bin_id: str
    from_bin_id: str


class ReturnCreated(Event, frozen=True):
    number: str


class ReturnEdited(Event, frozen=True):
    fields: list[str]


class ReturnSubmitted(Event, frozen=True):
    revision: int


class ReturnApproved(Event, frozen=True):
    note: str = ""


class ReturnRejected(Event, frozen=True):
    reason: str


class ReturnAmended(Event, frozen=True):
    reason: str
    revision: int


class ReturnCancelled(Event, frozen=True):
    reason: str


class ReturnHeld(Event, frozen=True):
    reason: str


class ReturnReleased(Event, frozen=True):
    pass


class ReturnTaken(Event, frozen=True):
    pass


class ReturnOpenedWithoutOrder(Event, frozen=True):
    number: str


class ReturnCompleted(Event, frozen=True):
    pass


class ReturnReopened(Event, frozen=True):
    pass


class LineSettledShort(Event, frozen=True):
    """subject: the order"""

    line_id: str
    quantity: int
    lost: bool
    reason: str


class ItemScanned(Event, frozen=True):
    """subject: the order"""

    line_id: str
    receipt_id: str
    quantity: int
    scanned: str


class ScanTakenBack(Event, frozen=True):
    """subject: the order"""

    line_id: str
    receipt_id: str
    quantity: int
    reason: str


class ScanCorrected(Event, frozen=True):
    """subject: the order. What was scanned is now on this line, as what it really is"""

    line_id: str
    receipt_id: str
    quantity: int


class ClaimTaken(Event, frozen=True):
    """subject: the claim"""

    outbound_line_id: str
    quantity: int


class ClaimEnded(Event, frozen=True):
    """subject: the claim; state: given_back | expired"""

    outbound_line_id: str
    quantity: int
    state: str


class BarcodeMapped(Event, frozen=True):
    text: str
    item_id: str


class GoodsInspected(Event, frozen=True):
    """subject: the order"""

    line_id: str
    inspection_id: str
    quantity: int
    verdict: str
    grade: str


class DispositionProposed(Event, frozen=True):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class DispositionDecided(Event, frozen=True):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class DispositionPosted(Event, frozen=True):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class GoodsSentAway(Event, frozen=True):
    """subject: the order"""

    disposition_id: str
    kind: str
    quantity: int
    reference: str


class GoodsPutAway(Event, frozen=True):
    """subject: the order"""

    line_id: str
    quantity: int
    bin_id: str


class StockMoved(Event, frozen=True):
    """subject: the item; one for each move, so that reconciling knows what to look at"""

    quantity: int
    source: str
    target: str


class StockOpened(Event, frozen=True):
    """subject: the item"""

    quantity: int


class ShipmentRecorded(Event, frozen=True):
    """subject: the outbound order; `posted`: its goods have left this site's book"""

    number: str
    lines: int
    posted: bool


class HandOverBegun(Event, frozen=True):
    """subject: the hand-over, which the ERP or WMS is to acknowledge"""

    item_id: str
    quantity: int


class HandOverAcknowledged(Event, frozen=True):
    item_id: str
    quantity: int
    reference: str


class LotHeld(Event, frozen=True):
    """subject: the hold; in the catalogue's feed, because it stands at every site"""

    item_id: str
    lot: str
    reason: str


class StandardSet(Event, frozen=True):
    """subject: the standard, by its item's id; in the catalogue's feed"""

    item_id: str


class LotReleased(Event, frozen=True):
    item_id: str
    lot: str
    reason: str


class UnitCostSet(Event, frozen=True):
    """subject: the item"""

    unit_cost: int
    currency: str
    start: str


class NumberReported(Event, frozen=True):
    """subject: the report of somebody who says that a figure is wrong"""

    figure: str


class ConflictOpened(Event, frozen=True):
    rule: str


class ConflictRepeated(Event, frozen=True):
    rule: str


class ConflictAssigned(Event, frozen=True):
    person_id: str


class ConflictResolved(Event, frozen=True):
    rule: str
    option: str


class ConflictResolvedItself(Event, frozen=True):
    rule: str
    why: str


class ConflictDismissed(Event, frozen=True):
    rule: str
    reason: str


class RuleDemoted(Event, frozen=True):
    """subject: the demotion"""

    rule: str
    reason: str


class RuleRestored(Event, frozen=True):
    """subject: the demotion that ended"""

    rule: str
    reason: str


class ConflictAnswered(Event, frozen=True):
    """subject: the conflict, decided or not"""

    reply_id: str


class RepliesRead(Event, frozen=True):
    """subject: the conflict"""


class TaskRaised(Event, frozen=True):
    kind: str


class TaskAnswered(Event, frozen=True):
    kind: str
    outcome: str


class TaskWithdrawn(Event, frozen=True):
    kind: str


class BinCounted(Event, frozen=True):
    """subject: the count; `difference`: units the book had too few (more than 0) or too many of"""

    bin_id: str
    difference: int


class PutBack(Event, frozen=True):
    """What a decision had set aside is put back. subject: the conflict"""

    lost: str
    note: str


class NumbersLost(Event, frozen=True):
    """subject: the device"""

    first: int
    last: int


class MutationHeld(Event, frozen=True):
    name: str
    waits_for: str


class MutationForced(Event, frozen=True):
    """subject: the mutation a supervisor did not let wait any longer"""

    name: str


class MutationRejected(Event, frozen=True):
    name: str
    code: str


class AlertRaised(Event, frozen=True):
    rule: str


class AlertClosed(Event, frozen=True):
    rule: str
    state: str


class PersonCreated(Event, frozen=True):
    username: str


class PersonEdited(Event, frozen=True):
    fields: list[str]


class PasswordSet(Event, frozen=True):
    pass


class BadgeSet(Event, frozen=True):
    pass


class RightGranted(Event, frozen=True):
    """subject: the person"""

    role: str
    at_site: str


class RightEnded(Event, frozen=True):
    """subject: the person"""

    role: str
    at_site: str


class PersonDisabled(Event, frozen=True):
    pass


class PersonEnabled(Event, frozen=True):
    pass


class EnrolmentCodeMade(Event, frozen=True):
    """subject: the site"""

    uses: int
    days: int


class EnrolmentCodeWithdrawn(Event, frozen=True):
    """subject: the site"""

    uses_left: int


class DeviceEnrolled(Event, frozen=True):
    code: str
    name: str


class DeviceRevoked(Event, frozen=True):
    pass


class MessageSent(Event, frozen=True):
    message_id: str


class MessageRead(Event, frozen=True):
    message_id: str


class WorkCarried(Event, frozen=True):
    """A handheld's work came as a file that somebody brought."""

    first: int
    last: int
    new: int
    photos: int


class FileImported(Event, frozen=True):
    """subject: the file's SHA-256"""

    kind: str
    rows: int
    new: int
    changed: int


class ListExported(Event, frozen=True):
    """subject: the list. Who took which rows out of here, and how many."""

    format: str
    asked: str
    rows: int


class OwnLabelsGiven(Event, frozen=True):
    """subject: the site; its rolls of labels, from the first number to the last"""

    first: str
    last: str


class SiteCreated(Event, frozen=True):
    code: str


class SiteEdited(Event, frozen=True):
    fields: list[str]


class PhotoStored(Event, frozen=True):
    """subject: the blob; it has no repainted copies yet"""


class ItemCreated(Event, frozen=True):
    """subject: the item"""

    sku: str
    name: str


class PhotoLookedAt(Event, frozen=True):
    """subject: the blob; its codes are read, and it is known whether it was used before"""


class DifferenceFound(Event, frozen=True):
    """subject: the difference"""

    kind: str


class DifferenceTaken(Event, frozen=True):
    """subject: the difference"""

    person_id: str


class DifferenceClosed(Event, frozen=True):
    """subject: the difference"""

    state: str


class StockListed(Event, frozen=True):
    """subject: the list; another system said what it has here"""

    source: str
    rows: int


class LossOpened(Event, frozen=True):
    """subject: the loss case"""

    item_id: str
    quantity: int


class LossEdited(Event, frozen=True):
    """subject: the loss case"""

    fields: list[str]


class LossNoted(Event, frozen=True):
    """subject: the loss case"""


class LossDecided(Event, frozen=True):
    """subject: the loss case"""

    decision: str
    quantity: int


class DocumentAsked(Event, frozen=True):
    """subject: the order"""

    kind: str
    note: str


class MessageWritten(Event, frozen=True):
    """subject: the order"""

    message_id: str
    direction: str


class DocumentAdded(Event, frozen=True):
    """subject: the order"""

    document_id: str
    kind: str
    number: str
