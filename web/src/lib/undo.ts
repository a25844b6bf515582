// Undo of the last scan: a compensating mutation, never an erasure. What was put away by hand has been posted and is moved again instead.

import { author } from './auth'
import { db, type ScanRow } from './db'
import { record, UNDOABLE } from './outbox'
import type { DeviceCommand, MoveContainer, Receipt, ScanItem } from './protocol'
import { open } from './vault'
import { argsOf } from './view'

export interface Undone {
  what: 'scan_item' | 'move_container'
  text: string
  quantity: number
}

/** What is not taken back but done once more: a verdict is superseded, what stands in a bin is moved, a bin is counted again. */
const STANDS: ReadonlySet<DeviceCommand> = new Set(['inspect', 'dispose', 'put_away', 'count_bin'])

/**
 * Takes back this person's last scan that still can be. Null: there is nothing to take back. `stands`: something was recorded since that
 * cannot be, and whoever says UNDO means that, and not a scan of an hour ago.
 */
export async function undoLast(by = author()): Promise<Undone | { stands: DeviceCommand } | null> {
  const rows = await db.scans.orderBy('at').reverse().filter((row) => UNDOABLE.has(row.name as never) && !row.undone && row.by === by).limit(1).toArray()
  const row = rows[0]
  if (!row?.sealed) return null
  const last = await lastVerdict(by)
  if (last && last.made_at >= row.at) return { stands: last.name }
  const undone = await compensate(row, await argsOf({ id: row.mutation_id, sealed: row.sealed }))
  if (undone) await db.scans.update(row.id, { undone: 1 })
  return undone
}

async function lastVerdict(by: string): Promise<{ name: DeviceCommand; made_at: number } | undefined> {
  // What waits was recorded after all that was sent.
  for (const table of [db.outbox, db.sent] as (typeof db.outbox)[]) {
    const last = await Promise.all([...STANDS].map((name) => table.where('[name+seq]').between([name, 0], [name, Infinity]).reverse().filter((row) => row.by === by).first()))
    const found = last.filter((row) => row !== undefined).sort((a, b) => b.seq - a.seq)
    if (found.length) return found[0]
  }
  return undefined
}

async function compensate(row: ScanRow, args: unknown): Promise<Undone | null> {
  const { text } = await open<{ text: string }>(row.said, row.id)
  if (row.name === 'scan_item') {
    const scan = args as ScanItem
    const receipt = (await db.view.get(['receipt', scan.receipt_id]))?.value as Receipt | undefined
    const quantity = receipt ? receipt.quantity - receipt.unreceived : (scan.quantity ?? 1)
    if (quantity <= 0) return null
    await record('unreceive', { receipt_id: scan.receipt_id, quantity, reason: 'undo' })
    return { what: 'scan_item', text: text || scan.text || '', quantity }
  }
  if (row.name === 'move_container') {
    const moved = args as MoveContainer
    if (!row.before.bin_id) return null
    await back(row, () => record('move_container', { container_id: moved.container_id, bin_id: row.before.bin_id! }))
    return { what: 'move_container', text, quantity: 1 }
  }
  return null
}

/** The way back is in the history too, and is not itself undone by the next undo. */
async function back(row: ScanRow, go: () => Promise<{ id: string }>): Promise<void> {
  const { id } = await go()
  await db.scans.where('at').aboveOrEqual(row.at).filter((each) => each.mutation_id === id).modify({ undone: 1 })
}
