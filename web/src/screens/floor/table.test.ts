// The table of what a scan means where, cell by cell: each row is scanned on each screen, and what is said, recorded and asked is what
// the table says. Everything real but the server: the pack, the classification, the outbox.

import 'fake-indexeddb/auto'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const address = vi.hoisted(() => {
  const place = { pathname: '/floor', search: '' }
  const move = (_: unknown, __: string, to: string) => void (place.pathname = to.split('?')[0]!)
  Object.assign(globalThis, { location: place, history: { pushState: move, replaceState: move }, scrollTo: () => {} })
  return place
})

import * as app from '../../lib/app'
import * as auth from '../../lib/auth'
import { code, FakeServer, goods, person, place as bin, returnLine, returnOrder } from '../../lib/fake.test.server'
import { db } from '../../lib/db'
import { containerId, parcelId, uuid7 } from '../../lib/ids'
import { makeLabel } from '../../lib/numbers'
import { record } from '../../lib/outbox'
import * as queries from '../../lib/queries'
import { typed, type Scan } from '../../lib/scanner'
import { TONES, VIBRATIONS } from '../../lib/feedback'
import { loadSettings, saveSettings } from '../../lib/settings'
import { syncNow } from '../../lib/sync'
import { go } from '../../router.svelte'
import type { Place } from './intent'
import { words } from './say'
import { closeAlarm, scanned } from './scanning.svelte'
import { shift } from './shift.svelte'

const GS = '\x1d'
const KETTLE = '4006381333931'
const CASE = '14006381333938' // twelve kettles
const CREAM = '09506000134352' // lot and date
const PHONE = '06291041500213' // serial numbers
const CELL = '4012345678901' // dangerous
const SIGNED = 'SF1234567890123'
const WAYBILL = 'SF9876543210987'
const TOTE = makeLabel('SH', 1)
const LABEL = makeLabel('SH', 2)
const SSCC = '106141411234567897'
const PLATFORM = '250610-110022003300'

let server: FakeServer
let database = 0

beforeEach(async () => {
  server = new FakeServer()
  for (const [id, kind] of [['dock-1', 'dock'], ['wait-1', 'quarantine'], ['good-1', 'sellable'], ['exc-1', 'exception'], ['haz-1', 'hazard']] as const) {
    server.put('bin', bin(id, kind))
    server.put('zone', { id: `z-${kind}`, site_id: 's1', code: kind, name: kind, name_en: kind, kind })
  }
  server.put('carrier', { id: 'sf', code: 'sf', name: '顺丰', prefixes: ['SF'] })
  for (const id of ['c1', 'c2']) server.put('customer', { id, owner_id: 'o1', code: id, name: id })
  server.put('item', goods('kettle'))
  server.put('item', goods('cream', { lot_tracked: true, expiry_tracked: true }))
  server.put('item', goods('phone', { serial_tracked: true }))
  server.put('item', goods('cell', { hazard: true }))
  server.put('barcode', code('b1', 'kettle', KETTLE))
  server.put('barcode', code('b2', 'kettle', CASE, 12))
  server.put('barcode', code('b3', 'cream', CREAM))
  server.put('barcode', code('b4', 'phone', PHONE))
  server.put('barcode', code('b5', 'cell', CELL))
  server.put('return_order', returnOrder('o1', { number: 'RT-D0-00013' }))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  server.put('return_line', returnLine('l2', 'o1', 'phone', 2, { serials: ['IMEI-1', 'IMEI-2'] }))
  server.put('return_line', returnLine('l3', 'o1', 'cream', 5, { outbound_line_id: 'ol2' }))
  const shipped = { site_id: 's1', owner_id: 'o1', platform_number: '', shipped_on: '2026-11-01', waybill: '' }
  server.put('outbound_order', { id: 'out1', number: 'SO-1', customer_id: 'c1', ...shipped, platform_number: PLATFORM })
  server.put('outbound_order', { id: 'out2', number: 'SO-2', customer_id: 'c2', ...shipped })
  const line = { site_id: 's1', returned: 0, lot: '', line_number: 1 }
  server.put('outbound_line', { id: 'ol1', outbound_id: 'out1', item_id: 'phone', quantity: 2, serials: ['IMEI-1', 'IMEI-2'], ...line })
  server.put('outbound_line', { id: 'ol2', outbound_id: 'out1', item_id: 'cream', quantity: 5, serials: [], ...line })
  server.put('outbound_line', { id: 'ol3', outbound_id: 'out2', item_id: 'phone', quantity: 1, serials: ['IMEI-9'], ...line })
  server.put('defect_code', { id: 'd1', check: 'appearance', code: 'SCRATCH', name: '划痕', name_en: 'Scratch' })
  server.put('return_type', { id: 't', code: 't', name: 't', name_en: 't', active: true, policy: {} })
  server.put('person', person('cleo', 'sesame-secret', '1234'))
  for (const role of ['operator', 'inspector', 'service', 'supervisor'])
    server.put('grant', { id: role, person_id: 'cleo', role, site_id: 's1', owner_id: '', valid_from: '', valid_until: '' })
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: `table-${++database}` })
  await loadSettings()
  await auth.loadIdentity()
  await auth.enrol('CODE', 'PDA')
  await syncNow()
  server.unreachable = true
  expect(await auth.signInByBadge('B-7K2M.sesame-secret', '1234')).toMatchObject({ ok: true })
  shift.clear()
  shift.alarm = null
  shift.waiting = []
  shift.ready = true
  await arrived()
})

afterEach(async () => {
  shift.close()
  await settled()
})

/** One parcel has been signed for and half received: two kettles and a phone in a tote, of which one kettle is to be put away. */
async function arrived(): Promise<void> {
  const parcel = parcelId('s1', 'sf', SIGNED)
  const tote = containerId('s1', TOTE)
  await record('sign_parcel', { parcel_id: parcel, site_id: 's1', waybill: SIGNED, carrier: 'sf' })
  await record('bind_parcel', { parcel_id: parcel, order_id: 'o1' })
  await record('use_container', { container_id: tote, site_id: 's1', label: TOTE, kind: 'tote', bin_id: 'wait-1' })
  const received = { order_id: 'o1', site_id: 's1', parcel_id: parcel, container_id: tote, bin_id: 'wait-1' }
  await record('scan_item', { ...received, receipt_id: 'r1', line_id: 'l1', item_id: 'kettle', quantity: 2, text: KETTLE })
  await record('scan_item', { ...received, receipt_id: 'r2', line_id: 'l2', item_id: 'phone', quantity: 1, serial: 'IMEI-1', text: PHONE })
  const judged = { line_id: 'l1', site_id: 's1', quantity: 1, container_id: tote }
  await record('inspect', { ...judged, inspection_id: 'i1', verdict: 'pass', grade: 'A', checks: [] })
  await record('dispose', { ...judged, disposition_id: 'd1', kind: 'restock', inspection_id: 'i1' })
}

/** Somebody stands at this screen; to receive, with another parcel open. */
async function at(place: Place): Promise<void> {
  go(place === 'home' ? '/floor' : `/floor/${place}`)
  if (place === 'receive') {
    const parcel = parcelId('s1', 'sf', 'SF0000000000002')
    await record('sign_parcel', { parcel_id: parcel, site_id: 's1', waybill: 'SF0000000000002', carrier: 'sf' })
    await record('open_parcel', { parcel_id: parcel })
    shift.work.receive.parcelId = parcel
  }
  if (place === 'count') await scan('WAIT-1')
}

/** Everything that a scan sets off has come to rest, or asks something. */
async function settled(): Promise<void> {
  const busy = () => !shift.sheet && !shift.alarm && (shift.now !== null || shift.waiting.length > 0)
  for (let quiet = 0, n = 0; quiet < 3 && n < 400; n++) {
    await new Promise((go) => setTimeout(go, 2))
    quiet = busy() ? 0 : quiet + 1
  }
}

const fresh = (text: string): Scan => ({ ...typed(text), source: 'wedge', text: text.replace(/^\][A-Za-z]\d/, '') })

/** The signs by which a cell is known. */
interface Seen {
  tone: string
  says: string
  sheet: string
  alarm: string
  records: string[]
  at: string
}

async function scan(text: string): Promise<Seen> {
  const before = await db.outbox.count()
  const from = shift.count
  const result = shift.result
  void scanned(fresh(text))
  await settled()
  const rows = await db.outbox.orderBy('seq').offset(before).toArray()
  const now = words.get()
  const told = shift.count === from && shift.result === result ? null : shift.result
  return {
    tone: told?.tone ?? '',
    says: told ? `${told.words(now)} ${told.more?.(now) ?? ''}`.trim() : '',
    sheet: shift.sheet?.is ?? '',
    alarm: shift.alarm?.what(now) ?? '',
    records: rows.map(({ name }) => name),
    at: address.pathname,
  }
}

type Cell = Partial<Omit<Seen, 'says' | 'alarm'>> & { says?: RegExp; alarm?: RegExp }
type Column = 'home' | 'sign-for' | 'receive' | 'inspect' | 'put-away' | 'count'

/** '!' attention and nothing recorded. */
const no = (says: RegExp): Cell => ({ tone: 'warn', says, records: [] })

const TABLE: [string, string | ((place: string) => string), Record<Column, Cell>][] = [
  ['waybill, signed for', SIGNED, {
    'home': { tone: 'ok', at: '/floor/receive', records: ['open_parcel'], says: /RT-D0-00013/ },
    'sign-for': { tone: 'warn', says: /已由 cleo 签收/, records: [] },
    'receive': { tone: 'ok', at: '/floor/receive', records: ['open_parcel'], says: /RT-D0-00013/ },
    'inspect': { says: new RegExp(SIGNED), records: [], at: '/floor/inspect' },
    'put-away': no(/这里扫容器/),
    'count': no(/数|扫/),
  }],
  ['waybill, new', WAYBILL, {
    'home': { tone: 'warn', at: '/floor/receive', records: ['sign_parcel', 'open_parcel'], says: /已同时签收|无单/ },
    'sign-for': { tone: 'ok', says: /已签收/, records: ['sign_parcel'] },
    'receive': { at: '/floor/receive', records: ['sign_parcel', 'open_parcel'] },
    'inspect': no(/还没有签收/),
    'put-away': no(/这里扫容器/),
    'count': no(/数|扫/),
  }],
  ['return number', 'RT-D0-00013', {
    'home': { tone: 'own', says: /RT-D0-00013/, records: [] },
    'sign-for': no(/先扫运单/),
    'receive': { tone: 'ok', says: /对应退库单 RT-D0-00013/, records: ['bind_parcel'] },
    'inspect': { says: /RT-D0-00013/, records: [] },
    'put-away': no(/这里扫容器/),
    'count': no(/数|扫/),
  }],
  ['outbound number', 'SO-1', {
    'home': { records: [], says: /SO-1/ },
    'sign-for': no(/先扫运单|拆包时再扫/),
    'receive': { tone: 'ok', says: /寄件人：c1/, records: [] },
    'inspect': no(/没有待检/),
    'put-away': no(/这里扫容器/),
    'count': no(/数|扫/),
  }],
  ['number of the platform', PLATFORM, {
    'home': { records: [], says: /SO-1/ },
    'sign-for': no(/先扫运单|拆包时再扫/),
    'receive': { tone: 'ok', says: /寄件人：c1/, records: [] },
    'inspect': no(/没有待检/),
    'put-away': no(/这里扫容器/),
    'count': no(/数|扫/),
  }],
  ['own label, new', LABEL, {
    'home': no(/空标签：贴在什么上/),
    'sign-for': { tone: 'ok', records: ['sign_parcel'], says: /已签收/ },
    'receive': { tone: 'ok', records: ['use_container'], says: /新周转箱/ },
    'inspect': no(/先扫一件货/),
    'put-away': no(/空标签，里面没有货/),
    'count': no(/空标签，里面没有货/),
  }],
  ['own label, in use', TOTE, {
    'home': { tone: 'own', says: /在库位 WAIT-1/, records: [] },
    'sign-for': { tone: 'ok', records: ['sign_parcel'] },
    'receive': { tone: 'ok', says: /放入此箱/, records: [] },
    'inspect': { says: new RegExp(TOTE), records: [] },
    'put-away': { records: [], says: new RegExp(TOTE) },
    'count': { tone: 'ok', says: new RegExp(TOTE), records: [] },
  }],
  ['SSCC of somebody else', `]C100${SSCC}`, {
    'home': no(/没有记录的箱托码/),
    'sign-for': { tone: 'ok', records: ['sign_parcel'] },
    'receive': { tone: 'ok', records: ['use_container'] },
    'inspect': no(/先扫一件货/),
    'put-away': no(/没有记录的箱托码/),
    'count': { tone: 'warn', says: new RegExp(SSCC), records: [] },
  }],
  ['item', KETTLE, {
    'home': { tone: 'own', says: /品kettle/, records: [] },
    'sign-for': { tone: 'warn', says: /先扫运单.*1 次扫描在等/, records: [] },
    'receive': { says: /品kettle/, records: ['open_return_without_order', 'bind_parcel', 'scan_item'] },
    'inspect': { tone: 'own', says: /品kettle/, records: [] },
    'put-away': { tone: 'ok', says: /KETTLE/, records: [] },
    'count': { tone: 'ok', says: /品kettle/, records: [] },
  }],
  ['item, by the case', CASE, {
    'home': { tone: 'own', says: /品kettle/, records: [] },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] },
    'receive': { says: /\+12/, records: ['open_return_without_order', 'bind_parcel', 'scan_item'] },
    'inspect': { tone: 'own', says: /品kettle/, records: [] },
    'put-away': { tone: 'ok', records: [] },
    'count': { tone: 'ok', says: /\+12/, records: [] },
  }],
  ['GS1 with lot and date', `]d201${CREAM}17280100${GS}10L7`.replace(`00${GS}10`, '0010'), {
    'home': { tone: 'own', says: /品cream.*L7/, records: [] },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] },
    'receive': { says: /批号 L7/, records: ['open_return_without_order', 'bind_parcel', 'scan_item'] },
    'inspect': no(/没有待检的这种商品/),
    'put-away': no(/没有待上架的这种商品/),
    'count': { tone: 'ok', says: /品cream L7/, records: [] },
  }],
  ['serial number', 'IMEI-1', {
    'home': { tone: 'own', says: /IMEI-1/, records: [] },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] },
    'receive': { records: ['open_return_without_order', 'bind_parcel', 'scan_item'], tone: 'warn', says: /cleo/ },
    'inspect': { says: /品phone/, records: [] },
    'put-away': no(/还没有质检/),
    'count': { tone: 'ok', says: /品phone IMEI-1/, records: [] },
  }],
  ['GS1 with a serial number', `]d201${PHONE}21IMEI-2`, {
    'home': { tone: 'own', says: /IMEI-2/, records: [] },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] },
    'receive': { records: ['open_return_without_order', 'bind_parcel', 'scan_item'], says: /IMEI-2/ },
    'inspect': no(/还没有收货/),
    'put-away': no(/没有|还没有质检/),
    'count': { tone: 'ok', says: /品phone IMEI-2/, records: [] },
  }],
  ['bin', 'GOOD-1', {
    'home': { tone: 'own', says: /GOOD-1/, records: [] },
    'sign-for': { tone: 'ok', says: /收货门：GOOD-1/, records: [] },
    'receive': { tone: 'ok', says: /货放在 GOOD-1/, records: [] },
    'inspect': no(/质检台/),
    'put-away': no(/手上没有货/),
    'count': { tone: 'ok', says: /GOOD-1/, records: [] },
  }],
  ['unknown', 'WHAT-IS-THIS', {
    'home': { sheet: 'unknown', records: [] },
    'sign-for': { tone: 'ok', records: ['sign_parcel'] },
    'receive': { sheet: 'unknown', records: [] },
    'inspect': { sheet: 'unknown', records: [] },
    'put-away': { sheet: 'unknown', records: [] },
    'count': { tone: 'warn', says: /WHAT-IS-THIS/, records: [] },
  }],
  ['goods that the pack does not have', ']E04099999999996', {
    'home': { sheet: 'unknown' },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] }, // never signed for as if it were a parcel
    'receive': { sheet: 'unknown' },
    'inspect': { sheet: 'unknown' },
    'put-away': { sheet: 'unknown' },
    'count': { tone: 'warn', records: [], sheet: '' },
  }],
  ['GS1 that the pack does not have', ']d20104099999999996' + '10L1', {
    'home': { sheet: 'unknown' },
    'sign-for': { tone: 'warn', says: /先扫运单/, records: [] },
    'receive': { sheet: 'unknown' },
    'inspect': { sheet: 'unknown' },
    'put-away': { sheet: 'unknown' },
    'count': { tone: 'warn', records: [], sheet: '' },
  }],
  ['a misread code', (place) => `]C101${CREAM.slice(0, -1)}910${place.toUpperCase()}`, {
    'home': no(/校验位不对/),
    'sign-for': no(/校验位不对/),
    'receive': no(/校验位不对/),
    'inspect': no(/校验位不对/),
    'put-away': no(/校验位不对/),
    'count': no(/校验位不对/),
  }],
  ['card UNDO, after a verdict', 'RSTW:UNDO', {
    'home': no(/撤销不了/),
    'sign-for': no(/撤销不了/),
    'receive': no(/撤销不了/),
    'inspect': no(/撤销不了/),
    'put-away': no(/撤销不了/),
    'count': no(/没有可撤销/),
  }],
  ['card of another screen', 'RSTW:EMPTY', {
    'home': no(/不起作用：EMPTY/),
    'sign-for': no(/不起作用：EMPTY/),
    'receive': { sheet: 'photo', records: [] },
    'inspect': no(/不起作用：EMPTY/),
    'put-away': no(/不起作用：EMPTY/),
    'count': no(/不起作用：EMPTY/),
  }],
] // prettier-ignore

describe.each(TABLE)('%s', (_, text, row) => {
  test.each(Object.entries(row))('on %s', async (place, cell) => {
    await at(place as Place)
    const { says, alarm, ...rest } = cell
    const seen = await scan(typeof text === 'string' ? text : text(place))
    expect(seen).toMatchObject(rest)
    if (says) expect(seen.says).toMatch(says)
    if (alarm) expect(seen.alarm).toMatch(alarm)
    else expect(seen.alarm).toBe('')
  })
})

test('a badge changes the person on every screen', async () => {
  for (const place of ['home', 'sign-for', 'receive', 'inspect', 'put-away', 'count', 'file'] as const) {
    expect(await auth.signInByBadge('B-7K2M.sesame-secret', '1234')).toMatchObject({ ok: true })
    await at(place)
    await scan('B-7K2M.sesame-secret')
    expect(auth.session.get()?.locked ?? true, place).toBe(true)
  }
})

test('the history has what was looked up beside what was recorded, and no badge', async () => {
  await at('home')
  await scan(KETTLE)
  await scan('B-7K2M.sesame-secret')
  await auth.signInByBadge('B-7K2M.sesame-secret', '1234')
  await at('sign-for')
  await scan(WAYBILL)
  await vi.waitFor(async () => expect((await queries.lastScans(2)).map(({ text, name }) => [text, name])).toEqual([[WAYBILL, 'sign_parcel'], [KETTLE, '']]), 10_000)
})

describe('with something in hand', () => {
  test('receive: the same serial twice in one return is an alarm, and counted once', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    const seen = await scan('IMEI-1')
    expect(seen).toMatchObject({ tone: 'bad', records: [] })
    expect(seen.alarm).toMatch(/同一序列号扫了两次/)
    closeAlarm()
    expect(await scan('IMEI-2')).toMatchObject({ tone: 'ok', records: ['scan_item'] })
    expect((await scan('IMEI-2')).alarm).toMatch(/同一序列号扫了两次/)
    expect((await queries.lineView('l2'))?.line.received).toBe(2)
  })

  test('receive: an item and its serial number, scanned quicker than it can be asked for', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    void scanned(fresh(PHONE))
    void scanned(fresh('350123456789012'))
    void scanned(fresh(KETTLE))
    await settled()
    expect(shift.sheet).toBeNull()
    expect(shift.waiting).toEqual([])
    const receipts = await queries.receiptsOfParcel(shift.work.receive.parcelId)
    expect(receipts.map(({ item_id, serial }) => [item_id, serial]).sort()).toEqual([['kettle', ''], ['phone', '350123456789012']])
  })

  test('receive: a serial that was sold to somebody else is counted, and said', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    const seen = await scan('IMEI-9')
    expect(seen).toMatchObject({ tone: 'warn', records: ['scan_item'] })
    expect(seen.says).toMatch(/不是卖给此客户/)
  })

  test('receive: nor without a return order, when it is known who sent it', async () => {
    await at('receive')
    await scan('SO-1')
    const seen = await scan('IMEI-9')
    expect(seen).toMatchObject({ tone: 'warn', records: expect.arrayContaining(['scan_item']) })
    expect(seen.says).toMatch(/不是卖给此客户/)
  })

  test('receive: what is dangerous is counted, kept out of the tote, and an alarm says which zone it goes to', async () => {
    await at('receive')
    await scan(TOTE)
    const seen = await scan(CELL)
    expect(seen.alarm).toMatch(/危险品/)
    expect(shift.alarm!.todo(words.get())).toMatch(/hazard HAZ-1/)
    const row = (await db.view.where('[kind+key]').between(['receipt', ''], ['receipt', '\uffff']).toArray()).map(({ value }) => value as { item_id: string; container_id: string })
    expect(row.find((receipt) => receipt.item_id === 'cell')?.container_id).toBe('')
  })

  test('receive: the next waybill closes this parcel and opens that one', async () => {
    await at('receive')
    await scan(KETTLE)
    expect((await scan(WAYBILL)).records).toEqual(['sign_parcel', 'close_parcel', 'open_parcel'])
  })

  test('sign for: goods scanned too early are counted once their waybill is known', async () => {
    await at('sign-for')
    await scan(KETTLE)
    await scan(WAYBILL)
    go('/floor/receive')
    const seen = await scan(SIGNED)
    expect(seen.records).toEqual(expect.arrayContaining(['open_parcel', 'scan_item']))
    expect(shift.work.early).toEqual([])
  })

  test('inspect: with a unit on the bench a waybill waits, a bin places the tote, a new label collects its outcome', async () => {
    await at('inspect')
    await scan(KETTLE)
    expect(shift.work.bench?.lineId).toBe('l1')
    expect(await scan(SIGNED)).toMatchObject({ tone: 'warn', records: [] })
    expect(await scan(LABEL)).toMatchObject({ tone: 'ok', records: ['use_container'] })
    expect(await scan('SCRATCH')).toMatchObject({ tone: 'warn', records: [] })
    expect(shift.work.bench?.checks.find((check) => check.check === 'appearance')).toMatchObject({ outcome: 'fail', defects: ['SCRATCH'] })
    expect(await scan('IMEI-1')).toMatchObject({ tone: 'warn', says: expect.stringMatching(/先做完/), records: [] })
    expect(shift.work.bench?.lineId).toBe('l1') // what was found of it is not thrown away
    expect(await scan('RSTW:DONE')).toMatchObject({ records: expect.arrayContaining(['inspect']) })
    await scan(TOTE)
    shift.work.bench = null
    expect(await scan('GOOD-1')).toMatchObject({ tone: 'ok', records: ['move_container'] })
  })

  test('inspect: what came back of a shipment is found by its number, goods nobody knew by their code', async () => {
    await record('scan_item', { receipt_id: 'r3', order_id: 'o1', line_id: 'l3', site_id: 's1', item_id: 'cream', quantity: 2, text: CREAM })
    await record('scan_item', { receipt_id: 'r4', order_id: 'o1', line_id: uuid7(), site_id: 's1', text: 'MYSTERY' })
    await at('inspect')
    expect(await scan('SO-1')).toMatchObject({ tone: 'own', records: [] })
    shift.work.filter.orderId = ''
    await scan('MYSTERY')
    expect((await queries.lineView(shift.work.bench!.lineId))?.line.text).toBe('MYSTERY')
  })

  test('put away: a container, then a bin', async () => {
    await at('put-away')
    expect((await scan(TOTE)).says).toMatch(new RegExp(TOTE))
    shift.alarm = null
    const once = await scan('GOOD-1')
    const seen = once.records.length ? once : await scan('GOOD-1') // its phone is not inspected: the second scan means it
    expect(seen.records).toEqual(['move_container'])
  })

  test('inspect and put away: by the lot in a GS1 code and by the serial number, up to the bin', async () => {
    const lot = (name: string) => `]d201${CREAM}10${name}`
    for (const [receipt, name] of [['r3', 'L7'], ['r4', 'L8']] as const)
      await record('scan_item', { receipt_id: receipt, order_id: 'o1', line_id: 'l3', site_id: 's1', item_id: 'cream', quantity: 2, text: CREAM, lot: name, expiry: '2028-10-31' })
    await at('inspect')
    expect(await scan(lot('L8'))).toMatchObject({ tone: 'own', records: [] })
    expect(shift.work.bench).toMatchObject({ lineId: 'l3', lot: 'L8', quantity: 2 })
    expect((await scan('RSTW:PASS')).records).toEqual(['inspect', 'dispose'])
    await scan('IMEI-1')
    expect(shift.work.bench).toMatchObject({ serial: 'IMEI-1', quantity: 1 })
    expect((await scan('RSTW:PASS')).records).toEqual(['inspect', 'dispose'])

    await at('put-away')
    expect(await scan(lot('L7'))).toMatchObject({ tone: 'warn', records: [] }) // that lot waits to be inspected
    expect(await scan(lot('L8'))).toMatchObject({ tone: 'ok', records: [] })
    expect(await scan(`]d201${PHONE}21IMEI-1`)).toMatchObject({ tone: 'ok', records: [] })
    expect(shift.work.picks).toMatchObject([{ lot: 'L8', quantity: 1 }, { serial: 'IMEI-1', quantity: 1 }])
    expect((await scan('GOOD-1')).records).toEqual(['put_away', 'put_away'])
    expect(shift.work.picks).toEqual([])
  })

  test('UNDO takes back the last scan, and not an older one when a verdict came after it', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    await scan(KETTLE)
    const undone = await scan('RSTW:UNDO')
    expect(undone).toMatchObject({ tone: 'ok', records: ['unreceive'] })
    await scan(KETTLE)
    await at('inspect')
    expect(await scan(KETTLE)).toMatchObject({ sheet: 'choose' }) // of this parcel, or of the tote?
    await scan('RSTW:1')
    expect((await scan('RSTW:PASS')).records).toEqual(['inspect', 'dispose'])
    const refused = await scan('RSTW:UNDO')
    expect(refused).toMatchObject({ tone: 'warn', records: [] })
    expect(refused.says).toMatch(/撤销不了/)
  })
})

describe('what can be read two ways is asked', () => {
  const options = () => (shift.sheet?.is === 'choose' ? shift.sheet.asks.options.map((option) => `${option.words(words.get())} ${option.more?.(words.get()) ?? ''}`) : [])

  test('thirteen digits with a right check digit: the kind of code says, then the pack, then the screen, then a person', async () => {
    const both = '4099999999996'
    await at('home')
    expect(await scan(both)).toMatchObject({ sheet: 'choose', records: [] })
    expect(options()).toHaveLength(2)
    await scan('RSTW:UNDO') // left: nothing is done
    expect(shift.sheet).toBeNull()
    expect(await scan(`]E0${both}`)).toMatchObject({ sheet: 'unknown' }) // no carrier prints an EAN
    shift.close()
    expect(await scan(`]C0${both}`)).toMatchObject({ at: '/floor/receive', records: ['sign_parcel', 'open_parcel'] }) // no shelf item wears a Code 128
    await at('sign-for')
    expect(await scan('4099999999989')).toMatchObject({ tone: 'ok', records: ['sign_parcel'] })
    await at('receive')
    expect(await scan('4099999999972')).toMatchObject({ sheet: 'unknown' })
  })

  test('a lost separator: each reading with its item, lot and date as a button; a card answers; the rest waits in line', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    const lost = `]C101${CREAM}10AB12317280131`
    expect(await scan(lost)).toMatchObject({ sheet: 'choose', records: [] })
    expect(options()).toEqual(['商品 品cream · 批号 AB12317280131', '商品 品cream · 批号 AB123 · 到期 2028-01-31'])
    await scan(KETTLE)
    expect(shift.waiting).toHaveLength(1)
    const answered = await scan('RSTW:2')
    expect(answered.records).toEqual(['scan_item', 'scan_item'])
    const receipts = await queries.receiptsOfParcel(shift.work.receive.parcelId)
    expect(receipts.map(({ item_id, lot, expiry }) => [item_id, lot, expiry])).toEqual(expect.arrayContaining([['cream', 'AB123', '2028-01-31'], ['kettle', '', '']]))
    shift.close()
    expect(await scan(lost)).toMatchObject({ sheet: 'choose' }) // asked again: nothing is remembered
  })

  test('a lost separator is asked about even where the screen expects one of the readings', async () => {
    await at('inspect') // serial numbers are expected here
    expect(await scan(`]C101${PHONE}10LOTA21SERB`)).toMatchObject({ sheet: 'choose', records: [] })
    expect(options()).toEqual(['商品 品phone · 批号 LOTA21SERB', '序列号 品phone · 批号 LOTA · 序列号 SERB'])
  })

  test('where it makes no difference nothing is asked, and nothing doubtful is recorded', async () => {
    await at('receive')
    await scan('RT-D0-00013')
    expect(await scan(`]C10104006381333931` + '10AB12317280131')).toMatchObject({ sheet: '', records: ['scan_item'] })
    expect((await queries.receiptsOfParcel(shift.work.receive.parcelId)).at(-1)).toMatchObject({ item_id: 'kettle', lot: '', expiry: '' })
  })

  test('a code that comes misread twice is what is printed there, and is kept', async () => {
    await at('receive')
    const text = `]C101${CREAM.slice(0, -1)}8`
    expect(await scan(text)).toMatchObject({ tone: 'warn', sheet: '' })
    expect(await scan(text)).toMatchObject({ sheet: 'unknown' })
  })
})

describe('right, attention and wrong', () => {
  test('differ by tone and by vibration, and nothing is as long as wrong', () => {
    const lengths = Object.values(TONES).map((tones) => Math.max(...tones.map(({ at, lasts }) => at + lasts)))
    expect(new Set(Object.values(TONES).map((tones) => tones.map(({ shape }) => shape).join())).size).toBe(3)
    expect(Math.max(...lengths)).toBe(lengths[Object.keys(TONES).indexOf('wrong')])
    expect(new Set(Object.values(VIBRATIONS).map(String)).size).toBe(3)
    expect(Math.max(...VIBRATIONS.right, ...VIBRATIONS.attention)).toBeLessThan(Math.min(...VIBRATIONS.wrong.filter((_, n) => n % 2 === 0)))
  })

  test('are said aloud in the language of the screen by who wants it, the newest only', async () => {
    const said: { text: string; lang: string }[] = []
    let cancelled = 0
    class Utterance {
      lang = ''
      constructor(readonly text: string) {}
    }
    vi.stubGlobal('SpeechSynthesisUtterance', Utterance)
    vi.stubGlobal('speechSynthesis', { getVoices: () => [], cancel: () => cancelled++, speak: ({ text, lang }: Utterance) => said.push({ text, lang }) })
    await at('receive')
    await scan('RT-D0-00013')
    expect(said).toEqual([])
    await saveSettings({ speak: true })
    await scan(KETTLE)
    await scan('IMEI-1')
    expect(said.map(({ text }) => text)).toEqual(['品kettle，3', expect.stringMatching(/同一序列号扫了两次，看一下手上/)])
    expect(said.every(({ lang }) => lang === 'zh-CN')).toBe(true)
    expect(cancelled).toBe(2)
    await saveSettings({ speak: false })
    vi.unstubAllGlobals()
  })
})
