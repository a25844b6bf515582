"""The checker is checked: a history without fault passes, and each fault it is there for is named, and nothing else with it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from .checker import Answer, Books, History, Kept, Made, Page, Result, Told, check

SITE = "site:sh"
LINE = ("return_line", "kettles")


class Case(NamedTuple):
    history: History
    books: Books


def without_fault() -> Case:
    """A scans two and one, B scans three in between; A reads after each of its own, B at the end."""
    history = History(
        made=[
            Made("a", 1, "a1", "scan_item", "kettles", 2),
            Made("b", 1, "b1", "scan_item", "kettles", 3),
            Made("a", 2, "a2", "scan_item", "kettles", 1),
        ],
        answers=[
            Answer("a", 1.0, 2.0, (Result(1, "a1", "applied"),)),
            Answer("b", 3.0, 4.0, (Result(1, "b1", "applied"),)),
            Answer("a", 5.0, 6.0, (Result(1, "a1", "applied", dup=True), Result(2, "a2", "applied"))),
        ],
        pages=[
            Page("a", SITE, 2, {LINE: 2}, last_seq=1),
            Page("a", SITE, 6, {LINE: 6}, last_seq=2),
            Page("b", SITE, 4, {LINE: 5}, more=True, last_seq=1),
            Page("b", SITE, 6, {LINE: 6}, last_seq=1),
        ],
    )
    books = Books(
        mutations={"a1": Kept("a", 1, "applied"), "b1": Kept("b", 1, "applied"), "a2": Kept("a", 2, "applied")},
        counters={"a": 2, "b": 1},
        heads={SITE: 6},
        changes={SITE: [(1, LINE, 2), (3, LINE, 5), (5, LINE, 6)]},
        told=[Told(SITE, 2, "ItemScanned", "a1"), Told(SITE, 4, "ItemScanned", "b1"), Told(SITE, 6, "ItemScanned", "a2")],
        entries=[
            (mutation, "receive", balance, quantity * sign)
            for mutation, quantity in (("a1", 2), ("b1", 3), ("a2", 1))
            for balance, sign in (("out", -1), ("in", 1))
        ],
        balances={"out": -6, "in": 6},
        received={"kettles": 6},
    )  # fmt: skip
    return Case(history, books)


def test_a_history_without_fault_passes() -> None:
    assert check(*without_fault()) == []


def acknowledged_and_absent(case: Case) -> None:
    """The third scan and all it did is not there, and the counter was put back with it: what a lost commit looks like."""
    del case.books.mutations["a2"]
    case.books.counters["a"] = 1
    case.books.heads[SITE] = 4
    del case.books.changes[SITE][2:], case.books.told[2:], case.books.entries[4:], case.history.pages[:]
    case.books.balances.update({"out": -5, "in": 5})
    case.books.received["kettles"] = 5


def never_delivered(case: Case) -> None:
    case.history.made.append(Made("b", 2, "b2", "inspect"))


def answered_otherwise(case: Case) -> None:
    case.history.answers.append(Answer("b", 7.0, 8.0, (Result(1, "b1", "noop", dup=True),)))


def kept_otherwise(case: Case) -> None:
    case.history.answers[1] = Answer("b", 3.0, 4.0, (Result(1, "b1", "merged"),))


def counted_twice(case: Case) -> None:
    case.books.entries.extend([("b1", "receive", "out", -3), ("b1", "receive", "in", 3)])
    case.books.balances.update({"out": -9, "in": 9})


def new_twice(case: Case) -> None:
    case.history.answers.append(Answer("b", 3.0, 5.0, (Result(1, "b1", "applied"),)))


def nobody_scanned_it(case: Case) -> None:
    case.books.entries.extend([("c1", "receive", "out", -3), ("c1", "receive", "in", 3)])
    case.books.balances.update({"out": -9, "in": 9})


def a_number_is_missing(case: Case) -> None:
    case.books.counters["b"] = 2


def another_number(case: Case) -> None:
    """The server has both mutations of A, the wrong way round in number and time."""
    case.books.mutations.update({"a1": Kept("a", 2, "applied"), "a2": Kept("a", 1, "applied")})
    case.history.pages.clear()


def the_second_first(case: Case) -> None:
    one, two, three = case.books.told
    case.books.told[:] = [one._replace(mutation="a2"), two, three._replace(mutation="a1")]
    case.history.answers.clear()
    case.history.pages.clear()


def before_what_was_known(case: Case) -> None:
    """B's scan was sent after A's had been answered, and stands before it."""
    one, two, three = case.books.told
    case.books.told[:] = [one._replace(mutation="b1"), two._replace(mutation="a1"), three]
    case.history.pages.clear()


def passed_over(case: Case) -> None:
    """A change committed below a cursor that had gone by: the reader never gets it."""
    case.books.changes[SITE][1] = (3, ("parcel", "late"), {"id": "late"})
    case.history.pages[2:] = []


def old_value(case: Case) -> None:
    case.history.pages[1] = Page("a", SITE, 6, {LINE: 5}, last_seq=2)


def not_dropped(case: Case) -> None:
    case.books.changes[SITE].append((7, LINE, None))
    case.books.heads[SITE] = 7
    case.history.pages.append(Page("a", SITE, 7, {}, last_seq=2))


def read_backwards(case: Case) -> None:
    case.history.pages.append(Page("a", SITE, 2, {}, last_seq=1))


def said_too_early(case: Case) -> None:
    """The page says that A's second is in it. The device forgets it, and the count goes back on its screen."""
    case.history.pages[0] = Page("a", SITE, 2, {LINE: 2}, last_seq=2)


def a_revision_twice(case: Case) -> None:
    case.books.told[0] = Told(SITE, 1, "ItemScanned", "a1")


def a_revision_never(case: Case) -> None:
    case.books.heads[SITE] = 7


def read_and_added(case: Case) -> None:
    """Two counted at once, and one count was written over the other."""
    case.books.received["kettles"] = 4


def the_balance_drifts(case: Case) -> None:
    case.books.balances["in"] = 5


def from_nowhere(case: Case) -> None:
    case.books.entries.append(("", "put_away", "in", 1))
    case.books.balances["in"] = 7


@pytest.mark.parametrize(
    "kind, fault",
    [
        ("lost", acknowledged_and_absent),
        ("lost", never_delivered),
        ("lost", answered_otherwise),
        ("lost", kept_otherwise),
        ("doubled", counted_twice),
        ("doubled", new_twice),
        ("doubled", nobody_scanned_it),
        ("out of order", a_number_is_missing),
        ("out of order", another_number),
        ("out of order", the_second_first),
        ("went back", before_what_was_known),
        ("missed", passed_over),
        ("missed", old_value),
        ("missed", not_dropped),
        ("missed", read_backwards),
        ("ran ahead", said_too_early),
        ("gaps", a_revision_twice),
        ("gaps", a_revision_never),
        ("in the books", read_and_added),
        ("in the books", the_balance_drifts),
        ("in the books", from_nowhere),
    ],
)
def test_it_names_the_fault_and_no_other(kind: str, fault: Callable[[Case], Any]) -> None:
    case = without_fault()
    fault(case)
    assert {breach.kind for breach in check(*case)} == {kind}
