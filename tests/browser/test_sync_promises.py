"""What the handheld promises about its work and the server, in real browsers: the server is killed, slowed, restored; the network comes and goes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.domain.catalog import Barcode
from server.domain.conflicts import Conflict
from server.domain.inspections import Inspection
from server.domain.parcels import Parcel
from server.domain.records import Mutation
from server.domain.returns import ReturnOrder
from tests.cast import FAILED

from .conftest import scan, wait_for
from .play import MINUTE, Pda, Play, counted, line, open_parcel, playing, todo
from .stage import KETTLE, LAMP


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("sync")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def dock(play: Play) -> Pda:
    return play.handheld("cleo", "Dock 3")


@pytest.fixture(scope="module")
def bench(play: Play) -> Pda:
    return play.handheld("ines", "Bench 1")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def pending(page: Page) -> int:
    return int(page.get_by_test_id("sync-pill").get_attribute("data-pending") or 0)


# —— without the server ———————————————————————————————————————————————————————————————————————————————————————————————


def test_it_starts_cold_without_the_server_and_sends_by_itself_when_it_is_back(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5, lamp=2))
    play.server.kill()
    page = dock.reopen()  # from the service worker
    expect(page.get_by_test_id("sync-pill")).to_contain_text("Offline")
    expect(page.get_by_test_id("task").filter(has_text=order.number)).to_be_visible()
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/5")
    scan(page, LAMP)
    counted(page, "1/2")
    expect(page.get_by_test_id("sync-pill")).to_contain_text("to upload")
    expect(page.get_by_test_id("sync-pill")).to_contain_text("oldest")
    page = dock.reopen("sync")  # what waits survives that too
    assert pending(page) >= 5
    expect(page.get_by_test_id("pending-list")).to_contain_text("Receive by scan")

    play.server.start()
    dock.uploaded()  # nobody scanned, nobody pressed anything
    expect(page.get_by_test_id("sync-pill")).to_contain_text("Online")
    assert play.received(order) == {"kettle": 1, "lamp": 1}


def test_work_is_held_by_hand_and_sent_by_hand(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    page = dock.go("sync")
    page.get_by_test_id("hold").check()
    expect(page.get_by_test_id("sync-pill")).to_contain_text("on hold")
    page.get_by_test_id("back").click()
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/5")
    page.wait_for_timeout(2_000)  # time enough for anything that would go behind one's back
    assert play.received(order) == {}
    page.reload()  # the switch holds
    expect(page.get_by_test_id("sync-pill")).to_contain_text("on hold")
    assert play.received(order) == {}

    dock.go("sync")
    page.get_by_test_id("primary").click()  # once, because a person said so
    dock.uploaded()
    assert play.received(order) == {"kettle": 1}
    page.get_by_test_id("hold").uncheck()
    expect(page.get_by_test_id("sync-pill")).to_contain_text("Online")


def test_lost_answers_and_impatient_taps_count_nothing_twice(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    open_parcel(dock, order)
    dock.uploaded()
    answers = 0

    def lose(route: Route) -> None:
        """The server does it; its answer gets lost on the way back, three times."""
        nonlocal answers
        answers += 1
        response = route.fetch()
        if answers <= 3:
            route.abort()
        else:
            route.fulfill(response=response)

    page.route("**/sync/v1/push", lose)
    for n in (1, 2, 3):
        scan(page, KETTLE)
        counted(page, f"{n}/9")
        page.wait_for_timeout(450)
    page.get_by_test_id("sync-pill").click()
    for _ in range(4):
        page.get_by_test_id("primary").click(force=True)
    dock.uploaded()
    page.unroute("**/sync/v1/push")
    assert answers > 3
    assert play.received(order) == {"kettle": 3}
    page.get_by_test_id("back").click()
    dock.go("receive")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", "3")


def test_one_refused_record_is_shown_with_its_content_and_the_queue_goes_on(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(lamp=3))
    page = dock.page
    dock.context.set_offline(True)
    play.colleague.do("cleo", "map_barcode", barcode_id="code-nobodys", text="NOBODYS-1", item_id="kettle")
    play.colleague.sync()
    scan(page, "NOBODYS-1")
    page.get_by_test_id("unknown-search").fill("lamp")
    page.get_by_test_id("unknown-item").first.click()  # a colleague knew better
    open_parcel(dock, order)
    scan(page, LAMP)
    counted(page, "1/3")
    dock.context.set_offline(False)
    dock.uploaded()
    assert play.received(order) == {"lamp": 1}
    assert [one.item_id for one in play.books(Barcode, Barcode.text == "NOBODYS-1")] == ["kettle"]

    expect(page.get_by_test_id("sync-pill")).to_contain_text("attention")
    page.get_by_test_id("sync-pill").click()
    row = page.locator('[data-testid="attention-row"][data-name="map_barcode"]')
    expect(row).to_contain_text("Not accepted")
    row.get_by_test_id("attention-show").click()
    expect(row.get_by_test_id("attention-content")).to_contain_text("NOBODYS-1")
    assert {
        one.status for one in play.books(Mutation, Mutation.name == "map_barcode", Mutation.device_id != "device-A1")
    } == {"rejected"}
    page.reload()  # it waits until somebody has understood it
    expect(row).to_be_visible()
    for seen in page.get_by_test_id("attention-seen").all():
        page.get_by_test_id("attention-seen").first.click()
        del seen
    expect(page.get_by_test_id("attention-row")).to_have_count(0)


# —— two sides ————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_two_handhelds_see_each_others_receipts(play: Play, dock: Pda, bench: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=5))
    bench.knows("ines", order)
    open_parcel(dock, order)
    scan(bench.page, order.number)
    bench.page.get_by_test_id("look-receive").click()
    expect(line(bench.page, "GREEN-KETTLE")).to_have_attribute("data-received", "0")
    scan(dock.page, KETTLE)
    expect(line(bench.page, "GREEN-KETTLE")).to_have_attribute("data-received", "1", timeout=MINUTE)
    scan(bench.page, KETTLE)
    counted(bench.page, "2/5")
    expect(line(dock.page, "GREEN-KETTLE")).to_have_attribute("data-received", "2", timeout=MINUTE)
    dock.uploaded()
    bench.uploaded()
    assert play.received(order) == {"kettle": 2}


def test_goods_of_a_return_cancelled_meanwhile_become_a_supervisors_case_and_the_handheld_hears_the_verdict(
    play: Play, dock: Pda
) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=3))
    page = dock.page
    dock.context.set_offline(True)
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/3")

    sally = play.office("sally", f"/desk/returns/{order.id}")
    sally.get_by_test_id("do-cancel").click()
    dialog = sally.get_by_role("dialog")
    dialog.locator("textarea").fill("The customer keeps them")
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)

    dock.context.set_offline(False)
    expect(page.get_by_test_id("sync-pill")).to_contain_text("attention", timeout=MINUTE)
    assert play.received(order) == {"kettle": 1}, "a physical fact is never refused"

    sam = play.office("sam")
    todo(sam, "conflict", order.number).click()
    expect(sam.get_by_test_id("decide")).to_contain_text(order.number)
    expect(sam.get_by_test_id("decide")).to_contain_text("Dock 3")
    sam.get_by_test_id("option-reinstate").check()
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("resolved-by")).to_have_count(0)  # this way out owes its reason
    sam.get_by_test_id("resolve-note").fill("Sally asked them: they do send it back")
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("resolved-by")).to_be_visible()
    assert [one.status for one in play.books(ReturnOrder, ReturnOrder.id == order.id)] == ["receiving"]

    dock.go("")
    expect(page.get_by_test_id("verdicts")).to_contain_text("reinstated", timeout=MINUTE)


def test_two_inspectors_who_differ_are_shown_side_by_side_and_one_verdict_stands(play: Play, bench: Pda) -> None:
    order = bench.knows("ines", play.received_return(camera=1))
    page = bench.go("inspect")
    bench.context.set_offline(True)
    scan(page, order.serials[0])
    expect(page.get_by_test_id("bench")).to_be_visible()
    scan(page, "RSTW:PASS")
    expect(page.get_by_test_id("bench")).to_have_count(0)
    play.colleague.inspect(
        "sam", f"camera-{order.number}", verdict="fail", grade="C", checks=FAILED, serial=order.serials[0]
    )
    play.colleague.sync()
    bench.context.set_offline(False)
    expect(page.get_by_test_id("sync-pill")).to_contain_text("attention", timeout=MINUTE)

    sam = play.office("sam")
    todo(sam, "conflict", order.number).first.click()
    sides = sam.get_by_test_id("sides").filter(has_text=re.compile("grade", re.IGNORECASE))
    expect(sides).to_contain_text("C")
    expect(sides).to_contain_text("A")
    # Meanwhile it is open in another tab.
    other = play.errors.listen(sam.context.new_page())
    other.goto(sam.url)
    expect(other.get_by_test_id("options")).to_be_visible()

    sam.get_by_test_id("option-worse_grade").check()
    sam.get_by_test_id("resolve").click()
    expect(sam.get_by_test_id("resolved-by")).to_be_visible()
    expect(other.get_by_test_id("resolved-by")).to_contain_text("Sam", timeout=MINUTE)  # nobody decides it twice
    (case,) = play.books(Conflict, Conflict.order_id == order.id, Conflict.rule == "X3")
    assert (case.state, case.resolution) == ("resolved", "worse_grade")
    valid = [one.grade for one in play.books(Inspection, Inspection.order_id == order.id) if not one.superseded_by]
    assert valid == ["C"]
    bench.go("sync")
    expect(page.locator("body")).to_contain_text("Inspections differ", timeout=MINUTE)


# —— what may happen to a server or a handheld ————————————————————————————————————————————————————————————————————————


def test_a_server_restored_from_its_backup_is_given_back_what_it_lost(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    waybill = open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/9")
    dock.uploaded()
    backup = (
        next((play.folder / "safe").glob("*.tar.gz"), None)
        or play.restow("backup", str(play.folder / "safe")).splitlines()[0]
    )

    page.wait_for_timeout(450)
    scan(page, KETTLE)
    counted(page, "2/9")
    page.wait_for_timeout(450)
    scan(page, KETTLE)
    counted(page, "3/9")
    scan(page, "RSTW:DONE")
    dock.uploaded()
    assert play.received(order) == {"kettle": 3}

    play.database.close()
    play.server.stop()
    play.restow("restore", str(backup), "--force")
    play.open_books()
    assert play.received(order) == {"kettle": 1}, "the books are those of the backup"
    play.server.start()

    # The handheld notices by itself and offers again what the server had acknowledged.
    wait_for(lambda: play.received(order) == {"kettle": 3}, 60, "the handheld to give back what was lost")
    dock.uploaded()
    assert [one.state for one in play.books(Parcel, Parcel.waybill == waybill)] == ["done"]


def test_a_revoked_handheld_hands_over_its_work_and_keeps_nothing(play: Play) -> None:
    lost = play.handheld("cleo", "Lost one")
    order = lost.knows("cleo", play.approved_return(kettle=5))
    page = lost.page
    lost.context.set_offline(True)
    open_parcel(lost, order)
    scan(page, KETTLE)
    counted(page, "1/5")
    assert play.received(order) == {}

    sam = play.office("sam", "/desk/devices")
    row = sam.get_by_test_id("device-row").filter(has_text="Lost one")
    row.get_by_test_id("revoke").click()
    sam.get_by_test_id("revoke-ask-do").click()
    expect(row).to_contain_text("revoked", ignore_case=True)

    lost.context.set_offline(False)
    expect(page.get_by_test_id("enrol")).to_be_visible(timeout=MINUTE)
    assert play.received(order) == {"kettle": 1}, "what it held was taken in first"
    left = page.evaluate(
        """async () => {
          let rows = 0
          for (const { name, version } of await indexedDB.databases()) {
            const db = await new Promise((done) => (indexedDB.open(name, version).onsuccess = (event) => done(event.target.result)))
            for (const store of db.objectStoreNames) {
              if (store === 'meta') continue
              rows += await new Promise((done) => (db.transaction(store).objectStore(store).count().onsuccess = (event) => done(event.target.result)))
            }
            db.close()
          }
          return rows
        }"""
    )
    assert left == 0, "nothing of people, goods or work is left in the browser"
