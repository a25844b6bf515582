/** Addresses of the desk: every filter and every open row is one, so that it can be sent to somebody else. */

import { route } from '../../router.svelte'

/** The present query on another path, with some of it changed; '' leaves a name out. */
export function addressOf(path: string, change: Record<string, string> = {}): string {
  const query = new URLSearchParams(route.query)
  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value)
    else query.delete(name)
  }
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** A path with a query of its own; '' leaves a name out. */
export function link(path: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString()
  return text ? `${path}?${text}` : path
}

/** Everything an address of the desk may ask. */
const NAMES = [
  'site', 'status', 'state', 'type', 'rule', 'customer', 'item', 'bin', 'lot', 'serial', 'container', 'balance', 'order',
  'owner', 'zone', 'expiry', 'expiry_from', 'expiry_to', 'only', 'as_of', 'move', 'mutation', 'line',
  'person', 'group', 'kind', 'sort', 'q', 'open', 'tab', 'device', 'mutations', 'refused', 'severity', 'age',
  'assignee', 'cols', 'filed', 'since', 'until', 'origin', 'from', 'view', 'who', 'most',
] as const // prettier-ignore
export type Name = (typeof NAMES)[number]

class Asked {
  #name: Name
  readonly value: string = $derived.by(() => route.query.get(this.#name) ?? '')
  constructor(name: Name) {
    this.#name = name
  }
}
const ASKED = Object.fromEntries(NAMES.map((name) => [name, new Asked(name)])) as Record<Name, Asked>

/** What the address asks under this name. Each name by itself: opening a row does not read the list beside it again. */
export const asked = (name: Name): string => ASKED[name].value

/** The words a path holds where the pattern has `:name`, or null: `match('/desk/returns/:id', path)`. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split('/')
  const have = path.replace(/\/+$/, '').split('/')
  if (want.length !== have.length) return null
  const found: Record<string, string> = {}
  for (const [i, part] of want.entries()) {
    if (part.startsWith(':')) found[part.slice(1)] = decodeURIComponent(have[i]!)
    else if (part !== have[i]) return null
  }
  return found
}
