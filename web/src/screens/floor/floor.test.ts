import { describe, expect, it } from 'vitest'

import type { Check, CheckResult } from '../../lib/protocol'
import { CHECKS, GRADES, proposedGrade, verdictOf } from './acts/inspect'
import { daysAfter, readDate } from './dates'
import { CARDS, INTENT, rowOf, type Place } from './intent'

const PLACES: Place[] = ['home', 'sign-for', 'receive', 'inspect', 'put-away', 'file', 'count']

function checks(failed: Partial<Record<Check, CheckResult['severity']>> = {}): CheckResult[] {
  return CHECKS.map((check) => ({ check, outcome: check in failed ? 'fail' : 'pass', severity: failed[check] ?? '' }))
}

describe('what a scan means where', () => {
  it('has a cell for everything that can be scanned on every screen', () => {
    for (const row of Object.values(INTENT)) expect(Object.keys(row).sort()).toEqual([...PLACES].sort())
  })

  it('takes a label for a parcel, a container in use, or a new one, in this order', () => {
    const label = { is: 'label', label: 'LSH00000018', container: null, parcel: null } as const
    const parcel = { id: 'p', waybill: 'LSH00000018' } as never
    const container = { id: 'c', label: 'LSH00000018' } as never
    expect(rowOf({ ...label, parcel, container }).kind).toBe('waybill')
    expect(rowOf({ ...label, container }).kind).toBe('usedLabel')
    expect(rowOf(label).kind).toBe('newLabel')
  })

  it('inspects a unit without touching the screen', () => {
    const words = Object.keys(CARDS.inspect)
    for (const check of CHECKS) expect(words).toContain(`FAIL-${check.toUpperCase()}`)
    for (const grade of GRADES) expect(words).toContain(`GRADE-${grade}`)
    expect(words).toEqual(expect.arrayContaining(['PASS', 'FAIL', 'PHOTO', 'NEXT', 'DONE', 'RESTOCK', 'SCRAP']))
  })
})

describe('judging', () => {
  it('proposes the best grade when nothing failed', () => {
    expect([verdictOf(checks()), proposedGrade(checks())]).toEqual(['pass', 'A'])
  })

  it('lets a small flaw pass on conditions', () => {
    const small = checks({ packaging: 'minor' })
    expect([verdictOf(small), proposedGrade(small)]).toEqual(['conditional', 'B'])
  })

  it('never grades what does not work better than C', () => {
    expect(proposedGrade(checks({ function: 'minor' }))).toBe('C')
  })

  it('goes by the gravest failure', () => {
    const grave = checks({ appearance: 'minor', accessories: 'critical' })
    expect([verdictOf(grave), proposedGrade(grave)]).toEqual(['fail', 'D'])
  })
})

describe('dates as they stand on boxes', () => {
  it.each([
    ['260831', '2026-08-31'],
    ['2026.08.31', '2026-08-31'],
    ['20260800', '2026-08-31'],
    ['280200', '2028-02-29'],
  ])('reads %s as %s', (text, date) => expect(readDate(text)).toBe(date))

  it.each(['260231', '2608', '261301', 'soon'])('does not guess %s', (text) => expect(readDate(text)).toBe(''))

  it('computes one date from the other', () => {
    expect(daysAfter('2026-01-31', 30)).toBe('2026-03-02')
    expect(daysAfter('2026-03-02', -30)).toBe('2026-01-31')
  })
})
