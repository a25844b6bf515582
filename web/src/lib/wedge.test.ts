// A scanner types; so do people. Told apart, and a scanner's bad habits seen.

import { expect, test } from 'vitest'

import { read, Wedge, WEDGE, type Reading, type ScannerSettings } from './wedge'

function scanner(settings: Partial<ScannerSettings> = {}) {
  const found: Reading[] = []
  const wedge = new Wedge(() => ({ ...WEDGE, ...settings }), (reading) => found.push(reading))
  let now = 1000
  return {
    found,
    wedge,
    wait: (ms: number) => void (now += ms),
    /** Characters one by one, so many milliseconds apart. */
    type(text: string, apart = 5) {
      for (const [n, character] of [...text].entries()) {
        if (n) now += apart
        if (apart > wedge.patience && n) wedge.silence(now)
        wedge.key(character, now)
      }
    },
    insert: (text: string) => wedge.text(text, now),
    enter: () => wedge.end((now += 5)),
    silence: () => wedge.silence((now += 200)),
    texts: () => found.map((reading) => reading.text),
  }
}

test('a code with Enter after it', () => {
  const one = scanner()
  one.type('4006381333931')
  one.enter()
  expect(one.found).toEqual([{ text: '4006381333931', whole: '4006381333931', symbology: '', raw: '4006381333931', doubled: false, bounce: false }])
})

test('a code with nothing after it is whole when nothing comes for a moment', () => {
  const one = scanner()
  one.type('SF1234567890')
  expect(one.texts()).toEqual([])
  one.silence()
  expect(one.texts()).toEqual(['SF1234567890'])
})

test('a whole string at once, with and without a line end', () => {
  const one = scanner()
  one.insert('LSH00001230')
  one.silence()
  one.insert('A-01-02\nA-01-03\r\n')
  expect(one.texts()).toEqual(['LSH00001230', 'A-01-02', 'A-01-03'])
})

test('what a hand types is no scan, with or without Enter', () => {
  const one = scanner()
  one.type('4006381333931', 180)
  one.enter()
  one.type('hello', 85)
  one.enter()
  one.type('x')
  one.enter()
  expect(one.texts()).toEqual([])
})

test('a slow scanner, once the device is told how slow it is', () => {
  const one = scanner({ gapMs: 150 })
  one.type('4006381333931', 120)
  one.enter()
  expect(one.texts()).toEqual(['4006381333931'])
})

test('prefix and suffix of the scanner are taken off, the identifier is kept', () => {
  const one = scanner({ prefix: '~', suffix: '#' })
  one.type('~]C1010950600013435210A#')
  one.enter()
  expect(one.found[0]).toMatchObject({ text: '010950600013435210A', symbology: ']C1' })
})

test('a code sent doubled is one scan, and said', () => {
  const one = scanner()
  one.type('43542104354210')
  one.enter()
  expect(one.found[0]).toMatchObject({ text: '4354210', whole: '43542104354210', doubled: true })
  expect(read(']E04006381333931]E04006381333931', WEDGE)).toMatchObject({ text: '4006381333931', symbology: ']E0', doubled: true })
  expect(read('A1A1', WEDGE)).toMatchObject({ text: 'A1A1', doubled: false })
})

test('the trigger bouncing is told from two real items', () => {
  const one = scanner()
  one.type('4006381333931')
  one.enter()
  one.wait(100)
  one.type('4006381333931')
  one.enter()
  one.wait(400)
  one.type('4006381333931')
  one.enter()
  expect(one.found.map((reading) => reading.bounce)).toEqual([false, true, false])
})

test('separators of GS1 survive, blanks around the code do not', () => {
  const one = scanner()
  one.insert(' ]d2010950600013435210A\u001d21B \t')
  one.silence()
  expect(one.found[0]).toMatchObject({ text: '010950600013435210A\u001d21B', symbology: ']d2' })
})

test('while a code is under way Enter is its end, afterwards it is a key like any other', () => {
  const one = scanner()
  one.type('ABC123')
  expect(one.wedge.busy).toBe(true)
  one.enter()
  expect(one.wedge.busy).toBe(false)
})
