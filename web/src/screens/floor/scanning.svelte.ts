/**
 * Every scan of the floor goes through here, one after the other, whatever screen is open.
 *
 * Behind an alarm or a question scans stand in line: they are neither lost nor taken as the answer. A scan that could not
 * be saved is never beeped for; it raises an alarm that says what was kept.
 */

import { atWork } from '../../lib/calm'
import { classify, type Classified, type Expect, type Meaning } from '../../lib/classify'
import { isCard, parseBadge, parseCard } from '../../lib/numbers'
import { noteScan } from '../../lib/outbox'
import { receiptOf } from '../../lib/queries'
import { lock, session } from '../../lib/auth'
import { practising } from '../../lib/practising'
import type { Scan } from '../../lib/scanner'
import { go, route } from '../../router.svelte'
import type { IconName } from '../../parts/Icon.svelte'
import { undo } from './acts/home'
import { alarm, attention, mayDo } from './acts/tell'
import { act, nameOf, playCard, rowOf, type Place } from './intent'
import { words, type Say } from './say'
import { isQuiet, shift, type LotAnswer, type Option, type Sheet } from './shift.svelte'
import { badge } from './badge.svelte'
import { NEEDS } from './rights'

const EXPECT: Record<Place, Expect | null> = { 'home': null, 'sign-for': 'waybill', 'receive': 'item', 'inspect': 'serial', 'put-away': 'container', 'file': 'document', 'count': 'item' }

const ICONS: Record<Meaning['is'], IconName> = {
  label: 'tote', sscc: 'tote', serial: 'serial', waybill: 'truck', item: 'parcel', gs1: 'parcel', bin: 'bin', document: 'list', badge: 'badge', card: 'ok', unknown: 'help',
} // prettier-ignore

/** Screens without a column of their own take scans as Home does. */
export function place(): Place {
  const here = route.parts[0] ?? ''
  return here in EXPECT ? (here as Place) : 'home'
}

export async function scanned(scan: Scan): Promise<void> {
  const mine = { ...scan, by: session.get()?.person.id }
  if (shift.alarm) {
    if (parseCard(scan.text) === 'OK') return closeAlarm()
    return wait(mine)
  }
  const sheet = shift.sheet
  if (sheet && (await answer(sheet, scan))) return
  if (shift.asksInLine) return wait(mine)
  if (sheet) shift.close()
  if (running) return wait(mine)
  shift.waiting = [...shift.waiting, mine]
  await run()
}

async function wait(scan: Scan): Promise<void> {
  shift.waiting = [...shift.waiting, scan]
  await shift.keepScans()
}

/** The scan whose question was answered with UNDO: what was recorded of it all the same is taken back. */
let takenBack = ''

/** A question is answered by the card of an option or of its place, left by UNDO; a serial or a lot is answered by scanning it. */
async function answer(sheet: Sheet, scan: Scan): Promise<boolean> {
  const card = parseCard(scan.text)
  if (sheet.is === 'choose' || sheet.is === 'reason') {
    const chosen = sheet.asks.options.find((option, n) => card !== null && (option.card === card || String(n + 1) === card))
    if (chosen) sheet.done(chosen.value as never)
    if (chosen) return true
  }
  if (card === 'UNDO' && shift.asksInLine) {
    takenBack = shift.now?.id ?? ''
    shift.close()
    return true
  }
  if (sheet.is === 'serial') {
    const serial = card === null ? serialIn(await classify(scan, 'serial')) : ''
    if (shift.sheet !== sheet) return false // answered meanwhile
    if (serial) sheet.done(serial)
    else if (card === 'NEXT') sheet.done(null)
    return serial !== '' || card === 'NEXT'
  }
  if (sheet.is === 'lot') {
    const said = card === null ? lotIn(await classify(scan, 'serial'), sheet.asks.expiry) : null
    if (shift.sheet !== sheet) return false
    if (said) sheet.done(said)
    else if (card === 'NEXT') sheet.done({ lot: '', expiry: '' })
    return said !== null || card === 'NEXT'
  }
  return false
}

/** Quick hands scan an item and its serial number before they are asked for it: then it stands in line already. */
shift.whenAsked = async (sheet) => {
  const [next] = shift.waiting
  if (!next || isCard(next.text) || (sheet.is !== 'serial' && sheet.is !== 'lot')) return
  if (!(await answer(sheet, next))) return
  shift.waiting = shift.waiting.filter((scan) => scan !== next)
  await shift.keepScans()
}

/** Of what the pack does not know as something else, the text itself: an IMEI looks like a waybill, and so do many lots. */
const strange = ({ candidates }: Classified): string =>
  candidates.every((one) => one.is === 'unknown' || (one.is === 'waybill' && !one.parcel && !one.outbound && !one.listed))
    ? candidates.map((one) => (one.is === 'unknown' ? one.text : one.is === 'waybill' ? one.waybill : ''))[0]!
    : ''

function serialIn(read: Classified): string {
  const { best } = read
  if (best?.is === 'serial') return best.serial
  return (best?.is === 'item' || best?.is === 'gs1' ? best.gs1?.serial : '') || strange(read)
}

function lotIn(read: Classified, expiry: string): LotAnswer | null {
  const { best } = read
  const gs1 = best?.is === 'item' || best?.is === 'gs1' || best?.is === 'serial' ? best.gs1 : null
  const lot = gs1?.lot || strange(read)
  return lot ? { lot, expiry: gs1?.expiry || gs1?.bestBefore || expiry } : null
}

export function closeAlarm(): void {
  shift.lower()
  void run()
}

let running = false

/** Works through the line. Safe to call at any time. */
export async function run(): Promise<void> {
  if (running) return
  running = true
  try {
    while (shift.waiting.length > 0 && !shift.alarm && session.get() && !session.get()?.locked) {
      const [scan, ...rest] = shift.waiting
      shift.now = scan!
      shift.waiting = rest
      if (isCard(scan!.text)) await shift.keepScans()
      await one(scan!)
      await takeBack(scan!)
      noteDown(scan!)
      shift.now = null
      await shift.keepScans()
    }
  } finally {
    running = false
  }
}

const RESULTS = { ok: 'right', own: 'right', warn: 'attention', bad: 'wrong' } as const

/** Looked up, refused or doubted: in the history like what was recorded. Not a badge, which is a secret. Nobody waits for it. */
function noteDown(scan: Scan): void {
  const { result } = shift
  if (isCard(scan.text) || parseBadge(scan.text) || !result) return
  const said = words.get()
  noteScan(scan, RESULTS[result.tone as keyof typeof RESULTS] ?? 'right', result.words(said)).catch((reason: unknown) => console.error('Not in the history', reason))
}

async function takeBack(scan: Scan): Promise<void> {
  if (takenBack === scan.id && (await receiptOf(scan.id))) await attempt(undo)
  takenBack = ''
}

/** Read wrongly once it is read again; what comes the same a second time is printed like that. */
let misread = ''

async function one(scan: Scan): Promise<void> {
  atWork()
  try {
    if (scan.garbled) return attention((w) => w.t('scan.garbled'), { more: (w) => w.t('scan.garbled.more') })
    if (scan.bounce) return attention((w) => w.t('scan.bounce'), { more: (w) => w.t('scan.bounce.more') })
    if (isQuiet()) go('/floor')
    const here = place()
    const read = await classify(scan, EXPECT[here])
    const meaning = read.ask ? await choose(scan, read) : read.best
    if (!meaning) return attention((w) => w.t('scan.left'), { more: (w) => w.t('nothing_done') })

    if (meaning.is === 'unknown' && meaning.misread && misread !== scan.text) {
      misread = scan.text
      return attention((w) => w.t('scan.misread'), { more: (w) => w.t('scan.misread.more') })
    }
    if (meaning.is === 'badge' && practising()) return attention((w) => w.t('practice.no_badge'), { more: (w) => w.t('nothing_done') })
    if (meaning.is === 'badge') return await changePerson(scan)
    const right = NEEDS[here]
    if (right && !(await mayDo(right))) return attention((w) => w.t(`lacks.${right}`), { more: (w) => w.t(`lacks.${right}.todo`) })
    if (meaning.is === 'card') {
      if (!(await playCard(meaning.card, here))) attention((w) => w.t('scan.card_not_here', { card: meaning.card }))
      return
    }
    await act(rowOf(meaning), here, scan)
    if (scan.doubled && shift.result) shift.result = { ...shift.result, more: (w) => w.t('scan.doubled') }
  } catch (error) {
    failed(error)
  } finally {
    atWork()
  }
}

/** Anything that may fail goes through here too: buttons as well as scans. */
export async function attempt(task: () => unknown): Promise<void> {
  try {
    await task()
  } catch (error) {
    failed(error)
  }
}

function failed(error: unknown): void {
  const name = error instanceof Error ? error.name : ''
  console.error(error)
  if (name === 'StorageFull')
    alarm({ what: (w) => w.t('full.what'), kept: (w) => w.t('full.kept'), todo: (w) => w.t('full.todo') })
  else
    alarm({
      what: (w) => w.t('failed.what'),
      kept: (w) => w.t('failed.kept'),
      todo: (w) => w.t('failed.todo', { reason: error instanceof Error ? error.message : String(error) }),
    })
}

async function choose(scan: Scan, { candidates, separator }: Classified): Promise<Meaning | null> {
  const options: Option<Meaning>[] = candidates.map((meaning, n) => ({
    id: `${meaning.is}-${n}`,
    value: meaning,
    icon: ICONS[meaning.is],
    words: (w) => w.t(`kind.${meaning.is}`),
    more: nameOf(meaning),
  }))
  const title: Say = (w) => (separator ? w.t('ask.separator') : w.t('ask.which', { text: scan.text }))
  return (await shift.ask('choose', { title, options })) as Meaning | null
}

/** Another badge: this person leaves, nothing in hand is lost, the next one types a PIN. */
async function changePerson(scan: Scan): Promise<void> {
  badge.scanned = scan.text
  await lock()
}
