"""The ticker asks, about once a second: is there anything to do? and puts what there is into Redis, where it is not there already.

What there is to do is read from the database alone, so a Redis that was stopped, restarted or emptied is told everything anew, and
no request ever waits for it.
"""

import logging
import threading
from typing import NamedTuple

import redis
from rq import Queue, Retry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from sqlmodel import col

from server.database import Database
from server.domain import photos, reconciliation
from server.domain.documents import Blob
from server.domain.permissions import SYSTEM
from server.domain.records import ParkedEvent

from . import consumers, schedule

log = logging.getLogger("restow.worker")

TICK = 1.0
PHOTOS_ANYWAY = 60
"""Ticks after which photos are looked for even if nothing happened."""

WORK, IMAGES = "work", "images"
QUEUES = (WORK, IMAGES)
"""In this order: a worker takes photos when there is nothing else."""

TRIED_AGAIN = [2, 10, 30]
"""Seconds before a job that failed as a whole is tried again; the list is as long as the tries, for RQ begins anew beyond its end."""


class Job(NamedTuple):
    queue: str
    function: str
    args: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same work, in the letters RQ allows."""
        return "-".join((self.function, *self.args)).replace(":", "-")


class Ticker(threading.Thread):
    def __init__(self, database: Database, connection: redis.Redis, stopping: threading.Event) -> None:
        super().__init__(name="ticker", daemon=True)
        self._database = database
        self._stopping = stopping
        self._queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES}
        # RQ's own scheduler, asked from this thread: as a process of its own it would outlive a worker that is killed.
        self._scheduler = RQScheduler(QUEUES, connection, logging_level="WARNING", serializer=JSONSerializer)
        self._heads: dict[str, int] = {}
        self._ticks = 0
        self._lost = False

    def run(self) -> None:
        while not self._stopping.wait(TICK):
            try:
                self.tick()
                if self._lost:
                    log.warning("redis is back")
                self._lost = False
            except redis.RedisError as error:
                if not self._lost:
                    log.warning(
                        "redis is gone; what there is to do waits in the database",
                        extra={"reason": type(error).__name__},
                    )
                self._lost = True
            except Exception:
                # Whatever it was, without this thread nothing would ever be done again.
                log.exception("the ticker failed; it goes on")
                self._stopping.wait(5 * TICK)
        try:
            self._scheduler.release_locks()
        except redis.RedisError:
            log.info("redis is gone already")

    def tick(self) -> None:
        for job in self.wanted():
            self._put(job)
        if self._scheduler.acquire_locks():
            self._scheduler.enqueue_scheduled_jobs()

    def wanted(self) -> list[Job]:
        """Everything there is to do now, as the database has it."""
        heads = self._database.heads()
        with self._database.read(SYSTEM) as work:
            wanted = [Job(WORK, "consume", pair) for pair in consumers.behind(work)]
            wanted += [Job(WORK, "do", (name,)) for name in schedule.due(work)]
            wanted += [Job(WORK, "reconcile", (run_id,)) for run_id in reconciliation.due(work)]
            if work.first(ParkedEvent, ParkedEvent.state == "again"):
                wanted.append(Job(WORK, "try_again"))
            # A photo that arrives moves a head; to ask for one every second for nothing would read through all of them.
            if heads != self._heads or self._ticks % PHOTOS_ANYWAY == 0:
                wanted += [Job(IMAGES, "paint")] if work.first(Blob, col(Blob.state) == "stored") else []
                wanted += [Job(IMAGES, "look")] if photos.unseen(work, 1) else []
                self._heads = {} if any(job.queue == IMAGES for job in wanted) else heads
        self._ticks += 1
        return wanted

    def _put(self, job: Job) -> None:
        """Unless it waits there already. RQ's own `unique` would also refuse what a killed worker left behind half done."""
        queue = self._queues[job.queue]
        if queue.get_job_position(job.id) is not None or job.id in queue.scheduled_job_registry:
            return
        queue.enqueue_call(
            f"workers.jobs.{job.function}",
            args=job.args,
            job_id=job.id,
            timeout=120,
            result_ttl=60,
            failure_ttl=86_400,
            retry=Retry(max=len(TRIED_AGAIN), interval=TRIED_AGAIN),
            description=f"{job.function} {' '.join(job.args)}",
        )
