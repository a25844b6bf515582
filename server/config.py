"""What one installation is told from outside: one frozen struct, read from the environment once and passed on.

`restow serve` turns its options into a `Config` and gives it to its children as the same variables, so a web process,
a worker and a command at the shell read the same words the same way. The README has them as a table; a test compares.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

SOCKET_PATH_LIMIT = 100  # the kernel takes 107 bytes on Linux, 103 elsewhere


def setting(variable: str, description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra={"variable": variable}, **limits)


class Config(Struct, frozen=True, kw_only=True):
    data_dir: Annotated[
        Path, setting("RESTOW_DATA", "Folder of everything Restow keeps: database, photos, certificates.")
    ] = Path("var")
    database_url: Annotated[
        str, setting("DATABASE_URL", "sqlite:///file or postgresql://…; empty: restow.db in the data folder.")
    ] = ""
    redis_url: Annotated[
        str, setting("REDIS_URL", "redis://… or unix://…; empty: an own redis-server on a socket in the data folder.")
    ] = ""
    host: Annotated[str, setting("RESTOW_HOST", "Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, setting("RESTOW_PORT", "Port to listen on; 0 takes a free one.", ge=0, le=65535)] = 8000
    public_url: Annotated[
        str, setting("RESTOW_PUBLIC_URL", "The address people and handhelds use, as https://name; it must not change.")
    ] = ""
    tls: Annotated[
        bool,
        setting("RESTOW_TLS", "Speak HTTPS with a certificate from an own local authority, unless files are given."),
    ] = False
    tls_cert: Annotated[str, setting("RESTOW_TLS_CERT", "Certificate chain file (PEM), with RESTOW_TLS_KEY.")] = ""
    tls_key: Annotated[str, setting("RESTOW_TLS_KEY", "Private key file (PEM), with RESTOW_TLS_CERT.")] = ""
    trusted_proxies: Annotated[
        str,
        setting("RESTOW_TRUSTED_PROXIES", "Addresses whose X-Forwarded-* headers are believed, separated by commas."),
    ] = ""
    processes: Annotated[
        int, setting("RESTOW_PROCESSES", "Web processes; more than one needs PostgreSQL.", ge=1, le=64)
    ] = 1
    workers: Annotated[int, setting("RESTOW_WORKERS", "Worker processes.", ge=0, le=64)] = 1
    held_days: Annotated[
        int,
        setting(
            "RESTOW_HELD_DAYS", "Days an intention waits for a subject that another handheld still holds.", ge=1, le=90
        ),
    ] = 5
    log_level: Annotated[
        str, setting("RESTOW_LOG_LEVEL", "debug, info, warning or error.", pattern="^(debug|info|warning|error)$")
    ] = "info"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Variables that are set, then what is given by name (an option at the shell); both are checked alike.

        Raises `msgspec.ValidationError` for a value that cannot be, naming the field.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {
            field: environ[variable] for field, variable in VARIABLES.items() if environ.get(variable, "") != ""
        }
        values |= {field: value for field, value in given.items() if value is not None}
        config = msgspec.convert(
            {field: str(value) if isinstance(value, Path) else value for field, value in values.items()},
            cls,
            strict=False,
            dec_hook=lambda kind, value: kind(value),
        )

        data_dir = config.data_dir.expanduser().absolute()
        database_url = _with_driver(config.database_url) or f"sqlite:///{data_dir / 'restow.db'}"
        if bool(config.tls_cert) != bool(config.tls_key):
            raise msgspec.ValidationError("tls_cert and tls_key belong together: one of them is missing")
        if config.processes > 1 and database_url.startswith("sqlite"):
            # Two processes would each hold a writer thread, and take turns waiting for the file.
            raise msgspec.ValidationError("processes: more than one web process needs PostgreSQL (DATABASE_URL)")
        return msgspec.structs.replace(
            config,
            data_dir=data_dir,
            database_url=database_url,
            public_url=config.public_url.rstrip("/"),
            tls=config.tls or bool(config.tls_cert),
        )

    def to_env(self) -> dict[str, str]:
        """The same configuration as variables, for a child process: `from_env(config.to_env()) == config`."""
        return {
            variable: {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
            for field, variable in VARIABLES.items()
            if (value := getattr(self, field)) != ""
        }

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def database_path(self) -> Path | None:
        """The database file, where the database is one."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None

    @property
    def blobs_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def exports_dir(self) -> Path:
        """Files that were asked for, until they are fetched or an hour old."""
        return self.data_dir / "exports"

    @property
    def tls_dir(self) -> Path:
        return self.data_dir / "tls"

    @property
    def redis_socket(self) -> Path:
        """Where the embedded redis-server listens: in the data folder, or, if that path is too long for a socket, in a folder named after it."""
        inside = self.data_dir / "redis" / "redis.sock"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
            return inside
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"restow-{os.getuid()}-{name}" / "redis.sock"

    @property
    def redis_address(self) -> str:
        """For `redis.Redis.from_url`, embedded or not."""
        return self.redis_url or f"unix://{self.redis_socket}"

    @property
    def address(self) -> str:
        """Where a browser finds this server: the public address, or the one it listens on."""
        if self.public_url:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.host in ("0.0.0.0", "::"):  # noqa: S104  listening everywhere, it is found here too
            host = "127.0.0.1"
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host}" + ("" if self.port == {"http": 80, "https": 443}[scheme] else f":{self.port}")

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""


def _with_driver(url: str) -> str:
    """Names psycopg 3 where a URL only says PostgreSQL, as most platforms hand it out."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg{separator}{rest}"
    if scheme in ("sqlite", "postgresql+psycopg") or not url:
        return url
    raise msgspec.ValidationError(
        f"database_url: Restow keeps its data in SQLite or PostgreSQL, not in {scheme or url!r}"
    )


def _variables() -> dict[str, str]:
    described: Any = msgspec.inspect.type_info(Config)
    return {field.name: field.type.extra["variable"] for field in described.fields}


# Field of Config → environment variable.
VARIABLES: dict[str, str] = _variables()
