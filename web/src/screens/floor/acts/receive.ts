/**
 * 拆包收货: a parcel becomes units in a tote, one scan a unit.
 *
 * No scan of goods is refused here: whatever is on the table is counted and stands in quarantine, and what does not fit
 * the paper is said at once. The first unit of a parcel without an order opens a return without order by itself.
 */

import { type Gs1 } from '../../../lib/gs1'
import { containerId, scanLineId, uuid7 } from '../../../lib/ids'
import { nextNumber, record } from '../../../lib/outbox'
import type { Bin, Conflict, Container, Item, OutboundOrder, Parcel, Receipt, ReturnLine, ReturnOrder } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import type { LineView } from '../../../lib/queries'
import { syncState } from '../../../lib/syncstate'
import type { Listed } from '../../../lib/waybills'
import { go } from '../../../router.svelte'
import { rule, type Say } from '../say'
import { shift, type Option } from '../shift.svelte'
import { uninspected } from './inspect'
import { signFor } from './sign'
import { alarm, attention, itemName, me, nameOfPerson, plainPhotos, right, shown, siteId, today } from './tell'

// —— the parcel ———————————————————————————————————————————————————————————————————————————————————————

/** Waybill: the parcel in hand is finished, this one is opened; signed for first, if nobody did. */
export async function openByWaybill(waybill: string, outbound: OutboundOrder | null, listed: Listed | null = null): Promise<void> {
  const { parcel, fresh } = await signFor(waybill)
  await openParcel(parcel, fresh, outbound, listed)
}

/** `listed`: what the list of waybills says where the papers themselves are not on this handheld any more. */
export async function openParcel(parcel: Parcel, fresh = false, outbound: OutboundOrder | null = null, listed: Listed | null = null): Promise<void> {
  if (shift.work.receive.parcelId === parcel.id) {
    go('/floor/receive')
    return shown((w) => w.t('receive.same_parcel'), { more: () => parcel.waybill })
  }
  if (parcel.state === 'refused') return attention((w) => w.t('receive.refused_parcel'), { more: (w) => w.t('receive.refused_parcel.more') })

  await closeParcel()
  if (parcel.state === 'signed' || parcel.state === 'claimed') await record('open_parcel', { parcel_id: parcel.id })
  const orders = await queries.ordersOfParcel(parcel)
  const order = orders[0]
  shift.work.receive = {
    ...shift.work.receive,
    ...{ parcelId: parcel.id, orderId: order?.id ?? '', customerId: outbound?.customer_id ?? '', photos: [], itemId: '', receiptId: '' },
  }
  shift.work.lots = {}
  shift.work.lastParcelId = parcel.id
  go('/floor/receive')

  const blocked = order ? await blockedSay(order) : null
  const signed: Say = (w) => (fresh ? w.t('receive.signed_too') : '')
  if (order?.status === 'cancelled') attention((w) => w.t('receive.cancelled'), { more: (w) => w.t('receive.cancelled.more') })
  else if (blocked) attention(blocked, { more: () => order?.number ?? '' })
  else if (order) {
    const expected = (await queries.plainLinesOf(order.id)).reduce((sum, line) => sum + line.expected, 0)
    right((w) => w.t('receive.opened', { number: order.number }), { more: signed, number: expected || undefined })
  } else if (outbound) {
    const sender = await queries.customer(outbound.customer_id)
    right((w) => w.t('receive.sender', { name: sender?.name ?? '' }), { more: (w) => w.t('receive.came_back', { number: outbound.number }) })
  } else if (listed?.number) {
    attention((w) => w.t('receive.left_with', { number: listed.number, date: w.date(listed.left_at) }), { more: (w) => w.t('receive.left_with.more') })
  } else if (fresh && listed?.signed_at) {
    attention((w) => w.t('sign.already_on', { date: w.date(listed.signed_at) }), { more: (w) => w.t('receive.left_with.more') })
  } else attention((w) => w.t('receive.opened_no_order'), { more: (w) => w.t('receive.opened_no_order.more') })
  await shift.countEarly()
}

/** An approved return whose goods are simply here, without a parcel: over the counter, or from its card on Home. */
export async function receiveOrder(order: ReturnOrder): Promise<void> {
  await closeParcel()
  const taken = order.claimed_by && order.claimed_by !== me().id ? await nameOfPerson(order.claimed_by) : ''
  if (!order.claimed_by) await record('take_task', { order_id: order.id })
  shift.work.receive = { ...shift.work.receive, parcelId: '', orderId: order.id, customerId: order.customer_id, itemId: '', receiptId: '' }
  shift.work.lots = {}
  go('/floor/receive')
  const blocked = await blockedSay(order)
  if (blocked) attention(blocked, { more: () => order.number })
  else if (taken) attention((w) => w.t('receive.taken_by', { name: taken }), { more: (w) => w.t('receive.taken_by.more') })
  else right((w) => w.t('receive.ready', { number: order.number }))
}

/** Return number, outbound number or platform number: whose goods these are. */
export async function bindOrder(order: ReturnOrder | null, outbound: OutboundOrder | null): Promise<void> {
  const mine = shift.work.receive
  if (order) {
    if (mine.parcelId) await record('bind_parcel', { parcel_id: mine.parcelId, order_id: order.id })
    shift.work.receive.orderId = order.id
    const blocked = await blockedSay(order)
    if (order.status === 'cancelled') attention((w) => w.t('receive.cancelled'), { more: (w) => w.t('receive.cancelled.more') })
    else if (blocked) attention(blocked, { more: () => order.number })
    else right((w) => w.t('receive.bound', { number: order.number }))
    return
  }
  if (!outbound) return
  shift.work.receive.customerId = outbound.customer_id
  const open = await queries.orderOf(mine.orderId)
  if (open?.origin === 'without_order' && !open.customer_id) await nameCustomer(open, outbound.customer_id)
  const customer = await queries.customer(outbound.customer_id)
  right((w) => w.t('receive.sender', { name: customer?.name ?? '' }), { more: () => outbound.number })
}

export async function nameCustomer(order: ReturnOrder, customerId: string): Promise<void> {
  await record('edit_return', { id: order.id, set: { customer_id: customerId }, was: { customer_id: order.customer_id } })
}

/**
 * Nothing was scanned from it: it stays open, for it may have been picked up by mistake. Goods nobody can name an owner
 * for make it unclaimed, and somebody in the office will look for one.
 */
export async function closeParcel(): Promise<void> {
  const { parcelId, photos } = shift.work.receive
  const parcel = parcelId ? await queries.parcelOf(parcelId) : null
  if (!parcel) return
  const received = await queries.receiptsOfParcel(parcel.id)
  if (parcel.state === 'opened' && received.some((receipt) => receipt.quantity > receipt.unreceived)) {
    const orders = await queries.ordersOfParcel(parcel)
    const unclaimed = orders.length > 0 && orders.every((order) => order.origin !== 'filed' && !order.customer_id)
    await record('close_parcel', { parcel_id: parcel.id, unclaimed, photos: plainPhotos(photos) })
  }
  shift.work.receive = { ...shift.work.receive, parcelId: '', orderId: '', customerId: '', photos: [], itemId: '', receiptId: '' }
}

/** DONE, NEXT and the button. */
export async function finishParcel(): Promise<void> {
  const { parcelId, orderId } = shift.work.receive
  if (!parcelId && !orderId) return shown((w) => w.t('receive.scan_next'))
  const parcel = await queries.parcelOf(parcelId)
  await closeParcel()
  shift.work.receive.orderId = ''
  const after = parcel ? await queries.parcelOf(parcel.id) : null
  if (after?.state === 'unclaimed') attention((w) => w.t('receive.closed_unclaimed'), { more: (w) => w.t('receive.closed_unclaimed.more') })
  else if (after?.state === 'opened') attention((w) => w.t('receive.left_open'), { more: () => after.waybill })
  else right((w) => w.t('receive.closed'), { more: (w) => w.t('receive.scan_next') })
}

/** EMPTY: a parcel with nothing in it is believed only with a photo. */
export async function emptyParcel(): Promise<void> {
  const { parcelId } = shift.work.receive
  if (!parcelId) return attention((w) => w.t('receive.waybill_first'))
  const photo = await shift.ask('photo', { kind: 'outer', title: (w) => w.t('receive.empty.photo'), required: true })
  if (!photo) return attention((w) => w.t('receive.empty.not_without'))
  await record('close_parcel', { parcel_id: parcelId, empty: true, photos: plainPhotos([...shift.work.receive.photos, photo]) })
  shift.work.receive = { ...shift.work.receive, parcelId: '', orderId: '', customerId: '', photos: [], itemId: '', receiptId: '' }
  attention((w) => w.t('receive.empty'), { more: (w) => w.t('receive.scan_next') })
}

export async function photographParcel(): Promise<void> {
  const photo = await shift.ask('photo', { kind: 'whole', title: (w) => w.t('receive.photo'), required: false })
  if (photo) shift.work.receive.photos = [...shift.work.receive.photos, photo]
}

// —— the goods ————————————————————————————————————————————————————————————————————————————————————————

export interface Goods {
  item: Item | null
  /** Units in the scanned pack. */
  pack: number
  gs1: Gs1 | null
  serial: string
  /** Receipts of this serial that the pack knows of. */
  receipts: Receipt[]
}

/** One scan of goods: whose line, what lot, count it, say what is odd about it. */
export async function receiveGoods({ item, pack, gs1, serial, receipts }: Goods): Promise<void> {
  const mine = shift.work.receive
  const scan = shift.now!
  if (!mine.parcelId && !mine.orderId) {
    shift.work.early = [...shift.work.early, scan]
    return attention((w) => w.t('sign.waybill_first'), { more: (w) => w.t('sign.waits', { n: shift.work.early.length }) })
  }

  if (item?.serial_tracked && !serial) {
    serial = (await shift.ask('serial', { item })) ?? ''
    receipts = (await queries.receiptsOfSerial(serial)).filter((receipt) => receipt.item_id === item.id)
  }
  const here = receipts.filter((receipt) => receipt.quantity > receipt.unreceived)
  const twice = here.find((receipt) => receipt.order_id === mine.orderId || (mine.parcelId && receipt.parcel_id === mine.parcelId))
  if (serial && twice)
    return alarm({
      what: (w) => w.t('receive.serial_twice'),
      kept: (w) => w.t('receive.serial_twice.kept', { serial, time: w.time(twice.made_at) }),
      todo: (w) => w.t('receive.serial_twice.todo'),
    })

  const { order, line, lineId, planned, conflicts } = await lineFor(item, scan.text)
  const { lot, expiry } = await lotOf(item, gs1)
  const quantity = serial ? 1 : pack * (gs1?.count || 1) * shift.work.times
  const receiptId = scan.id // a scan that comes again after a crash is the same receipt, and is not counted twice
  const { view } = await record(
    'scan_item',
    {
      receipt_id: receiptId, order_id: order.id, line_id: lineId, site_id: siteId(), parcel_id: mine.parcelId, item_id: item?.id ?? '',
      quantity, lot, expiry, serial, text: scan.text, symbology: scan.symbology,
      // What is dangerous does not go into the tote with the rest, whatever tote is in use.
      container_id: item?.hazard ? '' : mine.toteId, bin_id: item?.hazard ? '' : mine.binId,
    }, // prettier-ignore
    { scan },
  )
  const after = await view.get('return_line', lineId)
  const blocking = queries.blocks(conflicts, lineId)
  shift.work.times = 1
  shift.work.receive.itemId = item?.id ?? ''
  shift.work.receive.receiptId = receiptId
  shift.work.receive.orderId = order.id
  await sayReceived({ item, order, line, after, planned, blocking, quantity, lot, expiry, serial, elsewhere: here[0] ?? null })
}

interface LineOf {
  order: ReturnOrder
  line: ReturnLine | null
  lineId: string
  /** Its order expects something at all. */
  planned: boolean
  /** What is open about its order. */
  conflicts: Conflict[]
}

/** The line these goods count for: one that still waits for them, in one of the parcel's orders; else one of their own. */
async function lineFor(item: Item | null, text: string): Promise<LineOf> {
  const { current, bound } = await queries.reading(async () => {
    const { parcelId, orderId } = shift.work.receive
    const [parcel, current] = await Promise.all([queries.parcelOf(parcelId), queries.orderOf(orderId)])
    const orders = parcel ? await queries.ordersOfParcel(parcel) : []
    if (current && !orders.some((order) => order.id === current.id)) orders.unshift(current)
    const about = async (order: ReturnOrder) => {
      const [lines, conflicts] = await Promise.all([queries.plainLinesOf(order.id), queries.conflictsOf(order.id)])
      return { order, lines, planned: lines.some((line) => line.expected > 0), conflicts }
    }
    return { current, bound: await Promise.all(orders.map(about)) }
  })
  const first = bound.find(({ order }) => order.id === current?.id) ?? bound[0] ?? { order: await openWithoutOrder(), lines: [], planned: false, conflicts: [] }
  const unplanned = (lineId: string) => ({ ...first, line: first.lines.find((line) => line.id === lineId) ?? null, lineId })
  if (!item) return unplanned(scanLineId(first.order.id, '', text))

  const planned = bound.flatMap((each) => each.lines.filter((line) => line.item_id === item.id && line.expected > 0).map((line) => ({ ...each, line })))
  const open = planned.filter(({ line }) => line.received < line.expected)
  const candidates = open.length > 0 ? open : planned
  const several = new Set(candidates.map(({ order }) => order.id)).size > 1 && open.length > 0
  const chosen = several ? await askWhichOrder(item, candidates) : candidates[0]
  return chosen ? { ...chosen, lineId: chosen.line.id } : unplanned(scanLineId(first.order.id, item.id, ''))
}

async function askWhichOrder<C extends { order: ReturnOrder; line: ReturnLine }>(item: Item, candidates: C[]): Promise<C | undefined> {
  const options = candidates.map((candidate) => ({
    id: candidate.line.id,
    value: candidate,
    icon: 'list' as const,
    words: () => candidate.order.number,
    more: (w: Parameters<Say>[0]) => w.t('receive.waits_for', { n: candidate.line.expected - candidate.line.received }),
  }))
  const chosen = await shift.ask('choose', { title: (w) => w.t('receive.which_order', { item: w.name(item) }), options })
  return (chosen as C | null) ?? candidates[0]
}

async function openWithoutOrder(): Promise<ReturnOrder> {
  const { parcelId, customerId } = shift.work.receive
  const order_id = uuid7()
  await record('open_return_without_order', {
    order_id, number: await nextNumber(), site_id: siteId(), parcel_id: parcelId, customer_id: customerId,
  }) // prettier-ignore
  if (parcelId) await record('bind_parcel', { parcel_id: parcelId, order_id })
  shift.work.receive.orderId = order_id
  return (await queries.orderOf(order_id))!
}

/** From the code itself, else what was said of this item in this parcel, else asked, once. */
async function lotOf(item: Item | null, gs1: Gs1 | null): Promise<{ lot: string; expiry: string }> {
  const read = { lot: gs1?.lot ?? '', expiry: gs1?.expiry ?? gs1?.bestBefore ?? '' }
  if (!item || (!item.lot_tracked && !item.expiry_tracked)) return read
  if ((read.lot || !item.lot_tracked) && (read.expiry || !item.expiry_tracked)) return read
  const said = shift.work.lots[item.id]
  if (said && (!read.lot || said.lot === read.lot)) return said
  const answer = (await shift.ask('lot', { item, ...read })) ?? read
  shift.work.lots = { ...shift.work.lots, [item.id]: answer }
  return answer
}

interface Received {
  item: Item | null
  order: ReturnOrder
  /** As it was before, and as it is now. */
  line: ReturnLine | null
  after: ReturnLine | null
  planned: boolean
  blocking: Conflict | null
  quantity: number
  lot: string
  expiry: string
  serial: string
  elsewhere: Receipt | null
}

/** The gravest oddity gives the words, the others follow below it. */
async function sayReceived({ item, order, line, after, planned, blocking, quantity, lot, expiry, serial, elsewhere }: Received): Promise<void> {
  const received = after?.received ?? quantity
  const expected = after?.expected ?? 0
  const numbers = { number: received, of: expected || undefined }
  const name = itemName(item, shift.now?.text)

  if (item?.hazard) {
    const place = await queries.zoneFor(siteId(), 'hazard')
    return alarm({
      what: (w) => w.t('receive.hazard', { item: name(w) }),
      kept: (w) => w.t('receive.hazard.kept', { n: received }),
      todo: (w) => w.t('receive.hazard.todo', { zone: w.name(place?.zone), bin: place?.bin?.code ?? '' }),
    })
  }

  const odd: Say[] = []
  const sold = line?.serials.map(String) ?? []
  if (!item) odd.push((w) => w.t('receive.unknown_kept'))
  if (order.status === 'cancelled') odd.push((w) => w.t('receive.cancelled'))
  if (blocking) odd.push((w) => w.t('receive.blocked_by', { rule: rule(w, blocking.rule) }))
  if (item && expected === 0 && planned) odd.push((w) => w.t('receive.not_on_order'))
  if (expected > 0 && received > expected) odd.push((w) => w.t('receive.over', { n: received - expected }))
  if (serial && elsewhere) odd.push(await receivedBefore(elsewhere))
  if (serial && ((sold.length > 0 && !sold.includes(serial)) || (await soldToAnother(serial, item, order)))) odd.push((w) => w.t('receive.serial_not_sold'))
  if (item?.binds_lot && lot && line?.lot && line.lot !== lot) odd.push((w) => w.t('receive.wrong_lot', { lot, expected: line.lot }))
  if (await queries.lotHold(item?.id ?? '', lot)) odd.push((w) => w.t('lot.held', { lot }))
  if (expiry && expiry < today()) odd.push((w) => w.t('receive.expired', { date: expiry }))

  const [first, ...others] = odd
  if (first) attention(first, { ...numbers, more: (w) => [name(w), ...others.map((say) => say(w))].join(' · ') })
  else right(name, { ...numbers, more: (w) => [quantity > 1 ? `+${quantity}` : '', serial, lot && w.t('receive.lot', { lot })].filter(Boolean).join(' · ') })
}

/** As far as this device knows what was shipped: a serial it has never heard of may still be this customer's. */
async function soldToAnother(serial: string, item: Item | null, order: ReturnOrder): Promise<boolean> {
  const customer = order.customer_id || shift.work.receive.customerId
  const lines = (await queries.soldSerial(serial)).filter((line) => line.item_id === item?.id)
  const buyers = (await Promise.all(lines.map((line) => queries.outboundOrder(line.outbound_id)))).map((outbound) => outbound?.customer_id ?? '')
  return customer !== '' && buyers.length > 0 && !buyers.includes('') && !buyers.includes(customer)
}

/** Another handheld has received this serial, as far as this one has heard: who, and how long before it last heard anything. */
async function receivedBefore({ by, at }: Receipt): Promise<Say> {
  const name = await nameOfPerson(by)
  const heard = syncState.get().lastSuccess
  const minutes = Math.round((heard - at) / 60_000)
  return (w) =>
    at < heard && minutes < 60
      ? w.t('receive.serial_before_sync', { name, n: Math.max(1, minutes) })
      : w.t('receive.serial_by', { name, when: `${w.date(at)} ${w.time(at)}` })
}

/** Said when the paper is taken in hand, before its goods are scanned. */
async function blockedSay(order: ReturnOrder): Promise<Say | null> {
  const blocking = await queries.blockingOf(order.id)
  const place = blocking ? await queries.zoneFor(siteId(), 'exception') : null
  return blocking && ((w) => [w.t('receive.blocked_by', { rule: rule(w, blocking.rule) }), w.name(place?.zone), place?.bin?.code].filter(Boolean).join(' · '))
}

// —— codes nobody knows, quantities —————————————————————————————————————————————————————————————————

/** Kept whatever happens: leaving the question, or scanning on, records it as goods without a name. */
export async function receiveUnknown(text: string, gs1: Gs1 | null = null): Promise<void> {
  const mine = shift.work.receive
  if (mine.parcelId || mine.orderId) {
    // A serial the order asks for, of goods this pack never saw leave.
    const awaited = await lineAwaiting(text)
    if (awaited) return receiveGoods({ item: awaited.item, pack: 1, gs1, serial: text, receipts: await queries.receiptsOfSerial(text) })
    const answer = await shift.ask('unknown', { text })
    if (answer?.item) await mapCode(text, answer.item)
    return receiveGoods({ item: answer?.item ?? null, pack: 1, gs1, serial: gs1?.serial ?? '', receipts: [] })
  }
  await receiveGoods({ item: null, pack: 1, gs1, serial: '', receipts: [] })
}

/** Everything that was received under this code anywhere becomes this item, and so does every scan of it from now on. */
async function mapCode(text: string, item: Item): Promise<void> {
  await record('map_barcode', { barcode_id: uuid7(), text, item_id: item.id, quantity: 1 })
}

/** A code that was left as it is, named later by whoever knows it. */
export async function nameCode(text: string): Promise<void> {
  const answer = await shift.ask('unknown', { text })
  if (!answer?.item) return
  const units = (await queries.unknownCodes(siteId())).find((code) => code.text === text)?.units ?? 0
  await mapCode(text, answer.item)
  right(itemName(answer.item), { number: units || undefined, more: (w) => w.t('unknown.named', { text }) })
}

/** All codes of the site that nobody has named yet, those that hold up most goods first. */
export async function nameCodes(): Promise<void> {
  const codes = await queries.unknownCodes(siteId())
  if (codes.length === 0) return shown((w) => w.t('unknown.no_codes'))
  const options: Option<string>[] = codes.slice(0, 20).map(({ text, units }) => ({
    id: text, value: text, icon: 'help', words: () => text, more: (w) => w.t('inspect.units', { n: units }),
  })) // prettier-ignore
  const text = (await shift.ask('choose', { title: (w) => w.t('unknown.codes'), options })) as string | null
  if (text) await nameCode(text)
}

async function lineAwaiting(serial: string): Promise<LineView | undefined> {
  const { parcelId, orderId } = shift.work.receive
  const parcel = await queries.parcelOf(parcelId)
  const orders = new Set([orderId, ...(parcel?.order_ids ?? [])].filter(Boolean))
  for (const id of orders) for (const view of await queries.linesOf(id)) if (view.line.serials.includes(serial)) return view
  return undefined
}

/** How many lie here in all of what was scanned last: the scan counted one, this counts the rest, or takes back. */
export async function setQuantity(): Promise<void> {
  const receipt = (await queries.receiptsOfParcel(shift.work.receive.parcelId)).find((one) => one.id === shift.work.receive.receiptId)
    ?? (await queries.receiptOf(shift.work.receive.receiptId)) // prettier-ignore
  const item = receipt ? await queries.item(receipt.item_id) : null
  if (!receipt) return attention((w) => w.t('receive.scan_item_first'))
  if (receipt.serial) return attention((w) => w.t('receive.serial_is_one'))
  const view = await queries.lineView(receipt.line_id)
  const counted = receipt.quantity - receipt.unreceived
  const left = view ? Math.max(0, view.line.expected - view.line.received) : 0
  const barcodes = item ? await queries.codesOfItem(item.id) : []
  const pack = Math.max(1, ...barcodes.map((barcode) => barcode.quantity))
  const total = await shift.ask('quantity', { item, pack, start: counted, title: (w) => w.t('quantity.title'), all: left > 0 ? counted + left : 0 })
  if (total === null || total === counted) return
  await changeCount(receipt, total - counted)
  const after = await queries.lineView(receipt.line_id)
  const told = { number: after?.line.received, of: after?.line.expected || undefined, more: itemName(item, receipt.text) }
  if (after && after.line.expected > 0 && after.line.received > after.line.expected)
    attention((w) => w.t('receive.over', { n: after.line.received - after.line.expected }), told)
  else right((w) => w.t('receive.counted', { n: total }), told)
}

/** Counted, and not there after all: which scan, how many of it, and why. What has been inspected is the inspector's to correct. */
export async function takeBack(): Promise<void> {
  const { parcelId, orderId } = shift.work.receive
  const scanned = parcelId ? await queries.receiptsOfParcel(parcelId) : (await queries.linesOf(orderId)).flatMap((view) => view.receipts)
  const standing = scanned.filter((receipt) => receipt.quantity > receipt.unreceived).sort((a, b) => b.made_at - a.made_at)
  if (standing.length === 0) return attention((w) => w.t('takeback.nothing'))
  const options: Option<Receipt>[] = await Promise.all(
    standing.slice(0, 20).map(async (receipt) => {
      const [item, by] = [await queries.item(receipt.item_id), await nameOfPerson(receipt.by)]
      const units = receipt.quantity - receipt.unreceived
      return {
        id: receipt.id, value: receipt, icon: 'parcel' as const, words: ((w) => `${itemName(item, receipt.text)(w)} ×${units}`) satisfies Say,
        more: ((w) => [receipt.serial, receipt.lot, by, w.time(receipt.made_at)].filter(Boolean).join(' · ')) satisfies Say,
      } // prettier-ignore
    }),
  )
  const receipt = (await shift.ask('choose', { title: (w) => w.t('takeback.which'), options })) as Receipt | null
  if (!receipt) return
  const units = receipt.quantity - receipt.unreceived
  const view = await queries.lineView(receipt.line_id)
  const free = view ? Math.min(units, uninspected(view)) : units
  const item = await queries.item(receipt.item_id)
  if (free <= 0) return attention((w) => w.t('takeback.inspected'), { more: (w) => w.t('takeback.inspected.more') })
  const ask = { item, pack: 1, start: free, title: ((w) => w.t('takeback.how_many')) satisfies Say, all: free }
  const quantity = free > 1 ? await shift.ask('quantity', ask) : 1
  if (!quantity) return
  if (quantity > free) return attention((w) => w.t('takeback.only', { n: free }))
  const reasons = TAKE_BACK.map((code) => ({ id: code, value: code as string, icon: 'undo' as const, words: ((w) => w.t(`takeback.${code}`)) satisfies Say }))
  const reason = await shift.ask('reason', { title: (w) => w.t('takeback.why'), options: reasons })
  if (!reason) return attention((w) => w.t('takeback.not_without'))
  await record('unreceive', { receipt_id: receipt.id, quantity, reason })
  right((w) => w.t('takeback.done'), { number: `−${quantity}`, more: itemName(item, receipt.text) })
}

const TAKE_BACK = ['miscounted', 'wrong_code', 'other_parcel', 'not_returned', 'handed_back', 'other'] as const

async function changeCount(receipt: Receipt, by: number): Promise<void> {
  if (by < 0) return void (await record('unreceive', { receipt_id: receipt.id, quantity: -by, reason: 'miscounted' }))
  const { order_id, line_id, site_id, parcel_id, item_id, lot, expiry, text, symbology, container_id, bin_id } = receipt
  const same = { order_id, line_id, site_id, parcel_id, item_id, lot, expiry, text, symbology, container_id, bin_id }
  await record('scan_item', { receipt_id: uuid7(), ...same, quantity: by })
}

/** Everything the paper still expects is here: counted without scanning each, but never a serial number. */
export async function receiveAll(): Promise<void> {
  const order = await queries.orderOf(shift.work.receive.orderId)
  if (!order) return
  let counted = 0
  let serials = 0
  for (const { line, item } of await queries.linesOf(order.id)) {
    const left = line.expected - line.received
    if (left <= 0 || line.removed) continue
    if (!item || item.serial_tracked) {
      serials += left
      continue
    }
    const { lot, expiry } = await lotOf(item, null)
    await record('scan_item', {
      receipt_id: uuid7(), order_id: order.id, line_id: line.id, site_id: siteId(), parcel_id: shift.work.receive.parcelId, item_id: item.id,
      quantity: left, lot, expiry, text: item.sku, container_id: shift.work.receive.toteId, bin_id: shift.work.receive.binId,
    }) // prettier-ignore
    counted += left
  }
  if (serials > 0) attention((w) => w.t('receive.all_but_serials', { n: serials }), { number: counted })
  else right((w) => w.t('receive.all'), { number: counted })
}

// —— where they stand —————————————————————————————————————————————————————————————————————————————————

/** A new label becomes the tote the goods now go into. */
export async function startTote(label: string): Promise<void> {
  const id = containerId(siteId(), label)
  await record('use_container', { container_id: id, site_id: siteId(), label, kind: 'tote', bin_id: shift.work.receive.binId }, { scan: shift.now ?? undefined })
  shift.work.receive.toteId = id
  right((w) => w.t('receive.tote_new'), { more: () => label })
}

export async function useTote(container: Container): Promise<void> {
  shift.work.receive.toteId = container.id
  right((w) => w.t('receive.tote'), { more: () => container.label })
}

export async function standAt(bin: Bin): Promise<void> {
  shift.work.receive.binId = bin.id
  const { toteId } = shift.work.receive
  if (toteId) await record('move_container', { container_id: toteId, bin_id: bin.id }, { scan: shift.now ?? undefined })
  right((w) => w.t(toteId ? 'receive.tote_stands' : 'receive.goods_stand', { bin: bin.code }))
}
