"""`restow import table KIND FILE`: the import page, at a shell."""

import sys
from pathlib import Path

from sqlmodel import col

from server.config import Config
from server.database import Database
from server.domain.catalog import Site
from server.domain.errors import Refusal
from server.domain.permissions import SYSTEM
from server.sync.shapes import BY_MODEL

from . import taking


def run(config: Config, kind: str, path: Path, site: str, sheet: str, columns: tuple[str, ...], dry_run: bool) -> int:
    """0 when it was taken in, or could be; 1 when rows were refused; 2 when the file cannot be taken in. Then nothing has changed."""
    database = Database(config.database_url, BY_MODEL)
    try:
        with database.read(SYSTEM) as work:
            found = work.first(Site, col(Site.code) == site) if site else work.first(Site, order_by=col(Site.code))
        site_id = found.id if found else ""
        data = path.read_bytes()

        def look(take: bool, chosen: taking.Columns | None) -> taking.Taken:
            return taking.look(
                database, SYSTEM, kind, data, file_name=path.name, site_id=site_id, sheet=sheet, columns=chosen, take=take, progress=_progress,
            )  # fmt: skip

        chosen = _chosen(look(False, None), columns) if columns else None
        done = look(not dry_run, chosen)
    except Refusal as refused:
        print(f"{refused.sentence} Nothing was imported.", file=sys.stderr)
        return 2
    finally:
        database.close()
    for each in done.refused:
        print(f"row {each.line}, {each.column or each.field}: {each.reason} {each.value!r}", file=sys.stderr)
    if done.missing:
        print(f"Columns are missing: {', '.join(done.missing)}. Nothing was imported.", file=sys.stderr)
        return 2
    told = ", ".join(f"{count} {word}" for word, count in done.became.items())
    print(f"{done.rows} rows: {told or 'nothing'}." + ("" if done.taken else " Nothing was written."))
    return 1 if done.became.get("refused") else 0


def _chosen(seen: taking.Taken, columns: tuple[str, ...]) -> taking.Columns:
    """`sku=商品编码` is a column by its header; `counted_on==2026-11-01` what every row says."""
    chosen = dict(seen.columns)
    for each in columns:
        field, _, said = each.partition("=")
        if said.startswith("="):
            chosen[field] = said[1:]
        elif said in seen.header:
            chosen[field] = seen.header.index(said)
        else:
            raise Refusal(f"The file has no column {said}.")
    return chosen


def _progress(step: str, done: int, of: int) -> None:
    if sys.stderr.isatty() and of:
        print(f"\r\x1b[K{step} {done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)
