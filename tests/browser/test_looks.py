"""Everything there is to see, in both languages, light and dark: readable, complete, within its screen, big enough to hit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from server.demo import world

from . import tour
from .conftest import DESK, Server, scan, sign_in_at_desk

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("zh-CN", "en")
NARROW, HANDHELD = 320, 360
TAP = 48
# What a browser says of a network that is not there, and of a page that asks who is signed in before anybody is.
EXPECTED = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")

RUN_AXE = """async (rules) => {
  const found = await axe.run(document, { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) })
  return found.violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .flatMap((one) => one.nodes.slice(0, 3).map((node) =>
      `${one.id}: ${node.target.join(' ')}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? one.help}`))
}"""

# What is judged is where a colour arrives, not what it passes on its way there.
HOLD_STILL = """() => {
  const still = new CSSStyleSheet()
  still.replaceSync('*, ::before, ::after { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still]
}"""

# Nothing may stick out of the page sideways, seen or cut off; what scrolls sideways by itself is a table's box.
STICKING_OUT = """() => {
  const wide = document.documentElement.clientWidth
  const named = (one) => `${one.tagName.toLowerCase()}.${[...one.classList].join('.')} “${one.textContent.trim().slice(0, 30)}”`
  const out = document.documentElement.scrollWidth > wide ? [`the page is ${document.documentElement.scrollWidth} wide`] : []
  for (const one of document.querySelectorAll('#app *, dialog *')) {
    const box = one.getBoundingClientRect()
    if (box.width === 0 || box.height === 0 || box.right <= wide + 1 || one.closest('.table-box, .unseen, svg, [aria-hidden=true]')) continue
    if (one.parentElement && one.parentElement.getBoundingClientRect().right > wide + 1) continue
    out.push(`${named(one)} ends at ${Math.round(box.right)} of ${wide}`)
  }
  return out
}"""

SMALL = """(tap) => {
  const named = (one) => one.dataset.testid ?? (one.getAttribute('aria-label') || one.textContent.trim().slice(0, 30) || one.tagName)
  return [...document.querySelectorAll('button, a[href], input, select, textarea, [role=button]')].flatMap((one) => {
    const target = one.closest('label') ?? one
    const box = target.getBoundingClientRect()
    if (box.width === 0 || one.classList.contains('unseen') && target === one || getComputedStyle(one).visibility === 'hidden') return []
    if (target.closest('[aria-hidden=true]') || (box.width <= 2 && box.height <= 2)) return []
    return box.height < tap - 0.5 || box.width < tap - 0.5 ? [`${named(one)}: ${Math.round(box.width)}×${Math.round(box.height)}`] : []
  })
}"""

# Words for programs: a key (nav.todo), a code (return_to_vendor), a value nobody put in ({n}); in Chinese also a bare English word.
UNTRANSLATED = """(language) => {
  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim()
    const at = walker.currentNode.parentElement
    if (!text || !at.checkVisibility() || at.closest('.code, code, kbd, script, style, [lang], .raw')) continue
    if (/(^|[^\\w@/.:-])[a-z]+([._][a-z]+)+(?![\\w/:@-])/.test(text) || /\\{\\w+[^}]*\\}/.test(text) || /undefined|NaN|\\[object/.test(text)) found.push(text)
    else if (language === 'zh-CN' && !text.includes(' / ') && text.split(/[·,:：，。、|（）()]|[\\u4e00-\\u9fff]+/).some((part) => /^[a-z]{3,}( [a-z]+)*$/.test(part.trim()))) found.push(text)
  }
  return found.map((text) => text.slice(0, 80))
}"""
A_NAME_IS_A_NAME = ("zxing, zbar",)


LOOKS: tuple[tuple[Literal["light", "dark"], list[str] | None], ...] = (("light", None), ("dark", ["color-contrast"]))


class Faults(list[str]):
    """Everything that is wrong on the way, so that one walk tells all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = ""

    def add(self, what: str, found: list[str]) -> None:
        self += [f"{self.at}: {what}: {one}" for one in found]

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(f"{self.at}: it threw {error}"))
        page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not any(expected in text for expected in EXPECTED):
            self.append(f"{self.at}: in the console: {text[:200]}")


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert not found, "\n".join(dict.fromkeys(found))


def reads_well(page: Page, language: str, faults: Faults) -> None:
    """All of axe in the light; in the dark only colours can differ."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
        page.evaluate(HOLD_STILL)
    for look, rules in LOOKS:
        page.emulate_media(color_scheme=look)
        page.evaluate("() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
        faults.add(f"axe, {look}", page.evaluate(RUN_AXE, rules))
    page.emulate_media(color_scheme="light")
    strange = page.evaluate(UNTRANSLATED, language)
    faults.add("no word for people", [text for text in strange if text not in A_NAME_IS_A_NAME])


def fits(page: Page, width: int, faults: Faults) -> None:
    before = page.viewport_size
    assert before
    page.set_viewport_size({**before, "width": width})
    page.wait_for_timeout(30)
    faults.add(f"{width} px", page.evaluate(STICKING_OUT))
    page.set_viewport_size(before)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_floor_reads_fits_and_can_be_hit(chromium: Browser, server: Server, language: str, faults: Faults) -> None:
    for name, page, _ in tour.floor(chromium, server, language, faults.listen):
        faults.at = f"floor {name}"
        reads_well(page, language, faults)
        fits(page, NARROW, faults)
        fits(page, HANDHELD, faults)
        faults.add("small", page.evaluate(SMALL, TAP))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_reads_and_fits(chromium: Browser, server: Server, language: str, faults: Faults) -> None:
    for name, page, phone in tour.desk(chromium, server, language, faults.listen):
        faults.at = f"desk {name}"
        reads_well(page, language, faults)
        fits(page, DESK["width"], faults)
        if phone:
            fits(page, NARROW, faults)
            fits(page, HANDHELD, faults)


def test_switching_the_language_keeps_what_is_being_done(
    server: Server, at_desk: Callable[..., Page], handheld: Callable[..., Page]
) -> None:
    desk = at_desk(f"{server.url}/desk/returns/new")
    sign_in_at_desk(desk, "sun", world.PASSWORD)
    desk.goto(f"{server.url}/desk/returns/new")
    note = desk.locator("#page textarea").first
    note.fill("周五上门取件")
    for word, title in (("English", "New return"), ("中文", "新建退库单")):
        desk.get_by_test_id("person").click()
        desk.get_by_test_id("language").get_by_text(word).click()
        desk.keyboard.press("Escape")
        expect(desk.locator("#page h1")).to_have_text(title)
        expect(note).to_have_value("周五上门取件")

    floor = tour.floor_at(handheld(server.url, "zh-CN"), server)
    scan(floor, "SF6120458817999")
    expect(floor.get_by_test_id("parcel")).to_contain_text("SF6120458817999")
    scan(floor, world.GOODS["MUG-RD"].barcode)
    expect(floor.get_by_test_id("result-number")).to_have_text("1")
    for word, title in (("English", "Receive"), ("中文", "拆包收货")):
        floor.get_by_test_id("who").click()
        floor.get_by_test_id("language").get_by_text(word).click()
        floor.go_back()
        expect(floor.get_by_test_id("title")).to_have_text(title)
        expect(floor.get_by_test_id("parcel")).to_contain_text("SF6120458817999")
        expect(floor.get_by_test_id("result-number")).to_have_text("1")
