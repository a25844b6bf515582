/** What each kind of thing that waits says of itself: in To do's rows, above its decision, among several that are decided together. */

import type { Alert, Conflict, Decision, Difference, Disposition, Parcel, ReturnRow, Rows, Task, Todo, TodoKind } from '../../lib/api'
import { t } from '../../lib/i18n/desk'
import type { IconName } from '../../parts/Icon.svelte'
import type { Tone } from '../../parts/tone'
import { addressOf, link } from './address.svelte'
import { codes } from './codes.svelte'
import { sentence } from './differences'
import { alertLine, alertTitle, conflictLine, conflictTitle, optionDoes, optionName } from './facts'
import type { Action } from './me.svelte'
import { plain } from './values'
import { difference as signed, figure, money, nameOf, wordFor, wordIfAny } from './words.svelte'

export type Matter = {
  kind: TodoKind; id: string; title: string; line: string
  /** The line where its return order goes without saying. */
  within: string
  order: string; number: string; at: number; due: number; site: string; place: string
  mark?: { tone: Tone; words: string }
  who?: { id: string; name: string }
  /** Things of one sort have the same ways out. */
  sort: string; sortName: string
} // prettier-ignore

export const ICONS: Record<TodoKind, IconName> = { review: 'sign', conflict: 'split', alert: 'bell', unclaimed: 'parcel', disposition: 'inspect', difference: 'scale', task: 'person' }

const joined = (...parts: (string | false | null | undefined)[]) => parts.filter(Boolean).join(' · ')
const units = (n: number) => t.get()('units', { n: figure(n) })
const bad = (words: string) => ({ tone: 'bad' as Tone, words })
const warn = (words: string) => ({ tone: 'warn' as Tone, words })

const OF: { [Kind in TodoKind]: (row: Rows[Kind]) => Omit<Matter, 'kind' | 'id' | 'site'> } = {
  review: (one: ReturnRow & { due_at?: number }) => ({
    title: joined(one.number, nameOf(one.customer)), within: '', order: one.id, number: one.number, at: one.submitted_at || one.created_at,
    line: joined(codes.type(one.type_code), !!one.expected && units(one.expected), one.submitted_by_name),
    due: one.submitted_at ? (one.due_at ?? 0) : 0, place: '', sort: 'review', sortName: t.get()('todo.review'),
  }),
  conflict: (one: Conflict) => ({
    title: conflictTitle(one), line: conflictLine(one), within: conflictLine(one, true), order: one.order_id, number: one.order?.number ?? '',
    at: one.opened_at, due: one.due_at, who: { id: one.assigned_to, name: one.assigned_to_name ?? '' },
    place: [...new Set((one.places ?? []).map((each) => nameOf({ name: each.zone, name_en: each.zone_en })))].join(', '),
    sort: `conflict ${one.rule}`, sortName: conflictTitle(one),
    ...(one.replied_at ? { mark: warn(t.get()('conflict.replied')) } : one.blocking && { mark: bad(t.get()('conflict.blocking')) }),
  }),
  alert: (one: Alert) => ({
    title: alertTitle(one), line: alertLine(one), within: alertLine(one, true), order: one.order_id, number: one.order?.number ?? '', at: one.first_at,
    due: 0, place: '', who: { id: one.assigned_to, name: one.assigned_to_name ?? '' }, sort: `alert ${one.rule}`, sortName: alertTitle(one),
    ...(one.severity === 'critical' && { mark: bad(t.get()('severity.critical')) }),
  }),
  unclaimed: (one: Parcel) => ({
    title: one.waybill, within: '', order: '', number: '', at: one.unclaimed_at || one.signed_at, due: 0, place: '', sort: 'unclaimed', sortName: t.get()('todo.unclaimed'),
    line: joined(one.carrier_name || codes.carrier(one.carrier), ...(one.items ?? []).slice(0, 3).map((item) => nameOf(item))),
  }),
  disposition: (one: Disposition) => ({
    title: joined(wordFor('disposition', one.kind), `${nameOf(one.item)} × ${figure(one.quantity)}`), order: one.order_id, number: one.order?.number ?? '',
    line: joined(one.order?.number, one.by_name, one.reason), within: joined(one.by_name, one.reason), at: one.at, due: 0, place: '',
    sort: `disposition ${one.kind}`, sortName: joined(t.get()('todo.disposition'), wordFor('disposition', one.kind)),
  }),
  difference: (one: Difference) => {
    const about = joined(one.item && nameOf(one.item), one.bin?.name, one.lot, `${figure(one.expected)} → ${figure(one.found)} (${signed(one.found - one.expected)})`, one.value ? money(one.value, one.currency) : '')
    return {
      title: wordFor('difference', one.kind), line: joined(one.order?.number, about), within: about, order: one.order?.id ?? '', number: one.order?.number ?? '',
      at: one.first_at, due: 0, place: '', who: { id: one.assigned_to, name: one.assigned_to_name }, sort: `difference ${one.kind}`, sortName: wordFor('difference', one.kind),
    }
  },
  task: (one: Task) => {
    const about = joined(one.question && `“${one.question}”`, one.assignee_name || t.get()('task.anyone'))
    return {
      title: joined(wordFor('task_kind', one.kind), one.bin?.code, one.item && nameOf(one.item)), line: joined(one.order?.number, about), within: about,
      order: one.order_id, number: one.order?.number ?? '', at: one.raised_at, due: one.due_at, place: '', who: { id: one.assignee, name: '' },
      mark: { tone: 'none' as Tone, words: t.get()('task.waits') }, sort: 'task', sortName: t.get()('todo.task'),
    }
  },
} // prettier-ignore

export function matter<Kind extends TodoKind>(kind: Kind, row: Rows[Kind]): Matter {
  const of = OF[kind] as (row: Rows[Kind]) => Omit<Matter, 'kind' | 'id' | 'site'>
  return { kind, id: row.id, site: row.site_id ?? '', ...of(row) }
}

export const mattersOf = (of: Todo): Matter[] => [
  ...of.reviews.map((one) => matter('review', one)), ...of.conflicts.map((one) => matter('conflict', one)), ...of.alerts.map((one) => matter('alert', one)),
  ...of.differences.map((one) => matter('difference', one)), ...of.unclaimed.map((one) => matter('unclaimed', one)),
  ...of.dispositions.map((one) => matter('disposition', one)), ...of.tasks.map((one) => matter('task', one)),
] // prettier-ignore

/** Who decides it. */
export const DECIDES = {
  review: 'review', conflict: 'resolve', alert: 'handle_alert', difference: 'handle_difference', unclaimed: 'claim_parcel', disposition: 'decide_disposition', task: 'raise_task',
} satisfies Record<TodoKind, Action> // prettier-ignore

/** Where it is decided; beside the list one comes from. */
export const placeOf = (kind: TodoKind, id: string): string => addressOf(`/desk/todo/${kind}/${id}`)

/** The page it belongs to, where more of it is. */
export function homeOf(found: Decision): string {
  if (found.kind === 'unclaimed') return `/desk/parcels/${found.id}`
  const order = found.order?.id
  return order ? `/desk/returns/${order}` : ''
}

const ALERT_PAGES: Partial<Record<string, (alert: Alert) => string>> = {
  number_reported: (alert) => `/desk/stock/reports/${plain(alert.facts['report_id'])}`,
  hand_over_waiting: (alert) => link('/desk/stock/hand-overs', { site: alert.site_id }),
  lot_held: () => '/desk/stock/lots',
}
/** The page on which an alert is dealt with, where it is not here. */
export const alertPage = (alert: Alert): string => ALERT_PAGES[alert.rule]?.(alert) ?? ''

// —— the words of its ways out ——————————————————————————————————————————————————————————————————————————————

export const wayName = (found: Decision, name: string): string =>
  (found.kind === 'conflict' && !['dismiss', 'look'].includes(name) && optionName(found.row.rule, name)) ||
  wordIfAny('way', `${found.kind}.${name}`) || wordIfAny('way', name) || wordFor('disposition', name) // prettier-ignore

export const wayDoes = (found: Decision, name: string): string =>
  (found.kind === 'conflict' && optionDoes(found.row.rule, name)) || wordIfAny('way_does', `${found.kind}.${name}`) || wordIfAny('way_does', name)

/** Why it is suggested: as the facts have it, else as the rule has it. */
export function wayWhy(found: Decision, name: string): string {
  const { row, kind } = found
  const rule = kind === 'conflict' ? wordIfAny('rule_why', `${row.rule}_${name}`) || wordIfAny('rule_why', row.rule) : ''
  const alert = kind === 'alert' && name === 'resolve' ? wordIfAny('alert_do', row.rule) : ''
  return rule || alert || wordIfAny('way_why', `${kind}.${name}`) || wordIfAny('way_why', name)
}

/** Sentences a note begins from. */
export const phrases = (found: Decision, name: string): string[] => {
  const key = found.kind === 'difference' || name === 'look' ? `${name === 'look' ? '' : 'difference.'}${name}` : `${found.kind}.${name}`
  return (wordIfAny('phrases', key) || '').split(' | ').filter(Boolean)
}

/** What happened, in one sentence. */
export function leadOf(found: Decision): string {
  if (found.kind === 'conflict') return wordFor('rule_means', found.row.rule)
  if (found.kind === 'alert') return alertLine(found.row)
  if (found.kind === 'difference') return sentence('likely', found.row.cause, found.row.facts, found.row.named)
  if (found.kind === 'disposition') return t.get()('disposition.lead', { name: found.row.by_name ?? '', kind: wordFor('disposition', found.row.kind), n: found.row.quantity })
  if (found.kind === 'task') return found.row.question && `“${found.row.question}”`
  if (found.kind === 'unclaimed') return t.get()('unclaimed.lead')
  return found.row.note
}
