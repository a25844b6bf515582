// Everything this device keeps. No other file opens IndexedDB.

import Dexie, { type EntityTable, type Table } from 'dexie'

import { forget, rowsBy, rowsOf } from './mirror'
import type { ChangeOut, Barcode, DeviceCommand, Documents, Item, Kind, PhotoKind, Result } from './protocol'

/** Bytes at rest: encrypted with the device's key, or as they are where the browser offers no encryption. */
export type Sealed = { iv: Uint8Array<ArrayBuffer>; bytes: ArrayBuffer } | { iv: null; bytes: ArrayBuffer }

export interface MetaRow {
  key: string
  value: unknown
}

/** A document of a feed. `confirmed` holds it as the server has it, `view` with what waits here laid on top. */
export interface Row<K extends Kind = Kind> {
  kind: K
  key: string
  value: Documents[K]
  /** What it is found by, besides its key (`entriesOf`). */
  by?: string[]
  /** The fields that name a person outside (personal.ts), which are '' in `value`. */
  sealed?: Sealed
}

/** What a person did, on its way: pending → acked, when the server answered → gone, when its effects have come back. */
export interface OutboxRow {
  seq: number
  id: string
  name: DeviceCommand
  by: string
  site: string
  schema: number
  epoch: string
  base: number
  sealed: Sealed
  made_at: number
  touches: string[]
  state: 'pending' | 'acked' | 'held'
  result?: Result
}

/** Acknowledged and kept two weeks, so that a server restored from a backup is offered what it lost. */
export interface SentRow extends OutboxRow {
  sent_at: number
}

/** What the server did not simply take: its whole content stays here until somebody has dealt with it. */
export interface AttentionRow extends Omit<OutboxRow, 'state' | 'touches'> {
  at: number
  status: 'rejected' | 'conflict' | 'held'
  code: string
  detail: string
  conflict: string
  seen: 0 | 1
}

/** A page of a pull, stored with its cursor and shown only when the pull is whole. */
export interface StagedRow {
  n?: number
  feed: string
  changes: (ChangeOut & { sealed?: Sealed })[]
}

/** How far a feed has been fetched, and which revision is shown. */
export interface FeedState {
  epoch: string
  cursor: string
  revision: number
  shown: number
  complete: boolean
  reset: boolean
  lastSeq: number
  at: number
}

/** A hundred items or barcodes: a line of JSON each, or, from an earlier version of the app, as they are (catalogue.ts). */
export interface CataloguePage<T> {
  first: string
  lines?: string
  rows?: T[]
}

/** A few hundred of the site's waybills, as one text (waybills.ts). */
export interface WaybillsRow {
  first: string
  lines: string
}

export interface PhotoRow {
  sha256: string
  kind: PhotoKind
  media_type: string
  size: number
  sealed: Sealed
  state: 'waiting' | 'uploaded' | 'refused'
  detail: string
  at: number
}

/** A file of another handheld, taken along to be brought to the server (carry.ts). */
export interface CarriedRow {
  id: string
  name: string
  code: string
  part: number
  parts: number
  bytes: ArrayBuffer
  at: number
  state: 'waiting' | 'brought' | 'refused'
  detail: string
  receipt: string
  receipt_svg: string
}

export interface ScanRow {
  id: string
  at: number
  /** What was scanned and what was said of it: {text, words}. */
  said: Sealed
  symbology: string
  result: 'right' | 'attention' | 'wrong'
  by: string
  mutation_id: string
  name: DeviceCommand | ''
  /** What an undo needs to know: the command's arguments and what it changed. */
  sealed: Sealed | null
  before: Record<string, string>
  undone: 0 | 1
}

export interface DraftRow {
  key: string
  sealed: Sealed
  at: number
}

/** The kinds nothing a device does can change: they are kept once, in `reference`. Items and barcodes have pages of their own. */
export const REFERENCE: ReadonlySet<Kind> = new Set([
  'owner', 'site', 'zone', 'bin', 'customer', 'supplier', 'return_type', 'return_reason', 'defect_code', 'carrier', 'person', 'grant',
  'outbound_order', 'outbound_line', 'outbound_claim', 'conflict', 'standard', 'lot_hold',
])

/** What documents are looked up by, besides their key. Each is an entry in one index, made when the row is written: a first load writes no more
 *  of them than are ever asked for. */
const LOOK_UPS = {
  parcel: ['site_id', 'waybill', 'load_id'],
  container: ['bin_id', 'label'],
  return_order: ['site_id', 'number'],
  return_line: ['order_id', 'outbound_line_id'],
  receipt: ['line_id', 'parcel_id', 'container_id', 'serial', 'text'],
  inspection: ['line_id', 'serial'],
  disposition: ['line_id', 'container_id', 'serial'],
  stock_balance: ['item_id', 'container_id', 'bin_id', 'serial'],
  barcode: ['text'],
  zone: ['site_id'],
  bin: ['site_id', 'zone_id', 'code', 'kind'],
  return_type: ['code'],
  return_reason: ['type_code'],
  person: ['badge'],
  grant: ['person_id'],
  conflict: ['order_id'],
  lot_hold: ['item_id'],
  reply: ['conflict_id'],
  device_message: ['device_id'],
  task: ['order_id', 'line_id', 'bin_id'],
  outbound_order: ['number', 'platform_number', 'waybill'],
  outbound_line: ['outbound_id', 'item_id', 'serials'],
  outbound_claim: ['outbound_line_id'],
} as const satisfies Partial<{ [K in Kind]: readonly (keyof Documents[K])[] }>

export type LookedUp = keyof typeof LOOK_UPS
export type LookUp<K extends LookedUp> = (typeof LOOK_UPS)[K][number]

/** What somebody on the floor has to do with a document, so that what waits is counted without reading everything. */
export type Due = 'inspect' | 'dispose' | 'put_away' | 'receive' | 'open' | 'signed' | 'unclaimed' | 'unknown' | 'task'

export const entry = (kind: string, field: string, value: string) => `${kind} ${field} ${value}`
export const dueEntry = (due: Due, siteId: string) => entry('due', due, siteId)
export const isDueEntry = (by: string) => by.startsWith('due ')

/** Kept with the view, and written with it. */
export interface ViewState {
  /** Counted on with every write of the view, or of what it refers to (mirror.ts). */
  version: number
  /** How many documents stand under each entry of what is due: a browser that counts five thousand takes a tenth of a second. */
  due: Record<string, number>
}
export const VIEW_STATE = 'view'
export const viewState = async (): Promise<ViewState> => (await readMeta<ViewState>(VIEW_STATE)) ?? { version: 0, due: {} }
export const saveViewState = (state: ViewState) => writeMeta(VIEW_STATE, state)

export function entriesOf(kind: Kind, value: Documents[Kind]): string[] {
  const fields: readonly string[] = LOOK_UPS[kind as LookedUp] ?? []
  const entries: string[] = []
  for (const field of fields) {
    const held = (value as unknown as Record<string, string | string[]>)[field]
    for (const one of Array.isArray(held) ? held : [held]) if (one) entries.push(entry(kind, field, one))
  }
  for (const due of dueOf(kind, value)) entries.push(dueEntry(due, (value as { site_id?: string }).site_id ?? ''))
  return entries
}

function dueOf(kind: Kind, value: Documents[Kind]): Due[] {
  if (kind === 'return_line') {
    const line = value as Documents['return_line']
    if (line.removed) return []
    return line.received > line.inspected ? ['inspect'] : line.inspected > line.disposed ? ['dispose'] : []
  }
  if (kind === 'receipt') {
    const { item_id, quantity, unreceived } = value as Documents['receipt']
    return !item_id && quantity > unreceived ? ['unknown'] : []
  }
  if (kind === 'disposition') {
    const { state, put_away, quantity } = value as Documents['disposition']
    return (state === 'decided' || state === 'posted') && put_away < quantity ? ['put_away'] : []
  }
  if (kind === 'return_order') {
    const { status } = value as Documents['return_order']
    if (status === 'approved' || status === 'receiving') return ['receive', 'open']
    return status === 'inspecting' || status === 'disposing' ? ['open'] : []
  }
  if (kind === 'task') return (value as Documents['task']).state === 'open' ? ['task'] : []
  if (kind === 'parcel') {
    const { state } = value as Documents['parcel']
    return state === 'signed' || state === 'unclaimed' ? [state] : []
  }
  return []
}

class Database extends Dexie {
  declare meta: EntityTable<MetaRow, 'key'>
  declare outbox: EntityTable<OutboxRow, 'seq'>
  declare sent: EntityTable<SentRow, 'seq'>
  declare attention: EntityTable<AttentionRow, 'id'>
  declare confirmed: Table<Row, [Kind, string]>
  declare view: Table<Row, [Kind, string]>
  declare reference: Table<Row, [Kind, string]>
  declare staged: EntityTable<StagedRow, 'n'>
  declare items: Table<CataloguePage<Item>, string>
  declare barcodes: Table<CataloguePage<Barcode>, string>
  declare photos: EntityTable<PhotoRow, 'sha256'>
  declare scans: EntityTable<ScanRow, 'id'>
  declare drafts: EntityTable<DraftRow, 'key'>
  declare carried: EntityTable<CarriedRow, 'id'>
  declare waybills: EntityTable<WaybillsRow, 'first'>

  constructor(name: string) {
    // Strict: when a transaction is complete its bytes are on the disk, and only then is "saved" said.
    super(name, { chromeTransactionDurability: 'strict' })
    this.version(1).stores({
      meta: 'key',
      outbox: 'seq, &id, [state+seq]',
      sent: 'seq, id, sent_at',
      attention: 'id, at, seen',
      confirmed: '[kind+key]',
      view: '[kind+key], *by',
      reference: '[kind+key], *by',
      staged: '++n, feed',
      items: 'first',
      barcodes: 'first',
      photos: 'sha256, state',
      scans: 'id, at',
      drafts: 'key',
    })
    this.version(2).stores({ carried: 'id, at' })
    this.version(3).stores({
      waybills: 'first',
      photos: 'sha256, state, [state+at+size]',
      outbox: 'seq, &id, [state+seq], [name+seq], *touches',
      sent: 'seq, id, sent_at, [name+seq]',
    })
  }
}

export type Db = Database

export let db = new Database('restow')

/** Another database: for tests, and for Node, where one process may be several devices in turn. */
export function useDatabase(name: string): void {
  db.close()
  db = new Database(name)
}

/** Everything this device holds, gone: what a revoked device does to itself once its work is handed over. */
export async function wipe(): Promise<void> {
  const { name } = db
  db.close()
  await globalThis.caches?.delete('pictures')
  await Dexie.delete(name)
  db = new Database(name)
}

export async function readMeta<T>(key: string): Promise<T | undefined> {
  return (await db.meta.get(key))?.value as T | undefined
}

export async function writeMeta(key: string, value: unknown): Promise<void> {
  await db.meta.put({ key, value })
}

/** What the server's clock said last. What is kept for so many days is kept by it: this device's own may be ten years ahead. */
export const serverTime = async (): Promise<number> => (await readMeta<number>('server_time')) ?? Date.now()

/**
 * Several questions in one transaction: a handheld pays for every one it opens. Ask them at once where they do not need each other.
 * Nothing but the database may be waited for inside.
 */
export const reading = <T>(ask: () => Promise<T>): Promise<T> =>
  // `async`: see withRebuild (outbox.ts).
  db.transaction('r', [db.meta, db.view, db.reference, db.items, db.barcodes, db.waybills], async () => ask())

/** The documents of a kind that have this value in this field, within a transaction or not. */
export async function lookUp<K extends LookedUp>(kind: K, field: LookUp<K>, value: string): Promise<Documents[K][]> {
  return (await rowsBy(kind, entry(kind, field, value))).map((row) => row.value as Documents[K])
}

/**
 * What every scan asks for and only a pull changes, remembered until something is written into this table, here or in another tab. Not for a
 * `live` query, which would not hear of that.
 */
export function remembered<T>(table: 'items' | 'reference', ask: (key: string) => Promise<T>, most = 500): ((key: string) => Promise<T>) & { forget(): void } {
  let known = new Map<string, T>()
  let of = db
  const forget = () => void (known = new Map())
  Dexie.on('storagemutated', (parts) => {
    if (Object.keys(parts).some((part) => part.startsWith(`idb://${db.name}/${table}/`))) forget()
  })
  const answer = async (key: string) => {
    if (of !== db || known.size >= most) forget()
    of = db
    // Into what was remembered when it was asked for: what has changed meanwhile has begun another.
    const now = known
    if (now.has(key)) return now.get(key)!
    const found = await ask(key)
    now.set(key, found)
    return found
  }
  return Object.assign(answer, { forget })
}

/** Raised when documents are looked up by something new; the kinds it is new for. */
const INDEXED = 2
const INDEXED_ANEW: readonly Kind[] = ['outbound_claim', 'return_line', 'receipt']

/** Whether there is anything for `reindex`, `sumUp` and `sealWhatLiesOpen` to do: every start asks, and waits for the answer. */
export async function upToDate(): Promise<boolean> {
  const [indexed, state, sealed] = await db.meta.bulkGet(['indexed', VIEW_STATE, 'sealed'])
  return Number(indexed?.value ?? 1) >= INDEXED && !!state && !!sealed
}

/** What an earlier version of the app stored is found by what this one asks for. At start; once. */
export async function reindex(): Promise<void> {
  if (((await readMeta<number>('indexed')) ?? 1) >= INDEXED) return
  for (const kind of INDEXED_ANEW)
    await (REFERENCE.has(kind) ? db.reference : db.view)
      .where('[kind+key]')
      .between([kind, ''], [kind, '\uffff'])
      .modify((row) => void (row.by = entriesOf(row.kind, row.value)))
  await writeMeta('indexed', INDEXED)
  await db.meta.delete(VIEW_STATE)
  forget()
}

/** Counts what waits for somebody, where it is not known: from then on each write adds to it. At start. */
export const sumUp = (): Promise<void> =>
  db.transaction('rw', db.meta, db.view, async () => {
    if (await readMeta(VIEW_STATE)) return
    const due: ViewState['due'] = {}
    for (const one of (await db.view.where('by').startsWith('due ').keys()) as string[]) due[one] = (due[one] ?? 0) + 1
    await saveViewState({ version: Date.now(), due }) // no number that was given before
  })

/** All documents of a kind. */
export async function everyOf<K extends Kind>(kind: K): Promise<Documents[K][]> {
  const rows = REFERENCE.has(kind) ? await rowsOf(kind) : await db.view.where('[kind+key]').between([kind, ''], [kind, '\uffff']).toArray()
  return rows.map((row) => row.value as Documents[K])
}

const FRESH: FeedState = { epoch: '', cursor: '', revision: 0, shown: 0, complete: false, reset: true, lastSeq: 0, at: 0 }

export async function feedState(feed: string): Promise<FeedState> {
  return (await readMeta<FeedState>(`feed:${feed}`)) ?? { ...FRESH }
}

export const saveFeedState = (feed: string, state: FeedState) => writeMeta(`feed:${feed}`, state)

/** Is this error the disk being full? Then nothing was written, and the person must be told before the next scan. */
export function isStorageFull(reason: unknown): boolean {
  const named = reason as { name?: string; inner?: { name?: string } } | null
  return named?.name === 'QuotaExceededError' || named?.inner?.name === 'QuotaExceededError'
}
