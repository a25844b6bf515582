// Where a person was: kept outside memory, so that a reload or an empty battery returns to the same parcel, unit and count.

import { db, isStorageFull } from './db'
import { noRoom } from './room'

/** On a full disk it is not kept, and the line at the top says so; what is scanned then is refused aloud. */
export async function saveDraft(key: string, value: unknown): Promise<void> {
  try {
    await db.drafts.put({ key, value, at: Date.now() })
  } catch (reason) {
    if (!isStorageFull(reason)) throw reason
    noRoom()
  }
}

export async function loadDraft<T>(key: string): Promise<T | null> {
  return ((await db.drafts.get(key))?.value as T | undefined) ?? null
}

export async function dropDraft(key: string): Promise<void> {
  await db.drafts.delete(key)
}
