"""Installations in temporary folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.config import Config
from tests import postgresql


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.from_env({"RESTOW_DATA": str(tmp_path / "var")})


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if postgresql.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.running() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def installation(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[Config]:
    """A migrated database with a few rows, a photo and a certificate, on either kind of database."""
    if request.param == "sqlite":
        yield furnished(config)
        return
    with postgresql.fresh(request.getfixturevalue("postgresql_server")) as url:
        yield furnished(Config.from_env({"RESTOW_DATA": str(tmp_path / "var"), "DATABASE_URL": url}))


def furnished(config: Config) -> Config:
    from server.migrations import migrate

    migrate(config)
    photo = config.blobs_dir / "ab" / "abcdef"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a kettle with a dent" * 1000)
    (config.tls_dir).mkdir()
    (config.tls_dir / "authority.key").write_text("secret")
    return config
