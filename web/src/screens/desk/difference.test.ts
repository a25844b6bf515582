import { expect, test } from 'vitest'
import { difference } from './difference'

const marked = (text: string, other: string) => difference(text, other).map((run) => (run.differs ? `[${run.text}]` : run.text)).join('')

test('it marks the characters that differ, and only those', () => {
  expect(marked('请在周五前处理', '请在周三前处理')).toBe('请在周[五]前处理')
  expect(marked('GREEN-KETTLE x3', 'GREEN-KETTLE x4')).toBe('GREEN-KETTLE x[3]')
})

test('a text against nothing differs whole, and equal texts not at all', () => {
  expect(marked('new', '')).toBe('[new]')
  expect(marked('', 'old')).toBe('')
  expect(marked('same', 'same')).toBe('same')
})

test('a character of two code units is one character', () => {
  expect(marked('箱📦3', '箱📦4')).toBe('箱📦[3]')
})

test('sentences that share only letters are compared by their words', () => {
  expect(marked('collected on Friday', 'the customer brings it')).toBe('[collected] [on] [Friday]')
})

test('texts too long to compare character by character are compared from both ends', () => {
  const long = 'x'.repeat(1000)
  expect(marked(`${long}A${long}`, `${long}B${long}`)).toBe(`${long}[A]${long}`)
})
