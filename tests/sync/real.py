"""Real web processes on one port, and handhelds that speak HTTP to them and write down what they did, were answered and read."""

import http.client
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from server.config import Config
from server.database import Database
from server.domain import catalog, devices
from server.domain.permissions import SYSTEM
from server.domain.sessions import token_hash
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, PushRequest
from server.sync.shapes import BY_MODEL
from tests.cast import PASSED, SITE, TOTE, Desk, Handheld, seed

from .checker import Answer, History, Made, Page, Result

ROOT = Path(__file__).resolve().parents[2]
ORDER = "return-of-the-day"
FEEDS = ("catalogue", f"site:{SITE}")
PATIENCE = 60.0


class NoAnswer(Exception):
    """A dead line, half an answer, or a server that could not: to a device they are the same."""


class Seat:
    """Where web processes live and die, one after the other, on one socket (`doomed.py`)."""

    def __init__(self, config: Config, door: socket.socket) -> None:
        self.log = (config.data_dir / "seat.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.doomed", str(door.fileno())], cwd=ROOT, env=os.environ | config.to_env(),
            pass_fds=[door.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1,
        )  # fmt: skip
        self.life = 0
        self.ended: queue.Queue[int] = queue.Queue()
        self._born: queue.Queue[int] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def begin(self, point: str = "nowhere", passes: int = 0) -> None:
        """A new life; it serves within half a second, and ends by itself where it was told to."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{point} {passes}\n")
        self.life = self._born.get(timeout=PATIENCE)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.life, signal.SIGKILL)

    def wait(self, patience: float = PATIENCE) -> int:
        """The signal that ended this life."""
        return self.ended.get(timeout=patience)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self._listener.join()
        self.log.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, status = line.strip().partition(" ")
            (self.ended if status else self._born).put(int(status or word))
        self.process.stdout.close()


@contextmanager
def seats(url: str, folder: Path, many: int) -> Iterator[tuple[list[Seat], int]]:
    """Seats with nobody in them yet, and their port. Whoever connects while all are dead waits for the next."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(512)
        config = Config.from_env({"RESTOW_DATA": str(folder), "DATABASE_URL": url})
        made = [Seat(config, door) for _ in range(many)]
        try:
            yield made, door.getsockname()[1]
        finally:
            for each in made:
                each.close()


def token_of(code: str) -> str:
    return f"token-of-{code}"


def opened(url: str, codes: list[str]) -> Database:
    """The cast, so many handhelds, and a return large enough for a day's work: a line for each handheld and one for all."""
    database = Database(url, BY_MODEL)
    database.create()

    def work_of_the_day(work: Work) -> None:
        seed(work)
        for number, code in enumerate(codes):
            work.add(devices.Device, id=f"device-{code}", code=code, name=code, site_id=SITE,
                     token_hash=token_hash(token_of(code))) if code not in ("A1", "B1") else None  # fmt: skip
            item = f"item-{number}"
            work.add(catalog.Item, id=item, owner_id="owner", sku=item.upper(), name=item, name_en=item, unit_cost=100)
        for code in ("A1", "B1"):
            work.get(devices.Device, f"device-{code}").token_hash = token_hash(token_of(code))

    database.write(SYSTEM, work_of_the_day)
    desk = Desk(database)
    desk(
        "sally", "create_return", order_id=ORDER, number="R-DAY", site_id=SITE, type_code="customer", customer_id="customer",
        lines=[{"line_id": "for-all", "item_id": "kettle", "quantity": 100_000}]
        + [{"line_id": f"line-{code}", "item_id": f"item-{number}", "quantity": 100_000} for number, code in enumerate(codes)],
    )  # fmt: skip
    desk("sally", "submit_return", order_id=ORDER)
    desk("rita", "approve_return", order_id=ORDER)
    return database


class Remote(Handheld):
    """A handheld of the cast at the end of a network. What it keeps, it keeps as a device does: nothing is forgotten unanswered."""

    def __init__(self, database: Database, code: str, number: int, port: int, dice: random.Random) -> None:
        super().__init__(database, code)
        self.line, self.item = f"line-{code}", f"item-{number}"
        self.port, self.dice = port, dice
        self.history = History.fresh()
        self.acknowledged = 0
        self.unanswered: Counter[str] = Counter()
        self._connection: http.client.HTTPConnection | None = None

    # Work, without any network

    def works(self) -> None:
        """One thing that people do at a dock all day: mostly scanning, on their own line or on one that all work on."""
        own = self.dice.random() < 0.6
        line, item, tote = (self.line, self.item, f"tote-{self.code}") if own else ("for-all", "kettle", TOTE)
        many = self.dice.randint(1, 3)
        job = self.dice.choices(("scan", "inspect", "dispose", "put away", "edit"), (8, 2, 1, 1, 1))[0]
        if job == "scan":
            self.scan("cleo", ORDER, line, item, many, container_id=tote)
        elif job == "inspect":
            self.inspect("ines", line, many, checks=PASSED, container_id=tote)
        elif job == "dispose":
            self.dispose("ines", line, "restock", many, container_id=tote)
        elif job == "put away":
            self.put_away("cleo", line, "sellable", many, container_id=tote)
        else:
            known = self.view.get(("return_line", line), {})
            self.do(
                "sam",
                "edit_return_line",
                id=line,
                set={"note": f"{self.code} {self.seq}"},
                was={"note": known.get("note", "")},
            )
        last = self.outbox[-1]
        scanned = (line, many) if job == "scan" else ("", 0)
        self.history.made.append(Made(self.id, last.seq, last.id, last.name, *scanned))

    # The network

    def sends(self) -> None:
        """Some of what waits, now and then with what was acknowledged already before it."""
        start = max(0, self.acknowledged - self.dice.choice((0, 0, 0, 2)))
        batch = self.outbox[start : self.acknowledged + self.dice.choice((1, 3, 10))]
        request = PushRequest(protocol=PROTOCOL, epoch="", device=self.id, app_schema=APP_SCHEMA, mutations=batch)
        sent = time.monotonic()
        answer = self._asks("POST", "/sync/v1/push", msgspec.json.encode(request))
        results = tuple(
            Result(each["seq"], each["id"], each["status"], each.get("dup", False)) for each in answer["results"]
        )
        self.history.answers.append(Answer(self.id, sent, time.monotonic(), results))
        self.acknowledged = max(self.acknowledged, answer["device_last_seq"])

    def reads(self) -> None:
        for feed in FEEDS:
            more = True
            while more:
                page = self._asks("GET", f"/sync/v1/pull/{quote(feed)}?cursor={self.cursors.get(feed, '')}")
                changes = {(each["kind"], each["key"]): each.get("value") for each in page["changes"]}
                self.history.pages.append(
                    Page(self.id, feed, page["revision"], changes, page["more"], page["reset"], page["device_last_seq"])
                )
                self.view.update(changes)
                self.cursors[feed], more = page["cursor"], page["more"]

    def tries(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except NoAnswer as reason:
            self.unanswered[str(reason)] += 1
            return False
        return True

    def drains(self) -> None:
        """Sends and reads until there is nothing left, however often it takes."""
        until = time.monotonic() + PATIENCE
        while self.acknowledged < self.seq or not self.tries(self.reads):
            assert time.monotonic() < until, f"{self.code} never got rid of what it holds: {self.unanswered}"
            if self.acknowledged < self.seq and not self.tries(self.sends):
                time.sleep(0.02)
        self.closes()

    def _asks(self, method: str, path: str, body: bytes | None = None) -> Any:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {token_of(self.code)}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.closes()
            raise NoAnswer(type(error).__name__) from error
        if answer.status >= 500:
            raise NoAnswer(f"HTTP {answer.status}")
        assert answer.status == 200, said
        return msgspec.json.decode(said)

    def closes(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Day(threading.Thread):
    """Somebody at work beside the others: `round` again and again until told to stop, or until it says that it is done."""

    def __init__(self, round: Callable[[], bool | None]) -> None:
        super().__init__(daemon=True)
        self._round, self._over = round, threading.Event()
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            while not self._over.is_set() and self._round() is not False:
                pass
        except BaseException as error:
            self._error = error

    def goes_well(self) -> None:
        if self._error is not None:
            raise self._error

    def stop(self, *, at_once: bool = True) -> None:
        if at_once:
            self._over.set()
        self.join(PATIENCE * 2)
        assert not self.is_alive(), "it never ended"
        self.goes_well()


def joined(remotes: list[Remote]) -> History:
    """One history of all of them."""
    whole = History.fresh()
    for each in remotes:
        for all_of, own in zip(whole, each.history, strict=True):
            all_of.extend(own)
    return whole
