"""One worker process: RQ in the main thread, the ticker beside it. Ends within seconds of SIGTERM, losing nothing."""

import logging
import signal
import threading
from types import FrameType

import redis
from redis.client import Pipeline
from rq import SimpleWorker, worker_registration
from rq.serializers import JSONSerializer

from server import logs
from server.config import Config
from server.database import Database
from server.sync.shapes import BY_MODEL

from . import jobs
from .ticker import QUEUES, Ticker

log = logging.getLogger("restow.worker")

QUIET = ("rq.worker", "rq.job", "rq.scheduler", "rq.queue", "rq.registry")


GONE_AFTER = 45
"""Seconds without a word after which a worker is taken for dead; it says something every five, and after each job."""


class Worker(SimpleWorker):
    """Works in this process: nothing decodes a photo here, and a fork for each job would cost more than most jobs do."""

    max_connection_wait_time = 3.0

    def __init__(self, connection: redis.Redis, stopping: threading.Event) -> None:
        super().__init__(
            QUEUES, connection=connection, serializer=JSONSerializer, worker_ttl=20, log_job_description=False
        )
        self._stopping = stopping

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """The job at hand looks at `stopping` between its steps; its step is finished, and the rest is asked for again."""
        self._stopping.set()
        super().request_stop(signum, frame)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Says again who it is, too: after Redis was emptied nobody would find it, and the health page would miss it."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None:
            with self.connection.pipeline() as together:
                together.hset(self.key, mapping=self.serialize())
                together.expire(self.key, GONE_AFTER)
                worker_registration.register(self, together)
                together.execute()

    def subscribe(self) -> None:
        """Nobody sends this worker commands; without Redis, the thread that listens for them would only complain."""

    def unsubscribe(self) -> None:
        pass


def run(config: Config) -> None:
    """Works until SIGTERM or SIGINT, with Redis or waiting for it."""
    logs.configure(config.log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    stopping = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    database = Database(config.database_url, BY_MODEL)
    connection = redis.Redis.from_url(config.redis_address, socket_connect_timeout=3)
    jobs.equip(jobs.Tools(config, database, stopping))
    ticker = Ticker(database, redis.Redis.from_url(config.redis_address, socket_timeout=5), stopping)
    ticker.start()
    log.info("worker started")

    while not stopping.is_set():
        try:
            Worker(connection, stopping).work(logging_level="WARNING")
        except redis.RedisError as error:
            # Gone at the start or at the end of a job. RQ itself waits when Redis goes while it has nothing to do.
            log.info("redis is gone", extra={"reason": type(error).__name__})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)  # RQ's own handlers belong to a worker that has ended
        stopping.wait(1.0)

    ticker.join(3.0)
    database.close()
    connection.close()
    log.info("worker stopped")
