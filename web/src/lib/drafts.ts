// Where a person was: kept outside memory, so that a reload or an empty battery returns to the same parcel, unit and count.

import { db, isStorageFull } from './db'
import { noRoom } from './room'
import { open, seal } from './vault'

// Encrypting takes longer for the long: without a line an older one could be written over a newer.
const lines = new Map<string, Promise<void>>()

function inLine(key: string, write: () => Promise<unknown>): Promise<void> {
  const written = (lines.get(key) ?? Promise.resolve()).catch(() => {}).then(async () => void (await write()))
  lines.set(key, written)
  return written
}

const about = (key: string) => `draft:${key}`

/** On a full disk it is not kept, and the line at the top says so; what is scanned then is refused aloud. */
export async function saveDraft(key: string, value: unknown): Promise<void> {
  const sealing = seal(value, about(key))
  try {
    await inLine(key, async () => db.drafts.put({ key, sealed: await sealing, at: Date.now() }))
  } catch (reason) {
    if (!isStorageFull(reason)) throw reason
    noRoom()
  }
}

export async function loadDraft<T>(key: string): Promise<T | null> {
  const row = await db.drafts.get(key)
  if (!row) return null
  return open<T>(row.sealed, about(key)).catch((reason: unknown) => {
    console.error('A draft cannot be read', key, reason) // the app opens all the same
    return null
  })
}

export const dropDraft = (key: string): Promise<void> => inLine(key, () => db.drafts.delete(key))
