"""What the wholesaler's file says, row by row, before anything is touched.

Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice (GBP), CustomerID; a Country may follow. Every row
comes out as a `Row` of one kind, or as `Refused` with its reason; only a file that cannot be read at all raises `Unreadable`.
"""

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from server.domain.ids import derived_id

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
LARGEST_FILE = 256 * 2**20
UK = ZoneInfo("Europe/London")
DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M")

NON_GOODS = {
    "POST": "postage", "DOT": "postage", "C2": "carriage", "D": "discount", "M": "entered by hand", "S": "samples",
    "BANK CHARGES": "bank charges", "AMAZONFEE": "marketplace fee", "B": "bad debt", "CRUK": "commission",
}  # fmt: skip
"""Codes that bill something nobody can send back. Gift vouchers (GIFT_…) and test entries are none either."""
_ALSO_NO_GOODS = re.compile(r"GIFT_.*|TEST\d+")

Kind = Literal["order_line", "return", "adjustment", "non_goods"]


class Unreadable(Exception):
    """The file as a whole cannot be taken in; the sentence says why."""


class Row(NamedTuple):
    """`id` is made from what the row says and how many times it was said before: the same row of another file is the same."""

    id: str
    line: int
    kind: Kind
    invoice: str
    code: str
    description: str
    quantity: int  # as in the file: negative comes back
    at: int  # epoch milliseconds
    on: str  # the day in London
    price: int  # pence
    customer: str
    country: str


class Refused(NamedTuple):
    line: int
    outcome: str
    """refused_columns | refused_invoice | refused_code | refused_quantity | refused_date | refused_price | refused_sign"""
    reason: str


class File(NamedTuple):
    name: str
    sha256: str
    rows: list[Row]
    refused: list[Refused]

    @property
    def row_count(self) -> int:
        return len(self.rows) + len(self.refused)


class _Said(NamedTuple):
    """A row whose values could be read."""

    line: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: int
    on: str
    price: int
    customer: str
    country: str


def read(path: Path) -> File:
    """Raises Unreadable."""
    content = _content(path)
    (_, header), *records = _records(path.name, _text(path.name, content))
    places = _places(path.name, header)
    said: list[_Said] = []
    refused: list[Refused] = []
    for line, fields in records:
        one = _said(line, fields, places, len(header))
        if isinstance(one, Refused):
            refused.append(one)
        else:
            said.append(one)
    return File(path.name, sha256(content).hexdigest(), _rows(said, refused), refused)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"{path.name} is larger than {LARGEST_FILE // 2**20} MiB; split it.")
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from None
    if not content.strip():
        raise Unreadable(f"{path.name} is empty.")
    return content


def _text(name: str, content: bytes) -> str:
    """UTF-8, with or without its mark, or Latin-1, as the first publication was."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
        # Any bytes are some Latin-1; letters between control characters are not.
        if re.search(r"[\x7f-\x9f]", text):
            raise Unreadable(f"{name} is text neither in UTF-8 nor in Latin-1.") from None
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text):
        raise Unreadable(f"{name} is not a CSV file: it holds bytes that no text has.")
    return text


def _records(name: str, text: str) -> list[tuple[int, list[str]]]:
    """(line, fields) of every record, the header first. Blank lines are no rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    try:
        first = reader.line_num + 1
        for fields in reader:
            if fields:
                records.append((first, fields))
            first = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"{name} is not a CSV file that can be read: line {reader.line_num}, {error}.") from None
    return records


def _places(name: str, header: list[str]) -> dict[str, int]:
    known = {title.strip().casefold(): at for at, title in enumerate(header)}
    missing = [column for column in COLUMNS if column.casefold() not in known]
    if missing:
        raise Unreadable(
            f"{name} does not begin with the header of the online-retail format: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing."
        )
    return {column: known[column.casefold()] for column in (*COLUMNS, "Country") if column.casefold() in known}


def _said(line: int, fields: list[str], places: dict[str, int], width: int) -> _Said | Refused:
    if len(fields) != width:
        return Refused(line, "refused_columns", f"it has {len(fields)} columns, the header {width}")
    field = {name: " ".join(fields[at].split()) for name, at in places.items()}
    invoice, code = field["InvoiceNo"].upper(), field["StockCode"].upper()
    if not code or len(code) > 40:
        return Refused(line, "refused_code", "it has no stock code" if not code else "its stock code is too long")
    if not re.fullmatch(r"[A-Z]?[0-9]{1,12}", invoice):
        return Refused(line, "refused_invoice", f"its invoice number is {invoice[:40]!r}")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", field["Quantity"]) or int(field["Quantity"]) == 0:
        return Refused(line, "refused_quantity", f"its quantity is {field['Quantity'][:40]!r}")
    moment = _moment(field["InvoiceDate"])
    if moment is None:
        return Refused(line, "refused_date", f"its date is {field['InvoiceDate'][:40]!r}")
    price = _pence(field["UnitPrice"])
    if price is None:
        return Refused(line, "refused_price", f"its price is {field['UnitPrice'][:40]!r}")
    return _Said(
        line, invoice, code, field["Description"][:200], int(field["Quantity"]), *moment, price,
        field["CustomerID"].removesuffix(".0")[:40], field.get("Country", "")[:80],
    )  # fmt: skip


@lru_cache(maxsize=100_000)
def _moment(text: str) -> tuple[int, str] | None:
    """(epoch milliseconds, day)"""
    for form in DATES:
        try:
            there = dt.datetime.strptime(text, form).replace(tzinfo=UK)
        except ValueError:
            continue
        if not 1970 <= there.year <= 2100:
            return None
        return int(there.timestamp() * 1000), there.date().isoformat()
    return None


@lru_cache(maxsize=10_000)
def _pence(text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return None
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _rows(said: list[_Said], refused: list[Refused]) -> list[Row]:
    names = names_of((one.code, one.description) for one in said if one.price)
    occurred: Counter[tuple[object, ...]] = Counter()
    rows = []
    for one in said:
        kind = _kind(one, names)
        if isinstance(kind, Refused):
            refused.append(kind)
            continue
        facts = (one.invoice, one.code, one.description, one.quantity, one.at, one.price, one.customer)
        occurred[facts] += 1
        id = derived_id("online-retail", "row", *map(str, facts), str(occurred[facts]))
        rows.append(Row(id, one.line, kind, *one[1:]))
    return rows


def _kind(one: _Said, names: dict[str, Counter[str]]) -> Kind | Refused:
    if one.code in NON_GOODS or _ALSO_NO_GOODS.fullmatch(one.code):
        return "non_goods"
    if one.invoice.startswith("C"):
        if one.quantity > 0:
            return Refused(one.line, "refused_sign", "it is on a return invoice and its quantity is positive")
        return "return"
    if not one.invoice.isdigit():
        return Refused(one.line, "refused_invoice", f"its invoice number is {one.invoice!r}")
    if one.quantity < 0:
        return "adjustment"
    if not one.price and not one.customer and is_remark(one.description, names.get(one.code)):
        return "adjustment"  # found, put back, moved to another channel: nobody was billed
    return "order_line"


def names_of(said: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """What each code is called, and how often."""
    names: dict[str, Counter[str]] = {}
    for code, description in said:
        if description:
            names.setdefault(code, Counter())[description] += 1
    return names


def is_remark(description: str, names: Counter[str] | None) -> bool:
    """Whether this is a person's word on a count ('damages', '?', 'Found', nothing) rather than an item's name.

    Names are written in capitals; a few have a measure in small letters, and those are also sold under that name.
    """
    return not (names and description in names) and (
        description != description.upper() or not re.search("[A-Z]", description)
    )
