"""A play: one server with the cast in it, handhelds and desks that stay open from scene to scene, and what happened behind the stage.

What a test is about is done through the screens. What must only have happened before (a return filed and approved, goods received by a
colleague) is done by the same commands, straight into the database beside the running server.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from server.config import Config
from server.database import Database
from server.domain import documents, stock
from server.domain.catalog import Item
from server.domain.ids import derived_id
from server.domain.numbers import document_number, own_label
from server.domain.outbound_claims import OutboundClaim
from server.domain.permissions import SYSTEM
from server.domain.receiving import Receipt
from server.domain.work import Work
from server.sync.shapes import BY_MODEL
from tests.cast import SITE, Desk, Handheld

from . import stage
from .conftest import DESK, HANDHELD, Errors, Server, badge_in, enrol, free_port, scan, sign_in_at_desk

MINUTE = 60_000


class Return(NamedTuple):
    id: str
    number: str
    tote: str = ""
    serials: tuple[str, ...] = ()


class Pda:
    """A handheld whose page may crash and be opened again; what it keeps is in its browser context."""

    def __init__(self, play: "Play", name: str) -> None:
        self.play, self.name = play, name
        self.context = play.context(viewport=HANDHELD, has_touch=True, service_workers="allow")
        self.page = play.errors.listen(self.context.new_page())

    def enrol(self, who: str) -> "Pda":
        self.page.goto(self.play.url)
        enrol(self.page, self.play.texts["code"], self.name)
        badge_in(self.page, self.play.texts[who])
        expect(self.page.get_by_test_id("sync-pill")).to_contain_text("all uploaded", timeout=30_000)
        return self

    def held_by(self, who: str) -> Page:
        """At the start of a scene: this person, the first screen, online, nothing in hand but what is kept."""
        self.context.set_offline(False)
        self.go("")
        named = self.page.get_by_test_id("who").filter(has_text=who.title())
        if not named.is_visible():
            badge_in(self.page, self.play.texts[who])
        while (
            sheet := self.page.get_by_test_id("sheet-close")
        ).is_visible():  # what an earlier scene was asked and did not answer
            sheet.click()
        return self.page

    def knows(self, who: str, order: "Return") -> "Return":
        """This person holds it, and this return has come to it."""
        self.held_by(who)
        self.page.get_by_test_id("sync-pill").click()
        self.page.get_by_test_id("primary").click()
        self.uploaded()
        self.page.get_by_test_id("back").click()
        return order

    def go(self, screen: str | None) -> Page:
        """The screen is there, and so is what listens to the scanner. None: wherever an installed app opens."""
        self.page.goto(self.play.url if screen is None else f"{self.play.url}/floor/{screen}".rstrip("/"))
        self.page.get_by_test_id("sync-pill").or_(self.page.get_by_test_id("sign-in")).first.wait_for()
        return self.page

    def reopen(self, screen: str | None = "") -> Page:
        """The page is gone, whatever became of it, and somebody opens the app again."""
        with suppress(PlaywrightError):
            self.page.close()
        self.page = self.play.errors.listen(self.context.new_page())
        return self.go(screen)

    def uploaded(self) -> None:
        self.page.wait_for_timeout(300)  # the pill has heard of what was just recorded
        expect(self.page.get_by_test_id("sync-pill")).to_contain_text("all uploaded", timeout=MINUTE)


class Play:
    def __init__(self, chromium: Browser, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.data.mkdir()
        self.texts = stage.build(self.data)
        self.chromium, self.errors = chromium, Errors()
        self.server = Server(self.data, free_port())
        self.url = self.server.url
        self._contexts: list[BrowserContext] = []
        self._numbers = itertools.count(1)
        self.open_books()

    def open_books(self) -> None:
        """The database beside the running server. Closed before it is replaced."""
        config = Config.from_env({"RESTOW_DATA": str(self.data)})
        self.database = Database(config.database_url, BY_MODEL)
        self.desk, self.colleague = Desk(self.database), Handheld(self.database, "A1")

    # —— who is there ——

    def context(self, **options: Any) -> BrowserContext:
        context = self.chromium.new_context(locale="en", **options)
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        return context

    def handheld(self, who: str, name: str) -> Pda:
        return Pda(self, name).enrol(who)

    def office(self, who: str, address: str = "/desk/todo") -> Page:
        """Somebody at a desk of their own, signed in."""
        page = self.errors.listen(self.context(viewport=DESK).new_page())
        page.goto(self.url + address)
        sign_in_at_desk(page, who)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.wait_for_timeout(300)  # and this browser remembers it
        return page

    # —— what happened before ——

    def waybill(self) -> str:
        return f"SF{7300000000000 + 37 * next(self._numbers)}"

    def label(self) -> str:
        return own_label("SH", 500 + next(self._numbers))

    def filed_return(self, *, by: str = "sally", customer: str = "customer", **quantities: int) -> Return:
        number = f"R-{2000 + next(self._numbers)}"
        self.desk(
            by, "create_return", order_id=f"order-{number}", number=number, site_id=SITE, type_code="customer", customer_id=customer,
            lines=[{"line_id": f"{item}-{number}", "item_id": item, "quantity": n} for item, n in quantities.items()],
        )  # fmt: skip
        self.desk(by, "submit_return", order_id=f"order-{number}")
        return Return(f"order-{number}", number)

    def approved_return(self, **quantities: int) -> Return:
        order = self.filed_return(**quantities)
        self.desk("rita", "approve_return", order_id=order.id)
        return order

    def signed_parcel(self, order: Return) -> str:
        """A colleague has signed for a parcel and knows which return it brings."""
        waybill = self.waybill()
        parcel = derived_id("parcel", SITE, "SF", waybill)
        self.colleague.do("cleo", "sign_parcel", parcel_id=parcel, site_id=SITE, waybill=waybill, carrier="SF")
        self.colleague.do("cleo", "bind_parcel", parcel_id=parcel, order_id=order.id)
        self.colleague.sync()
        return waybill

    def shipped(self, **quantities: int) -> Return:
        """An outbound order of Miss Wang's, as an import brings it."""
        number = f"OUT-{3000 + next(self._numbers)}"

        def bring(work: Work) -> None:
            work.add(documents.OutboundOrder, id=number, number=number, site_id=SITE, owner_id="owner", customer_id="customer",
                     shipped_on="2026-11-01", shipped_at=work.now - 9 * 86_400_000, waybill=self.waybill())  # fmt: skip
            for item, quantity in quantities.items():
                work.add(documents.OutboundLine, id=f"{number}-{item}", outbound_id=number, site_id=SITE, item_id=item,
                         quantity=quantity)  # fmt: skip

        self.database.write(SYSTEM, bring)
        return Return(number, number)

    def stands(self, bin: str, status: str, label: str = "", **quantities: int) -> str:
        """Goods that have stood in this bin for long, in a tote if it has a label; returns the bin's code."""
        tote = derived_id("container", SITE, label) if label else ""
        if label:
            self.colleague.do("cleo", "use_container", container_id=tote, site_id=SITE, label=label, bin_id=bin)
            self.colleague.sync()

        def put(work: Work) -> None:
            work.because_of(f"stands-{next(self._numbers)}")
            for item, quantity in quantities.items():
                stock.move(work, SITE, work.get(Item, item), quantity, stock.OUT, stock.Place(status, bin, tote),
                           stock.Cause("receive"))  # fmt: skip

        self.database.write(SYSTEM, put)
        return f"SH-{bin.removeprefix('bin-').upper()}-01"

    def lines_shipped(self, sold: Return) -> list[documents.OutboundLine]:
        return self.books(documents.OutboundLine, documents.OutboundLine.outbound_id == sold.id)

    def run_out(self, sold: Return) -> None:
        """A week later: what handhelds had reserved of this shipment has lapsed."""
        lines = {line.id for line in self.lines_shipped(sold)}

        def lapse(work: Work) -> None:
            for claim in work.find(OutboundClaim, OutboundClaim.line_id == ""):
                if claim.outbound_line_id in lines:
                    claim.expires_at = work.now - 1

        self.database.write(SYSTEM, lapse)

    def received_return(self, **quantities: int) -> Return:
        """A colleague has received all of it into a tote of its own; cameras by serial number."""
        order = self.approved_return(**quantities)
        label = self.label()
        tote, serials = derived_id("container", SITE, label), []
        self.colleague.do(
            "cleo", "use_container", container_id=tote, site_id=SITE, label=label, kind="tote", bin_id="bin-quarantine"
        )
        for item, quantity in quantities.items():
            line = f"{item}-{order.number}"
            if item != "camera":
                self.colleague.scan("cleo", order.id, line, item, quantity, container_id=tote)
                continue
            for n in range(quantity):
                serials.append(f"CAM/{order.number}/{n}")
                self.colleague.scan("cleo", order.id, line, item, 1, container_id=tote, serial=serials[-1])
        self.colleague.sync()
        return order._replace(tote=label, serials=tuple(serials))

    def unclaimed_parcel(self) -> tuple[str, str]:
        """A lamp nobody sent; returns the parcel's id and waybill."""
        waybill, order = self.waybill(), f"order-of-nobody-{next(self._numbers)}"
        parcel = derived_id("parcel", SITE, "SF", waybill)
        number = document_number("RT", "A1", next(self._numbers))
        self.colleague.do("cleo", "sign_parcel", parcel_id=parcel, site_id=SITE, waybill=waybill, carrier="SF")
        self.colleague.do("cleo", "open_parcel", parcel_id=parcel)
        self.colleague.do(
            "cleo", "open_return_without_order", order_id=order, number=number, site_id=SITE, parcel_id=parcel
        )
        self.colleague.do("cleo", "bind_parcel", parcel_id=parcel, order_id=order)
        self.colleague.scan("cleo", order, f"lamp-{order}", "lamp", 1, parcel_id=parcel)
        self.colleague.do("cleo", "close_parcel", parcel_id=parcel, unclaimed=True)
        self.colleague.sync()
        return parcel, waybill

    # —— what the books say ——

    def books(self, model: type[Any], *where: Any) -> list[Any]:
        with self.database.read(SYSTEM) as work:
            return list(work.find(model, *where))

    def received(self, order: Return) -> dict[str, int]:
        """Units per item code or unknown text, as the server has them."""
        counts: dict[str, int] = {}
        for receipt in self.books(Receipt, Receipt.order_id == order.id):
            name = receipt.item_id or receipt.text
            counts[name] = counts.get(name, 0) + receipt.quantity - receipt.unreceived
        return {name: count for name, count in counts.items() if count}

    def restow(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", *command], capture_output=True, text=True,
            env={**os.environ, "RESTOW_DATA": str(self.data), "DATABASE_URL": "", "REDIS_URL": ""},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        for context in self._contexts:
            with suppress(PlaywrightError):
                context.close()
        self.database.close()
        self.server.stop()


@contextmanager
def playing(chromium: Browser, folder: Path) -> Iterator[Play]:
    play = Play(chromium, folder)
    try:
        yield play
    finally:
        play.close()


# —— what people do ————————————————————————————————————————————————————————————————————————————————————————————————————


def open_parcel(pda: Pda, order: Return) -> str:
    """Waybill and return number: the goods of this order lie open."""
    waybill = pda.play.waybill()
    scan(pda.page, waybill)
    expect(pda.page.get_by_test_id("parcel")).to_contain_text(waybill)
    scan(pda.page, order.number)
    expect(pda.page.get_by_test_id("parcel")).to_contain_text(order.number)
    return waybill


def said(page: Page, tone: str, *words: str) -> None:
    """The last scan's result, in its colour and its words."""
    result = page.get_by_test_id("last-result")
    for word in words:
        expect(result).to_contain_text(word)
    expect(result).to_have_attribute("data-tone", tone)


def counted(page: Page, number: str) -> None:
    expect(page.get_by_test_id("result-number")).to_have_text(number)


def todo(page: Page, kind: str, number: str) -> Any:
    """What waits for somebody about this return or parcel: entries of one order stand together under its number."""
    return page.get_by_test_id("todo-list").locator("> li").filter(has_text=number).get_by_test_id(f"todo-{kind}")


def line(page: Page, sku: str) -> Any:
    return page.locator(f'[data-testid="line"][data-sku="{sku}"]')


def decide(page: Page, option: str, note: str = "") -> None:
    """One of the ways out of whatever is open, with its effect shown."""
    page.get_by_test_id(f"option-{option}").check()
    if note:
        page.get_by_test_id("resolve-note").fill(note)
    page.get_by_test_id("resolve").click()
