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
        if (apart > wedge.patience && n) wedge.silence()
        wedge.key(character, now)
      }
    },
    insert: (text: string) => wedge.text(text, now),
    enter: () => void wedge.end((now += 5)),
    silence: () => {
      now += 200
      wedge.silence()
    },
    texts: () => found.map((reading) => reading.text),
  }
}

test('a code with Enter after it', () => {
  const one = scanner()
  one.type('4006381333931')
  one.enter()
  expect(one.found).toEqual([{ text: '4006381333931', whole: '4006381333931', symbology: '', raw: '4006381333931', doubled: false, bounce: false, garbled: false }])
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

test('a key held down is no scan, fast as it repeats', () => {
  const one = scanner()
  one.type('000000')
  one.wedge.held(1030)
  one.enter()
  one.type('4006381333931')
  one.enter()
  expect(one.texts()).toEqual(['4006381333931'])
})

test('two or three keys rolled by a quick hand are no scan; the same from a scanner is', () => {
  const one = scanner()
  one.type('A1', 60)
  one.enter()
  one.type('ok', 20)
  one.wait(150)
  one.enter()
  expect(one.texts()).toEqual([])
  one.wait(1000)
  one.type('A1', 30)
  one.enter()
  expect(one.texts()).toEqual(['A1'])
})

test('a slow scanner that sends a code twice sends one; two units scanned with it are two', () => {
  const one = scanner()
  const send = () => {
    one.type('4006381333931', 30)
    one.enter()
  }
  send()
  one.wait(30)
  send()
  one.wait(140) // quicker than anybody takes up the next unit, and still not at once
  send()
  expect(one.found.map(({ bounce }) => bounce)).toEqual([false, true, false])
})

test('what stands for the separator is one in GS1 codes, and itself in any other', () => {
  const settings = { ...WEDGE, gs: '|' }
  expect(read(']d2010950600013435210A1|21B', settings).text).toBe('010950600013435210A1\x1d21B')
  expect(read('010950600013435210A1|21B', settings).text).toBe('010950600013435210A1\x1d21B')
  expect(read(']Q1a|b', settings).text).toBe('a|b')
  expect(read('A|B', settings).text).toBe('A|B')
})

test('an Enter just behind a code still belongs to it', () => {
  const one = scanner()
  one.type('4006381333931')
  expect(one.wedge.justDone(1070)).toBe(false)
  one.enter()
  expect(one.wedge.justDone(1150)).toBe(true)
  expect(one.wedge.justDone(1500)).toBe(false)
})

test('the Enter behind a PIN typed by hand is the hand\u2019s; behind a code, quick or slow, it never is', () => {
  const one = scanner()
  one.type('2580', 150)
  expect(one.wedge.end(5000)).toBe(false)
  one.type('4006381333931', 150) // a scanner slower than this device knows
  expect(one.wedge.end(9000)).toBe(true)
  one.type('4006381333931')
  expect(one.wedge.end(9100)).toBe(true)
})
