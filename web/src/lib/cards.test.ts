// The sheet of cards and what the floor understands are one list.

import { expect, test } from 'vitest'

import { CARDS } from '../screens/floor/intent'
import { CARD_GROUPS, cardText, defectWord } from './cards'
import { code128 } from './code128'
import { parseCard } from './numbers'

const printed = CARD_GROUPS.flatMap((group) => group.cards)

test('every card on the sheet is understood, and can be printed', () => {
  for (const { word } of printed) {
    expect(parseCard(cardText(word)), word).toBe(word)
    expect(code128(cardText(word)), word).not.toBeNull()
  }
  expect(parseCard(cardText(defectWord('scratch')))).toBe('DEFECT-SCRATCH')
})

test('every card that any screen understands is on the sheet', () => {
  const words = new Set(printed.map(({ word }) => word))
  for (const [place, cards] of Object.entries(CARDS)) for (const word of Object.keys(cards)) expect(words, place).toContain(word)
})

test('no word is printed twice, and none without both languages', () => {
  expect(new Set(printed.map(({ word }) => word)).size).toBe(printed.length)
  for (const { zh, en } of printed) expect(zh && en).toBeTruthy()
})

test('what is no card is none', () => {
  for (const text of ['RSTW:', 'RSTW:X1', 'RSTW:X100', 'RSTW:DEFECT-', 'RSTW:WHATEVER', 'PASS', 'RSTW:S1-AZQWYM-azqwym/_@#']) expect(parseCard(text)).toBeNull()
})
