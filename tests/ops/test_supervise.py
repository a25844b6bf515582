"""`restow serve` as an operating system sees it: real processes, killed for real."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

from server import supervise
from server.config import Config

ROOT = Path(__file__).parents[2]


class Running:
    """The stand-in installation of supervised.py, and what it has said so far."""

    module = "tests.ops.supervised"

    def __init__(self, config: Config, *arguments: str) -> None:
        self.config = config
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, *arguments],
            cwd=ROOT,
            env=supervise.environment(config),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.said += line

    def until(self, pattern: str, times: int = 1) -> re.Match[str]:
        """Waits for what is said to match, the given number of times; returns the last match."""
        deadline = time.monotonic() + 20
        while len(found := list(re.finditer(pattern, self.said))) < times:
            assert time.monotonic() < deadline, f"{pattern!r} was not said:\n{self.said}"
            time.sleep(0.02)
        return found[times - 1]

    def pid(self, name: str) -> int:
        return int(self.until(rf"{name} +process (\d+)")[1])

    def ask_web(self) -> int:
        port = int(self.until(r"web .* port (\d+)")[1])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            return int(line.recv(32))

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.reader.join(20)
        return code


@pytest.fixture
def config(tmp_path):
    return Config.from_env({"RESTOW_DATA": str(tmp_path / "var"), "RESTOW_PORT": "0"})


@pytest.fixture
def start(config):
    started = []

    def run(*arguments):
        started.append(Running(config, *arguments))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        running.reader.join(20)
        running.process.stdout.close()


def is_gone(pid):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_it_shows_what_it_started_and_sigterm_stops_all_of_it(start):
    restow = start()
    restow.until("Ctrl-C stops it")
    assert "Said first." in restow.said
    assert "web      web is up" in restow.said
    pids = [restow.pid(name) for name in ("redis", "web", "worker")]
    job = int(restow.until(r"job (\d+)")[1])
    assert restow.ask_web() == restow.pid("web")

    assert restow.stop() == 0
    assert all(is_gone(pid) for pid in [*pids, job])
    assert restow.said.rstrip().endswith("Everything is stopped.")


def test_ctrl_c_stops_it_too(start):
    restow = start()
    restow.until("Ctrl-C stops it")
    assert restow.stop(signal.SIGINT) == 0


def test_a_web_process_that_is_killed_comes_back_and_nobody_is_refused_meanwhile(start):
    restow = start()
    restow.until("Ctrl-C stops it")
    first = restow.pid("web")
    os.kill(first, signal.SIGKILL)
    assert is_gone(first)
    second = restow.ask_web()  # waits in the socket's queue; a refused connection would raise
    assert second != first
    restow.until(r"web was killed \(SIGKILL\); starting it again in 0.5 s")


def test_what_redis_was_told_outlives_it(start, config):
    restow = start()
    restow.until("Ctrl-C stops it")
    with redis.Redis.from_url(config.redis_address) as line:
        line.set("told", "yes")
    pid = restow.pid("redis")
    time.sleep(1.2)  # appendfsync everysec
    os.kill(pid, signal.SIGKILL)
    restow.until("redis was killed")
    assert is_gone(pid)
    deadline = time.monotonic() + 10
    while not supervise.redis_answers(config):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with redis.Redis.from_url(config.redis_address) as line:
        assert line.get("told") == b"yes"


def test_the_embedded_redis_is_reached_by_its_owner_through_its_socket_alone(start, config):
    start().until("Ctrl-C stops it")
    assert config.redis_socket.stat().st_mode & 0o777 == 0o600
    with redis.Redis.from_url(config.redis_address) as line:
        assert line.config_get("port") == {"port": "0"}
        assert line.config_get("appendonly") == {"appendonly": "yes"}


def test_killed_without_a_word_it_leaves_nothing_behind(start):
    restow = start()
    restow.until("Ctrl-C stops it")
    pids = [restow.pid(name) for name in ("redis", "web", "worker")]
    restow.process.kill()
    assert all(is_gone(pid) for pid in pids)
    again = start()
    again.until("Ctrl-C stops it")


def test_a_second_one_on_the_same_data_folder_is_refused(start):
    start().until("Ctrl-C stops it")
    second = start()
    assert second.process.wait(20) == 1
    second.reader.join(20)
    assert "is in use: the test" in second.said


def test_what_never_gets_up_ends_the_start_with_its_own_words(start):
    restow = start("broken")
    assert restow.process.wait(30) == 1
    restow.reader.join(20)
    assert restow.said.count("no idea how") == supervise.TRIES_TO_GET_UP
    assert "web ended with code 1 and never got up: giving up" in restow.said


def test_a_port_in_use_is_said_in_a_sentence(config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = Config.from_env(config.to_env(), port=taken.getsockname()[1])
        with pytest.raises(supervise.CannotServe, match="is in use by another program; choose one with --port"):
            supervise.listening(busy, patience=0)


def test_whoever_opens_it_to_handhelds_is_told_why_its_name_must_stay():
    alone = Config.from_env({})
    assert supervise.advice(alone) == []
    opened = Config.from_env({}, host="0.0.0.0")
    name, https = supervise.advice(opened)
    assert "--public-url" in name
    assert "stays behind" in name
    assert "HTTPS" in https
    assert supervise.advice(Config.from_env({}, host="0.0.0.0", public_url="https://restow.example")) == []


def test_a_password_in_an_address_is_not_shown():
    config = Config.from_env({"REDIS_URL": "redis://restow:secret@queue:6379/0"})
    with socket.socket() as door:
        shown = [(child.name, child.shown_as) for child in supervise.children(config, door)]
    assert shown == [("web", "http://127.0.0.1:8000"), ("worker", "redis://queue:6379/0")]
