"""A table of 10,000 rows scrolled in a real browser: how long frames take, and how far the page shifts by itself.

RESTOW_DATA=FOLDER .venv/bin/restow demo --large
RESTOW_DATA=FOLDER .venv/bin/python -m tests.bench.frames [--rows 10000] [LIST …]

The lists are read in pages of 200 until the table is that long, then scrolled from its top to its end by the wheel.
"""

import argparse
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.sync_api import Page, Route, sync_playwright

from server.demo.world import PASSWORD
from tests.browser.conftest import CHROMIUM
from tests.browser.tour import settle

LISTS = ("returns", "stock/entries", "stock", "parcels")
STEPS, STEP = 240, 400
WATCH = """
() => {
  const seen = (window.frames_ = { gaps: [], on: true })
  let last = performance.now()
  const next = (now) => { seen.gaps.push(now - last); last = now; if (seen.on) requestAnimationFrame(next) }
  requestAnimationFrame(next)
}
"""
SHIFTED = """
() => new Promise((done) => {
  let sum = 0
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value }).observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => done(sum), 300)
})
"""


def more_at_once(route: Route) -> None:
    address = urlsplit(route.request.url)
    query = dict(parse_qsl(address.query))
    if "limit" in query:
        query["limit"] = "200"
    route.continue_(url=address._replace(query=urlencode(query)).geturl())


def scrolled(page: Page, url: str, name: str, rows: int) -> None:
    page.goto(f"{url}/desk/{name}")
    table = page.locator("table.list tbody tr")
    table.first.wait_for()
    settle(page)
    shift = page.evaluate(SHIFTED)
    shown = table.count()
    while shown < rows and page.get_by_test_id("more").count():
        page.get_by_test_id("more").click()
        page.wait_for_function("many => document.querySelectorAll('table.list tbody tr').length > many", arg=shown)
        shown = table.count()
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(WATCH)
    page.mouse.move(700, 500)
    for _ in range(STEPS):
        page.mouse.wheel(0, STEP)
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    seen = page.evaluate("(frames_.on = false, frames_)")
    gaps = sorted(seen["gaps"][1:])
    late = sum(gap > 50 for gap in gaps)
    print(
        f"{name:<16} {shown:>6} rows  {len(gaps):>4} frames  p50 {statistics.median(gaps):5.1f}  "
        f"p99 {gaps[int(0.99 * len(gaps))]:6.1f}  longest {gaps[-1]:6.1f} ms  {late} over 50 ms  shift while loading {shift:.3f}",
        flush=True,
    )


@contextmanager
def web_alone() -> Iterator[str]:
    """Restow's web process without its workers, over the data of RESTOW_DATA."""
    door = socket.create_server(("127.0.0.1", 0), backlog=64)
    program = [sys.executable, "-m", "server.cli", "web", "--fd", str(door.fileno())]
    process = subprocess.Popen(program, pass_fds=[door.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    try:
        yield url
    finally:
        door.close()
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", nargs="*", default=LISTS)
    parser.add_argument("--rows", type=int, default=10_000)
    given = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    with web_alone() as url, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=str(CHROMIUM)).new_page(
            viewport={"width": 1440, "height": 900}
        )
        page.set_default_timeout(60_000)
        page.add_init_script("localStorage.setItem('restow.desk', 'yes')")  # somebody signed in here before
        page.route("**/api/**", more_at_once)
        signed_in = page.request.post(
            f"{url}/api/session",
            data={"username": "zheng", "password": PASSWORD},
            headers={"Origin": url},
            timeout=120_000,
        )  # it starts meanwhile
        assert signed_in.ok, signed_in.text()
        for name in given.lists:
            scrolled(page, url, name, given.rows)


if __name__ == "__main__":
    main()
