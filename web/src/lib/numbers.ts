// The numbers people read: of documents, labels, badges, cards and waybills. `server/domain/numbers.py` is the twin of this file;
// tests/vectors/numbers.json holds both to the same answers.

import type { Carrier } from './protocol'

/** The check digit that makes these digits and itself divisible by ten (ISO/IEC 7812-1). */
export function luhn(digits: string): string {
  let sum = 0
  for (let at = digits.length - 1, doubled = true; at >= 0; at--, doubled = !doubled) {
    const value = Number(digits[at]) * (doubled ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return String((10 - (sum % 10)) % 10)
}

const asDigits = (code: string) => [...code].map((letter) => parseInt(letter, 36)).join('')

/** A document number, final the moment it is made: device code, counter, and a check digit over both (letters as base-36 values). */
export function makeNumber(deviceCode: string, counter: number): string {
  const shown = String(counter).padStart(4, '0')
  return `RT-${deviceCode}-${shown}${luhn(asDigits(deviceCode) + shown)}`
}

export function isNumber(text: string): boolean {
  const found = /^RT-([A-Z0-9]{2,3})-(\d{4,})(\d)$/.exec(text)
  return !!found && luhn(asDigits(found[1]!) + found[2]!) === found[3]
}

export const makeLabel = (siteCode: string, counter: number) => {
  const digits = String(counter).padStart(7, '0')
  return `L${siteCode}${digits}${luhn(digits)}`
}

/** An own label (LPN): the check digit tells a label from a waybill that happens to begin alike. */
export function isLabel(text: string): boolean {
  const found = /^L[A-Z0-9]{2,3}(\d{7})(\d)$/.exec(text)
  return !!found && luhn(found[1]!) === found[2]
}

/** A waybill as its parcel's id is made of it: trimmed, upper case, without spaces. */
export const normalWaybill = (text: string) => text.replace(/\s+/g, '').toUpperCase()

/** The code of the carrier whose prefix the waybill begins with, the longest first; '' when none does. */
export function carrierOf(waybill: string, carriers: Pick<Carrier, 'code' | 'prefixes'>[]): string {
  let best = { code: '', length: 0 }
  for (const { code, prefixes } of carriers)
    for (const prefix of prefixes)
      if (prefix.length > best.length && waybill.startsWith(prefix)) best = { code, length: prefix.length }
  return best.code
}

/** B-7K2M.9fQ…: the part a person is found by, and the secret that their PIN is checked with. */
export function parseBadge(text: string): { badge: string; secret: string } | null {
  const found = /^B-([A-Za-z0-9]{2,12})\.([A-Za-z0-9_-]{8,})$/.exec(text.trim())
  return found && { badge: found[1]!, secret: found[2]! }
}

const CARDS = new Set([
  'OK', 'UNDO', 'NEXT', 'DONE', 'PHOTO', 'PASS', 'FAIL', 'FAIL-APPEARANCE', 'FAIL-FUNCTION', 'FAIL-ACCESSORIES', 'FAIL-PACKAGING',
  'GRADE-A', 'GRADE-B', 'GRADE-C', 'GRADE-D', 'RESTOCK', 'REPAIR', 'SCRAP', 'EXCHANGE', 'VENDOR', 'CUSTOMER', 'DAMAGED', 'EMPTY', 'REFUSE',
  '1', '2', '3', '4',
])

/** What a command card says: RSTW:PASS is PASS, RSTW:X12 is X12, RSTW:DEFECT-SCRATCH names a defect. */
export function parseCard(text: string): string | null {
  const word = /^RSTW:([!-~]+)$/.exec(text.trim().toUpperCase())?.[1]
  return word && (CARDS.has(word) || /^X([2-9]|[1-9]\d)$|^DEFECT-.|^ARRIVED-\d+-[0-9A-F]{10}$/.test(word)) ? word : null
}

export const isCard = (text: string) => parseCard(text) !== null
