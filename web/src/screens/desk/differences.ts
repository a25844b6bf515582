/** A difference in words: its likely cause from code and facts, and where its evidence is. */

import { t } from '../../lib/i18n/desk'
import type { Named } from '../../lib/api'
import { link } from './address.svelte'
import { plain } from './values'
import { figure, moment, nameOf, wordFor, wordIfAny } from './words.svelte'

type Facts = Record<string, unknown>
type Known = Record<string, Named>

/** "{person} {at} …" with names for ids and moments for times; a cause newer than this page says its code. */
export function sentence(family: string, code: string, facts: Facts, named: Known = {}): string {
  const text = wordIfAny(family, code)
  if (!text) return wordFor(family, code)
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) =>
    one === undefined ? said(name, facts, named) : Number(facts[name]) === 1 ? one : (many ?? one),
  )
}

function said(name: string, facts: Facts, named: Known): string {
  const id = plain(facts[`${name}_id`])
  if (id === 'system') return 'Restow'
  if (named[id]) return nameOf(named[id]) || plain(facts[name])
  const value = facts[name]
  if (typeof value === 'number') return /^(at|since|until|as_of|contact|.*_at)$/.test(name) ? (value ? moment(value) : t.get()('likely.never')) : figure(value)
  if (name === 'disposition') return wordFor('disposition', plain(value))
  if (name === 'role') return wordFor('role', plain(value))
  if (name === 'part') return wordFor('part', plain(value))
  if (name === 'name') return wordIfAny('mutation', plain(value)) || plain(value)
  return plain(value) || '–'
}

/** The most telling record the facts lead to. */
export function evidence(facts: Facts): string {
  const id = (name: string) => plain(facts[name])
  if (id('conflict_id')) return `/desk/conflicts/${id('conflict_id')}`
  if (id('count_id')) return `/desk/stock/counts/${id('count_id')}`
  if (id('parcel_id')) return `/desk/parcels/${id('parcel_id')}`
  if (id('outbound_id')) return `/desk/outbound/${id('outbound_id')}`
  if (id('order_id')) return `/desk/returns/${id('order_id')}`
  if (id('device_id')) return link('/desk/devices', { open: id('device_id') })
  if (id('item_id')) return link('/desk/stock/entries', { item: id('item_id') })
  return ''
}
