/** How the desk says things: names in the reader's language, figures, money, moments. What shows them changes with the language. */

import type { Bilingual, ItemRef, Named } from '../../lib/api'
import { lang } from '../../lib/i18n'
import { t } from '../../lib/i18n/desk'
import en from '../../lib/i18n/desk.en'
import zh from '../../lib/i18n/desk.zh'
import { inChinese, reasonInChinese } from '../../lib/i18n/refusals'

let spoken = $state(lang.get())
lang.subscribe((language) => (spoken = language))
const chinese = () => spoken === 'zh-CN'

/** A record's name in the reader's language, or the other one rather than nothing. */
export function nameOf(thing: Named | ItemRef | { name?: string; name_en?: string } | null | undefined): string {
  if (!thing) return ''
  const name = thing.name ?? ''
  return chinese() ? name || thing.name_en || '' : thing.name_en || name
}

export function said(words: string | Bilingual | null | undefined): string {
  if (!words) return ''
  if (typeof words === 'string') return words
  return (chinese() ? words.zh : words.en) || words.zh || words.en || ''
}

/** A sentence of the server's, in the reader's language where it is known. */
export const told = (sentence: string): string => (chinese() ? inChinese(sentence) : sentence)

/** Why a return is not complete: what the server lists in words. */
export const toldReason = (reason: string): string => (chinese() ? reasonInChinese(reason) : reason)

/**
 * The word for a code of the server's (a rule, a state, a kind of event). A code newer than this page is shown as it
 * is: an unknown word is better than an empty cell.
 */
export function wordFor(family: string, code: string): string {
  const key = `${family}.${code}`
  const words: Record<string, string> = chinese() ? zh : en
  return words[key] ?? code.replaceAll('_', ' ')
}

/** The word for a code, or '' where there is none. */
export function wordIfAny(family: string, code: string): string {
  const words: Record<string, string> = chinese() ? zh : en
  return words[`${family}.${code}`] ?? ''
}

export const figure = (n: number): string => new Intl.NumberFormat(spoken).format(n)

/** So many more, or fewer. */
export const difference = (n: number): string => (n > 0 ? '+' : n < 0 ? '−' : '') + figure(Math.abs(n))

const inCurrency = (currency: string) => new Intl.NumberFormat(spoken, { style: 'currency', currency: currency || 'CNY' })

/** Minor units in one of a currency: 100 fen in a yuan, 1 yen in a yen. */
export const minorPer = (currency: string): number => 10 ** (inCurrency(currency).resolvedOptions().maximumFractionDigits ?? 2)

export const money = (minor: number, currency: string): string => inCurrency(currency).format(minor / minorPer(currency))

/** Short where the day is near: `08:05` today, `11-23 08:05` this year, with the year before that. */
export function moment(at: number): string {
  if (!at) return ''
  const date = new Date(at)
  const now = new Date()
  const time = new Intl.DateTimeFormat(spoken, { hour: '2-digit', minute: '2-digit', hour12: false }).format(date)
  if (date.toDateString() === now.toDateString()) return time
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return date.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${date.getFullYear()}-${day} ${time}`
}

export function momentInFull(at: number): string {
  if (!at) return ''
  return new Intl.DateTimeFormat(spoken, { dateStyle: 'medium', timeStyle: 'long', hour12: false }).format(at)
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

export function since(at: number): string {
  if (!at) return ''
  const format = new Intl.RelativeTimeFormat(spoken, { numeric: 'auto', style: 'short' })
  const gone = Date.now() - at
  for (const [unit, size] of STEPS) if (Math.abs(gone) >= size) return format.format(-Math.trunc(gone / size), unit)
  return format.format(0, 'minute')
}

/** How long, in the two largest parts: `4 d 3 h`. */
export function lasting(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  if (d) return t.get()('time.days', { d, h })
  return h ? t.get()('time.hours', { h, m }) : t.get()('time.minutes', { m })
}
