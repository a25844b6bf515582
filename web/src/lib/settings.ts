// What a person has set on this device. Kept in the database, so that a reload and a second tab agree.

import { db, readMeta, writeMeta } from './db'
import { store, type Readable } from './observable'
import { WEDGE, type ScannerSettings } from './wedge'

export interface Settings {
  language: 'zh-CN' | 'en'
  sound: number
  vibrate: boolean
  /** Results are said aloud too. */
  speak: boolean
  theme: 'auto' | 'light' | 'dark'
  scanner: ScannerSettings
  autoLockMinutes: number
  siteId: string
  carrier: string
  door: string
  hold: boolean
  /** After a scan the camera comes back by itself: for a phone that has nothing else to scan with. */
  cameraStays: boolean
  /** Who has been shown their first scan on this device, or knew it. */
  learned: string[]
}

export const DEFAULTS: Settings = {
  language: 'zh-CN',
  sound: 0.8,
  vibrate: true,
  speak: false,
  theme: 'auto',
  scanner: WEDGE,
  autoLockMinutes: 30,
  siteId: '',
  carrier: '',
  door: '',
  hold: false,
  cameraStays: false,
  learned: [],
}

const current = store<Settings>(DEFAULTS)
export const settings: Readable<Settings> = current

/** What the disk may not have yet when the page is left in the same moment: writing here is done at once. */
const UNSAVED = 'restow.settings'
const atOnce = globalThis.document ? globalThis.localStorage : undefined
const unsaved = (): Partial<Settings> | null => JSON.parse(atOnce?.getItem(UNSAVED) ?? 'null') as Partial<Settings> | null

export async function loadSettings(): Promise<void> {
  const left = unsaved()
  const saved = { ...(await readMeta<Partial<Settings>>('settings')), ...left }
  current.set({ ...DEFAULTS, ...saved, scanner: { ...DEFAULTS.scanner, ...saved.scanner } })
  if (left) await saveSettings(left)
}

export async function saveSettings(patch: Partial<Settings>): Promise<void> {
  const text = JSON.stringify({ ...unsaved(), ...patch })
  atOnce?.setItem(UNSAVED, text)
  current.update((now) => ({ ...now, ...patch }))
  await db.transaction('rw', db.meta, async () => {
    const saved = (await readMeta<Partial<Settings>>('settings')) ?? {}
    await writeMeta('settings', { ...saved, ...patch })
  })
  // What was changed meanwhile is still to be written, by whoever changed it.
  if (atOnce?.getItem(UNSAVED) === text) atOnce.removeItem(UNSAVED)
}
