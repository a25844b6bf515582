// The three ways a scan ends: right, attention, wrong. Said, sounded and shown only after it is durable.

import { identity, mayNow, session } from '../../../lib/auth'
import { feedback, say } from '../../../lib/feedback'
import type { Item, Person, Photo } from '../../../lib/protocol'
import { person as personOf } from '../../../lib/queries'
import { words, type Say } from '../say'
import { shift, type Alarm, type Result } from '../shift.svelte'

type Told = Omit<Result, 'tone' | 'words'>

function show(result: Result): void {
  shift.result = { scanned: shift.now?.text, ...result }
  shift.count++
  const now = words.get()
  say([result.words(now), result.number === undefined ? '' : String(result.number), result.tone === 'bad' ? result.more?.(now) : ''].filter(Boolean).join(now.lang === 'en' ? ', ' : '，'))
}

export function right(words: Say, told: Told = {}): void {
  show({ ...told, tone: 'ok', words })
  feedback('right')
}

export function attention(words: Say, told: Told = {}): void {
  show({ ...told, tone: 'warn', words })
  feedback('attention')
}

/** Something is seen but nothing was done: no colour, the right tone. */
export function shown(words: Say, told: Told = {}): void {
  show({ ...told, tone: 'own', words })
  feedback('right')
}

/** Nothing else goes on until somebody has understood it. */
export function alarm(what: Alarm): void {
  show({ tone: 'bad', words: what.what, more: what.todo })
  const now = words.get()
  shift.raise(what, { what: what.what(now), kept: what.kept(now), todo: what.todo(now) })
  feedback('wrong')
}

export function siteId(): string {
  return identity.get()?.site_id ?? ''
}

export function me(): Person {
  const now = session.get()
  if (!now) throw new Error('Nobody is signed in')
  return now.person
}

/** Asked before anything is begun whose result the server would refuse. */
export const mayDo = (action: string): Promise<boolean> => mayNow(action, me().id, siteId())

export async function nameOfPerson(id: string): Promise<string> {
  return (await personOf(id))?.name ?? ''
}

export const itemName =
  (item: Item | null | undefined, fallback = ''): Say =>
  (w) =>
    item ? w.name(item) : fallback

/** 'YYYY-MM-DD' of here and now. */
export function today(): string {
  return new Intl.DateTimeFormat('sv-SE').format(new Date())
}

/** As they travel: nothing but the hash and the kind. */
export function plainPhotos(photos: readonly Photo[]): { sha256: string; kind: string }[] {
  return photos.map(({ sha256, kind }) => ({ sha256, kind: kind ?? 'whole' }))
}
