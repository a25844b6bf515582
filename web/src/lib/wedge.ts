// What a keyboard-wedge scanner types, told from what a hand types. No DOM here: `scanner.ts` feeds it keys and text with their times.

export interface ScannerSettings {
  /** What the scanner has been set up to send before and after each code, to be taken off. */
  prefix: string
  suffix: string
  /** What it sends in place of the separator of GS1 fields, where that is a character nobody sees or a word. '' when it sends the separator. */
  gs: string
  /** Its keyboard and this computer's are of different countries: go by which key it was, not by what it means here. */
  byKey: boolean
  /** The same code within this time is the trigger bouncing, not a second item. */
  bounceMs: number
  /** Scanners type faster than this between two keys, people slower. A hint, used only where nobody can be typing into a field. */
  gapMs: number
}

export const WEDGE: ScannerSettings = { prefix: '', suffix: '', gs: '', byKey: false, bounceMs: 250, gapMs: 80 }

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
  /** An input method was on and made other characters of it: nobody can tell what the code was. */
  garbled: boolean
}

const SHORTEST_WITHOUT_ENTER = 4
const SHORTEST_DOUBLED = 6
const LONGEST_PIN = 8
/** Two or three keys may be rolled by a quick hand; so short a code has to come as only a scanner types, its Enter too. */
const SHORTEST_AT_EASE = 4
/** Only these hold fields that need separators; in any other code the same characters are its own. */
const GS1_CARRIER = /^\](C1|d2|Q3|e0)/
/** What a scanner sends behind its Enter, another Enter or a line feed, comes within this. */
const STRAGGLERS_MS = 300

/** A code as it came: identifier taken off and kept, doubling seen. */
export function read(raw: string, settings: ScannerSettings): Omit<Reading, 'bounce' | 'garbled'> {
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
  if (settings.gs && (GS1_CARRIER.test(symbology) || (!symbology && /^\d\d/.test(text)))) text = text.replaceAll(settings.gs, '\x1d')
  const half = text.length / 2
  const second = text.slice(half)
  // Doubled by the scanner's own set-up, with its identifier repeated or not.
  const again = symbology && text.endsWith(symbology + text.slice(0, (text.length - 3) / 2)) ? text.slice(0, (text.length - 3) / 2) : ''
  const once = again || (half >= SHORTEST_DOUBLED && text.slice(0, half) === second ? second : '')
  return { text: once || text, whole: text, symbology, raw, doubled: once !== '' }
}

const trimmed = (text: string) => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

/** One code on its way. */
interface Burst {
  text: string
  first: number
  last: number
  keys: number
  /** The longest time between two keys, of its Enter too. */
  pause: number
  held: boolean
  garbled: boolean
}

/** Collects keys and text until a code is whole: at Enter or Tab, or when nothing came for a moment. */
export class Wedge {
  private burst: Burst | null = null
  private before = { text: '', began: -Infinity, ended: -Infinity, pace: 0 }
  /** This scanner has ended a code with Enter or Tab: so it will again, and silence within a code is only a slow moment. */
  private ends = false

  constructor(
    private readonly settings: () => ScannerSettings,
    private readonly emit: (reading: Reading) => void,
  ) {}

  /** Is a code under way? Then the next Enter is its end and nobody's click. */
  get busy(): boolean {
    return this.burst !== null
  }

  /** Was one whole a moment ago? Then another Enter still belongs to it. */
  justDone(at: number): boolean {
    return at - this.before.ended < STRAGGLERS_MS
  }

  /** How long to wait in silence before `silence` is called. */
  get patience(): number {
    return this.settings().gapMs + (this.ends ? 320 : 120)
  }

  key(character: string, at: number): void {
    this.add(character, at, 1)
  }

  /** A key held down repeats itself as fast as a scanner types. Only a hand does that. */
  held(at: number): void {
    this.add('', at, 0)
    if (this.burst) this.burst.held = true
  }

  /** A whole string at once: pasted, composed by an input method, or put in by the scanner's own app. Line ends part it into codes. */
  text(text: string, at: number, garbled = false): void {
    const lines = text.split(/[\r\n]+/)
    for (const [n, line] of lines.entries()) {
      if (line) this.add(line, at, 1)
      if (garbled && this.burst) this.burst.garbled = true
      if (n < lines.length - 1) this.end(at)
    }
  }

  /** Enter or Tab. False when they end nothing of the scanner's: a PIN typed by hand is longer under way than a code, and no longer than this. */
  end(at: number): boolean {
    if (!this.burst) return false
    const { length } = this.burst.text
    this.burst.pause = Math.max(this.burst.pause, at - this.burst.last)
    const scanned = this.finish(at, 1)
    this.ends ||= scanned
    return scanned || length > LONGEST_PIN
  }

  silence(): void {
    if (this.burst) this.finish(this.burst.last, SHORTEST_WITHOUT_ENTER)
  }

  private add(text: string, at: number, keys: number): void {
    this.burst ??= { text: '', first: at, last: at, keys: 0, pause: 0, held: false, garbled: false }
    this.burst.pause = Math.max(this.burst.pause, at - this.burst.last)
    this.burst.text += text
    this.burst.keys += keys
    this.burst.last = at
  }

  private finish(at: number, shortest: number): boolean {
    const burst = this.burst!
    this.burst = null
    const pace = burst.keys > 1 ? (burst.last - burst.first) / (burst.keys - 1) : 0
    const oneKey = burst.text.length === 1
    const rolled = burst.keys > 1 && burst.text.length < SHORTEST_AT_EASE && burst.pause > this.settings().gapMs / 2
    const byHand = burst.held || oneKey || rolled || pace > this.settings().gapMs
    if (byHand || burst.text.length < shortest) return false
    const reading = read(burst.text, this.settings())
    if (!reading.text) return false
    // A trigger that bounces begins again at once; a slow scanner that sends everything twice begins where it ended.
    const again = burst.first - this.before.began < this.settings().bounceMs || burst.first - this.before.ended <= 2 * this.before.pace + 20
    const bounce = reading.text === this.before.text && again
    this.before = { text: reading.text, began: burst.first, ended: at, pace }
    this.emit({ ...reading, bounce, garbled: burst.garbled })
    return true
  }
}
