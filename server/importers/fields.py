"""What a column of a file may be: a field with its names, and how a cell of it is read. Which column is which field is guessed from
the header, and remembered once a person has said it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

LARGEST = 2**53 - 1
WITHOUT_CENTS = ("JPY", "KRW", "VND")
"""Currencies whose smallest unit is the unit."""


class Unfit(Exception):
    """A cell that cannot be taken in: the field, and why, in a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


class Field(NamedTuple):
    """`also`: other names this column goes by in files, in small letters without spaces."""

    name: str
    zh: str
    en: str
    read: Callable[[str], Any]
    required: bool = False
    also: tuple[str, ...] = ()


# Reading a cell. Each takes text that is not empty, and raises ValueError with a sentence.


def text(longest: int = 200) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"This is longer than {longest} characters.")
        return cell

    return read


def code(longest: int = 60) -> Callable[[str], str]:
    """What is scanned or typed: no inner line ends."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"This is longer than {longest} characters.")
        if any(letter < " " for letter in cell):
            raise ValueError("A code is one line of text.")
        return cell

    return read


def whole(least: int = 0, most: int = LARGEST) -> Callable[[str], int]:
    def read(cell: str) -> int:
        number = _number(cell)
        if number != number.to_integral_value():
            raise ValueError("This is not a whole number.")
        if not least <= number <= most:
            raise ValueError(f"This is between {least} and {most}.")
        return int(number)

    return read


def amount(cell: str) -> Decimal:
    """Money as it is written; `minor` makes it the smallest unit of its currency."""
    number = _number(re.sub(r"^(?:[A-Z]{3}|[¥￥$€£])\s*", "", cell))
    if not 0 <= number <= 10**13:
        raise ValueError("This amount is not possible.")
    return number


def minor(field: str, number: Decimal, currency: str) -> int:
    scaled = number if currency in WITHOUT_CENTS else number * 100
    if scaled != scaled.to_integral_value():
        raise Unfit(field, "This has more decimals than its currency.")
    return int(scaled)


def currency(cell: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", cell):
        raise ValueError("A currency is three capital letters, as CNY.")
    return cell.upper()


def day(cell: str) -> str:
    """Year first, however it is divided; a time after it is passed over."""
    found = re.fullmatch(r"(\d{4})(?:[-/.年]?)(\d{1,2})(?:[-/.月]?)(\d{1,2})日?(?:[ T].*)?", cell)
    try:
        assert found is not None
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except (AssertionError, ValueError):
        raise ValueError("A date is written year, month, day: 2026-11-30.") from None


def flag(cell: str) -> bool:
    word = cell.lower()
    if word in ("1", "y", "yes", "true", "是", "√", "有", "启用"):
        return True
    if word in ("0", "n", "no", "false", "否", "×", "无", "停用"):
        return False
    raise ValueError("This is yes or no.")


def one_of(words: Mapping[str, Sequence[str]]) -> Callable[[str], str]:
    """`words`: the code, and what people write for it."""
    known = {name.lower(): code for code, names in words.items() for name in (code, *names)}

    def read(cell: str) -> str:
        found = known.get(cell.lower())
        if found is None:
            raise ValueError(f"This is one of: {', '.join(words)}.")
        return found

    return read


def several(longest: int = 60) -> Callable[[str], list[str]]:
    """Codes in one cell, divided by spaces, commas, semicolons or line ends."""
    read_one = code(longest)
    return lambda cell: [read_one(part) for part in re.split(r"[\s,;，；、]+", cell) if part]


def _number(cell: str) -> Decimal:
    plain = cell.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", cell) else cell
    if not re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,10})?", plain):
        raise ValueError("This is not a number.")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise ValueError("This is not a number.") from None


# Which column is which field


def guess(fields: Iterable[Field], header: Sequence[str], remembered: dict[str, str]) -> dict[str, int]:
    """Field → column. `remembered` is field → the name its column had last time ('' where a person left it out)."""
    at = {_bare(name): column for column, name in reversed(list(enumerate(header))) if name}
    found: dict[str, int] = {}
    for field in fields:
        known = remembered.get(field.name)
        if known is not None:
            if _bare(known) in at:
                found[field.name] = at[_bare(known)]
            if known == "" or _bare(known) in at:
                continue
        for name in (field.zh, field.en, field.name, *field.also):
            column = at.get(_bare(name))
            if column is not None and column not in found.values():
                found[field.name] = column
                break
    return found


def _bare(name: str) -> str:
    """A header's name without what people add to it: spaces, stars, units in brackets, capital letters."""
    return re.sub(r"[\s*＊_\-.]|[（(].*?[)）]", "", name).lower()


def values_of(fields: Iterable[Field], columns: dict[str, int], cells: Sequence[str]) -> dict[str, Any]:
    """What a row says, field by field. An empty cell says nothing. Raises Unfit at the first that does not fit."""
    found: dict[str, Any] = {}
    for field in fields:
        cell = cells[columns[field.name]] if field.name in columns else ""
        if cell:
            try:
                found[field.name] = field.read(cell)
            except ValueError as wrong:
                raise Unfit(field.name, str(wrong)) from None
        elif field.required:
            raise Unfit(field.name, "This is needed.")
    return found
