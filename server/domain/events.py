"""What happens in Restow, told once, in the transaction in which it happened. Names are in the past tense."""

from .model import Event


class ParcelSigned(Event):
    waybill: str


class ParcelRefused(Event):
    reason: str


class ParcelDamaged(Event):
    damage: str


class ParcelOpened(Event):
    pass


class ParcelBound(Event):
    order_id: str


class ParcelClosed(Event):
    empty: bool = False


class ParcelUnclaimed(Event):
    pass


class ParcelClaimed(Event):
    order_id: str


class LoadClosed(Event):
    carrier: str
    counted: int
    listed: int


class ContainerUsed(Event):
    label: str


class ContainerMoved(Event):
    bin_id: str
    from_bin_id: str


class ReturnCreated(Event):
    number: str


class ReturnEdited(Event):
    fields: list[str]


class ReturnSubmitted(Event):
    revision: int


class ReturnApproved(Event):
    note: str = ""


class ReturnRejected(Event):
    reason: str


class ReturnAmended(Event):
    reason: str
    revision: int


class ReturnCancelled(Event):
    reason: str


class ReturnHeld(Event):
    reason: str


class ReturnReleased(Event):
    pass


class ReturnTaken(Event):
    pass


class ReturnOpenedWithoutOrder(Event):
    number: str


class ReturnCompleted(Event):
    pass


class ReturnReopened(Event):
    pass


class LineSettledShort(Event):
    """subject: the order"""

    line_id: str
    quantity: int
    lost: bool
    reason: str


class ItemScanned(Event):
    """subject: the order"""

    line_id: str
    receipt_id: str
    quantity: int
    scanned: str


class ScanTakenBack(Event):
    """subject: the order"""

    line_id: str
    receipt_id: str
    quantity: int
    reason: str


class BarcodeMapped(Event):
    text: str
    item_id: str


class GoodsInspected(Event):
    """subject: the order"""

    line_id: str
    inspection_id: str
    quantity: int
    verdict: str
    grade: str


class DispositionProposed(Event):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class DispositionDecided(Event):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class DispositionPosted(Event):
    """subject: the order"""

    line_id: str
    disposition_id: str
    kind: str
    quantity: int


class GoodsSentAway(Event):
    """subject: the order"""

    disposition_id: str
    kind: str
    quantity: int
    reference: str


class GoodsPutAway(Event):
    """subject: the order"""

    line_id: str
    quantity: int
    bin_id: str


class StockMoved(Event):
    """subject: the item; one for each move, so that reconciling knows what to look at"""

    quantity: int
    source: str
    target: str


class ConflictOpened(Event):
    rule: str


class ConflictRepeated(Event):
    rule: str


class ConflictAssigned(Event):
    person_id: str


class ConflictResolved(Event):
    rule: str
    option: str


class ConflictDismissed(Event):
    rule: str
    reason: str


class NumbersLost(Event):
    """subject: the device"""

    first: int
    last: int


class MutationHeld(Event):
    name: str
    waits_for: str


class MutationRejected(Event):
    name: str
    code: str


class AlertRaised(Event):
    rule: str


class AlertClosed(Event):
    rule: str
    state: str


class PersonCreated(Event):
    username: str


class PersonEdited(Event):
    fields: list[str]


class PasswordSet(Event):
    pass


class BadgeSet(Event):
    pass


class RightGranted(Event):
    """subject: the person"""

    role: str
    at_site: str


class RightEnded(Event):
    """subject: the person"""

    role: str
    at_site: str


class PersonDisabled(Event):
    pass


class PersonEnabled(Event):
    pass


class EnrolmentCodeMade(Event):
    """subject: the site"""

    uses: int
    days: int


class DeviceEnrolled(Event):
    code: str
    name: str


class DeviceRevoked(Event):
    pass


class SiteCreated(Event):
    code: str


class SiteEdited(Event):
    fields: list[str]


class PhotoStored(Event):
    """subject: the blob; it has no repainted copies yet"""


class DocumentAdded(Event):
    """subject: the order"""

    document_id: str
    kind: str
    number: str
