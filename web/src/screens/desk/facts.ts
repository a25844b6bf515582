/** What an alert or a conflict says, made from its rule and facts in the reader's language. */

import type { Alert, Conflict, Named } from '../../lib/api'
import { codes } from './codes.svelte'
import { plain } from './values'
import { t } from '../../lib/i18n/desk'
import { figure, moment, nameOf, told, wordFor, wordIfAny } from './words.svelte'

export const alertTitle = (alert: Alert): string => wordFor('alert', alert.rule)

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/

/** Facts worth reading aloud; ids are for programs. */
export function factsOf(facts: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(facts)
    .filter(([key, value]) => !/(^|_)(id|ids)$|^type$/.test(key) && value !== '' && value !== false && value !== null && value !== undefined)
    .filter(([, value]) => (typeof value !== 'object' || Array.isArray(value)) && !ID.test(String(value)))
    .map(([key, value]) => ({ name: wordFor('fact', key), value: factValue(key, value) }))
}

const FAMILY: Record<string, string> = {
  verdict: 'verdict', option: 'option', rule: 'rule', source: 'stock', target: 'stock', kind: 'disposition', fields: 'field',
  checks: 'check', statuses: 'stock', state: 'alert_state', role: 'role',
} // prettier-ignore

function factValue(key: string, value: unknown): string {
  if (typeof value === 'number') return value > 1_000_000_000_000 ? moment(value) : figure(value)
  if (key === 'status' && typeof value === 'string') return wordFor('stock', wordFor('status', value))
  if (key === 'reason' && typeof value === 'string') return wordIfAny('reason_code', value) || value
  if (key === 'name' && typeof value === 'string') return wordIfAny('mutation', value) || value
  if (key === 'why' && typeof value === 'string') return told(value)
  const family = FAMILY[key]
  if (!family) return plain(value)
  // A kind is a disposition's or a document's; whichever knows it says it.
  const word = (code: string) => (key === 'kind' ? wordFor('document', wordFor(family, code)) : wordFor(family, code))
  return Array.isArray(value) ? value.map((one) => word(String(one))).join(', ') : word(plain(value))
}

/** The sentence of each rule, from its facts; a rule newer than this page has its facts listed. */
const SENTENCES: Partial<Record<string, (facts: Record<string, unknown>) => string>> = {
  over_received: (f) => t.get()('says.over_received', { expected: n(f['expected']), received: n(f['received']), over: n(f['over']) }),
  short_received: (f) => t.get()('says.short_received', { expected: n(f['expected']), received: n(f['received']), missing: n(f['missing']) }),
  unexpected_item: (f) => t.get()('says.unexpected_item', { received: n(f['received']), text: f['text'] ? `“${plain(f['text'])}”` : '' }),
  wrong_lot_or_serial: (f) =>
    t.get()('says.wrong_lot_or_serial', { wrong: [f['wrong_lots'], f['wrong_serials']].map(plain).filter(Boolean).join(', '), lots: plain(f['lots']) || '–' }),
  inspection_failed: (f) =>
    t.get()('says.inspection_failed', { n: n(f['failed']), grade: plain(f['grade']), checks: list(f['checks']).map((check) => wordFor('check', check)).join(', ') }),
  inspection_overdue: (f) => t.get()('says.inspection_overdue', { n: n(f['waiting']), since: moment(Number(f['since'])), hours: n(f['hours']) }),
  review_overdue: (f) => t.get()('says.review_overdue', { since: moment(Number(f['since'])), hours: n(f['hours']) }),
  parcel_unclaimed_too_long: (f) => t.get()('says.parcel_unclaimed', { waybill: plain(f['waybill']), since: moment(Number(f['since'])), days: n(f['days']) }),
  near_expiry_stock: (f) => t.get()('says.near_expiry_stock', { n: n(f['quantity']), lot: plain(f['lot']) || '–', expiry: plain(f['expiry']) }),
  lot_held: (f) => t.get()('says.lot_held', { n: n(f['quantity']), lot: plain(f['lot']), reason: plain(f['reason']) }),
  hand_over_waiting: (f) => t.get()('says.hand_over_waiting', { count: n(f['waiting']), n: n(f['quantity']), since: moment(Number(f['oldest_at'])) }),
  number_reported: (f) => t.get()(f['shown'] === undefined ? 'says.money_reported' : 'says.number_reported', { who: plain(f['reported_by']), figure: wordFor('figure', plain(f['figure'])), shown: n(f['shown']), n: n(f['balances']), note: plain(f['note']) }).trim(),
  expired_stock: (f) => t.get()('says.expired_stock', { n: n(f['quantity']), lot: plain(f['lot']) || '–', expiry: plain(f['expiry']) }),
  numbers_lost: (f) => t.get()('says.numbers_lost', { device: `${plain(f['device'])} ${plain(f['name'])}`.trim(), first: n(f['first']), last: n(f['last']) }),
  photo_reused: (f) =>
    t.get()('says.photo_reused', {
      kind: wordFor('photo', plain(f['kind'])),
      before: [plain(f['before_number']), plain(f['before_serial'])].filter(Boolean).join(' · ') || wordFor('word', 'parcel'),
      when: moment(Number(f['before_at'])),
      same: f['same_file'] ? t.get()('says.photo_reused_file') : '',
    }),
  device_silent: (f) => {
    const device = `${plain(f['device'])} ${plain(f['name'])}`.trim()
    if (f['silent'] === false) return t.get()('says.device_keeps', { device, since: moment(Number(f['oldest'])), n: n(f['pending']) })
    return t.get()('says.device_silent', { device, since: moment(Number(f['since'])), n: n(f['pending']) })
  },
  ledger_drift: (f) => t.get()('says.ledger_drift', { balances: n(f['balances']), lines: n(f['lines']), units: n(f['units']) }),
  negative_stock: (f) => t.get()('says.negative_stock', { n: n(f['quantity']), bin: plain(f['bin']) || '–', status: wordFor('stock', plain(f['status'])) }),
}
const n = (value: unknown) => figure(Number(value ?? 0))
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

/** What an alert says, with what it is about; `within` its return order, the number goes without saying. */
export function alertLine(alert: Alert, within = false): string {
  const sentence = SENTENCES[alert.rule]?.(alert.facts) ?? factsOf(alert.facts).map((fact) => `${fact.name} ${fact.value}`).join(' · ')
  return [!within && alert.order?.number, alert.item && nameOf(alert.item), sentence].filter(Boolean).join(' · ')
}

export const hasSentence = (alert: Alert): boolean => alert.rule in SENTENCES

export const conflictTitle = (conflict: Conflict): string => wordFor('rule', conflict.rule)

/** An option's name: under some rules a word means something of its own. */
export const optionName = (rule: string, option: string): string => wordIfAny('option', `${rule}.${option}`) || wordFor('option', option)
export const optionDoes = (rule: string, option: string): string => wordIfAny('option_does', `${rule}.${option}`)

/** The one fact by which people know such a case. */
const KNOWN_BY: Partial<Record<string, (facts: Record<string, unknown>) => string>> = {
  X0: (f) => factValue('name', f['name']),
  X1: (f) => (Number(f['over']) ? `+${n(f['over'])}` : ''),
  X2: (f) => plain(f['serial']) || plain(f['label']),
  X7: (f) => plain(f['bin']),
  X8: (f) => plain(f['text']),
  X13: (f) => factValue('name', f['name']),
  X15: (f) => factValue('name', f['name']),
  X16: (f) => plain(f['number']),
  X17: (f) => plain(f['read']),
  X18: (f) => wordFor('record', plain(f['kind'])),
}

export function conflictLine(conflict: Conflict, within = false): string {
  const device = [...new Set([conflict.device?.code, conflict.device?.name])].filter(Boolean).join(' ')
  const known = KNOWN_BY[conflict.rule]?.(conflict.facts)
  return [!within && conflict.order?.number, conflict.field && wordFor('field', conflict.field), known, device].filter(Boolean).join(' · ')
}

export type Fact = { name: string; value: string; href?: string }
type Known = Record<string, Named & { sku?: string }>

const UNTOLD = new Set(['sold_at', 'weight', 'args', 'sha256', 'symbology', 'position', 'number_of', 'receipt_id', 'line_id', 'disposition_id', 'twin_id', 'mutation_id', 'waits_for', 'numbers', 'count_id', 'movements'])
const YES_NO = new Set(['deleted', 'forceable', 'active', 'confirmed', 'same_goods'])

/** What the rule saw: the case's facts, then the occurrence's evidence; each said once, ids by what they are called. */
export function conflictFacts(rule: string, facts: Record<string, unknown>, named: Known): Fact[] {
  const found: Fact[] = []
  for (const [key, value] of Object.entries(facts)) {
    if (UNTOLD.has(key) || value === '' || value === null || value === undefined) continue
    if (typeof value === 'object' && !Array.isArray(value)) continue
    const fact = conflictFact(rule, key, value, facts, named)
    if (fact?.value && !found.some((one) => one.name === fact.name)) found.push(fact)
  }
  return found
}

function conflictFact(rule: string, key: string, value: unknown, facts: Record<string, unknown>, named: Known): Fact | null {
  const name = wordFor('fact', key.replace(/_id$/, ''))
  const say = (words: string, as = name): Fact => ({ name: as, value: words })
  if (typeof value === 'boolean') return YES_NO.has(key) ? say(t.get()(value ? 'word.yes' : 'word.no')) : null
  if (rule === 'X18' && key === 'id')
    return say(callName(value, named) || codes.type(plain(value)), wordFor('record', plain(facts['kind'])))
  if (rule === 'X18' && key === 'kind') return null
  if (rule === 'X17' && key === 'missing') return say(figure((value as unknown[]).length), wordFor('fact', 'photos_missing'))
  if (rule === 'X17' && key === 'text') return say(plain(value), wordFor('fact', 'photo_text'))
  if (rule === 'X17' && key === 'kind') return say(wordFor('photo', plain(value)), wordFor('fact', 'kind_photo'))
  if (key === 'name') return say(factValue('name', value), wordFor('fact', 'operation'))
  if (key === 'action') return say(wordFor('right', plain(value)))
  if (key === 'problem') return say(wordFor('problem_fact', plain(value)))
  if (key === 'what') return say(wordFor('field', plain(value)))
  if (key === 'holds') return facts['capacity'] ? say(t.get()(value === 'containers' ? 'sites.holds_containers' : 'sites.holds_units')) : null
  if ((key === 'capacity' || key === 'over') && !value) return null
  if (key === 'bin_kind') return say(wordFor('zone', plain(value)))
  const called = typeof value === 'string' ? callName(value, named) : ''
  if (rule === 'X16' && key === 'first') return called ? { ...say(called, wordFor('fact', 'first_document')), href: `/desk/returns/${plain(value)}` } : null
  if ((key === 'earlier' || key === 'later') && called) return { ...say(called), href: `/desk/returns/${plain(value)}` }
  if (called) return say(called)
  return key.endsWith('_id') || key === 'id' || ID.test(plain(value)) ? null : say(factValue(key, value))
}

const callName = (id: unknown, named: Known): string => {
  const found = named[plain(id)]
  return found ? [nameOf(found), found.sku].filter(Boolean).join(' · ') : ''
}

/** A field's value as people say it: codes by their names. */
export function fieldValue(field: string, value: unknown, named: Known = {}): string {
  if (typeof value === 'string') {
    if (field === 'type_code') return codes.type(value)
    if (field === 'verdict' || field === 'grade') return wordFor(field, value)
    if (field === 'kind') return wordFor('disposition', value)
    if (field === 'status' || field === 'origin') return wordFor(field, value)
    const called = named[value]
    if (called) return nameOf(called)
  }
  if (typeof value === 'boolean') return t.get()(value ? 'word.yes' : 'word.no')
  return plain(value)
}

/** The one action to take. */
export const whatToDo = (alert: Alert): string => wordFor('alert_do', alert.rule)
