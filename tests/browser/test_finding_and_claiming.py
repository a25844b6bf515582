"""What an office sees when it looks something up, keeps a list, and finds out whose a parcel is."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from server.demo import world

from .conftest import Server, sign_in_at_desk


def desk(at_desk: Callable[..., Page], server: Server, who: str, path: str) -> Page:
    page = at_desk(f"{server.url}/desk")
    sign_in_at_desk(page, who, world.PASSWORD)
    page.goto(server.url + path)
    page.locator("#page h1").first.wait_for()
    return page


def test_a_number_typed_anywhere_is_a_place_and_a_name_is_found_as_it_is_spoken(
    server: Server, at_desk: Callable[..., Page]
) -> None:
    zhang = desk(at_desk, server, "zhang", "/desk/returns")
    number = zhang.get_by_test_id("return-row").first.inner_text()
    zhang.keyboard.press("/")
    field = zhang.get_by_test_id("search")
    expect(field).to_be_focused()
    zhang.keyboard.type(number)
    zhang.keyboard.press("Enter")
    expect(zhang.get_by_test_id("return").get_by_role("heading", level=1)).to_have_text(number)

    zhang.keyboard.press("/")
    expect(field).to_be_focused()
    zhang.keyboard.type("hangwang")
    expect(zhang.get_by_test_id("hit")).to_have_count(0)
    field.fill("wangxiaowen")
    expect(zhang.get_by_test_id("hit").first).to_contain_text("王晓雯")
    zhang.keyboard.press("ArrowDown")
    zhang.keyboard.press("Enter")
    expect(zhang.get_by_test_id("return-row").first).to_be_visible()
    assert "customer=" in zhang.url


def test_a_list_is_kept_as_it_is_seen_and_is_there_on_another_machine(
    server: Server, at_desk: Callable[..., Page]
) -> None:
    here = desk(at_desk, server, "zhang", "/desk/returns")
    here.get_by_test_id("filter-status").select_option("submitted")
    here.get_by_test_id("columns").locator("summary").click()
    here.get_by_test_id("column-amount").check()
    here.keyboard.press("Escape")
    expect(here.get_by_test_id("totals")).to_be_visible()
    rows = here.get_by_test_id("return-row").count()
    here.get_by_test_id("save-view").click()
    here.get_by_test_id("view-name").fill("Monday")
    here.get_by_test_id("view-do").click()
    expect(here.get_by_test_id("view")).to_have_attribute("aria-pressed", "true")

    there = desk(at_desk, server, "zhang", "/desk/returns")
    there.get_by_test_id("view").get_by_text("Monday").click()
    expect(there.get_by_test_id("filter-status")).to_have_value("submitted")
    expect(there.get_by_role("columnheader", name="金额")).to_be_visible()
    expect(there.get_by_test_id("return-row")).to_have_count(rows)


def test_two_people_claim_one_parcel_and_the_second_is_told_who_has_it(
    server: Server, at_desk: Callable[..., Page]
) -> None:
    zhang = desk(at_desk, server, "zhang", "/desk/parcels?view=wall")
    parcel = zhang.get_by_test_id("wall-parcel").first
    waybill = parcel.locator(".code").first.inner_text()
    address = parcel.get_attribute("href")
    parcel.click()
    zhang.get_by_test_id("claim-match").first.click()
    expect(zhang.get_by_test_id("resolve")).to_be_enabled()

    zheng = desk(at_desk, server, "zheng", str(address))
    expect(zheng.get_by_test_id("decide").get_by_role("heading", level=1)).to_have_text(waybill)
    zheng.get_by_test_id("claim-match").first.click()
    expect(zheng.get_by_test_id("resolve")).to_be_enabled()

    def zheng_was_first(route: Route) -> None:
        if route.request.method == "POST":
            zheng.get_by_test_id("resolve").click()
            expect(zheng.get_by_test_id("resolved-by")).to_be_visible()
        route.continue_()

    # Both press at the same moment: the second is told who was first, and nothing of hers is done.
    zhang.route("**/api/decisions/unclaimed/**", zheng_was_first)
    zhang.get_by_test_id("resolve").click()
    expect(zhang.get_by_test_id("resolved-by")).to_contain_text("郑涛")
    expect(zhang.get_by_test_id("resolve")).to_have_count(0)
