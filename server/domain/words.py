"""What people type to find something that has a name: any part of the name, its pinyin 拼音, or the pinyin's initials.

One row for each place in the name at which one may begin to type, so that finding is a look at the beginning of an ordered list, also
where there are a million names. Written with the record (`Work.publish`); what came another way is brought up by `write_missing`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Field, SQLModel, col

from .catalog import Customer, Item
from .documents import OutboundLine
from .model import CODE

if TYPE_CHECKING:
    from .work import Cursor, Work

LONGEST_WORD = 24
MOST_PLACES = 40
"""So much of a word, and of a name, is looked at: nobody types more."""
AT_ONCE = 1_000
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"


class SearchWord(SQLModel, table=True):
    """In the order of the words themselves: those that begin alike lie together."""

    __table_args__ = {"sqlite_with_rowid": False}

    word: str = Field(primary_key=True, sa_type=CODE)
    kind: str = Field(primary_key=True)  # the name of the record's class
    subject_id: str = Field(primary_key=True, index=True)


NAMES: dict[type[SQLModel], Callable[[Any], Iterable[str]]] = {
    Item: lambda item: words_of(item.name, item.name_en, item.sku),
    Customer: lambda customer: words_of(customer.name, customer.code),
    OutboundLine: lambda line: {str(serial).casefold() for serial in line.serials},
}
"""What each kind of record is found by."""


def words_of(*names: str) -> set[str]:
    found: set[str] = set()
    for name in names:
        units = _units(name)[:MOST_PLACES]
        for spoken in _readings(units):
            for at in range(len(units)):
                found.add("".join(units[at:]))
                found.add("".join(spoken[at:]))
                found.add("".join(sound if sound == unit else sound[:1] for sound, unit in _both(spoken, units, at)))
    return {word[:LONGEST_WORD] for word in found}


def asked_for(text: str) -> list[str]:
    """What was typed, as the words are kept: its parts, of which each must be found."""
    return [joined[:LONGEST_WORD] for part in text.split() if (joined := "".join(_units(part)))]


def begin_with(kind: str, part: str) -> Select[Any]:
    """The ids of the records of this kind that have a word which begins with it."""
    found = aliased(SearchWord)
    return select(col(found.subject_id)).where(begins(found.word, part), col(found.kind) == kind)


def found_by(kind: str, subject_id: Any, part: str) -> ColumnElement[bool]:
    """Whether a word of this record begins with this."""
    return col(subject_id).in_(begin_with(kind, part))


def named(model: Any, text: str) -> ColumnElement[bool]:
    """The records of this kind that have, for each part of what was typed, a word that begins with it."""
    parts = asked_for(text)
    return and_(*(found_by(model.__name__, model.id, part) for part in parts)) if parts else false()


def begins(column: Any, text: str) -> ColumnElement[bool]:
    """As a stretch of an ordered index, the same on every database; for columns of the type CODE."""
    return and_(col(column) >= text, col(column) < text + "\U0010ffff")


def rows_of(record: Any) -> list[tuple[str, str, str]]:
    """(word, kind, subject) of one record."""
    model = type(record).table
    words = NAMES[model](record) or ([] if model is OutboundLine else [""])  # '': looked at, and has none
    return [(word, model.__name__, record.id) for word in words]


def write(cursor: "Cursor", mark: str, records: Iterable[Any]) -> None:
    """The words of these records, anew. All together and in their order: what lies together is written together."""
    found = list(records)
    rows = sorted(row for record in found for row in rows_of(record))
    if found:
        cursor.executemany(
            f"DELETE FROM searchword WHERE subject_id = {mark} AND kind = {mark}",
            [(record.id, type(record).table.__name__) for record in found],
        )
    if rows:
        cursor.executemany(f"INSERT INTO searchword (word, kind, subject_id) VALUES ({mark}, {mark}, {mark})", rows)


def write_missing(work: "Work") -> int:
    """A few of the records that have no words: older than the words are, or written past the domain. How many it was."""
    for model in NAMES:
        ident = model.id  # type: ignore[attr-defined]
        there = select(1).where(col(SearchWord.subject_id) == ident, col(SearchWord.kind) == model.__name__).exists()
        named = [func.length(OutboundLine.serials) > 2] if model is OutboundLine else []
        found = work.find(model, *named, ~there, limit=AT_ONCE)
        if found:
            work.write_words(found)
            return len(found)
    return 0


def _units(name: str) -> list[str]:
    """A Chinese character each, a run of other letters or digits each; what separates them is left out."""
    return _UNIT.findall(unicodedata.normalize("NFKC", name).casefold())


_UNIT = re.compile(f"[{HAN}]|[^\\W{HAN}_]+")


def _readings(units: list[str]) -> list[list[str]]:
    """How it is spoken; its first character in each way it can be: 曾 is ceng, and zeng as a surname."""
    if all(unit.isascii() for unit in units):
        return [units]
    spoken: list[str] = []
    for chinese, together in groupby(units, lambda unit: bool(re.match(f"[{HAN}]", unit))):
        run = list(together)
        spoken += _read_as_one("".join(run)) if chinese else run
    return [[sound, *spoken[1:]] for sound in dict.fromkeys([spoken[0], *_sounds(units[0])])]


# Many names are made of the same few parts.


@lru_cache(20_000)
def _read_as_one(run: str) -> list[str]:
    """银行 is yin hang."""
    read: list[str] = _pinyin().lazy_pinyin(run, errors=list)
    return read


@lru_cache(20_000)
def _sounds(unit: str) -> list[str]:
    pinyin = _pinyin()
    sounds: list[str] = pinyin.pinyin(unit, style=pinyin.Style.NORMAL, heteronym=True, errors=lambda other: [other])[0]
    return sounds


def _both(spoken: list[str], units: list[str], at: int) -> Iterator[tuple[str, str]]:
    return zip(spoken[at:], units[at:], strict=True)


@cache
def _pinyin() -> Any:
    import pypinyin  # half a second and many megabytes, for whoever names something

    return pypinyin
