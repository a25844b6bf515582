// What a return type's policy allows, judged on the device. Twin of server/domain/policies.py; tests/vectors/policies.json holds both
// to the same answers. A key that is not there sets no limit.

import type { Check, DispositionKind, Policy } from './protocol'

export const KINDS: readonly DispositionKind[] = ['restock', 'repair', 'scrap', 'exchange', 'return_to_vendor', 'return_to_customer']

const UNSELLABLE_FIRST: readonly DispositionKind[] = ['repair', 'return_to_vendor', 'scrap', 'return_to_customer', 'exchange']

/** What is known of inspected goods. expiry and today are dates; no expiry is ''. */
export interface Facts {
  verdict?: string
  grade?: string
  expiry?: string
  min_days_to_sell?: number
  today?: string
  /** The lot is held at every site. */
  lot_held?: boolean
}

/** Failed, damaged, expired, nearly expired goods and those of a held lot are never offered for sale. */
export function mayBeSold(facts: Facts): boolean {
  if (facts.verdict === 'fail' || facts.grade === 'D' || facts.lot_held) return false
  if (!facts.expiry || !facts.today) return true
  const left = Math.round((Date.parse(facts.expiry) - Date.parse(facts.today)) / 86_400_000)
  return left >= Math.max(facts.min_days_to_sell ?? 0, 0)
}

export function allowedDispositions(policy: Partial<Policy>, facts?: Facts): DispositionKind[] {
  const named = policy.allowed_dispositions?.length ? policy.allowed_dispositions : KINDS
  return KINDS.filter((kind) => named.includes(kind) && (kind !== 'restock' || !facts || mayBeSold(facts)))
}

/** What the screen has chosen already; '' when the policy leaves nothing. */
export function proposedDisposition(policy: Partial<Policy>, facts: Facts): DispositionKind | '' {
  const allowed = allowedDispositions(policy, facts)
  const preset = policy.default_disposition || ''
  if (mayBeSold(facts)) {
    if (preset && allowed.includes(preset)) return preset
    return allowed.includes('restock') ? 'restock' : (allowed[0] ?? '')
  }
  if (facts.grade === 'D' && allowed.includes('scrap')) return 'scrap'
  if (preset && preset !== 'exchange' && allowed.includes(preset)) return preset
  return UNSELLABLE_FIRST.find((kind) => allowed.includes(kind)) ?? ''
}

/** The checks this type requires that nobody made; 'not applicable' is no answer to a required one. */
export function missingChecks(policy: Partial<Policy>, checks: { check: Check; outcome: string }[]): Check[] {
  const made = new Set(checks.filter((check) => check.outcome !== 'na').map((check) => check.check))
  return (policy.required_checks ?? []).filter((check) => !made.has(check))
}

export function missingDocuments(policy: Partial<Policy>, kinds: string[]): string[] {
  return (policy.required_documents ?? []).filter((kind) => !kinds.includes(kind))
}

/** Whether scrapping goods of this value (minor units) is beyond what an inspector may do alone. */
export function needsDecision(policy: Partial<Policy>, kind: DispositionKind, amount: number): boolean {
  return kind === 'scrap' && policy.scrap_limit !== undefined && amount > policy.scrap_limit
}
