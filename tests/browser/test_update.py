"""A new version of the app in the middle of a shift: a real service worker takes over from another, and nobody's work is touched."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.frontend import DIST

from .conftest import scan
from .play import Play, counted, line, open_parcel, playing
from .stage import KETTLE

CODE = Path(__file__).parents[2]


@pytest.fixture
def play(chromium: Browser, tmp_path: Path) -> Iterator[Play]:
    """A server of a clone of its own, whose built app may be replaced under it."""
    tree = tmp_path / "clone"
    for folder in ("server", "workers"):
        shutil.copytree(CODE / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(DIST, tree / "web" / "dist")
    with playing(chromium, tmp_path) as play:
        play.server.tree = tree
        play.server.start()
        yield play
    assert not play.errors


def release(dist: Path) -> None:
    """The next version is built: every part has another name, and those of the version before are gone from the server."""
    assets = [path for path in (dist / "assets").iterdir() if path.suffix != ".br"]
    parts = {path.name: f"{path.stem}-next{path.suffix}" for path in assets}
    for packed in dist.rglob("*.br"):
        packed.unlink()
    for path in [*assets, dist / "sw.js", dist / "index.html"]:  # the page last: by it the server knows
        if path.suffix in (".js", ".css", ".html"):
            text = path.read_text()
            for name, renamed in parts.items():
                text = text.replace(name, renamed)
            if path.name == "sw.js":
                text = re.sub(r'const VERSION = "\w+"', 'const VERSION = "next"', text)
            fresh = path.with_name(f".{path.name}")
            fresh.write_text(text)
            fresh.replace(path)
        if path.name in parts:
            path.rename(path.with_name(parts[path.name]))


def is_next(page: Page) -> bool:
    return "-next.js" in str(page.evaluate("document.querySelector('script[type=module]').src"))


def test_a_new_version_waits_for_a_quiet_moment_and_takes_nothing_out_of_a_hand(play: Play) -> None:
    dock = play.handheld("cleo", "Dock 3")
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    page.wait_for_function("() => navigator.serviceWorker.controller")
    second = play.errors.listen(dock.context.new_page())
    second.goto(f"{play.url}/floor/sync")
    second.get_by_test_id("pending-list").or_(second.get_by_test_id("title")).first.wait_for()
    page.bring_to_front()
    waybill = open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/9")

    assert play.server.tree
    release(play.server.tree / "web" / "dist")
    page.evaluate("() => navigator.serviceWorker.getRegistration().then((registration) => registration.update())")
    page.wait_for_function("() => navigator.serviceWorker.getRegistration().then(({ waiting }) => waiting !== null)")

    # Not while somebody unpacks. The version in hand goes on, with parts that the server does not have any more.
    expect(page.get_by_test_id("update")).to_have_count(0)
    dock.context.set_offline(True)
    page.wait_for_timeout(450)
    scan(page, KETTLE)
    counted(page, "2/9")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-guide").click()
    page.get_by_test_id("sheet-close").click()
    expect(page.get_by_test_id("sheet-close")).to_have_count(0)

    # On Home it is offered, and put on when somebody says so: without network too, for it is all here.
    page.get_by_test_id("back").click()
    page.get_by_test_id("count-inspect").wait_for()
    page.get_by_test_id("update").get_by_role("button").click()
    page.wait_for_function("() => document.querySelector('script[type=module]')?.src.includes('-next.js')")
    page.get_by_test_id("resume-receive").click()
    expect(page.get_by_test_id("parcel")).to_contain_text(waybill)
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "2")
    scan(page, KETTLE)
    counted(page, "3/9")

    # The other tab was not taken away either: it goes on with the version before, and is offered the new one.
    assert not is_next(second)
    second.bring_to_front()
    second.get_by_test_id("back").click()
    scan(second, waybill)
    expect(line(second, "GREEN-KETTLE")).to_have_attribute("data-received", "3")
    second.get_by_test_id("back").click()
    second.get_by_test_id("update").get_by_role("button").click()
    second.wait_for_function("() => document.querySelector('script[type=module]')?.src.includes('-next.js')")
    second.close()

    dock.context.set_offline(False)
    dock.uploaded()
    assert play.received(order) == {"kettle": 3}
