"""A day of work without network: is the handheld as quick with 10,000 records and 500 photos waiting as it is empty?

    .venv/bin/python -m tests.bench.day [--records 10000] [--photos 500] [--scans 40] [--slower 1]

Real Chromium, the cast's server, offline. The same scans are made before and after the outbox is filled, and each figure is printed for
both with its ratio. `--slower 6` throttles the CPU of the page six times.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, scan
from tests.browser.play import Pda, open_parcel, playing
from tests.browser.stage import KETTLE, PIN

BETWEEN = 460  # ms: nearer together the same code is taken for one scanned twice

WATCH = """() => {
  window.scans = []
  let entered = 0
  addEventListener('keydown', (event) => { if (event.key === 'Enter') entered = performance.now() }, true)
  let last = ''
  new MutationObserver(() => {
    const now = document.querySelector('[data-testid=result-number]')?.textContent ?? ''
    if (now === last || !entered) return
    last = now
    const began = entered
    entered = 0
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => window.scans.push(performance.now() - began)
      port2.postMessage(0)
    })
  }).observe(document.body, { subtree: true, childList: true, characterData: true })
}"""

FILL = """async ([records, photos, from]) => {
  const db = await new Promise((done) => (indexedDB.open('restow').onsuccess = (event) => done(event.target.result)))
  const ask = (request) => new Promise((done, failed) => ((request.onsuccess = () => done(request.result)), (request.onerror = () => failed(request.error))))
  const meta = async (key) => (await ask(db.transaction('meta').objectStore('meta').get(key)))?.value
  const key = await meta('key')
  const [identity, session, epoch] = [await meta('identity'), await meta('session'), await meta('epoch')]
  const seal = async (bytes, about) => {
    const iv = crypto.getRandomValues(new Uint8Array(12))
    return { iv, bytes: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(about) }, key, bytes) }
  }
  const text = (value) => new TextEncoder().encode(JSON.stringify(value))
  const id = (n, kind) => `0192f000-${kind}-7000-8000-${String(n).padStart(12, '0')}`
  const now = Date.now()
  let seq = await meta('next_seq')
  for (let at = 0; at < records; at += 500) {
    const outbox = [], view = []
    for (let n = from + at; n < from + Math.min(at + 500, records); n++) {
      const common = { id: id(n, '0001'), by: session.person_id, site: identity.site_id, schema: 1, epoch, base: 0, made_at: now, state: 'pending' }
      if (n % 2) {
        const parcel = id(n, '0002'), waybill = `SF99${String(n).padStart(11, '0')}`
        const args = { parcel_id: parcel, site_id: identity.site_id, waybill, carrier: 'SF' }
        outbox.push({ ...common, seq: seq++, name: 'sign_parcel', touches: [`parcel ${parcel}`], sealed: await seal(text(args), common.id) })
        view.push({ kind: 'parcel', key: parcel, by: [`parcel site_id ${identity.site_id}`, `parcel waybill ${waybill}`, `due signed ${identity.site_id}`],
          value: { id: parcel, site_id: identity.site_id, carrier: 'SF', waybill, state: 'signed', load_id: '', door_id: '', signed_by: session.person_id, signed_at: now,
            signed_count: 1, opened_at: 0, unclaimed_at: 0, order_ids: [], claimed_by: '', refused_reason: '', damage: '', photos: [], note: '' } })
      } else {
        const line = id(n % 500, '0003'), receipt = id(n, '0004'), order = id(n % 50, '0005')
        const args = { receipt_id: receipt, order_id: order, line_id: line, site_id: identity.site_id, item_id: 'lamp', quantity: 1, text: '2000000000022' }
        outbox.push({ ...common, seq: seq++, name: 'scan_item', touches: [`receipt ${receipt}`, `return_line ${line}`], sealed: await seal(text(args), common.id) })
        view.push({ kind: 'receipt', key: receipt, by: [`receipt line_id ${line}`],
          value: { id: receipt, order_id: order, line_id: line, site_id: identity.site_id, item_id: 'lamp', quantity: 1, unreceived: 0, parcel_id: '', container_id: '', serial: '', text: '', lot: '', expiry: '', by: session.person_id, made_at: now } })
      }
    }
    const writing = db.transaction(['outbox', 'view', 'meta'], 'readwrite')
    for (const row of outbox) writing.objectStore('outbox').put(row)
    for (const row of view) writing.objectStore('view').put(row)
    writing.objectStore('meta').put({ key: 'next_seq', value: seq })
    writing.objectStore('meta').delete('view') // counted anew when the app starts
    await new Promise((done, failed) => ((writing.oncomplete = done), (writing.onabort = () => failed(writing.error))))
  }
  const picture = crypto.getRandomValues(new Uint8Array(60_000))
  for (let n = 0; n < photos; n++) {
    const sha256 = (String(from + n) + 'f').padStart(64, '0')
    const bytes = new Uint8Array(240_000)
    for (let part = 0; part < 4; part++) bytes.set(picture, part * 60_000)
    const row = { sha256, kind: 'whole', media_type: 'image/jpeg', size: bytes.length, state: 'waiting', detail: '', at: now, sealed: await seal(bytes, sha256) }
    const writing = db.transaction('photos', 'readwrite')
    writing.objectStore('photos').put(row)
    await new Promise((done) => (writing.oncomplete = done))
  }
  db.close()
}"""


def timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def shift(dock: Pda, scans: int, slower: int, badge: str) -> dict[str, float]:
    """What a person waits for, in milliseconds."""
    page = dock.page
    found: dict[str, float] = {}
    page.close()
    dock.page = page = dock.play.errors.listen(dock.context.new_page())
    slow(page, slower)

    def start() -> None:
        page.goto(f"{dock.play.url}/floor/receive")
        page.get_by_test_id("parcel").wait_for()

    found["cold start to the parcel in hand"] = timed(start)
    page.evaluate(WATCH)
    for _ in range(scans):
        scan(page, KETTLE)
        page.wait_for_timeout(BETWEEN)
    times = sorted(page.evaluate("window.scans"))
    found["scan, Enter to painted, p50"] = statistics.median(times)
    found["scan, Enter to painted, p95"] = times[int(len(times) * 0.95)]

    def open_screen(name: str, sign: str) -> Callable[[], None]:
        def go() -> None:
            page.evaluate(f"history.pushState(null, '', '/floor/{name}'); dispatchEvent(new PopStateEvent('popstate'))")
            page.get_by_test_id(sign).first.wait_for()

        return go

    found["what waits is shown"] = timed(open_screen("sync", "pending-list"))
    found["Home is shown"] = timed(open_screen("", "count-inspect"))

    scan(page, badge)
    page.get_by_test_id("pin-pad").wait_for()
    for digit in PIN:
        page.get_by_test_id("pin-pad").get_by_role("button", name=digit, exact=True).click()

    def sign_in() -> None:
        page.get_by_test_id("sign-in-send").click()
        page.get_by_test_id("sync-pill").wait_for()

    found["PIN to signed in"] = timed(sign_in)
    return found


def slow(page: Page, rate: int) -> None:
    if rate > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("records", 10_000), ("photos", 500), ("scans", 40), ("slower", 1)):
        asked.add_argument(f"--{name}", type=int, default=default)
    options = asked.parse_args()

    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as chromium,
        playing(chromium, Path(folder)) as play,
    ):
        play.server.start()
        dock = play.handheld("cleo", "Dock 3")
        order = dock.knows("cleo", play.approved_return(kettle=900))
        dock.context.set_offline(True)
        open_parcel(dock, order)
        scan(dock.page, KETTLE)
        dock.page.get_by_test_id("result-number").wait_for()

        empty = shift(dock, options.scans, options.slower, play.texts["cleo"])
        filling = timed(lambda: dock.page.evaluate(FILL, [options.records, options.photos, 1]))
        expect(dock.page.get_by_test_id("sync-pill")).to_be_visible()
        full = shift(dock, options.scans, options.slower, play.texts["cleo"])
        waits = dock.page.get_by_test_id("sync-pill").get_attribute("data-pending")

        print(
            f"{waits} records and {options.photos} photos wait (filled in {filling / 1000:.0f} s), CPU {options.slower} times slower"
        )
        print(f"{'':36}{'empty':>10}{'full':>10}{'full : empty':>14}")
        for what, before in empty.items():
            print(f"{what:36}{before:>7.0f} ms{full[what]:>7.0f} ms{full[what] / before:>14.2f}")


if __name__ == "__main__":
    main()
