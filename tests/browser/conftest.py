"""A real server with the demo in it, and a real Chromium. The server can be killed, for handhelds live through that."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from . import stage

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
HANDHELD: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-quic"]  # fmt: skip


class Server:
    """`restow serve` on a data folder, with everything it supervises."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.tree: Path | None = None
        """Where its code and its built app are, when they are not this clone's."""

    def start(self, *options: str) -> None:
        with (self.data.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve", "--port", str(self.port), "--no-build", *options],
                env={**os.environ, "RESTOW_DATA": str(self.data), "DATABASE_URL": "", "REDIS_URL": ""},
                stdout=log, stderr=log, start_new_session=True, cwd=self.tree,
            )  # fmt: skip
        wait_for(self.answers, 90, f"the server to answer; its log is {log.name}")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def kill(self) -> None:
        """As a power cut would: nobody is asked."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not self.answers(), 20, "the server to be gone")
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.process = None


def wait_for(true: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def demo_at(data: Path) -> str:
    """Loads the demo there, or leaves it as it is; returns what it printed: who signs in how, with which codes."""
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "demo"], check=True, capture_output=True, text=True,
        env={**os.environ, "RESTOW_DATA": str(data), "DATABASE_URL": "", "REDIS_URL": ""},
    )  # fmt: skip
    return done.stdout


@contextmanager
def demo_server() -> Iterator[Server]:
    """A server of its own with the demo in it; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        demo_at(data)
        server = Server(data, free_port())
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo loaded once; each server gets a copy."""
    data = tmp_path_factory.mktemp("demo") / "data"
    demo_at(data)
    return data


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server of this test's own with the cast in it, and the texts of their badges; it is there to be killed."""
    (tmp_path / "data").mkdir()
    texts = stage.build(tmp_path / "data")
    server = Server(tmp_path / "data", free_port())
    server.start()
    yield server, texts
    server.stop()


@pytest.fixture
def own_server(demo_data: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own, to be killed and started again."""
    shutil.copytree(demo_data, tmp_path / "data")
    server = Server(tmp_path / "data", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module."""
    data = tmp_path_factory.mktemp("server") / "data"
    shutil.copytree(demo_data, data)
    server = Server(data, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Errors(list[str]):
    """What a page complained about; a test that ends with any has failed."""

    def listen(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.append(str(error)))
        return page


@pytest.fixture
def errors() -> Iterator[Errors]:
    found = Errors()
    yield found
    assert not found


@pytest.fixture
def handheld(chromium: Browser, errors: Errors) -> Iterator[Callable[..., Page]]:
    """Opens a page on a handheld of its own: its storage is nobody else's."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, language: str = "en") -> Page:
        context = chromium.new_context(viewport=HANDHELD, locale=language, has_touch=True, service_workers="allow")
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = errors.listen(context.new_page())
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def at_desk(chromium: Browser, errors: Errors) -> Iterator[Callable[..., Page]]:
    """Opens a page in an office browser of its own."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, language: str = "en") -> Page:
        context = chromium.new_context(viewport=DESK, locale=language)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = errors.listen(context.new_page())
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


def scan(page: Page, text: str, every: float = 1) -> None:
    """As a wedge scanner does it: keys that many milliseconds apart, and Enter.

    They are handed over together with the times they were struck at: sent one by one, a busy machine would stretch them until the
    app rightly took them for a hand.
    """
    began = time.time() - len(text) * every / 1000
    events: list[tuple[str, dict[str, object]]] = []
    for n, char in enumerate([*text, "Enter"]):
        if char != "Enter" and not char.isprintable():
            events.append(("Input.insertText", {"text": char}))
            continue
        key = {"key": char, "timestamp": began + n * every / 1000}
        if char == "Enter":
            key |= {"code": "Enter", "windowsVirtualKeyCode": 13}
        events += [
            ("Input.dispatchKeyEvent", key | {"type": "keyDown", "text": "\r" if char == "Enter" else char}),
            ("Input.dispatchKeyEvent", key | {"type": "keyUp"}),
        ]
    cdp = page.context.new_cdp_session(page)
    try:
        cdp._sync(_together([cdp._impl_obj.send(method, params, None) for method, params in events]))
    finally:
        cdp.detach()


async def _together(sent: list[Coroutine[object, object, object]]) -> None:
    await asyncio.gather(*sent)


def sign_in_at_desk(page: Page, username: str, password: str = stage.PASSWORD) -> None:
    page.get_by_test_id("username").fill(username)
    page.get_by_test_id("password").fill(password)
    page.get_by_test_id("sign-in-do").click()
    page.get_by_test_id("sign-in").wait_for(state="hidden")


def enrol(page: Page, code: str, name: str = "PDA 7") -> None:
    page.get_by_test_id("way-floor").click()
    page.get_by_test_id("language").get_by_text("English").click()
    page.get_by_test_id("enrol-code").fill(code)
    page.get_by_test_id("enrol-name").fill(name)
    page.get_by_test_id("enrol-send").click()
    page.get_by_test_id("sign-in").wait_for()


def badge_in(page: Page, badge: str, pin: str = stage.PIN) -> None:
    pad = page.get_by_test_id("pin-pad")
    for _ in range(12):  # as a person would, while the people of this site are still on their way
        scan(page, badge)
        with suppress(PlaywrightTimeout):
            pad.wait_for(timeout=3_000)
            for digit in pin:
                pad.get_by_role("button", name=digit, exact=True).click(timeout=3_000)
            break
    page.get_by_test_id("sign-in-send").click()
    page.get_by_test_id("sync-pill").wait_for()
