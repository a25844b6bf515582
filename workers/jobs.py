"""What Redis carries: names of functions here, with words for arguments. Each does one thing, may be done twice, and stops when asked.

RQ calls these by name in the worker's own process, so what they work with is put here once, when the process starts.
"""

import logging
import threading
import time
from typing import NamedTuple

from sqlmodel import col

from server import media
from server.barcodes.decode import Decoder
from server.config import Config
from server.database import Database
from server.domain import photos
from server.domain.documents import Blob
from server.domain.permissions import SYSTEM

from . import consumers, images, schedule

log = logging.getLogger("restow.worker")

LONGEST = 20.0
"""Seconds after which a job makes room for the others; what is left is asked for again."""

PAINTED_AT_ONCE = 4
LOOKED_AT_ONCE = 4


class Tools(NamedTuple):
    config: Config
    database: Database
    stopping: threading.Event


TOOLS: list[Tools] = []


def equip(tools: Tools) -> None:
    TOOLS[:] = [tools]


def consume(name: str, feed: str) -> None:
    going_on = _patience()
    while going_on() and consumers.consume(TOOLS[0].database, name, feed):
        pass


def try_again() -> None:
    consumers.tried_again(TOOLS[0].database)


def reconcile(run_id: str) -> None:
    consumers.reconcile(TOOLS[0].database, run_id, _patience())


def do(name: str) -> None:
    schedule.do(TOOLS[0].database, name)


def paint() -> None:
    """Some of the photos that nobody can see yet. Each is decoded in a process of its own, with limits (`server/media.py`)."""
    tools = TOOLS[0]
    with tools.database.read(SYSTEM) as work:
        waiting = work.find(Blob, Blob.state == "stored", order_by=col(Blob.stored_at), limit=PAINTED_AT_ONCE)
    for blob in waiting:
        if tools.stopping.is_set():
            return
        outcome = media.repaint(tools.database, tools.config.blobs_dir, blob.id)
        log.info("photo painted", extra={"subject_id": blob.id, "outcome": outcome})


def look() -> None:
    """Some of the photos whose codes nobody has read. Each is decoded in a limited process of its own (`server/barcodes`)."""
    tools, going_on = TOOLS[0], _patience()
    with tools.database.read(SYSTEM) as work:
        waiting = photos.unseen(work, LOOKED_AT_ONCE)
    with Decoder() as decoder:
        for blob in waiting:
            if not going_on():
                return
            problem = images.look(tools.database, tools.config.blobs_dir, decoder, blob)
            log.info("photo looked at", extra={"subject_id": blob.id, "outcome": problem or "read"})


class _patience:
    def __init__(self) -> None:
        self._until = time.monotonic() + LONGEST

    def __call__(self) -> bool:
        return time.monotonic() < self._until and not TOOLS[0].stopping.is_set()
