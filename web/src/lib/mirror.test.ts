// What is remembered of the database is what is in it: for who asks again, for who looks on, and beside a second tab.

import 'fake-indexeddb/auto'

import { beforeEach, expect, test, vi } from 'vitest'

import { FakeServer, goods, place, returnLine, returnOrder } from './fake.test.server'

type Tab = Awaited<ReturnType<typeof open>>

let server: FakeServer
let name: string
let tab: Tab
let n = 0

/** Its own modules, and so its own memory, over the same database. */
async function open() {
  vi.resetModules()
  const [app, auth, store, { live }, { record }, ask, { loadSettings }, { syncNow }] = await Promise.all([
    import('./app'), import('./auth'), import('./db'), import('./observable'), import('./outbox'), import('./queries'), import('./settings'), import('./sync'),
  ])
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: name })
  await loadSettings()
  await auth.loadIdentity()
  const scan = (receipt_id: string) => record('scan_item', { receipt_id, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity: 1 }, { by: 'cleo' })
  const received = async () => (await ask.lineOf('l1'))!.received
  const listed = async () => (await ask.plainLinesOf('o1')).map((line) => line.received)
  return { ...auth, db: store.db, viewState: store.viewState, live, record, ask, scan, received, listed, syncNow }
}

beforeEach(async () => {
  server = new FakeServer()
  server.put('bin', place('wait-1', 'quarantine'))
  server.put('item', goods('kettle'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  name = `mirror-${++n}`
  tab = await open()
  await tab.enrol('CODE', 'PDA')
  await tab.syncNow()
})

/** What Home counts, beside what there is to count. */
async function counted({ db, viewState }: Tab): Promise<unknown> {
  const due: Record<string, number> = {}
  for (const entry of (await db.view.where('by').startsWith('due ').keys()) as string[]) due[entry] = (due[entry] ?? 0) + 1
  const kept = Object.fromEntries(Object.entries((await viewState()).due).filter(([, number]) => number))
  expect(kept).toEqual(due)
  return due
}

test('a second scan knows of the first, in a document and in a list, before and after the server has heard', async () => {
  await tab.scan('r1')
  expect([await tab.received(), await tab.listed()]).toEqual([1, [1]])
  await tab.scan('r2')
  expect([await tab.received(), await tab.listed()]).toEqual([2, [2]])
  await tab.syncNow()
  expect([await tab.received(), await tab.listed()]).toEqual([2, [2]])
  server.put('return_line', { ...server.get('return_line', 'l1')!, note: 'from the desk' })
  await tab.syncNow()
  expect((await tab.ask.plainLinesOf('o1'))[0]).toMatchObject({ received: 2, note: 'from the desk' })
})

test('a second tab scans the same goods, and none is counted on what was there before', async () => {
  const other = await open()
  await tab.scan('r1')
  expect(await tab.received()).toBe(1)
  await other.scan('r2')
  await tab.scan('r3')
  expect(await tab.received()).toBe(3)
  await counted(tab)
})

test('who looks on hears of a change, though the answer came from memory', async () => {
  await tab.scan('r1')
  await tab.listed()
  const seen: unknown[] = []
  const stop = tab.live(async () => [await tab.received(), await tab.listed()], null).subscribe((now) => void seen.push(now))
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([1, [1]]))
  await tab.scan('r2')
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([2, [2]]))
  await tab.scan('r3')
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([3, [3]]))
  stop()
})

test('what Home counts is kept with every write, and is what there is', async () => {
  const empty = await counted(tab)
  for (const waybill of ['SF1', 'SF2'])
    await tab.record('sign_parcel', { parcel_id: waybill, site_id: 's1', waybill, carrier: 'sf' }, { by: 'cleo' })
  await tab.record('open_parcel', { parcel_id: 'SF1' }, { by: 'cleo' })
  await tab.scan('r1')
  const waiting = await counted(tab)
  expect(waiting).not.toEqual(empty)
  expect(await tab.ask.counters('s1')).toMatchObject({ signed: 1, toInspect: 1 })
  await tab.syncNow()
  await counted(tab)
})

test('a write that failed is not remembered', async () => {
  await tab.scan('r1')
  tab.db.outbox.hook('creating', () => {
    throw new Error('The power failed')
  })
  await expect(tab.scan('r2')).rejects.toThrow('The power failed')
  expect([await tab.received(), await tab.listed()]).toEqual([1, [1]])
})
