"""What the desk promises to the office, in real browsers with a real server and worker: reviews, links, refusals, alerts, claims, people."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.differences import Difference
from server.domain.parcels import Parcel
from server.domain.permissions import SYSTEM
from server.domain.returns import ReturnOrder
from tests.cast import SITE

from .conftest import DESK, HANDHELD, Errors, Server, free_port, sign_in_at_desk
from .play import MINUTE, Play, decide, playing, todo


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("desk")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def rita(play: Play) -> Page:
    return play.office("rita")


@pytest.fixture(scope="module")
def sam(play: Play) -> Page:
    return play.office("sam")


@pytest.fixture(scope="module")
def otto(play: Play) -> Page:
    return play.office("otto")


@pytest.fixture(scope="module")
def ada(play: Play) -> Page:
    return play.office("ada")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def at(page: Page, play: Play, address: str) -> Page:
    page.goto(play.url + address)
    return page


# —— reviews ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_review_waits_in_the_list_and_its_approval_is_seen_by_whoever_filed_without_a_reload(
    play: Play, rita: Page
) -> None:
    order = play.filed_return(kettle=2)
    sally = play.office("sally", f"/desk/returns/{order.id}")
    expect(sally.get_by_test_id("return")).to_contain_text("Submitted")
    todo(at(rita, play, "/desk/todo"), "review", order.number).click()
    expect(rita.get_by_test_id("around")).to_contain_text("Green-Kettle")
    expect(rita.get_by_test_id("option-box-approve")).to_contain_text("Submitted → Approved", ignore_case=True)
    decide(rita, "approve")
    expect(todo(rita, "review", order.number)).to_have_count(0)
    expect(sally.get_by_test_id("return")).to_contain_text("Approved", timeout=MINUTE)


def test_a_rejection_needs_its_reason_and_keeps_it_while_the_server_is_away(play: Play, rita: Page) -> None:
    order = play.filed_return(kettle=2)
    at(rita, play, f"/desk/review/{order.id}")
    decide(rita, "reject")
    expect(rita.get_by_test_id("options")).to_contain_text("This choice needs a note")
    assert [one.status for one in play.books(ReturnOrder, ReturnOrder.id == order.id)] == ["submitted"]

    words = rita.get_by_test_id("resolve-note")
    words.fill("The contract ended in May; ask for the new one.")
    rita.context.set_offline(True)
    rita.get_by_test_id("resolve").click()
    expect(rita.get_by_test_id("options").get_by_test_id("refusal").first).to_contain_text("cannot be reached")
    expect(words).to_have_value("The contract ended in May; ask for the new one.")
    rita.context.set_offline(False)
    rita.get_by_test_id("resolve").click()
    expect(rita.get_by_test_id("resolved-by")).to_contain_text("Decided")

    sally = play.office("sally", f"/desk/returns/{order.id}")
    expect(sally.get_by_test_id("return")).to_contain_text("The contract ended in May")
    sally.get_by_test_id("do-submit").click()  # and it can be filed again
    sally.get_by_role("dialog").locator("button[type=submit]").click()
    expect(sally.get_by_test_id("return")).to_contain_text("Submitted")


def test_whoever_filed_cannot_approve_and_is_told_why(play: Play, rita: Page) -> None:
    order = play.filed_return(by="rita", kettle=1)
    todo(at(rita, play, "/desk/todo"), "review", order.number).click()
    expect(rita.get_by_test_id("option-box-approve")).to_contain_text("Whoever files a return order cannot approve")
    expect(rita.get_by_test_id("option-approve")).to_be_disabled()


def test_what_changed_under_a_reviewers_eyes_is_shown_again_before_it_can_be_approved(play: Play, rita: Page) -> None:
    order = play.filed_return(kettle=2)
    at(rita, play, f"/desk/review/{order.id}")
    expect(rita.get_by_test_id("resolve")).to_be_enabled()
    play.desk("rita", "reject_return", order_id=order.id, reason="quantity")
    play.desk("sally", "edit_return_line", id=f"kettle-{order.number}", set={"expected": 5}, was={"expected": 2})
    play.desk("sally", "submit_return", order_id=order.id)
    expect(rita.get_by_test_id("review-moved")).to_be_visible(timeout=MINUTE)
    expect(rita.get_by_test_id("resolve")).to_be_disabled()
    rita.get_by_test_id("review-seen").click()
    decide(rita, "approve")
    expect(todo(rita, "review", order.number)).to_have_count(0)


# —— filing ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_four_impatient_clicks_over_a_slow_network_file_one_return_and_a_draft_outlives_the_server(play: Play) -> None:
    note = "four clicks"
    sally = play.office("sally", "/desk/returns/new")
    sally.get_by_test_id("find-customer").fill("王")
    sally.get_by_test_id("find-customer-option").first.click()
    sally.get_by_test_id("type").select_option("customer")
    sally.get_by_test_id("note").fill(note)
    sally.get_by_test_id("find-outbound").fill("OUT-2001")
    sally.get_by_test_id("find-outbound-option").first.click()
    sally.get_by_test_id("take-quantity").nth(0).fill("2")
    sally.get_by_test_id("take").click()

    sally.context.set_offline(True)
    sally.get_by_test_id("save-submit").click()
    expect(sally.get_by_test_id("refusal")).to_contain_text("cannot be reached")
    expect(sally.get_by_test_id("note")).to_have_value(note)
    sally.context.set_offline(False)
    sally.reload()
    expect(sally.get_by_test_id("note")).to_have_value(note)  # what was typed is still there
    expect(sally.get_by_test_id("draft-lines")).to_contain_text("Green-Kettle")

    slow = sally.context.new_cdp_session(sally)
    slow.send("Network.enable")
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 900, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    for _ in range(4):
        sally.get_by_test_id("save-submit").dispatch_event("click")
    expect(sally.get_by_test_id("return")).to_contain_text("Submitted", timeout=30_000)
    assert len(play.books(ReturnOrder, ReturnOrder.note == note)) == 1


# —— links ————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_the_address_of_a_return_opens_it_for_a_colleague_and_refuses_others_in_words(play: Play, otto: Page) -> None:
    order = play.filed_return(by="rita", customer="another", kettle=1)
    sam = play.office("sam")
    at(sam, play, "/desk/returns")
    sam.get_by_test_id("return-row").filter(has_text=order.number).click()
    expect(sam.get_by_test_id("return")).to_contain_text(order.number)
    at(otto, play, sam.url.removeprefix(play.url))
    expect(otto.get_by_test_id("return")).to_contain_text(order.number)

    for who in ("sally", "stranger"):  # a customer who is not Sally's; somebody nobody gave a right
        other = play.office(who, f"/desk/returns/{order.id}")
        refusal = other.locator(".beside-page").get_by_test_id("refusal")
        expect(refusal).to_contain_text("not for you to see")
        expect(refusal).to_contain_text("administrator")  # and whom to ask
        expect(other.locator("body")).not_to_contain_text("李先生")
        other.context.close()


# —— stock and alerts —————————————————————————————————————————————————————————————————————————————————————————————————


def test_reconciling_now_ends_in_words(play: Play, otto: Page) -> None:
    play.received_return(kettle=2, lamp=1)
    play.database.write(SYSTEM, lambda work: work.add(Difference, site_id=SITE, kind="ledger_balance", expected=1))
    at(otto, play, "/desk/stock")
    expect(otto.get_by_test_id("nav-reconciliation").get_by_label("waiting")).to_be_visible()
    otto.get_by_test_id("reconcile").click()
    otto.get_by_test_id("reconcile-do").click()
    expect(otto.get_by_test_id("reconcile-done")).to_contain_text(
        re.compile("agrees|differences? found"), timeout=MINUTE
    )
    expect(otto.get_by_test_id("reconcile-done")).to_contain_text("agrees")


def test_an_alert_is_acknowledged_and_dismissed_only_with_a_reason(play: Play, otto: Page) -> None:
    order = play.received_return(kettle=2)
    play.colleague.scan("cleo", order.id, f"kettle-{order.number}", "kettle", 1)
    play.colleague.sync()
    at(otto, play, "/desk/todo")
    waiting = todo(otto, "alert", order.number).first
    expect(waiting).to_be_visible(timeout=MINUTE)  # a worker heard of it
    waiting.click()
    detail = otto.get_by_test_id("decide")
    expect(detail).to_contain_text(order.number)
    detail.get_by_test_id("take").click()
    expect(detail).to_contain_text("Acknowledged", ignore_case=True)

    decide(otto, "dismiss")
    expect(detail).to_contain_text("This choice needs a note")  # not without a reason
    decide(otto, "dismiss", "The customer added one by mistake and pays for it")
    expect(detail.get_by_test_id("decide-state")).to_contain_text("Dismissed", ignore_case=True)
    expect(detail).to_contain_text("The customer added one by mistake")
    at(otto, play, "/desk/todo")
    expect(otto.get_by_test_id("todo-list").or_(otto.get_by_test_id("todo-empty"))).to_be_visible()
    expect(todo(otto, "alert", order.number)).to_have_count(0)


# —— parcels of nobody ————————————————————————————————————————————————————————————————————————————————————————————————


def test_of_two_who_claim_a_parcel_the_second_is_told(play: Play, otto: Page, sam: Page) -> None:
    parcel, waybill = play.unclaimed_parcel()
    for page in (otto, sam):
        todo(at(page, play, "/desk/todo"), "unclaimed", waybill).click()
        page.get_by_test_id("option-claim_customer").check()
        page.get_by_test_id("value").fill("王" if page is otto else "李")
        page.get_by_test_id("value-option").first.click()
        expect(page.get_by_test_id("option-box-claim_customer")).to_contain_text(
            "Unclaimed → Claimed", ignore_case=True
        )
    otto.get_by_test_id("resolve").click()
    expect(otto.get_by_test_id("resolved-by")).to_contain_text("Decided")
    expect(sam.get_by_test_id("resolved-by")).to_contain_text("Otto", timeout=MINUTE)
    expect(sam.get_by_test_id("resolve")).to_have_count(0)
    assert [one.claimed_by for one in play.books(Parcel, Parcel.id == parcel)] == ["otto"]


# —— people and devices ———————————————————————————————————————————————————————————————————————————————————————————————


def test_a_person_is_made_given_a_badge_and_sent_away_again(play: Play, ada: Page) -> None:
    at(ada, play, "/desk/people")
    ada.get_by_test_id("new-person").click()
    ada.get_by_test_id("person-username").fill("noor")
    ada.get_by_test_id("person-name").fill("Noor")
    ada.get_by_test_id("person-password").fill("seven green kettles")
    ada.get_by_test_id("person-create-do").click()
    detail = ada.get_by_test_id("person-detail")
    expect(detail).to_contain_text("Noor")
    detail.get_by_test_id("grant").click()
    ada.get_by_test_id("role").select_option("office")
    ada.get_by_test_id("grant-ask-do").click()
    expect(detail).to_contain_text("Office")

    detail.get_by_test_id("badge").click()
    ada.get_by_test_id("pin").fill("4711")
    ada.get_by_test_id("badge-ask-do").click()
    expect(ada.get_by_test_id("badge-text")).to_have_text(re.compile(r"^B-[A-Z0-9]+\.\S{8,}$"))
    ada.get_by_test_id("badge-print").get_by_role("button", name="Close").first.click()

    noor = play.errors.listen(play.context(viewport=DESK).new_page())
    at(noor, play, "/desk/returns")
    sign_in_at_desk(noor, "noor", "seven green kettles")
    expect(noor.get_by_test_id("returns")).to_be_visible()

    detail.get_by_test_id("disable").click()
    ada.get_by_test_id("disable-ask-do").click()
    expect(detail).to_contain_text("Disabled", ignore_case=True)
    noor.get_by_test_id("nav-stock").dispatch_event("click")  # the session has ended, not only the next sign-in
    expect(noor.get_by_test_id("sign-in")).to_be_visible()
    noor.get_by_test_id("password").fill("seven green kettles")
    noor.get_by_test_id("sign-in-do").click()
    expect(noor.get_by_test_id("sign-in").get_by_test_id("refusal")).to_be_visible()


def test_an_enrolment_code_is_a_qr_code_that_makes_a_browser_a_handheld(play: Play, sam: Page) -> None:
    at(sam, play, "/desk/devices")
    sam.get_by_test_id("enrol").click()
    sam.get_by_test_id("enrol-do").click()
    shown = sam.get_by_test_id("enrolment")
    expect(shown).to_be_visible()
    sam.wait_for_function(
        "[...document.querySelectorAll('[data-testid=enrolment] img')].some((one) => one.naturalWidth > 0)"
    )
    code = sam.get_by_test_id("enrol-code").inner_text()
    link = sam.get_by_test_id("enrol-dialog").get_by_role("link").get_attribute("href")
    assert link and code in link

    pda = play.errors.listen(play.context(viewport=HANDHELD, has_touch=True).new_page())
    pda.goto(link.replace(link.split("/enrol")[0], play.url))
    expect(pda.get_by_test_id("enrol-code")).to_have_value(code)
    pda.get_by_test_id("enrol-name").fill("Dock 9")
    pda.get_by_test_id("enrol-send").click()
    expect(pda.get_by_test_id("sign-in")).to_be_visible()
    sam.get_by_test_id("enrol-dialog").get_by_role("button", name="Close").first.click()
    expect(sam.get_by_test_id("device-row").filter(has_text="Dock 9")).to_be_visible(timeout=MINUTE)


def test_the_first_administrator_comes_in_by_the_code_the_server_printed(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    server = Server(tmp_path / "data", free_port())
    server.start()
    context = chromium.new_context(viewport=DESK, locale="en")
    try:
        printed = re.search(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}\b", (tmp_path / "serve.log").read_text())
        assert printed, "the start prints a one-time code"
        errors = Errors()
        page = errors.listen(context.new_page())
        page.goto(f"{server.url}/desk")
        for code, username in (("AAAA-BBBB-CCCC", "mallory"), (printed.group(), "erna")):
            page.get_by_test_id("setup-code").fill(code)
            page.get_by_test_id("setup-name").fill(username.title())
            page.get_by_test_id("setup-username").fill(username)
            page.get_by_test_id("setup-password").fill("eleven blue lamps")
            page.get_by_test_id("setup-do").click()
            if username == "mallory":
                expect(page.get_by_test_id("refusal")).to_be_visible()
        expect(page.get_by_test_id("person")).to_contain_text("Erna")
        page.goto(f"{server.url}/desk/people")
        expect(page.get_by_test_id("person-row")).to_contain_text(["Erna"])

        other = errors.listen(chromium.new_context(viewport=DESK, locale="en").new_page())
        other.goto(f"{server.url}/setup?code={printed.group()}")  # once, and never again
        expect(other.locator('a[href="/desk"]')).to_be_visible()
        expect(other.get_by_test_id("setup")).to_have_count(0)
        other.context.close()
        assert not errors
    finally:
        context.close()
        server.stop()


# —— arriving ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_the_sign_in_page_asks_nothing_that_is_refused_and_runs_where_service_workers_are_forbidden(play: Play) -> None:
    page = play.errors.listen(play.context(viewport=DESK, service_workers="block").new_page())
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{play.url}/desk/sign-in")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.wait_for_timeout(500)
    assert complaints == []


def test_a_reload_right_after_signing_in_speaks_the_language_of_whoever_signed_in(play: Play) -> None:
    page = play.errors.listen(play.context(viewport=DESK).new_page())
    page.goto(f"{play.url}/desk/todo")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    sign_in_at_desk(page, "sam")
    page.reload()
    expect(page.get_by_test_id("todo")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
