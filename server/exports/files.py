"""The two formats, each written row by row: neither holds the list in memory."""

import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from .columns import Column, Value

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would carry out (OWASP, CSV injection)."""


class Format(Protocol):
    def write(self, row: Sequence[Value]) -> None: ...
    def close(self) -> None: ...


class Csv:
    """UTF-8 with a mark, so that Excel reads Chinese; lines end as RFC 4180 says."""

    def __init__(self, path: Path, columns: Sequence[Column], header: Sequence[str], title: str) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([_harmless(name) for name in header])

    def write(self, row: Sequence[Value]) -> None:
        self._csv.writerow([_harmless(value) if isinstance(value, str) else _said(value) for value in row])

    def close(self) -> None:
        self._file.close()


class Xlsx:
    """Text is written as text: nothing in it is ever a formula or a link."""

    def __init__(self, path: Path, columns: Sequence[Column], header: Sequence[str], title: str) -> None:
        import xlsxwriter

        self._book: Any = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        )  # fmt: skip
        self._sheet = self._book.add_worksheet("".join(letter for letter in title if letter not in "[]:*?/\\")[:31])
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._money = self._book.add_format({"num_format": "#,##0.00"})
        bold = self._book.add_format({"bold": True, "bottom": 1})
        self._sheet.freeze_panes(1, 0)
        for at, (column, name) in enumerate(zip(columns, header, strict=True)):
            self._sheet.set_column(at, at, max(column.wide, 2 * len(name)))
            self._sheet.write_string(0, at, name, bold)
        self._line = 0

    def write(self, row: Sequence[Value]) -> None:
        self._line += 1
        sheet, line = self._sheet, self._line
        for at, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                sheet.write_boolean(line, at, value)
            elif isinstance(value, Decimal):
                sheet.write_number(line, at, value, self._money)
            elif isinstance(value, int | float):
                sheet.write_number(line, at, value)
            elif isinstance(value, datetime):
                sheet.write_datetime(line, at, value, self._moment)
            else:
                sheet.write_string(line, at, value[:32_767])

    def close(self) -> None:
        self._book.close()


FORMATS: dict[str, type[Csv] | type[Xlsx]] = {"csv": Csv, "xlsx": Xlsx}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _harmless(text: str) -> str:
    """A quotation mark before what would be a formula: a spreadsheet shows it as text."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def _said(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return "" if value is None else value
