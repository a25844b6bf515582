// A handheld without a screen, for `restow lab`: the app's own lib on a database in memory, told by lines of JSON what its people do.
// One process is one handheld, so that each has a clock of its own. Vite builds it (vite.lab.config.ts) beside the app, never into it.

import 'fake-indexeddb/auto'

import * as app from '../lib/app'
import * as auth from '../lib/auth'
import { rowsOf } from '../lib/catalogue'
import { db, feedState, REFERENCE } from '../lib/db'
import { nextNumber, record } from '../lib/outbox'
import { customer } from '../lib/personal'
import { keepPhoto } from '../lib/photos'
import type { DeviceCommand, Kind, PhotoKind, PushResponse } from '../lib/protocol'
import { syncNow, syncState } from '../lib/sync'

interface Process {
  stdin: AsyncIterable<Uint8Array>
  stdout: { write(text: string): void }
  exit(code: number): never
  getBuiltinModule(name: 'node:fs'): { writeFileSync(path: string, bytes: Uint8Array): void; readFileSync(path: string): Uint8Array }
  getBuiltinModule(name: 'node:v8'): { serialize(value: unknown): Uint8Array; deserialize(bytes: Uint8Array): unknown }
}
declare const process: Process

type Args = Record<string, unknown>
type Document = Record<string, unknown>

interface Made {
  seq: number
  id: string
  name: string
  args: Args
  step: string
}

let made: Made[] = []
/** What this handheld was told became of each mutation, the last time it was told. */
let told: Record<string, string> = {}

/** Everything that outlives the process: what its database holds, and what the lab notes of it. */
interface Image {
  tables: Record<string, unknown[]>
  key: JsonWebKey | null
  made: Made[]
  told: Record<string, string>
}

const ORDERS: Record<string, (order: never) => unknown> = {
  async open({ origin, code, name, image, by = 0 }: { origin: string; code: string; name: string; image?: string; by?: number }) {
    wrong = by
    app.configure({ origin, database: name, fetch: overheard })
    if (image) await restore(image)
    await app.start()
    if (image) return state()
    const { device_id, site_id } = await auth.enrol(code, name)
    await syncNow()
    return { device_id, site_id, error: syncState.get().error, pack: syncState.get().packReady }
  },

  /** Writes down what is stored, and is gone: what was only in memory is lost, as with a battery taken out. */
  async end({ file }: { file: string }) {
    const rows = await db.transaction('r', db.tables, () => Promise.all(db.tables.map(async (table) => [table.name, await table.toArray()] as const)))
    const tables = Object.fromEntries(rows) as Image['tables']
    const held = (tables.meta as { key: string; value: unknown }[]).find((row) => row.key === 'key')
    const key = held ? await crypto.subtle.exportKey('jwk', held.value as CryptoKey) : null
    if (held) held.value = null
    const image: Image = { tables, key, made, told }
    process.getBuiltinModule('node:fs').writeFileSync(file, process.getBuiltinModule('node:v8').serialize(image))
    process.exit(0)
  },

  photo({ picture, kind }: { picture: string; kind: PhotoKind }) {
    return keepPhoto(new Blob([Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0))], { type: 'image/png' }), kind)
  },

  sign({ badge, pin }: { badge: string; pin: string }) {
    return auth.signInByBadge(badge, pin)
  },

  clock({ by }: { by: number }) {
    wrong = by
  },

  async record({ name, args, by, step }: { name: DeviceCommand; args: Args; by: string; step: string }) {
    if (args.number === '~number') args.number = await nextNumber()
    if (args.revision === '~revision') args.revision = (await feedState(`site:${auth.identity.get()!.site_id}`)).shown
    const { seq, id } = await record(name, args as never, { by })
    made.push({ seq, id, name, args, step })
    return { seq, id }
  },

  async shows({ kind, key, field, values }: { kind: Kind; key: string; field: string; values: unknown[] }) {
    const row = await (REFERENCE.has(kind) ? db.reference : db.view).get([kind, key])
    return !!row && (!field || values.includes((row.value as unknown as Document)[field]))
  },

  async sync() {
    await syncNow()
    return state()
  },

  state,

  async report() {
    const stored = [...(await db.view.toArray()), ...(await db.reference.toArray())]
    const rows = await Promise.all(stored.map(async ({ kind, key, value }) => [`${kind} ${key}`, kind === 'customer' ? await customer(key) : value] as const))
    const items = (await db.items.toArray()).flatMap((page) => rowsOf(page)).map((value) => [`item ${value.id}`, value] as const)
    const barcodes = (await db.barcodes.toArray()).flatMap((page) => rowsOf(page)).map((value) => [`barcode ${value.id}`, value] as const)
    const documents = [...rows, ...items, ...barcodes]
    return { made, told, documents: Object.fromEntries(documents.map(([name, value]) => [name, canonical(value)])), ...(await state()) }
  },
}

async function state() {
  const { error, needsAttention } = syncState.get()
  const waiting = await db.outbox.toArray()
  const photos = await db.photos.where('state').equals('waiting').count()
  return { waiting: waiting.length, held: waiting.filter((row) => row.state === 'held').length, photos, recorded: made.length, error, needsAttention }
}

async function restore(file: string): Promise<void> {
  const image = process.getBuiltinModule('node:v8').deserialize(process.getBuiltinModule('node:fs').readFileSync(file)) as Image
  const held = (image.tables.meta as { key: string; value: unknown }[]).find((row) => row.key === 'key')
  if (held && image.key) held.value = await crypto.subtle.importKey('jwk', image.key, 'AES-GCM', true, ['encrypt', 'decrypt'])
  await db.transaction('rw', db.tables, () => Promise.all(db.tables.map((table) => table.bulkPut(image.tables[table.name] ?? []))))
  ;({ made, told } = image)
}

// The device's key cannot be read out of a browser, which keeps it itself. Here the lab keeps it, between two processes of one handheld.
const generateKey = crypto.subtle.generateKey.bind(crypto.subtle) as (how: never, extractable: boolean, uses: never) => Promise<CryptoKey>
crypto.subtle.generateKey = ((how: never, _: boolean, uses: never) => generateKey(how, true, uses)) as typeof crypto.subtle.generateKey

/** The same bytes for the same document, whoever writes it: keys in order, no spaces. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!value || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

/** The network, as the app has it; what it is told is noted on the way. */
const overheard: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (response.ok && String(input).endsWith('/sync/v1/push')) {
    const { results } = (await response.clone().json()) as PushResponse
    for (const { id, status } of results) told[id] = status
  }
  return response
}

// A clock that is wrong: every Date of this process is off by so many milliseconds.
let wrong = 0
const Right = Date
globalThis.Date = class extends Right {
  constructor(...given: unknown[]) {
    if (given.length) super(...(given as [number]))
    else super(Right.now() + wrong)
  }
  static override now = () => Right.now() + wrong
} as DateConstructor

async function answer(line: string): Promise<void> {
  const { n, order, ...said } = JSON.parse(line) as { n: number; order: string }
  let reply: unknown
  try {
    reply = { n, done: (await ORDERS[order]!(said as never)) ?? null }
  } catch (reason) {
    reply = { n, failed: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason) }
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}

async function listen(): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of process.stdin) {
    text += decoder.decode(bytes, { stream: true })
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) void answer(line)
  }
  process.exit(0) // whoever told it what to do is gone
}

void listen()
