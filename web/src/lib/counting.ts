// A blind count of a bin: what the book had here, and what the count says of it (server/domain/counts.py posts the difference).

import { db, feedState, lookUp } from './db'
import type { CountedLine, StockBalance } from './protocol'

/** What was scanned and found. Units scanned without lot or serial number are matched with the book's lots and numbers. */
export interface Found {
  item_id: string
  /** A code nobody knows, as it was scanned; then there is no item. */
  text?: string
  symbology?: string
  lot?: string
  expiry?: string
  serial?: string
  /** Counted inside this container, piece by piece; whole containers are named apart. */
  container_id?: string
  counted: number
}

export interface BinBook {
  /** Of the site's feed, as it is shown now. */
  revision: number
  balances: StockBalance[]
}

/** Read in one look, so that the revision is just that of the balances. */
export function bookOf(site: string, binId: string): Promise<BinBook> {
  return db.transaction('r', db.view, db.reference, db.meta, async () => ({
    revision: (await feedState(`site:${site}`)).shown,
    balances: (await lookUp('stock_balance', 'bin_id', binId)).filter((each) => each.quantity !== 0),
  }))
}

const KIND = ['item_id', 'lot', 'expiry', 'serial', 'container_id'] as const
const kindOf = (each: Partial<Record<(typeof KIND)[number], string>>) => KIND.map((field) => each[field] ?? '').join('\u001f')

/**
 * The lines of a count, and the containers that nobody saw.
 *
 * 1. what is exactly the book's kind is that kind; 2. units without lot or serial number fill the book's of that item, the rest are
 * of no lot; 3. a finished count says 0 of whatever the book has and nobody found, except in containers counted whole or not seen.
 */
export function countLines(book: BinBook, found: readonly Found[], whole: readonly string[], finished: boolean): { lines: CountedLine[]; missing: string[] } {
  const opened = new Set(['', ...found.map((each) => each.container_id ?? '')])
  const lines = new Map<string, CountedLine>()
  for (const { item_id, lot, expiry, serial, container_id, quantity } of book.balances) {
    if (!opened.has(container_id)) continue
    const line = lines.get(kindOf({ item_id, lot, expiry, serial, container_id })) ?? { item_id, lot, expiry, serial, container_id, book: 0, counted: 0 }
    lines.set(kindOf(line), { ...line, book: (line.book ?? 0) + quantity })
  }
  const seen = new Set<string>()
  const add = (line: CountedLine, units: number) => {
    const key = line.text ? `text ${line.text}` : kindOf(line)
    const known = lines.get(key) ?? { ...line, book: 0, counted: 0 }
    lines.set(key, { ...known, counted: known.counted + units })
    seen.add(key)
  }
  for (const { counted, ...each } of found) {
    if (each.text || each.lot || each.serial || !each.item_id) {
      add({ ...each, counted: 0 }, counted)
      continue
    }
    let left = counted
    for (const line of [...lines.values()]) {
      if (line.item_id !== each.item_id || (line.container_id ?? '') !== (each.container_id ?? '')) continue
      const part = Math.min(left, Math.max(0, (line.book ?? 0) - line.counted))
      add(line, part)
      left -= part
    }
    if (left) add({ ...each, counted: 0 }, left)
  }
  const standing = new Set(book.balances.map((each) => each.container_id).filter(Boolean))
  return {
    lines: [...lines].filter(([key]) => finished || seen.has(key)).map(([, line]) => line),
    missing: finished ? [...standing].filter((id) => !opened.has(id) && !whole.includes(id)).sort() : [],
  }
}
