// The device's half of the conversation: nothing lost, nothing doubled, nothing shown that is not so.

import 'fake-indexeddb/auto'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { FakeServer, code, goods, parcel, returnLine, returnOrder } from './fake.test.server'

type Tab = Awaited<ReturnType<typeof openTab>>

let server: FakeServer
let name = ''
let device: Tab
let n = 0

/** A tab of the handheld's browser: its own copy of every module, over the same database. */
async function openTab(database: string) {
  vi.resetModules()
  const [app, auth, db, outbox, sync, settings, photos, undo, queries, catalogue, vault] = await Promise.all([
    import('./app'), import('./auth'), import('./db'), import('./outbox'), import('./sync'), import('./settings'), import('./photos'), import('./undo'),
    import('./queries'), import('./catalogue'), import('./vault'),
  ])
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database })
  await settings.loadSettings()
  await auth.loadIdentity()
  return { ...app, ...auth, ...outbox, ...sync, ...settings, ...photos, ...undo, ...queries, ...catalogue, ...vault, store: () => db.db, meta: db.readMeta }
}

beforeEach(async () => {
  server = new FakeServer()
  server.put('item', goods('kettle'))
  server.put('item', goods('lamp'))
  server.put('barcode', code('b1', 'kettle', '2000000000015'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  name = `device-${++n}`
  device = await openTab(name)
  await device.enrol('CODE', 'PDA 1')
  await device.syncNow()
})

afterEach(() => {
  vi.useRealTimers()
  device.store().close()
})

const scan = (tab: Tab, id: string, quantity = 1) =>
  tab.record('scan_item', { receipt_id: id, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity, text: '2000000000015' }, { by: 'cleo' })
const sign = (tab: Tab, waybill: string) => tab.record('sign_parcel', { parcel_id: `p-${waybill}`, site_id: 's1', waybill }, { by: 'cleo' })
const received = async (tab: Tab) => (await tab.lineView('l1'))!.line.received
const waiting = (tab: Tab) => tab.store().outbox.count()

test('it loads what it may read, and finds an item by its barcode', async () => {
  expect((await device.orderOf('o1'))?.status).toBe('approved')
  expect((await device.barcodeLookup('2000000000015'))[0]?.item.id).toBe('kettle')
  expect(device.syncState.get()).toMatchObject({ online: true, error: '' })
})

test('a scan without network is on the disk and on the screen, and the server has it once the network is back', async () => {
  server.unreachable = true
  await scan(device, 'r1', 2)
  await device.syncNow()
  expect(await received(device)).toBe(2)
  expect((await device.orderOf('o1'))?.status).toBe('receiving')
  expect(await device.pendingList()).toMatchObject([{ seq: 1, name: 'scan_item', state: 'pending', args: { receipt_id: 'r1' } }])
  expect(device.syncState.get().online).toBe(false)

  server.unreachable = false
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  expect(await received(device)).toBe(2)
  expect(await waiting(device)).toBe(0)
  expect(device.syncState.get().online).toBe(true)
})

test('after a reload the work is still there, and is sent', async () => {
  server.unreachable = true
  await scan(device, 'r1')
  await scan(device, 'r2')
  device.store().close()
  const reloaded = await openTab(name)
  expect(await received(reloaded)).toBe(2)
  server.unreachable = false
  await reloaded.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  reloaded.store().close()
})

test('a lost acknowledgement counts once, here and there', async () => {
  await scan(device, 'r1')
  server.loseAnswers = 1
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(1)
  expect(await received(device)).toBe(1)
  await device.syncNow()
  expect(await received(device)).toBe(1)
  expect(await waiting(device)).toBe(0)
  expect([...server.applied.values()]).toEqual([1])
})

test('pages that know of an unanswered scan are not shown while it still lies on top', async () => {
  await scan(device, 'r1')
  server.loseAnswers = 4 // it was carried out, and no answer ever comes
  for (let tries = 0; tries < 3; tries++) {
    await device.syncNow()
    expect(await received(device)).toBe(1)
  }
})

test('between the acknowledgement and the pull the count neither falls nor doubles', async () => {
  await scan(device, 'r1')
  server.failPulls = 1
  await device.syncNow()
  expect(await received(device)).toBe(1)
  expect(await device.pendingList()).toMatchObject([{ state: 'acked' }])
  await device.syncNow()
  expect(await received(device)).toBe(1)
  expect(await waiting(device)).toBe(0)
})

test('a crash between two pages goes on with the next page, and shows nothing half', async () => {
  for (let at = 0; at < 20; at++) server.put('parcel', parcel(`p${at}`, `W${at}`))
  server.pageSize = 6
  server.failPullsAfter = 2
  await device.syncNow()
  expect(await device.parcelOf('p0')).toBeNull()
  device.store().close()

  server.failPullsAfter = Infinity
  const reloaded = await openTab(name)
  server.requests = []
  await reloaded.syncNow()
  expect(await reloaded.parcelOf('p0')).not.toBeNull()
  expect(await reloaded.parcelOf('p19')).not.toBeNull()
  expect(server.requests.filter((each) => each.includes('pull/site'))).toHaveLength(3) // two of the five pages were stored before
  reloaded.store().close()
})

test('a rejected mutation takes its effect back and keeps its content; what came after stays', async () => {
  server.judge = (mutation) => (mutation.args['receipt_id'] === 'r1' ? { status: 'rejected', code: 'not_allowed' } : null)
  await scan(device, 'r1', 5)
  await scan(device, 'r2', 1)
  expect(await received(device)).toBe(6)
  await device.syncNow()
  expect(await received(device)).toBe(1)
  expect(await device.attentionList()).toMatchObject([{ status: 'rejected', code: 'not_allowed', args: { receipt_id: 'r1', quantity: 5 } }])
  expect(await waiting(device)).toBe(0)

  server.judge = () => null
  const [refused] = await device.attentionList()
  await device.retryFixed(refused!.id, { ...refused!.args, quantity: 2 })
  await device.syncNow()
  expect(await received(device)).toBe(3)
  expect(await device.attentionList()).toEqual([])
})

test('a rejection while pages wait does not disturb what is shown of others', async () => {
  server.judge = (mutation) => (mutation.name === 'take_task' ? { status: 'rejected', code: 'wrong_state' } : null)
  await device.record('take_task', { order_id: 'o1' }, { by: 'cleo' })
  expect((await device.orderOf('o1'))?.claimed_by).toBe('cleo')
  await scan(device, 'r1')
  await device.syncNow()
  expect(await device.orderOf('o1')).toMatchObject({ claimed_by: '', status: 'receiving' })
})

test('two tabs give every mutation its own number, send each once and show the same', async () => {
  const other = await openTab(name)
  await Promise.all(Array.from({ length: 40 }, (_, at) => scan(at % 2 ? device : other, `r${at}`)))
  expect((await device.pendingList()).map((row) => row.seq)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
  await Promise.all([device.syncNow(), other.syncNow()])
  expect(server.get('return_line', 'l1')?.received).toBe(40)
  expect([...server.applied.values()].every((times) => times === 1)).toBe(true)
  expect(await received(device)).toBe(40)
  expect(await received(other)).toBe(40)
  other.store().close()
})

test('what another tab records while this one stores an answer stays on top', async () => {
  const other = await openTab(name)
  await scan(device, 'r1')
  let once = true
  server.beforeAnswer = async () => {
    if (!once) return
    once = false
    await scan(other, 'r2')
  }
  await device.syncNow()
  expect(await received(device)).toBe(2)
  await device.syncNow()
  expect(await received(other)).toBe(2)
  other.store().close()
})

test('three days without network are sent in order, in batches, without another scan', async () => {
  server.unreachable = true
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  for (let at = 0; at < 1200; at++) {
    await scan(device, `r${at}`)
    vi.setSystemTime(Date.now() + 216_000)
  }
  await device.syncNow()
  server.unreachable = false
  await device.syncNow()
  expect(server.requests.filter((each) => each.endsWith('/push')).length).toBeGreaterThanOrEqual(4) // one of them was the first state report
  expect(server.lastSeq).toBe(1200)
  expect(server.get('return_line', 'l1')?.received).toBe(1200)
  expect(await received(device)).toBe(1200)
  expect(await waiting(device)).toBe(0)
}, 60_000)

test('others change what waits here: their change arrives below, ours stays on top', async () => {
  await scan(device, 'r1')
  server.unreachable = true
  await device.syncNow()
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 5, { received: 2 }))
  server.unreachable = false
  server.judge = () => ({ status: 'deferred' })
  await device.syncNow()
  expect((await device.lineView('l1'))!.line).toMatchObject({ expected: 5, received: 3 })
  server.judge = () => null
  await device.syncNow()
  expect((await device.lineView('l1'))!.line).toMatchObject({ expected: 5, received: 3 })
})

test('what leaves the feed leaves the screen', async () => {
  server.drop('return_order', 'o1')
  await device.syncNow()
  expect(await device.orderOf('o1')).toBeNull()
})

test('a clock that is set back keeps no held intention waiting', async () => {
  server.put('return_order', returnOrder('o2', { status: 'draft', authorised: false }))
  await device.syncNow()
  server.judge = (mutation) => (mutation.name === 'submit_return' ? { status: 'held', code: 'waiting' } : null)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 365 * 86_400_000 })
  await device.record('submit_return', { order_id: 'o2' }, { by: 'cleo' })
  await device.syncNow()
  expect(await device.pendingList()).toMatchObject([{ state: 'held' }])
  server.release(1)
  vi.setSystemTime(Date.now() - 3 * 365 * 86_400_000)
  const end = device.startSync()
  await vi.waitFor(async () => expect(await waiting(device)).toBe(0))
  end()
  await device.syncNow() // what had begun has ended
})

test('a held intention keeps its effect and asks again until it is settled', async () => {
  server.put('return_order', returnOrder('o2', { status: 'draft', authorised: false }))
  await device.syncNow()
  server.judge = (mutation) => (mutation.name === 'submit_return' ? { status: 'held', code: 'waiting' } : null)
  await device.record('submit_return', { order_id: 'o2' }, { by: 'cleo' })
  await device.syncNow()
  expect((await device.orderOf('o2'))?.status).toBe('submitted')
  expect(await device.pendingList()).toMatchObject([{ state: 'held' }])
  expect(await device.attentionList()).toMatchObject([{ status: 'held' }])

  server.release(1)
  await device.syncNow()
  expect(await waiting(device)).toBe(0)
  expect(await device.attentionList()).toEqual([])
  expect((await device.orderOf('o2'))?.status).toBe('submitted')
})

test('a conflict is told, and what the server made of it is shown', async () => {
  server.judge = () => ({ status: 'conflict' })
  await scan(device, 'r1')
  await device.syncNow()
  expect(await device.attentionList()).toMatchObject([{ status: 'conflict', conflict: 'conflict-1' }])
  expect(await received(device)).toBe(1)
  expect(await waiting(device)).toBe(0)
})

test('a server restored from yesterday is offered what it lost, and nothing counts twice', async () => {
  await scan(device, 'r1')
  await device.syncNow()
  const restore = server.snapshot()
  await scan(device, 'r2')
  await scan(device, 'r3')
  await device.syncNow()
  restore()
  expect(server.get('return_line', 'l1')?.received).toBe(1)

  await device.syncNow() // without any new work: the pull shows it
  expect(server.get('return_line', 'l1')?.received).toBe(3)
  expect(await received(device)).toBe(3)
  expect(await waiting(device)).toBe(0)
})

test('after a restore, with new work waiting, the gap is filled first', async () => {
  await scan(device, 'r1')
  const restore = server.snapshot()
  await device.syncNow()
  await scan(device, 'r2')
  restore()
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  expect(await received(device)).toBe(2)
})

test('a clock ten years ahead throws nothing away that a restored server will need', async () => {
  await scan(device, 'r1')
  const restore = server.snapshot()
  await device.syncNow()
  expect(await device.store().sent.count()).toBe(1)
  const serverNow = Date.now()
  server.now = () => serverNow
  vi.useFakeTimers({ toFake: ['Date'], now: serverNow + 10 * 365 * 86_400_000 })
  await scan(device, 'r2')
  await device.syncNow()
  restore()
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
})

test('what was sent is kept two weeks, and no longer', async () => {
  let serverNow = Date.now()
  server.now = () => serverNow
  await scan(device, 'r1')
  await device.syncNow()
  serverNow += 13 * 86_400_000
  await scan(device, 'r2')
  await device.syncNow()
  expect(await device.store().sent.count()).toBe(2)
  serverNow += 2 * 86_400_000
  await scan(device, 'r3')
  await device.syncNow()
  expect((await device.store().sent.toArray()).map((row) => row.seq)).toEqual([2, 3])
})

test('numbers it no longer has are declared lost, and the rest goes on', async () => {
  await scan(device, 'r1')
  const restore = server.snapshot()
  await device.syncNow()
  await device.store().sent.clear()
  restore()
  await scan(device, 'r2')
  await device.syncNow()
  expect(server.lastSeq).toBe(2)
  expect(server.get('return_line', 'l1')?.received).toBe(1)
  expect(await received(device)).toBe(1)
})

test('an unknown cursor loads beside and swaps whole, with what waits on top', async () => {
  server.put('parcel', parcel('old', 'OLD'))
  await device.syncNow()
  expect(await device.parcelOf('old')).not.toBeNull()
  server.epoch = 'epoch-2'
  server.changes['site:s1'] = server.changes['site:s1']!.filter((change) => change.key !== 'old')
  await sign(device, 'SF1')
  await device.syncNow()
  expect(await device.parcelOf('old')).toBeNull()
  expect((await device.parcelOf('p-SF1'))?.signed_count).toBe(1)
  expect((await device.orderOf('o1'))?.number).toBe('RT-D0-00013')
  expect((await device.barcodeLookup('2000000000015')).length).toBe(1)
})

test('a revoked device hands over its work, then keeps nothing', async () => {
  await scan(device, 'r1')
  await scan(device, 'r2')
  server.revoked = true
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  expect(device.syncState.get().revoked).toBe(true)
  expect(device.identity.get()).toBeNull()
  expect(await device.store().view.count()).toBe(0)
  expect(await device.meta('identity')).toBeUndefined()

  await device.enrol('CODE2', 'PDA 1')
  await device.syncNow()
  expect(device.syncState.get()).toMatchObject({ revoked: false, error: '' })
  expect((await device.orderOf('o1'))?.number).toBe('RT-D0-00013')
})

test('a revoked device keeps what the server has not taken in, its photos too, until it has', async () => {
  const { sha256 } = await device.keepPhoto(new Blob(['a picture'], { type: 'image/jpeg' }), 'whole')
  await scan(device, 'r1')
  await scan(device, 'r2')
  server.revoked = true
  server.judge = ({ seq }) => (seq === 2 ? { status: 'deferred' } : null)
  await device.syncNow()
  expect(await device.store().outbox.toCollection().primaryKeys()).toEqual([2])

  server.judge = () => null
  server.failBlobs = 1
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  expect(device.syncState.get().revoked).toBe(true)
  expect(device.session.get()).toBeNull()
  expect(await device.store().photos.count()).toBe(1)

  await device.syncNow()
  expect(server.blobs.has(sha256)).toBe(true)
  expect(device.identity.get()).toBeNull()
  expect(await device.store().photos.count()).toBe(0)
})

test('a revoked device that cannot reach the server keeps its work', async () => {
  await scan(device, 'r1')
  server.revoked = true
  server.unreachable = true
  await device.syncNow()
  expect(await received(device)).toBe(1)
  expect(device.syncState.get().revoked).toBe(false)
})

test('a cloned device says so, and enrolled anew it sends what the server lacks', async () => {
  await scan(device, 'r1')
  await device.syncNow()
  server.outcomes.set(2, { mutation: { seq: 2, id: 'of-the-twin' } as never, status: 'applied', code: '' })
  server.lastSeq = 2
  await scan(device, 'r2')
  await device.syncNow()
  expect(device.syncState.get()).toMatchObject({ forked: true, error: 'device_forked' })

  await device.enrol('CODE2', 'PDA 1')
  await device.syncNow()
  expect(device.identity.get()?.device_id).toBe('d2')
  expect(server.get('return_line', 'l1')?.received).toBe(2)
  expect(await received(device)).toBe(2)
  expect(device.syncState.get()).toMatchObject({ forked: false, error: '' })
})

test('a newer app in another tab changes the store, and work goes on here', async () => {
  await scan(device, 'r1')
  await new Promise<void>((done, failed) => {
    const opening = indexedDB.open(name, 990)
    opening.onupgradeneeded = () => void opening.result.createObjectStore('of_tomorrow')
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => (opening.result.close(), done())
  })
  await scan(device, 'r2')
  expect(await received(device)).toBe(2)
  await device.syncNow()
  expect(server.get('return_line', 'l1')?.received).toBe(2)
})

test('the hold switch keeps everything here until somebody asks', async () => {
  const stop = await device.start()
  await device.setHold(true)
  await scan(device, 'r1')
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(server.lastSeq).toBe(0)
  await device.syncNow()
  expect(server.lastSeq).toBe(1)
  stop()
})

test('work is sent by itself, and again by itself when the server is back', async () => {
  const stop = await device.start()
  await scan(device, 'r1')
  await vi.waitFor(() => expect(server.lastSeq).toBe(1), 10_000)
  server.unreachable = true
  await scan(device, 'r2')
  await vi.waitFor(() => expect(device.syncState.get()).toMatchObject({ online: false, pending: 1 }), 5000)
  server.unreachable = false
  await vi.waitFor(() => expect(server.lastSeq).toBe(2), 10_000)
  await vi.waitFor(() => expect(device.syncState.get()).toMatchObject({ online: true, pending: 0, oldestPendingAt: 0 }), 10_000)
  stop()
}, 40_000)

test('what people recorded lies encrypted', async () => {
  await device.record('sign_parcel', { parcel_id: 'p1', site_id: 's1', waybill: 'SECRETWAYBILL' }, { by: 'cleo' })
  const [row] = await device.store().outbox.toArray()
  expect(row!.sealed.iv).not.toBeNull()
  expect(new TextDecoder('latin1').decode(row!.sealed.bytes)).not.toContain('SECRETWAYBILL')
  expect(JSON.stringify(await device.meta('identity'))).not.toContain('token-')
})

test('undo takes back the last scan, once', async () => {
  await device.record('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', text: 'K' }, { by: 'cleo', scan: { text: 'K' } })
  await device.record('scan_item', { receipt_id: 'r2', order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity: 4, text: 'K' }, { by: 'cleo', scan: { text: 'K' } })
  signInAs('cleo')
  expect(await device.undoLast('cleo')).toEqual({ what: 'scan_item', text: 'K', quantity: 4 })
  expect(await received(device)).toBe(1)
  expect(await device.undoLast('cleo')).toEqual({ what: 'scan_item', text: 'K', quantity: 1 })
  expect(await received(device)).toBe(0)
  expect(await device.undoLast('cleo')).toBeNull()
  await device.syncNow()
  expect(server.lastSeq).toBe(4)
})

function signInAs(id: string): void {
  ;(device.session as unknown as { set(value: unknown): void }).set({ person: { id }, since: 0, locked: false })
}

test('nobody records unnamed', async () => {
  await expect(device.record('sign_parcel', { parcel_id: 'p', site_id: 's1', waybill: 'W' })).rejects.toThrow('signed in')
})

test('photos are uploaded apart, by hash, and never keep data waiting', async () => {
  const photo = await device.keepPhoto(new Blob([new Uint8Array([1, 2, 3])], { type: 'image/jpeg' }), 'defect')
  await scan(device, 'r1')
  await device.syncNow()
  await vi.waitFor(async () => expect((await device.store().photos.get(photo.sha256))?.state).toBe('uploaded'))
  expect(server.blobs.get(photo.sha256)).toBe(3)
  expect(photo.sha256).toBe('039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81')
})

test('document numbers go on where they were, across tabs and reloads', async () => {
  const other = await openTab(name)
  const made = await Promise.all([device.nextNumber(), other.nextNumber(), device.nextNumber()])
  expect(new Set(made).size).toBe(3)
  expect(made.every((number) => number.startsWith('RT-A1-'))).toBe(true)
  other.store().close()
})

test('the catalogue finds one in ten thousand, and follows changes', async () => {
  for (let at = 0; at < 10_000; at++) {
    server.put('item', goods(`i${String(at).padStart(5, '0')}`))
    server.put('barcode', code(`c${at}`, `i${String(at).padStart(5, '0')}`, `CODE${at % 9_000}`))
  }
  await device.syncNow()
  expect((await device.barcodeLookup('CODE8999')).map((each) => each.item.id)).toEqual(['i08999'])
  expect((await device.barcodeLookup('CODE12')).map((each) => each.item.id).sort()).toEqual(['i00012', 'i09012']) // one text, two items: asked
  expect(await device.barcodeLookup('CODE9500')).toEqual([])

  server.put('barcode', code('c12', 'i00012', 'ANOTHER'))
  server.drop('barcode', 'c13')
  server.put('item', goods('i00014', { active: false }))
  server.put('barcode', code('new', 'i00001', 'CODE12'))
  await device.syncNow()
  expect((await device.barcodeLookup('CODE12')).map((each) => each.item.id).sort()).toEqual(['i00001', 'i09012'])
  expect((await device.barcodeLookup('ANOTHER')).map((each) => each.item.id)).toEqual(['i00012'])
  expect((await device.barcodeLookup('CODE13')).map((each) => each.item.id)).toEqual(['i09013'])
  expect((await device.barcodeLookup('CODE14')).map((each) => each.item.id)).toEqual(['i09014'])
  expect((await device.searchItems('item i00777'))[0]?.id).toBe('i00777')
}, 30_000)
