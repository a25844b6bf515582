// Ids: fresh ones in time order, and derived ones that make two handhelds name the same thing alike.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

let lastTime = 0
let counter = 0

/** A UUIDv7. Those made here within one millisecond still sort in the order they were made. */
export function uuid7(now = Date.now()): string {
  const random = crypto.getRandomValues(new Uint8Array(10))
  if (now > lastTime) {
    lastTime = now
    counter = ((random[0]! & 0x07) << 8) | random[1]! // the top bit stays free, so that there is room to count up
  } else if (++counter > 0xfff) {
    lastTime++
    counter = 0
  }
  const time = lastTime.toString(16).padStart(12, '0')
  random[2] = (random[2]! & 0x3f) | 0x80
  const rest = bytesToHex(random.subarray(2))
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

/** The same parts give the same id on every device and on the server (`derived_id` in server/domain/ids.py). */
export function derivedId(...parts: string[]): string {
  const hex = bytesToHex(sha256(utf8ToBytes(parts.join('\x1f')))).slice(0, 32)
  const variant = '89ab'[parseInt(hex[16]!, 16) & 3]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

export const parcelId = (siteId: string, carrier: string, waybill: string) => derivedId('parcel', siteId, carrier, waybill)

export const containerId = (siteId: string, label: string) => derivedId('container', siteId, label)

/** The line of goods that fit no line of the order: two handhelds that scan them make one. */
export const scanLineId = (orderId: string, itemId: string, text: string) => derivedId('line', orderId, itemId || `text:${text}`)
