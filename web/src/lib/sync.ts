// The conversation with the server: pushes what waits, pulls what changed, and says in words how far it is. No other file calls /sync.
//
// 1. what waits is pushed in its order, and what became of each is stored; 2. the feeds are pulled, page by page, each page stored with
// its cursor; 3. once the pull knows of everything that was acknowledged, its pages are shown and those mutations leave, in one
// transaction. Power may fail between any two steps: each begins again where it was.

import { deviceToken, forgetIdentity, identity, signOut } from './auth'
import { prepareCamera } from './camera'
import { calm } from './calm'
import { bringCarried } from './carry'
import { writeBarcodes, writeItems } from './catalogue'
import {
  db, entriesOf, feedState, isStorageFull, readMeta, REFERENCE, saveFeedState, serverTime, wipe, writeMeta, type FeedState, type OutboxRow, type Row,
  type StagedRow,
} from './db'
import { problemOf, send, Problem, Unreachable, type Request } from './net'
import { nameOf } from './mirror'
import { live } from './observable'
import { pending, whenRecorded, withRebuild, type Rebuilding } from './outbox'
import { sealNames } from './personal'
import { uploadPhotos } from './photos'
import {
  APP_SCHEMA, MAX_MUTATIONS, PROTOCOL,
  type Barcode, type DeviceState, type Item, type Kind, type Lost, type MutationIn, type PullResponse, type PushResponse, type Result,
} from './protocol'
import { keepRoom, makeRoom, noRoom, SHIPPED, without } from './room'
import { saveSettings, settings } from './settings'
import { current, say } from './syncstate'
import { forgetKey } from './vault'
import { fetchPictures } from './standards'
import { argsOf, FEW, forget, partsOf, type Written } from './view'
import { fetchWaybills, waybillState } from './waybills'

export { syncState, type SyncState } from './syncstate'

const KEEP_SENT = 14 * 86_400_000
const KEEP_SCANS = 2_000
const MAX_BATCH_BYTES = 1 << 20
const POLL = 60_000
const ASK_HELD = 60_000
const REPORT = 5 * 60_000
const FEEDS = 10 * 60_000
const WAYBILLS = 10 * 60_000
const LONGEST_BACKOFF = 30_000
const DEBOUNCE = 250
const VIEW_TABLES = ['meta', 'outbox', 'sent', 'attention', 'confirmed', 'view', 'reference', 'items', 'barcodes', 'staged']

/** Longer ago than that; also if the clock was set back meanwhile, or what is due would wait until it has caught up. */
const longer = (period: number, at: number) => Math.abs(Date.now() - at) >= period

class Revoked extends Error {}
class Forked extends Error {}

// Running

let started = 0
let running: Promise<void> | null = null
let again = false
let failures = 0
let byHand = 0
let timer: ReturnType<typeof setTimeout> | undefined
let heldAskedAt = 0
let reported = { said: '', at: 0 }

/** Begins to sync by itself. Returns what ends it. */
export function startSync(): () => void {
  if (started++) return () => void started--
  const wake = () => automatically(0)
  const visible = () => document.visibilityState === 'visible' && wake()
  const ends: (() => void)[] = [
    watchCounts(),
    settings.subscribe(({ hold }) => {
      const freed = current.get().held && !hold
      say({ held: hold })
      if (freed) wake()
    }),
    // A device that has just been enrolled fetches its pack at once: nobody can sign in before.
    identity.subscribe((known) => {
      if (!known) return
      say({ revoked: false })
      wake()
    }),
    listen(wake),
  ]
  whenRecorded(() => {
    channel?.postMessage('recorded')
    automatically(DEBOUNCE)
  })
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('restow')
  globalThis.addEventListener?.('online', wake)
  globalThis.document?.addEventListener('visibilitychange', visible)
  const poll = setInterval(wake, POLL)
  wake()
  return () => {
    if (--started) return
    for (const end of ends) end()
    whenRecorded(() => {})
    channel?.close()
    globalThis.removeEventListener?.('online', wake)
    globalThis.document?.removeEventListener('visibilitychange', visible)
    clearInterval(poll)
    clearTimeout(timer)
    timer = undefined
  }
}

/** Now, whether held or not: a person asked for it. Resolves when it is done, well or not; `syncState` says which. */
export async function syncNow(): Promise<void> {
  heldAskedAt = 0
  byHand++
  try {
    await run()
  } finally {
    byHand--
  }
}

export async function setHold(on: boolean): Promise<void> {
  await saveSettings({ hold: on })
}

function automatically(delay: number): void {
  if (settings.get().hold || !started) return
  clearTimeout(timer)
  timer = setTimeout(() => void (settings.get().hold || run()), delay)
}

function run(): Promise<void> {
  again = true
  running ??= (async () => {
    try {
      while (again) {
        again = false
        if (!(await onlyOne(cycle))) break
      }
    } finally {
      running = null
    }
  })()
  return running
}

/** One sender in this browser: a second tab waits, and finds nothing left to send. The server is safe without it. */
async function onlyOne(work: () => Promise<boolean>): Promise<boolean> {
  if (!globalThis.navigator?.locks) return work()
  let done = false
  await navigator.locks.request(`${db.name}-sync`, async () => {
    done = await work()
  })
  return done
}

/** True when everything went well. */
async function cycle(): Promise<boolean> {
  if (!byHand) await calm()
  if (!(await readMeta('identity'))) return false
  say({ syncing: true })
  try {
    const token = await deviceToken()
    if (!token) return false
    // Whether anybody answers is asked with a few bytes first: while nobody does, it is not worth making what waits ready to be sent.
    if (current.get().online === false) await authorised(token, '/sync/v1/feeds')
    await talk(token)
    failures = 0
    say({ lastSuccess: Date.now(), error: '', forked: false, revoked: false })
    const notNow = (reason: unknown) => console.error('Pictures wait for the next time', reason)
    uploadPhotos(token).catch(notNow)
    fetchPictures(token).catch(notNow)
    await bringCarried(token)
    if (!(await without()).includes('waybills') && longer(WAYBILLS, (await waybillState())?.at ?? 0)) await fetchWaybills((path) => getJson(token, path))
    await prune()
    return true
  } catch (reason) {
    await wentWrong(reason)
    return false
  } finally {
    say({ syncing: false })
    await keepRoom().catch((reason: unknown) => console.error('No room was made', reason))
  }
}

async function wentWrong(reason: unknown): Promise<void> {
  if (reason instanceof Revoked) return leave()
  if (reason instanceof Forked) say({ forked: true, error: 'device_forked' })
  else if (reason instanceof Problem) say({ error: reason.code })
  else if (isStorageFull(reason)) {
    noRoom()
    say({ error: 'storage_full' })
    await makeRoom().catch(() => 0)
  }
  else if (!(reason instanceof Unreachable)) {
    console.error('Syncing failed', reason)
    say({ error: 'internal_error' })
  }
  // Later each time, and not all handhelds of a site in the same second when the server is back.
  const delay = Math.min(1000 * 2 ** failures++, LONGEST_BACKOFF) * (0.5 + Math.random())
  automatically(delay)
}

/** Push, pull, show; again when the server is found to lack something, or to know more than what was answered. */
async function talk(token: string): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const pushed = await push(token)
    if (!(await pullAll(token, pushed))) continue
    await calm()
    if (await show()) return
  }
  automatically(1000)
}

// Pushing

async function push(token: string): Promise<PushResponse | null> {
  const me = identity.get()!
  let answer: PushResponse | null = null
  let lost: Lost | null = null
  let askHeld = longer(ASK_HELD, heldAskedAt)
  let gaps = 0
  for (;;) {
    if (settings.get().hold && !byHand) return answer
    const rows = await batch(askHeld)
    const report = await stateReport(rows)
    if (!rows.length && !lost && !report.due) return answer
    if (askHeld) {
      heldAskedAt = Date.now()
      askHeld = false
    }
    const mutations = await Promise.all(rows.map(wire))
    const asked = Date.now()
    const body = {
      protocol: PROTOCOL, epoch: (await readMeta<string>('epoch')) ?? '', device: me.device_id, app_schema: APP_SCHEMA, mutations, lost, state: report.state,
    }
    const response = await authorised(token, '/sync/v1/push', await encoded(body))
    if (!response.ok) {
      const problem = await problemOf(response)
      if (problem.code === 'revoked') {
        // What it held was taken in with this very request; then the next part of it, and then nothing is left to hand over.
        if (!rows.length) throw new Revoked()
        if (!(await handedOver(rows, Number(problem.facts.device_last_seq)))) throw problem // deferred: a little later
        continue
      }
      if (problem.code === 'device_forked') throw new Forked()
      if (problem.code !== 'gap' || ++gaps > 3) throw problem
      lost = await offerAgain(Number(problem.facts.expected))
      continue
    }
    answer = (await response.json()) as PushResponse
    lost = null
    reported = { said: report.said, at: Date.now() }
    say({ clockSkewMs: Math.round((asked + Date.now()) / 2 - answer.server_time) })
    await noteEpoch(answer.epoch)
    await writeMeta('server_time', answer.server_time)
    await storeResults(answer.results)
    await calm()
    const later = answer.results.find((result) => result.status === 'deferred')
    if (later) {
      automatically((later.retry_after || 5) * 1000)
      return answer
    }
  }
}

/** What is next, in its order: at most so many, and not more bytes than a weak network carries in one go. */
async function batch(withHeld: boolean): Promise<OutboxRow[]> {
  const of = (state: OutboxRow['state']) => db.outbox.where('[state+seq]').between([state, 0], [state, Infinity]).limit(MAX_MUTATIONS).toArray()
  const rows = await of('pending')
  if (withHeld) rows.push(...(await of('held')))
  rows.sort((a, b) => a.seq - b.seq)
  let bytes = 0
  const until = rows.findIndex((row, n) => n >= MAX_MUTATIONS || (n > 0 && (bytes += row.sealed.bytes.byteLength + 300) > MAX_BATCH_BYTES))
  return until < 0 ? rows : rows.slice(0, until)
}

async function wire(row: OutboxRow): Promise<MutationIn> {
  const { seq, id, name, by, site, schema, epoch, base, made_at } = row
  return { seq, id, name, by, site, schema, epoch, base, args: (await argsOf(row)) as Record<string, unknown>, made_at }
}

async function stateReport(rows: OutboxRow[]): Promise<{ state: DeviceState; said: string; due: boolean }> {
  const sending = rows.filter((row) => row.state === 'pending')
  const left = await pending(sending.at(-1)?.seq ?? 0)
  const pending_photos = await db.photos.where('state').equals('waiting').count()
  const counts = { pending: left.count, pending_photos, oldest_pending_at: left.first?.made_at ?? 0 }
  const said = JSON.stringify(counts)
  const estimate = await globalThis.navigator?.storage?.estimate?.()
  const state: DeviceState = {
    ...counts, app_version: __APP_VERSION__, clock: Date.now(), storage: { used: estimate?.usage ?? 0, quota: estimate?.quota ?? 0, persisted: (await globalThis.navigator?.storage?.persisted?.()) ?? false },
    pack_at: (await readMeta<number>('pack')) ?? 0, battery: await battery(),
  }
  return { state, said, due: said !== reported.said || longer(REPORT, reported.at) }
}

/** Percent, where this browser tells. */
async function battery(): Promise<number> {
  const asked = globalThis.navigator as (Navigator & { getBattery?: () => Promise<{ level: number }> }) | undefined
  const told = await asked?.getBattery?.().catch(() => null)
  return told ? Math.round(told.level * 100) : -1
}

/** What became of each is stored in one transaction with what follows from it for the view: something does where one was refused. */
async function storeResults(results: Result[]): Promise<void> {
  if (!results.length) return
  const plainly = (tables: string[], work: (rebuilding: Pick<Rebuilding, 'lay'>) => Promise<void>) =>
    db.transaction('rw', tables, async () => work({ lay: () => Promise.resolve() }))
  await (results.some(({ status }) => status === 'rejected') ? withRebuild : plainly)(VIEW_TABLES, async ({ lay }) => {
    const rebuilt: string[] = []
    let acked = (await readMeta<number>('acked_seq')) ?? 0
    for (const result of results) {
      const row = await db.outbox.get(result.seq)
      if (result.status !== 'deferred') acked = Math.max(acked, result.seq)
      if (!row || row.id !== result.id || result.status === 'deferred') continue
      const { state: _, touches, ...kept } = row
      const attention = { ...kept, at: Date.now(), code: result.code ?? '', detail: result.detail ?? '', conflict: result.conflict ?? '', seen: 0 as const }
      if (result.status === 'rejected') {
        await db.attention.put({ ...attention, status: 'rejected' })
        await db.sent.put({ ...row, result, sent_at: await serverTime() })
        await db.outbox.delete(row.seq)
        rebuilt.push(...touches)
      } else if (result.status === 'held') {
        if (row.state !== 'held') await db.attention.put({ ...attention, status: 'held' })
        await db.outbox.update(row.seq, { state: 'held', result })
      } else {
        if (result.status === 'conflict') await db.attention.put({ ...attention, status: 'conflict' })
        else if (row.state === 'held') await db.attention.delete(row.id)
        await db.outbox.update(row.seq, { state: 'acked', result })
      }
    }
    await writeMeta('acked_seq', acked)
    if (rebuilt.length) await lay(rebuilt)
  })
}

/**
 * The server lacks what it once acknowledged: it was restored from a backup. Whatever is still here from that number on is offered again;
 * what is not is declared lost, so that the numbers go on and somebody is told.
 */
async function offerAgain(expected: number): Promise<Lost | null> {
  for (const row of await db.sent.where('seq').aboveOrEqual(expected).toArray()) await argsOf(row) // before the transaction, which would not wait
  return withRebuild(VIEW_TABLES, async ({ lay }) => {
    const next = (await readMeta<number>('next_seq')) ?? 1
    if (expected > next) throw new Forked() // it knows numbers that were never given here: there is another one of us
    const keys: string[] = []
    for (const { sent_at: _, result: __, ...row } of await db.sent.where('seq').aboveOrEqual(expected).toArray()) {
      await db.outbox.put({ ...row, state: 'pending' })
      await db.sent.delete(row.seq)
      await db.attention.delete(row.id)
      keys.push(...row.touches)
    }
    for (const row of await db.outbox.where('seq').aboveOrEqual(expected).toArray())
      if (row.state !== 'pending') await db.outbox.update(row.seq, { state: 'pending' })
    await writeMeta('acked_seq', expected - 1)
    await lay(keys)
    const first = (await db.outbox.where('[state+seq]').between(['pending', expected], ['pending', Infinity]).first())?.seq ?? next
    return first > expected ? { first: expected, last: first - 1 } : null
  })
}

/** How many of these the server has taken in. They are its own now. */
async function handedOver(rows: OutboxRow[], upTo: number): Promise<number> {
  return db.outbox.where('seq').anyOf(rows.map((row) => row.seq).filter((seq) => seq <= upTo)).delete()
}

/** Revoked: nobody works with it any more, what it holds is handed over, photos too, and only then it keeps nothing. */
async function leave(): Promise<void> {
  await signOut()
  say({ revoked: true, error: 'revoked' })
  const token = await deviceToken()
  if (token && (await pending()).first) {
    try {
      await push(token)
    } catch (reason) {
      if (!(reason instanceof Revoked)) return wentWrong(reason)
    }
  }
  if (token) await uploadPhotos(token)
  if (await db.photos.where('state').equals('waiting').count()) return wentWrong(new Unreachable('photos'))
  const { language } = settings.get()
  await wipe()
  forgetKey()
  forgetIdentity()
  await saveSettings({ language })
  say({ pending: 0, packReady: false })
}

// Pulling

async function noteEpoch(epoch: string): Promise<void> {
  const known = (await readMeta<string>('epoch')) ?? ''
  if (epoch !== known) await writeMeta('epoch', epoch)
}

/** Fetches every feed to its end. False when the server turned out to have lost what it acknowledged: push first. */
async function pullAll(token: string, pushed: PushResponse | null): Promise<boolean> {
  const feeds = await feedNames(token)
  for (const feed of feeds) {
    const state = await feedState(feed)
    if (pushed && state.complete && state.epoch === pushed.epoch && pushed.heads[feed] === state.revision) {
      await saveFeedState(feed, { ...state, lastSeq: pushed.device_last_seq })
      continue
    }
    await pullFeed(token, feed, state)
  }
  const states = await Promise.all(feeds.map(feedState))
  const known = Math.min(...states.map((state) => state.lastSeq))
  if (known >= ((await readMeta<number>('acked_seq')) ?? 0)) return true
  await offerAgain(known + 1) // what is not here any more is declared lost by the push that meets the gap
  return false
}

async function feedNames(token: string): Promise<string[]> {
  const known = await readMeta<{ names: string[]; at: number }>('feeds')
  if (known && !longer(FEEDS, known.at)) return known.names
  const told = await getJson<{ epoch: string; carry_key: string; feeds: string[]; device: { site_id: string } }>(token, '/sync/v1/feeds')
  for (const gone of known?.names.filter((name) => !told.feeds.includes(name)) ?? []) await dropFeed(gone)
  await writeMeta('carry_key', told.carry_key)
  await writeMeta('feeds', { names: told.feeds, at: Date.now() })
  return told.feeds
}

async function pullFeed(token: string, feed: string, state: FeedState): Promise<void> {
  let now = state
  for (;;) {
    const query = now.cursor ? `?cursor=${encodeURIComponent(now.cursor)}` : ''
    const page = await getJson<PullResponse>(token, `/sync/v1/pull/${encodeURIComponent(feed)}${query}`)
    await noteEpoch(page.epoch)
    const changes = await sealNames(page.changes)
    now = await db.transaction('rw', [db.meta, db.staged], async () => {
      const fresh = !now.cursor || page.reset
      if (fresh) await db.staged.where('feed').equals(feed).delete()
      if (changes.length) await db.staged.add({ feed, changes })
      const next: FeedState = {
        ...now, epoch: page.epoch, cursor: page.cursor, revision: page.revision, complete: !page.more, reset: now.reset || fresh, lastSeq: page.device_last_seq, at: Date.now(),
      }
      await saveFeedState(feed, next)
      return next
    })
    if (!page.more) return
    await calm()
  }
}

/**
 * Shows what was fetched, if it is whole: everything acknowledged must be in it, or a count would be shown that lacks its own scans, and
 * nothing may be in it that waits here unanswered, or it would be counted twice. False: ask the server again first.
 */
async function show(): Promise<boolean> {
  const names = (await readMeta<{ names: string[] }>('feeds'))?.names ?? []
  const left: string[] = []
  const shown = await withRebuild(VIEW_TABLES, async ({ lay, wrote }) => {
    const states = new Map<string, FeedState>()
    for (const name of names) states.set(name, await feedState(name))
    if (![...states.values()].every((state) => state.complete)) return false
    const known = Math.min(...[...states.values()].map((state) => state.lastSeq))
    const of = (state: OutboxRow['state'], from: number, to: number) => db.outbox.where('[state+seq]').between([state, from], [state, to], true, true)
    if ((await of('acked', known + 1, Infinity).count()) + (await of('pending', 0, known).count())) return false

    const keys = new Set<string>()
    for (const [feed, state] of states) {
      const pages = (await db.staged.where('feed').equals(feed).primaryKeys()) as number[]
      if (pages.length || state.reset) wrote(await take(feed, pages, state.reset, keys))
      await db.staged.where('feed').equals(feed).delete()
      await saveFeedState(feed, { ...state, reset: false, shown: state.revision })
    }
    const sent_at = await serverTime()
    for (;;) {
      const rows = await of('acked', 0, Infinity).limit(FEW).toArray()
      if (!rows.length) break
      await db.sent.bulkPut(rows.map((row) => ({ ...row, sent_at })))
      await db.outbox.bulkDelete(rows.map((row) => row.seq))
      for (const row of rows) {
        left.push(row.id)
        for (const key of row.touches) keys.add(key)
      }
    }
    const all = [...keys]
    for (let at = 0; at < all.length; at += FEW) await lay(all.slice(at, at + FEW))
    await writeMeta('pack', Date.now())
    return true
  })
  for (const id of left) forget(id)
  return shown
}

/** Writes staged pages into what the server has confirmed; adds the keys whose view must be made anew. One page after the other: all at once
 *  would let nobody scan for a second. */
async function take(feed: string, pages: number[], reset: boolean, keys: Set<string>): Promise<Written> {
  const sorted = { item: news<Item>(), barcode: news<Barcode>() }
  const where = { reference: news<Row>(), confirmed: news<Row>() }
  const givenUp: readonly string[] = (await without()).includes('shipped') ? SHIPPED : []
  for (const n of pages)
    for (const change of (await db.staged.get(n))?.changes ?? []) {
      const kind = change.kind as Kind
      if (givenUp.includes(kind)) continue
      const stays = (change.op ?? 'put') === 'put'
      if (kind === 'item' || kind === 'barcode') {
        hear(sorted[kind] as News<unknown>, change.key, stays ? change.value : null)
        continue
      }
      const name = nameOf(kind, change.key)
      const table = REFERENCE.has(kind) ? 'reference' : 'confirmed'
      hear(where[table], name, stays ? rowOf(kind, change, table === 'reference') : null)
      if (table === 'confirmed') keys.add(name)
    }
  if (reset) {
    // What is here and was not sent has gone: the new load replaces the old one whole.
    for (const table of ['reference', 'confirmed'] as const)
      for (const [kind, key] of await db[table].toCollection().primaryKeys()) {
        const name = nameOf(kind, key)
        if (feedOf(kind) !== kindOf(feed) || where[table].puts.has(name)) continue
        where[table].drops.add(name)
        if (table === 'confirmed') keys.add(name)
      }
  }
  for (const table of ['reference', 'confirmed'] as const) {
    const puts = [...where[table].puts.values()]
    for (let at = 0; at < puts.length; at += FEW) await db[table].bulkPut(puts.slice(at, at + FEW))
    if (where[table].drops.size) await db[table].bulkDelete([...where[table].drops].map(partsOf))
  }
  const catalogue = reset && feed === 'catalogue'
  await writeItems([...sorted.item.puts.values()], [...sorted.item.drops], catalogue)
  await writeBarcodes([...sorted.barcode.puts.values()], [...sorted.barcode.drops], catalogue)
  return { puts: [...where.reference.puts.values()], drops: [...where.reference.drops].map(partsOf) }
}

/** The newest of each. */
interface News<T> {
  puts: Map<string, T>
  drops: Set<string>
}
const news = <T>(): News<T> => ({ puts: new Map(), drops: new Set() })

function hear<T>({ puts, drops }: News<T>, name: string, value: T | null): void {
  if (value === null) {
    puts.delete(name)
    drops.add(name)
  } else {
    drops.delete(name)
    puts.set(name, value)
  }
}

function rowOf(kind: Kind, { key, value, sealed }: StagedRow['changes'][number], found: boolean): Row {
  const document = value as Row['value']
  return found ? { kind, key, value: document, by: entriesOf(kind, document), ...(sealed && { sealed }) } : { kind, key, value: document }
}

/** A device reads the catalogue and the feed of its one site, and a kind is in one of the two. */
const OF_THE_SITE: ReadonlySet<Kind> = new Set(['outbound_order', 'outbound_line', 'conflict'])
const feedOf = (kind: Kind) => (REFERENCE.has(kind) && !OF_THE_SITE.has(kind) ? 'catalogue' : 'site')
const kindOf = (feed: string) => (feed === 'catalogue' ? 'catalogue' : 'site')

/** A feed this device may no longer read: what it held goes, except what work here still waits on. */
async function dropFeed(feed: string): Promise<void> {
  await withRebuild(VIEW_TABLES, async ({ lay, wrote }) => {
    const of = (keys: [Kind, string][]) => keys.filter(([kind]) => feedOf(kind) === kindOf(feed))
    const confirmed = of(await db.confirmed.toCollection().primaryKeys())
    await db.confirmed.bulkDelete(confirmed)
    const drops = of(await db.reference.toCollection().primaryKeys())
    await db.reference.bulkDelete(drops)
    wrote({ puts: [], drops })
    await db.staged.where('feed').equals(feed).delete()
    await db.meta.bulkDelete([`feed:${feed}`, 'feed:waybills']) // another site has other waybills
    await lay(confirmed.map(([kind, key]) => `${kind} ${key}`))
  })
}

async function prune(): Promise<void> {
  const old = (await serverTime()) - KEEP_SENT
  await db.sent.where('sent_at').below(old).delete()
  await db.photos.where('[state+at+size]').between(['uploaded', 0, 0], ['uploaded', old, 0]).delete()
  const scans = await db.scans.count()
  if (scans > KEEP_SCANS * 1.1) await db.scans.orderBy('at').limit(scans - KEEP_SCANS).delete()
}

/** "Prepare offline": everything this device may read, fetched and shown, and the browser asked to keep it. */
export async function prepareOffline(report: (step: 'storage' | 'download' | 'done', rows: number) => void = () => {}): Promise<boolean> {
  report('storage', 0)
  await globalThis.navigator?.storage?.persist?.()
  report('download', 0)
  await prepareCamera().catch(() => {}) // its reader too, where this browser has none of its own
  const counting = setInterval(() => void db.staged.count().then((pages) => report('download', pages)), 500)
  try {
    await db.meta.delete('feeds')
    await db.meta.where('key').equals('feed:waybills').modify((row) => void ((row.value as { at: number }).at = 0))
    await syncNow()
  } finally {
    clearInterval(counting)
  }
  report('done', 0)
  return current.get().error === '' && current.get().packReady
}

// Asking

async function authorised(token: string, path: string, init: Request = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${token}`)
  headers.set('Accept', 'application/json')
  return send(path, { ...init, headers, credentials: 'omit', cache: 'no-store', timeout: 60_000 })
}

async function getJson<T>(token: string, path: string): Promise<T> {
  const response = await authorised(token, path)
  if (response.ok) return (await response.json()) as T
  const problem = await problemOf(response)
  if (problem.code === 'revoked') throw new Revoked()
  throw problem
}

async function encoded(body: unknown): Promise<Request> {
  const text = JSON.stringify(body)
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (text.length < 1400 || typeof CompressionStream === 'undefined') return { method: 'POST', headers, body: text }
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  headers['Content-Encoding'] = 'gzip'
  return { method: 'POST', headers, body: await new Response(stream).arrayBuffer() }
}

// Listening

/** The server says when something moved. A stream that falls silent is asked for anew; that it answers again is how we learn it is back. */
function listen(wake: () => void): () => void {
  const ending = new AbortController()
  void (async () => {
    let tries = 0
    while (!ending.signal.aborted) {
      const token = settings.get().hold ? null : await deviceToken().catch(() => null)
      if (token && globalThis.document?.visibilityState !== 'hidden') {
        try {
          await pokes(token, ending.signal, () => {
            tries = 0
            wake()
          })
        } catch {
          // Offline, or the server is gone: `online` says so already.
        }
      }
      const delay = token ? Math.min(1000 * 2 ** tries++, LONGEST_BACKOFF) * (0.5 + Math.random()) : 2000
      await new Promise<void>((resolve) => {
        const slept = setTimeout(resolve, delay)
        ending.signal.addEventListener('abort', () => (clearTimeout(slept), resolve()), { once: true })
      })
    }
  })()
  return () => ending.abort()
}

async function pokes(token: string, ending: AbortSignal, heard: () => void): Promise<void> {
  const silent = new AbortController()
  const stop = () => silent.abort()
  ending.addEventListener('abort', stop)
  let watch = setTimeout(stop, 45_000)
  try {
    const response = await send('/sync/v1/events', {
      headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' }, credentials: 'omit', cache: 'no-store',
      signal: silent.signal,
    })
    if (!response.ok || !response.body) return
    heard()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let text = ''; ; ) {
      const { value, done } = await reader.read()
      if (done) return
      clearTimeout(watch)
      watch = setTimeout(stop, 45_000)
      text += value
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        if (text.slice(0, end).includes('event: poke')) heard()
        text = text.slice(end + 2)
      }
    }
  } finally {
    clearTimeout(watch)
    ending.removeEventListener('abort', stop)
    stop()
  }
}

/** The numbers on the pill, from the database: they are right in every tab, and after a reload. */
function watchCounts(): () => void {
  const ends = [
    live(
      () =>
        db.transaction('r', [db.outbox, db.attention, db.meta], async () => {
          const [{ first, count }, waiting, needsAttention, packAt] = await Promise.all([
            pending(), db.outbox.where('[state+seq]').between(['held', 0], ['held', Infinity]).count(),
            db.attention.where('seen').equals(0).count(), readMeta<number>('pack'),
          ])
          return { pending: count, oldestPendingAt: first?.made_at ?? 0, waiting, needsAttention, packAt: packAt ?? 0 }
        }),
      null,
    ).subscribe((counts) => {
      if (counts) say({ ...counts, packReady: counts.packAt > 0 })
    }),
    live(() => db.photos.where('state').equals('waiting').count(), null).subscribe((photosPending) => {
      if (photosPending !== null) say({ photosPending })
    }),
  ]
  return () => ends.forEach((end) => end())
}
