// Items and barcodes, in pages of a hundred: a row for each would take a handheld twenty seconds to load, pages take half a second.

import Dexie, { type Table } from 'dexie'

import { db, lookUp, readMeta, writeMeta, type BarcodePage, type ItemPage } from './db'
import { gtinForms } from './gtin'
import type { Barcode, Item } from './protocol'

const PAGE = 100

/** Items somebody has in hand are asked for at every scan, and a page of a hundred is read for each: the last few hundred are remembered. */
let remembered = { of: db, items: new Map<string, Item>() }
const REMEMBERED = 500
Dexie.on('storagemutated', (parts) => {
  if (Object.keys(parts).some((part) => part.startsWith(`idb://${db.name}/items/`))) remembered = { of: db, items: new Map() }
})

interface Page<T> {
  first: string
  rows: T[]
}

const orderOfBarcode = (barcode: Barcode) => `${barcode.text}\0${barcode.id}`

export async function writeItems(puts: Item[], drops: string[], reset: boolean): Promise<void> {
  remembered = { of: db, items: new Map() }
  await write<Item>(db.items as Table<ItemPage, string>, (item) => item.id, (item) => item.id, puts, drops, reset)
}

export async function writeBarcodes(puts: Barcode[], drops: string[], reset: boolean): Promise<void> {
  await write<Barcode>(db.barcodes as Table<BarcodePage, string>, orderOfBarcode, (barcode) => barcode.text, puts, drops, reset)
}

/** Rows of one text never part over two pages, so that a look-up reads one page. */
async function write<T extends { id: string }>(
  table: Table<Page<T>, string>,
  order: (row: T) => string,
  together: (row: T) => string,
  puts: T[],
  drops: string[],
  reset: boolean,
): Promise<void> {
  if (!reset && !puts.length && !drops.length) return
  const gone = new Set([...drops, ...puts.map((row) => row.id)])
  const adding = [...new Map(puts.map((row) => [row.id, row])).values()]
  const dropped = new Set(drops)
  const incoming = adding.filter((row) => !dropped.has(row.id)).map((row) => ({ at: order(row), row }))
  incoming.sort((a, b) => (a.at < b.at ? -1 : 1))

  const pages = reset ? [] : await table.orderBy('first').toArray()
  const result: Page<T>[] = []
  const stale: string[] = []
  let next = 0
  let total = 0
  // One pass: what is replaced or dropped is taken out wherever it stands, what is new goes into the page it belongs to.
  for (const [n, page] of pages.entries()) {
    const following = pages[n + 1]?.rows[0]
    const mine = (one: { at: string; row: T }) => !following || (one.at < order(following) && together(one.row) !== together(following))
    const rows = page.rows.filter((row) => !gone.has(row.id))
    const kept = rows.length
    while (next < incoming.length && mine(incoming[next]!)) rows.push(incoming[next++]!.row)
    total += rows.length
    if (kept === page.rows.length && rows.length === kept) continue
    stale.push(page.first)
    rows.sort((a, b) => (order(a) < order(b) ? -1 : 1))
    result.push(...cut(rows, order, together))
  }
  if (!pages.length) {
    result.push(...cut(incoming.map(({ row }) => row), order, together))
    total = incoming.length
  }
  await writeMeta(`rows:${table.name}`, total)
  if (reset) await table.clear()
  else await table.bulkDelete(stale)
  await table.bulkPut(result)
}

/** How many there are. Before they were counted as they are written, they are counted once. */
export async function countOf(name: 'items' | 'barcodes'): Promise<number> {
  const known = await readMeta<number>(`rows:${name}`)
  if (known !== undefined) return known
  let rows = 0
  await (db[name] as Table<Page<unknown>, string>).each((page) => void (rows += page.rows.length))
  return rows
}

function cut<T>(rows: T[], order: (row: T) => string, together: (row: T) => string): Page<T>[] {
  const pages: Page<T>[] = []
  for (let from = 0; from < rows.length; ) {
    let to = Math.min(from + PAGE, rows.length)
    while (to < rows.length && together(rows[to]!) === together(rows[to - 1]!)) to++
    pages.push({ first: order(rows[from]!), rows: rows.slice(from, to) })
    from = to
  }
  return pages
}

export async function item(id: string): Promise<Item | null> {
  if (!id) return null
  if (remembered.of !== db || remembered.items.size >= REMEMBERED) remembered = { of: db, items: new Map() }
  const now = remembered
  const known = now.items.get(id)
  if (known) return known
  const page = await db.items.where('first').belowOrEqual(id).last()
  const found = page?.rows.find((row) => row.id === id) ?? null
  // Into what was remembered when it was asked for: what has changed meanwhile has begun another.
  if (found) now.items.set(id, found)
  return found
}

export async function items(ids: Iterable<string>): Promise<Map<string, Item>> {
  const found = new Map<string, Item>()
  await Promise.all([...new Set(ids)].map(async (id) => {
    const one = await item(id)
    if (one) found.set(id, one)
  }))
  return found
}

/** Every item this code may mean: the same text may stand under two owners, and a GTIN is written in several lengths. */
export async function barcodeLookup(text: string): Promise<{ item: Item; barcode: Barcode }[]> {
  const found = new Map<string, { item: Item; barcode: Barcode }>()
  for (const form of gtinForms(text)) {
    for (const barcode of await barcodesOf(form)) {
      const known = await item(barcode.item_id)
      if (known && known.active && !found.has(known.id)) found.set(known.id, { item: known, barcode })
    }
    if (found.size) break
  }
  return [...found.values()]
}

async function barcodesOf(text: string): Promise<Barcode[]> {
  // Besides the catalogue, what somebody here has just said an unknown code is.
  const [page, named] = await Promise.all([db.barcodes.where('first').belowOrEqual(`${text}\0\uffff`).last(), lookUp('barcode', 'text', text)])
  return [...(page?.rows.filter((row) => row.text === text) ?? []), ...named]
}

/** Every code this item wears; reads the whole catalogue, so for a card, not for a scan. */
export async function codesOfItem(itemId: string): Promise<Barcode[]> {
  const found: Barcode[] = []
  await db.barcodes.each((page) => void found.push(...page.rows.filter((row) => row.item_id === itemId)))
  return found
}

/** By part of the number, the name in either language, or the specification. */
export async function searchItems(text: string, limit = 20): Promise<Item[]> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return []
  const found: Item[] = []
  await db.items.orderBy('first').until(() => found.length >= limit).each((page) => {
    for (const row of page.rows) {
      if (!row.active) continue
      const hay = `${row.sku} ${row.name} ${row.name_en} ${row.spec}`.toLowerCase()
      if (words.every((word) => hay.includes(word))) found.push(row)
    }
  })
  return found.slice(0, limit)
}
