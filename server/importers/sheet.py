"""The rows of a file that somebody else made: CSV in whatever encoding, with whatever separator, or XLSX.

It is a stranger's file, so it is opened in a child process with limits (`sheet_reader.py`); what comes back is text, row by row.
"""

import subprocess
import sys
from pathlib import Path

import msgspec

from server.domain.errors import Invalid

MAX_BYTES = 32 * 1024 * 1024
CHILD_MEMORY, CHILD_SECONDS = 1536 * 1024 * 1024, 120


class Sheet(msgspec.Struct):
    """`rows` are (line in the file, its cells as text); every row has as many cells as the header, cells are stripped."""

    format: str
    """csv or xlsx"""
    header: list[str]
    rows: list[tuple[int, list[str]]] = []
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    sheets: list[str] = []
    """The names of all sheets of an XLSX file; `sheet` is the one that was read."""


class _Answer(msgspec.Struct):
    refused: str = ""
    sheet: Sheet | None = None


_HEAD = msgspec.json.Decoder(_Answer)
_ROW = msgspec.json.Decoder(tuple[int, list[str]])


def read(data: bytes, sheet: str = "") -> Sheet:
    """The first sheet with a header, or the one named. Raises Invalid, with a sentence, for what is no table or too large."""
    if len(data) > MAX_BYTES:
        raise Invalid("A file has at most 32 MiB.", field="file", limit=MAX_BYTES)
    command = [sys.executable, "-I", str(Path(__file__).with_name("sheet_reader.py"))]
    try:
        done = subprocess.run(
            [*command, str(CHILD_MEMORY), str(CHILD_SECONDS), sheet], input=data, env={}, cwd="/", stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=CHILD_SECONDS * 2, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        done = None
    lines = done.stdout.split(b"\n") if done is not None and done.returncode == 0 else [b"{}"]
    answer = _HEAD.decode(lines[0])
    if answer.sheet is None:
        raise Invalid(answer.refused or "This file could not be read: it is damaged, or asks too much.", field="file")
    answer.sheet.rows = [_ROW.decode(line) for line in lines[1:] if line]
    return answer.sheet
