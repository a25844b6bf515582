"""The steps make what the tables say, on both databases, and never run over a database of a later Restow."""

import pytest
import sqlalchemy as sa

from server import migrations
from server.database import Database


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
