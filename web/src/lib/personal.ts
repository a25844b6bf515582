// Whoever sent goods back is named in the pack, and their name lies here encrypted like what people record. What else the pack holds is
// goods and numbers, and staff, whose names the sign-in screen shows to everybody.

import Dexie from 'dexie'

import { db, readMeta, writeMeta, type Row, type ScanRow, type Sealed, type StagedRow } from './db'
import { saveDraft } from './drafts'
import { forget, rowAt } from './mirror'
import type { ChangeOut, Customer, Kind } from './protocol'
import { open, seal } from './vault'

const PERSONAL: Partial<Record<Kind, string>> = { customer: 'name' }

const about = (kind: string, key: string) => `${kind}:${key}`

/** Before a page of a pull is stored. */
export function sealNames(changes: readonly ChangeOut[]): Promise<StagedRow['changes']> {
  return Promise.all(
    changes.map(async (change) => {
      const field = PERSONAL[change.kind as Kind]
      if (!field || !change.value) return change
      const value = change.value as Record<string, unknown>
      return { ...change, value: { ...value, [field]: '' }, sealed: await seal(value[field], about(change.kind, change.key)) }
    }),
  )
}

/** Names that were opened once, for as long as their row is remembered. */
const opened = new WeakMap<Sealed, string>()

/** A customer with their name; within a transaction or not. */
export async function customer(id: string): Promise<Customer | null> {
  const row = id ? ((await rowAt('customer', id)) as Row<'customer'> | null) : null
  if (!row?.sealed) return row?.value ?? null
  const known = opened.get(row.sealed)
  if (known !== undefined) return { ...row.value, name: known }
  const opening = open<string>(row.sealed, about('customer', id))
  // A transaction ends while WebCrypto works, unless it is told to wait.
  const name = await (Dexie.currentTransaction ? Dexie.waitFor(opening) : opening)
  opened.set(row.sealed, name)
  return { ...row.value, name }
}

/** What an earlier version of the app kept in the clear: once, at start. */
export async function sealWhatLiesOpen(): Promise<void> {
  if (await readMeta('sealed')) return
  for (const { key, value } of (await db.drafts.toArray()) as unknown as { key: string; value?: unknown }[]) if (value) await saveDraft(key, value)
  for (const { text, words, ...row } of (await db.scans.toArray()) as (ScanRow & { text?: string; words?: string })[])
    if (!row.said) await db.scans.put({ ...row, said: await seal({ text, words }, row.id) })
  const customers = await db.reference.where('[kind+key]').between(['customer', ''], ['customer', '\uffff']).filter((row) => !row.sealed).toArray()
  await db.reference.bulkPut((await sealNames(customers)) as Row[])
  forget()
  await writeMeta('sealed', 1)
}
