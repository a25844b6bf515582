// What a scanned text means, by what the pack on this device knows. Never guessed silently: what may be two things is asked.

import { badgeOf, identity } from './auth'
import { gtinOk, parse, parseGs1, readingsOf, type Gs1 } from './gs1'
import { carrierOf, isLabel, normalWaybill, parseBadge, parseCard } from './numbers'
import type { Barcode, Bin, Container, Item, OutboundLine, OutboundOrder, Parcel, Person, Receipt, ReturnOrder, Zone } from './protocol'
import {
  barcodeLookup, binByCode, carriers, containerByLabel, orderByNumber, outboundByNumber, parcelByWaybill, soldSerial, zone as zoneById, item as itemById,
} from './queries'
import { lookUp, reading } from './db'
import { settings } from './settings'
import { listed as listedAs, type Listed } from './waybills'

export type Expect = 'waybill' | 'item' | 'bin' | 'container' | 'serial' | 'document' | null

export type Meaning =
  | { is: 'label'; label: string; container: Container | null; parcel: Parcel | null }
  | { is: 'sscc'; sscc: string; container: Container | null }
  | { is: 'serial'; serial: string; item: Item | null; sold: OutboundLine[]; receipts: Receipt[]; gs1: Gs1 | null }
  | { is: 'waybill'; waybill: string; carrier: string; parcel: Parcel | null; outbound: OutboundOrder | null; listed: Listed | null }
  | { is: 'item'; item: Item; barcode: Barcode | null; quantity: number; gs1: Gs1 | null }
  | { is: 'gs1'; gs1: Gs1 }
  | { is: 'bin'; bin: Bin; zone: Zone | null }
  | { is: 'document'; order: ReturnOrder | null; outbound: OutboundOrder | null }
  | { is: 'badge'; badge: string; secret: string; person: Person | null }
  | { is: 'card'; card: string }
  /** retail: it comes from goods, though nobody knows which. misread: its check digit is wrong, so that is not what is printed there. */
  | { is: 'unknown'; text: string; retail?: boolean; misread?: boolean }

export interface Classified {
  best: Meaning | null
  /** The likeliest first. */
  candidates: Meaning[]
  /** Two may be meant: show them as two large buttons. */
  ask: boolean
  /** They are one code, of which a separator was lost. */
  separator?: boolean
}

/** own label → SSCC → serial → waybill → item → bin → document → badge → card → unknown */
const ORDER: readonly Meaning['is'][] = ['label', 'sscc', 'serial', 'waybill', 'item', 'gs1', 'bin', 'document', 'badge', 'card', 'unknown']

/** What each expectation of a screen is met by. */
const MEETS: Record<Exclude<Expect, null>, readonly Meaning['is'][]> = {
  waybill: ['waybill', 'document'],
  item: ['item', 'gs1', 'serial'],
  bin: ['bin'],
  container: ['label', 'sscc'],
  serial: ['serial'],
  document: ['document'],
}

/** Symbologies that carriers do not print waybills in, and ones that retail items do not wear. */
const RETAIL = /^\]E[0-4]/
const CODE_128 = /^\]C0/
const GS1_CARRIER = /^\](C1|d2|Q3|e0)/

export function classify(scan: { text: string; symbology?: string; whole?: string }, expect: Expect = null): Promise<Classified> {
  return reading(() => classified(scan, expect))
}

async function classified(scan: { text: string; symbology?: string; whole?: string }, expect: Expect): Promise<Classified> {
  // A code that repeats itself is taken for one sent twice, unless the whole of it is known.
  if (scan.whole && scan.whole !== scan.text) {
    const whole = await meanings(scan.whole, scan.symbology ?? '', expect)
    if (whole.some(({ sure }) => sure)) return decide(whole, expect)
  }
  return decide(await meanings(scan.text, scan.symbology ?? '', expect), expect)
}

/** sure: the pack knows it, or nothing else has this form. */
interface Guess {
  meaning: Meaning
  sure: boolean
  /** One of the ways to read a code that has lost a separator. */
  reading?: boolean
}

async function meanings(raw: string, symbology: string, expect: Expect): Promise<Guess[]> {
  const text = raw.trim()
  const site = settings.get().siteId || identity.get()?.site_id || ''
  const guesses: Guess[] = []
  const add = (meaning: Meaning, sure: boolean) => guesses.push({ meaning, sure })

  const card = parseCard(text)
  if (card) return [{ meaning: { is: 'card', card }, sure: true }]
  const badge = parseBadge(text)
  if (badge) return [{ meaning: { is: 'badge', ...badge, person: (await badgeOf(text))?.person ?? null }, sure: true }]
  const upper = text.toUpperCase()
  if (isLabel(upper)) {
    const [container, parcel] = await Promise.all([containerByLabel(site, upper), parcelByWaybill(site, upper)])
    return [{ meaning: { is: 'label', label: upper, container, parcel }, sure: true }]
  }

  const gs1 = parseGs1(text, symbology)
  if (gs1?.ambiguous) return readings(gs1)
  if (gs1?.sscc) {
    const container = await containerByLabel(site, gs1.sscc)
    if (!container && gs1.problems.includes('check_digit')) return [misread(text)]
    add({ is: 'sscc', sscc: gs1.sscc, container }, true)
    if (!gs1.gtin) return guesses
  }
  if (gs1 && gtinOf(gs1)) {
    const found = await goods(gs1)
    return found.every((meaning) => meaning.is === 'gs1') && gs1.problems.includes('check_digit') ? [misread(text)] : found.map((meaning) => ({ meaning, sure: true }))
  }
  if (gs1?.gln) {
    const bin = await binByCode(site, gs1.gln)
    if (bin) add({ is: 'bin', bin, zone: await zoneById(bin.zone_id) }, true)
  }

  // Where goods are scanned one after the other, what is known as one of them and as no serial number is that, whatever else it may be.
  const asGoods = Promise.all([custody(text, ''), barcodeLookup(text)])
  if (expect === 'item') {
    const [{ sold, receipts }, [labelled, ...others]] = await asGoods
    if (labelled && !others.length && !sold.length && !receipts.length)
      return [{ meaning: { is: 'item', ...labelled, quantity: labelled.barcode.quantity, gs1: null }, sure: true }]
  }

  // All that it may be is asked at once: a scan waits for the slowest of the answers, not for each after the other.
  const waybill = normalWaybill(text)
  const [[{ sold, receipts }, labelled], prefixes, parcel, outbound, listed, bin, order] = await Promise.all([
    asGoods, carriers(), parcelByWaybill(site, waybill), outboundByNumber(text), listedAs(waybill), binByCode(site, text), orderByNumber(text),
  ])
  for (const itemId of new Set([...sold, ...receipts].map((each) => each.item_id)))
    add(
      {
        is: 'serial', serial: text, item: await itemById(itemId), sold: sold.filter((line) => line.item_id === itemId),
        receipts: receipts.filter((receipt) => receipt.item_id === itemId), gs1: null,
      },
      true,
    )

  const carrier = carrierOf(waybill, prefixes)
  const outboundByWaybill = outbound?.waybill === waybill ? outbound : null
  const looksLikeWaybill = /^[A-Z]{0,4}[0-9][0-9A-Z-]{7,25}$/.test(waybill) && !/^\d{8}$/.test(waybill)
  if (parcel || outboundByWaybill || listed)
    add({ is: 'waybill', waybill, carrier: parcel?.carrier || listed?.carrier || carrier, parcel, outbound: outboundByWaybill, listed }, true)

  for (const { item, barcode } of labelled) add({ is: 'item', item, barcode, quantity: barcode.quantity, gs1: null }, true)

  if (bin) add({ is: 'bin', bin, zone: await zoneById(bin.zone_id) }, true)
  if (order || (outbound && !outboundByWaybill)) add({ is: 'document', order, outbound: outboundByWaybill ? null : outbound }, true)

  const known = guesses.some(({ sure }) => sure)
  if (!known && gtinOk(text) && text.length <= 14) {
    // Thirteen digits with a right check digit: an item the pack does not have, or, one time in ten, a waybill.
    const retail = RETAIL.test(symbology) || GS1_CARRIER.test(symbology)
    add({ is: 'unknown', text, retail }, retail)
    if (looksLikeWaybill && !RETAIL.test(symbology)) add({ is: 'waybill', waybill, carrier, parcel: null, outbound: null, listed: null }, carrier !== '' || CODE_128.test(symbology))
  } else if (!known && (carrier || (looksLikeWaybill && !RETAIL.test(symbology)))) {
    add({ is: 'waybill', waybill, carrier, parcel: null, outbound: null, listed: null }, carrier !== '')
    if (!carrier && expect !== 'waybill') add({ is: 'unknown', text }, false)
  }
  // A carrier's prefix is a strong sign, even beside an item that happens to have the same code.
  if (!guesses.length && symbology && parse(text, symbology).problems.includes('check_digit')) return [misread(text)]
  if (!guesses.length) add({ is: 'unknown', text, retail: RETAIL.test(symbology) }, true)
  return guesses
}

const misread = (text: string): Guess => ({ meaning: { is: 'unknown', text, retail: true, misread: true }, sure: true })

const gtinOf = (gs1: Gs1): string => gs1.gtin || gs1.content

/** What a GS1 code is on: items of the pack, units of them, or goods the pack does not have. */
async function goods(gs1: Gs1): Promise<Meaning[]> {
  const found = await barcodeLookup(gtinOf(gs1))
  const meanings: Meaning[] = []
  for (const { item, barcode } of found) {
    if (gs1.serial) meanings.push({ is: 'serial', serial: gs1.serial, item, ...(await custody(gs1.serial, item.id)), gs1 })
    else meanings.push({ is: 'item', item, barcode, quantity: (gs1.content ? gs1.count || 1 : gs1.quantity || 1) * barcode.quantity, gs1 })
  }
  return meanings.length ? meanings : [{ is: 'gs1', gs1 }]
}

/**
 * A separator was lost: all ways to read it, for somebody to say which. Where the item is counted by nothing that they differ in there is
 * nothing to ask, and what is doubtful is left out.
 */
async function readings(gs1: Gs1): Promise<Guess[]> {
  const { readings, agreed } = readingsOf(gs1)
  const tracks = (item: Item) => item.lot_tracked || item.serial_tracked || item.expiry_tracked || item.binds_lot
  if (gtinOf(agreed)) {
    const plain = await goods(agreed)
    if (plain.every((meaning) => meaning.is === 'item' && !tracks(meaning.item))) return plain.map((meaning) => ({ meaning, sure: true }))
  }
  const guesses: Guess[] = []
  for (const reading of readings)
    for (const meaning of gtinOf(reading) ? await goods(reading) : [{ is: 'gs1', gs1: reading } as const]) guesses.push({ meaning, sure: true, reading: true })
  return guesses
}

async function custody(serial: string, itemId: string): Promise<{ sold: OutboundLine[]; receipts: Receipt[] }> {
  if (serial.length < 3) return { sold: [], receipts: [] }
  const [sold, receipts] = await Promise.all([soldSerial(serial), lookUp('receipt', 'serial', serial)])
  const ofIt = (one: { item_id: string }) => !itemId || one.item_id === itemId
  return { sold: sold.filter(ofIt), receipts: receipts.filter(ofIt) }
}

function decide(guesses: Guess[], expect: Expect): Classified {
  const read = guesses.filter(({ reading }) => reading).map(({ meaning }) => meaning)
  if (read.length) return { best: read[0]!, candidates: read, ask: true, separator: true }
  const rank = ({ meaning, sure }: Guess) => (sure ? 0 : 100) + ORDER.indexOf(meaning.is)
  const sorted = [...guesses].sort((a, b) => rank(a) - rank(b))
  const likeliest = sorted.filter(({ sure }) => sure === sorted[0]?.sure)
  const meeting = expect ? likeliest.filter(({ meaning }) => MEETS[expect].includes(meaning.is) || (expect === 'item' && meaning.is === 'unknown')) : []
  const left = meeting.length ? meeting : likeliest
  const rest = sorted.filter((guess) => !left.includes(guess))
  return {
    best: left[0]?.meaning ?? null,
    candidates: [...left, ...rest].map(({ meaning }) => meaning),
    // Of two kinds that are equally likely one is asked, and of two items that wear the same code.
    ask: left.length > 1,
  }
}
