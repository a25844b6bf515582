// The practice parcel: what is in the little warehouse it lies in, and the key its handling is scored against.

import { db, entriesOf, everyOf, lookUp, readMeta, REFERENCE, writeMeta, type Row } from './db'
import { writeBarcodes, writeItems } from './catalogue'
import { waitingOf } from './outbox'
import { PRACTICE } from './practicecodes'
import type { Practising } from './practising'
import type { Barcode, Documents, Item, Kind, ZoneKind } from './protocol'

const SITE = 'practice'
const ORDER = 'practice-order'

/** Fills the practice database, once; a reload in the middle of a practice goes on with it. */
export async function prepare({ person, settings }: Practising): Promise<void> {
  if (await readMeta('identity')) return
  const now = Date.now()
  const rows: Row[] = []
  const put = <K extends Kind>(kind: K, value: Partial<Documents[K]> & { id: string }) => {
    const whole = value as unknown as Documents[Kind]
    rows.push({ kind, key: value.id, value: whole, by: entriesOf(kind, whole) })
  }
  put('site', { id: SITE, code: 'P', name: '练习仓', name_en: 'Practice site' })
  put('carrier', { id: 'sf', code: 'SF', name: '顺丰', prefixes: ['SF'] })
  put('customer', { id: 'customer', owner_id: '', code: 'P1', name: '练习客户 Practice' })
  for (const [kind, code, name, name_en] of PLACES) {
    put('zone', { id: `zone-${kind}`, site_id: SITE, code: kind, name, name_en, kind })
    put('bin', { id: `bin-${kind}`, site_id: SITE, zone_id: `zone-${kind}`, code, kind, active: true, capacity: 0, holds: 'units' })
  }
  put('person', person)
  for (const role of ['operator', 'inspector'])
    put('grant', { id: role, person_id: person.id, role, site_id: SITE, owner_id: '', valid_from: '', valid_until: '' })
  put('return_type', { id: 'type', code: 'customer', name: '客户退货', name_en: 'Customer return', policy: POLICY, active: true })
  put('defect_code', { id: 'd1', check: 'appearance', code: 'BROKEN', name: '破裂', name_en: 'Broken' })
  put('defect_code', { id: 'd2', check: 'appearance', code: 'SCRATCH', name: '划痕', name_en: 'Scratched' })
  put('return_order', {
    id: ORDER, number: PRACTICE.order, site_id: SITE, owner_id: '', customer_id: 'customer', status: 'approved', type_code: 'customer', reason_code: '', note: '',
    origin: 'filed', authorised: true, revision: 1, content: 1, filed_by: '', submitted_by: '', reviewed_at: now, rejection: '', claimed_by: '', created_at: now,
    completed_at: 0, held_status: '', stub: false,
  })
  for (const item_id of ['kettle', 'lamp'])
    put('return_line', {
      id: `line-${item_id}`, order_id: ORDER, site_id: SITE, item_id, text: '', outbound_line_id: '', expected: 1, received: 0, inspected: 0, disposed: 0, closed: 0,
      short: 0, lost: 0, refused: 0, lot: '', serials: [], note: '', removed: false, stub: false,
    })

  await db.transaction('rw', [db.reference, db.confirmed, db.view], async () => {
    const known = rows.filter(({ kind }) => REFERENCE.has(kind))
    const documents = rows.filter(({ kind }) => !REFERENCE.has(kind))
    await db.reference.bulkPut(known)
    await db.view.bulkPut(documents)
    await db.confirmed.bulkPut(documents.map(({ kind, key, value }) => ({ kind, key, value })))
  })
  await writeItems(ITEMS, [], true)
  await writeBarcodes(ITEMS.map(({ id }): Barcode => ({ id, item_id: id, owner_id: '', text: PRACTICE[id as 'kettle'], quantity: 1, level: 'each' })), [], true)
  await writeMeta('settings', { ...settings, siteId: SITE, hold: false, autoLockMinutes: 24 * 60 })
  await writeMeta('pack', now)
  await writeMeta('session', { person_id: person.id, since: now, seen: now, locked: false })
  // Last: whoever is found to have it has everything.
  await writeMeta('identity', { device_id: 'practice', code: 'P0', name: 'Practice', site_id: SITE, enrolled_at: now, token: null })
}

const PLACES: readonly (readonly [ZoneKind, string, string, string])[] = [
  ['dock', 'P-DOCK-01', '签收暂存', 'Dock'],
  ['quarantine', 'P-WAIT-01', '待检', 'To be inspected'],
  ['sellable', PRACTICE.good, '良品', 'Sellable'],
  ['defective', 'P-BAD-01', '次品', 'Defective'],
  ['scrap', PRACTICE.scrap, '待报废', 'To be scrapped'],
  ['exception', 'P-EXC-01', '异常', 'Exception'],
  ['unclaimed', 'P-NOB-01', '无主', 'Unclaimed'],
]

const POLICY = {
  required_documents: [], required_checks: [], default_disposition: 'restock' as const, allowed_dispositions: ['restock' as const, 'repair' as const, 'scrap' as const],
  scrap_limit: 0, auto_approve_limit: 0,
}

const goods = (id: string, sku: string, name: string, name_en: string): Item => ({
  id, owner_id: '', sku, name, name_en, spec: '', uom: '件', lot_tracked: false, serial_tracked: false, binds_lot: false, expiry_tracked: false, shelf_life_days: 0,
  min_days_to_sell: 0, min_days_to_accept: 0, accessories: [], steps: [], hazard: false, active: true,
})
const ITEMS = [
  goods('kettle', 'P-KETTLE', '练习 · 水壶', 'Practice kettle'),
  goods('lamp', 'P-LAMP', '练习 · 台灯', 'Practice lamp'),
  goods('mug', 'P-MUG', '练习 · 马克杯', 'Practice mug'),
]

// The answer key

export const POINTS = ['sign', 'order', 'receive', 'wrong', 'pass', 'fail', 'scrap', 'put'] as const
export type Point = (typeof POINTS)[number]

/** What has been done rightly, judged by what the books say and not by the way it was done. */
export async function judge(): Promise<Record<Point, boolean>> {
  const [parcel] = await lookUp('parcel', 'waybill', PRACTICE.waybill)
  const receipts = await everyOf('receipt')
  const received = (itemId: string) => receipts.filter((one) => one.item_id === itemId).reduce((sum, one) => sum + one.quantity - one.unreceived, 0)
  const verdicts = (await everyOf('inspection')).filter((one) => !one.superseded_by)
  const dispositions = (await everyOf('disposition')).filter((one) => one.state !== 'void')
  const decided = (itemId: string, kind: string) => dispositions.some((one) => one.item_id === itemId && one.kind === kind)
  const put = await waitingOf('put_away')
  const stands = (itemId: string, kind: ZoneKind) => put.some((one) => one.line_id === `line-${itemId}` && one.bin_id === `bin-${kind}`)
  return {
    sign: !!parcel && parcel.signed_count > 0 && parcel.opened_at > 0,
    order: !!parcel?.order_ids.includes(ORDER),
    receive: received('kettle') === 1 && received('lamp') === 1,
    wrong: received('mug') === 1,
    pass: verdicts.some((one) => one.item_id === 'kettle' && one.verdict === 'pass'),
    fail: verdicts.some((one) => one.item_id === 'lamp' && one.verdict === 'fail' && one.checks.some((row) => row.check === 'appearance' && row.outcome === 'fail')),
    scrap: decided('lamp', 'scrap') && decided('kettle', 'restock'),
    put: stands('kettle', 'sellable') && stands('lamp', 'scrap'),
  }
}
