// What the screens see: the server's documents with this device's waiting work laid on top.

import { db, entriesOf, entry, isDueEntry, REFERENCE, type LookedUp, type LookUp, type OutboxRow, type Row, type ViewState } from './db'
import { item } from './catalogue'
import { nameOf, rowAt, rowsBy } from './mirror'
import type { DeviceCommand, Documents, Kind } from './protocol'
import { open } from './vault'

/** What an effect knows besides its arguments. */
export interface Context {
  id: string
  by: string
  device: string
  site: string
  at: number
}

/** What was written: rows of the view, or of what it refers to. */
export interface Written {
  puts: Row[]
  drops: [Kind, string][]
}

/** A view in memory over the stored one: effects read and write here, and what they touched is known afterwards. */
export class Layer {
  /** `remembering`: what is stored is asked of the mirror. Not in a transaction that has written something already. */
  constructor(private readonly remembering = false) {}

  private readonly laid = new Map<string, Row | null>()
  private touched = new Set<string>()
  /** What was met of the stored view: what it counted for is known without reading it again. */
  private readonly met = new Map<string, Row | null>()

  async get<K extends Kind>(kind: K, key: string): Promise<Documents[K] | null> {
    if (!key) return null
    const laid = this.laid.get(nameOf(kind, key))
    if (laid !== undefined) return (laid?.value as Documents[K] | undefined) ?? null
    if (kind === 'item') return (await item(key)) as Documents[K] | null
    const row = await (this.remembering ? rowAt(kind, key) : (REFERENCE.has(kind) ? db.reference : db.view).get([kind, key]))
    this.met.set(nameOf(kind, key), row ?? null)
    return (row?.value as Documents[K] | undefined) ?? null
  }

  /** The documents of a kind that have this value in this field. */
  async find<K extends LookedUp>(kind: K, field: LookUp<K>, value: string): Promise<Documents[K][]> {
    const asked = entry(kind, field, value)
    const rows = await (this.remembering ? rowsBy(kind, asked) : (REFERENCE.has(kind) ? db.reference : db.view).where('by').equals(asked).toArray())
    for (const row of rows) this.met.set(nameOf(kind, row.key), row)
    const found = rows
      .filter((row) => !this.laid.has(nameOf(kind, row.key)))
      .map((row) => row.value as Documents[K])
    for (const row of this.laid.values()) if (row?.kind === kind && entriesOf(kind, row.value).includes(asked)) found.push(row.value as Documents[K])
    return found
  }

  put<K extends Kind>(kind: K, key: string, value: Documents[K]): void {
    this.laid.set(nameOf(kind, key), { kind, key, value })
    this.touched.add(nameOf(kind, key))
  }

  async patch<K extends Kind>(kind: K, key: string, change: Partial<Documents[K]> | ((now: Documents[K]) => Partial<Documents[K]>)): Promise<Documents[K] | null> {
    const now = await this.get(kind, key)
    if (!now) return null
    const value = { ...now, ...(typeof change === 'function' ? change(now) : change) }
    this.put(kind, key, value)
    return value
  }

  remove(kind: Kind, key: string): void {
    this.laid.set(nameOf(kind, key), null)
    this.touched.add(nameOf(kind, key))
  }

  /** Where a rebuild starts from: this document as the server has it, whatever the stored view says. */
  lay(kind: Kind, key: string, row: Row | null): void {
    this.laid.set(nameOf(kind, key), row)
  }

  /** The keys touched since the last call. */
  takeTouched(): string[] {
    const touched = [...this.touched]
    this.touched = new Set()
    return touched
  }

  /** What is to be written of what lies here; what it counts for is told to the view's state. */
  async changes(state: ViewState): Promise<Written> {
    const puts: Row[] = []
    const drops: [Kind, string][] = []
    for (const [name, row] of this.laid) {
      if (row) puts.push({ kind: row.kind, key: row.key, value: row.value, by: entriesOf(row.kind, row.value) })
      else drops.push(partsOf(name))
    }
    const unmet = [...this.laid.keys()].filter((name) => !this.met.has(name))
    if (unmet.length) for (const [n, row] of (await db.view.bulkGet(unmet.map(partsOf))).entries()) this.met.set(unmet[n]!, row ?? null)
    const count = (row: Row | null | undefined, n: number) => row?.by?.filter(isDueEntry).forEach((due) => (state.due[due] = (state.due[due] ?? 0) + n))
    for (const name of this.laid.keys()) count(this.met.get(name), -1)
    for (const row of puts) count(row, 1)
    state.version++
    return { puts, drops }
  }
}

export const writeView = ({ puts, drops }: Written): Promise<unknown> =>
  Promise.all([puts.length ? db.view.bulkPut(puts) : undefined, drops.length ? db.view.bulkDelete(drops) : undefined])

export function partsOf(name: string): [Kind, string] {
  const at = name.indexOf(' ')
  return [name.slice(0, at) as Kind, name.slice(at + 1)]
}

export type Effect = (view: Layer, args: never, context: Context) => Promise<void> | void

// What waits is encrypted, and decrypting inside a transaction would let it close. So arguments are decrypted before, and kept.
const opened = new Map<string, unknown>()

export const remember = (id: string, args: unknown) => void opened.set(id, args)
export const forget = (id: string) => void opened.delete(id)

export async function argsOf(row: { id: string; sealed: OutboxRow['sealed'] }): Promise<unknown> {
  if (!opened.has(row.id)) opened.set(row.id, await open(row.sealed, row.id))
  return opened.get(row.id)
}

/** Decrypts what waits, outside any transaction: what is not yet, for after days without network there are thousands. */
export async function openPending(): Promise<void> {
  const ids = ((await db.outbox.orderBy('id').keys()) as string[]).filter((id) => !opened.has(id))
  for (let at = 0; at < ids.length; at += FEW)
    for (const row of await db.outbox.where('id').anyOf(ids.slice(at, at + FEW)).toArray()) await argsOf(row)
}

/** So many at once that no frame is missed. */
export const FEW = 200

/** Another tab recorded something between decrypting and the transaction: decrypt that too and begin again. */
export class NotOpened extends Error {}

/**
 * Lays everything that waits over the documents of these keys again, inside a running transaction.
 *
 * 1. whatever waits and touched one of the keys is replayed, and so are the keys it touched, until nothing is added;
 * 2. those keys start from what the server has; 3. what waits is applied in its order; 4. the result is written.
 */
export async function rebuild(
  keys: Iterable<string>,
  effects: Record<DeviceCommand, Effect>,
  device: string,
  state: ViewState,
): Promise<Written> {
  const affected = new Set(keys)
  const replayed = new Map<number, OutboxRow>()
  for (let asked = [...affected]; asked.length; ) {
    const further = new Set<string>()
    for (const row of await db.outbox.where('touches').anyOf(asked).distinct().toArray()) {
      if (replayed.has(row.seq)) continue
      replayed.set(row.seq, row)
      for (const name of row.touches) if (!affected.has(name)) further.add(name)
    }
    for (const name of further) affected.add(name)
    asked = [...further]
  }

  const layer = new Layer()
  const names = [...affected]
  const rows = await db.confirmed.bulkGet(names.map(partsOf))
  for (const [n, name] of names.entries()) layer.lay(...partsOf(name), rows[n] ?? null)

  for (const row of [...replayed.values()].sort((a, b) => a.seq - b.seq)) {
    if (!opened.has(row.id)) throw new NotOpened()
    const context = { id: row.id, by: row.by, device, site: row.site, at: row.made_at }
    await effects[row.name](layer, opened.get(row.id) as never, context)
    const touches = [...new Set([...row.touches, ...layer.takeTouched()])]
    if (touches.length !== row.touches.length) await db.outbox.update(row.seq, { touches })
  }
  const changes = await layer.changes(state)
  await writeView(changes)
  return changes
}
