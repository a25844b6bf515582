// What each command does to the view at once, told as a shift without network.

import 'fake-indexeddb/auto'

import { beforeEach, expect, test } from 'vitest'

import { FakeServer, code, goods, person, place, returnLine, returnOrder } from './fake.test.server'
import * as app from './app'
import * as auth from './auth'
import { classify } from './classify'
import { db, everyOf, reindex } from './db'
import { containerId, parcelId, scanLineId, uuid7 } from './ids'
import { makeLabel } from './numbers'
import { noteScan, record as recordAs } from './outbox'
import type { Commands, DeviceCommand } from './protocol'
import * as ask from './queries'
import { loadSettings } from './settings'
import { syncNow } from './sync'

let server: FakeServer
let n = 0

const record = <Name extends DeviceCommand>(name: Name, args: Commands[Name]) => recordAs(name, args, { by: 'cleo' })

beforeEach(async () => {
  server = new FakeServer()
  for (const [id, kind] of [['dock-1', 'dock'], ['wait-1', 'quarantine'], ['good-1', 'sellable'], ['good-2', 'sellable'], ['scrap-1', 'scrap']] as const) {
    server.put('bin', place(id, kind))
    server.put('zone', { id: `z-${kind}`, site_id: 's1', code: kind, name: kind, name_en: kind, kind })
  }
  server.put('carrier', { id: 'sf', code: 'sf', name: '顺丰', prefixes: ['SF'] })
  server.put('customer', { id: 'c1', owner_id: 'o1', code: 'C1', name: 'Cleo & Co' })
  server.put('item', goods('kettle'))
  server.put('item', goods('lamp'))
  server.put('item', goods('phone', { serial_tracked: true }))
  server.put('barcode', code('b1', 'kettle', '4006381333931'))
  server.put('barcode', code('b2', 'kettle', '14006381333938', 12))
  server.put('barcode', code('b3', 'phone', '09506000134352'))
  server.put('barcode', code('b4', 'lamp', '4006381333931-2'))
  server.put('return_order', returnOrder('o1', { number: 'RT-D0-00013' }))
  server.put('return_line', returnLine('l1', 'o1', 'kettle', 3))
  server.put('outbound_order', { id: 'out1', number: 'SO-1', site_id: 's1', owner_id: 'o1', customer_id: 'c1', platform_number: '110022003300', waybill: 'SF999', shipped_on: '2026-11-01' })
  server.put('outbound_line', { id: 'ol1', outbound_id: 'out1', site_id: 's1', item_id: 'phone', line_number: 1, quantity: 2, returned: 0, lot: '', serials: ['IMEI-1', 'IMEI-2'] })
  server.put('person', person('cleo', 'sesame-secret', '1234'))
  server.put('grant', { id: 'g1', person_id: 'cleo', role: 'operator', site_id: 's1', owner_id: '', valid_from: '', valid_until: '' })
  app.configure({ origin: 'http://restow.test', fetch: server.fetch, database: `work-${++n}` })
  await loadSettings()
  await auth.loadIdentity()
  await auth.enrol('CODE', 'PDA')
  await syncNow()
  server.unreachable = true
})

const line = async (id = 'l1') => (await ask.lineView(id))!.line
const order = async (id = 'o1') => (await ask.orderOf(id))!
const stock = () => everyOf('stock_balance')
const scan = (quantity: number, more: object = {}) =>
  record('scan_item', { receipt_id: uuid7(), order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity, text: '4006381333931', ...more })

test('a whole return without network: signed for, received into a tote, inspected, disposed of and put away', async () => {
  const p = parcelId('s1', 'sf', 'SF1')
  await record('sign_parcel', { parcel_id: p, site_id: 's1', waybill: 'sf 1', carrier: 'sf' })
  expect((await ask.parcelByWaybill('s1', 'SF1'))?.signed_count).toBe(1)
  await record('sign_parcel', { parcel_id: p, site_id: 's1', waybill: 'SF1', carrier: 'sf' })
  expect((await ask.parcelsSigned('s1')).map((each) => each.signed_count)).toEqual([2])
  await record('open_parcel', { parcel_id: p })
  await record('bind_parcel', { parcel_id: p, order_id: 'o1' })

  const label = makeLabel('SH', 7)
  const tote = containerId('s1', label)
  await record('use_container', { container_id: tote, site_id: 's1', label, bin_id: 'wait-1' })
  await scan(2, { container_id: tote, parcel_id: p })
  await scan(1, { container_id: tote, parcel_id: p })
  await record('close_parcel', { parcel_id: p })
  expect(await ask.parcelOf(p)).toMatchObject({ state: 'done', order_ids: ['o1'] })
  expect(await line()).toMatchObject({ received: 3 })
  expect(await order()).toMatchObject({ status: 'inspecting' })
  expect((await ask.containerContents(tote)).map(({ quantity, status, balance }) => [quantity, status, balance.bin_id])).toEqual([[3, 'quarantine', 'wait-1']])
  expect(await ask.counters('s1')).toMatchObject({ toInspect: 1, toPutAway: 0, signed: 0 })

  await record('inspect', { inspection_id: 'i1', line_id: 'l1', site_id: 's1', quantity: 3, verdict: 'pass', grade: 'A', checks: [], container_id: tote })
  expect(await order()).toMatchObject({ status: 'disposing' })
  const good = containerId('s1', makeLabel('SH', 8))
  await record('use_container', { container_id: good, site_id: 's1', label: makeLabel('SH', 8), outcome: 'restock' })
  await record('dispose', { disposition_id: 'd1', line_id: 'l1', site_id: 's1', quantity: 2, kind: 'restock', container_id: tote, to_container_id: good })
  await record('dispose', { disposition_id: 'd2', line_id: 'l1', site_id: 's1', quantity: 1, kind: 'scrap', container_id: tote })
  expect(await line()).toMatchObject({ disposed: 3, closed: 1 }) // scrap posts at once, restock when it is put away
  expect((await ask.toPutAway('s1')).map((task) => [task.disposition.id, task.zoneKind, task.quantity, task.suggestedBin?.id])).toEqual([
    ['d1', 'sellable', 2, 'good-1'],
    ['d2', 'scrap', 1, 'scrap-1'],
  ])

  await record('move_container', { container_id: good, bin_id: 'good-1' })
  expect(await line()).toMatchObject({ closed: 3 })
  expect(await order()).toMatchObject({ status: 'completed' })
  await record('put_away', { line_id: 'l1', site_id: 's1', quantity: 1, bin_id: 'scrap-1', container_id: tote })
  const left = (await stock()).map(({ status, quantity, bin_id, container_id }) => [status, quantity, bin_id, container_id === good])
  expect(left.sort()).toEqual([['scrap_pending', 1, 'scrap-1', false], ['sellable', 2, 'good-1', true]])
  expect(await ask.toPutAway('s1')).toEqual([])
})

test('goods that fit no line make one, the same on every handheld', async () => {
  const id = scanLineId('o1', 'lamp', '')
  await record('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: id, site_id: 's1', item_id: 'lamp' })
  await record('scan_item', { receipt_id: 'r2', order_id: 'o1', line_id: id, site_id: 's1', item_id: 'lamp' })
  expect(await line(id)).toMatchObject({ received: 2, expected: 0, item_id: 'lamp' })
})

test('an unknown code is kept, and becomes stock of the item it is said to be', async () => {
  const id = scanLineId('o1', '', 'MYSTERY')
  await record('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: id, site_id: 's1', text: 'MYSTERY', quantity: 2 })
  expect(await line(id)).toMatchObject({ item_id: '', text: 'MYSTERY', received: 2 })
  expect(await stock()).toEqual([])
  await record('map_barcode', { barcode_id: 'nb', text: 'MYSTERY', item_id: 'lamp' })
  expect(await line(id)).toMatchObject({ item_id: 'lamp' })
  expect((await ask.barcodeLookup('MYSTERY'))[0]?.item.id).toBe('lamp')
  expect(await stock()).toMatchObject([{ item_id: 'lamp', quantity: 2, status: 'quarantine' }])
})

test('without an order nothing is freed before it is approved', async () => {
  await record('open_return_without_order', { order_id: 'w1', number: 'RT-A1-00011', site_id: 's1' })
  await record('scan_item', { receipt_id: 'r1', order_id: 'w1', line_id: 'wl', site_id: 's1', item_id: 'kettle' })
  await record('inspect', { inspection_id: 'i1', line_id: 'wl', site_id: 's1', quantity: 1, verdict: 'pass', grade: 'A', checks: [] })
  await record('dispose', { disposition_id: 'd1', line_id: 'wl', site_id: 's1', quantity: 1, kind: 'restock' })
  await record('put_away', { line_id: 'wl', site_id: 's1', quantity: 1, bin_id: 'good-1' })
  expect(await order('w1')).toMatchObject({ status: 'disposing', origin: 'without_order', authorised: false })
  expect(await stock()).toMatchObject([{ status: 'quarantine', bin_id: 'good-1', quantity: 1 }])
})

test('what may still be filed of a shipment knows what was filed here, and what this device has reserved', async () => {
  server.unreachable = false
  const device = auth.identity.get()!.device_id
  server.put('outbound_line', { id: 'ol2', outbound_id: 'out1', site_id: 's1', item_id: 'kettle', line_number: 2, quantity: 6, returned: 1, claimed: 3, lot: '', serials: [] })
  const claim = { site_id: 's1', outbound_line_id: 'ol2', order_id: '', line_id: '', quantity: 2, open: 2, expires_at: Date.now() + 9e6, by: 'cleo', at: 1 }
  server.put('outbound_claim', { ...claim, id: 'mine', device_id: device })
  server.put('outbound_claim', { ...claim, id: 'theirs', device_id: 'another', open: 1 })
  await syncNow()
  server.unreachable = true
  const kettles = async () => (await ask.returnable('out1', device)).find((each) => each.line.id === 'ol2')!
  expect(await kettles()).toMatchObject({ filed: 1, left: 4, reserved: [{ id: 'mine' }] })

  const lines = [{ line_id: 'fl', item_id: 'kettle', quantity: 3, outbound_line_id: 'ol2' }]
  await record('create_return', { order_id: 'f1', number: 'RT-A1-00037', site_id: 's1', type_code: 't', lines })
  expect(await kettles()).toMatchObject({ left: 4 }) // a draft reserves nothing
  await record('submit_return', { order_id: 'f1' })
  expect(await kettles()).toMatchObject({ filed: 4, left: 1 })
})

test('codes nobody has named are counted over all returns, until one of them is named', async () => {
  for (const [id, text, quantity] of [['r1', 'QX-77', 2], ['r2', 'QX-77', 1], ['r3', 'ZZ-1', 1]] as const)
    await record('scan_item', { receipt_id: id, order_id: `o-${id}`, line_id: scanLineId(`o-${id}`, '', text), site_id: 's1', text, quantity })
  expect(await ask.unknownCodes('s1')).toEqual([{ text: 'QX-77', units: 3 }, { text: 'ZZ-1', units: 1 }])
  await record('map_barcode', { barcode_id: 'nb', text: 'QX-77', item_id: 'lamp' })
  expect(await ask.unknownCodes('s1')).toEqual([{ text: 'ZZ-1', units: 1 }])
})

test('what an earlier version of the app stored is found by what this one looks it up by', async () => {
  await record('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: scanLineId('o1', '', 'OLD'), site_id: 's1', text: 'OLD' })
  await db.view.update(['receipt', 'r1'], { by: [] })
  await db.meta.delete('indexed')
  expect(await ask.unknownCodes('s1')).toEqual([])
  await reindex()
  expect(await ask.unknownCodes('s1')).toEqual([{ text: 'OLD', units: 1 }])
})

test('a sample that failed inspects nothing, asks for every unit, and no later one stands for more than itself', async () => {
  const checks = (['appearance', 'function', 'accessories', 'packaging'] as const).map((check) => ({ check, outcome: 'pass' as const }))
  const look = (id: string, quantity: number, more: object) =>
    record('inspect', { inspection_id: id, line_id: 'l1', site_id: 's1', quantity, verdict: 'pass', grade: 'A', checks, ...more })
  await scan(40)
  await look('i1', 40, { sampled: 5, verdict: 'fail', grade: 'C' })
  expect(await line()).toMatchObject({ inspected: 0 })
  expect(await ask.askedTasks('s1', 'cleo')).toMatchObject([{ kind: 'reinspect', subject_id: 'i1', state: 'open' }])
  await look('i2', 40, { sampled: 5 })
  expect(await line()).toMatchObject({ inspected: 5 })
  await look('i3', 35, {})
  expect(await line()).toMatchObject({ inspected: 40 })
  expect(await ask.askedTasks('s1', 'cleo')).toEqual([])
})

test('a correction before completion takes back what was counted', async () => {
  await record('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle', quantity: 5 })
  await record('unreceive', { receipt_id: 'r1', quantity: 4, reason: 'miscounted' })
  expect(await line()).toMatchObject({ received: 1 })
  expect(await stock()).toMatchObject([{ quantity: 1 }])
  await record('unreceive', { receipt_id: 'r1', quantity: 9 })
  expect(await line()).toMatchObject({ received: 1 })
})

test('filing on the floor: drafted, changed, submitted, cancelled', async () => {
  await record('create_return', {
    order_id: 'n1', number: 'RT-A1-00029', site_id: 's1', type_code: 't', lines: [{ line_id: 'nl', item_id: 'kettle', quantity: 2 }],
  })
  await record('edit_return', { id: 'n1', set: { note: '破' }, was: { note: '' } })
  await record('edit_return_line', { id: 'nl', set: { expected: 4 }, was: { expected: 2 } })
  await record('add_return_line', { order_id: 'n1', line: { line_id: 'nl2', item_id: 'lamp', quantity: 1 } })
  await record('remove_return_line', { line_id: 'nl2' })
  await record('submit_return', { order_id: 'n1' })
  expect(await order('n1')).toMatchObject({ status: 'submitted', note: '破', filed_by: 'cleo' })
  expect((await ask.linesOf('n1')).map((view) => view.line.expected)).toEqual([4])
  await record('cancel_return', { order_id: 'n1', reason: 'mistake' })
  expect(await order('n1')).toMatchObject({ status: 'cancelled' })
})

// What a scan means

const kind = async (text: string, symbology = '', expect_: Parameters<typeof classify>[1] = null) => {
  const { best, ask: asks, candidates } = await classify({ text, symbology }, expect_)
  return [best?.is, asks, candidates.length] as const
}

test('a scan is what the pack says it is', async () => {
  expect((await kind('4006381333931', ']E0'))[0]).toBe('item')
  expect((await classify({ text: '14006381333938' })).best).toMatchObject({ is: 'item', quantity: 12 })
  expect((await classify({ text: 'SF999' })).best).toMatchObject({ is: 'waybill', carrier: 'sf', outbound: { number: 'SO-1' } })
  expect((await classify({ text: 'SO-1' })).best).toMatchObject({ is: 'document', outbound: { id: 'out1' } })
  expect((await classify({ text: '110022003300' })).best).toMatchObject({ is: 'document', outbound: { id: 'out1' } })
  expect((await classify({ text: 'RT-D0-00013' })).best).toMatchObject({ is: 'document', order: { id: 'o1' } })
  expect((await classify({ text: 'good-1' })).best).toMatchObject({ is: 'bin', zone: { kind: 'sellable' } })
  expect((await classify({ text: 'IMEI-1' })).best).toMatchObject({ is: 'serial', item: { id: 'phone' }, sold: [{ id: 'ol1' }] })
  expect((await classify({ text: makeLabel('SH', 3) })).best).toMatchObject({ is: 'label', container: null })
  expect((await classify({ text: 'rstw:pass' })).best).toEqual({ is: 'card', card: 'PASS' })
  expect((await classify({ text: 'B-7K2M.sesame-secret' })).best).toMatchObject({ is: 'badge', person: { id: 'cleo' } })
  expect((await classify({ text: '00106141411234567897', symbology: ']C1' })).best).toMatchObject({ is: 'sscc' })
  expect((await classify({ text: '010950600013435221IMEI-2', symbology: ']d2' })).best).toMatchObject({ is: 'serial', serial: 'IMEI-2', item: { id: 'phone' } })
  expect((await classify({ text: '010950600013435217270131', symbology: ']d2' })).best).toMatchObject({ is: 'item', gs1: { expiry: '2027-01-31' } })
  expect((await kind('what is this'))[0]).toBe('unknown')
})

test('thirteen digits nobody knows: the symbology decides, then the screen, then the person', async () => {
  const digits = '9501101530003'
  expect((await kind(digits, ']E0'))[0]).toBe('unknown')
  expect((await kind(digits, ']C0')).slice(0, 2)).toEqual(['waybill', false])
  expect((await kind(digits, '', 'waybill')).slice(0, 2)).toEqual(['waybill', false])
  expect((await kind(digits, '', 'item')).slice(0, 2)).toEqual(['unknown', false])
  expect(await kind(digits)).toEqual(['waybill', true, 2])
})

test('a code that two things wear is asked', async () => {
  server.unreachable = false
  server.put('barcode', code('b9', 'lamp', '4006381333931'))
  await syncNow()
  expect(await kind('4006381333931')).toEqual(['item', true, 2])
})

test('a code that repeats itself is what it is, if that is known', async () => {
  server.unreachable = false
  server.put('barcode', code('b9', 'lamp', 'ABCDEFABCDEF'))
  await syncNow()
  expect((await classify({ text: 'ABCDEF', whole: 'ABCDEFABCDEF' })).best).toMatchObject({ is: 'item', item: { id: 'lamp' } })
  expect((await classify({ text: '4006381333931', whole: '40063813339314006381333931' })).best).toMatchObject({ is: 'item', item: { id: 'kettle' } })
})

test('the history has every scan, with what became of it', async () => {
  await noteScan({ text: '???' }, 'wrong', 'unknown')
  await recordAs('scan_item', { receipt_id: 'r1', order_id: 'o1', line_id: 'l1', site_id: 's1', item_id: 'kettle' }, { by: 'cleo', scan: { text: '4006381333931', symbology: ']E0' }, words: '+1' })
  expect(await ask.lastScans(5)).toMatchObject([{ text: '4006381333931', result: 'right', words: '+1', name: 'scan_item' }, { text: '???', result: 'wrong' }])
})
