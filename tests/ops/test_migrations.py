"""The steps make what the tables say, on both databases, and never run over a database of a later Restow."""

import pytest
import sqlalchemy as sa

from server import migrations
from server.database import Database
from server.domain.photos import use_id


def test_the_steps_make_exactly_what_the_tables_say(installation):
    """When this fails, a table has changed: `restow new-step "what changes"` writes the step."""
    database = Database(installation.database_url)
    with database.engine.connect() as connection:
        assert migrations.differences(connection) == []
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


def test_the_photos_that_records_spoke_of_are_known_after_the_upgrade(installation):
    """A database as the step before left it, with an inspection that has a photo."""
    database = Database(installation.database_url)
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for table in ("photouse", "photolook", "phototwin"):
            connection.execute(sa.text(f"DROP TABLE {table}"))
        connection.execute(sa.text("DROP INDEX ix_blob_looked"))
        for table, column in (
            ("bin", "capacity"), ("bin", "holds"), ("blob", "looked"), ("container", "used_on"), ("item", "min_days_to_accept"),
            ("inspection", "sampled"), ("inspection", "tranche"), ("outboundline", "expiry"), ("outboundline", "spec"),
        ):  # fmt: skip
            connection.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
        columns = [column["name"] for column in sa.inspect(connection).get_columns("inspection")]
        values = {name: 0 if name in ("quantity", "made_at", "at") else "" for name in columns}
        values |= {"id": "i", "line_id": "kettles", "by": "ines", "checks": "[]", "steps": "[]",
                   "photos": '[{"sha256":"aa","kind":"label"}]'}  # fmt: skip
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(
            sa.text(f"INSERT INTO inspection ({names}) VALUES ({', '.join(':' + name for name in columns)})"), values
        )
    assert len(migrations.migrate(installation)) >= 1
    with database.engine.connect() as connection:
        (use,) = connection.execute(sa.text('SELECT id, sha256, kind, subject_id, line_id, "by" FROM photouse'))
    assert tuple(use) == (use_id("aa", "i"), "aa", "label", "i", "kettles", "ines")
    database.close()
