// Room on the disk for a day of work. What is kept only to be quicker or safer gives way before a scan has to be refused.

import { db, isStorageFull, readMeta, writeMeta } from './db'
import { forget } from './mirror'
import { say, syncState } from './syncstate'
import { waybillState } from './waybills'

/** Kept free: some 500 photos and 10,000 records. A small disk keeps a fifth of itself. */
const A_DAY = 150e6
/** So little that the next photo may not fit. */
const ALMOST_NONE = 10e6
/** On a small disk, of what is kept free. */
const ALMOST_NONE_OF = 10

/** What gives way, the first first. Never what waits, the catalogue, or returns that are open. */
export const GIVES_WAY = ['photos', 'waybills', 'shipped'] as const
/** Parts of the pack this device goes without, until there is room again. */
export type Without = Exclude<(typeof GIVES_WAY)[number], 'photos'>

export interface Room {
  used: number
  quota: number
  free: number
  /** What is to stay free. */
  spare: number
}

/** Null where the browser does not tell. */
export async function room(): Promise<Room | null> {
  const { usage, quota } = (await globalThis.navigator?.storage?.estimate?.()) ?? {}
  if (usage === undefined || !quota) return null
  return { used: usage, quota, free: Math.max(0, quota - usage), spare: Math.min(A_DAY, quota / 5) }
}

/** What is given up is known by a row that is gone: on a full disk nothing could be written. */
const KEEPS = 'keeps'
const keeps = (what: Without) => `${KEEPS}:${what}`
const PARTS: readonly Without[] = ['waybills', 'shipped']

export async function without(): Promise<Without[]> {
  if (!(await readMeta(KEEPS))) return []
  const kept = await db.meta.bulkGet(PARTS.map(keeps))
  return PARTS.filter((_, n) => !kept[n])
}

/** A write was refused. Browsers speak of free room that there is not, so this is believed until a large write goes well. */
let refused = false

export function noRoom(): void {
  refused = true
  say({ roomLow: true })
}

async function fits(bytes: number): Promise<boolean> {
  try {
    await db.drafts.put({ key: 'room', sealed: { iv: null, bytes: new ArrayBuffer(bytes) }, at: 0 })
    return true
  } catch (reason) {
    if (isStorageFull(reason)) return false
    throw reason
  } finally {
    await db.drafts.delete('room').catch(() => {})
  }
}

/** With every round of the sync, online or not: room is made when it runs short, and what was given up is fetched again when there is enough. */
export async function keepRoom(): Promise<void> {
  if (!(await readMeta(KEEPS))) await db.meta.bulkPut([KEEPS, ...PARTS.map(keeps)].map((key) => ({ key, value: 1 })))
  if (refused && !(await fits(ALMOST_NONE))) return
  refused = false
  const now = await room()
  if (!now) return say({ roomLow: false })
  if (now.free < now.spare) await makeRoom(now.spare - now.free)
  else if (now.free > 2 * now.spare) await takeBack()
  say({ roomLow: now.free < Math.min(ALMOST_NONE, now.spare / ALMOST_NONE_OF) })
}

/** Nothing was written, and the person must be told before the next scan. */
export class StorageFull extends Error {
  constructor() {
    super('The storage of this device is full')
    this.name = 'StorageFull'
  }
}

/** Saves what somebody did. On a full disk what gives way goes, and it is tried once more. Throws StorageFull. */
export async function saved<T>(save: () => PromiseLike<T>): Promise<T> {
  try {
    return await save()
  } catch (reason) {
    if (!isStorageFull(reason)) throw reason
    noRoom()
    const freed = await makeRoom().catch(() => 0)
    if (!freed) throw new StorageFull()
    return Promise.resolve(save()).catch((again: unknown) => {
      throw isStorageFull(again) ? new StorageFull() : again
    })
  }
}

/** Until so many bytes are free, or nothing more gives way. Returns how many were freed. */
export async function makeRoom(bytes = Infinity): Promise<number> {
  let freed = 0
  for (const what of GIVES_WAY) if (freed < bytes) freed += await GIVE[what](bytes - freed)
  return freed
}

const GIVE: Record<(typeof GIVES_WAY)[number], (bytes: number) => Promise<number>> = {
  /** The server has them; they were kept in case it is restored from a backup. */
  async photos(bytes) {
    return db.transaction('rw', db.photos, async () => {
      const uploaded = db.photos.where('[state+at+size]').between(['uploaded', 0, 0], ['uploaded', Infinity, Infinity])
      const [keys, hashes] = [(await uploaded.keys()) as unknown as [string, number, number][], await uploaded.primaryKeys()]
      let freed = 0
      let n = 0
      while (n < keys.length && freed < bytes) freed += keys[n++]![2]
      await db.photos.bulkDelete(hashes.slice(0, n))
      return freed
    })
  },
  async waybills() {
    return db.transaction('rw', [db.waybills, db.meta], async () => {
      const count = (await waybillState())?.count ?? 0
      await db.waybills.clear()
      await db.meta.bulkDelete(['feed:waybills', keeps('waybills')])
      return count * BYTES_OF_A_WAYBILL
    })
  },
  async shipped() {
    return db.transaction('rw', [db.reference, db.meta], async () => {
      if (!(await readMeta(KEEPS))) return 0
      let dropped = 0
      for (const kind of SHIPPED) dropped += await db.reference.where('[kind+key]').between([kind, ''], [kind, '\uffff']).delete()
      await db.meta.delete(keeps('shipped'))
      forget()
      return dropped * BYTES_OF_A_PAPER
    })
  },
}

/** The documents of `shipped`; while it is given up, what the feed says of them is not kept. */
export const SHIPPED = ['outbound_order', 'outbound_line'] as const
const BYTES_OF_A_WAYBILL = 35
const BYTES_OF_A_PAPER = 600

/** The last given up first, one at a time. */
async function takeBack(): Promise<void> {
  const what = (await without()).pop()
  if (!what || !syncState.get().online) return
  await db.transaction('rw', db.meta, async () => {
    await writeMeta(keeps(what), 1)
    if (what !== 'shipped') return
    // Papers come with the site's feed, from its beginning.
    for (const { key, value } of await db.meta.where('key').startsWith('feed:site:').toArray())
      await db.meta.put({ key, value: { ...(value as object), cursor: '', complete: false, reset: true } })
  })
}
