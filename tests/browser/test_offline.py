"""What a handheld has with it and keeps for itself: a list of waybills, a full disk, a store nobody else can read."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from server.domain.devices import Device
from server.domain.documents import OutboundOrder
from server.domain.permissions import SYSTEM
from server.domain.work import Work

from .conftest import scan
from .play import MINUTE, Pda, Play, counted, line, open_parcel, playing, said
from .stage import KETTLE, LAMP
from .test_floor_promises import NOT_A_BOUNCE, PHOTO


@pytest.fixture(scope="module")
def play(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with playing(chromium, tmp_path_factory.mktemp("offline")) as play:
        play.server.start()
        yield play


@pytest.fixture(scope="module")
def dock(play: Play) -> Pda:
    return play.handheld("cleo", "Dock 3")


@pytest.fixture(autouse=True)
def no_page_complained(play: Play) -> Iterator[None]:
    play.errors.clear()
    yield
    assert not play.errors


def test_a_waybill_whose_papers_have_left_the_handheld_is_known_without_network(play: Play, dock: Pda) -> None:
    sold = play.shipped(kettle=1)

    def leave(work: Work) -> None:
        work.leave(work.look(OutboundOrder, sold.id))

    play.database.write(SYSTEM, leave)
    (order,) = play.books(OutboundOrder, OutboundOrder.id == sold.id)

    page = dock.held_by("cleo")
    dock.go("device")
    before = int(page.get_by_test_id("pack-waybills").inner_text())
    page.get_by_test_id("primary").click()
    expect(page.get_by_test_id("pack-waybills")).to_have_text(str(before + 1), timeout=MINUTE)
    expect(page.get_by_test_id("pack-size")).to_contain_text("B")

    dock.context.set_offline(True)
    dock.go("")
    scan(page, order.waybill)
    said(page, "warn", f"Left with {sold.number} on 11/01/2026")
    expect(page.get_by_test_id("parcel")).to_contain_text(order.waybill)  # and it lies open: the goods are here
    scan(page, "RSTW:DONE")
    dock.context.set_offline(False)
    dock.uploaded()


def test_a_full_disk_is_said_aloud_refuses_the_scan_and_loses_nothing(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=200, lamp=9))
    page = dock.page
    dock.context.set_offline(True)
    open_parcel(dock, order)
    scan(page, KETTLE)
    counted(page, "1/200")

    browser = dock.context.new_cdp_session(page)
    browser.send("Storage.overrideQuotaForOrigin", {"origin": play.url, "quotaSize": 1})
    alarm = page.get_by_test_id("alarm")
    for _ in range(120):  # Chromium goes on for half a minute by what it measured before
        page.wait_for_timeout(NOT_A_BOUNCE)
        if alarm.is_visible():
            break
        scan(page, KETTLE)
    expect(alarm).to_contain_text("Storage is full")
    expect(alarm).to_contain_text("This one scan was not recorded")
    expect(page.get_by_test_id("sync-pill")).to_contain_text("Storage almost full")
    kettles = int(line(page, "GREEN-KETTLE").get_attribute("data-received") or 0)
    scan(page, LAMP)  # waits behind it
    expect(page.get_by_test_id("alarm-waiting")).to_be_visible()

    # The pack has given way, for what is recorded counts more; and there is room again.
    browser.send("Storage.overrideQuotaForOrigin", {"origin": play.url})
    scan(page, "RSTW:OK")
    expect(line(page, "BLUE-LAMP")).to_have_attribute("data-received", "1")
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", str(kettles))
    scan(page, KETTLE)
    expect(line(page, "GREEN-KETTLE")).to_have_attribute("data-received", str(kettles + 1))
    dock.go("device")
    expect(page.get_by_test_id("pack-without")).to_contain_text("Waybills of 60 days, Outbound orders")
    dock.context.set_offline(False)
    dock.uploaded()
    assert play.received(order) == {"kettle": kettles + 1, "lamp": 1}
    for _ in range(3):
        page.get_by_test_id("primary").click()
        expect(page.get_by_test_id("primary")).to_be_enabled(timeout=MINUTE)
    expect(page.get_by_test_id("pack-without")).to_have_count(0, timeout=MINUTE)


STORE = """async () => {
  const text = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder('latin1').decode(value)
    if (value instanceof CryptoKey) return `key extractable=${value.extractable}`
    return value && typeof value === 'object' ? Object.entries(value).map(([name, each]) => `${name}=${text(each)}`).join('\\n') : String(value)
  }
  const held = {}
  for (const { name, version } of await indexedDB.databases()) {
    const db = await new Promise((done) => (indexedDB.open(name, version).onsuccess = (event) => done(event.target.result)))
    for (const store of db.objectStoreNames)
      held[store] = await new Promise((done) => (db.transaction(store).objectStore(store).getAll().onsuccess = (event) => done(event.target.result.map(text))))
    db.close()
  }
  held.localStorage = [JSON.stringify({ ...localStorage })]
  return held
}"""


def test_what_waits_in_the_browsers_store_cannot_be_read_there(play: Play, dock: Pda) -> None:
    order = dock.knows("cleo", play.approved_return(kettle=9))
    page = dock.page
    dock.context.set_offline(True)
    open_parcel(dock, order)
    scan(page, "RSTW:PHOTO")
    page.get_by_test_id("photo-file").set_input_files(PHOTO)
    scan(page, KETTLE)
    counted(page, "1/9")

    held: dict[str, Any] = page.evaluate(STORE)
    assert held["outbox"] and held["photos"]
    assert held["scans"] and any("floor" in row for row in held["drafts"])
    for store in ("outbox", "sent", "attention", "photos", "scans", "drafts"):
        for row in held[store]:
            assert KETTLE not in row and order.id not in row.replace(f"return_order {order.id}", ""), store
            assert "\xff\xd8\xff" not in row, "a picture lies there in the clear"
    assert "王小姐" in page.get_by_test_id("parcel").inner_text(), "the screen names who sent it"
    assert "王小姐" not in json.dumps(held, ensure_ascii=False), "the store does not"
    meta = "\n".join(held["meta"])
    assert "extractable=false" in meta and "extractable=true" not in meta
    assert play.texts["cleo"].partition(".")[2] not in json.dumps(held), "the badge's secret lies there in the clear"

    # Whoever leaves is told what waits, and it stays. Nobody's PIN is needed to carry it home, nor for it to be sent.
    dock.go("device")
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("end-of-shift")).to_contain_text(re.compile(r"\d+ records? and 1 photo"))
    page.get_by_test_id("end-confirm").click()
    page.get_by_test_id("sign-in").wait_for()
    with page.expect_download() as download:
        page.get_by_test_id("export").click()
    assert download.value.suggested_filename.endswith(".restow")
    dock.context.set_offline(False)
    expect(page.get_by_test_id("unsent")).to_have_count(0, timeout=MINUTE)
    assert play.received(order) == {"kettle": 1}


def test_a_handheld_that_the_server_does_not_know_any_more_is_enrolled_anew_with_its_work(play: Play) -> None:
    stray = play.handheld("cleo", "Stray")
    order = stray.knows("cleo", play.approved_return(kettle=9))
    page = stray.page
    stray.context.set_offline(True)
    open_parcel(stray, order)
    scan(page, KETTLE)
    counted(page, "1/9")

    def forget(work: Work) -> None:
        (device,) = work.find(Device, Device.name == "Stray")
        device.token_hash = "of a server that is gone"

    play.database.write(SYSTEM, forget)
    stray.context.set_offline(False)
    stray.go("sync")
    page.get_by_test_id("enrol-anew-do").click(timeout=MINUTE)
    expect(page.get_by_test_id("enrol-again")).to_contain_text("stay and are uploaded")
    page.get_by_test_id("enrol-code").fill(play.texts["code"])
    page.get_by_test_id("enrol-send").click()
    expect(page.get_by_test_id("sync-pill")).to_contain_text("all uploaded", timeout=MINUTE)
    assert play.received(order) == {"kettle": 1}
