// What is said to a person is kept as a way of saying it, so that switching the language retells what already happened.

import { ago, dateOf, lang, nameOf, timeOf } from '../../lib/i18n'
import { t as core } from '../../lib/i18n/core'
import { t as floor } from '../../lib/i18n/floor'
import type { Reason } from '../../lib/match'
import type { Conflict } from '../../lib/protocol'
import { derived, type Readable } from '../../lib/observable'

type Value<R> = R extends Readable<infer T> ? T : never

export interface Words {
  lang: Value<typeof lang>
  t: Value<typeof floor>
  /** Words both faces share: statuses, kinds, checks. */
  core: Value<typeof core>
  /** A thing with two names, in the language of this moment. */
  name: Value<typeof nameOf>
  ago: Value<typeof ago>
  time: Value<typeof timeOf>
  date: Value<typeof dateOf>
}

export type Say = (words: Words) => string

/** In components: `$words.t('key')`, `$words.name(item)`. */
export const words: Readable<Words> = derived(lang, (now) => ({
  lang: now,
  t: floor.get(),
  core: core.get(),
  name: nameOf.get(),
  ago: ago.get(),
  time: timeOf.get(),
  date: dateOf.get(),
}))

const RULES = ['X0', 'X1', 'X2', 'X3', 'X4', 'X5', 'X6', 'X7', 'X8', 'X9', 'X10', 'X11', 'X12', 'X13', 'X14', 'X15', 'X16', 'X17', 'X18'] as const

/** A conflict rule in a person's words. */
export function rule(w: Words, code: string): string {
  const known = RULES.find((one) => one === code)
  return known ? w.t(`rule.${known}`) : code
}

const KEPT = [
  'keep_server', 'take_device', 'enter_value', 'keep_earlier', 'accept', 'reinspect', 'worse_grade', 'keep_first', 'take_later', 'new_revision', 'discard',
  'without_order', 'reinstate', 'moved', 'override', 'adopt', 'void', 'retry', 'keep_both', 'recount', 'void_later', 'reassign', 'apply', 'refuse_goods',
  'inspector_decides', 'split', 'nearest_bin', 'map', 'merge', 'keep_deleted', 'restore', 'wrong_item', 'correct', 'force', 'wait', 'new_number', 'retake',
  'remap', 'review', 'create_item', 'recompute', 'replace_photo',
] as const // prettier-ignore

/** What a supervisor decided, as it now is. */
export function kept(w: Words, option: string): string {
  const known = KEPT.find((one) => one === option)
  return known ? w.t(`kept.${known}`) : option
}

export function decided(w: Words, { state, resolution }: Pick<Conflict, 'state' | 'resolution'>): string {
  if (state === 'auto_resolved') return w.t('verdict.itself')
  return state === 'dismissed' ? w.t('verdict.dismissed') : kept(w, resolution)
}

/** Why an outbound line may be where these goods came from. */
export function why(w: Words, { code, n = 0 }: Reason): string {
  return code === 'tooMany' || code === 'recent' ? w.core(`match.${code}`, { n }) : w.core(`match.${code}`)
}
