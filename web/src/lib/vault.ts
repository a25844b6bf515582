// The device's own key. It cannot be read out of the browser; what people recorded and photographed lies encrypted under it.

import { db, readMeta, type Sealed } from './db'

let key: CryptoKey | null | undefined
let opening: Promise<CryptoKey | null> | undefined

/** Made on first use. Null where the browser offers no encryption (a page without HTTPS), which the device check says. */
async function deviceKey(): Promise<CryptoKey | null> {
  if (key !== undefined) return key
  opening ??= (async () => {
    if (!globalThis.crypto?.subtle) return null
    const known = await readMeta<CryptoKey>('key')
    if (known) return known
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
    // Two tabs may make one each at the same moment: the one that stands first is the device's.
    return db.transaction('rw', db.meta, async () => {
      const other = await readMeta<CryptoKey>('key')
      if (!other) await db.meta.put({ key: 'key', value: made })
      return other ?? made
    })
  })()
  key = await opening
  return key
}

/** Forgets the key in memory: after a wipe there is another one. */
export function forgetKey(): void {
  key = undefined
  opening = undefined
}

/** Encrypts bytes. Never call it inside a transaction: WebCrypto answers after the transaction has closed itself. */
export async function sealBytes(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>, about: string): Promise<Sealed> {
  const held = await deviceKey()
  if (!held) return { iv: null, bytes: bytes instanceof ArrayBuffer ? bytes : bytes.slice().buffer }
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const additionalData = new TextEncoder().encode(about)
  return { iv, bytes: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, held, bytes) }
}

export async function openBytes(sealed: Sealed, about: string): Promise<ArrayBuffer> {
  if (sealed.iv === null) return sealed.bytes
  const held = await deviceKey()
  if (!held) throw new Error('This was encrypted on a page with HTTPS and can only be read there')
  const additionalData = new TextEncoder().encode(about)
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv, additionalData }, held, sealed.bytes)
}

export const seal = (value: unknown, about: string) => sealBytes(new TextEncoder().encode(JSON.stringify(value)), about)

export async function open<T>(sealed: Sealed, about: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(sealed, about))) as T
}
