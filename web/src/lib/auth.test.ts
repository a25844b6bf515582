// Who holds the device, and what becomes of their work.

import 'fake-indexeddb/auto'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { FakeServer, goods, person, returnLine, returnOrder } from './fake.test.server'
import * as app from './app'
import * as auth from './auth'
import { db } from './db'
import { record } from './outbox'
import * as ask from './queries'
import { loadSettings, saveSettings } from './settings'
import { syncNow } from './sync'
import { syncState } from './syncstate'

const BADGE = 'B-7K2M.sesame-secret'
const MINUTE = 60_000

let server: FakeServer
let n = 0

beforeEach(async () => {
  server = new FakeServer()
  server.put('item', goods('kettle'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  server.put('person', person('cleo', 'sesame-secret', '1234'))
  server.put('grant', { id: 'g1', person_id: 'cleo', role: 'operator', site_id: 's1', owner_id: '', valid_from: '', valid_until: '' })
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: `auth-${++n}` })
  await loadSettings()
  await auth.loadIdentity()
  await auth.enrol('CODE', 'PDA')
  await syncNow()
  server.unreachable = true
})

afterEach(() => vi.useRealTimers())

const scan = (receipt: string) => record('scan_item', { receipt_id: receipt, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle' })
const received = () => server.get('return_line', 'l1')?.received

async function contact(): Promise<void> {
  server.unreachable = false
  await syncNow()
}

test('a badge and its PIN sign in without network, and the badge is remembered', async () => {
  expect(await auth.recentPeople()).toEqual([])
  expect(await auth.signInByBadge(BADGE, '9999')).toEqual({ ok: false, why: 'wrong', left: 4 })
  expect(await auth.signInByBadge('B-7K2M.another-secret', '1234')).toMatchObject({ ok: false, why: 'wrong' })
  expect(await auth.signInByBadge('B-9999.sesame-secret', '1234')).toEqual({ ok: false, why: 'unknown' })
  expect(await auth.signInRemembered('cleo', '1234')).toEqual({ ok: false, why: 'unknown' })
  expect(await auth.signInByBadge(BADGE, '1234')).toMatchObject({ ok: true, person: { id: 'cleo' } })
  expect(auth.author()).toBe('cleo')
  expect(await auth.rolesOf('cleo', 's1')).toEqual(['operator'])

  await auth.lock()
  expect(() => auth.requireAuthor()).toThrow('signed in')
  expect(await auth.signInRemembered('cleo', '1234')).toMatchObject({ ok: true })
  expect((await auth.recentPeople()).map((each) => each.id)).toEqual(['cleo'])
  expect(JSON.stringify(await db.meta.get('badges'))).not.toContain('sesame')

  await auth.signOut()
  await auth.loadIdentity()
  expect(auth.session.get()).toBeNull()
})

test('five wrong PINs, and everybody waits', async () => {
  for (let tries = 4; tries > 0; tries--) expect(await auth.signInByBadge(BADGE, '0000')).toMatchObject({ why: 'wrong', left: tries })
  expect(await auth.signInByBadge(BADGE, '0000')).toMatchObject({ ok: false, why: 'wait', waitMs: 30_000 })
  expect(await auth.signInByBadge(BADGE, '1234')).toMatchObject({ ok: false, why: 'wait' })
})

test('after a reload the same person goes on; whoever was disabled does not', async () => {
  await auth.signInByBadge(BADGE, '1234')
  await auth.loadIdentity()
  expect(auth.session.get()).toMatchObject({ person: { id: 'cleo' }, locked: false })
  server.unreachable = false
  server.put('person', { ...person('cleo', 'sesame-secret', '1234'), disabled_at: 5 })
  await syncNow()
  await auth.loadIdentity()
  expect(auth.session.get()).toBeNull()
  expect(await auth.signInByBadge(BADGE, '1234')).toEqual({ ok: false, why: 'disabled' })
})

test('whoever has no role at this site is refused, with the reason, whatever they may do at another', async () => {
  server.put('person', person('ines', 'iris-secret', '4321', { badge: '9QRS' }))
  server.put('grant', { id: 'g2', person_id: 'ines', role: 'inspector', site_id: 's2', owner_id: '', valid_from: '', valid_until: '' })
  server.put('grant', { id: 'g3', person_id: 'ines', role: 'operator', site_id: 's1', owner_id: '', valid_from: '2001-01-01', valid_until: '2001-12-31' })
  await contact()
  expect(await auth.signInByBadge('B-9QRS.iris-secret', '4321')).toEqual({ ok: false, why: 'not_here' })
  expect(auth.session.get()).toBeNull()
  server.put('grant', { id: 'g4', person_id: 'ines', role: 'operator', site_id: 's1', owner_id: '', valid_from: '', valid_until: '' })
  await contact()
  expect(await auth.signInByBadge('B-9QRS.iris-secret', '4321')).toMatchObject({ ok: true })
})

test('a badge that was replaced opens nothing any more, neither scanned nor remembered', async () => {
  expect(await auth.signInByBadge(BADGE, '1234')).toMatchObject({ ok: true })
  await auth.signOut()
  server.put('person', person('cleo', 'new-secret', '1234', { badge: '8NEW' }))
  await contact()
  expect(await auth.signInByBadge(BADGE, '1234')).toEqual({ ok: false, why: 'unknown' })
  expect(await auth.signInByBadge('B-8NEW.sesame-secret', '1234')).toMatchObject({ ok: false, why: 'wrong' })
  expect(await auth.signInRemembered('cleo', '1234')).toEqual({ ok: false, why: 'unknown' })
  expect(await auth.recentPeople()).toEqual([])
  expect(await auth.signInByBadge('B-8NEW.new-secret', '1234')).toMatchObject({ ok: true })
})

test('whoever is disabled is signed out at the next contact, and what they did goes up under their name', async () => {
  await auth.signInByBadge(BADGE, '1234')
  await scan('r1')
  server.put('person', person('cleo', 'sesame-secret', '1234', { disabled_at: 5 }))
  await auth.lockWhenIdle()
  expect(auth.session.get()?.person.id).toBe('cleo') // nobody has told this device yet
  await contact()
  await auth.lockWhenIdle()
  expect(auth.session.get()).toBeNull()
  expect(received()).toBe(1)
  expect([...server.outcomes.values()].map(({ mutation }) => mutation.by)).toEqual(['cleo'])
})

test('it locks itself after as many minutes as were set, counted from the last touch', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await saveSettings({ autoLockMinutes: 3 })
  await auth.signInByBadge(BADGE, '1234')
  vi.setSystemTime(Date.now() + 2 * MINUTE)
  await auth.stillHere()
  vi.setSystemTime(Date.now() + 2 * MINUTE)
  await auth.lockWhenIdle()
  expect(auth.session.get()?.locked).toBe(false)
  vi.setSystemTime(Date.now() + 2 * MINUTE)
  await auth.lockWhenIdle()
  expect(auth.session.get()?.locked).toBe(true)
  await expect(scan('r1')).rejects.toThrow('signed in')
})

test('locked in its cradle it uploads and downloads, after a reload too', async () => {
  await auth.signInByBadge(BADGE, '1234')
  await scan('r1')
  await auth.lock()
  await auth.loadIdentity()
  server.put('return_order', returnOrder('o2', { number: 'RT-D0-00026' }))
  await contact()
  expect(auth.session.get()?.locked).toBe(true)
  expect(received()).toBe(1)
  expect(await db.outbox.count()).toBe(0)
  expect((await ask.orderOf('o2'))?.number).toBe('RT-D0-00026')
})

test('a forgotten PIN loses nothing: the work goes up without it, and the new PIN goes on where it was', async () => {
  await auth.signInByBadge(BADGE, '1234')
  await scan('r1')
  await auth.lock()
  for (const wrong of ['0000', '1111']) expect(await auth.signInRemembered('cleo', wrong)).toMatchObject({ ok: false, why: 'wrong' })
  server.put('person', person('cleo', 'new-secret', '5678', { badge: '8NEW' }))
  await contact()
  expect(received()).toBe(1)
  server.unreachable = true
  expect(await auth.signInByBadge('B-8NEW.new-secret', '5678')).toMatchObject({ ok: true })
  await scan('r2')
  expect((await ask.lineView('l1'))?.line.received).toBe(2)
})

test('nothing but the word revoked makes a device forget', async () => {
  await auth.signInByBadge(BADGE, '1234')
  await scan('r1')
  for (const [status, problem] of [[401, 'not_signed_in'], [403, 'not_allowed'], [404, 'not_found'], [410, 'gone'], [500, 'internal_error']] as const) {
    app.configure({ fetch: async () => new Response(JSON.stringify({ code: problem, status, detail: problem }), { status, headers: { 'Content-Type': 'application/problem+json' } }) })
    await syncNow()
    expect(await db.outbox.count(), problem).toBe(1)
    expect(auth.identity.get()?.device_id, problem).toBe('d1')
  }
  app.configure({ fetch: server.fetch })
  server.revoked = true
  await contact()
  expect(received()).toBe(1) // handed over first
  expect(auth.identity.get()).toBeNull()
  expect(await db.view.count()).toBe(0)
  expect(syncState.get().revoked).toBe(true)
})
