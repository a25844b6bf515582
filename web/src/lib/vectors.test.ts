// The answers that Python and TypeScript share: tests/vectors.

import { expect, test } from 'vitest'

import { checkDigit, gtinForms, hri, parse, parseGs1 } from './gs1'
import { derivedId, uuid7 } from './ids'
import core_en from './i18n/core.en'
import core_zh from './i18n/core.zh'
import { match } from './match'
import { carrierOf, isLabel, isNumber, makeLabel, makeNumber, normalWaybill } from './numbers'
import { allowedDispositions, missingChecks, missingDocuments, needsDecision, proposedDisposition } from './policy'

// Plain JSON: what is wrong in it fails its test.
type Vectors = any
const files = import.meta.glob('../../../tests/vectors/*.json', { eager: true, import: 'default' }) as Record<string, Vectors>
const vectors = (name: string): Vectors => files[`../../../tests/vectors/${name}.json`]

function each(what: string, cases: Vectors[], check: (one: Vectors) => void): void {
  for (const one of cases) test(`${what}: ${one.why ?? JSON.stringify(one)}`, () => check(one))
}

const numbers = vectors('numbers')
each('document number', numbers.numbers, ({ device, counter, number }) => {
  expect(makeNumber(device, counter)).toBe(number)
  expect(isNumber(number)).toBe(true)
})
each('no document number', numbers.not_numbers, (text) => expect(isNumber(text)).toBe(false))
each('own label', numbers.labels, ({ site, counter, label }) => {
  expect(makeLabel(site, counter)).toBe(label)
  expect(isLabel(label)).toBe(true)
})
each('no own label', numbers.not_labels, (text) => expect(isLabel(text)).toBe(false))
each('waybill', numbers.waybills, ({ text, waybill }) => expect(normalWaybill(text)).toBe(waybill))
each('carrier', numbers.carriers.cases, ([waybill, code]) => expect(carrierOf(waybill, numbers.carriers.table)).toBe(code))
each('derived id', numbers.ids, ({ parts, id }) => expect(derivedId(...parts)).toBe(id))

test('fresh ids are UUIDv7 and sort in the order they were made', () => {
  const made = Array.from({ length: 5000 }, () => uuid7())
  expect([...made].sort()).toEqual(made)
  expect(new Set(made).size).toBe(5000)
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

const policies = vectors('policies')
each('policy', policies.dispositions, ({ policy, facts, allowed, proposed }) => {
  expect(allowedDispositions(policy, facts)).toEqual(allowed)
  expect(proposedDisposition(policy, facts)).toBe(proposed)
})
each('required checks', policies.checks, ({ policy, checks, missing }) => expect(missingChecks(policy, checks)).toEqual(missing))
each('required documents', policies.documents, ({ policy, kinds, missing }) => expect(missingDocuments(policy, kinds)).toEqual(missing))
each('scrap', policies.approval, ({ policy, amount, needs }) => expect(needsDecision(policy, 'scrap', amount)).toBe(needs))

const gs1 = vectors('gs1')
const gs1Today = new Date(`${gs1.today}T12:00:00Z`)
each('GS1', gs1.cases, ({ text, symbology, kind, elements, problems, readings = [], reads }) => {
  const found = parse(text, symbology, gs1Today)
  expect({ ...found, elements: found.elements.map(({ ai, value }) => [ai, value]), readings: found.readings.map(hri) }).toEqual({
    kind, elements, problems, readings,
  })
  if (reads) expect(parseGs1(text, symbology, gs1Today)).toMatchObject(reads)
  else if (reads === null) expect(parseGs1(text, symbology, gs1Today)).toBeNull()
})
each('GS1 field', gs1.fields, ({ ais, values, problem }) => {
  for (const ai of ais.split(' '))
    for (const value of values) {
      const found = parse(`(${ai})${value}`, '', gs1Today)
      expect(found.problems.filter((code) => code !== 'missing_pair'), `(${ai})${value}`).toEqual(problem ? [problem] : [])
      if (!problem) expect(found.elements).toEqual([{ ai, value }])
    }
})
each('check digit', gs1.check_digits, ([digits, digit]) => expect(checkDigit(digits)).toBe(digit))
each('forms of a GTIN', gs1.forms, ([text, forms]) => expect(gtinForms(text)).toEqual(forms))

each('matching', vectors('matching').cases, ({ wanted, shipped, match: expected }) => expect(match(wanted, shipped)).toEqual(expected))

test('both languages ask for the same values', () => {
  const asked = (text: string) => new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))
  for (const key of Object.keys(core_zh) as (keyof typeof core_zh)[]) expect(asked(core_en[key]), key).toEqual(asked(core_zh[key]))
})
