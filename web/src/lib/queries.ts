// What the screens ask. Every answer is of the view: what the server has confirmed with what waits here laid on top. For `live()`.

import { item, items } from './catalogue'
import { db, dueEntry, entry, everyOf, lookUp, reading, viewState, type Due, type ScanRow } from './db'
import { DISPOSED } from './disposed'
import { containerId, parcelId } from './ids'
import { rowAt, rowsBy } from './mirror'
import { carrierOf, normalWaybill } from './numbers'
import { customer } from './personal'
import type {
  Bin, Carrier, Conflict, Container, Customer, DefectCode, DeviceMessage, Check, Disposition, DispositionKind, Documents, Inspection, Item, Kind, Load, LotHold, OutboundClaim, OutboundLine,
  OutboundOrder, Parcel, ParcelState, Person, Receipt, Reply, ReturnLine, ReturnOrder, ReturnReason, ReturnStatus, ReturnType, Site, Standard, StockBalance, StockStatus, Task, Zone,
  ZoneKind,
} from './protocol'
import { open } from './vault'

export { barcodeLookup, codesOfItem, item, items, searchItems } from './catalogue'
export { reading } from './db'
export { customer } from './personal'

/** The stock status that goods of a disposition take. */
export const STATUS_OF = Object.fromEntries(Object.entries(DISPOSED).map(([kind, { status }]) => [kind, status])) as Record<DispositionKind, StockStatus>

/** The zone they go to, the best first place. */
export const ZONE_OF = Object.fromEntries(Object.entries(DISPOSED).map(([kind, { zones }]) => [kind, zones[0]])) as Record<DispositionKind, ZoneKind>

export interface LineView {
  line: ReturnLine
  order: ReturnOrder | null
  item: Item | null
  receipts: Receipt[]
  inspections: Inspection[]
  dispositions: Disposition[]
}

export interface ToReceive {
  order: ReturnOrder
  customer: Customer | null
  lines: number
  expected: number
  received: number
  mine: boolean
  /** 0 is nothing begun; the larger the sooner. */
  urgency: number
}

export interface Content {
  item: Item | null
  balance: StockBalance
  status: StockStatus
  lot: string
  expiry: string
  serial: string
  quantity: number
}

export interface PutAwayTask {
  disposition: Disposition
  item: Item | null
  line: ReturnLine | null
  order: ReturnOrder | null
  container: Container | null
  zoneKind: ZoneKind
  quantity: number
  suggestedBin: Bin | null
  blocked: Conflict | null
}

export interface Counters {
  signed: number
  toInspect: number
  toPutAway: number
  unclaimed: number
  tasks: number
}

// One document, or those with a value in a field

async function one<K extends Kind>(kind: K, key: string): Promise<Documents[K] | null> {
  return key ? (((await rowAt(kind, key))?.value as Documents[K] | undefined) ?? null) : null
}

async function known<K extends Kind>(kind: K, key: string): Promise<Documents[K] | null> {
  return one(kind, key)
}

// The catalogue

export const person = (id: string): Promise<Person | null> => known('person', id)
export const bin = (id: string): Promise<Bin | null> => known('bin', id)
export const zone = (id: string): Promise<Zone | null> => known('zone', id)
export const site = (id: string): Promise<Site | null> => known('site', id)
export const sites = (): Promise<Site[]> => everyOf('site')
export const zones = (siteId: string): Promise<Zone[]> => lookUp('zone', 'site_id', siteId)
export const standardOf = (itemId: string): Promise<Standard | null> => known('standard', itemId)
export const carriers = (): Promise<Carrier[]> => everyOf('carrier')

export async function binByCode(siteId: string, code: string): Promise<Bin | null> {
  const found = await lookUp('bin', 'code', code.toUpperCase())
  return found.find((each) => each.site_id === siteId) ?? null
}

/** The zone of this kind at the site and its first open bin: where a ✕ says to put it. */
export async function zoneFor(siteId: string, kind: ZoneKind): Promise<{ zone: Zone; bin: Bin | null } | null> {
  const found = (await zones(siteId)).find((each) => each.kind === kind)
  if (!found) return null
  const bins = (await lookUp('bin', 'zone_id', found.id)).filter((each) => each.active)
  bins.sort((a, b) => (a.code < b.code ? -1 : 1))
  return { zone: found, bin: bins[0] ?? null }
}

export async function returnTypes(): Promise<ReturnType[]> {
  return (await everyOf('return_type')).filter((each) => each.active)
}

export async function returnType(code: string): Promise<ReturnType | null> {
  return code ? ((await lookUp('return_type', 'code', code))[0] ?? null) : null
}

export async function reasonsOf(typeCode: string): Promise<ReturnReason[]> {
  return (await lookUp('return_reason', 'type_code', typeCode)).filter((each) => each.active)
}

export async function defectsOf(check: Check): Promise<DefectCode[]> {
  return (await everyOf('defect_code')).filter((each) => each.check === check)
}

// Home

async function due<K extends Kind>(kind: K, what: Due, siteId: string, limit = Infinity): Promise<Documents[K][]> {
  const rows = limit < Infinity ? await db.view.where('by').equals(dueEntry(what, siteId)).limit(limit).toArray() : await rowsBy(kind, dueEntry(what, siteId))
  return rows.map((row) => row.value as Documents[K])
}

export async function counters(siteId: string): Promise<Counters> {
  const { due } = await viewState()
  const waiting = (what: Due) => due[dueEntry(what, siteId)] ?? 0
  return { signed: waiting('signed'), unclaimed: waiting('unclaimed'), toInspect: waiting('inspect'), toPutAway: waiting('put_away'), tasks: waiting('receive') }
}

/** Returns to receive: mine first, then those begun, then the longest approved. */
export async function myTasks(siteId: string, personId: string, limit = 5): Promise<ToReceive[]> {
  const urgency = (order: ReturnOrder) =>
    (order.claimed_by === personId && personId ? 1000 : 0) +
    (order.status === 'receiving' ? 500 : 0) +
    (order.reviewed_at ? Math.min(99, (Date.now() - order.reviewed_at) / 86_400_000) : 0)
  const open = (await due('return_order', 'receive', siteId)).filter((order) => !order.claimed_by || order.claimed_by === personId)
  open.sort((a, b) => urgency(b) - urgency(a))
  const tasks: ToReceive[] = []
  for (const order of open.slice(0, limit)) {
    const lines = (await lookUp('return_line', 'order_id', order.id)).filter((line) => !line.removed)
    tasks.push({
      order,
      customer: await customer(order.customer_id),
      lines: lines.length,
      expected: sum(lines, (line) => line.expected),
      received: sum(lines, (line) => line.received),
      mine: order.claimed_by === personId && personId !== '',
      urgency: urgency(order),
    })
  }
  return tasks
}

/** What somebody is asked to do, with what it is about. */
export interface AskedTask {
  task: Task
  bin: Bin | null
  order: ReturnOrder | null
  item: Item | null
  container: Container | null
  by: Person | null
}

export const taskOf = (id: string): Promise<Task | null> => one('task', id)

/** Mine and anybody's, the most urgent first: what is due soonest, then what was asked first. */
export async function askedTasks(siteId: string, personId: string): Promise<Task[]> {
  const open = (await due('task', 'task', siteId)).filter((task) => !task.assignee || task.assignee === personId)
  const when = (task: Task) => task.due_at || Infinity
  return open.sort((a, b) => when(a) - when(b) || Number(!a.assignee) - Number(!b.assignee) || a.raised_at - b.raised_at || (a.id < b.id ? -1 : 1))
}

export async function aboutTask(task: Task): Promise<AskedTask> {
  const [place, order, goods, container, by] = await Promise.all([
    bin(task.bin_id), orderOf(task.order_id), item(task.item_id), containerOf(task.container_id), person(task.raised_by),
  ])
  return { task, bin: place, order, item: goods, container, by }
}

// Parcels

export const parcelOf = (id: string): Promise<Parcel | null> => one('parcel', id)
export const loadOf = (id: string): Promise<Load | null> => one('load', id)

export async function parcelByWaybill(siteId: string, text: string): Promise<Parcel | null> {
  const waybill = normalWaybill(text)
  const [known, found] = await Promise.all([carriers(), lookUp('parcel', 'waybill', waybill)])
  const byId = await one('parcel', parcelId(siteId, carrierOf(waybill, known), waybill))
  if (byId) return byId
  return found.find((each) => each.site_id === siteId) ?? null
}

/** The latest first. */
export async function parcelsSigned(siteId: string, where: { carrier?: string; since?: number; load_id?: string; state?: ParcelState } = {}, limit = 50): Promise<Parcel[]> {
  const candidates = where.load_id ? await lookUp('parcel', 'load_id', where.load_id) : await lookUp('parcel', 'site_id', siteId)
  const found = candidates.filter(
    (each) =>
      each.signed_at > 0 &&
      (where.carrier === undefined || each.carrier === where.carrier) &&
      (where.load_id === undefined || each.load_id === where.load_id) &&
      (where.state === undefined || each.state === where.state) &&
      each.signed_at >= (where.since ?? 0),
  )
  return found.sort((a, b) => b.signed_at - a.signed_at).slice(0, limit)
}

/** Opened and worked on with this device, and not finished. */
export const leftOpen = (siteId: string, deviceId: string): Promise<Parcel[]> =>
  reading(async () => {
    const open = (await lookUp('parcel', 'site_id', siteId)).filter((each) => each.state === 'opened')
    const here = await Promise.all(open.map(async ({ id }) => (await receiptsOfParcel(id)).some((receipt) => receipt.device_id === deviceId)))
    return open.filter((_, n) => here[n])
  })

export async function ordersOfParcel(parcel: Parcel): Promise<ReturnOrder[]> {
  const found = await Promise.all(parcel.order_ids.map((id) => one('return_order', id)))
  return found.filter((order): order is ReturnOrder => order !== null)
}

export const receiptsOfParcel = (id: string): Promise<Receipt[]> => lookUp('receipt', 'parcel_id', id)
export const receiptsOfSerial = (serial: string): Promise<Receipt[]> => (serial ? lookUp('receipt', 'serial', serial) : Promise.resolve([]))
export const receiptOf = (id: string): Promise<Receipt | null> => one('receipt', id)
export const inspectionOf = (id: string): Promise<Inspection | null> => one('inspection', id)
export const dispositionOf = (id: string): Promise<Disposition | null> => one('disposition', id)

// Returns and what they come from

export const orderOf = (id: string): Promise<ReturnOrder | null> => one('return_order', id)

export async function orderByNumber(number: string): Promise<ReturnOrder | null> {
  return (await lookUp('return_order', 'number', number.trim().toUpperCase()))[0] ?? null
}

/** By its own number, the platform's or its waybill. */
export async function outboundByNumber(text: string): Promise<OutboundOrder | null> {
  const number = text.trim()
  const found = await Promise.all([
    lookUp('outbound_order', 'number', number), lookUp('outbound_order', 'platform_number', number), lookUp('outbound_order', 'waybill', normalWaybill(number)),
  ])
  return found.flat()[0] ?? null
}

export const outboundLines = (outboundId: string): Promise<OutboundLine[]> => lookUp('outbound_line', 'outbound_id', outboundId)
export const outboundOrder = (id: string): Promise<OutboundOrder | null> => known('outbound_order', id)
export const outboundLine = (id: string): Promise<OutboundLine | null> => known('outbound_line', id)

/** The outbound lines this serial number left with. */
export async function soldSerial(serial: string): Promise<OutboundLine[]> {
  return serial ? lookUp('outbound_line', 'serials', serial) : []
}

/** What may still be filed of a shipped line, and why no more. */
export interface Returnable {
  line: OutboundLine
  item: Item | null
  /** Filed by others, or here and not uploaded yet. */
  filed: number
  left: number
  /** What this device has reserved of it, the longest-lasting last. */
  reserved: OutboundClaim[]
}

/** `room_of` in server/domain/outbound_claims.py, with what waits here counted too. */
export async function returnable(outboundId: string, deviceId: string): Promise<Returnable[]> {
  const lines = await outboundLines(outboundId)
  lines.sort((a, b) => a.line_number - b.line_number || (a.id < b.id ? -1 : 1))
  return Promise.all(
    lines.map(async (line) => {
      const claims = await lookUp('outbound_claim', 'outbound_line_id', line.id)
      const reserved = claims.filter((claim) => claim.device_id === deviceId && !claim.line_id && claim.open > 0)
      reserved.sort((a, b) => a.expires_at - b.expires_at)
      const filed = Math.max(0, line.claimed - sum(reserved, (claim) => claim.open)) + (await filedHere(line.id))
      return { line, item: await item(line.item_id), filed, reserved, left: Math.max(0, line.quantity - line.returned - filed) }
    }),
  )
}

/** Filed on this device, and the server has not counted it yet. */
async function filedHere(outboundLineId: string): Promise<number> {
  let units = 0
  for (const line of await lookUp('return_line', 'outbound_line_id', outboundLineId)) {
    const order = line.removed ? null : await one('return_order', line.order_id)
    if (order?.status !== 'submitted') continue
    const there = (await db.confirmed.get(['return_order', order.id]))?.value as ReturnOrder | undefined
    if (there?.status !== 'submitted') units += line.expected
  }
  return units
}

async function seen(line: ReturnLine): Promise<LineView> {
  const [order, goods, receipts, inspections, dispositions] = await Promise.all([
    one('return_order', line.order_id), item(line.item_id), lookUp('receipt', 'line_id', line.id), lookUp('inspection', 'line_id', line.id),
    lookUp('disposition', 'line_id', line.id),
  ])
  const byTime = (a: { made_at: number; id: string }, b: { made_at: number; id: string }) => a.made_at - b.made_at || (a.id < b.id ? -1 : 1)
  return { line, order, item: goods, receipts: receipts.sort(byTime), inspections: inspections.sort(byTime), dispositions: dispositions.sort(byTime) }
}

export const lineOf = (id: string): Promise<ReturnLine | null> => one('return_line', id)

/** The lines alone, without what became of them: all that a scan asks for. */
export async function plainLinesOf(orderId: string): Promise<ReturnLine[]> {
  return (await lookUp('return_line', 'order_id', orderId)).filter((line) => !line.removed).sort((a, b) => (a.id < b.id ? -1 : 1))
}

export const linesOf = (orderId: string): Promise<LineView[]> => reading(async () => Promise.all((await plainLinesOf(orderId)).map(seen)))

export const lineView = (id: string): Promise<LineView | null> =>
  reading(async () => {
    const line = await one('return_line', id)
    return line && seen(line)
  })

/** The line of an order these goods count on: one that still expects the item, else the first of it, else none. */
export async function lineFor(orderId: string, itemId: string): Promise<ReturnLine | null> {
  const lines = (await lookUp('return_line', 'order_id', orderId)).filter((line) => !line.removed && line.item_id === itemId && itemId)
  lines.sort((a, b) => (a.id < b.id ? -1 : 1))
  return lines.find((line) => line.expected > line.received) ?? lines[0] ?? null
}

/** Returns one may scan goods into. */
export async function openOrders(siteId: string, limit = 50): Promise<ReturnOrder[]> {
  const found = await due('return_order', 'open', siteId)
  return found.sort((a, b) => b.created_at - a.created_at).slice(0, limit)
}

/** Codes of goods that are here and that nobody has named, with their units; the most goods first. */
export async function unknownCodes(siteId: string): Promise<{ text: string; units: number }[]> {
  const codes = new Map<string, number>()
  for (const { text, quantity, unreceived } of await due('receipt', 'unknown', siteId)) codes.set(text, (codes.get(text) ?? 0) + quantity - unreceived)
  return [...codes].map(([text, units]) => ({ text, units })).filter(({ text }) => text).sort((a, b) => b.units - a.units || (a.text < b.text ? -1 : 1))
}

// Totes and bins

export const containerOf = (id: string): Promise<Container | null> => one('container', id)

export async function containerByLabel(siteId: string, label: string): Promise<Container | null> {
  return (await one('container', containerId(siteId, label))) ?? (await lookUp('container', 'label', label)).find((each) => each.site_id === siteId) ?? null
}

export const containersAt = (binId: string): Promise<Container[]> => lookUp('container', 'bin_id', binId)

async function contents(balances: StockBalance[]): Promise<Content[]> {
  const here = balances.filter((each) => each.quantity !== 0)
  const goods = await items(here.map((each) => each.item_id))
  return here.map((balance) => ({
    item: goods.get(balance.item_id) ?? null, balance, status: balance.status, lot: balance.lot, expiry: balance.expiry, serial: balance.serial,
    quantity: balance.quantity,
  }))
}

export async function containerContents(id: string): Promise<Content[]> {
  return id ? contents(await lookUp('stock_balance', 'container_id', id)) : []
}

export async function binContents(id: string): Promise<{ containers: Container[]; loose: Content[] }> {
  const balances = await lookUp('stock_balance', 'bin_id', id)
  return { containers: await containersAt(id), loose: await contents(balances.filter((each) => !each.container_id)) }
}

/** The lines whose goods lie in a container, found by their receipts and dispositions: what to inspect or put away next. */
export async function linesInContainer(id: string): Promise<LineView[]> {
  const receipts = await lookUp('receipt', 'container_id', id)
  const dispositions = await lookUp('disposition', 'container_id', id)
  const ids = new Set([...receipts, ...dispositions].map((each) => each.line_id))
  const lines = await Promise.all([...ids].map(lineView))
  return lines.filter((line): line is LineView => line !== null && !line.line.removed)
}

// Inspecting and putting away

export const toInspect = (siteId: string, limit = 100): Promise<LineView[]> =>
  reading(async () => Promise.all((await due('return_line', 'inspect', siteId, limit)).map(seen)))

/** Inspected, and nobody has said yet what becomes of it. */
export const toDispose = (siteId: string, limit = 100): Promise<LineView[]> =>
  // What is inspected in part waits for the inspector first.
  reading(async () => Promise.all((await due('return_line', 'dispose', siteId, limit)).map(seen)))

/** The longest waiting first. A list shows some of them; what is in somebody's hands is looked for among all. */
export const toPutAway = (siteId: string, limit = 100, mine: (disposition: Disposition) => boolean = () => true): Promise<PutAwayTask[]> =>
  reading(() => putAwayTasks(siteId, limit, mine))

async function putAwayTasks(siteId: string, limit: number, mine: (disposition: Disposition) => boolean): Promise<PutAwayTask[]> {
  const waiting = (await due('disposition', 'put_away', siteId)).filter(mine)
  waiting.sort((a, b) => a.made_at - b.made_at)
  return Promise.all(
    waiting.slice(0, limit).map(async (disposition) => {
      const [goods, line, order, container, blocked] = await Promise.all([
        item(disposition.item_id), one('return_line', disposition.line_id), one('return_order', disposition.order_id),
        containerOf(disposition.container_id), blockingOf(disposition.order_id, disposition.line_id),
      ])
      const zoneKind = blocked ? 'exception' : goods?.hazard ? 'hazard' : ZONE_OF[disposition.kind]
      return {
        disposition, item: goods, line, order, container, zoneKind, blocked, quantity: disposition.quantity - disposition.put_away,
        suggestedBin: await suggestBin(siteId, zoneKind, disposition.item_id),
      }
    }),
  )
}

/** The hold that stands over this lot everywhere, as far as this device has heard. */
export const lotHold = async (itemId: string, lot: string): Promise<LotHold | null> =>
  itemId && lot ? ((await lookUp('lot_hold', 'item_id', itemId)).find((each) => each.lot === lot) ?? null) : null

/** Where the same item stands already in a zone of this kind, else its emptiest bin. */
export async function suggestBin(siteId: string, kind: ZoneKind, itemId: string): Promise<Bin | null> {
  const bins = (await lookUp('bin', 'kind', kind)).filter((each) => each.site_id === siteId && each.active)
  if (bins.length <= 1) return bins[0] ?? null
  const fits = new Set(bins.map((each) => each.id))
  const same = (await lookUp('stock_balance', 'item_id', itemId)).filter((each) => fits.has(each.bin_id) && each.quantity > 0)
  const at = same.sort((a, b) => b.quantity - a.quantity)[0]?.bin_id
  if (at) return bins.find((each) => each.id === at) ?? null
  bins.sort((a, b) => (a.code < b.code ? -1 : 1))
  const fill = await Promise.all(bins.slice(0, 40).map((each) => db.view.where('by').equals(entry('stock_balance', 'bin_id', each.id)).count()))
  return bins[fill.indexOf(Math.min(...fill))] ?? bins[0] ?? null
}

// What stands in the way

export async function conflictsOf(orderId: string): Promise<Conflict[]> {
  const found = orderId ? await lookUp('conflict', 'order_id', orderId) : []
  return found.sort((a, b) => b.opened_at - a.opened_at)
}

/** The open conflict that keeps this order, or only this line of it, from going on. */
export const blockingOf = async (orderId: string, lineId = ''): Promise<Conflict | null> => blocks(await conflictsOf(orderId), lineId)

export function blocks(conflicts: Conflict[], lineId = ''): Conflict | null {
  const open = conflicts.filter((each) => each.blocking && (each.state === 'open' || each.state === 'assigned'))
  return open.find((each) => each.subject_kind !== 'ReturnLine' || !lineId || each.subject_id === lineId) ?? null
}

/** What supervisors decided lately about this device's work. */
export async function verdicts(deviceId: string, mine: ReadonlySet<string>, since: number): Promise<Conflict[]> {
  const found = (await everyOf('conflict')).filter((each) => (each.device_id === deviceId || mine.has(each.id)) && each.resolved_at >= since)
  return found.sort((a, b) => b.resolved_at - a.resolved_at)
}

export async function repliesOf(conflictId: string): Promise<Reply[]> {
  return (await lookUp('reply', 'conflict_id', conflictId)).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}

export const conflict = (id: string): Promise<Conflict | null> => known('conflict', id)

// History

export interface SerialEvent {
  at: number
  what: 'shipped' | 'received' | 'taken_back' | 'inspected' | 'disposed' | 'put_away'
  order: ReturnOrder | null
  outbound: OutboundOrder | null
  by: string
  detail: string
}

/** Everything the pack knows of one unit, the earliest first. */
export async function serialHistory(serial: string): Promise<SerialEvent[]> {
  const events: SerialEvent[] = []
  for (const line of await soldSerial(serial)) {
    const outbound = await outboundOrder(line.outbound_id)
    events.push({ at: outbound?.shipped_on ? Date.parse(outbound.shipped_on) : 0, what: 'shipped', order: null, outbound, by: '', detail: outbound?.number ?? '' })
  }
  for (const receipt of await lookUp('receipt', 'serial', serial)) {
    const order = await orderOf(receipt.order_id)
    events.push({ at: receipt.made_at, what: 'received', order, outbound: null, by: receipt.by, detail: '' })
    if (receipt.unreceived >= receipt.quantity) events.push({ at: receipt.made_at, what: 'taken_back', order, outbound: null, by: receipt.by, detail: '' })
  }
  for (const each of await lookUp('inspection', 'serial', serial))
    events.push({ at: each.made_at, what: 'inspected', order: await orderOf(each.order_id), outbound: null, by: each.by, detail: each.verdict })
  for (const each of await lookUp('disposition', 'serial', serial)) {
    const order = await orderOf(each.order_id)
    events.push({ at: each.made_at, what: 'disposed', order, outbound: null, by: each.by, detail: each.kind })
    if (each.put_away > 0) events.push({ at: each.at, what: 'put_away', order, outbound: null, by: each.by, detail: (await bin(each.bin_id))?.code ?? '' })
  }
  return events.sort((a, b) => a.at - b.at)
}

/** Units of this serial number that stand in the building: 1 already here makes another scan of it ✕. */
export async function serialInBuilding(itemId: string, serial: string): Promise<number> {
  const found = (await lookUp('stock_balance', 'serial', serial)).filter((each) => !itemId || each.item_id === itemId)
  return sum(found, (each) => each.quantity)
}

export type ScanHistory = Omit<ScanRow, 'sealed' | 'said'> & { text: string; words: string }

export async function lastScans(limit = 20): Promise<ScanHistory[]> {
  const rows = await db.scans.orderBy('at').reverse().limit(limit).toArray()
  return Promise.all(rows.map(async ({ sealed: _, said, ...row }) => ({ ...row, ...(await open<{ text: string; words: string }>(said, row.id)) })))
}

function sum<T>(rows: T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0)
}

/** What the desk says to this device and nobody has read here yet, the oldest first. */
export const messagesFor = async (deviceId: string): Promise<{ message: DeviceMessage; by: Person | null }[]> => {
  const unread = (await lookUp('device_message', 'device_id', deviceId)).sort((a, b) => a.at - b.at)
  return Promise.all(unread.map(async (message) => ({ message, by: await person(message.by) })))
}
