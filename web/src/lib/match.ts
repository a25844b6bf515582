// Which outbound line did these goods leave with? Proposed with a score and its reasons, never decided here.

import { db } from './db'
import type { OutboundLine, OutboundOrder } from './protocol'

export interface Wanted {
  item_id: string
  customer_id?: string
  waybill?: string
  lot?: string
  serial?: string
  quantity?: number
  /** The day the goods came back, to prefer what left lately. */
  on?: string
}

export interface Candidate {
  line: OutboundLine
  order: OutboundOrder | null
}

/** `code` is a key of the shared words, as 'match.lot'. */
export interface Reason {
  code: 'item' | 'customer' | 'serial' | 'lot' | 'otherLot' | 'quantity' | 'tooMany' | 'recent' | 'waybill'
  n?: number
}

export interface Match extends Candidate {
  outbound_line_id: string
  score: number
  reasons: Reason[]
}

const LONG_AGO = 180

/** The best first; of two that are equal the one that left later. Lines of other items are no candidates. */
export function proposeMatches(wanted: Wanted, candidates: Candidate[]): Match[] {
  const on = wanted.on ?? new Date().toISOString().slice(0, 10)
  return candidates
    .filter(({ line }) => line.item_id === wanted.item_id)
    .map(({ line, order }) => ({ line, order, outbound_line_id: line.id, ...judge(wanted, line, order, on) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.order?.shipped_on ?? '' < (b.order?.shipped_on ?? '') ? 1 : -1))
}

function judge(wanted: Wanted, line: OutboundLine, order: OutboundOrder | null, on: string): { score: number; reasons: Reason[] } {
  const reasons: Reason[] = [{ code: 'item' }]
  let score = 30
  if (wanted.serial && line.serials.includes(wanted.serial)) {
    score += 60
    reasons.unshift({ code: 'serial' })
  }
  if (wanted.customer_id && order) {
    if (order.customer_id !== wanted.customer_id) return { score: 0, reasons: [] }
    score += 25
    reasons.push({ code: 'customer' })
  }
  if (wanted.waybill && order?.waybill === wanted.waybill) {
    score += 30
    reasons.push({ code: 'waybill' })
  }
  if (wanted.lot && line.lot) {
    score += wanted.lot === line.lot ? 15 : -20
    reasons.push({ code: wanted.lot === line.lot ? 'lot' : 'otherLot' })
  }
  const open = line.quantity - line.returned
  if (open < (wanted.quantity ?? 1)) {
    score -= 25
    reasons.push({ code: 'tooMany', n: Math.max(open, 0) })
  } else if (wanted.quantity !== undefined && open === wanted.quantity) {
    score += 5
    reasons.push({ code: 'quantity' })
  }
  if (order?.shipped_on) {
    const days = Math.round((Date.parse(on) - Date.parse(order.shipped_on)) / 86_400_000)
    if (days >= 0 && days <= LONG_AGO) {
      score += Math.round(15 * (1 - days / LONG_AGO))
      reasons.push({ code: 'recent', n: days })
    }
  }
  return { score: Math.max(0, Math.min(100, score)), reasons }
}

/** The candidates of the pack on this device. */
export async function matchesFor(wanted: Wanted): Promise<Match[]> {
  const rows = await db.reference.where('[kind+value.item_id]').equals(['outbound_line', wanted.item_id]).limit(2000).toArray()
  const candidates: Candidate[] = []
  for (const row of rows) {
    const line = row.value as OutboundLine
    const order = (await db.reference.get(['outbound_order', line.outbound_id]))?.value as OutboundOrder | undefined
    candidates.push({ line, order: order ?? null })
  }
  return proposeMatches(wanted, candidates)
}
