"""make screenshots: the pictures in README, and every screen of handheld and desk in both languages, made anew from a running demo.

python -m tests.screenshots               docs/screenshots/ for README; every screen and page in build/screenshots/
python -m tests.screenshots --all FOLDER  every screen and page, in both languages, light and dark, to look through
"""

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from .browser import tour
from .browser.conftest import CHROMIUM, FLAGS, HANDHELD, Server, demo_server

README_SHOWS = (
    "floor-receive-zh-light",
    "floor-inspect-fail-en-light",
    "floor-put-away-held-en-dark",
    "desk-stock-en-light",
    "desk-decide-zh-light",
    "desk-todo-en-dark",
)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SCREENS = FOLDER.parent.parent / "build" / "screenshots"
LANGUAGES = {"zh-CN": "zh", "en": "en"}
LOOKS = ("light", "dark")
COLOURS = 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="write every picture there, and leave README's alone"
    )
    everything: Path | None = parser.parse_args().all
    for folder in (everything or FOLDER, everything or SCREENS):
        folder.mkdir(parents=True, exist_ok=True)
    if CHROMIUM is None:
        sys.exit("Chromium is not installed: apt-get install chromium")

    with demo_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, page in _pictures(browser, server, sharp=1 if everything else 2):
            wanted = [everything] if everything else [FOLDER] * (name in README_SHOWS)
            if not everything and (name.startswith("floor-") or name.endswith("-light")):
                wanted.append(SCREENS)
            for folder in wanted:
                size = _save(page, folder / f"{name}.png")
                print(f"{size // 1024:>5} kB  {folder.name}/{name}", flush=True)
        browser.close()


def _pictures(browser: Browser, server: Server, sharp: float) -> Iterator[tuple[str, Page]]:
    for language, short in LANGUAGES.items():
        for place, stops in (
            ("floor", tour.floor(browser, server, language, sharp=sharp)),
            ("desk", tour.desk(browser, server, language)),
        ):
            for stop in stops:
                for look in LOOKS:
                    stop.page.emulate_media(color_scheme=look)  # type: ignore[arg-type]  # one of LOOKS
                    yield f"{place}-{stop.name}-{short}-{look}", stop.page
                    if place == "desk" and stop.phone:
                        wide = stop.page.viewport_size
                        stop.page.set_viewport_size(HANDHELD)
                        yield f"phone-{stop.name}-{short}-{look}", stop.page
                        assert wide
                        stop.page.set_viewport_size(wide)
                stop.page.emulate_media(color_scheme="light")


def _save(page: Page, path: Path) -> int:
    """A palette is enough for paper, ink and one colour, and a third of the bytes."""
    page.wait_for_timeout(60)
    with Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))) as shot:
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    main()
