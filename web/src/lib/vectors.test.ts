// The answers that Python and TypeScript share: tests/vectors.

import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { checkDigit, gtinForms, parseGs1 } from './gs1'
import { derivedId, uuid7 } from './ids'
import core_en from './i18n/core.en'
import core_zh from './i18n/core.zh'
import { match } from './match'
import { carrierOf, isLabel, isNumber, makeLabel, makeNumber, normalWaybill } from './numbers'
import { allowedDispositions, missingChecks, missingDocuments, needsDecision, proposedDisposition } from './policy'

const vectors = (name: string) => JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), 'utf8'))

const numbers = vectors('numbers')
test.each(numbers.numbers)('document number $number', ({ device, counter, number }) => {
  expect(makeNumber(device, counter)).toBe(number)
  expect(isNumber(number)).toBe(true)
})
test.each(numbers.not_numbers)('no document number: %j', (text) => expect(isNumber(text)).toBe(false))
test.each(numbers.labels)('own label $label', ({ site, counter, label }) => {
  expect(makeLabel(site, counter)).toBe(label)
  expect(isLabel(label)).toBe(true)
})
test.each(numbers.not_labels)('no own label: %j', (text) => expect(isLabel(text)).toBe(false))
test.each(numbers.waybills)('waybill $text', ({ text, waybill }) => expect(normalWaybill(text)).toBe(waybill))
test.each(numbers.carriers.cases)('the carrier of %j is %j', (waybill, code) => expect(carrierOf(waybill, numbers.carriers.table)).toBe(code))
test.each(numbers.ids)('derived id of $parts', ({ parts, id }) => expect(derivedId(...parts)).toBe(id))

test('fresh ids are UUIDv7 and sort in the order they were made', () => {
  const made = Array.from({ length: 5000 }, () => uuid7())
  expect([...made].sort()).toEqual(made)
  expect(new Set(made).size).toBe(5000)
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

const policies = vectors('policies')
test.each(policies.dispositions)('policy: $why', ({ policy, facts, allowed, proposed }) => {
  expect(allowedDispositions(policy, facts)).toEqual(allowed)
  expect(proposedDisposition(policy, facts)).toBe(proposed)
})
test.each(policies.checks)('required checks %#', ({ policy, checks, missing }) => expect(missingChecks(policy, checks)).toEqual(missing))
test.each(policies.documents)('required documents %#', ({ policy, kinds, missing }) => expect(missingDocuments(policy, kinds)).toEqual(missing))
test.each(policies.approval)('scrap of $amount under $policy', ({ policy, amount, needs }) => expect(needsDecision(policy, 'scrap', amount)).toBe(needs))

const gs1 = vectors('gs1')
test.each(gs1.cases)('GS1: $why', ({ text, symbology, reads }) => {
  const found = parseGs1(text, symbology ?? '', new Date(`${gs1.today}T12:00:00Z`))
  if (reads === null) expect(found).toBeNull()
  else expect(found).toMatchObject(reads)
})
test.each(gs1.check_digits)('check digit of %s', (digits, digit) => expect(checkDigit(digits)).toBe(digit))
test.each(gs1.forms)('forms of %s', (text, forms) => expect(gtinForms(text)).toEqual(forms))

test.each(vectors('matching').cases)('matching: $why', ({ wanted, shipped, match: expected }) => expect(match(wanted, shipped)).toEqual(expected))

test('both languages ask for the same values', () => {
  const asked = (text: string) => new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))
  for (const key of Object.keys(core_zh) as (keyof typeof core_zh)[]) expect(asked(core_en[key]), key).toEqual(asked(core_zh[key]))
})
