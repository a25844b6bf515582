/** What an alert or a conflict says, made from its rule and facts in the reader's language. */

import type { Alert, Conflict } from '../../lib/api'
import { codes } from './codes.svelte'
import { plain } from './values'
import { nameOf, wordFor } from './words.svelte'

export const alertTitle = (alert: Alert): string => wordFor('alert', alert.rule)

/** Facts worth reading aloud; ids are for programs. */
export function factsOf(facts: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(facts)
    .filter(([key, value]) => !/(^|_)(id|ids)$/.test(key) && value !== '' && value !== null && value !== undefined)
    .filter(([, value]) => typeof value !== 'object' || Array.isArray(value))
    .map(([key, value]) => ({ name: wordFor('fact', key), value: factValue(key, value) }))
}

function factValue(key: string, value: unknown): string {
  if (typeof value === 'number' && value > 1_000_000_000_000) return new Date(value).toLocaleString()
  if (key === 'status' && typeof value === 'string') return wordFor('stock', value)
  return plain(value)
}

export function alertLine(alert: Alert): string {
  const about = [alert.order?.number, alert.item ? nameOf(alert.item) : '']
  return [...about, ...factsOf(alert.facts).map((fact) => `${fact.name} ${fact.value}`)].filter(Boolean).slice(0, 5).join(' · ')
}

export const conflictTitle = (conflict: Conflict): string => wordFor('rule', conflict.rule)

export function conflictLine(conflict: Conflict): string {
  const device = conflict.device ? `${conflict.device.code ?? ''} ${conflict.device.name ?? ''}`.trim() : ''
  return [conflict.order?.number, conflict.field && wordFor('field', conflict.field), device].filter(Boolean).join(' · ')
}

/** A field's value as people say it: codes by their names. */
export function fieldValue(field: string, value: unknown): string {
  if (field === 'type_code' && typeof value === 'string') return codes.type(value)
  return plain(value)
}

/** The one action to take. */
export const whatToDo = (alert: Alert): string => wordFor('alert_do', alert.rule)
