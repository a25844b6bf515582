"""A walk past everything there is to see in the demo: each stop is a name and a page that shows it, settled.

Whoever asks for the next stop walks on, so what is done to a page at a stop must leave it as it was.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from server.demo import goods, world
from server.domain.numbers import own_label

from .conftest import DESK, HANDHELD, Server, badge_in, demo_at

WORDS = {"zh-CN": "中文", "en": "English"}
BADGE_OF = {"zh-CN": "min", "en": "tom"}  # who may do everything there is on the floor
WITHOUT_ORDER, ON_ITS_WAY = "SF6120458817734", "JD4870012265193"
A_PERSON = 950  # ms between two scans of the same code: a scanner's bounce is shorter


class Stop(NamedTuple):
    name: str
    page: Page
    phone: bool = True
    """Whether this has to read on a handheld or a supervisor's phone."""


def scan(page: Page, text: str) -> None:
    """By a scanner that sends its code whole: one that sends keys would be taken for a hand while the machine is busy. A whole code goes
    where the focus is, and the app takes it a moment after a screen has come."""
    page.wait_for_function("() => document.activeElement?.inputMode === 'none'")
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def settle(page: Page) -> None:
    """Nothing is being asked any more, and what moved has stopped."""
    page.wait_for_function(
        "() => document.fonts.status === 'loaded' && !document.querySelector('[data-testid=loading], .spin')"
    )
    page.wait_for_timeout(150)


# The floor


def floor(
    browser: Browser, server: Server, language: str, visit: Callable[[Page], None] = lambda page: None, sharp: float = 1
) -> Iterator[Stop]:
    """A handheld's first minutes: enrolled and signed in with network, and then at work without. `sharp`: dots to a pixel."""
    context = browser.new_context(
        viewport=HANDHELD,
        device_scale_factor=sharp,
        locale=language,
        has_touch=True,
        reduced_motion="reduce",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    visit(page)
    try:
        yield from _first_screens(page, server.url, _enrolment_code(server), language)
        context.set_offline(True)
        page.evaluate("dispatchEvent(new Event('offline'))")
        yield from _at_work(page, _order_to_receive(browser, server.url))
    finally:
        context.close()


def _first_screens(page: Page, url: str, code: str, language: str) -> Iterator[Stop]:
    page.goto(url)
    page.get_by_test_id("language").get_by_text(WORDS[language]).click()
    yield _stop("welcome", page)
    page.get_by_test_id("way-check").click()
    page.get_by_test_id("check-verdict").wait_for()
    yield _stop("check", page)
    page.go_back()
    page.get_by_test_id("way-floor").click()
    page.get_by_test_id("enrol").wait_for()
    yield _stop("enrol", page)
    page.get_by_test_id("enrol-code").fill(code)
    page.get_by_test_id("enrol-name").fill("PDA 7")
    page.get_by_test_id("enrol-send").click()
    page.get_by_test_id("sign-in").wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=sign-in] .notice')")  # the pack has come
    yield _stop("sign-in", page)
    scan(page, _badge(language))
    page.get_by_test_id("pin-pad").get_by_role("button", name="2", exact=True).click()
    yield _stop("pin", page)
    page.get_by_test_id("sign-in-back").click()
    badge_in(page, _badge(language), world.PIN)
    page.get_by_test_id("task").first.wait_for()
    yield _stop("home", page)


def floor_at(page: Page, server: Server) -> Page:
    """The same without looking round: this page becomes a handheld at work, in its own language."""
    for _ in _first_screens(page, server.url, _enrolment_code(server), page.evaluate("document.documentElement.lang")):
        pass
    return page


def _badge(language: str) -> str:
    return next(world.badge_text(worker) for worker in goods.PEOPLE if worker.username == BADGE_OF[language])


def _at_work(page: Page, number: str) -> Iterator[Stop]:
    def item(sku: str) -> str:
        return world.GOODS[sku].barcode

    def home(then: str = "") -> None:
        page.get_by_test_id("back").click()
        page.get_by_test_id("count-inspect").wait_for()
        if then:
            page.get_by_test_id(then).click()

    def close(sheet: str) -> None:
        page.get_by_test_id(f"sheet-{sheet}").get_by_test_id("sheet-close").click()

    _scan(page, item("BLN-RD"))
    page.get_by_test_id("looked-up").wait_for()
    yield _stop("home-item", page)
    page.get_by_test_id("look-close").click()
    _scan(page, item("KET-GN"))
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=standard] img')].some((img) => img.naturalWidth > 0)"
    )
    yield _stop("home-standard", page)
    page.get_by_test_id("look-close").click()

    page.get_by_test_id("primary").click()
    page.get_by_test_id("load-count").wait_for()
    _scan(page, ON_ITS_WAY)
    _scan(page, "SF6120458817001")
    yield _stop("sign-for", page)

    # An order, a tote, and four of its goods; then what does not belong to it.
    home()
    _scan(page, "SF6120458817118")
    _scan(page, number)
    _scan(page, own_label("SH", 870))
    _scan(page, item("RCK-WH"))
    page.wait_for_timeout(A_PERSON)
    yield _stop("receive", _scan(page, item("RCK-WH")))
    yield _stop("receive-not-ordered", _scan(page, item("MUG-RD")))
    page.get_by_test_id("more").click()
    yield _stop("sheet-more", page)
    page.get_by_test_id("action-quantity").click()
    yield _stop("sheet-quantity", _shown(page.get_by_test_id("sheet-quantity")))
    close("quantity")
    page.get_by_test_id("type-code").click()
    yield _stop("sheet-type", _shown(page.get_by_test_id("sheet-type")))
    close("type")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-guide").click()
    yield _stop("sheet-guide", _shown(page.get_by_test_id("sheet-guide")))
    close("guide")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-history").click()
    yield _stop("sheet-history", _shown(page.get_by_test_id("history")))
    close("history")
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-photo").click()
    yield _stop("sheet-photo", _shown(page.get_by_test_id("sheet-photo")))
    close("photo")
    _scan(page, "X0099-4711-C")
    yield _stop("sheet-unknown", _shown(page.get_by_test_id("sheet-unknown")))
    close("unknown")
    _scan(page, item("SRM-30"))
    yield _stop("sheet-lot", _shown(page.get_by_test_id("sheet-lot")))
    page.get_by_test_id("lot-none").click()
    _scan(page, item("PWR-BK"))
    yield _stop("sheet-serial", _shown(page.get_by_test_id("sheet-serial")))
    page.get_by_test_id("serial-none").click()
    yield _stop("alarm", _shown(page.get_by_test_id("alarm")))
    scan(page, "RSTW:OK")
    page.get_by_test_id("alarm").wait_for(state="hidden")

    _scan(page, WITHOUT_ORDER)
    _scan(page, item("KET-WH"))
    page.get_by_test_id("match").first.wait_for()
    yield _stop("receive-no-order", page)

    home("count-inspect")
    yield _stop("inspect", _shown(page.get_by_test_id("to-inspect")))
    _scan(page, item("RCK-WH"))
    page.get_by_test_id("checks").wait_for()
    yield _stop("inspect-unit", page)
    page.get_by_test_id("function-fail").click()
    page.get_by_test_id("check-function").locator(".chip").first.click()
    yield _stop("inspect-fail", page)

    home("count-put")
    yield _stop("put-away", page)
    _scan(page, page.get_by_test_id("to-put-away").locator(".code").filter(has_text="LSH").first.inner_text())
    yield _stop("put-away-held", page)

    shelf = page.get_by_test_id("destination").get_attribute("data-bin") or ""
    home()
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-count").click()
    _scan(page, shelf)
    _scan(page, item("MUG-RD"))
    yield _stop("count", _shown(page.get_by_test_id("counted")))
    page.get_by_test_id("more").click()
    page.get_by_test_id("action-leave").click()

    home()
    yield _stop("home-offline", page)
    page.get_by_test_id("sync-pill").click()
    yield _stop("sync", _shown(page.get_by_test_id("pending-list")))
    home()
    page.get_by_test_id("who").click()
    yield _stop("device", _shown(page.get_by_test_id("readiness")))
    page.get_by_test_id("scanner-setup").click()
    page.get_by_test_id("scanner-step").scroll_into_view_if_needed()
    yield _stop("scanner-setup", page)
    page.get_by_test_id("scanner-setup").click()
    page.evaluate("scrollTo(0, 0)")
    page.get_by_test_id("practise-exam").click()
    yield _stop("practice", _shown(page.get_by_test_id("practice-line")))
    page.get_by_test_id("practice-open").click()
    yield _stop("sheet-practice", _shown(page.get_by_test_id("sheet-practice")))
    page.get_by_test_id("practice-finish").click()
    yield _stop("practice-score", _shown(page.get_by_test_id("practice-score")))
    page.get_by_test_id("practice-end").click()
    page.get_by_test_id("sync-pill").wait_for()
    page.get_by_test_id("who").click()
    page.get_by_test_id("sign-out").click()
    yield _stop("end-of-shift", _shown(page.get_by_test_id("end-of-shift")))


def _enrolment_code(server: Server) -> str:
    """Shanghai's, as the demo prints it."""
    found = re.search(r"([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})  +SH ", demo_at(server.data))
    assert found
    return found[1]


def _order_to_receive(browser: Browser, url: str) -> str:
    """An approved return with coat racks in it that nobody has opened yet."""
    context = browser.new_context()
    try:
        desk = _Asks(context, url)
        desk.sign_in("zhang")
        rows = desk.get("/api/returns?status=approved&limit=50")["rows"]
        return next(str(row["number"]) for row in rows if row["customer"]["code"] == "C1007")
    finally:
        context.close()


def _scan(page: Page, text: str) -> Page:
    """And waits until the screen has said what became of it, or asks something."""
    before = _count(page)
    scan(page, text)
    page.wait_for_function(
        "before => document.querySelector('[data-testid=alarm], [data-testid^=sheet-]') "
        "|| document.querySelector('[data-testid=last-result]')?.dataset.count !== before",
        arg=before,
    )
    return page


def _count(page: Page) -> str | None:
    result = page.get_by_test_id("last-result")
    return result.get_attribute("data-count") if result.count() else None


def _shown(what: Locator) -> Page:
    what.wait_for()
    return what.page


def _stop(name: str, page: Page, phone: bool = True) -> Stop:
    settle(page)
    return Stop(name, page, phone)


# The desk


class _Asks:
    """The API, as a page of this context would ask it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._request, self._url = context.request, url

    def get(self, path: str) -> Any:
        return self._request.get(self._url + path).json()

    def sign_in(self, username: str) -> None:
        answer = self._request.post(
            f"{self._url}/api/session",
            data={"username": username, "password": world.PASSWORD},
            headers={"Origin": self._url},
        )
        assert answer.ok, answer.text()


PHONE_PAGES = ("todo", "review", "decide", "returns", "search")


def desk(
    browser: Browser, server: Server, language: str, visit: Callable[[Page], None] = lambda page: None
) -> Iterator[Stop]:
    """Every page, each as somebody who has work there."""
    url = server.url
    zhang = _at_desk(browser, url, language, "zhang", visit)
    try:
        yield from _as_supervisor(zhang, url)
    finally:
        zhang.context.close()
    for username, pages in (("chen", _as_reviewer), ("admin", _as_administrator)):
        page = _at_desk(browser, url, language, username, visit)
        try:
            yield from pages(page, url)
        finally:
            page.context.close()


def _at_desk(browser: Browser, url: str, language: str, username: str, visit: Callable[[Page], None]) -> Page:
    context = browser.new_context(viewport=DESK, locale=language, reduced_motion="reduce", timezone_id="Asia/Shanghai")
    context.set_default_timeout(15_000)
    _Asks(context, url).sign_in(username)
    context.add_init_script("localStorage.setItem('restow.desk', 'yes')")  # somebody signed in here before
    page = context.new_page()
    visit(page)
    page.goto(f"{url}/desk/health")
    page.get_by_test_id("person").click()
    page.get_by_test_id("language").get_by_text(WORDS[language]).click()
    page.wait_for_function("language => document.documentElement.lang === language", arg=language)
    return page


def _as_supervisor(page: Page, url: str) -> Iterator[Stop]:
    asks = _Asks(page.context, url)
    todo = asks.get("/api/todo")
    clash = next(row for row in todo["conflicts"] if row["rule"] == "X14")
    verdicts = next(row for row in todo["conflicts"] if row["rule"] == "X3")
    unclaimed = asks.get("/api/parcels?state=unclaimed&limit=1")["rows"][0]
    kettle = asks.get("/api/search?q=KET-GN")["hits"][0]
    for name, path in (
        ("todo", "/desk/todo"),
        ("decide", f"/desk/conflicts/{clash['id']}"),
        ("decide-verdicts", f"/desk/conflicts/{verdicts['id']}"),
        ("conflicts", "/desk/conflicts"),
        ("returns", "/desk/returns"),
        ("return", _return_of(asks, "C1013")),
        ("return-disposing", _return_of(asks, "C1014")),
        ("parcels", "/desk/parcels"),
        ("parcel", f"/desk/parcels/{unclaimed['id']}"),
        ("decide-unclaimed", f"/desk/todo/unclaimed/{unclaimed['id']}"),
        ("decide-alert", f"/desk/todo/alert/{todo['alerts'][0]['id']}"),
        ("stock", "/desk/stock"),
        ("stock-bins", "/desk/stock?group=bin"),
        ("entries", kettle["url"] if "entries" in kettle["url"] else f"/desk/stock/entries?item={kettle['id']}"),
        ("counts", "/desk/stock/counts"),
        ("lot-holds", "/desk/stock/lots"),
        ("hand-overs", "/desk/stock/hand-overs"),
        ("availability", "/desk/availability"),
        ("alerts", "/desk/alerts"),
        ("reconciliation", "/desk/reconciliation"),
        ("losses", "/desk/losses"),
        ("why", "/desk/why?tab=stock"),
        ("devices", "/desk/devices"),
        ("cards", "/desk/cards"),
        ("search", "/desk/search?q=SF"),
        ("outbound", _outbound_of(asks)),
        ("new-return", "/desk/returns/new"),
        ("health", "/desk/health"),
        ("lost", "/desk/nowhere"),
    ):
        yield _page(page, url, name, path)
    yield from _reconcile(page, url)
    page.goto(f"{url}/desk/devices")
    settle(page)
    page.get_by_test_id("enrol").click()
    yield _stop("enrol-dialog", _shown(page.get_by_test_id("enrol-dialog")), phone=False)


def _reconcile(page: Page, url: str) -> Iterator[Stop]:
    page.goto(f"{url}/desk/stock")
    settle(page)
    page.get_by_test_id("reconcile").click()
    yield _stop("reconcile", _shown(page.get_by_test_id("reconcile-dialog")), phone=False)


def _as_reviewer(page: Page, url: str) -> Iterator[Stop]:
    reviews = _Asks(page.context, url).get("/api/todo")["reviews"]
    order = max(reviews, key=lambda row: row["amount"])
    yield _page(page, url, "review", f"/desk/review/{order['id']}")


def _as_administrator(page: Page, url: str) -> Iterator[Stop]:
    for name in ("people", "sites", "imports"):
        yield _page(page, url, name, f"/desk/{name}")


def _page(page: Page, url: str, name: str, path: str) -> Stop:
    page.goto(url + path)
    page.locator("#page h1").first.wait_for()
    return _stop(name, page, phone=name in PHONE_PAGES)


def _return_of(asks: _Asks, customer: str) -> str:
    """The customer's return that has come furthest without being over."""
    rows = [
        row for row in asks.get("/api/returns?limit=100")["rows"] if (row["customer"] or {}).get("code") == customer
    ]
    worked = max(
        (row for row in rows if row["status"] in ("inspecting", "disposing")), key=lambda row: row["inspected"]
    )
    return f"/desk/returns/{worked['id']}"


def _outbound_of(asks: _Asks) -> str:
    hit = next(hit for hit in asks.get("/api/search?q=CK26")["hits"] if "outbound" in hit["url"])
    return str(hit["url"])
