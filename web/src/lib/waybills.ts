// The waybills this site has seen in 60 days, out and back: 300,000 of them, which as documents would be too much for a handheld.
//
// A page is one text of a few hundred lines, sorted by waybill; a line is `waybill ⇥ >order ⇥ day` for what left, and
// `waybill ⇥ <carrier ⇥ day` for what was signed for. One look-up reads one page.

import { db, readMeta, writeMeta } from './db'
import type { WaybillPage } from './protocol'

const LINES = 500
const DAY = 86_400_000
/** Kept with the feeds' states, so that whatever begins those anew begins this one too. */
const STATE = 'feed:waybills'

interface State {
  cursor: string
  since: number
  count: number
  at: number
}

/** What the list knows of a waybill; times are the beginning of a day, 0 is never. */
export interface Listed {
  /** The outbound order it left with, '' when it did not. */
  number: string
  left_at: number
  carrier: string
  signed_at: number
}

export const waybillState = () => readMeta<State>(STATE)

export async function listed(waybill: string): Promise<Listed | null> {
  const page = await db.waybills.where('first').belowOrEqual(waybill).last()
  if (!page) return null
  const since = (await waybillState())?.since ?? 0
  const found: Listed = { number: '', left_at: 0, carrier: '', signed_at: 0 }
  const text = `\n${page.lines}`
  for (let at = text.indexOf(`\n${waybill}\t`); at >= 0; at = text.indexOf(`\n${waybill}\t`, at + 1)) {
    const end = text.indexOf('\n', at + 1)
    const [, ref, day] = text.slice(at + 1, end < 0 ? undefined : end).split('\t') as [string, string, string]
    if (Number(day) < since) continue
    if (ref.startsWith('>')) Object.assign(found, { number: ref.slice(1), left_at: Number(day) * DAY })
    else Object.assign(found, { carrier: ref.slice(1), signed_at: Number(day) * DAY })
  }
  return found.left_at || found.signed_at ? found : null
}

/** Fetches what is new, all of it the first time. */
export async function fetchWaybills(ask: (path: string) => Promise<WaybillPage>): Promise<void> {
  let cursor = (await waybillState())?.cursor ?? ''
  let fresh = !cursor
  let since = 0
  const lines = new Map<string, string>()
  for (;;) {
    const page = await ask(`/sync/v1/waybills${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`)
    if (page.reset) {
      fresh = true
      lines.clear()
    }
    for (const [key, line] of linesOf(page)) lines.set(key, line)
    cursor = page.cursor
    since = page.since
    if (!page.more) break
  }
  await db.transaction('rw', [db.waybills, db.meta], async () => {
    const before = await waybillState()
    const count = fresh ? await replace(lines) : lines.size ? (before?.count ?? 0) + (await merge(lines, since)) : (before?.count ?? 0)
    await writeMeta(STATE, { cursor, since, count, at: Date.now() } satisfies State)
  })
}

/** Each with what it replaces: the line of the same outbound order, or of the same parcel. */
function* linesOf({ outbound, parcels }: WaybillPage): Generator<[string, string]> {
  for (const [n, waybill] of outbound.waybill.entries()) yield [`>${outbound.number[n]}`, `${waybill}\t>${outbound.number[n]}\t${outbound.day[n]}`]
  for (const [n, waybill] of parcels.waybill.entries()) yield [`<${parcels.carrier[n]}\t${waybill}`, `${waybill}\t<${parcels.carrier[n]}\t${parcels.day[n]}`]
}

const waybillOf = (line: string) => line.slice(0, line.indexOf('\t'))

function keyOf(line: string): string {
  const [waybill, ref] = line.split('\t') as [string, string]
  return ref.startsWith('>') ? ref : `${ref}\t${waybill}`
}

async function replace(lines: Map<string, string>): Promise<number> {
  await db.waybills.clear()
  await db.waybills.bulkPut(cut([...lines.values()].sort()))
  return lines.size
}

/** Page by page, so that nothing else waits long. What is too old is left out on the way. Returns how many more there are. */
async function merge(fresh: Map<string, string>, since: number): Promise<number> {
  const incoming = [...fresh.values()].sort()
  const firsts = await db.waybills.toCollection().primaryKeys()
  let more = 0
  let next = 0
  for (const [n, first] of firsts.entries()) {
    const before = (await db.waybills.get(first))!.lines.split('\n')
    const after = before.filter((line) => Number(line.slice(line.lastIndexOf('\t') + 1)) >= since && !fresh.has(keyOf(line)))
    const kept = after.length
    const following = firsts[n + 1]
    while (next < incoming.length && (following === undefined || waybillOf(incoming[next]!) < following)) after.push(incoming[next++]!)
    if (kept === before.length && after.length === kept) continue
    more += after.length - before.length
    await db.waybills.delete(first)
    await db.waybills.bulkPut(cut(after.sort()))
  }
  if (!firsts.length) {
    await db.waybills.bulkPut(cut(incoming))
    more = incoming.length
  }
  return more
}

/** Lines of one waybill never part over two pages. */
function cut(lines: string[]): { first: string; lines: string }[] {
  const pages: { first: string; lines: string }[] = []
  for (let from = 0; from < lines.length; ) {
    let to = Math.min(from + LINES, lines.length)
    while (to < lines.length && waybillOf(lines[to]!) === waybillOf(lines[to - 1]!)) to++
    pages.push({ first: waybillOf(lines[from]!), lines: lines.slice(from, to).join('\n') })
    from = to
  }
  return pages
}
