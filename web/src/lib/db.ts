// Everything this device keeps. No other file opens IndexedDB.

import Dexie, { type EntityTable, type Table } from 'dexie'

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
  feed?: string
  /** What somebody here has to do with it: 'inspect' and the site, so that what waits is counted without reading everything. */
  due?: string
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
  changes: ChangeOut[]
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

export interface ItemPage {
  first: string
  rows: Item[]
}

export interface BarcodePage {
  first: string
  rows: Barcode[]
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

export interface ScanRow {
  id: string
  at: number
  text: string
  symbology: string
  result: 'right' | 'attention' | 'wrong'
  words: string
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
  value: unknown
  at: number
}

/** The kinds nothing a device does can change: they are kept once, in `reference`. Items and barcodes have pages of their own. */
export const REFERENCE: ReadonlySet<Kind> = new Set([
  'owner', 'site', 'zone', 'bin', 'customer', 'supplier', 'return_type', 'return_reason', 'defect_code', 'carrier', 'person', 'grant',
  'outbound_order', 'outbound_line', 'conflict',
])

/** What screens and rules look documents up by, besides their key. */
export type ViewField =
  | 'order_id' | 'line_id' | 'parcel_id' | 'container_id' | 'bin_id' | 'item_id' | 'waybill' | 'number' | 'label' | 'status' | 'state' | 'serial' | 'text' | 'site_id'
export type ReferenceField =
  | 'code' | 'badge' | 'number' | 'platform_number' | 'waybill' | 'person_id' | 'site_id' | 'zone_id' | 'outbound_id' | 'customer_id' | 'item_id' | 'order_id' | 'type_code'

const by = (fields: readonly string[]) => fields.map((field) => `[kind+value.${field}]`).join(', ')
const VIEW_FIELDS: readonly ViewField[] = [
  'order_id', 'line_id', 'parcel_id', 'container_id', 'bin_id', 'item_id', 'waybill', 'number', 'label', 'status', 'state', 'serial', 'text', 'site_id',
]
const REFERENCE_FIELDS: readonly ReferenceField[] = [
  'code', 'badge', 'number', 'platform_number', 'waybill', 'person_id', 'site_id', 'zone_id', 'outbound_id', 'customer_id', 'item_id', 'order_id', 'type_code',
]

class Database extends Dexie {
  declare meta: EntityTable<MetaRow, 'key'>
  declare outbox: EntityTable<OutboxRow, 'seq'>
  declare sent: EntityTable<SentRow, 'seq'>
  declare attention: EntityTable<AttentionRow, 'id'>
  declare confirmed: Table<Row, [Kind, string]>
  declare view: Table<Row, [Kind, string]>
  declare reference: Table<Row, [Kind, string]>
  declare staged: EntityTable<StagedRow, 'n'>
  declare items: EntityTable<ItemPage, 'first'>
  declare barcodes: EntityTable<BarcodePage, 'first'>
  declare photos: EntityTable<PhotoRow, 'sha256'>
  declare scans: EntityTable<ScanRow, 'id'>
  declare drafts: EntityTable<DraftRow, 'key'>

  constructor(name: string) {
    // Strict: when a transaction is complete its bytes are on the disk, and only then is "saved" said.
    super(name, { chromeTransactionDurability: 'strict' })
    this.version(1).stores({
      meta: 'key',
      outbox: 'seq, &id, [state+seq]',
      sent: 'seq, id, sent_at',
      attention: 'id, at, seen',
      confirmed: '[kind+key], feed',
      view: `[kind+key], kind, due, ${by(VIEW_FIELDS)}`,
      reference: `[kind+key], kind, feed, ${by(REFERENCE_FIELDS)}, *value.serials`,
      staged: '++n, feed',
      items: 'first',
      barcodes: 'first',
      photos: 'sha256, state',
      scans: 'id, at',
      drafts: 'key',
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
  await Dexie.delete(name)
  db = new Database(name)
}

export async function readMeta<T>(key: string): Promise<T | undefined> {
  return (await db.meta.get(key))?.value as T | undefined
}

export async function writeMeta(key: string, value: unknown): Promise<void> {
  await db.meta.put({ key, value })
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
