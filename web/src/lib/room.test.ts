// Room for a day of work: what gives way and in which order, and that a full disk refuses a scan only when nothing gives way.

import 'fake-indexeddb/auto'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import * as app from './app'
import * as auth from './auth'
import { db, readMeta } from './db'
import { FakeServer, code, goods, returnLine, returnOrder } from './fake.test.server'
import { record } from './outbox'
import { keepPhoto } from './photos'
import { outboundByNumber } from './queries'
import { keepRoom, makeRoom, StorageFull, without } from './room'
import { loadSettings } from './settings'
import { syncNow, syncState } from './sync'
import { listed } from './waybills'

let server: FakeServer
let usage = 0
let n = 0
const QUOTA = 1e9

beforeEach(async () => {
  usage = 1e6
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ usage, quota: QUOTA }), persisted: () => Promise.resolve(true) } })
  server = new FakeServer()
  server.put('item', goods('kettle'))
  server.put('barcode', code('b1', 'kettle', '2000000000015'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  server.put('outbound_order', { id: 'out1', number: 'SO-1', site_id: 's1', owner_id: 'o1', customer_id: 'c1', platform_number: '', waybill: 'SF999', shipped_on: '2026-11-01' })
  server.waybills = [{ since: 1, outbound: { waybill: ['SF1'], number: ['SO-0'], day: [100] } }]
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: `room-${++n}` })
  await loadSettings()
  await auth.loadIdentity()
  await auth.enrol('CODE', 'PDA')
  await syncNow()
})

afterEach(() => vi.unstubAllGlobals())

const photo = (text: string) => keepPhoto(new Blob([text.repeat(1000)], { type: 'image/jpeg' }), 'whole')
const scan = () => record('scan_item', { receipt_id: `r${++n}`, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity: 1, text: '' }, { by: 'cleo' })

test('uploaded photos go first, then the waybills, then the outbound papers; what waits never', async () => {
  await photo('uploaded')
  await syncNow()
  await vi.waitFor(async () => expect(await db.photos.where('state').equals('uploaded').count()).toBe(1))
  server.failBlobs = 99
  await photo('waits')

  expect(await makeRoom(1)).toBe(8000)
  expect(await db.photos.toCollection().primaryKeys()).toHaveLength(1)
  expect(await listed('SF1')).not.toBeNull()
  await makeRoom(1)
  expect([await listed('SF1'), (await outboundByNumber('SO-1'))?.id]).toEqual([null, 'out1'])
  await makeRoom(1)
  expect(await outboundByNumber('SO-1')).toBeNull()
  expect(await makeRoom(1)).toBe(0)
  expect(await without()).toEqual(['waybills', 'shipped'])
  expect(await db.photos.where('state').equals('waiting').count()).toBe(1)
  expect(await db.items.count()).toBe(1)
})

test('what the server tells of what was given up is not kept, and all of it comes back when there is room', async () => {
  usage = QUOTA - 100e6 // less than a day's work is free
  await keepRoom()
  expect(await without()).toEqual(['waybills', 'shipped'])
  server.put('outbound_order', { id: 'out2', number: 'SO-2', site_id: 's1', owner_id: 'o1', customer_id: 'c1', platform_number: '', waybill: '', shipped_on: '' })
  await syncNow()
  expect(await outboundByNumber('SO-2')).toBeNull()

  usage = 1e6
  for (let rounds = 0; rounds < 4; rounds++) await syncNow()
  expect(await without()).toEqual([])
  expect([(await outboundByNumber('SO-1'))?.id, (await outboundByNumber('SO-2'))?.id]).toEqual(['out1', 'out2'])
  expect(await listed('SF1')).toMatchObject({ number: 'SO-0' })
})

test('on a full disk the pack gives way and the scan is recorded; with nothing left to give it is refused aloud and nothing is half', async () => {
  const full = () => Promise.reject(Object.assign(new Error('full'), { name: 'QuotaExceededError' }))
  const add = vi.spyOn(db.outbox, 'add')
  add.mockImplementationOnce(full as never)
  await scan()
  expect(await db.outbox.count()).toBe(1)
  expect(await without()).toEqual(['waybills', 'shipped'])
  expect(syncState.get().roomLow).toBe(true)

  add.mockImplementation(full as never)
  await expect(scan()).rejects.toBeInstanceOf(StorageFull)
  add.mockRestore()
  expect(await readMeta('next_seq')).toBe(2)
  expect(await db.outbox.count()).toBe(1)
  expect((await db.view.get(['return_line', 'l1']))?.value).toMatchObject({ received: 1 })

  // Whatever the browser says of free room: believed again when a large write goes well.
  const probe = vi.spyOn(db.drafts, 'put').mockImplementation(full as never)
  await keepRoom()
  expect(syncState.get().roomLow).toBe(true)
  probe.mockRestore()
  await keepRoom()
  expect(syncState.get().roomLow).toBe(false)
})
