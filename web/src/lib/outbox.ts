// Everything a person does goes through `record`: numbered, saved to the disk and laid over the view in one transaction, or not at all.

import { author, ctxOf, requireAuthor } from './auth'
import { db, readMeta, saveViewState, VIEW_STATE, viewState, writeMeta, type AttentionRow, type FeedState, type OutboxRow, type ScanRow, type ViewState } from './db'
import { uuid7 } from './ids'
import { isAt, written } from './mirror'
import { EFFECTS } from './mutations'
import { makeNumber } from './numbers'
import { APP_SCHEMA, type Commands, type DeviceCommand, type Result } from './protocol'
import { saved } from './room'
import { seal } from './vault'
import { argsOf, forget, Layer, openPending, rebuild, remember, NotOpened, writeView, type Written } from './view'

export interface RecordOptions {
  /** The scan that this answers: it goes into the history, where an undo finds it. */
  scan?: { id?: string; text: string; symbology?: string; by?: string }
  result?: ScanRow['result']
  words?: string
  by?: string
}

export interface Recorded {
  seq: number
  id: string
  /** What it has made of the documents it touched, without asking for them again. */
  view: Layer
}

/** The scan that the last record answered. */
let answered = ''

let told: () => void = () => {}

/** Who wants to know that something waits (sync.ts does, without this file knowing of it). */
export const whenRecorded = (listener: () => void) => void (told = listener)

/** Resolves when it is on the disk. Only then may a screen say that it is saved. Throws StorageFull. */
export async function record<Name extends DeviceCommand>(name: Name, args: Commands[Name], options: RecordOptions = {}): Promise<Recorded> {
  const by = options.by ?? options.scan?.by ?? requireAuthor()
  const { device, site } = ctxOf(args as { site_id?: string })
  const id = uuid7()
  const made_at = Date.now()
  // A copy: what is laid over the view must be what is sent, whatever the screen does with its object afterwards.
  const copy = JSON.parse(JSON.stringify(args)) as Commands[Name]
  // Encrypted before the transaction begins, for it would not wait for the answer.
  const [sealed, noted] = await Promise.all([seal(copy, id), options.scan || UNDOABLE.has(name) ? noteOf(options.scan, options.result, options.words) : null])
  remember(id, copy)
  const save = () =>
    db.transaction('rw', [db.meta, db.outbox, db.view, db.scans, db.reference, db.items], async () => {
      const [numbered, known, feed, kept] = await db.meta.bulkGet(['next_seq', 'epoch', `feed:site:${site}`, VIEW_STATE])
      const next = (numbered?.value as number | undefined) ?? 1
      const epoch = (known?.value as string | undefined) ?? ''
      const base = (feed?.value as FeedState | undefined)?.shown ?? 0
      const state = (kept?.value as ViewState | undefined) ?? { version: 0, due: {} }
      isAt(state.version)
      const layer = new Layer(true)
      await EFFECTS[name](layer, copy as never, { id, by, device, site, at: made_at })
      const before = await whatItWas(name, copy as unknown as Record<string, unknown>)
      const changes = await layer.changes(state)
      // At once: each answer that is waited for is a way there and back, and the person waits for them all.
      await Promise.all([
        writeView(changes),
        db.meta.bulkPut([{ key: 'next_seq', value: next + 1 }, { key: VIEW_STATE, value: state }]),
        db.outbox.add({ seq: next, id, name, by, site, schema: APP_SCHEMA, epoch, base, sealed, made_at, touches: layer.takeTouched(), state: 'pending' }),
        noted && db.scans.add({ ...noted, at: made_at, by, mutation_id: id, name, sealed, before }),
      ])
      return { seq: next, id, view: layer, changes, version: state.version }
    })
  try {
    const { changes, version, ...recorded } = await saved(save)
    written(version, changes)
    answered = options.scan?.id ?? answered
    told()
    return recorded
  } catch (reason) {
    forget(id)
    throw reason
  }
}

/** A scan that led to nothing that is sent (unknown, refused, looked up): kept in the history all the same. */
export async function noteScan(scan: { id?: string; text: string; symbology?: string }, result: ScanRow['result'], words = ''): Promise<void> {
  if (scan.id && scan.id === answered) return
  await db.scans.add(await noteOf(scan, result, words))
}

async function noteOf(scan: RecordOptions['scan'], result: ScanRow['result'] = 'right', words = ''): Promise<ScanRow> {
  const id = uuid7()
  const said = await seal({ text: scan?.text ?? '', words }, id)
  return { id, at: Date.now(), said, symbology: scan?.symbology ?? '', result, by: author(), mutation_id: '', name: '', sealed: null, before: {}, undone: 0 }
}

/** The commands that a compensating one can take back (see undo.ts). */
export const UNDOABLE: ReadonlySet<DeviceCommand> = new Set(['scan_item', 'move_container'])

async function whatItWas(name: DeviceCommand, args: Record<string, unknown>): Promise<Record<string, string>> {
  if (name === 'move_container') {
    const row = await db.view.get(['container', String(args.container_id)])
    return { bin_id: (row?.value as { bin_id?: string } | undefined)?.bin_id ?? '' }
  }
  return {}
}

/** The next document number of this device: final, and never given twice, even if the document is thrown away. */
export async function nextNumber(): Promise<string> {
  const save = () =>
    db.transaction('rw', db.meta, async () => {
      const identity = await readMeta<{ code: string }>('identity')
      if (!identity) throw new Error('This device is not enrolled')
      const counter = ((await readMeta<number>('counter')) ?? 0) + 1
      await writeMeta('counter', counter)
      return makeNumber(identity.code, counter)
    })
  return saved(save)
}

export interface PendingRow extends Pick<OutboxRow, 'seq' | 'id' | 'name' | 'by' | 'made_at' | 'state'> {
  args: Record<string, unknown>
  result: Result | null
}

/** Where what was recorded here and not yet answered begins, and how much it is: by its numbers, for a browser that counts ten thousand takes
 *  a fifth of a second, and everything else waits. `after`: of what has a higher number. */
export async function pending(after = 0): Promise<{ first: OutboxRow | null; count: number }> {
  const first = await db.outbox.where('[state+seq]').between(['pending', after], ['pending', Infinity], false).first()
  return first ? { first, count: ((await readMeta<number>('next_seq')) ?? 1) - first.seq } : { first: null, count: 0 }
}

export async function pendingList(limit = 200): Promise<PendingRow[]> {
  const rows = await db.outbox.orderBy('seq').limit(limit).toArray()
  return Promise.all(
    rows.map(async (row) => ({
      seq: row.seq, id: row.id, name: row.name, by: row.by, made_at: row.made_at, state: row.state,
      args: (await argsOf(row)) as Record<string, unknown>, result: row.result ?? null,
    })),
  )
}

/** What one command has said here and not yet said to the end: its effects are not back. */
export async function waitingOf<Name extends DeviceCommand>(name: Name): Promise<Commands[Name][]> {
  const rows = await db.outbox.where('[name+seq]').between([name, 0], [name, Infinity]).toArray()
  return Promise.all(rows.map(async (row) => (await argsOf(row)) as Commands[Name]))
}

/** Whether this was recorded before a crash, sent or not. */
export async function wasRecorded<Name extends DeviceCommand>(name: Name, is: (args: Commands[Name]) => boolean): Promise<boolean> {
  for (const table of [db.outbox, db.sent])
    for (const row of await (table as typeof db.outbox).where('[name+seq]').between([name, 0], [name, Infinity]).toArray())
      if (is((await argsOf(row)) as Commands[Name])) return true
  return false
}

export type Attention = Omit<AttentionRow, 'sealed'> & { args: Record<string, unknown> }

export async function attentionList(): Promise<Attention[]> {
  const rows = await db.attention.orderBy('at').reverse().toArray()
  return Promise.all(
    rows.map(async ({ sealed, ...row }) => ({ ...row, args: (await argsOf({ id: row.id, sealed })) as Record<string, unknown> })),
  )
}

export async function markSeen(id: string): Promise<void> {
  await db.attention.update(id, { seen: 1 })
}

/** What was rejected is sent again as somebody has corrected it, with the author it had. The refused one leaves the list. */
export async function retryFixed(id: string, args: Record<string, unknown>): Promise<Recorded> {
  const row = await db.attention.get(id)
  if (!row) throw new Error('This was dealt with already')
  const recorded = await record(row.name, args as never, { by: row.by })
  await db.attention.delete(id)
  return recorded
}

/** Lays what waits over these documents again; and tells what else was written that the view is made of. */
export interface Rebuilding {
  lay(keys: Iterable<string>): Promise<void>
  wrote(what: Written): void
}

/** Runs a transaction that rebuilds the view, again from the start when another tab recorded something meanwhile. */
export async function withRebuild<T>(tables: string[], work: (rebuilding: Rebuilding) => Promise<T>): Promise<T> {
  const device = (await readMeta<{ device_id: string }>('identity'))?.device_id ?? ''
  for (;;) {
    await openPending()
    const all: Written[] = []
    try {
      // `async`, though it awaits nothing itself: Dexie lets the transaction of any other function end too early in a browser.
      const [done, before] = await db.transaction('rw', tables, async () => {
        const state = await viewState()
        const before = state.version
        isAt(before)
        const wrote = (what: Written) => {
          all.push(what)
          state.version++
        }
        const lay = async (keys: Iterable<string>) => void all.push(await rebuild(keys, EFFECTS, device, state))
        const done = await work({ lay, wrote })
        if (state.version !== before) await saveViewState(state)
        return [done, before] as const
      })
      for (const [n, what] of all.entries()) written(before + n + 1, what)
      return done
    } catch (reason) {
      if (!(reason instanceof NotOpened)) throw reason
    }
  }
}
