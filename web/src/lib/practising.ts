// Practice: the same app on a database of its own. Nothing in it is ever sent, for in practice nothing talks to the server.

import type { Person } from './protocol'
import type { Settings } from './settings'

export const PRACTICE_DATABASE = 'restow-practice'
const FLAG = 'restow.practice'

export interface Practising {
  person: Person
  settings: Partial<Settings>
  /** Told at each step what comes next; otherwise it is an exam. */
  guided: boolean
}

// Of this tab alone, and gone with it: whoever opens the app anew works for real.
const kept = () => (globalThis.document ? globalThis.sessionStorage.getItem(FLAG) : null)
let now: Practising | null | undefined

export const practising = (): Practising | null => (now === undefined ? (now = JSON.parse(kept() ?? 'null') as Practising | null) : now)

/** The page is loaded anew in practice; what waits to be sent stays where it is, and is sent afterwards. */
export async function beginPractice(practice: Practising): Promise<void> {
  await forget()
  sessionStorage.setItem(FLAG, JSON.stringify(practice))
  location.assign('/floor')
}

export async function endPractice(to = '/floor'): Promise<void> {
  sessionStorage.removeItem(FLAG)
  location.assign(to)
}

/** What was practised before is no beginning for the next. */
function forget(): Promise<void> {
  return new Promise((done) => {
    const request = indexedDB.deleteDatabase(PRACTICE_DATABASE)
    request.onsuccess = request.onerror = request.onblocked = () => done()
  })
}
