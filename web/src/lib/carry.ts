// No network at all: what waits here leaves as encrypted files that another handheld or a person at a desk brings home.
//
// Only the server can read them, and only this device can have made them: the key comes from P-256 ECDH with the server's public key,
// salted with the hash of this device's token. Exporting changes nothing here: what was carried stays until its effects have come back.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

import { deviceToken } from './auth'
import { db, readMeta, writeMeta, type CarriedRow, type OutboxRow } from './db'
import { problemOf, send, Unreachable } from './net'
import { openBytes } from './vault'
import { argsOf } from './view'

const MAGIC = 'RESTOW-OUTBOX 1'
/** Room for a file that any phone can pass on by cable, card or Bluetooth. */
const FILE_BYTES = 6 << 20

export class CannotExport extends Error {
  constructor(readonly reason: 'not_secure' | 'no_key' | 'nothing') {
    super(`Cannot export: ${reason}`)
    this.name = 'CannotExport'
  }
}

export interface OutboxFile {
  name: string
  blob: Blob
}

interface Photo {
  sha256: string
  media_type: string
  size: number
}

interface Part {
  rows: OutboxRow[]
  photos: Photo[]
}

/** Everything the server has not been seen to have, in numbered files. Throws CannotExport. */
export async function exportFiles(): Promise<OutboxFile[]> {
  if (!globalThis.crypto?.subtle) throw new CannotExport('not_secure')
  const identity = await readMeta<{ device_id: string; code: string }>('identity')
  const token = await deviceToken()
  const key = await readMeta<string>('carry_key')
  if (!identity || !token || !key) throw new CannotExport('no_key')

  const parts = await divided()
  if (!parts.length) throw new CannotExport('nothing')
  const made_at = Date.now()
  const day = new Date(made_at).toISOString().slice(0, 10)
  const files: OutboxFile[] = []
  for (const [n, part] of parts.entries()) {
    const about = {
      device: identity.device_id, code: identity.code, part: n + 1, parts: parts.length, first: part.rows[0]?.seq ?? 0, last: part.rows.at(-1)?.seq ?? 0,
      mutations: part.rows.length, photos: part.photos.length, made_at,
    }
    const blob = await sealed(await contentOf(part), about, fromBase64(key), tokenHash(token))
    files.push({ name: `restow-${identity.code}-${day}-${n + 1}of${parts.length}.restow`, blob })
  }
  return files
}

/** In their order, a new file whenever one is full; photos follow, for the work must never wait for them. */
async function divided(): Promise<Part[]> {
  const parts: Part[] = []
  let room = 0
  const at = (bytes: number): Part => {
    if (!parts.length || room < bytes) {
      parts.push({ rows: [], photos: [] })
      room = FILE_BYTES
    }
    room -= bytes
    return parts.at(-1)!
  }
  await db.outbox.orderBy('seq').each((row) => void at(row.sealed.bytes.byteLength + 300).rows.push(row))
  for (const hash of await db.photos.where('state').equals('waiting').primaryKeys()) {
    const { sha256, media_type, size } = (await db.photos.get(hash))! // one by one: five hundred are more than a handheld's memory
    at(size + 200).photos.push({ sha256, media_type, size })
  }
  return parts
}

async function contentOf({ rows, photos }: Part): Promise<Uint8Array<ArrayBuffer>> {
  const mutations = await Promise.all(
    rows.map(async (row) => {
      const { seq, id, name, by, site, schema, epoch, base, made_at } = row
      return { seq, id, name, by, site, schema, epoch, base, args: await argsOf(row), made_at }
    }),
  )
  const pictures: ArrayBuffer[] = []
  for (const { sha256 } of photos) pictures.push(await openBytes((await db.photos.get(sha256))!.sealed, sha256))
  const text = utf8ToBytes(JSON.stringify({ mutations, photos }))
  const length = new DataView(new ArrayBuffer(4))
  length.setUint32(0, text.length)
  return new Uint8Array(await new Blob([length, text as Uint8Array<ArrayBuffer>, ...pictures]).arrayBuffer())
}

async function sealed(content: Uint8Array<ArrayBuffer>, about: object, serverKey: Uint8Array<ArrayBuffer>, salt: string): Promise<Blob> {
  const { subtle } = crypto
  const curve = { name: 'ECDH', namedCurve: 'P-256' }
  const own = await subtle.generateKey(curve, false, ['deriveBits'])
  const server = await subtle.importKey('raw', serverKey, curve, false, [])
  const shared = await subtle.importKey('raw', await subtle.deriveBits({ name: 'ECDH', public: server }, own.privateKey, 256), 'HKDF', false, ['deriveKey'])
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: bytes(salt), info: bytes('restow outbox 1') }
  const key = await subtle.deriveKey(derivation, shared, { name: 'AES-GCM', length: 256 }, false, ['encrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const head = {
    ...about, key: bytesToHex(sha256(serverKey)).slice(0, 16), ephemeral: toBase64(new Uint8Array(await subtle.exportKey('raw', own.publicKey))), iv: toBase64(iv),
  }
  const lines = bytes(`${MAGIC}\n${JSON.stringify(head)}`)
  return new Blob([lines, '\n', await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: lines }, key, content)], { type: 'application/octet-stream' })
}

// The receipt

export interface Arrival {
  seq: number
  at: number
}

/** The card shown where the file was brought: RSTW:ARRIVED-37-…; only this device's own is believed. Null when it is none of ours. */
export async function noteArrival(card: string): Promise<Arrival | null> {
  const found = /^ARRIVED-(\d+)-([0-9A-F]{10})$/.exec(card)
  const identity = await readMeta<{ device_id: string }>('identity')
  const token = await deviceToken()
  if (!found || !identity || !token) return null
  const mac = bytesToHex(hmac(sha256, utf8ToBytes(tokenHash(token)), utf8ToBytes(`arrived|${identity.device_id}|${found[1]}`)))
  if (mac.slice(0, 10).toUpperCase() !== found[2]) return null
  const arrival = { seq: Number(found[1]), at: Date.now() }
  await writeMeta('arrived', arrival)
  return arrival
}

export const arrived = () => readMeta<Arrival>('arrived')

// Carrying another's

/** The head of a file, so that a person sees whose it is; null for any other file. */
export async function headOf(file: Blob): Promise<{ device: string; code: string; part: number; parts: number; mutations: number; photos: number } | null> {
  const [magic, head] = (await file.slice(0, 2048).text()).split('\n', 2)
  if (magic !== MAGIC || !head) return null
  try {
    return JSON.parse(head) as Awaited<ReturnType<typeof headOf>>
  } catch {
    return null
  }
}

/** Takes a file of another handheld along. It is brought with the next upload. False when it is no such file. */
export async function carry(file: Blob, name: string): Promise<boolean> {
  const head = await headOf(file)
  if (!head) return false
  const content = await file.arrayBuffer()
  const id = bytesToHex(sha256(new Uint8Array(content)))
  if (!(await db.carried.get(id)))
    await db.carried.add({ id, name, code: head.code, part: head.part, parts: head.parts, bytes: content, at: Date.now(), state: 'waiting', detail: '', receipt: '', receipt_svg: '' })
  return true
}

export const carriedList = (): Promise<CarriedRow[]> => db.carried.orderBy('at').toArray()
export const putDown = (id: string): Promise<void> => db.carried.delete(id)

/** Brings what is carried, the earlier parts first. A refusal is kept with its reason; it may be tried again. */
export async function bringCarried(token: string): Promise<void> {
  const waiting = (await db.carried.toArray()).filter((row) => row.state === 'waiting').sort((a, b) => a.at - b.at || a.part - b.part)
  for (const row of waiting) {
    try {
      const headers = { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/octet-stream' }
      const answer = await send('/api/outbox-files', { method: 'POST', headers, credentials: 'omit', body: row.bytes, timeout: 120_000 })
      if (answer.ok) {
        const { receipt, receipt_svg } = (await answer.json()) as { receipt: string; receipt_svg: string }
        // The server has it now: what is left here is the receipt for whoever made it.
        await db.carried.update(row.id, { state: 'brought', bytes: new ArrayBuffer(0), receipt, receipt_svg, detail: '' })
      } else if (answer.status === 401 || answer.status === 429 || answer.status >= 500) return
      else await db.carried.update(row.id, { state: 'refused', detail: (await problemOf(answer)).detail })
    } catch (reason) {
      if (reason instanceof Unreachable) return
      throw reason
    }
  }
}

export async function bringAgain(id: string): Promise<void> {
  await db.carried.update(id, { state: 'waiting', detail: '' })
}

const tokenHash = (token: string) => bytesToHex(sha256(utf8ToBytes(token)))
const bytes = (text: string) => new TextEncoder().encode(text)
const toBase64 = (raw: Uint8Array) => btoa(String.fromCharCode(...raw))
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
