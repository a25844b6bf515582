"""A file taken in: all of it or nothing, and again without doubling.

1. the file is read, its columns are matched, every cell is read and every row compared with the others; 2. each portion of it is
rehearsed: the commands are carried out and taken back, so what a dry run says is what taking it in would do; 3. only if no row was
refused are the portions written, so that handhelds can push in between. A small file is one portion and one transaction. A large one
that is cut off in the middle is taken in again, and goes on: what it said before is the same now.
"""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from server.database import GIVES_WAY, Database
from server.domain.catalog import Site
from server.domain.documents import ImportRun
from server.domain.errors import Invalid, NotFound, Refusal, Stale
from server.domain.events import FileImported
from server.domain.permissions import Actor
from server.domain.records import Setting
from server.domain.work import Work

from .fields import Unfit, guess, values_of
from .kinds import FIELD_OF, KINDS, Kind, Row, World
from .sheet import Sheet, read

PORTION = 500
"""Rows in one transaction: a few tenths of a second of the only writer, who then lets others go first."""
SHOWN = 200
SAMPLE = 5

Progress = Callable[[str, int, int], None]
"""What is being done, how many rows of it are done, of how many."""
Columns = dict[str, int | str]
"""Field → its column, or, as text, what every row is to say there."""


class Refused(msgspec.Struct):
    line: int
    column: str
    """The header over the cell, or '' where the file has no such column."""
    field: str
    value: str
    reason: str


class FieldOf(msgspec.Struct):
    name: str
    zh: str
    en: str
    required: bool


class Taken(msgspec.Struct, kw_only=True):
    """What a file is, and what taking it in does, or did."""

    kind: str
    file_name: str
    format: str
    encoding: str
    separator: str
    sheet: str
    sheets: list[str]
    header: list[str]
    fields: list[FieldOf]
    columns: Columns
    missing: list[str] = []
    """Fields that are needed and have no column. Nothing is judged while there are any."""
    sample: list[list[str]]
    rows: int
    became: dict[str, int] = {}
    """new, changed, same, refused → rows"""
    refused: list[Refused] = []
    """The first of them."""
    taken: bool = False


def look(
    database: Database, actor: Actor, kind: str, data: bytes, *, file_name: str, site_id: str = "", sheet: str = "",
    columns: Columns | None = None, take: bool = False, progress: Progress = lambda step, done, total: None,
) -> Taken:  # fmt: skip
    """`take` writes, if nothing is refused. Raises Refusal for a file that is no table and for who may not."""
    of = KINDS.get(kind)
    if of is None:
        raise NotFound("Files of this kind are not taken in.", kind=kind)
    with database.read(actor) as work:
        site = _site(work, of, site_id)
        remembered = _remembered(work, kind)
    progress("reading", 0, 0)
    table = read(data, sheet)
    chosen = _fitting(of, table, columns) if columns is not None else _guessed(of, table, remembered)
    file = _File(of, table, chosen, hashlib.sha256(data).hexdigest(), file_name)
    taken = file.described()
    if taken.missing:
        return taken
    if columns is not None and columns != _guessed(of, table, remembered):
        database.write(actor, lambda work: _remember(work, of, table, columns))

    portions = list(file.portions())
    steps: tuple[tuple[str, Any], ...] = (("checking", database.rehearse), ("writing", database.write))
    for step, carry in steps if take else steps[:1]:
        if file.refused and step == "writing":
            break
        file.became.clear()
        done = 0
        for portion in portions:
            rows = carry(actor, partial(file.carried_out, site=site, portion=portion, for_good=step == "writing"))
            file.count(rows)
            done += len(rows)
            progress(step, done, taken.rows)
            time.sleep(GIVES_WAY if len(portions) > 1 else 0)
    if take and not file.refused:
        database.write(actor, lambda work: file.noted(work, site))
        taken.taken = True
    taken.became = dict(+file.became) | ({"refused": len(file.refused)} if file.refused else {})
    taken.refused = sorted(file.refused, key=lambda each: each.line)[:SHOWN]
    return taken


class _File:
    def __init__(self, kind: Kind, table: Sheet, columns: Columns, sha256: str, name: str) -> None:
        self.kind, self.table, self.columns, self.sha256, self.name = kind, table, columns, sha256, name
        self.at = {field: column for field, column in columns.items() if isinstance(column, int)}
        self._cells = dict(table.rows)
        self.became: Counter[str] = Counter()
        self.refused: list[Refused] = []

    def described(self) -> Taken:
        table = self.table
        return Taken(
            kind=self.kind.name, file_name=self.name, format=table.format, encoding=table.encoding,
            separator=table.separator, sheet=table.sheet, sheets=table.sheets, header=table.header,
            fields=fields_of(self.kind),
            columns=self.columns,
            missing=[field.name for field in self.kind.fields if field.required and field.name not in self.columns],
            sample=[cells for _, cells in table.rows[:SAMPLE]], rows=len(table.rows),
        )  # fmt: skip

    def portions(self) -> Iterator[list[list[Row]]]:
        """Groups of rows that stand or fall together, some of them at a time. A row that cannot be read is refused here."""
        fixed, kind = self._fixed(), self.kind
        own = [field for field in kind.fields if field.name not in fixed]
        groups: dict[tuple[Any, ...], list[Row]] = {}
        first: dict[tuple[Any, ...], int] = {}
        for line, cells in self.table.rows:
            try:
                values = fixed | values_of(own, self.at, cells)
            except Unfit as unfit:
                self._refuse(line, unfit.field, unfit.sentence, cells)
                continue
            key = tuple(values.get(name, "") for name in kind.key)
            if key and (before := first.setdefault(key, line)) != line:
                last = next((name for name in reversed(kind.key) if name in values), "")
                self._refuse(line, last, f"Row {before} says the same thing already.", cells)
                continue
            group = tuple(values.get(name, "") for name in kind.together) or (line,)
            groups.setdefault(group, []).append(Row(line, values))

        some: list[list[Row]] = []
        for rows in groups.values():
            if some and sum(map(len, some)) + len(rows) > PORTION:
                yield some
                some = []
            some.append(rows)
        if some:
            yield some

    def carried_out(self, work: Work, site: Site | None, portion: list[list[Row]], for_good: bool) -> list[Row]:
        """Every group by its command. It may run more than once, so each run begins with fresh rows."""
        groups = [[Row(row.line, row.values) for row in group] for group in portion]
        rows = [row for group in groups for row in group]
        world = World(work, site, rows, self.name)
        for group in groups:
            try:
                became = self.kind.put(world, group)
            except Unfit as unfit:
                group[0].refuse(unfit.field, unfit.sentence)
            except Refusal as refusal:
                row, field = _at_fault(group, str(refusal.facts.get("field", "")))
                row.refuse(field, refusal.sentence)
            else:
                for row in group:  # those beside a refused one are neither refused nor anything else
                    row.became = row.became or ("" if became == "refused" else became)
        if for_good and any(row.became == "refused" for row in rows):
            raise Stale("Something this file speaks of changed meanwhile. Check it again.")
        return rows

    def noted(self, work: Work, site: Site | None) -> None:
        work.add(
            ImportRun, kind=self.kind.name, file_name=self.name[-200:], sha256=self.sha256, rows=len(self.table.rows),
            outcomes=dict(+self.became), by=work.actor.id, at=work.now,
        )  # fmt: skip
        told = FileImported(
            site_id=site.id if site else "", kind=self.kind.name, rows=len(self.table.rows), new=self.became["new"],
            changed=self.became["changed"],
        )  # fmt: skip
        work.record(told, self.sha256)

    def count(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.became == "refused":
                self._refuse(row.line, row.field, row.reason, self._cells[row.line])
            elif row.became:
                self.became[row.became] += 1

    def _fixed(self) -> dict[str, Any]:
        """What every row says, given as text instead of a column."""
        fixed = {}
        for field in self.kind.fields:
            said = self.columns.get(field.name)
            if isinstance(said, str) and said:
                try:
                    fixed[field.name] = field.read(said)
                except ValueError as wrong:
                    raise Invalid(str(wrong), field=field.name) from None
        return fixed

    def _refuse(self, line: int, field: str, reason: str, cells: list[str]) -> None:
        column = self.at.get(field)
        said = self.columns.get(field, "")
        self.refused.append(
            Refused(line, "" if column is None else self.table.header[column], field,
                    (str(said) if column is None else cells[column])[:100], reason)
        )  # fmt: skip


def fields_of(kind: Kind) -> list[FieldOf]:
    return [FieldOf(field.name, field.zh, field.en, field.required) for field in kind.fields]


def _at_fault(group: list[Row], field: str) -> tuple[Row, str]:
    """The row and the column that a command's field means: `lines[2].item_id` is the SKU of the third."""
    row = group[0]
    if found := re.fullmatch(r"lines\[(\d+)\]\.(\w+)", field):
        row, field = group[int(found[1])], found[2]
    return row, FIELD_OF.get(field, field)


def _site(work: Work, kind: Kind, site_id: str) -> Site | None:
    work.allow("import", site_id)
    if not kind.sited:
        return None
    site = work.look(Site, site_id)
    if site is None:
        raise Invalid("Say which site this file is of.", field="site")
    return site


# Which column is which


def _fitting(kind: Kind, table: Sheet, columns: Columns) -> Columns:
    """What a person chose, as far as this file has it."""
    known = {field.name for field in kind.fields}
    return {
        field: column for field, column in columns.items()
        if field in known and (column != "" if isinstance(column, str) else 0 <= column < len(table.header))
    }  # fmt: skip


def _guessed(kind: Kind, table: Sheet, remembered: dict[str, str]) -> Columns:
    fixed = {field: said[1:] for field, said in remembered.items() if said.startswith("=")}
    named = {field: said for field, said in remembered.items() if field not in fixed}
    found: Columns = dict(guess([field for field in kind.fields if field.name not in fixed], table.header, named))
    return found | fixed


def _remember(work: Work, kind: Kind, table: Sheet, columns: Columns) -> None:
    """By its name, for the next file; '' for a field that has none, '=…' for what every row says. For this person, and for whoever
    has chosen nothing yet."""
    said = {field.name: "" for field in kind.fields}
    for field, column in columns.items():
        said[field] = table.header[column] if isinstance(column, int) else f"={column}"
    for whose in (work.actor.id, ""):
        id = f"columns:{kind.name}:{whose}"
        setting = work.seek(Setting, id) or work.add(Setting, id=id)
        setting.value = msgspec.json.encode(said).decode()


def _remembered(work: Work, kind: str) -> dict[str, str]:
    setting = work.look(Setting, f"columns:{kind}:{work.actor.id}") or work.look(Setting, f"columns:{kind}:")
    return msgspec.json.decode(setting.value, type=dict[str, str]) if setting else {}
