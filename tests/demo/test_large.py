"""The large demo, made small: the same code, a thousandth of the rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from server import demo
from server.config import Config
from server.database import Database
from server.demo import large
from server.domain import books, words
from server.domain.catalog import Customer, Item, Site
from server.domain.differences import BOOKS
from server.domain.permissions import SYSTEM
from server.domain.stock import StockEntry
from server.domain.words import SearchWord
from server.sync.shapes import BY_MODEL
from tests import postgresql

SMALL = {"ITEMS": 300, "RETURNS": 200, "CUSTOMERS": 30, "ALERTS": 20, "CONFLICTS": 20, "PORTION": 100}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("large")
    if request.param == "sqlite":
        yield from _loaded(folder)
    else:
        with postgresql.fresh(request.getfixturevalue("postgresql_server")) as url:
            yield from _loaded(folder, DATABASE_URL=url)


def _loaded(folder: Path, **settings: str) -> Iterator[Database]:
    config = Config.from_env({"RESTOW_DATA": str(folder)} | settings)
    database = Database(config.database_url, BY_MODEL)
    database.create()
    with pytest.MonkeyPatch.context() as smaller:
        for name, value in SMALL.items():
            smaller.setattr(large, name, value)
        demo.load(config, large=True)
    yield database
    database.close()


def test_its_books_agree(database: Database) -> None:
    with database.read(SYSTEM) as work:
        entries, units = work.rows(select(func.count(), func.sum(col(StockEntry.quantity))).select_from(StockEntry))[0]
        assert entries > SMALL["RETURNS"] * 4
        assert units == 0
        for site in work.find(Site):
            place, balances, lines = "balances|", 0, 0
            while place:
                seen = books.look(work, site.id, place)
                assert not [wrong for wrong in seen.wrong if wrong.kind in BOOKS]
                place, balances, lines = seen.after, balances + seen.balances, lines + seen.lines
            assert balances > 50
            assert lines > 50


def test_its_items_and_customers_are_found_by_their_names(database: Database) -> None:
    with database.read(SYSTEM) as work:
        for model in (Item, Customer):
            kept: dict[str, set[str]] = {}
            for row in work.find(SearchWord, col(SearchWord.kind) == model.__name__):
                kept.setdefault(row.subject_id, set()).add(row.word)
            assert kept == {row.id: {word for word, _, _ in words.rows_of(row)} for row in work.find(model)}
