"""The steps make what the tables say, on both databases, and never run over a database of a later Restow."""

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from server import migrations
from server.database import Database
from server.domain.photos import use_id


def test_the_steps_make_exactly_what_the_tables_say(installation):
    """When this fails, a table has changed: `restow new-step "what changes"` writes the step."""
    database = Database(installation.database_url)
    with database.engine.connect() as connection:
        assert migrations.differences(connection) == []
    database.close()


def test_numbers_have_the_index_of_their_ends(installation):
    """SQLite does not show of what such an index is made, so a step that lost one would not be noticed above."""
    database = Database(installation.database_url)
    wanted = {
        index.name
        for table in SQLModel.metadata.tables.values()
        for index in table.indexes
        if index.name.startswith("tail_")
    }
    listing = "SELECT name FROM sqlite_master" if database.sqlite else "SELECT indexname FROM pg_indexes"
    with database.engine.connect() as connection:
        assert len(wanted) >= 6
        assert wanted <= {name for (name,) in connection.execute(sa.text(listing))}
    database.close()


def test_a_second_start_finds_nothing_to_do_and_keeps_the_history(installation):
    database = Database(installation.database_url)
    epoch = database.epoch
    assert epoch
    assert migrations.migrate(installation) == []
    assert database.epoch == epoch
    database.close()


def test_a_later_restows_database_is_left_alone(installation):
    database = Database(installation.database_url)
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.TooNew, match="9999"):
        migrations.migrate(installation)
    database.close()


def test_a_database_of_the_first_release_is_brought_up_with_what_is_in_it(installation):
    """A row in every table, as the first step made them."""
    database = _emptied(installation)
    migrations.migrate(installation, to="0001")
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        tables = sa.MetaData()
        tables.reflect(connection)
        made = [table for table in tables.sorted_tables if table.name not in ("alembic_version", "setting", "snapshot")]
        for table in made:
            connection.execute(sa.insert(table).values(_row(table)))
    migrations.migrate(installation)
    with database.engine.connect() as connection:
        assert migrations.differences(connection) == []
        for table in made:
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1, table.name
    database.close()


def test_the_photos_that_records_spoke_of_are_known_after_the_upgrade(installation):
    """A database as the step before left it, with an inspection that has a photo."""
    database = _emptied(installation)
    migrations.migrate(installation, to="0004")
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        tables = sa.MetaData()
        tables.reflect(connection, only=["inspection"])
        inspection = tables.tables["inspection"]
        said = {"id": "i", "line_id": "kettles", "by": "ines", "photos": '[{"sha256":"aa","kind":"label"}]'}
        connection.execute(sa.insert(inspection).values(_row(inspection) | said))
    migrations.migrate(installation)
    with database.engine.connect() as connection:
        (use,) = connection.execute(sa.text('SELECT id, sha256, kind, subject_id, line_id, "by" FROM photouse'))
    assert tuple(use) == (use_id("aa", "i"), "aa", "label", "i", "kettles", "ines")
    database.close()


def _emptied(installation):
    database = Database(installation.database_url)
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        tables = sa.MetaData()
        tables.reflect(connection)
        tables.drop_all(connection)
    return database


def _row(table):
    """Something in every column."""
    values = {}
    for column in table.columns:
        if isinstance(column.type, sa.Boolean):
            values[column.name] = False
        elif isinstance(column.type, sa.Integer):
            values[column.name] = 0
        elif isinstance(column.type, sa.LargeBinary):
            values[column.name] = b""
        else:
            values[column.name] = "[]" if isinstance(column.type, sa.Text) else "x"
    return values
