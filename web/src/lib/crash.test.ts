// Power fails, or the disk is full, between any two steps: what was stored together is there together, or not at all.

import 'fake-indexeddb/auto'

import { beforeEach, expect, test } from 'vitest'

import { FakeServer, code, goods, parcel, returnLine, returnOrder } from './fake.test.server'
import * as app from './app'
import * as auth from './auth'
import { db } from './db'
import { record } from './outbox'
import { lineView, orderOf, parcelOf } from './queries'
import { loadSettings } from './settings'
import { syncNow } from './sync'

let server: FakeServer
let n = 0

beforeEach(async () => {
  server = new FakeServer()
  server.put('item', goods('kettle'))
  server.put('barcode', code('b1', 'kettle', '2000000000015'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: `crash-${++n}` })
  await loadSettings()
  await auth.loadIdentity()
  await auth.enrol('CODE', 'PDA')
  await syncNow()
})

/** The next time this table is written to, it fails and takes its transaction along. */
function failOnce(table: 'staged' | 'sent' | 'confirmed'): void {
  const hook = db[table].hook('creating')
  const fail = () => {
    hook.unsubscribe(fail)
    throw new Error('The power failed')
  }
  hook.subscribe(fail)
}

const scan = (id: string, quantity = 1) =>
  record('scan_item', { receipt_id: id, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity }, { by: 'cleo' })
const received = async () => (await lineView('l1'))!.line.received

test('a page that could not be stored is fetched again', async () => {
  server.pageSize = 2
  for (let at = 0; at < 5; at++) server.put('parcel', parcel(`p${at}`, `W${at}`))
  failOnce('staged')
  await syncNow()
  await syncNow()
  for (let at = 0; at < 5; at++) expect(await parcelOf(`p${at}`)).not.toBeNull()
})

test('a count neither falls nor doubles when the showing of what came back is cut short', async () => {
  await scan('r1', 2)
  failOnce('sent')
  await syncNow()
  expect(await received()).toBe(2)
  await syncNow()
  expect(await received()).toBe(2)
  expect(await db.outbox.count()).toBe(0)
  expect((await db.confirmed.get(['return_line', 'l1']))?.value).toMatchObject({ received: 2 })
})

test('a first load that is cut short while it is shown is shown whole the next time', async () => {
  server.epoch = 'epoch-2'
  server.put('return_order', returnOrder('o2'))
  failOnce('confirmed')
  await scan('r1')
  await syncNow()
  await syncNow()
  expect((await db.view.get(['return_order', 'o2']))?.value).toMatchObject({ id: 'o2' })
  expect(await received()).toBe(1)
})

test('what was rejected leaves the screen though nothing else ever touches it', async () => {
  server.judge = () => ({ status: 'rejected', code: 'wrong_state' })
  await record('take_task', { order_id: 'o1' }, { by: 'cleo' })
  expect((await orderOf('o1'))?.claimed_by).toBe('cleo')
  await syncNow()
  expect((await orderOf('o1'))?.claimed_by).toBe('')
})
