// Who holds this device, and which device it is. A badge and a PIN are enough without network: what is kept to check them is a slow
// salted hash over the badge's secret and the PIN together, so a stolen device without badges lets no one in.

import { db, lookUp, readMeta, remembered, writeMeta, type Sealed } from './db'
import { json } from './net'
import { parseBadge } from './numbers'
import { store, type Readable } from './observable'
import type { Person } from './protocol'
import { saveSettings, settings } from './settings'
import { today } from './today'
import { open, seal } from './vault'

export interface Identity {
  device_id: string
  code: string
  name: string
  site_id: string
  enrolled_at: number
}

export interface Session {
  person: Person
  since: number
  locked: boolean
}

export type SignIn =
  | { ok: true; person: Person }
  | { ok: false; why: 'wrong' | 'wait' | 'unknown' | 'disabled' | 'no_pin' | 'not_here'; waitMs?: number; left?: number }

export class NotSignedIn extends Error {
  constructor() {
    super('Nobody is signed in on this device')
    this.name = 'NotSignedIn'
  }
}

interface StoredIdentity extends Identity {
  token: Sealed
}

interface Failures {
  count: number
  until: number
}

interface Remembered {
  person_id: string
  /** Which of their badges this is the secret of; whoever has a new one scans it once. */
  badge?: string
  secret: Sealed
  at: number
}

const FREE_TRIES = 5
const FIRST_WAIT = 30_000
const LONGEST_WAIT = 15 * 60_000

const device = store<Identity | null>(null)
export const identity: Readable<Identity | null> = device

const holder = store<Session | null>(null)
export const session: Readable<Session | null> = holder

export async function loadIdentity(): Promise<void> {
  const [known, saved] = await Promise.all([
    readMeta<StoredIdentity>('identity'), readMeta<{ person_id: string; since: number; seen: number; locked: boolean }>('session'),
  ])
  device.set(known ? plain(known) : null)
  if (!saved) return holder.set(null)
  const person = await personOf(saved.person_id)
  // Whoever comes back after a crash goes on where they were; whoever left it lying has to show that it is them.
  const away = Date.now() - saved.seen > settings.get().autoLockMinutes * 60_000
  holder.set(person && !person.disabled_at ? { person, since: saved.since, locked: saved.locked || away } : null)
}

const plain = ({ device_id, code, name, site_id, enrolled_at }: StoredIdentity): Identity => ({ device_id, code, name, site_id, enrolled_at })

/** The one-time code from the desk makes this browser a handheld. What it has recorded under an earlier identity goes with it. */
export async function enrol(code: string, name: string): Promise<Identity> {
  const made = await json<{ device_id: string; code: string; token: string; site_id: string; epoch: string }>('/api/enrolments', {
    method: 'POST',
    body: { code: code.trim(), name: name.trim() },
  })
  const token = await seal(made.token, 'token')
  const stored: StoredIdentity = { device_id: made.device_id, code: made.code, name: name.trim(), site_id: made.site_id, enrolled_at: Date.now(), token }
  await db.transaction('rw', [db.meta, db.outbox, db.sent, db.attention], async () => {
    await writeMeta('identity', stored)
    await writeMeta('epoch', made.epoch)
    // A new device counts from 1: what waits is numbered anew, in its order, and keeps its ids, by which the server knows what it has.
    const waiting = await db.outbox.orderBy('seq').toArray()
    await db.outbox.clear()
    await db.outbox.bulkAdd(waiting.map(({ result: _, ...row }, n) => ({ ...row, seq: n + 1, state: 'pending' as const })))
    await db.sent.clear()
    await writeMeta('next_seq', waiting.length + 1)
    await writeMeta('counter', 0)
    await db.meta.where('key').startsWith('feed:').delete()
    await db.meta.delete('fault')
  })
  await saveSettings({ siteId: made.site_id })
  device.set(plain(stored))
  return plain(stored)
}

export async function deviceToken(): Promise<string | null> {
  const known = await readMeta<StoredIdentity>('identity')
  return known ? open<string>(known.token, 'token') : null
}

/** Forgets who this device is, in memory; the database is emptied by whoever calls this. */
export function forgetIdentity(): void {
  device.set(null)
  holder.set(null)
}

// Signing in

export async function badgeOf(text: string): Promise<{ person: Person; secret: string } | null> {
  const badge = parseBadge(text)
  const person = badge && (await lookUp('person', 'badge', badge.badge))[0]
  return person ? { person, secret: badge.secret } : null
}

export async function signInByBadge(badgeText: string, pin: string): Promise<SignIn> {
  const known = await badgeOf(badgeText)
  return known ? signIn(known.person, known.secret, pin) : { ok: false, why: 'unknown' }
}

/** By choosing one's name and typing the PIN: on a device that has seen the badge before. */
export async function signInRemembered(personId: string, pin: string): Promise<SignIn> {
  const person = await personOf(personId)
  const remembered = (await readMeta<Remembered[]>('badges'))?.find((each) => each.person_id === personId)
  if (!person || !remembered || (remembered.badge ?? person.badge) !== person.badge) return { ok: false, why: 'unknown' }
  return signIn(person, await open<string>(remembered.secret, personId), pin)
}

/** At most four, the latest first, each with a badge this device has seen. */
export async function recentPeople(): Promise<Person[]> {
  const remembered = (await readMeta<Remembered[]>('badges')) ?? []
  const people = await Promise.all(
    remembered.sort((a, b) => b.at - a.at).map(async ({ person_id, badge }) => {
      const person = await personOf(person_id)
      return person && !person.disabled_at && (badge ?? person.badge) === person.badge ? person : null
    }),
  )
  return people.filter((person) => person !== null).slice(0, 4)
}

async function signIn(person: Person, secret: string, pin: string): Promise<SignIn> {
  if (person.disabled_at) return { ok: false, why: 'disabled' }
  if (!person.pin_verifier) return { ok: false, why: 'no_pin' }
  if (!(await rolesOf(person.id, device.get()?.site_id ?? '')).length) return { ok: false, why: 'not_here' }
  const failures = (await readMeta<Failures>(`failures:${person.id}`)) ?? { count: 0, until: 0 }
  const waitMs = failures.until - Date.now()
  // A clock set back must not lock anybody out for a year, nor one set forward let them in at once.
  if (waitMs > 0 && waitMs <= LONGEST_WAIT) return { ok: false, why: 'wait', waitMs }

  if (!(await verify(person.pin_verifier, secret, pin))) {
    const count = failures.count + 1
    const wait = count < FREE_TRIES ? 0 : Math.min(FIRST_WAIT * 2 ** (count - FREE_TRIES), LONGEST_WAIT)
    await writeMeta(`failures:${person.id}`, { count, until: wait ? Date.now() + wait : 0 })
    return wait ? { ok: false, why: 'wait', waitMs: wait } : { ok: false, why: 'wrong', left: FREE_TRIES - count }
  }

  const sealed = await seal(secret, person.id)
  const since = Date.now()
  await db.transaction('rw', db.meta, async () => {
    await db.meta.delete(`failures:${person.id}`)
    const others = ((await readMeta<Remembered[]>('badges')) ?? []).filter((each) => each.person_id !== person.id)
    await writeMeta('badges', [{ person_id: person.id, badge: person.badge, secret: sealed, at: since }, ...others].slice(0, 12))
    await writeMeta('session', { person_id: person.id, since, seen: since, locked: false })
  })
  holder.set({ person, since, locked: false })
  return { ok: true, person }
}

/** scrypt$n$r$p$salt$hash over secret:PIN. */
async function verify(verifier: string, secret: string, pin: string): Promise<boolean> {
  const [name, n, r, p, salt, hash] = verifier.split('$')
  if (name !== 'scrypt' || !salt || !hash) return false
  const expected = fromBase64(hash)
  const { scryptAsync } = await import('@noble/hashes/scrypt.js') // only whoever signs in needs it
  const options = { N: Number(n), r: Number(r), p: Number(p), dkLen: expected.length }
  const found = await scryptAsync(new TextEncoder().encode(`${secret}:${pin}`), fromBase64(salt), options)
  let differs = found.length ^ expected.length
  for (let at = 0; at < expected.length; at++) differs |= (found[at] ?? 0) ^ expected[at]!
  return differs === 0
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))

/** The screen is locked, the person stays: work goes on uploading, and the same person goes on with a PIN. */
export async function lock(): Promise<void> {
  const now = holder.get()
  if (!now) return
  holder.set({ ...now, locked: true }) // whatever the disk says
  await writeMeta('session', { person_id: now.person.id, since: now.since, seen: Date.now(), locked: true })
}

export async function signOut(): Promise<void> {
  await db.meta.delete('session')
  holder.set(null)
}

/** Somebody is there: the time until the screen locks itself begins anew. Cheap; called on touches and scans. */
export async function stillHere(): Promise<void> {
  const now = holder.get()
  if (now && !now.locked) await writeMeta('session', { person_id: now.person.id, since: now.since, seen: Date.now(), locked: false })
}

/** Locks when nobody has been there for as long as the settings say; who was disabled meanwhile is signed out. What they did is kept. */
export async function lockWhenIdle(): Promise<void> {
  const now = holder.get()
  if (now && (await personOf(now.person.id))?.disabled_at) return signOut()
  const saved = await readMeta<{ seen: number }>('session')
  if (saved && holder.get()?.locked === false && Date.now() - saved.seen > settings.get().autoLockMinutes * 60_000) await lock()
}

// Whose work it is

export function requireAuthor(): string {
  const now = holder.get()
  if (!now || now.locked) throw new NotSignedIn()
  return now.person.id
}

export const author = (): string => holder.get()?.person.id ?? ''

/** Under which device and site something is recorded now. */
export function ctxOf(args: { site_id?: string }): { device: string; site: string } {
  const known = device.get()
  if (!known) throw new Error('This device is not enrolled')
  return { device: known.device_id, site: args.site_id || settings.get().siteId || known.site_id }
}

// Rights, as far as they are known here. The server decides.

/** What somebody may do, as it is asked before each scan. */
export const mayNow = (action: string, personId: string, siteId: string): Promise<boolean> =>
  rolesThen(`${personId} ${siteId} ${today()}`).then((roles) => may(action, roles))

const rolesThen = remembered('reference', (key) => rolesOf(...(key.split(' ', 2) as [string, string])))

/** The same table as server/domain/permissions.py, for what a handheld offers. */
const MAY: Record<string, readonly string[]> = {
  sign_for: ['operator', 'inspector', 'supervisor'],
  receive: ['operator', 'inspector', 'supervisor'],
  inspect: ['inspector', 'supervisor'],
  dispose: ['inspector', 'supervisor'],
  put_away: ['operator', 'inspector', 'supervisor'],
  complete: ['operator', 'inspector', 'supervisor'],
  map_barcode: ['supervisor', 'office', 'operator', 'inspector'],
  count: ['operator', 'inspector', 'supervisor'],
  file: ['sales', 'service', 'supervisor', 'office', 'reviewer'],
  scrap_above_limit: ['supervisor'],
}

export const may = (action: string, roles: readonly string[]): boolean => (MAY[action] ?? []).some((role) => roles.includes(role))

export async function rolesOf(personId: string, siteId: string): Promise<string[]> {
  const day = today()
  const roles = (await lookUp('grant', 'person_id', personId))
    .filter((grant) => (!grant.site_id || grant.site_id === siteId) && grant.valid_from <= day && (!grant.valid_until || day <= grant.valid_until))
    .map((grant) => grant.role)
  return [...new Set(roles)]
}

async function personOf(id: string): Promise<Person | null> {
  const row = await db.reference.get(['person', id])
  return (row?.value as Person | undefined) ?? null
}
