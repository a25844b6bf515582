import { expect, test } from 'vitest'
import { code128 } from './code128'

/** Bars and spaces as one row of modules, as a scanner sees them. */
function row(text: string): string {
  const bars = code128(text)!
  let modules = ''
  for (const { x, width } of bars) modules = modules.padEnd(x, '0') + '1'.repeat(width)
  return modules
}

test('a barcode is as wide as its symbols: start, characters, check and stop', () => {
  // Eleven modules each, and thirteen for stop.
  expect(row('B-7K2M')).toHaveLength(11 * (1 + 6 + 1) + 13)
})

test('it begins with start B, and ends with stop', () => {
  expect(row('B-7K2M').slice(0, 11)).toBe('11010010000')
  expect(row('B-7K2M').slice(-13)).toBe('1100011101011')
})

test('the worked example of the standard has its check character', () => {
  // "PJJ123C" in set B sums to 55 modulo 103 (with start A it is 54, as in the textbooks): 55 is 311321.
  expect(row('PJJ123C').slice(-24, -13)).toBe('11101000110')
})

test('long runs of digits are packed two to a symbol', () => {
  expect(row('12345678').length).toBeLessThan(row('ABCDEFGH').length)
})

test('what Code 128 cannot hold is not drawn', () => {
  expect(code128('工牌')).toBeNull()
  expect(code128('')).toBeNull()
})

test('a separator is the function that scanners tell a GS1 code by', () => {
  // FNC1 is 411131: after start C at the beginning, and again between two fields.
  expect(row('\x1d0109506000134352').slice(0, 22)).toBe('11010011100' + '11110101110')
  expect(row('\x1d10AB\x1d21CD').split('11110101110')).toHaveLength(3)
})
