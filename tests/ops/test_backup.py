"""Backups: consistent, proven, and put back without deleting anything, on SQLite and on PostgreSQL."""

import os
import shutil
import tarfile

import pytest
import sqlalchemy as sa

from server import backup, locks
from server.config import Config
from server.database import Database
from tests import postgresql


def remember(config, name, value):
    database = Database(config.database_url)
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(
            sa.text("INSERT INTO setting (id, value) VALUES (:id, :value)"), {"id": name, "value": value}
        )
    database.close()


def recall(config, name):
    database = Database(config.database_url)
    value = database.setting(name)
    database.close()
    return value


@pytest.fixture(autouse=True)
def clients_on_path(monkeypatch):
    """Debian keeps pg_dump's newest version on PATH, others do not."""
    if place := postgresql.programs():
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{place}")


@pytest.fixture
def made(installation, tmp_path):
    remember(installation, "kettle", "green")
    return backup.back_up(installation, tmp_path / "backups")


def test_it_holds_rows_photos_and_the_authority_and_only_its_owner_reads_it(made):
    assert made.manifest.rows["setting"] == 2
    assert {"data/blobs/ab/abcdef", "data/tls/authority.key"} <= made.manifest.files.keys()
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name], "the scratch place is gone"
    assert "2 other files" in made.said()


def test_it_is_made_while_somebody_writes(installation, tmp_path):
    database = Database(installation.database_url)
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("INSERT INTO setting (id, value) VALUES ('lamp', 'blue')"))
        made = backup.back_up(installation, tmp_path / "backups")
    database.close()
    assert made.manifest.rows["setting"] == 1, "what is not committed is not in it"


def test_a_backup_does_not_hold_earlier_backups_or_redis(installation):
    (installation.data_dir / "redis").mkdir()
    (installation.data_dir / "redis" / "appendonly.aof").write_text("hints")
    backup.back_up(installation, installation.data_dir / "backups")
    second = backup.back_up(installation, installation.data_dir / "backups").manifest
    assert not [name for name in second.files if "redis" in name or "backups" in name or "restow.db-" in name]


def test_restored_over_data_it_moves_the_old_aside_and_begins_a_new_history(installation, made):
    before = recall(installation, "epoch")
    remember(installation, "lamp", "blue")
    (installation.blobs_dir / "later").write_text("a photo of afterwards")

    with pytest.raises(backup.BackupFailed, match="--force it is moved aside"):
        backup.restore(installation, made.path)
    assert recall(installation, "lamp") == "blue"

    said = backup.restore(installation, made.path, force=True)
    assert recall(installation, "kettle") == "green"
    assert recall(installation, "lamp") == ""
    assert recall(installation, "epoch") not in ("", before)
    assert (installation.blobs_dir / "ab" / "abcdef").read_bytes() == b"a kettle with a dent" * 1000
    (aside,) = installation.data_dir.glob("replaced-*")
    assert (aside / "blobs" / "later").read_text() == "a photo of afterwards"
    assert str(aside) in said
    if installation.is_sqlite:
        old = Config.from_env({"DATABASE_URL": f"sqlite:///{aside}/restow.db"})
        assert recall(old, "lamp") == "blue"
    else:
        database = Database(installation.database_url)
        with database.engine.connect() as connection:
            schema = aside.name.replace("-", "_").lower()
            assert (
                connection.execute(sa.text(f"SELECT value FROM {schema}.setting WHERE id = 'lamp'")).scalar() == "blue"
            )
        database.close()


def test_restored_to_a_new_machine_it_needs_no_force(made, installation, tmp_path, request):
    if installation.is_sqlite:
        elsewhere = Config.from_env({"RESTOW_DATA": str(tmp_path / "elsewhere")})
        backup.restore(elsewhere, made.path)
    else:
        with postgresql.fresh(request.getfixturevalue("postgresql_server")) as url:
            elsewhere = Config.from_env({"RESTOW_DATA": str(tmp_path / "elsewhere"), "DATABASE_URL": url})
            backup.restore(elsewhere, made.path)
            assert recall(elsewhere, "kettle") == "green"
        return
    assert recall(elsewhere, "kettle") == "green"
    assert (elsewhere.tls_dir / "authority.key").stat().st_mode & 0o077 == (
        (installation.tls_dir / "authority.key").stat().st_mode & 0o077
    )


def test_a_restore_waits_for_nobody_it_refuses_while_restow_runs(installation, made):
    with (
        locks.holding(installation.data_dir, "restow serve, process 7"),
        pytest.raises(locks.AlreadyRunning, match="restow serve, process 7"),
    ):
        backup.restore(installation, made.path, force=True)


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "not one"])
def test_a_damaged_file_is_refused_and_nothing_is_touched(config, tmp_path, harm, installation, made):
    damaged = tmp_path / "damaged.tar.gz"
    if harm == "cut":
        damaged.write_bytes(made.path.read_bytes()[:-2000])
    elif harm == "not one":
        damaged.write_text("a letter")
    else:
        place = tmp_path / "place"
        with tarfile.open(made.path) as archive:
            archive.extractall(place, filter="data")
        photo = place / "data" / "blobs" / "ab" / "abcdef"
        photo.write_bytes(b"another photo") if harm == "changed" else photo.unlink()
        with tarfile.open(damaged, "w:gz") as archive:
            for path in place.iterdir():
                archive.add(path, path.name)
    with pytest.raises(backup.BackupFailed, match="cannot be read|not what was written|does not hold"):
        backup.restore(installation, damaged, force=True)
    assert recall(installation, "kettle") == "green"
    assert not list(installation.data_dir.glob("replaced-*"))
    assert not list(installation.data_dir.glob(".restoring-*"))


def test_a_database_that_is_damaged_gives_no_backup(config, tmp_path):
    from tests.ops.conftest import furnished

    furnished(config)
    database = bytearray(config.database_path.read_bytes())
    database[8192:16384] = b"\xff" * 8192
    for beside in ("-wal", "-shm"):
        config.database_path.with_name(config.database_path.name + beside).unlink(missing_ok=True)
    config.database_path.write_bytes(database)
    with pytest.raises(backup.BackupFailed, match="damaged|cannot be read"):
        backup.back_up(config, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_disk_that_changes_what_is_written_gives_no_backup(installation, tmp_path, monkeypatch):
    """Verification reads the file back: here the copy of the database loses its last bytes on the way."""
    honest = backup._add

    def losing(archive, path, name):
        file = honest(archive, path, name)
        return backup.File(file.size, "0" * 64) if name.startswith("database/") else file

    monkeypatch.setattr(backup, "_add", losing)
    with pytest.raises(backup.BackupFailed, match="not what was written"):
        backup.back_up(installation, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_where_there_is_nothing_yet_it_says_so(config, tmp_path):
    with pytest.raises(backup.BackupFailed, match="no database at"):
        backup.back_up(config, tmp_path)


@pytest.mark.postgres
def test_the_password_is_on_no_command_line(monkeypatch):
    seen = []

    def run(command, **given):
        seen.append((command, given["env"]))
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(backup.subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    backup._run("pg_dump", "postgresql://restow:secret@db/restow", "--format=custom")
    ((command, environment),) = seen
    assert "secret" not in " ".join(command)
    assert environment["PGPASSWORD"] == "secret"
