// Learns a scanner's habits from three codes of which everything is known: what surrounds a code, what became of separators and of
// every letter, how it ends and how quick it is.

import type { Heard } from './scanner'
import type { ScannerSettings } from './wedge'

const GS = '\x1d'
const CONTENT = { gtin: '09506000134352', lot: 'AB12', serial: 'XY34' }

/** Printed on the sheet of command cards and shown on the screen; the second is a GS1-128. */
export const SETUP_CODES = [
  'RSTW:S1-AZQWYM-azqwym/_@#',
  `${GS}01${CONTENT.gtin}10${CONTENT.lot}${GS}21${CONTENT.serial}`,
  'RSTW:S3-0123456789-END',
] as const

export interface Habits {
  prefix: string
  suffix: string
  /** What stands where the separator belongs; GS itself when it is sent, '' when nothing is. */
  separator: string
  identifier: boolean
  doubled: boolean
  end: 'Enter' | 'Tab' | ''
  /** The longest time between two keys; 0 when a code comes as one string. */
  slowest: number
  byKey: boolean
}

export type Learned =
  | { ok: true; habits: Habits }
  /** other: not the code that was to be scanned; capitals: large and small letters are swapped; layout: these came for those. */
  | { ok: false; why: 'other' | 'capitals' }
  | { ok: false; why: 'layout'; swapped: { sent: string; came: string }[] }

/** One code as it was heard, against the one that was to be scanned. */
export function learn(heard: readonly Heard[], n: 0 | 1 | 2): Learned {
  const came = heard.filter((one) => one.by !== 'end')
  const characters = came.filter((one) => one.by === 'text' || one.text.length === 1)
  const raw = characters.map((one) => one.text).join('')
  const meant = characters.map((one) => one.meant || one.text).join('')
  const end = heard.find((one) => one.by === 'end')?.text ?? ''
  const keys = came.filter((one) => one.by === 'key')
  const slowest = keys.slice(1).reduce((longest, one, at) => Math.max(longest, one.at - keys[at]!.at), 0)
  for (const [text, byKey] of [[raw, false], [meant, true]] as const) {
    const found = find(text, n)
    if (found) return { ok: true, habits: { ...found, end: end === 'Tab' ? 'Tab' : end ? 'Enter' : '', slowest: Math.round(slowest), byKey } }
  }
  if (find(otherCase(raw), n)) return { ok: false, why: 'capitals' }
  const swapped = n === 1 ? [] : differences(raw, SETUP_CODES[n])
  return swapped.length > 0 ? { ok: false, why: 'layout', swapped } : { ok: false, why: 'other' }
}

type Found = Pick<Habits, 'prefix' | 'suffix' | 'separator' | 'identifier' | 'doubled'>

function find(text: string, n: 0 | 1 | 2): Found | null {
  const quoted = (part: string) => part.replace(/[^A-Za-z0-9]/g, '\\$&')
  const code = n === 1 ? `01${CONTENT.gtin}10${CONTENT.lot}([^0-9]{0,8}|\\{?GS\\}?)21${CONTENT.serial}` : `${quoted(SETUP_CODES[n])}()`
  const found = new RegExp(code).exec(text)
  if (!found) return null
  const before = text.slice(0, found.index)
  const behind = text.slice(found.index + found[0].length)
  const identified = /\][A-Za-z][0-9A-Za-z]$/.exec(n === 1 ? before.replace(/\x1d$/, '') : before)
  const again = behind.indexOf(found[0])
  return {
    prefix: (n === 1 ? before.replace(/\x1d$/, '') : before).slice(0, identified ? -3 : undefined).trimStart(),
    suffix: (again < 0 ? behind : behind.slice(again + found[0].length)).trimEnd(),
    separator: found[1]!,
    identifier: !!identified,
    doubled: again >= 0,
  }
}

const otherCase = (text: string) => [...text].map((one) => (one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase())).join('')

/** Where most of a code came as it should, the letters that did not: the scanner and this computer go by different keyboards. */
function differences(text: string, code: string): { sent: string; came: string }[] {
  for (let at = 0; at + code.length <= text.length; at++) {
    const pairs = [...code].map((sent, n) => ({ sent, came: text[at + n]! }))
    const wrong = pairs.filter(({ sent, came }) => sent !== came)
    if (wrong.length <= code.length * 0.7 && consistent(pairs)) return wrong.filter((one, n) => wrong.findIndex((other) => other.sent === one.sent) === n)
  }
  return []
}

/** The same letter always came as the same other one. */
function consistent(pairs: { sent: string; came: string }[]): boolean {
  const as = new Map<string, string>()
  return pairs.every(({ sent, came }) => (as.has(sent) ? as.get(sent) === came : (as.set(sent, came), true)))
}

/** What the three together say is to be set; the second alone tells of separators. */
export function settingsOf([one, two, three]: readonly [Habits, Habits, Habits], now: ScannerSettings): ScannerSettings {
  const slowest = Math.max(one.slowest, two.slowest, three.slowest)
  return {
    ...now,
    prefix: one.prefix === three.prefix ? one.prefix : '',
    suffix: one.suffix === three.suffix ? one.suffix : '',
    gs: two.separator === GS ? '' : two.separator,
    byKey: one.byKey || two.byKey || three.byKey,
    // People type slower than this; a scanner that is as slow as they are would have to be told apart some other way.
    gapMs: Math.min(150, Math.max(80, Math.round(slowest * 1.5))),
  }
}
