"""The child process that opens a stranger's table: `python -I sheet_reader.py MEMORY SECONDS SHEET`, the file on standard input.

First line out: {"sheet": {…}} or {"refused": "a sentence"}; then a line [number, [cells]] for each row. Knows nothing of Restow, so
that it starts quickly and a file that breaks it breaks nothing else.
"""

import csv
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

MAX_ROWS, MAX_COLUMNS, MAX_CELL = 200_000, 200, 4_000
MAX_UNPACKED, MAX_PARTS = 400 * 1024 * 1024, 2_000
SEPARATORS = (",", ";", "\t", "|")
ZIP = b"PK\x03\x04"
WORKBOOKS = (ZIP, b"\xd0\xcf\x11\xe0")
"""How XLSX files begin, and those of older Excels."""

Row = tuple[int, list[str]]


class Refused(Exception):
    pass


def main() -> None:
    memory, seconds, wanted = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        about, rows = _workbook(data, wanted) if data.startswith(WORKBOOKS) else _csv(data)
        table = _below_the_header(rows)
        about["header"] = next(table)[1]
        kept = list(table)
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}))
        return
    print(json.dumps({"sheet": about}))
    for row in kept:
        print(json.dumps(row))


def _below_the_header(rows: Iterable[Row]) -> Iterator[Row]:
    """The header, then every row that holds anything, each as wide as the header. A title above the header fills one cell, and is
    passed over."""
    found = ((line, [_clean(line, cell) for cell in cells]) for line, cells in rows)
    there = (row for row in found if any(row[1]))
    first = list(islice(there, 10))
    if not first:
        raise Refused("This file is empty.")
    at = next((at for at, row in enumerate(first) if sum(map(bool, row[1])) > 1), 0)
    header = first[at]
    width = max(at for at, cell in enumerate(header[1], 1) if cell)
    if width > MAX_COLUMNS:
        raise Refused(f"A table has at most {MAX_COLUMNS} columns.")
    yield header[0], header[1][:width]
    for count, (line, cells) in enumerate(chain(first[at + 1 :], there), 1):
        if count > MAX_ROWS:
            raise Refused(f"A table has at most {MAX_ROWS} rows: divide it.")
        if any(cells[width:]):
            raise Refused(f"Row {line} has more cells than the header has columns.")
        yield line, (cells + [""] * width)[:width]


def _clean(line: int, text: str) -> str:
    text = text.replace("\0", "").strip(" \t\r\n\u00a0\u3000\ufeff")
    if len(text) > MAX_CELL:
        raise Refused(f"A cell in row {line} is longer than {MAX_CELL} characters.")
    return text


# CSV


def _csv(data: bytes) -> tuple[dict[str, Any], Iterator[Row]]:
    text, encoding = _decoded(data)
    separator = ""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # what Excel writes for itself
        separator, text = first.strip()[4], rest
    separator = separator or _sniffed(text)
    return {"format": "csv", "encoding": encoding, "separator": separator}, _records(text, separator)


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _as(data, encoding), encoding.removesuffix("-sig")
    sample = data[:4096]
    if sample.count(0) > len(sample) // 5:  # every second byte of Latin text in UTF-16 is zero
        encoding = "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"
        return _as(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _as(data, "gb18030"), "gb18030"


def _as(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("This file is neither UTF-8, UTF-16 nor GB18030 text, and no XLSX file.") from None
    if sum(1 for letter in text[:4096] if letter < " " and letter not in "\t\r\n") > 8:
        raise Refused("This file is no table: save it as CSV or XLSX.")
    return text


def _sniffed(text: str) -> str:
    """The separator that cuts the first rows into most columns, the same number in each."""
    head = "\n".join(text.splitlines()[:40])

    def score(separator: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=separator) if any(row)]
        except csv.Error:
            return 0.0, 0
        usual = max(widths, key=widths.count, default=1)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(SEPARATORS, key=score)


def _records(text: str, separator: str) -> Iterator[Row]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 0
    try:
        for cells in reader:
            line = reader.line_num
            yield line, cells
    except csv.Error:
        raise Refused(
            f"Row {line + 1} cannot be read: a quotation mark is not closed, or stands in the middle."
        ) from None


# Workbooks


def _workbook(data: bytes, wanted: str) -> tuple[dict[str, Any], Iterator[Row]]:
    """The parts are weighed before one is unpacked: a part never yields more than it says."""
    if data.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                parts = packed.infolist()
        except zipfile.BadZipFile:
            raise Refused("This file is damaged.") from None
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Refused("This file unpacks to more than Restow takes.")
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise Refused("This file is no table: save it as CSV or XLSX.")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
        if wanted and wanted not in names:
            raise Refused("This file has no sheet of that name.")
        sheet = book.get_sheet_by_name(wanted or names[0])
    except PasswordError:
        raise Refused("This file is locked with a password: save it without one.") from None
    except (CalamineError, IndexError):
        raise Refused("This file is damaged.") from None
    top = sheet.start[0] + 1 if sheet.start else 1
    rows = ((line, [_text(value) for value in row]) for line, row in enumerate(sheet.iter_rows(), top))
    return {"format": "xlsx", "sheet": sheet.name, "sheets": names}, rows


def _text(value: Any) -> str:
    """As a person reads the cell: no exponent, no time where there is none, true as 1."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f") if value == value and abs(value) < 1e30 else ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    main()
