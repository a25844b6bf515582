// Photos: turned, made smaller, stored under the hash of their bytes, and uploaded apart, so that data never waits for them.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

import { db, serverTime } from './db'
import { send, Unreachable } from './net'
import type { PhotoKind } from './protocol'
import { saved } from './room'
import { openBytes, sealBytes } from './vault'

const LONGEST_SIDE = 1600
const QUALITY = 0.8

// A type, not an interface: only so does it pass where the wire wants a record of texts.
export type TakenPhoto = { sha256: string; kind: PhotoKind }

/** Stores a picture of the camera and queues it. What this returns goes into the command that the photo belongs to. Throws StorageFull. */
export async function takePhoto(file: Blob, kind: PhotoKind): Promise<TakenPhoto> {
  return keepPhoto(await smaller(file), kind)
}

/** Stores bytes as they are. Apart from `takePhoto` because only that needs a browser's canvas. */
export async function keepPhoto(file: Blob, kind: PhotoKind): Promise<TakenPhoto> {
  const bytes = await file.arrayBuffer()
  const hash = bytesToHex(sha256(new Uint8Array(bytes)))
  const sealed = await sealBytes(bytes, hash)
  const known = await db.photos.get(hash)
  if (!known)
    await saved(() =>
      db.photos.put({ sha256: hash, kind, media_type: file.type || 'image/jpeg', size: bytes.byteLength, sealed, state: 'waiting', detail: '', at: Date.now() }),
    )
  return { sha256: hash, kind }
}

/** Turned as the camera says, at most 1600 px; drawing it anew leaves out where it was taken. */
async function smaller(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('This picture cannot be read'))), 'image/jpeg', QUALITY)
  })
}

/** What this device keeps, as an address for an <img>; null when it has been cleared. Revoke it when it is no longer shown. */
export async function photoUrl(hash: string): Promise<string | null> {
  const row = await db.photos.get(hash)
  if (!row) return null
  return URL.createObjectURL(new Blob([await openBytes(row.sealed, hash)], { type: row.media_type }))
}

let uploading: Promise<void> | null = null

/** Sends what waits, one after the other. Cut off, it goes on with the next call: the server is asked what it has, by hash. */
export function uploadPhotos(token: string): Promise<void> {
  uploading ??= upload(token).finally(() => (uploading = null))
  return uploading
}

async function upload(token: string): Promise<void> {
  for (const hash of await db.photos.where('state').equals('waiting').primaryKeys()) {
    const row = await db.photos.get(hash)
    if (!row || row.state !== 'waiting') continue
    const headers = { Authorization: `Bearer ${token}` }
    try {
      const there = await send(`/blobs/${hash}`, { method: 'HEAD', headers, credentials: 'omit' })
      if (there.ok) {
        await db.photos.update(hash, { state: 'uploaded', at: await serverTime() })
        continue
      }
      const body = new Blob([await openBytes(row.sealed, hash)], { type: row.media_type })
      const put = await send(`/blobs/${hash}`, {
        method: 'PUT', headers: { ...headers, 'Content-Type': row.media_type }, credentials: 'omit', body, timeout: 120_000,
      })
      if (put.ok) await db.photos.update(hash, { state: 'uploaded', at: await serverTime() })
      else if (put.status === 401 || put.status === 403 || put.status === 429 || put.status >= 500) return
      // Not a picture, or too large: it will not become one. Kept, and said.
      else await db.photos.update(hash, { state: 'refused', detail: String(put.status) })
    } catch (reason) {
      if (reason instanceof Unreachable) return
      throw reason
    }
  }
}
