// No network at all: the work leaves as a file nobody on the way can read, and another handheld brings it home.

import 'fake-indexeddb/auto'

import { beforeEach, expect, test, vi } from 'vitest'

import { FakeServer, code, goods, returnLine, returnOrder } from './fake.test.server'

let n = 0
let server: FakeServer
let own: CryptoKeyPair

async function handheld(name = `carry-${++n}`) {
  vi.resetModules()
  const [app, auth, db, outbox, sync, settings, photos, carry, vault] = await Promise.all([
    import('./app'), import('./auth'), import('./db'), import('./outbox'), import('./sync'), import('./settings'), import('./photos'), import('./carry'), import('./vault'),
  ])
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: name })
  await settings.loadSettings()
  await auth.loadIdentity()
  return { ...app, ...auth, ...outbox, ...sync, ...photos, ...carry, ...vault, meta: db.readMeta, store: () => db.db }
}
type Device = Awaited<ReturnType<typeof handheld>>

beforeEach(async () => {
  server = new FakeServer()
  own = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  server.carryKey = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey('raw', own.publicKey))))
  server.put('item', goods('kettle'))
  server.put('barcode', code('b1', 'kettle', '2000000000015'))
  server.put('return_order', returnOrder('o1'))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
})

const scan = (device: Device, id: string) =>
  device.record('scan_item', { receipt_id: id, order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity: 1, text: '2000000000015' }, { by: 'cleo' })

const hex = (bytes: ArrayBuffer) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const utf8 = (text: string) => new TextEncoder().encode(text)

/** What the server does with a file (server/sync/carried.py). */
async function opened(file: Blob, token: string) {
  const raw = new Uint8Array(await file.arrayBuffer())
  const first = raw.indexOf(10)
  const second = raw.indexOf(10, first + 1)
  const head = JSON.parse(new TextDecoder().decode(raw.slice(first + 1, second)))
  const bytes = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  const theirs = await crypto.subtle.importKey('raw', bytes(head.ephemeral), { name: 'ECDH', namedCurve: 'P-256' }, false, [])
  const shared = await crypto.subtle.importKey('raw', await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, own.privateKey, 256), 'HKDF', false, ['deriveKey'])
  const salt = utf8(hex(await crypto.subtle.digest('SHA-256', utf8(token))))
  const key = await crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8('restow outbox 1') }, shared, { name: 'AES-GCM', length: 256 }, false, ['decrypt'])
  const plain = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(head.iv), additionalData: raw.slice(0, second) }, key, raw.slice(second + 1)))
  const length = new DataView(plain.buffer).getUint32(0)
  return { head, ...JSON.parse(new TextDecoder().decode(plain.slice(4, 4 + length))), rest: plain.slice(4 + length) }
}

test('everything not uploaded leaves as a file that the server alone can read, and stays here', async () => {
  const device = await handheld()
  await device.enrol('CODE', 'PDA 1')
  await device.syncNow()
  server.unreachable = true
  await scan(device, 'r1')
  await scan(device, 'r2')
  const photo = await device.keepPhoto(new Blob([utf8('a picture')], { type: 'image/jpeg' }), 'label')

  const [file, ...more] = await device.exportFiles()

  expect(more).toEqual([])
  expect(await file!.blob.text()).not.toContain('2000000000015')
  const { head, mutations, photos, rest } = await opened(file!.blob, 'token-1')
  expect(head).toMatchObject({ code: 'A1', part: 1, parts: 1, first: 1, last: 2, mutations: 2, photos: 1 })
  expect(mutations.map((one: { seq: number; args: { receipt_id: string } }) => [one.seq, one.args.receipt_id])).toEqual([[1, 'r1'], [2, 'r2']])
  expect([photos[0].sha256, new TextDecoder().decode(rest)]).toEqual([photo.sha256, 'a picture'])
  expect(await device.store().outbox.count()).toBe(2)
  await expect(opened(file!.blob, 'token-2')).rejects.toThrow()
})

test('a large outbox becomes several files, in their order, photos after the work', async () => {
  const device = await handheld()
  await device.enrol('CODE', 'PDA 1')
  await device.syncNow()
  server.unreachable = true
  for (let i = 0; i < 4; i++) await device.keepPhoto(new Blob([new Uint8Array(2_500_000).fill(i)], { type: 'image/jpeg' }), 'whole')
  await scan(device, 'r1')
  const files = await device.exportFiles()
  const heads = await Promise.all(files.map(({ blob }) => device.headOf(blob)))
  expect(heads.map((head) => [head!.part, head!.parts, head!.mutations, head!.photos])).toEqual([[1, 2, 1, 2], [2, 2, 0, 2]])
})

test('with nothing left to upload, or without the key of the server, it says so', async () => {
  const device = await handheld()
  await device.enrol('CODE', 'PDA 1')
  await expect(device.exportFiles()).rejects.toMatchObject({ reason: 'no_key' })
  await device.syncNow()
  await expect(device.exportFiles()).rejects.toMatchObject({ reason: 'nothing' })
})

test('another handheld takes the file along and brings it with its next upload, once', async () => {
  const a = await handheld()
  await a.enrol('CODE', 'PDA 1')
  await a.syncNow()
  server.unreachable = true
  await scan(a, 'r1')
  const [file] = await a.exportFiles()
  a.store().close()

  server.unreachable = false
  const b = await handheld()
  await b.enrol('CODE', 'PDA 2')
  await b.syncNow()
  expect(await b.carry(new Blob(['holiday.jpg']), 'holiday.jpg')).toBe(false)
  expect(await b.carry(file!.blob, file!.name)).toBe(true)
  expect(await b.carry(file!.blob, file!.name)).toBe(true)
  server.refuseFiles = 'An earlier file is missing.'
  await b.syncNow()
  expect(await b.carriedList()).toMatchObject([{ code: 'A1', state: 'refused', detail: 'An earlier file is missing.' }])
  server.refuseFiles = ''
  await b.bringAgain((await b.carriedList())[0]!.id)
  await b.syncNow()
  await b.syncNow()
  expect(server.brought).toHaveLength(1)
  expect(hex(server.brought[0]!)).toBe(hex(await file!.blob.arrayBuffer()))
  expect(await b.carriedList()).toMatchObject([{ state: 'brought', receipt: 'RSTW:ARRIVED-2-0123456789' }])
})

test('only its own receipt tells a handheld that its work arrived', async () => {
  const device = await handheld()
  await device.enrol('CODE', 'PDA 1')
  const key = await crypto.subtle.importKey('raw', utf8(hex(await crypto.subtle.digest('SHA-256', utf8('token-1')))), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = hex(await crypto.subtle.sign('HMAC', key, utf8('arrived|d1|37'))).slice(0, 10).toUpperCase()
  expect(await device.noteArrival('ARRIVED-37-0123456789')).toBeNull()
  expect(await device.noteArrival(`ARRIVED-38-${mac}`)).toBeNull()
  expect(await device.noteArrival(`ARRIVED-37-${mac}`)).toMatchObject({ seq: 37 })
  expect(await device.arrived()).toMatchObject({ seq: 37 })
})
