"""Differences 差异: two books that disagree, one record for each subject, followed by a person until it is gone or explained.

open → in_progress (somebody has it) → resolved | dismissed, with a reason; auto_closed when a run no longer finds it. Nothing here
changes a book: what is wrong is put right by a count, a decision or a loss case, and the next run sees it.
"""

from typing import Any, NamedTuple

from .catalog import Item
from .errors import Invalid, Stale
from .events import DifferenceClosed, DifferenceFound, DifferenceTaken
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_dict, json_list, long_text, moment, ref
from .people import actor_of
from .work import Work

BOOKS = (
    "ledger_balance", "receipt_line", "inspection_line", "disposition_line", "posted_line", "receipt_stock",
)  # fmt: skip
"""Restow's own books, which always agree unless something was lost, doubled or written by hand."""

GOODS = (
    "line_missing",
    "line_over",
    "line_unexpected",
    "line_uninspected",
    "line_undecided",
    "line_unposted",
    "count_book",
    "listed_stock",
)
"""Paper, shelf and other books: what people did, or did not do yet."""  # fmt: skip

OPEN = ("open", "in_progress")


class Difference(Table, table=True):
    """The id is the hash of kind, site and subject. facts: what the sentence of the cause is made of."""

    site_id: str = ref()
    owner_id: str = ""
    kind: str = ""  # one of BOOKS or GOODS
    subject_id: str = ref()
    item_id: str = ref()
    order_id: str = ref()
    line_id: str = ""
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    status: str = ""  # the stock status it is about, where it is about one
    expected: int = integer()
    found: int = integer()
    unit_cost: int = integer()
    currency: str = "CNY"
    value: int = integer()  # what the difference is worth at the item's cost
    cause: str = ""
    facts: dict[str, Any] = json_dict()
    trail: list[Any] = json_list()
    state: str = "open"  # open | in_progress | resolved | dismissed | auto_closed
    assigned_to: str = ""
    occurrences: int = integer(1)
    run_id: str = ""
    first_at: int = moment()
    last_at: int = moment()
    gone_at: int = moment()  # decided by a person, and since then no run found it
    closed_at: int = moment()
    closed_by: str = ""
    closing_reason: str = long_text()


class Wrong(NamedTuple):
    """One finding of a run."""

    kind: str
    subject_id: str
    expected: int
    found: int
    cause: str
    trail: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    about: dict[str, str] = {}
    """item_id, order_id, line_id, bin_id, container_id, lot, expiry, serial, status: as far as it is known."""


class TakeDifference(Command, frozen=True):
    """`person_id`: whose it is from now on; '' gives it back to everybody."""

    difference_id: str
    person_id: str


class ResolveDifference(Command, frozen=True):
    """It has been dealt with: the reason says how."""

    difference_id: str
    reason: str


class DismissDifference(Command, frozen=True):
    """It is no difference, and nobody has to do anything."""

    difference_id: str
    reason: str


def take_difference(work: Work, command: TakeDifference) -> Outcome | None:
    found = _open(work, command.difference_id)
    if command.person_id and not actor_of(work, command.person_id).may("handle_difference", found.site_id):
        raise Invalid("This person may not follow differences of this site.", field="person_id")
    if found.assigned_to == command.person_id and found.state == ("in_progress" if command.person_id else "open"):
        return Outcome("noop")
    found.assigned_to = command.person_id
    found.state = "in_progress" if command.person_id else "open"
    work.record(DifferenceTaken(site_id=found.site_id, person_id=command.person_id), found.id)
    return None


def resolve_difference(work: Work, command: ResolveDifference) -> None:
    _decide(work, command.difference_id, "resolved", command.reason)


def dismiss_difference(work: Work, command: DismissDifference) -> None:
    _decide(work, command.difference_id, "dismissed", command.reason)


# What a run finds, and no longer finds


def keep(work: Work, site_id: str, run_id: str, wrong: Wrong) -> None:
    """One record a subject. What a person decided comes back on other numbers, or after it was gone."""
    id = derived_id("difference", wrong.kind, site_id, wrong.subject_id)
    found = work.seek(Difference, id)
    numbers = (wrong.expected, wrong.found)
    if found is None:
        found = work.add(
            Difference, id=id, site_id=site_id, kind=wrong.kind, subject_id=wrong.subject_id, first_at=work.now
        )
        found.expected, found.found = numbers
        work.record(DifferenceFound(site_id=site_id, kind=wrong.kind), id)
    elif found.state not in OPEN:
        found.run_id = run_id
        if found.state != "auto_closed" and (found.expected, found.found) == numbers and not found.gone_at:
            return
        found.state, found.assigned_to, found.first_at = "open", "", work.now
        found.gone_at = found.closed_at = 0
        found.closed_by = found.closing_reason = ""
        work.count(found, occurrences=1)
        work.record(DifferenceFound(site_id=site_id, kind=wrong.kind), id)
    elif (found.expected, found.found) != numbers:
        work.count(found, occurrences=1)
    found.expected, found.found = numbers
    found.cause, found.facts, found.trail = wrong.cause, wrong.facts, wrong.trail
    for name, value in wrong.about.items():
        setattr(found, name, value)
    item = work.look(Item, found.item_id)
    if item is not None:
        found.owner_id, found.unit_cost, found.currency = item.owner_id, item.unit_cost, item.currency
    found.value = abs(found.expected - found.found) * found.unit_cost
    found.run_id, found.last_at = run_id, work.now


def close_what_is_gone(work: Work, site_id: str, run_id: str) -> None:
    """The end of a run: what it did not find does not hold any more."""
    for gone in work.all(Difference, site_id=site_id, state=OPEN):
        if gone.run_id != run_id:
            _close(work, gone, "auto_closed", "")
    for decided in work.all(Difference, site_id=site_id, state=("resolved", "dismissed"), gone_at=0):
        if decided.run_id != run_id:
            decided.gone_at = work.now


def followed_up(work: Work, difference_id: str) -> None:
    """Somebody was sent for it, or a loss case was opened: it is being worked on."""
    found = work.seek(Difference, difference_id)
    if found is not None and found.state == "open":
        found.state, found.assigned_to = "in_progress", found.assigned_to or work.actor.id


def _decide(work: Work, id: str, state: str, reason: str) -> None:
    if not reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    _close(work, _open(work, id), state, reason.strip())


def _open(work: Work, id: str) -> Difference:
    found = work.get(Difference, id)
    work.allow("handle_difference", found.site_id, found.owner_id)
    if found.state not in OPEN:
        raise Stale("This difference is closed already.", by=found.closed_by, at=found.closed_at, state=found.state)
    return found


def _close(work: Work, found: Difference, state: str, reason: str) -> None:
    found.state, found.closed_at, found.closed_by, found.closing_reason = state, work.now, work.actor.id, reason
    work.record(DifferenceClosed(site_id=found.site_id, state=state), found.id)
