// Takes a scanned text apart as GS1 means it: element strings, Digital Links, what is printed in brackets, plain GTINs and SSCCs.
// The server reads the same (server/barcodes/gs1.py); tests/vectors/gs1.json holds both to the same answers.

import { COUNTRIES, COUNTRY_LETTERS, CURRENCIES, MORE_PACKAGES, PACKAGES, TABLE } from './gs1.table'

export interface Element {
  ai: string
  value: string
}

export interface Parsed {
  kind: 'element_string' | 'digital_link' | 'bracketed' | 'gtin' | 'sscc' | 'text'
  /** What could be read; a field of a wrong length or with wrong characters is only told among the problems. */
  elements: Element[]
  /**
   * empty, not_gs1, brackets, unknown_ai, too_short, too_long, characters, check_digit, date, content, ambiguous, missing_pair,
   * exclusive_pair, repeated, link, zero_suppressed
   */
  problems: string[]
  /** The ways to read it where a separator seems to be missing: ask. */
  readings: Element[][]
}

export interface Gs1 extends Parsed {
  sscc: string
  gtin: string
  /** The GTIN of what a case or pallet holds (AI 02), counted by `count`. */
  content: string
  lot: string
  production: string
  due: string
  packed: string
  bestBefore: string
  expiry: string
  serial: string
  /** AI 37: units inside. */
  count: number
  /** AI 30: a variable count of items. */
  quantity: number
  weightGrams: number
  /** AI 400: the customer's purchase order. */
  order: string
  /** AI 410–417: a place. */
  gln: string
  others: Record<string, string>
  /** A separator seems to be missing: `readings` are what it may mean. */
  ambiguous: boolean
}

/** What a scanned text says about goods, or null when it is no element string, Digital Link or printed form of one. */
export function parseGs1(text: string, symbology = '', today = new Date()): Gs1 | null {
  const parsed = parse(text, symbology, today)
  const plain = parsed.kind === 'text' || ((parsed.kind === 'gtin' || parsed.kind === 'sscc') && parsed.elements.length < 2)
  return plain || !parsed.elements.length ? null : named(parsed, today)
}

/** Each of the ways to read it, where a separator seems to be missing, and what all of them agree on. */
export function readingsOf(gs1: Gs1, today = new Date()): { readings: Gs1[]; agreed: Gs1 } {
  const problems = gs1.problems.filter((code) => code !== 'ambiguous')
  const as = (elements: Element[]) => named({ kind: gs1.kind, elements, problems, readings: [] }, today)
  const same = (one: Element, other: Element) => one.ai === other.ai && one.value === other.value
  const agreed = (gs1.readings[0] ?? gs1.elements).filter((one) => gs1.readings.every((reading) => reading.some((other) => same(one, other))))
  return { readings: gs1.readings.map(as), agreed: as(agreed) }
}

function named(parsed: Parsed, today: Date): Gs1 {
  const found: Gs1 = {
    sscc: '', gtin: '', content: '', lot: '', production: '', due: '', packed: '', bestBefore: '', expiry: '', serial: '', count: 0, quantity: 0, weightGrams: 0,
    order: '', gln: '', others: {}, ...parsed, ambiguous: parsed.readings.length > 0,
  }
  for (const { ai, value } of parsed.elements) {
    const text = TEXTS[ai] ?? (/^41\d$/.test(ai) ? 'gln' : undefined)
    const day = DAYS[ai]
    if (text) found[text] = value
    else if (day) found[day] = dateOf(value, today) ?? ''
    else if (ai === '37') found.count = Number(value)
    else if (ai === '30') found.quantity = Number(value)
    else if (/^310\d$/.test(ai)) found.weightGrams = Math.round((Number(value) * 1000) / 10 ** Number(ai[3]))
    else found.others[ai] = value
  }
  return found
}

const TEXTS: Record<string, 'sscc' | 'gtin' | 'content' | 'lot' | 'serial' | 'order'> = {
  '00': 'sscc', '01': 'gtin', '02': 'content', '10': 'lot', '21': 'serial', '400': 'order',
}
const DAYS: Record<string, 'production' | 'due' | 'packed' | 'bestBefore' | 'expiry'> = {
  '11': 'production', '12': 'due', '13': 'packed', '15': 'bestBefore', '17': 'expiry',
}

// Numbers and dates

/** Whether the last digit is the check digit of those before it (GTIN of any length, SSCC, GLN). */
export const gtinOk = (text: string): boolean => /^\d{8,18}$/.test(text) && checkDigit(text.slice(0, -1)) === text.at(-1)

export function checkDigit(digits: string): string {
  let sum = 0
  for (let at = digits.length - 1, three = true; at >= 0; at--, three = !three) sum += Number(digits[at]) * (three ? 3 : 1)
  return String((10 - (sum % 10)) % 10)
}

/** The lengths one GTIN may be written in, as it was scanned first: a UPC is an EAN with a zero before it. */
export function gtinForms(text: string): string[] {
  if (!/^(\d{8}|\d{12,14})$/.test(text) || !gtinOk(text)) return [text]
  const bare = text.replace(/^0+/, '')
  const forms = [8, 12, 13, 14].filter((length) => bare.length <= length).map((length) => bare.padStart(length, '0'))
  return [text, ...forms.filter((form) => form !== text).reverse()]
}

/** YYMMDD as a date. Day 00 is the month's last; the century is the one that brings the year within fifty of ours. */
export function dateOf(text: string, today = new Date()): string | null {
  if (!/^\d{6}$/.test(text)) return null
  const [year, month, day] = [text.slice(0, 2), text.slice(2, 4), text.slice(4)].map(Number) as [number, number, number]
  const now = today.getUTCFullYear()
  const apart = year - (now % 100)
  const century = Math.floor(now / 100) + (apart >= 51 ? -1 : apart <= -50 ? 1 : 0)
  const full = century * 100 + year
  if (month < 1 || month > 12) return null
  const last = new Date(Date.UTC(full, month, 0)).getUTCDate()
  if (day > last) return null
  return `${full}-${String(month).padStart(2, '0')}-${String(day || last).padStart(2, '0')}`
}

// The table

interface Part {
  charset: string
  least: number
  most: number
  optional: boolean
  rules: string[]
}

interface Identifier {
  ai: string
  parts: Part[]
  least: number
  most: number
  needs: string[][][]
  excludes: string[]
  qualifiers: string[][] | null
  inQuery: boolean
  /** Of a length that readers know beforehand: no separator needs to follow. */
  runsOn: boolean
}

let table: Map<string, Identifier> | undefined

function identifiers(): Map<string, Identifier> {
  if (table) return table
  table = new Map()
  for (const line of TABLE.split('\n')) {
    const [span = '', parts = '', ...attributes] = line.split(' ')
    for (const ai of spanOf(span)) table.set(ai, identifier(ai, parts, attributes))
  }
  return table
}

function spanOf(text: string): string[] {
  const [range = '', decimals] = text.split(':')
  const [first = '', last = first] = range.split('-')
  const found = []
  for (let ai = Number(first); ai <= Number(last); ai++) {
    const digits = String(ai).padStart(first.length, '0')
    if (decimals) for (let digit = 0; digit <= Number(decimals); digit++) found.push(`${digits}${digit}`)
    else found.push(digits)
  }
  return found
}

function identifier(ai: string, text: string, attributes: string[]): Identifier {
  const parts = text.split('_').map((part): Part => {
    const [, optional, charset = '', upto, length, rules = ''] = /(\[?)([NXYZ])(\.\.)?(\d+)([:a-z0-9]*)/.exec(part)!
    return { charset, least: upto ? 1 : Number(length), most: Number(length), optional: !!optional, rules: rules.split(':').slice(1) }
  })
  const key = attributes.find((attribute) => attribute.startsWith('key'))
  return {
    ai,
    parts,
    least: parts.reduce((sum, part) => sum + (part.optional ? 0 : part.least), 0),
    most: parts.reduce((sum, part) => sum + part.most, 0),
    needs: attributes.filter((attribute) => attribute[0] === '+').map((attribute) => attribute.slice(1).split(',').map((group) => group.split('+'))),
    excludes: attributes.filter((attribute) => attribute[0] === '!').flatMap((attribute) => attribute.slice(1).split(',')).map((other) => (other === '=' ? `${ai.slice(0, 3)}n` : other)),
    qualifiers: key === undefined ? null : key.slice(4).split('|').map((order) => order.split(',')),
    inQuery: !attributes.includes('-'),
    runsOn: /^(0[0-4]|1[1-9]|20|3[1-6]|41)/.test(ai),
  }
}

const identifierOf = (text: string): Identifier | undefined =>
  identifiers().get(text.slice(0, 2)) ?? identifiers().get(text.slice(0, 3)) ?? identifiers().get(text.slice(0, 4))

// What a field may hold

const CHARSETS: Record<string, RegExp> = { N: /^[0-9]+$/, X: /^[!"%-?A-Z_a-z]+$/, Y: /^[#\-/0-9A-Z]+$/, Z: /^[-0-9A-Z_a-z]+={0,2}$/ }
const CHARACTERS = '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const PAIR = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]

const bit = (bits: string, at: number): boolean => ((atob(bits).charCodeAt(at >> 3) >> (at & 7)) & 1) === 1

function pairFits(value: string): boolean {
  if (value.length < 2) return false
  let sum = 0
  for (let at = value.length - 3, prime = 0; at >= 0; at--, prime++) sum += CHARACTERS.indexOf(value[at]!) * PRIMES[prime]!
  sum %= 1021
  return value.slice(-2) === PAIR[sum >> 5]! + PAIR[sum & 31]!
}

const isDay = (value: string, today: Date): boolean => !value.endsWith('00') && dateOf(value, today) !== null

const DATES: Record<string, (value: string, today: Date) => boolean> = {
  day0: (value, today) => dateOf(value, today) !== null,
  day: isDay,
  date: (value) => {
    const [year, month, day] = [value.slice(0, 4), value.slice(4, 6), value.slice(6)].map(Number) as [number, number, number]
    // A year below 100 would be taken for one of the last century; its leap days are those of 400 years on.
    return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(Math.max(year, 1) + 400, month, 0)).getUTCDate()
  },
  time: (value) => value.slice(0, 2) < '24' && value.slice(2) < '60',
  hour: (value) => value < '24',
  sixty: (value) => value < '60',
}

const isCountry = (value: string): boolean => bit(COUNTRIES, Number(value))
const isCountryLetters = (value: string): boolean =>
  /^[A-Z]{2}$/.test(value) && bit(COUNTRY_LETTERS, (value.charCodeAt(0) - 65) * 26 + value.charCodeAt(1) - 65)

function isIban(value: string): boolean {
  if (value.length < 10 || !/^[0-9A-Z]+$/.test(value) || !isCountryLetters(value.slice(0, 2))) return false
  let rest = 0
  for (const char of value.slice(4) + value.slice(0, 4)) for (const digit of String(parseInt(char, 36))) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}

/** A digit that says how long what follows it is. */
function vli(least: number, most: number, more: number): string {
  const ways = []
  for (let digit = least; digit <= most; digit++) ways.push(`${digit}[0-9]{${digit + more}}`)
  return `(?:${ways.join('|')})`
}

let coupons: { coupon: RegExp; offer: RegExp } | undefined

function couponForms(): { coupon: RegExp; offer: RegExp } {
  const requirement = vli(1, 5, 0) + '[0-49][0-9]{3}'
  const company = `(?:${vli(0, 6, 6)}|9)`
  coupons ??= {
    coupon: new RegExp(
      `^${vli(0, 6, 6)}[0-9]{6}${vli(1, 5, 0)}${requirement}(?:1[0-3]${requirement}${company})?(?:2${requirement}${company})?` +
        `(?:3([0-9]{6}))?(?:4([0-9]{6}))?(?:5${vli(0, 9, 6)})?(?:6${vli(1, 7, 6)})?(?:9[01256][0-2][0-9][01])?$`,
    ),
    offer: new RegExp(`^[01]${vli(0, 6, 6)}[0-9]{6}${vli(0, 9, 6)}$`),
  }
  return coupons
}

function isCoupon(value: string, today: Date): boolean {
  const found = couponForms().coupon.exec(value)
  if (!found) return false
  const [, end, begin] = found
  if ((end && !isDay(end, today)) || (begin && !isDay(begin, today))) return false
  return !end || !begin || dateOf(begin, today)! <= dateOf(end, today)!
}

const CONTENT: Record<string, (value: string, today: Date) => boolean> = {
  prefix: (value) => /^[0-9]{4}/.test(value),
  country: isCountry,
  country9: (value) => value === '999' || isCountry(value),
  country2: isCountryLetters,
  currency: (value) => bit(CURRENCIES, Number(value)),
  package: (value) => (/^[0-9A-Z]{2}$/.test(value) ? bit(PACKAGES, parseInt(value, 36)) : MORE_PACKAGES.split(' ').includes(value)),
  percent: (value) => !/%(?![0-9A-Fa-f]{2})/.test(value),
  yesno: (value) => '01'.includes(value),
  minus: (value) => value === '-',
  nonzero: (value) => !/^0*$/.test(value),
  zero: (value) => /^0*$/.test(value),
  winding: (value) => '019'.includes(value),
  piece: (value) => value.slice(0, 2) > '00' && value.slice(0, 2) <= value.slice(2),
  nolead: (value) => value === '0' || value[0] !== '0',
  letter: (value) => /\D/.test(value),
  importer: (value) => /^[-0-9A-Z_a-z]$/.test(value),
  media: (value) => (value >= '01' && value <= '10') || value >= '80',
  sex: (value) => '0129'.includes(value),
  of: (value) => {
    const found = /^([1-9][0-9]*)\/([1-9][0-9]*)$/.exec(value)
    return !!found && BigInt(found[1]!) <= BigInt(found[2]!)
  },
  iban: isIban,
  latitude: (value) => value <= '1800000000',
  longitude: (value) => value <= '3600000000',
  coupon: isCoupon,
  offer: (value) => couponForms().offer.test(value),
}

/** The code of what is wrong, or ''. */
function broken(rule: string, value: string, today: Date): string {
  if (rule === 'check' || rule === 'pair') return (rule === 'check' ? checkDigit(value.slice(0, -1)) === value.at(-1) : pairFits(value)) ? '' : 'check_digit'
  if (rule in DATES) return DATES[rule]!(value, today) ? '' : 'date'
  return CONTENT[rule]!(value, today) ? '' : 'content'
}

// Reading

const GS = '\x1d'
const WRITTEN_GS = /\{GS\}|<GS>|\[GS\]|\{FNC1\}|<FNC1>|\u241d/gi
/** Symbology identifiers of codes that hold element strings. */
const CARRIERS = ['C1', 'd2', 'Q3', 'e0', 'J1']
const GTIN_LENGTHS: Record<string, number> = { E0: 13, E3: 13, E4: 8, I1: 14 }
const MOST_READINGS = 4
const MOST_TRIES = 2000 // a text made up to be read in a million ways is not worth them

/** `symbology` is the identifier (`]C1`), where the scanner's text does not begin with it. */
export const parse = (text: string, symbology = '', today = new Date()): Parsed => new Reader(today).parse(text, symbology)

export const hri = (elements: Element[]): string => elements.map(({ ai, value }) => `(${ai})${value}`).join('')

class Reader {
  found: Parsed = { kind: 'text', elements: [], problems: [], readings: [] }
  private tries = 0

  constructor(private today: Date) {}

  parse(text: string, symbology: string): Parsed {
    let rest = strip(text)
    const identified = /^\]([A-Za-z][0-9A-Za-z])/.exec(rest)
    const carrier = identified ? identified[1]! : symbology.replace(/^\]/, '')
    if (identified) rest = rest.slice(3)

    if (/^(https?|HTTPS?):\/\//.test(rest)) this.link(rest)
    else if (/^[(\uff08]/.test(rest)) this.bracketed(rest.replaceAll('\uff08', '(').replaceAll('\uff09', ')'))
    else if (GTIN_LENGTHS[carrier]) this.plain(rest, GTIN_LENGTHS[carrier])
    else this.elementsOrText(rest, carrier)
    if (this.found.kind !== 'text') this.associations()
    return this.found
  }

  // Element strings

  private elementsOrText(text: string, carrier: string): void {
    let rest = text.replace(WRITTEN_GS, GS)
    if (!carrier && rest[0] === '^') rest = rest.replaceAll('^', GS)
    if (CARRIERS.includes(carrier) || rest.includes(GS)) {
      this.found.kind = 'element_string'
      return this.elementString(rest.replace(/\|(\]e0|\x1d)/g, GS), carrier !== '')
    }
    if (carrier) return // some other code, which may hold anything
    if (!rest) return this.problem('empty')

    // Without a word from the scanner only what carries a right check digit is believed.
    if (/^(\d{8}|\d{12,14}|\d{18})$/.test(rest)) return gtinOk(rest) ? this.plain(rest, rest.length) : this.problem('check_digit')
    if (/^(\d{8}|\d{12,14})\|/.test(rest)) return this.plain(rest, rest.indexOf('|'))
    const first = identifierOf(rest)
    if (first?.runsOn && first.parts[0]!.rules.includes('check')) {
      const attempt = new Reader(this.today)
      attempt.found.kind = 'element_string'
      attempt.elementString(rest, false)
      const { problems } = attempt.found
      if (!['check_digit', 'unknown_ai', 'too_short', 'too_long', 'characters'].some((code) => problems.includes(code))) {
        this.found = attempt.found
        return
      }
      if (problems.includes('check_digit')) return this.problem('check_digit')
    }
    this.problem('not_gs1')
  }

  private elementString(text: string, identified: boolean): void {
    const separated = text.includes(GS)
    let rest = text.replace(/^\x1d+/, '')
    if (!rest) return this.problem('empty')
    while (rest) {
      const known = identifierOf(rest)
      if (!known) return this.problem('unknown_ai')
      rest = rest.slice(known.ai.length)
      let upto = rest.includes(GS) ? rest.indexOf(GS) : rest.length
      if (known.runsOn) upto = Math.min(upto, known.most)
      const value = rest.slice(0, upto)
      if (!separated && !known.runsOn) this.ask(known, value, identified)
      if (!this.found.readings.length || value.length <= known.most) this.take(known, value)
      rest = rest.slice(upto).replace(/^\x1d/, '')
    }
  }

  private take(known: Identifier, value: string): void {
    const code = this.wrong(known, value)
    if (code !== 'too_short' && code !== 'too_long' && code !== 'characters') this.found.elements.push({ ai: known.ai, value })
    if (code) this.problem(code)
  }

  /** The first thing that is wrong with a field, or ''. */
  private wrong(known: Identifier, value: string): string {
    if (value.length > known.most) return 'too_long'
    let rest = value
    for (const part of known.parts) {
      if (part.optional && !rest) continue
      const piece = rest.slice(0, part.most)
      rest = rest.slice(part.most)
      if (piece.length < part.least) return 'too_short'
      if (!CHARSETS[part.charset]!.test(piece) || (part.charset === 'Z' && piece.includes('=') && piece.length % 3)) return 'characters'
      for (const rule of part.rules) {
        const code = broken(rule, piece, this.today)
        if (code) return code
      }
    }
    return ''
  }

  // A separator that is missing: a question, never a guess

  /**
   * A text without any separator, from a scanner that may not send them: is this one field, or several run together? One that
   * fits is doubted only when what it ends in is no accident: a date that exists, a right check digit. A lot and a serial number
   * run together are doubted when letters stand in both, or the scanner did not even say that this is GS1: a number of digits
   * alone would too often hold 10 or 21 by chance.
   */
  private ask(known: Identifier, value: string, identified: boolean): void {
    const before = this.found.elements
    const fits = !this.wrong(known, value)
    const readings: { weak: boolean; tails: Element[] }[] = []
    for (const tails of this.splits(known, value, [...before.map(({ ai }) => ai), known.ai], 3)) {
      const ais = tails.slice(1).map(({ ai }) => ai)
      const strong = ais.some(isTelling)
      const lettered = tails.every(({ value: piece }) => /[A-Za-z]/.test(piece))
      if (!fits || strong || (ais.every((ai) => ai === '10' || ai === '21') && (lettered || !identified))) readings.push({ weak: !strong, tails })
    }
    if (!readings.length) return
    readings.sort((a, b) => Number(a.weak) - Number(b.weak) || a.tails.length - b.tails.length)
    const best = readings.map(({ tails }) => [...before, ...tails])
    if (fits) best.unshift([...before, { ai: known.ai, value }])
    this.found.readings = best.slice(0, MOST_READINGS)
    this.problem('ambiguous')
    if (!fits) this.found.elements = [...this.found.readings[0]!]
  }

  /** This field cut short, with everything behind it read to the end as other fields without fault. */
  private splits(known: Identifier, value: string, seen: string[], depth: number): Element[][] {
    const found: Element[][] = []
    for (let length = known.least; length <= Math.min(known.most, value.length - 3); length++) {
      if (++this.tries > MOST_TRIES) break
      if (this.wrong(known, value.slice(0, length))) continue
      for (const others of this.rests(value.slice(length), seen, depth)) found.push([{ ai: known.ai, value: value.slice(0, length) }, ...others])
    }
    return found
  }

  private rests(text: string, seen: string[], depth: number): Element[][] {
    if (!text) return [[]]
    const known = identifierOf(text)
    if (!known || seen.includes(known.ai) || !depth) return []
    const rest = text.slice(known.ai.length)
    const all = [...seen, known.ai]
    if (known.runsOn) {
      const value = rest.slice(0, known.most)
      if (this.wrong(known, value)) return []
      return this.rests(rest.slice(known.most), all, depth).map((others) => [{ ai: known.ai, value }, ...others])
    }
    const whole = rest && !this.wrong(known, rest) ? [[{ ai: known.ai, value: rest }]] : []
    return [...whole, ...this.splits(known, rest, all, depth - 1)]
  }

  // As printed, and plain

  private bracketed(text: string): void {
    this.found.kind = 'bracketed'
    let rest = text
    while (rest) {
      const opened = /^\((\d{2,4})\)((?:\\\(|[^(])*)/.exec(rest)
      if (!opened) return this.problem('brackets')
      rest = rest.slice(opened[0].length)
      const value = strip(opened[2]!.replaceAll('\\(', '('))
      const known = identifiers().get(opened[1]!)
      if (!known) this.problem('unknown_ai')
      else if (value.includes(GS)) this.problem('characters')
      else this.take(known, value)
    }
  }

  /** A GTIN or SSCC by itself, or an EAN with the composite component printed above it, or with an add-on behind it. */
  private plain(text: string, length: number): void {
    const bar = text.indexOf('|')
    let digits = bar < 0 ? text : text.slice(0, bar)
    const component = bar < 0 ? '' : text.slice(bar + 1)
    if (length === 13 && /^(\d{15}|\d{18})$/.test(digits)) digits = digits.slice(0, 13)
    const known = identifiers().get(length === 18 ? '00' : '01')!
    this.found.kind = length === 18 ? 'sscc' : 'gtin'
    if (!/^[0-9]*$/.test(digits)) this.problem('characters')
    else if (digits.length !== length && !(length === 13 && (digits.length === 8 || digits.length === 12))) this.problem(digits.length < length ? 'too_short' : 'too_long')
    else this.take(known, digits.padStart(known.most, '0'))
    if (component) this.elementString(component.replace(/^\]e0/, '').replaceAll('^', GS), true)
  }

  // Digital Links

  private link(uri: string): void {
    const found = /^[A-Za-z]+:\/\/([-.:[\]0-9A-Za-z]+)(\/[^?#]*)(\?[^#]*)?(#.*)?$/.exec(uri)
    const pieces = found ? found[2]!.split('/').slice(1) : []
    let begin = pieces.length - 2
    while (begin >= 0 && !identifiers().get(pieces[begin]!)?.qualifiers) begin -= 2
    if (!found || begin < 0) return this.problem('not_gs1')

    this.found.kind = 'digital_link'
    const path: string[] = []
    for (let at = begin; at < pieces.length; at += 2) {
      path.push(pieces[at]!)
      this.takeOfLink(pieces[at]!, unescape(pieces[at + 1]!), false)
    }
    if (!inOrder(path)) this.problem('link')

    const seen = [...path]
    for (const pair of (found[3] ?? '?').slice(1).split('&')) {
      const equals = pair.indexOf('=')
      const ai = pair.slice(0, Math.max(equals, 0))
      if (!/^[0-9]+$/.test(ai)) continue // not ours: a shop's own parameter
      this.takeOfLink(ai, unescape(pair.slice(equals + 1).replaceAll('+', ' ')), true)
      const known = identifiers().get(ai)
      const inPath = path.some((_, at) => inOrder([...path.slice(0, at + 1), ai, ...path.slice(at + 1)]))
      if (known && (seen.includes(ai) || !known.inQuery || inPath)) this.problem('link')
      seen.push(ai)
    }
  }

  private takeOfLink(ai: string, text: string, inQuery: boolean): void {
    const known = identifiers().get(ai)
    if (!known) return this.problem('unknown_ai')
    const suppressed = ai === '01' && /^(\d{8}|\d{12,13})$/.test(text)
    if (suppressed && !inQuery) this.problem('zero_suppressed')
    this.take(known, suppressed ? text.padStart(14, '0') : text)
  }

  /** By the standard over all codes of a label; this sees one of them. */
  private associations(): void {
    const values = new Map<string, string>()
    for (const { ai, value } of this.found.elements) {
      if (!values.has(ai)) values.set(ai, value)
      else if (values.get(ai) !== value) this.problem('repeated')
    }
    for (const ai of values.keys()) {
      const has = (pattern: string): boolean => [...values.keys()].some((other) => other !== ai && other.startsWith(pattern.replace(/n+$/, '')))
      const { needs, excludes } = identifiers().get(ai)!
      for (const need of needs) if (!need.some((group) => group.every(has))) this.problem('missing_pair')
      for (const pattern of excludes) if (has(pattern)) this.problem('exclusive_pair')
    }
  }

  private problem(code: string): void {
    this.found.problems.push(code)
  }
}

const strip = (text: string): string => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

/** Whether digits rarely read as this field by accident. */
function isTelling(ai: string): boolean {
  const known = identifiers().get(ai)!
  return known.runsOn && known.parts[0]!.rules.some((rule) => rule === 'check' || rule === 'day0')
}

/** Whether these qualifiers may follow this key, in this order, some left out. */
function inOrder(path: string[]): boolean {
  return !!identifiers().get(path[0]!)?.qualifiers?.some((order) => {
    let at = 0
    return path.slice(1).every((ai) => (at = order.indexOf(ai, at) + 1) > 0)
  })
}

const unescape = (text: string): string => text.replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
