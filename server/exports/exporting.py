"""One mechanism for every list: its own read, page after page in one consistent look, into a file, with progress."""

import inspect
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from server.database import Database
from server.domain.catalog import ReturnType
from server.domain.errors import Invalid, LimitReached, NotFound
from server.domain.events import ListExported
from server.domain.permissions import Actor
from server.domain.reads.rows import large_pages
from server.domain.work import Work

from . import words
from .columns import COLUMNS, Column, Says
from .files import FORMATS

PAGE = 2_000
MOST = 1_000_000
"""Rows a workbook can hold, nearly."""
KEPT_SECONDS = 3_600

Progress = Callable[[int, int | None], None]
"""Rows done, of how many, where the list knows."""


class Exported(msgspec.Struct):
    """`token` names the file for whoever asked for it, for an hour."""

    token: str
    name: str
    rows: int


def export(
    database: Database, actor: Actor, folder: Path, path: str, run: Callable[..., Any], asked: dict[str, Any], *, title: str,
    format: str, language: str, time_zone: str, columns: str = "", progress: Progress = lambda done, total: None,
) -> Exported:  # fmt: skip
    """`run` with `asked` is the list as its page asks for it; `columns` names those shown, by their place in a row, else all."""
    chosen = _chosen(path, columns)
    with database.read(actor) as work:
        work.allow("export", str(asked.get("site", "")))
        types = {each.code: {"name": each.name, "name_en": each.name_en} for each in work.find(ReturnType)}
    says = Says(language, _zone(time_zone), types)
    token = f"{secrets.token_urlsafe(24)}.{format}"
    place = _place(folder, actor, token)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)

    rows = 0
    try:
        made = FORMATS[format](place, chosen, [_over(column, language) for column in chosen], title)
        with closing(made) as file, database.read(actor) as work, large_pages(PAGE):
            cells = says.cells(chosen)
            for page, total in _pages(work, run, asked):
                for row in page:
                    file.write(cells(row))
                rows += len(page)
                if rows > MOST:
                    raise LimitReached(f"A file holds at most {MOST} rows: narrow the list.")
                progress(rows, total)
                work.forget()
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    told = ListExported(
        site_id=str(asked.get("site", "")), format=format, rows=rows,
        asked=" ".join(f"{name}={value}" for name, value in asked.items() if value),
    )  # fmt: skip
    database.write(actor, lambda work: work.record(told, path))
    return Exported(token, f"{title}-{time.strftime('%Y-%m-%d')}.{format}", rows)


def file_of(folder: Path, actor: Actor, token: str) -> Path:
    """The file this person asked for; another's is not there."""
    if (
        not re.fullmatch(r"[A-Za-z0-9_-]{32}\.(csv|xlsx)", token)
        or not (place := _place(folder, actor, token)).exists()
    ):
        raise NotFound("This file is not there any more. Export it again.")
    return place


def _pages(
    work: Work, run: Callable[..., Any], asked: dict[str, Any]
) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
    """A list without a cursor is one page."""
    known = inspect.signature(run).parameters
    if "cursor" not in known:
        found = run(work, **asked, **({"limit": MOST} if "limit" in known else {}))
        rows = found if isinstance(found, list) else found["rows"]
        yield rows, len(rows)
        return
    cursor, total = "", None
    while True:
        found = run(work, **asked, cursor=cursor, limit=PAGE)
        total = found.get("total") if total is None else total
        yield found["rows"], total
        cursor = found["next"]
        if not cursor:
            return


def _chosen(path: str, columns: str) -> list[Column]:
    if not columns:
        return list(COLUMNS[path])
    by_place = {column.at: column for column in COLUMNS[path]}
    unknown = [at for at in columns.split(",") if at not in by_place]
    if unknown:
        raise Invalid(f"This list has no column {unknown[0]}.", field="columns")
    return [by_place[at] for at in columns.split(",")]


def _over(column: Column, language: str) -> str:
    return words.word(language, column.word) or column.at


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise Invalid("There is no such time zone.", field="time_zone") from None


def _place(folder: Path, actor: Actor, token: str) -> Path:
    return folder / f"{sha256(actor.id.encode()).hexdigest()[:16]}-{token}"


def _sweep(folder: Path) -> None:
    """What nobody fetched."""
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
