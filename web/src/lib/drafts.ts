// Where a person was: kept outside memory, so that a reload or an empty battery returns to the same parcel, unit and count.

import { db } from './db'

export async function saveDraft(key: string, value: unknown): Promise<void> {
  await db.drafts.put({ key, value, at: Date.now() })
}

export async function loadDraft<T>(key: string): Promise<T | null> {
  return ((await db.drafts.get(key))?.value as T | undefined) ?? null
}

export async function dropDraft(key: string): Promise<void> {
  await db.drafts.delete(key)
}
