// Pictures of how items should look, and of what is wrong with them: small ones, fetched beforehand, so that they are there without network.

import { deviceToken } from './auth'
import { everyOf } from './db'
import { send } from './net'

const MOST = 2000
/** Not of the work of anybody: kept beside the database, where any of the device's pages finds them. */
const CACHE = 'pictures'
const path = (sha256: string) => `/api/photos/${sha256}?size=thumb`

let asked: { named: string; at: number } = { named: '', at: 0 }

/** Fetches what is named and not here, and forgets what nobody names any more. Quick when nothing has changed. */
export async function fetchPictures(token: string): Promise<void> {
  if (!globalThis.caches) return
  const named = (await everyOf('standard')).flatMap(({ pictures }) => pictures.map(({ sha256 }) => path(sha256))).slice(0, MOST)
  const now = { named: named.join(), at: Date.now() }
  if (asked.named === now.named && Math.abs(now.at - asked.at) < 10 * 60_000) return
  asked = now
  const cache = await caches.open(CACHE)
  const here = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search))
  for (const one of here) if (!named.includes(one)) await cache.delete(one)
  try {
    for (const one of new Set(named)) if (!here.has(one)) await fetchInto(cache, one, token)
  } catch {
    asked.named = '' // the network went: with the next sync
  }
}

async function fetchInto(cache: Cache, one: string, token: string): Promise<Response | null> {
  const response = await send(one, { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit' })
  if (response.status === 202) asked.named = '' // not painted yet
  if (response.status !== 200) return null
  await cache.put(one, response.clone())
  return response
}

/** As an address for an <img>; null when it is neither here nor to be had. Revoke it when it is no longer shown. */
export async function pictureUrl(sha256: string): Promise<string | null> {
  if (!globalThis.caches) return null
  const cache = await caches.open(CACHE)
  const token = await deviceToken()
  const response = (await cache.match(path(sha256))) ?? (token ? await fetchInto(cache, path(sha256), token).catch(() => null) : null)
  return response ? URL.createObjectURL(await response.blob()) : null
}
