// What is being worked with, in memory: a document or a list that was read once is not read again. What this tab writes is written into it
// as soon as it is on the disk; what another tab writes makes it forget everything.
//
// `version` is counted on with every write of the view or of what it refers to, so that whoever writes can see, inside their transaction,
// whether what they remember is what is there.

import Dexie, { RangeSet, type ObservabilitySet } from 'dexie'

import { db, REFERENCE, type Row } from './db'
import type { Kind } from './protocol'

const MOST = 20_000

interface Memory {
  of: typeof db
  /** Which state of the database this is; null while nobody has asked. */
  version: number | null
  rows: Map<string, Row | null>
  /** By entry (`by`), the names of the rows that stand under it. */
  lists: Map<string, Set<string>>
}
const blank = (): Memory => ({ of: db, version: null, rows: new Map(), lists: new Map() })
let memory = blank()

export const nameOf = (kind: Kind, key: string) => `${kind} ${key}`
const tableOf = (kind: Kind) => (REFERENCE.has(kind) ? db.reference : db.view)
const everyEntry = (kind: Kind) => `* ${kind}`

export const forget = (): void => void (memory = blank())

function now(): Memory {
  if (memory.of !== db || memory.rows.size > MOST) forget()
  return memory
}

/** In a transaction, with the version read there: from here on nothing is remembered that is older. */
export function isAt(version: number): void {
  if (now().version !== version) forget()
  memory.version = version
}

export function rowAt(kind: Kind, key: string): PromiseLike<Row | null> {
  const { rows } = now()
  const name = nameOf(kind, key)
  watch(kind, '', [kind, key])
  const known = rows.get(name)
  if (known !== undefined) return Dexie.Promise.resolve(known)
  return tableOf(kind).get([kind, key]).then((row) => {
    rows.set(name, row ?? null)
    return row ?? null
  })
}

/** The rows that stand under this entry. */
export function rowsBy(kind: Kind, entry: string): PromiseLike<Row[]> {
  return list(kind, entry, () => tableOf(kind).where('by').equals(entry).toArray())
}

/** All rows of a kind that no device changes. */
export function rowsOf(kind: Kind): PromiseLike<Row[]> {
  return list(kind, everyEntry(kind), () => db.reference.where('[kind+key]').between([kind, ''], [kind, '\uffff']).toArray())
}

function list(kind: Kind, entry: string, ask: () => PromiseLike<Row[]>): PromiseLike<Row[]> {
  const { rows, lists } = now()
  const names = lists.get(entry)
  if (!names)
    return ask().then((found) => {
      for (const row of found) rows.set(nameOf(row.kind, row.key), row)
      lists.set(entry, new Set(found.map((row) => nameOf(row.kind, row.key))))
      return found
    })
  if (entry === everyEntry(kind)) watch(kind, '', [kind, ''], [kind, '\uffff'])
  else watch(kind, 'by', entry)
  const found: Row[] = []
  for (const name of names) {
    const row = rows.get(name)!
    watch(kind, '', [row.kind, row.key])
    found.push(row)
  }
  return Dexie.Promise.resolve(found)
}

const others = globalThis.document && typeof BroadcastChannel !== 'undefined' ? new BroadcastChannel('restow-view') : null
others?.addEventListener('message', forget)

/** What a transaction has written, once it is on the disk. */
export function written(version: number, { puts, drops }: { puts: readonly Row[]; drops: readonly [Kind, string][] }): void {
  others?.postMessage(version)
  const { rows, lists } = now()
  if (memory.version !== version - 1) return forget()
  memory.version = version
  const take = (name: string) => {
    const old = rows.get(name)
    if (old) for (const entry of [...(old.by ?? []), everyEntry(old.kind)]) lists.get(entry)?.delete(name)
  }
  for (const row of puts) {
    const name = nameOf(row.kind, row.key)
    take(name)
    let listed = rows.has(name)
    for (const entry of [...(row.by ?? []), everyEntry(row.kind)]) listed = !!lists.get(entry)?.add(name) || listed
    if (listed) rows.set(name, row)
  }
  for (const [kind, key] of drops) {
    const name = nameOf(kind, key)
    take(name)
    if (rows.has(name)) rows.set(name, null)
  }
}

/** A `live` query that was answered from memory must still hear when that changes, as if it had asked the database. */
function watch(kind: Kind, index: string, from: unknown, to: unknown = from): void {
  const watching = (Dexie.Promise as unknown as { PSD: { subscr?: ObservabilitySet } }).PSD.subscr
  if (!watching) return
  const part = `idb://${db.name}/${tableOf(kind).name}/${index}` as const
  const ranges = (watching[part] ??= new RangeSet()) as unknown as { addKey(key: unknown): void; add(range: unknown): void }
  if (to === from) ranges.addKey(from)
  else ranges.add(new RangeSet(from as never, to as never))
}
