"""Assembles the app. Knows everyone; nobody imports it but what starts a process, and tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide

from . import frontend, logs
from .api import (
    assets,
    barcodes,
    cases,
    desk,
    devices,
    documentation,
    doors,
    events,
    exports,
    health,
    identity,
    imports,
    labels,
    losses,
    outbox_files,
    people,
    photos,
    problems,
    returns,
    sites,
    standards,
    stock,
    sync,
    tasks,
    views,
)  # fmt: skip
from .api.gate import MAX_BODY, Gate, JsonRequest
from .barcodes.decode import Decoder
from .config import Config
from .database import Database
from .sync.shapes import BY_MODEL

MODULES = (
    identity,
    desk,
    exports,
    imports,
    labels,
    cases,
    returns,
    people,
    sites,
    standards,
    stock,
    tasks,
    losses,
    views,
    devices,
    sync,
    outbox_files,
    photos,
    barcodes,
    events,
    health,
    documentation,
    assets,
)


class App(Litestar):
    """Litestar behind the gate, so that an answer to an unknown address passes it too."""

    gate: Gate

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.gate(super().__call__, scope, receive, send)


def create_app(config: Config, database: Database | None = None, dist: Path = frontend.DIST) -> Litestar:
    """`database` is given by tests; otherwise the app opens the configured one and closes it at the end."""
    if database is None:
        logs.configure(config.log_level)
    opened = database or Database(config.database_url, BY_MODEL)
    pokes = events.Pokes(opened)
    decoder = Decoder()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.pushing = CapacityLimiter(sync.PUSHES_AT_ONCE)
        app.state.hashing = CapacityLimiter(identity.HASHES_AT_ONCE)
        yield
        pokes.close()
        decoder.close()
        if database is None:
            opened.close()

    app = App(
        route_handlers=[handler for module in MODULES for handler in module.HANDLERS],
        dependencies={
            "desk": Provide(identity.desk, sync_to_thread=True),
            "handheld": Provide(identity.handheld, sync_to_thread=True),
            "any_handheld": Provide(identity.any_handheld, sync_to_thread=True),
            "viewer": Provide(identity.viewer, sync_to_thread=True),
            "config": Provide(lambda: config, sync_to_thread=False),
        },
        exception_handlers=problems.HANDLERS,
        request_class=JsonRequest,
        request_max_body_size=MAX_BODY,
        openapi_config=documentation.CONFIG,
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=4, minimum_size=1000, exclude_opt_key=doors.AS_IT_IS
        ),
        lifespan=[lifespan],
        logging_config=None,
        state=State(
            {
                "config": config,
                "database": opened,
                "pokes": pokes,
                "decoder": decoder,
                "checkup": health.Checkup(config, opened),
                "assets": assets.Assets(dist),
            }
        ),
    )
    app.gate = Gate(config)
    return app
