/**
 * What a scan means where: the heart of the floor, as one table. A row is what was scanned, a column is the screen.
 *
 * Rows that mean the same everywhere (badge, cards) are below the table. Who reads a scan as what is `classify`; here is
 * only what is then done. A cell is one call; what it does in detail stands in `acts/`.
 */

import type { Meaning } from '../../lib/classify'
import { hri } from '../../lib/gs1'
import type { Check, Container, DispositionKind, Grade, Parcel } from '../../lib/protocol'
import type { Scan } from '../../lib/scanner'
import * as count from './acts/count'
import * as file from './acts/file'
import * as home from './acts/home'
import * as inspect from './acts/inspect'
import * as put from './acts/put'
import * as receive from './acts/receive'
import * as sign from './acts/sign'
import { attention, itemName } from './acts/tell'
import type { Say } from './say'
import { shift } from './shift.svelte'

export type Place = 'home' | 'sign-for' | 'receive' | 'inspect' | 'put-away' | 'file' | 'count'

type Is<N extends Meaning['is']> = Extract<Meaning, { is: N }>
/** What the table tells apart: a label is empty, in use, or the number of a parcel that came without one. */
export interface Scanned {
  waybill: { waybill: string; parcel: Parcel | null; outbound: Is<'waybill'>['outbound']; listed: Is<'waybill'>['listed'] }
  document: Is<'document'>
  /** ours: printed beforehand and empty; else somebody's SSCC that nothing here knows of. */
  newLabel: { label: string; ours: boolean }
  usedLabel: { container: Container }
  item: Is<'item'>
  serial: Is<'serial'>
  bin: Is<'bin'>
  /** goods: it comes from goods, so it is no waybill. */
  unknown: { text: string; gs1: Is<'gs1'>['gs1'] | null; goods: boolean }
}
type Row<K extends keyof Scanned> = { [P in Place]: (it: Scanned[K], scan: Scan) => unknown }

const notHere = (words: Say) => () => attention(words, { more: (w) => w.t('nothing_done') })
const finishFirst = notHere((w) => w.t('inspect.finish_first'))
const nothingInIt = notHere((w) => w.t('put.label_empty'))
const takesGoods = notHere((w) => w.t('put.scan_goods'))
const scanGoods = notHere((w) => w.t('file.scan_goods'))
const countGoods = notHere((w) => w.t('count.scan_goods'))
const notKnown = notHere((w) => w.t('home.sscc_unknown'))
const stickOnWhat = notHere((w) => w.t('home.stick_on_what'))

export const INTENT: { [K in keyof Scanned]: Row<K> } = {
  waybill: {
    'home': ({ waybill, outbound, listed }) => receive.openByWaybill(waybill, outbound, listed),
    'sign-for': ({ waybill, listed }) => sign.signIntoLoad(waybill, listed),
    'receive': ({ waybill, outbound, listed }) => receive.openByWaybill(waybill, outbound, listed),
    'inspect': ({ parcel, waybill }) => (parcel ? inspect.filterBy({ parcelId: parcel.id }, () => waybill) : notHere((w) => w.t('inspect.parcel_unknown'))()),
    'put-away': takesGoods,
    'file': ({ outbound, listed }) => file.beginFrom(null, outbound, listed),
    'count': countGoods,
  },
  document: {
    'home': ({ order, outbound }) => home.lookAtOrder(order, outbound),
    'sign-for': ({ order, outbound }) => sign.bindLast(order, outbound),
    'receive': ({ order, outbound }) => receive.bindOrder(order, outbound),
    'inspect': ({ order, outbound }) => (order ? inspect.filterBy({ orderId: order.id }, () => order.number) : inspect.bringShipped(outbound)),
    'put-away': takesGoods,
    'file': ({ order, outbound }) => file.beginFrom(order, outbound),
    'count': countGoods,
  },
  newLabel: {
    'home': ({ ours }) => (ours ? stickOnWhat() : notKnown()),
    'sign-for': ({ label }) => sign.signIntoLoad(label),
    'receive': ({ label }) => receive.startTote(label),
    'inspect': ({ label }) => inspect.startOutcomeTote(label),
    'put-away': ({ ours }) => (ours ? nothingInIt() : notKnown()),
    'file': scanGoods,
    'count': ({ label, ours }) => (ours ? nothingInIt() : count.countUnknown(label, null)),
  },
  usedLabel: {
    'home': ({ container }) => home.lookAtContainer(container),
    'sign-for': ({ container }) => sign.signIntoLoad(container.label),
    'receive': ({ container }) => receive.useTote(container),
    'inspect': ({ container }) => inspect.openTote(container),
    'put-away': ({ container }) => put.pickContainer(container),
    'file': scanGoods,
    'count': ({ container }) => count.countContainer(container),
  },
  item: {
    'home': ({ item, gs1 }) => home.lookAtItem(item, gs1?.lot ?? ''),
    'sign-for': sign.waybillFirst,
    'receive': ({ item, gs1, quantity }) => receive.receiveGoods({ item, gs1, pack: quantity, serial: gs1?.serial ?? '', receipts: [] }),
    'inspect': ({ item, gs1 }) => inspect.bringItem(item, gs1?.lot ?? '', gs1?.serial ?? ''),
    'put-away': ({ item, gs1, quantity }) => put.pickItem(item, gs1?.serial ?? '', quantity, gs1?.lot ?? ''),
    'file': ({ item, gs1, quantity }) => file.addItem(item, quantity, gs1?.serial ?? ''),
    'count': ({ item, gs1, quantity }) => count.countItem(item, gs1, quantity, gs1?.serial ?? ''),
  },
  serial: {
    'home': ({ serial, item }) => home.lookAtSerial(serial, item),
    'sign-for': sign.waybillFirst,
    'receive': ({ item, serial, receipts, gs1 }) => receive.receiveGoods({ item, gs1: gs1 ?? null, pack: 1, serial, receipts }),
    'inspect': ({ serial, item }) => inspect.bringSerial(serial, item),
    'put-away': ({ serial, item }) => put.pickItem(item, serial, 1, ''),
    'file': ({ serial, item }) => file.addItem(item, 1, serial),
    'count': ({ serial, item, gs1 }) => count.countItem(item, gs1, 1, serial),
  },
  bin: {
    'home': ({ bin }) => home.lookAtBin(bin),
    'sign-for': ({ bin }) => sign.setDoor(bin),
    'receive': ({ bin }) => receive.standAt(bin),
    'inspect': ({ bin }) => inspect.benchAt(bin),
    'put-away': ({ bin }) => put.putInto(bin),
    'file': scanGoods,
    'count': ({ bin }) => count.beginBin(bin),
  },
  unknown: {
    'home': ({ text }) => home.lookAtUnknown(text),
    'sign-for': ({ text, goods }, scan) => (goods ? sign.waybillFirst(null, scan) : sign.signIntoLoad(text)),
    'receive': ({ text, gs1 }) => receive.receiveUnknown(text, gs1),
    'inspect': async ({ text }) => (await inspect.scanDefect(text)) || (await inspect.bringUnknown(text)),
    'put-away': async ({ text }) => {
      const item = await home.nameUnknown(text)
      return item ? put.pickItem(item, '', 1, '') : attention((w) => w.t('put.unknown'), { more: () => text })
    },
    'file': ({ text }) => attention((w) => w.t('file.not_shipped'), { more: () => text }),
    'count': ({ text, gs1 }) => count.countUnknown(text, gs1),
  },
}

// —— command cards ————————————————————————————————————————————————————————————————————————————————————————

type Cards = Record<string, () => unknown>

const KINDS: Record<string, DispositionKind> = {
  RESTOCK: 'restock',
  REPAIR: 'repair',
  SCRAP: 'scrap',
  EXCHANGE: 'exchange',
  VENDOR: 'return_to_vendor',
  CUSTOMER: 'return_to_customer',
}
const card = (word: string) => word.toUpperCase()

/** A card does what the button of its screen does, for gloves. UNDO and ×N mean the same everywhere. */
export const CARDS: { [P in Place]: Cards } = {
  'home': {},
  'sign-for': { DONE: sign.finishLoad, DAMAGED: sign.noteDamage, REFUSE: sign.refuse, PHOTO: sign.noteDamage },
  'receive': { DONE: receive.finishParcel, NEXT: receive.finishParcel, EMPTY: receive.emptyParcel, PHOTO: receive.photographParcel, DAMAGED: sign.noteDamage },
  'inspect': {
    PASS: inspect.pass,
    DONE: inspect.save,
    NEXT: inspect.save,
    FAIL: inspect.askWhatFailed,
    PHOTO: inspect.photographUnit,
    ...Object.fromEntries(inspect.CHECKS.map((check: Check) => [card(`FAIL-${check}`), () => inspect.failCheck(check)])),
    ...Object.fromEntries(inspect.GRADES.map((grade: Grade) => [`GRADE-${grade}`, () => inspect.chooseGrade(grade)])),
    ...Object.fromEntries(Object.entries(KINDS).map(([word, kind]) => [word, () => inspect.chooseKind(kind)])),
  },
  'put-away': {},
  'file': { DONE: file.submit },
  'count': { DONE: count.finish, NEXT: count.finish, PHOTO: count.photographAnswer },
}

/** Returns false when this card means nothing here. */
export async function playCard(word: string, place: Place): Promise<boolean> {
  const many = /^X(\d{1,2})$/.exec(word)
  if (word === 'UNDO') await (place === 'count' && shift.work.counting ? count.undoCount() : home.undo())
  else if (many && place === 'inspect') await inspect.setQuantityByCard(Number(many[1]))
  else if (many) home.times(Number(many[1]))
  else if (word.startsWith('DEFECT-') && place === 'inspect') await inspect.failForDefect(word.slice('DEFECT-'.length))
  else if (word.startsWith('ARRIVED-')) await home.arrived(word)
  else if (CARDS[place][word]) await CARDS[place][word]()
  else return false
  return true
}

// —— reading a meaning as a row of the table ——————————————————————————————————————————————————————————————

type Read = { [K in keyof Scanned]: { kind: K; it: Scanned[K] } }[keyof Scanned]

export function rowOf(meaning: Exclude<Meaning, { is: 'badge' | 'card' }>): Read {
  switch (meaning.is) {
    case 'label': {
      if (meaning.parcel) return { kind: 'waybill', it: { waybill: meaning.parcel.waybill, parcel: meaning.parcel, outbound: null, listed: null } }
      if (meaning.container) return { kind: 'usedLabel', it: { container: meaning.container } }
      return { kind: 'newLabel', it: { label: meaning.label, ours: true } }
    }
    // One of somebody else's that nobody has used here becomes ours by being used.
    case 'sscc':
      return meaning.container ? { kind: 'usedLabel', it: { container: meaning.container } } : { kind: 'newLabel', it: { label: meaning.sscc, ours: false } }
    case 'waybill':
      return { kind: 'waybill', it: meaning }
    case 'gs1':
      return { kind: 'unknown', it: { text: meaning.gs1.gtin || meaning.gs1.content || hri(meaning.gs1.elements), gs1: meaning.gs1, goods: true } }
    case 'unknown':
      return { kind: 'unknown', it: { text: meaning.text, gs1: null, goods: meaning.retail ?? false } }
    case 'document':
      return { kind: 'document', it: meaning }
    case 'item':
      return { kind: 'item', it: meaning }
    case 'serial':
      return { kind: 'serial', it: meaning }
    case 'bin':
      return { kind: 'bin', it: meaning }
  }
}

export function act({ kind, it }: Read, place: Place, scan: Scan): unknown {
  // The row and its cell belong together by construction; the compiler cannot follow that through an index.
  return (INTENT[kind] as Row<typeof kind>)[place](it as never, scan)
}

/** Said of a candidate when a code can be read two ways. */
export function nameOf(meaning: Meaning): Say {
  switch (meaning.is) {
    case 'item':
      return (w) => [itemName(meaning.item)(w), ...printed(meaning.gs1)(w)].join(' · ')
    case 'serial':
      return (w) => [itemName(meaning.item)(w), ...(meaning.gs1 ? printed(meaning.gs1)(w) : [meaning.serial])].filter(Boolean).join(' · ')
    case 'gs1':
      return (w) => [meaning.gs1.gtin, ...printed(meaning.gs1)(w)].filter(Boolean).join(' · ')
    case 'bin':
      return () => meaning.bin.code
    case 'document':
      return () => meaning.order?.number ?? meaning.outbound?.number ?? ''
    case 'waybill':
      return (w) => (meaning.parcel || meaning.listed ? w.t('ask.waybill_known') : meaning.carrier || w.t('ask.waybill_new'))
    default:
      return () => ''
  }
}

/** Lot, serial number and dates as they stand in a code. */
const printed =
  (gs1: Is<'gs1'>['gs1'] | null) =>
  (w: Parameters<Say>[0]): string[] => {
    if (!gs1) return []
    const { lot, serial, expiry, bestBefore, production } = gs1
    const said = [lot && w.t('receive.lot', { lot }), serial && w.t('ask.serial', { serial }), production && w.t('ask.made', { date: production })]
    const until = expiry || bestBefore
    return [...said, until && w.t('ask.until', { date: until })].filter(Boolean)
  }
