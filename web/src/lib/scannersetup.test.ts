// Three codes tell what a scanner does to every code.

import { expect, test } from 'vitest'

import { characterOf } from './keys'
import type { Heard } from './scanner'
import { learn, SETUP_CODES, settingsOf, type Habits } from './scannersetup'
import { read, WEDGE } from './wedge'

interface Scanner {
  prefix?: string
  suffix?: string
  identifier?: boolean
  gs?: string
  end?: string
  apart?: number
  times?: number
  through?: (character: string) => string
  inOne?: boolean
}

/** As this scanner would send a code. */
function sends(scanner: Scanner, n: 0 | 1 | 2): Heard[] {
  const { prefix = '', suffix = '', identifier = false, gs = '\x1d', end = 'Enter', apart = 2, times = 1, through = (one) => one } = scanner
  const code = SETUP_CODES[n].replace(/^\x1d/, '').replaceAll('\x1d', gs)
  const text = (prefix + (identifier ? (n === 1 ? ']C1' : ']C0') : '') + code + suffix).repeat(times)
  const heard: Heard[] = scanner.inOne
    ? [{ at: 0, by: 'text', text, code: '', meant: '' }]
    : [...text].map((one, at) => ({ at: at * apart, by: 'key', text: through(one), code: '', meant: one === '\x1d' ? '' : one }))
  return end ? [...heard, { at: text.length * apart, by: 'end', text: end, code: '', meant: '' }] : heard
}

function habits(scanner: Scanner): [Habits, Habits, Habits] {
  return ([0, 1, 2] as const).map((n) => {
    const learned = learn(sends(scanner, n), n)
    if (!learned.ok) throw new Error(`code ${n + 1}: ${learned.why}`)
    return learned.habits
  }) as [Habits, Habits, Habits]
}
const set = (scanner: Scanner) => settingsOf(habits(scanner), WEDGE)

test('a scanner as it comes out of its box needs nothing', () => {
  expect(set({})).toEqual(WEDGE)
  expect(set({ inOne: true, end: '' })).toEqual(WEDGE)
  expect(habits({})[0]).toMatchObject({ end: 'Enter', identifier: false, doubled: false, slowest: 2 })
  expect(habits({ inOne: true, end: '' })[0].end).toBe('')
  expect(habits({ end: 'Tab', identifier: true })[1]).toMatchObject({ end: 'Tab', identifier: true, separator: '\x1d' })
})

test('what it puts around a code is taken off from then on, with identifiers and without', () => {
  for (const identifier of [false, true]) {
    const settings = set({ prefix: '~A', suffix: '##', identifier })
    expect(settings).toMatchObject({ prefix: '~A', suffix: '##' })
    expect(read(`~A${identifier ? ']E0' : ''}4006381333931##`, settings)).toMatchObject({ text: '4006381333931', symbology: identifier ? ']E0' : '' })
  }
})

test('what it sends in place of a separator is known, and that it sends none', () => {
  for (const gs of ['|', '{GS}', '^]']) {
    const settings = set({ gs, identifier: true })
    expect(settings.gs).toBe(gs)
    expect(read(`]C10109506000134352${'10A'}${gs}21B`, settings).text).toBe('010950600013435210A\x1d21B')
  }
  expect(habits({ gs: '' })[1].separator).toBe('')
  expect(set({ gs: '' }).gs).toBe('')
})

test('a code sent twice, and a slow scanner, are noticed', () => {
  expect(habits({ times: 2, suffix: '#' })[0].doubled).toBe(true)
  expect(set({ apart: 30 }).gapMs).toBe(80)
  expect(set({ apart: 70 }).gapMs).toBe(105)
  expect(set({ apart: 700 }).gapMs).toBe(150)
})

test('a keyboard of another country is read by its keys, or told', () => {
  const swap: Record<string, string> = { z: 'y', y: 'z', Z: 'Y', Y: 'Z', '-': 'ß', _: '?', '/': '-', '#': '§', '@': '"', ':': 'Ö' }
  const german = { through: (one: string) => swap[one] ?? one }
  expect(set(german).byKey).toBe(true)
  const blind = sends(german, 0).map((one) => ({ ...one, meant: '' })) // a system that does not name keys
  const told = learn(blind, 0)
  if (told.ok || told.why !== 'layout') throw new Error('it should have been told')
  expect(told.swapped).toEqual(expect.arrayContaining([{ sent: 'Z', came: 'Y' }, { sent: '-', came: 'ß' }]))
})

test('Caps Lock, and another code altogether, are told apart from that', () => {
  const capitals = sends({ through: (one) => (one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase()) }, 0)
  expect(learn(capitals.map((one) => ({ ...one, meant: one.text })), 0)).toEqual({ ok: false, why: 'capitals' })
  for (const n of [0, 1, 2] as const) {
    expect(learn([{ at: 0, by: 'text', text: '4006381333931', code: '', meant: '' }], n)).toEqual({ ok: false, why: 'other' })
    expect(learn(sends({}, ((n + 1) % 3) as 0 | 1 | 2), n)).toMatchObject({ ok: false, why: 'other' })
  }
})

test('keys are known by their place', () => {
  expect([characterOf('KeyZ', false, false), characterOf('KeyZ', true, false), characterOf('KeyZ', true, true)]).toEqual(['z', 'Z', 'z'])
  expect([characterOf('Digit2', true, false), characterOf('Numpad2', true, false), characterOf('Minus', true, false), characterOf('F8', false, false)]).toEqual(['@', '2', '_', ''])
})
