// What a keyboard-wedge scanner types, told from what a hand types. No DOM here: `scanner.ts` feeds it keys and text with their times.

export interface ScannerSettings {
  /** What the scanner has been set up to send before and after each code, to be taken off. */
  prefix: string
  suffix: string
  /** The same code within this time is the trigger bouncing, not a second item. */
  bounceMs: number
  /** Scanners type faster than this between two keys, people slower. A hint, used only where nobody can be typing into a field. */
  gapMs: number
}

export const WEDGE: ScannerSettings = { prefix: '', suffix: '', bounceMs: 250, gapMs: 80 }

export interface Reading {
  /** The code itself: without what surrounds it, and once only when the scanner sent it doubled. */
  text: string
  /** All of it, where it came doubled: a code that happens to repeat itself may still be a known one. */
  whole: string
  /** The AIM identifier, as ']C1', or ''. */
  symbology: string
  raw: string
  doubled: boolean
  bounce: boolean
}

const SHORTEST_WITHOUT_ENTER = 4
const SHORTEST_DOUBLED = 6

/** A code as it came: identifier taken off and kept, doubling seen. */
export function read(raw: string, settings: ScannerSettings): Omit<Reading, 'bounce'> {
  // Blanks around a code are the scanner's set-up, a separator (GS) is part of it.
  let text = trimmed(raw)
  if (settings.prefix && text.startsWith(settings.prefix)) text = text.slice(settings.prefix.length)
  if (settings.suffix && text.endsWith(settings.suffix)) text = text.slice(0, -settings.suffix.length)
  let symbology = ''
  const identifier = /^\][A-Za-z][0-9A-Za-z]/.exec(text)
  if (identifier) {
    symbology = identifier[0]
    text = text.slice(3)
  }
  text = trimmed(text)
  const half = text.length / 2
  const second = text.slice(half)
  // Doubled by the scanner's own set-up, with its identifier repeated or not.
  const again = symbology && text.endsWith(symbology + text.slice(0, (text.length - 3) / 2)) ? text.slice(0, (text.length - 3) / 2) : ''
  const once = again || (half >= SHORTEST_DOUBLED && text.slice(0, half) === second ? second : '')
  return { text: once || text, whole: text, symbology, raw, doubled: once !== '' }
}

const trimmed = (text: string) => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

/** Collects keys and text until a code is whole: at Enter or Tab, or when nothing came for a moment. */
export class Wedge {
  private buffer = ''
  private first = 0
  private last = 0
  private keys = 0
  private before = { text: '', at: -Infinity }
  /** This scanner has ended a code with Enter or Tab: so it will again, and silence within a code is only a slow moment. */
  private ends = false

  constructor(
    private readonly settings: () => ScannerSettings,
    private readonly emit: (reading: Reading) => void,
  ) {}

  /** Is a code under way? Then the next Enter is its end and nobody's click. */
  get busy(): boolean {
    return this.buffer !== ''
  }

  /** How long to wait in silence before `silence` is called. */
  get patience(): number {
    return this.settings().gapMs + (this.ends ? 320 : 120)
  }

  key(character: string, at: number): void {
    this.add(character, at, 1)
  }

  /** A whole string at once: pasted, composed by an IME, or put in by the scanner's own app. Line ends part it into codes. */
  text(text: string, at: number): void {
    const lines = text.split(/[\r\n]+/)
    for (const [n, line] of lines.entries()) {
      this.add(line, at, line ? 1 : 0)
      if (n < lines.length - 1) this.end(at)
    }
  }

  /** Enter or Tab. */
  end(at: number): void {
    if (this.busy) this.ends = true
    this.finish(at, 1)
  }

  silence(at: number): void {
    this.finish(at, SHORTEST_WITHOUT_ENTER)
  }

  private add(text: string, at: number, keys: number): void {
    if (!text) return
    if (!this.buffer) this.first = at
    this.buffer += text
    this.keys += keys
    this.last = at
  }

  private finish(at: number, shortest: number): void {
    const { buffer, keys } = this
    const byHand = keys > 1 && (this.last - this.first) / (keys - 1) > this.settings().gapMs
    const oneKey = keys === 1 && buffer.length === 1
    this.buffer = ''
    this.keys = 0
    if (!buffer || byHand || oneKey || buffer.length < shortest) return
    const reading = read(buffer, this.settings())
    if (!reading.text) return
    const bounce = reading.text === this.before.text && at - this.before.at < this.settings().bounceMs
    this.before = { text: reading.text, at }
    this.emit({ ...reading, bounce })
  }
}
