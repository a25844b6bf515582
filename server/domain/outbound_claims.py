"""What may still come back of a shipment, reserved for whoever files it.

Filing a return reserves quantity of its outbound lines, and a handheld may reserve some before it goes offline: what is reserved no
one else can file. Reservations expire and are given back. They bind filing alone: goods that stand at the dock are received whatever
was reserved, and a reservation used after it expired is conflict X1.
"""

from typing import NamedTuple

from . import conflicts, returns
from .conflict_rules import x01
from .documents import OutboundLine
from .errors import Invalid
from .events import ClaimEnded, ClaimTaken
from .ids import derived_id
from .model import Command, Outcome, Table, integer, moment, ref
from .work import Work

DAY = 86_400_000
KEPT_FOR_A_RETURN = 60 * DAY
KEPT_FOR_A_DEVICE = 7 * DAY


class OutboundClaim(Table, table=True):
    """Of a return line (its id is derived from the line's), or of a device that goes offline (`line_id` is '')."""

    site_id: str = ref()
    outbound_line_id: str = ref()
    order_id: str = ref()
    line_id: str = ""
    device_id: str = ref()
    quantity: int = integer()
    open: int = integer()  # still reserved: neither received nor given back
    state: str = "open"  # open | used | given_back | expired
    expires_at: int = moment()
    by: str = ""
    at: int = moment()


class TakeClaim(Command, frozen=True):
    """Before going offline: so many of this shipped line shall be filed from this device."""

    claim_id: str
    outbound_line_id: str
    quantity: int


class GiveBackClaim(Command, frozen=True):
    claim_id: str


class Room(NamedTuple):
    """What may be filed of a shipped line, and why no more."""

    shipped: int
    returned: int
    filed: int

    @property
    def left(self) -> int:
        return max(0, self.shipped - self.returned - self.filed)


def take_claim(work: Work, command: TakeClaim) -> Outcome | None:
    shipped = work.get(OutboundLine, command.outbound_line_id)
    work.allow("file", shipped.site_id)
    if work.seek(OutboundClaim, command.claim_id):
        return Outcome("noop")
    if command.quantity <= 0:
        raise Invalid("A quantity is at least 1.", field="quantity")
    _expire_of(work, shipped)
    room = Room(shipped.quantity, shipped.returned, shipped.claimed)
    if command.quantity > room.left:
        raise _too_many(command.quantity, room, "")
    work.add(
        OutboundClaim, id=command.claim_id, site_id=shipped.site_id, outbound_line_id=shipped.id, device_id=work.device_id,
        quantity=command.quantity, open=command.quantity, expires_at=work.now + KEPT_FOR_A_DEVICE, by=work.actor.id, at=work.now,
    )  # fmt: skip
    work.count(shipped, claimed=command.quantity)
    work.record(
        ClaimTaken(site_id=shipped.site_id, outbound_line_id=shipped.id, quantity=command.quantity), command.claim_id
    )
    return None


def give_back_claim(work: Work, command: GiveBackClaim) -> Outcome | None:
    claim = work.get(OutboundClaim, command.claim_id)
    work.allow("file", claim.site_id)
    if not claim.open:
        return Outcome("noop")
    _end(work, claim, "given_back")
    return None


# What filing, receiving and the end of an order do to them


def file_lines(work: Work, order: "returns.ReturnOrder", lines: "list[returns.ReturnLine]") -> Outcome | None:
    """Reserves what each line asks back. Refused with the numbers when others have it, unless this device had reserved it once."""
    cases = [_file(work, order, line) for line in lines if line.outbound_line_id]
    return conflicts.outcome_of([case for case in cases if case])


def renew(work: Work, order: "returns.ReturnOrder") -> None:
    """The order was changed after it was filed: its reservations follow, as far as there is room."""
    if order.status not in ("submitted", "approved", "receiving"):
        return
    for line in returns.lines_of(work, order.id):
        if line.outbound_line_id and (shipped := work.seek(OutboundLine, line.outbound_line_id)):
            mine = _of_line(work, line.id)
            _reserve(work, order, line, shipped, min(_asked(line), _room(work, shipped, mine).left))


def received(work: Work, line: "returns.ReturnLine", units: int) -> None:
    """Goods came back (or did not after all, below zero): never refused; what was reserved for them is used."""
    if not line.outbound_line_id:
        return
    shipped = work.seek(OutboundLine, line.outbound_line_id)
    if shipped is None:
        return
    work.count(shipped, returned=units)
    claim = _of_line(work, line.id)
    if claim is None or claim.outbound_line_id != shipped.id or claim.state not in ("open", "used"):
        return
    used = min(units, claim.open) if units > 0 else -min(-units, claim.quantity - claim.open)
    work.count(claim, open=-used)
    work.count(shipped, claimed=-used)
    claim.state = "open" if claim.open else "used"


def give_back(work: Work, order_id: str) -> None:
    """The order will not bring these back, or has brought all it will."""
    for claim in work.all(OutboundClaim, order_id=order_id):
        if claim.open:
            _end(work, claim, "given_back")


def give_back_units(work: Work, line: "returns.ReturnLine", units: int) -> None:
    claim = _of_line(work, line.id)
    if claim is not None and claim.open and (shipped := work.seek(OutboundLine, claim.outbound_line_id)):
        less = min(units, claim.open)
        work.count(claim, open=-less, quantity=-less)
        work.count(shipped, claimed=-less)


def expire_claims(work: Work) -> int:
    due = work.find(
        OutboundClaim, OutboundClaim.open > 0, OutboundClaim.expires_at <= work.now, order_by=OutboundClaim.id
    )
    for claim in due:
        _end(work, claim, "expired")
    return len(due)


def newest_first(work: Work, outbound_line_id: str) -> list[OutboundClaim]:
    """The reservations of a shipped line that return lines hold, the latest first."""
    found = work.find(OutboundClaim, OutboundClaim.outbound_line_id == outbound_line_id, OutboundClaim.open > 0)
    return sorted((claim for claim in found if claim.line_id), key=lambda claim: (claim.at, claim.id), reverse=True)


def _file(work: Work, order: "returns.ReturnOrder", line: "returns.ReturnLine") -> "conflicts.Conflict | None":
    shipped = work.seek(OutboundLine, line.outbound_line_id)
    if shipped is None:
        raise Invalid("That outbound line does not exist.", field="outbound_line_id", line_id=line.id)
    _expire_of(work, shipped)
    wanted = _asked(line)
    mine = [claim for claim in (_of_line(work, line.id), *_of_device(work, shipped)) if claim is not None]
    room = Room(shipped.quantity, shipped.returned, shipped.claimed - sum(claim.open for claim in mine))
    if wanted > room.left:
        lapsed = _lapsed(work, shipped)
        if wanted > room.left + sum(claim.quantity for claim in lapsed):
            raise _too_many(line.expected, room, line.id)
        for claim in lapsed:
            claim.state = "used"
    left = wanted
    for claim in mine:
        if claim.line_id:
            continue
        taken = min(left, claim.open)
        left -= taken
        work.count(claim, open=-taken)
        work.count(shipped, claimed=-taken)
        claim.state = "open" if claim.open else "used"
    _reserve(work, order, line, shipped, wanted)
    return x01.filed(work, order, line, shipped) if wanted > room.left else None


def _reserve(
    work: Work, order: "returns.ReturnOrder", line: "returns.ReturnLine", shipped: OutboundLine, units: int
) -> None:
    id = derived_id("claim", line.id)
    claim = work.seek(OutboundClaim, id)
    if claim is None:
        claim = work.add(OutboundClaim, id=id)
    elif claim.open and (before := work.seek(OutboundLine, claim.outbound_line_id)):
        work.count(before, claimed=-claim.open)
    claim.site_id, claim.order_id, claim.line_id, claim.outbound_line_id = order.site_id, order.id, line.id, shipped.id
    claim.device_id, claim.by, claim.at = work.device_id, work.actor.id, work.now
    claim.quantity, claim.open, claim.state = units, units, "open" if units else "used"
    claim.expires_at = work.now + KEPT_FOR_A_RETURN
    work.count(shipped, claimed=units)
    work.record(ClaimTaken(site_id=order.site_id, outbound_line_id=shipped.id, quantity=units), claim.id)


def _end(work: Work, claim: OutboundClaim, state: str) -> None:
    shipped = work.seek(
        OutboundLine, claim.outbound_line_id
    )  # locked first, as everywhere: then the claim stands still
    claim = work.get(OutboundClaim, claim.id)
    if not claim.open or (state == "expired" and claim.expires_at > work.now):
        return  # used, or renewed, since it was looked for
    units, claim.open, claim.state = claim.open, 0, state
    if shipped is not None:
        work.count(shipped, claimed=-units)
    work.record(
        ClaimEnded(site_id=claim.site_id, outbound_line_id=claim.outbound_line_id, quantity=units, state=state),
        claim.id,
    )


def _expire_of(work: Work, shipped: OutboundLine) -> None:
    """What is due is given back at once, whether or not the hourly round has come by."""
    for claim in work.all(OutboundClaim, outbound_line_id=shipped.id):
        if claim.open and claim.expires_at <= work.now:
            _end(work, claim, "expired")


def _room(work: Work, shipped: OutboundLine, mine: OutboundClaim | None) -> Room:
    return Room(shipped.quantity, shipped.returned, shipped.claimed - (mine.open if mine else 0))


def _of_line(work: Work, line_id: str) -> OutboundClaim | None:
    return work.seek(OutboundClaim, derived_id("claim", line_id))


def _of_device(work: Work, shipped: OutboundLine) -> list[OutboundClaim]:
    if not work.device_id:
        return []
    found = work.all(OutboundClaim, outbound_line_id=shipped.id, device_id=work.device_id, line_id="")
    return [claim for claim in found if claim.open]


def _lapsed(work: Work, shipped: OutboundLine) -> list[OutboundClaim]:
    """What this device had reserved and nobody filed in time: filed all the same, it is a case for a supervisor, not a refusal."""
    if not work.device_id:
        return []
    return work.all(OutboundClaim, outbound_line_id=shipped.id, device_id=work.device_id, line_id="", state="expired")


def _asked(line: "returns.ReturnLine") -> int:
    return max(0, line.expected - line.received - line.short - line.lost - line.refused)


def _too_many(asked: int, room: Room, line_id: str) -> Invalid:
    return Invalid(
        f"{asked} are asked back, but only {room.left} can come: "
        f"{room.shipped} shipped, {room.returned} already back, {room.filed} filed elsewhere.",
        field="quantity", line_id=line_id, shipped=room.shipped, returned=room.returned, filed=room.filed, returnable=room.left,
    )  # fmt: skip
