"""One file with the database, the photos and the certificates, proven good before it is called one.

    restow-2026-11-23T1030Z.tar.gz
        manifest.json         what is in it: size and SHA-256 of each file, rows of each table, the migration it stands at
        database/restow.db    or database/restow.dump from pg_dump; one consistent moment, taken while Restow runs
        data/…                the data folder: photos, the local authority; not redis, not earlier backups

The database is copied first: photos are only ever added, so every photo it knows is there when the folder is read.
"""

import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast
from uuid import uuid4

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from server import locks
from server.config import Config
from server.database import Database, new_epoch

FORMAT = 1
NOT_KEPT = ("redis", "backups", "serve.lock")  # of the data folder; redis only holds hints at what the database knows
REPLACED = "replaced-"  # what a restore moved aside
PASSING = (".part", ".tmp", ".new")  # files that are just being written
COMPRESSION = 3  # photos do not shrink, and the database does at any level


class BackupFailed(Exception):
    """Carries the sentence that says what is wrong."""


class File(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    made_at: int  # epoch milliseconds
    database: str  # sqlite | postgresql
    migration: str
    epoch: str
    rows: dict[str, int]
    files: dict[str, File]


class Backup(msgspec.Struct, frozen=True):
    path: Path
    manifest: Manifest

    def said(self) -> str:
        rows, files = sum(self.manifest.rows.values()), len(self.manifest.files) - 1
        return f"{rows:,} rows in {len(self.manifest.rows)} tables, {files:,} other files, {self.path.stat().st_size / 1e6:,.1f} MB."


def back_up(config: Config, directory: Path) -> Backup:
    """Raises BackupFailed; a file that did not prove good is not left behind."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made_at = time.time()
    path = directory / time.strftime("restow-%Y-%m-%dT%H%M%SZ.tar.gz", time.gmtime(made_at))
    partial = path.with_suffix(".partial")
    try:
        with tempfile.TemporaryDirectory(prefix=".restow-", dir=directory) as scratch:
            copy, facts = _copy_of_database(config, Path(scratch))
            with _private(partial) as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION) as archive:
                    files = {f"database/{copy.name}": _add(archive, copy, f"database/{copy.name}")}
                    for kept in _data_files(config, directory):
                        name = f"data/{kept.relative_to(config.data_dir)}"
                        files[name] = _add(archive, kept, name)
                    manifest = Manifest(format=FORMAT, made_at=int(made_at * 1000), files=files, **facts)
                    _add_bytes(archive, msgspec.json.format(msgspec.json.encode(manifest)), "manifest.json")
                file.flush()
                os.fsync(file.fileno())
        verify(config, partial)
        partial.replace(path)
        mark(config).touch()
    finally:
        partial.unlink(missing_ok=True)
    return Backup(path, manifest)


def mark(config: Config) -> Path:
    """Touched by each backup that proved good, so that the status page knows how old the last one is."""
    return config.data_dir / ".last-backup"


def verify(config: Config, path: Path) -> Manifest:
    """Restores to a scratch place beside the file and compares everything with the manifest. Raises BackupFailed."""
    with tempfile.TemporaryDirectory(prefix=".restow-", dir=path.parent) as scratch:
        manifest, database = _unpack(path, Path(scratch))
        if manifest.database == "sqlite":
            rows = _rows_of_sqlite(database)
        else:
            with _scratch_postgresql(config) as url:
                _pg_restore(url, database)
                with psycopg.connect(url) as connection:
                    rows = _rows_of_postgresql(connection)
        if rows != manifest.rows:
            wrong = sorted(
                name for name in rows.keys() | manifest.rows.keys() if rows.get(name) != manifest.rows.get(name)
            )
            raise BackupFailed(
                f"Restored to a scratch place, these tables have other rows than written: {', '.join(wrong)}."
            )
        return manifest


def restore(config: Config, path: Path, *, force: bool = False) -> str:
    """Puts a backup in the place of what is there; returns what was done, in words. Nothing is deleted."""
    # 1. Nobody may be at work on it.
    with locks.holding(config.data_dir, f"restow restore, process {os.getpid()}"):
        # 2. Everything is unpacked and compared before anything is touched.
        with tempfile.TemporaryDirectory(prefix=".restoring-", dir=config.data_dir) as scratch:
            manifest, database = _unpack(path, Path(scratch))
            if manifest.database != ("sqlite" if config.is_sqlite else "postgresql"):
                raise BackupFailed(
                    f"This backup is of {manifest.database}; DATABASE_URL names another kind of database."
                )
            if manifest.database == "sqlite":
                _rows_of_sqlite(database)

            # 3. What is there moves aside.
            aside = config.data_dir / time.strftime(f"{REPLACED}%Y-%m-%dT%H%M%SZ", time.gmtime())
            moving = _in_the_way(config, Path(scratch))
            url = _plain(config)
            in_use = not config.is_sqlite and _has_tables(url)
            if (moving or in_use) and not force:
                raise BackupFailed(
                    f"There is data in {config.data_dir if moving else 'the database'} already. "
                    "With --force it is moved aside, not deleted, and the backup takes its place."
                )
            for old in moving:
                (aside / old.name).parent.mkdir(mode=0o700, exist_ok=True)
                old.rename(aside / old.name)
            said = [f"What was there is now in {aside}."] if moving else []

            # 4. The backup takes its place.
            if config.database_path:
                config.database_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(database, config.database_path)
            else:
                said += _replace_postgresql(url, database, aside.name if in_use else "")
            for kept in (Path(scratch) / "data").glob("*"):
                kept.rename(config.data_dir / kept.name)

        # 5. A new history begins: handhelds see another epoch and offer again what this backup may not have had.
        opened = Database(config.database_url)
        with opened.engine.connect().execution_options(writes=True) as connection, connection.begin():
            new_epoch(connection)
        opened.close()

    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(manifest.made_at / 1000))
    return "\n".join([f"Restored as of {when}: {sum(manifest.rows.values()):,} rows.", *said])


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _private(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb")  # noqa: PTH123


def _data_files(config: Config, directory: Path) -> Iterator[Path]:
    database = config.database_path
    for path in sorted(config.data_dir.rglob("*")):
        top = path.relative_to(config.data_dir).parts[0]
        if top in NOT_KEPT or top.startswith((".", REPLACED)) or directory in path.parents or path.suffix in PASSING:
            continue
        if database and path.name.startswith(database.name) and path.parent == database.parent:
            continue  # with its -wal and -shm
        if path.is_file():
            yield path


def _add(archive: tarfile.TarFile, path: Path, name: str) -> File:
    with path.open("rb") as file:
        entry = archive.gettarinfo(arcname=name, fileobj=file)
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        hashing = _Hashing(file)
        archive.addfile(entry, cast(IO[bytes], hashing))
    return File(entry.size, hashing.digest.hexdigest())


def _add_bytes(archive: tarfile.TarFile, content: bytes, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))


class _Hashing:
    """The hash is of the bytes that went into the archive, not of a file that is read a second time."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        read = self.file.read(size)
        self.digest.update(read)
        return read


def _unpack(path: Path, place: Path) -> tuple[Manifest, Path]:
    """Everything unpacked and as the manifest says, or BackupFailed; returns the manifest and the database's copy."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            archive.extractall(place, filter="data")  # refuses what would leave the folder
        manifest = msgspec.json.decode((place / "manifest.json").read_bytes(), type=Manifest)
    except (OSError, EOFError, tarfile.TarError, msgspec.DecodeError) as broken:
        raise BackupFailed(f"{path.name} cannot be read as a backup: {broken}.") from None
    if manifest.format > FORMAT:
        raise BackupFailed(f"{path.name} was made by a later Restow.")

    found = {str(file.relative_to(place)) for file in place.rglob("*") if file.is_file()} - {"manifest.json"}
    if found != manifest.files.keys():
        raise BackupFailed(
            f"{path.name} does not hold the files that it says: {sorted(found ^ manifest.files.keys())[:3]}."
        )
    for name, file in manifest.files.items():
        with (place / name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                raise BackupFailed(f"{name} in {path.name} is not what was written.")
    return manifest, next(place / name for name in manifest.files if name.startswith("database/"))


def _in_the_way(config: Config, scratch: Path) -> list[Path]:
    """What a restore moves aside: everything but earlier backups, what was moved aside before, and our own lock."""
    stays = {"backups", "serve.lock", scratch.name}
    found = [
        path for path in config.data_dir.iterdir() if path.name not in stays and not path.name.startswith(REPLACED)
    ]
    database = config.database_path
    if database and database.parent != config.data_dir and database.parent.exists():
        found += [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
    return sorted(found)


# ── the database ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _copy_of_database(config: Config, scratch: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of one moment, and the manifest's facts about that same moment."""
    if config.database_path:
        if not config.database_path.exists():
            raise BackupFailed(f"There is no database at {config.database_path} yet.")
        copy = scratch / "restow.db"
        with (
            closing(sqlite3.connect(f"file:{config.database_path}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        rows = _rows_of_sqlite(copy)
        with closing(sqlite3.connect(copy)) as connection:
            facts = {name: (connection.execute(query).fetchone() or ("",))[0] for name, query in FACTS.items()}
        return copy, {"database": "sqlite", "rows": rows, **facts}

    copy, url = scratch / "restow.dump", _plain(config)
    with psycopg.connect(url) as connection:
        # pg_dump takes the same snapshot that the rows are counted in.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert snapshot is not None
        rows = _rows_of_postgresql(connection)
        if not rows:
            raise BackupFailed("There are no tables in the database yet.")
        answers = {name: (connection.execute(query).fetchone() or ("",))[0] for name, query in FACTS.items()}
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-acl", "--schema=public",
             f"--snapshot={snapshot[0]}", f"--file={copy}")  # fmt: skip
    return copy, {"database": "postgresql", "rows": rows, **answers}


FACTS = {
    "migration": "SELECT version_num FROM alembic_version",
    "epoch": "SELECT value FROM setting WHERE id = 'epoch'",
}


def _rows_of_sqlite(path: Path) -> dict[str, int]:
    """Rows of each table, of a database that says itself that it is whole."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            broken = [row[0] for row in connection.execute("PRAGMA integrity_check")] != ["ok"]
            if broken or connection.execute("PRAGMA foreign_key_check").fetchone():
                raise BackupFailed("The copy of the database is damaged (integrity_check); look at the disk.")
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            return {
                name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()
            }
    except sqlite3.DatabaseError as damaged:
        raise BackupFailed(f"The copy of the database cannot be read: {damaged}.") from None


def _rows_of_postgresql(connection: psycopg.Connection[Any]) -> dict[str, int]:
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    count = sql.SQL("SELECT count(*) FROM public.{}")
    found = {name: connection.execute(count.format(sql.Identifier(name))).fetchone() for (name,) in names}
    return {name: row[0] for name, row in found.items() if row}


def _has_tables(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone() is not None


@contextmanager
def _scratch_postgresql(config: Config) -> Iterator[str]:
    name = f"restow_verify_{uuid4().hex[:12]}"
    with psycopg.connect(_plain(config), autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise BackupFailed(
                "A backup is verified by restoring it to a scratch database, and this role may not create one: "
                "ALTER ROLE … CREATEDB."
            ) from None
        try:
            yield make_url(_plain(config)).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _replace_postgresql(url: str, dump: Path, aside: str) -> list[str]:
    """The old tables move to a schema of their own; if the backup cannot be put back, they return."""
    schema = sql.Identifier(aside.replace("-", "_").lower())
    with psycopg.connect(url, autocommit=True) as connection:
        if aside:
            with connection.transaction():
                connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(schema))
                connection.execute("CREATE SCHEMA public")
        try:
            _pg_restore(url, dump)
        except BackupFailed:
            if aside:
                with connection.transaction():
                    connection.execute("DROP SCHEMA public CASCADE")
                    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO public").format(schema))
            raise
    return [f"The tables that were there are now in the schema {aside.replace('-', '_').lower()}."] if aside else []


def _pg_restore(url: str, dump: Path) -> None:
    # The dump says CREATE SCHEMA public, which is there: only what is in it is wanted.
    listed = subprocess.run([_program("pg_restore"), "--list", str(dump)], capture_output=True, text=True, check=False)
    wanted = dump.with_suffix(".list")
    wanted.write_text("".join(f"{line}\n" for line in listed.stdout.splitlines() if " SCHEMA - public" not in line))
    _run("pg_restore", url, "--no-owner", "--no-acl", "--exit-on-error", "--single-transaction",
         f"--use-list={wanted}", str(dump), database=True)  # fmt: skip


def _run(program: str, url: str, *arguments: str, database: bool = False) -> None:
    """The connection goes by environment: a command line, and with it a password, can be read by everybody on the machine."""
    given = psycopg.conninfo.conninfo_to_dict(url)
    names: Mapping[str, str] = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
                                "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    environment = os.environ | {names[name]: str(value) for name, value in given.items() if name in names}
    into = [f"--dbname={given['dbname']}"] if database else []
    done = subprocess.run(
        [_program(program), *into, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"{program} failed: {done.stderr.strip()[-500:]}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupFailed(f"{name} is not installed: PostgreSQL's client programs are needed for backups.")
    return found


def _plain(config: Config) -> str:
    """As psycopg and libpq read it."""
    return config.database_url.replace("postgresql+psycopg://", "postgresql://")


__all__ = ["Backup", "BackupFailed", "back_up", "restore", "verify"]
