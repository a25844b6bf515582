"""The real worker and the real redis-server, stopped and killed for real. Nothing is lost, nothing is done twice."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import rq
from PIL import Image
from sqlmodel import col

from server import media, supervise
from server.config import Config
from server.database import Database
from server.domain import attachments, reconciliation
from server.domain.documents import Blob
from server.domain.events import ContainerUsed
from server.domain.permissions import SYSTEM
from server.domain.records import ReconcileRun, Setting
from server.domain.work import Work
from server.sync.shapes import BY_MODEL
from tests.cast import SITE, seed
from workers import schedule

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


class Processes:
    """A data folder, the redis-server and the worker that work in it."""

    def __init__(self, config: Config, database: Database) -> None:
        self.config, self.database = config, database
        self.started: list[subprocess.Popen[bytes]] = []
        self.log = config.data_dir / "worker.log"

    def redis(self) -> subprocess.Popen[bytes]:
        process = self._start(supervise.redis_command(self.config))
        until(lambda: supervise.redis_answers(self.config))
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self._start([sys.executable, "-m", "tests.workers.counting"])

    def emptied(self) -> None:
        with redis.Redis.from_url(self.config.redis_address) as connection:
            connection.flushall()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=supervise.environment(self.config), stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()

    # what happens, and what came of it

    def tell(self, *subjects: str) -> None:
        def happen(work: Work) -> None:
            for subject in subjects:
                work.record(ContainerUsed(site_id=SITE, label=subject), subject)

        self.database.write(SYSTEM, happen)

    def heard(self) -> dict[str, int]:
        with self.database.read(SYSTEM) as work:
            found = work.find(Setting, col(Setting.id).startswith("heard:"))
            return {each.id.removeprefix("heard:"): int(each.value) for each in found}

    def until_heard(self, *subjects: str) -> None:
        """Each exactly once, and still so a moment later."""
        until(lambda: self.heard().keys() >= set(subjects))
        time.sleep(1.5)
        assert self.heard() == dict.fromkeys(subjects, 1)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    config = Config.from_env({"RESTOW_DATA": str(tmp_path)})
    database = Database(config.database_url, BY_MODEL)
    database.create()
    database.write(SYSTEM, seed)
    running = Processes(config, database)
    yield running
    running.end()
    database.close()


def ends_in_time(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < supervise.STOP_PATIENCE


def test_it_hears_what_happens_and_ends_when_it_is_told_to(processes: Processes) -> None:
    processes.redis()
    worker = processes.worker()
    processes.tell("a", "b")
    processes.until_heard("a", "b")
    ends_in_time(worker)
    assert "worker stopped" in processes.log.read_text()


def test_killed_inside_a_job_it_neither_loses_nor_doubles_the_effect(processes: Processes) -> None:
    slow, inside = processes.config.data_dir / "slow", processes.config.data_dir / "inside"
    processes.redis()
    slow.touch()
    processes.tell("a", "b")
    worker = processes.worker()
    until(inside.exists)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    slow.unlink()
    assert processes.heard() == {}
    processes.worker()
    processes.until_heard("a", "b")


def test_redis_may_be_emptied_stopped_and_started_again_at_any_time(processes: Processes) -> None:
    server = processes.redis()
    worker = processes.worker()
    processes.tell("before")
    processes.until_heard("before")

    processes.emptied()
    processes.tell("emptied")
    processes.until_heard("before", "emptied")
    with redis.Redis.from_url(processes.config.redis_address) as connection:
        assert len(rq.Worker.all(connection=connection)) == 1, "the health page still finds it"

    server.send_signal(signal.SIGKILL)
    server.wait()
    processes.tell("gone")
    time.sleep(2.5)  # the worker has noticed
    assert worker.poll() is None
    processes.redis()
    processes.until_heard("before", "emptied", "gone")
    ends_in_time(worker)


def test_without_redis_it_waits_and_still_ends_when_it_is_told_to(processes: Processes) -> None:
    worker = processes.worker()
    until(lambda: "redis is gone" in processes.log.read_text())
    assert worker.poll() is None
    ends_in_time(worker, signal.SIGINT)
    assert "Traceback" not in processes.log.read_text()


def test_two_workers_share_the_work(processes: Processes) -> None:
    processes.redis()
    workers = [processes.worker(), processes.worker()]
    subjects = [f"box {n}" for n in range(40)]
    for subject in subjects:
        processes.tell(subject)
    processes.until_heard(*subjects)
    for worker in workers:
        ends_in_time(worker)


def test_what_time_and_people_ask_for_is_done_and_photos_are_painted(processes: Processes) -> None:
    run_id = processes.database.write(SYSTEM, lambda work: reconciliation.ask(work, SITE))
    good, damaged = keep_photo(processes, 640), keep_photo(processes, 641)
    place = media.original(processes.config.blobs_dir, damaged)
    place.write_bytes(place.read_bytes()[:200])  # the disk lost the rest
    processes.redis()
    processes.worker()

    def all_done() -> bool:
        with processes.database.read(SYSTEM) as work:
            run = work.look(ReconcileRun, run_id)
            states = {each.id: each.state for each in work.find(Blob)}
            return (
                run is not None
                and run.state == "done"
                and states == {good: "shown", damaged: "unreadable"}
                and not schedule.due(work)
            )

    until(all_done)
    with Image.open(media.repainted(processes.config.blobs_dir, good, "thumb")) as shown:
        assert shown.format == "JPEG"


def keep_photo(processes: Processes, width: int) -> str:
    made = io.BytesIO()
    Image.effect_noise((width, 480), 60).convert("RGB").save(made, "JPEG")
    sha256 = hashlib.sha256(made.getvalue()).hexdigest()
    upload = media.Upload(processes.config.blobs_dir, sha256)
    upload.take(made.getvalue())
    picture = upload.keep()
    processes.database.write(
        SYSTEM,
        lambda work: attachments.note_photo(
            work, sha256, size=upload.size, media_type=picture.media_type, width=picture.width, height=picture.height,
            site_id=SITE, device_id="device-A1",
        ),
    )  # fmt: skip
    return sha256
