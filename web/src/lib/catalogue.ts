// Items and barcodes, in pages of a hundred: a row for each would take a handheld twenty seconds to load. A page is one text with a line for
// each: a browser stores and reads a text many times as fast as a hundred objects, of which a scan needs one.

import type { Table } from 'dexie'

import { db, lookUp, readMeta, remembered, writeMeta, type CataloguePage } from './db'
import { gtinForms } from './gtin'
import type { Barcode, Item } from './protocol'

const PAGE = 100
/** So many pages are read or written at once: no scan waits long between two of these. */
const FEW_PAGES = 50

interface Shelf<T> {
  table(): Table<CataloguePage<T>, string>
  /** Pages are sorted by this, and begin with it. */
  order(row: T): string
  /** Rows of which this is the same never part over two pages, so that a look-up reads one page. */
  together(order: string): string
  /** Whether a row stands where its id says. */
  byId: boolean
}
const ITEMS: Shelf<Item> = { table: () => db.items, order: (item) => item.id, together: (order) => order, byId: true }
const BARCODES: Shelf<Barcode> = {
  table: () => db.barcodes, order: ({ text, id }) => `${text}\0${id}`, together: (order) => order.slice(0, order.indexOf('\0')), byId: false,
}

export async function writeItems(puts: Item[], drops: string[], reset: boolean): Promise<void> {
  remember.forget()
  await write(ITEMS, puts, drops, reset)
}

export const writeBarcodes = (puts: Barcode[], drops: string[], reset: boolean): Promise<void> => write(BARCODES, puts, drops, reset)

async function write<T extends { id: string }>(shelf: Shelf<T>, puts: T[], drops: string[], reset: boolean): Promise<void> {
  if (!reset && !puts.length && !drops.length) return
  const table = shelf.table()
  const dropped = new Set(drops)
  const adding = new Map(puts.map((row) => [row.id, row]))
  const incoming = [...adding.values()].filter((row) => !dropped.has(row.id)).map((row) => ({ at: shelf.order(row), row }))
  incoming.sort((a, b) => (a.at < b.at ? -1 : 1))
  const firsts = reset ? [] : await table.toCollection().primaryKeys()
  if (!firsts.length) {
    await table.clear()
    await put(shelf, incoming)
    return void (await writeMeta(`rows:${table.name}`, incoming.length))
  }

  // What is replaced or dropped is taken out wherever it stands, what is new goes into the page it belongs to.
  const gone = new Set([...drops, ...adding.keys()])
  const sought = [...gone].sort()
  const changing: { first: string; coming: typeof incoming }[] = []
  let next = 0
  let at = 0
  for (const [n, first] of firsts.entries()) {
    const following = firsts[n + 1]
    const coming: typeof incoming = []
    const mine = (order: string) => following === undefined || (order < following && shelf.together(order) !== shelf.together(following))
    while (next < incoming.length && mine(incoming[next]!.at)) coming.push(incoming[next++]!)
    const holds = !shelf.byId || (at < sought.length && mine(sought[at]!))
    while (shelf.byId && at < sought.length && mine(sought[at]!)) at++
    if (coming.length || holds) changing.push({ first, coming })
  }
  let more = 0
  for (let from = 0; from < changing.length; from += FEW_PAGES) {
    const few = changing.slice(from, from + FEW_PAGES)
    const pages = await table.bulkGet(few.map(({ first }) => first))
    for (const [n, { first, coming }] of few.entries()) {
      const page = pages[n]!
      if (!coming.length && gone.size < FEW_PAGES && page.lines !== undefined && !sought.some((id) => page.lines!.includes(id))) continue
      const before = rowsOf(page)
      const kept = before.filter((row) => !gone.has(row.id))
      if (!coming.length && kept.length === before.length) continue
      more += kept.length + coming.length - before.length
      const rows = [...kept.map((row) => ({ at: shelf.order(row), row })), ...coming].sort((a, b) => (a.at < b.at ? -1 : 1))
      await table.delete(first)
      await put(shelf, rows)
    }
  }
  await writeMeta(`rows:${table.name}`, (await countOf(table.name as 'items' | 'barcodes')) + more)
}

/** Cuts sorted rows into pages and writes them. */
async function put<T>(shelf: Shelf<T>, rows: { at: string; row: T }[]): Promise<void> {
  let pages: CataloguePage<T>[] = []
  for (let from = 0; from < rows.length; ) {
    let to = Math.min(from + PAGE, rows.length)
    while (to < rows.length && shelf.together(rows[to]!.at) === shelf.together(rows[to - 1]!.at)) to++
    pages.push({ first: rows[from]!.at, lines: rows.slice(from, to).map(({ row }) => JSON.stringify(row)).join('\n') })
    from = to
    if (pages.length < FEW_PAGES && from < rows.length) continue
    await shelf.table().bulkPut(pages)
    pages = []
  }
}

/** All rows of a page. Earlier versions of the app kept them as they are. */
export const rowsOf = <T>({ lines, rows }: CataloguePage<T>): T[] => rows ?? lines!.split('\n').map((line) => JSON.parse(line) as T)

/** The rows of a page in which this is written. */
function rowsWith<T>(page: CataloguePage<T>, field: string, value: string): T[] {
  const is = (row: T) => (row as Record<string, unknown>)[field] === value
  if (page.lines === undefined) return page.rows!.filter(is)
  const found: T[] = []
  const written = `${JSON.stringify(field)}:${JSON.stringify(value)}`
  for (let at = page.lines.indexOf(written); at >= 0; ) {
    const end = page.lines.indexOf('\n', at)
    const row = JSON.parse(page.lines.slice(page.lines.lastIndexOf('\n', at) + 1, end < 0 ? undefined : end)) as T
    if (is(row)) found.push(row)
    at = end < 0 ? -1 : page.lines.indexOf(written, end)
  }
  return found
}

/** How many there are. Before they were counted as they are written, they are counted once. */
export async function countOf(name: 'items' | 'barcodes'): Promise<number> {
  const known = await readMeta<number>(`rows:${name}`)
  if (known !== undefined) return known
  let rows = 0
  await (db[name] as Table<CataloguePage<unknown>, string>).each((page) => void (rows += rowsOf(page).length))
  return rows
}

export const item = async (id: string): Promise<Item | null> => (id ? remember(id) : null)

const remember = remembered('items', async (id): Promise<Item | null> => {
  const page = await db.items.where('first').belowOrEqual(id).last()
  return page ? (rowsWith(page, 'id', id)[0] ?? null) : null
})

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
  return [...(page ? rowsWith(page, 'text', text) : []), ...named]
}

/** Every code this item wears; reads the whole catalogue, so for a card, not for a scan. */
export async function codesOfItem(itemId: string): Promise<Barcode[]> {
  const found: Barcode[] = []
  await db.barcodes.each((page) => void found.push(...rowsWith(page, 'item_id', itemId)))
  return found
}

/** By part of the number, the name in either language, or the specification. */
export async function searchItems(text: string, limit = 20): Promise<Item[]> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return []
  const found: Item[] = []
  await db.items.orderBy('first').until(() => found.length >= limit).each((page) => {
    for (const row of rowsOf(page)) {
      if (!row.active) continue
      const hay = `${row.sku} ${row.name} ${row.name_en} ${row.spec}`.toLowerCase()
      if (words.every((word) => hay.includes(word))) found.push(row)
    }
  })
  return found.slice(0, limit)
}
