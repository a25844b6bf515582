/** What `/health` says, in one word and then part by part. A part may be a word, yes or no, or facts with a status. */

import type { Health } from '../../lib/api'

export type Part = { name: string; ok: boolean; detail: string }

export function partsOf(health: Health): Part[] {
  return Object.entries(health.parts).map(([name, said]) => {
    if (typeof said === 'boolean') return { name, ok: said, detail: '' }
    if (said && typeof said === 'object' && !Array.isArray(said)) {
      const facts = said as Record<string, unknown>
      const word = facts['status'] ?? facts['state']
      const ok = typeof facts['ok'] === 'boolean' ? facts['ok'] : word === undefined || word === 'ok'
      const words = typeof facts['words'] === 'string' ? facts['words'] : ''
      const rest = Object.entries(facts).filter(([key]) => !['status', 'state', 'ok', 'words'].includes(key))
      return { name, ok, detail: [words, ...rest.map(([key, value]) => `${key.replaceAll('_', ' ')}: ${shown(value)}`)].filter(Boolean).join(' · ') }
    }
    if (Array.isArray(said)) return { name, ok: true, detail: said.map(shown).join(', ') }
    return { name, ok: typeof said !== 'string' || said === 'ok', detail: said === 'ok' ? '' : shown(said) }
  })
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export const healthTone = (health: Health): 'ok' | 'warn' => (health.status === 'ok' ? 'ok' : 'warn')

export const worstPart = (health: Health): string => partsOf(health).find((part) => !part.ok)?.name ?? ''
