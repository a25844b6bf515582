"""One web process: uvicorn on a socket that the supervisor opened."""

import os
import socket
from typing import Any

import uvicorn

from server import tls
from server.config import Config
from server.main import create_app


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and (ready := os.environ.pop("READY_FD", "")):
            os.write(int(ready), b"1")
            os.close(int(ready))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.pokes.close()  # streams never end by themselves, and uvicorn would wait for them
        await super().shutdown(sockets)


def run(config: Config, fd: int) -> None:
    files = tls.files(config)
    _Server(
        uvicorn.Config(
            create_app(config),
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_level=config.log_level,
            log_config=None,  # the app logs; uvicorn's own lines go the same way
            access_log=False,
            server_header=False,
            proxy_headers=bool(config.trusted_proxies),
            forwarded_allow_ips=config.trusted_proxies or None,
            timeout_graceful_shutdown=3,  # streams of events never end by themselves
            ssl_certfile=files and str(files.certificate),
            ssl_keyfile=files and str(files.key),
        )
    ).run(sockets=[socket.socket(fileno=fd)])
