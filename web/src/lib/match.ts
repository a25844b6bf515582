// Which outbound line did these goods leave with? Twin of server/domain/matching.py, to the last digit: tests/vectors/matching.json holds
// both to it. Proposed with a score and its reasons, never guessed: only `matched` names the lines the goods belong to.

import { db, lookUp } from './db'
import { customer as customerOf } from './personal'
import type { Customer, OutboundLine, OutboundOrder } from './protocol'
import { today } from './today'

/** Goods whose origin is asked for. What is left out is not known. */
export interface Wanted {
  item_id: string
  quantity?: number
  /** The day they came back. */
  on?: string
  customer_id?: string
  unit_price?: number | null
  lot?: string
  serial?: string
  waybill?: string
}

/** An outbound line as far as it may still come back. */
export interface Shipped {
  outbound_line_id: string
  outbound_id: string
  item_id: string
  left: number
  shipped_on?: string
  customer_id?: string
  unit_price?: number
  lot?: string
  serials?: string[]
  waybill?: string
}

export type Fact = { code: string } & Record<string, string | number>

export interface Proposal {
  outbound_line_id: string
  quantity: number
  score: number
  reasons: Fact[]
}

export interface Answer {
  verdict: 'matched' | 'ambiguous' | 'none'
  proposals: Proposal[]
  /** Why it is not `matched`. */
  reasons: Fact[]
}

// Points are whole numbers out of 10,000.
const WHOLE = 10_000
const [CUSTOMER, PRICE, QUANTITY, DATE] = [4_000, 2_500, 2_000, 1_500]
const ANOTHER_PRICE = 1_500
const LONGEST_AGO = 365
const ENOUGH = 7_000
const CLEARLY = 1_000
const WORTH_SHOWING = 2_000
const SHOWN = 5

/** Lines of one order that nothing tells apart: it makes no difference which of them a unit came from. */
interface Source {
  points: number
  left: number
  reasons: Fact[]
  lines: Shipped[]
}

/** Weighs every shipment that could be the origin. Their order does not matter. */
export function match(asked: Wanted, shipped: Shipped[]): Answer {
  const wanted = { ...asked, quantity: asked.quantity ?? 1 }
  const ofItem = shipped.filter((line) => line.item_id === wanted.item_id)
  const all = sources(wanted, ofItem.filter((line) => possible(wanted, line))).filter(({ points }) => points >= WORTH_SHOWING)
  const [best, second] = all
  if (!best) return { verdict: 'none', proposals: [], reasons: [whyNone(wanted, ofItem)] }

  const clearly = !second || best.points - second.points >= CLEARLY
  const together = all.reduce((total, { left }) => total + left, 0)
  if (best.points >= ENOUGH && best.left >= wanted.quantity && clearly)
    return { verdict: 'matched', proposals: taken(best, wanted.quantity), reasons: [] }
  // Each holds fewer, and all of them together hold exactly as many: there is nothing to choose.
  if (together === wanted.quantity && second && all.at(-1)!.points >= ENOUGH - QUANTITY)
    return { verdict: 'matched', proposals: all.flatMap((source) => taken(source, source.left)), reasons: [] }

  let reason: Fact = { code: 'several_fit', count: all.length }
  if (together < wanted.quantity) reason = { code: 'more_than_shipped', asked: wanted.quantity, left: together }
  else if (clearly && best.left >= wanted.quantity) reason = { code: 'too_little_known', score: best.points / WHOLE }
  const proposals = all.slice(0, SHOWN).map((source) => proposal(source, source.lines[0]!, Math.min(source.left, wanted.quantity)))
  return { verdict: 'ambiguous', proposals, reasons: [reason] }
}

type Asked = Wanted & { quantity: number }

function possible(wanted: Asked, line: Shipped): boolean {
  return (
    line.left > 0 &&
    !(wanted.on && (line.shipped_on ?? '') > wanted.on) &&
    !(wanted.customer_id && line.customer_id !== wanted.customer_id && !sameWaybill(wanted, line)) &&
    !(wanted.serial && line.serials?.length && !line.serials.includes(wanted.serial))
  )
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function sources(wanted: Asked, lines: Shipped[]): Source[] {
  const alike = new Map<string, Shipped[]>()
  const sorted = [...lines].sort((a, b) => order(a.shipped_on ?? '', b.shipped_on ?? '') || order(a.outbound_line_id, b.outbound_line_id))
  for (const line of sorted) {
    const known = Boolean(wanted.serial && line.serials?.includes(wanted.serial))
    const key = JSON.stringify([line.outbound_id, line.unit_price ?? 0, line.lot ?? '', known])
    alike.set(key, [...(alike.get(key) ?? []), line])
  }
  const found = [...alike.values()].map((group): Source => {
    const left = group.reduce((total, line) => total + line.left, 0)
    return { left, lines: group, ...weigh(wanted, group[0]!, left) }
  })
  // The latest shipment first among equals.
  return found.sort(
    (a, b) =>
      b.points - a.points ||
      order(b.lines[0]!.shipped_on ?? '', a.lines[0]!.shipped_on ?? '') ||
      order(a.lines[0]!.outbound_line_id, b.lines[0]!.outbound_line_id),
  )
}

function weigh(wanted: Asked, line: Shipped, left: number): { points: number; reasons: Fact[] } {
  if (wanted.serial && line.serials?.includes(wanted.serial)) return { points: WHOLE, reasons: [{ code: 'serial', serial: wanted.serial }] }
  let points = 0
  const reasons: Fact[] = []
  const same = sameWaybill(wanted, line)

  if (same) {
    points += CUSTOMER + PRICE // the very shipment: whoever bought it, at whatever price
    reasons.push({ code: 'waybill', waybill: wanted.waybill! })
  } else if (wanted.customer_id) {
    points += CUSTOMER
    reasons.push({ code: 'customer' })
  } else reasons.push({ code: 'customer_unknown' })

  const sold = line.unit_price ?? 0
  if (wanted.unit_price === undefined || wanted.unit_price === null) reasons.push({ code: 'price_unknown' })
  else if (wanted.unit_price === sold) {
    points += same ? 0 : PRICE
    reasons.push({ code: 'price', price: sold })
  } else {
    points -= ANOTHER_PRICE
    reasons.push({ code: 'price_differs', asked: wanted.unit_price, sold })
  }

  points += Math.floor((QUANTITY * Math.min(left, wanted.quantity)) / wanted.quantity)
  reasons.push({ code: left >= wanted.quantity ? 'quantity' : 'quantity_short', left })

  if (wanted.on && line.shipped_on) {
    const days = Math.round((Date.parse(wanted.on) - Date.parse(line.shipped_on)) / 86_400_000)
    points += Math.floor((DATE * Math.max(0, LONGEST_AGO - days)) / LONGEST_AGO)
    reasons.push({ code: 'date', shipped_on: line.shipped_on, days })
  }
  if (wanted.lot && line.lot) {
    if (wanted.lot !== line.lot) points = Math.floor(points / 2)
    reasons.push({ code: wanted.lot === line.lot ? 'lot' : 'lot_differs', lot: line.lot })
  }
  return { points: Math.max(points, 0), reasons }
}

/** Refused at the door, a parcel comes back under the number it went out with. */
const sameWaybill = (wanted: Wanted, line: Shipped) => Boolean(wanted.waybill) && wanted.waybill === line.waybill

/** The first thing that rules out everything. */
function whyNone(wanted: Wanted, ofItem: Shipped[]): Fact {
  if (!ofItem.length) return { code: 'item_never_shipped' }
  const theirs = ofItem.filter((line) => !wanted.customer_id || line.customer_id === wanted.customer_id)
  if (!theirs.length) return { code: 'never_shipped_to_customer' }
  if (wanted.on && theirs.every((line) => (line.shipped_on ?? '') > wanted.on!)) return { code: 'shipped_later' }
  return { code: theirs.every((line) => line.left <= 0) ? 'nothing_left' : 'nothing_fits' }
}

function taken(source: Source, quantity: number): Proposal[] {
  const found: Proposal[] = []
  for (const line of source.lines) {
    const units = Math.min(quantity, line.left)
    if (units <= 0) continue
    found.push(proposal(source, line, units))
    quantity -= units
  }
  return found
}

const proposal = (source: Source, line: Shipped, quantity: number): Proposal => ({
  outbound_line_id: line.outbound_line_id, quantity, score: source.points / WHOLE, reasons: source.reasons,
})

// What the floor shows

/** `code` is a key of the shared words, as 'match.lot'. */
export interface Reason {
  code: 'customer' | 'serial' | 'lot' | 'otherLot' | 'quantity' | 'tooMany' | 'recent' | 'waybill'
  n?: number
}

export interface Match {
  outbound_line_id: string
  order: OutboundOrder | null
  customer: Customer | null
  line: OutboundLine
  quantity: number
  /** 0 to 100 */
  score: number
  matched: boolean
  reasons: Reason[]
}

/** The proposals among what the pack on this device knows. Prices are not in it. */
export async function matchesFor(wanted: Wanted): Promise<Match[]> {
  const lines = new Map<string, { line: OutboundLine; outbound: OutboundOrder | null }>()
  for (const line of await lookUp('outbound_line', 'item_id', wanted.item_id)) {
    const outbound = (await db.reference.get(['outbound_order', line.outbound_id]))?.value as OutboundOrder | undefined
    lines.set(line.id, { line, outbound: outbound ?? null })
  }
  const shipped = [...lines.values()].map(
    ({ line, outbound }): Shipped => ({
      outbound_line_id: line.id, outbound_id: line.outbound_id, item_id: line.item_id, left: line.quantity - line.returned,
      shipped_on: outbound?.shipped_on ?? '', customer_id: outbound?.customer_id ?? '', lot: line.lot, serials: line.serials,
      waybill: outbound?.waybill ?? '',
    }),
  )
  const answer = match({ on: today(), ...wanted }, shipped)
  return Promise.all(
    answer.proposals.map(async ({ outbound_line_id, quantity, score, reasons }) => {
      const { line, outbound } = lines.get(outbound_line_id)!
      const customer = await customerOf(outbound?.customer_id ?? '')
      return {
        outbound_line_id, line, order: outbound, customer, quantity, score: Math.round(score * 100), matched: answer.verdict === 'matched',
        reasons: reasons.flatMap(shownAs),
      }
    }),
  )
}

function shownAs({ code, left, days }: Fact): Reason[] {
  if (code === 'quantity_short') return [{ code: 'tooMany', n: Number(left) }]
  if (code === 'date') return [{ code: 'recent', n: Number(days) }]
  if (code === 'lot_differs') return [{ code: 'otherLot' }]
  return code === 'serial' || code === 'waybill' || code === 'customer' || code === 'quantity' || code === 'lot' ? [{ code }] : []
}
