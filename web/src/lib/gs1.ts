// GS1 element strings: what a GS1-128, DataMatrix or QR code says about goods. The answers are held by tests/vectors/gs1.json.

export interface Gs1 {
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
  elements: { ai: string; value: string }[]
  /** check_digit, date, unknown_ai, truncated, separator_missing, pairing */
  problems: string[]
  /** A separator seems to be missing: what was read may be two fields in one. Ask. */
  ambiguous: boolean
}

const GS = '\x1d'
const CARRIERS = ['C1', 'd2', 'Q3', 'e0', 'J1']

/** Length fixed, or at most; digits only or any characters. */
interface Field {
  fixed?: number
  most?: number
  digits?: boolean
}

const N = (fixed: number): Field => ({ fixed, digits: true })
const UPTO = (most: number, digits = false): Field => ({ most, digits })

const FIELDS: Record<string, Field> = {
  '00': N(18), '01': N(14), '02': N(14), '10': UPTO(20), '11': N(6), '12': N(6), '13': N(6), '15': N(6), '16': N(6), '17': N(6), '20': N(2),
  '21': UPTO(20), '22': UPTO(20), '30': UPTO(8, true), '37': UPTO(8, true), '235': UPTO(28), '240': UPTO(30), '241': UPTO(30), '242': UPTO(6, true),
  '243': UPTO(20), '250': UPTO(30), '251': UPTO(30), '253': UPTO(30), '254': UPTO(20), '400': UPTO(30), '401': UPTO(30), '402': N(17), '403': UPTO(30),
  '420': UPTO(20), '421': UPTO(12), '422': N(3), '423': UPTO(15, true), '424': N(3), '425': UPTO(15, true), '426': N(3), '7003': N(10), '7007': UPTO(12, true),
  '7020': UPTO(20), '7021': UPTO(20), '7022': UPTO(20), '7023': UPTO(30), '8001': N(14), '8002': UPTO(20), '8003': UPTO(30), '8004': UPTO(30), '8005': N(6),
  '8006': N(18), '8008': UPTO(12, true), '8010': UPTO(30), '8011': UPTO(12, true), '8012': UPTO(20), '8017': N(18), '8018': N(18), '8019': UPTO(10, true),
  '8020': UPTO(25), '8110': UPTO(70), '8200': UPTO(70),
}
for (let ai = 410; ai <= 417; ai++) FIELDS[ai] = N(13)
for (let ai = 710; ai <= 715; ai++) FIELDS[ai] = UPTO(20)
for (let ai = 90; ai <= 99; ai++) FIELDS[ai] = UPTO(ai === 90 ? 30 : 90)
for (let ai = 310; ai <= 369; ai++) for (let n = 0; n <= 5; n++) FIELDS[`${ai}${n}`] = N(6)
for (const ai of [390, 392]) for (let n = 0; n <= 3; n++) FIELDS[`${ai}${n}`] = UPTO(15, true)
for (const ai of [391, 393]) for (let n = 0; n <= 3; n++) FIELDS[`${ai}${n}`] = UPTO(18, true)

const DATES = ['11', '12', '13', '15', '17']

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

/** What the code says, or null when it is no GS1 element string. */
export function parseGs1(text: string, symbology = '', today = new Date()): Gs1 | null {
  let rest = text
  const named = /^\]([A-Za-z])([0-9a-zA-Z])/.exec(rest)
  const carrier = named ? named[1]! + named[2]! : symbology.replace(/^\]/, '')
  if (named) rest = rest.slice(3)
  const link = /^https?:\/\/[^/]+\/(.*)$/i.exec(rest)
  if (link) return read(linkElements(link[1]!), [], false, today)

  rest = rest.replace(/\{GS\}|<GS>|\[GS\]|\{FNC1\}|<FNC1>|\u241d/gi, GS)
  const printed = printedElements(rest)
  if (printed) return read(printed, [], false, today)
  const sure = CARRIERS.includes(carrier) || rest.includes(GS)
  rest = rest.replace(/^\x1d+/, '')
  // Without an identifier from the scanner and without a separator only a beginning that carries its own check digit is believed.
  if (!sure && !(/^01\d{14}./.test(rest) && gtinOk(rest.slice(2, 16))) && !(/^00\d{18}/.test(rest) && gtinOk(rest.slice(2, 20)))) return null
  if (!sure && /^\d{8,14}$/.test(rest)) return null

  const { elements, problems, ambiguous } = split(rest)
  return elements.length ? read(elements, problems, ambiguous, today) : null
}

type Element = { ai: string; value: string }

function split(text: string): { elements: Element[]; problems: string[]; ambiguous: boolean } {
  const elements: Element[] = []
  const problems: string[] = []
  let ambiguous = false
  let rest = text
  while (rest) {
    if (rest[0] === GS) {
      rest = rest.slice(1)
      continue
    }
    const ai = [2, 3, 4].map((length) => rest.slice(0, length)).find((start) => start in FIELDS)
    if (!ai) {
      problems.push('unknown_ai')
      break
    }
    const field = FIELDS[ai]!
    rest = rest.slice(ai.length)
    const separator = rest.indexOf(GS)
    const available = separator < 0 ? rest : rest.slice(0, separator)
    const length = field.fixed ?? Math.min(available.length, field.most!)
    if (available.length < (field.fixed ?? 1)) {
      problems.push('truncated')
      break
    }
    const value = available.slice(0, length)
    if (field.digits && !/^\d*$/.test(value)) {
      problems.push('truncated')
      break
    }
    if (field.most && swallows(value, separator < 0 && length === available.length)) ambiguous = true
    if (field.most && length < available.length) ambiguous = true
    elements.push({ ai, value })
    rest = rest.slice(length)
  }
  if (ambiguous) problems.push('separator_missing')
  return { elements, problems, ambiguous }
}

/** Does this value end in what looks like another field, so that its separator was probably lost? */
function swallows(value: string, last: boolean): boolean {
  const tail = last && /^.+(?:11|13|15|17)(\d{6})$/.exec(value)
  return !!tail && dateOf(tail[1]!) !== null && !/00$/.test(tail[1]!)
}

/** (01)09506000134352(10)ABC: as it is printed below a code. */
function printedElements(text: string): Element[] | null {
  if (!/^\(\d{2,4}\)/.test(text)) return null
  const elements = [...text.matchAll(/\((\d{2,4})\)([^(]*)/g)].map((found) => ({ ai: found[1]!, value: found[2]!.replaceAll(GS, '') }))
  return elements.every(({ ai }) => ai in FIELDS) ? elements : null
}

/** A GS1 Digital Link: its path, then what follows the question mark. */
function linkElements(path: string): Element[] {
  const [way = '', query = ''] = path.split('?')
  const parts = way.split('/').map(decode)
  const elements: Element[] = []
  const start = parts.findIndex((part) => part in FIELDS)
  for (let at = start; at >= 0 && at + 1 < parts.length; at += 2) if (parts[at]! in FIELDS) elements.push({ ai: parts[at]!, value: parts[at + 1]! })
  for (const pair of query.split(/[&;]/)) {
    const [ai = '', value = ''] = pair.split('=').map(decode)
    if (ai in FIELDS) elements.push({ ai, value })
  }
  return elements.map(({ ai, value }) => ({ ai, value: ai === '01' ? value.padStart(14, '0') : value }))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function read(elements: Element[], problems: string[], ambiguous: boolean, today: Date): Gs1 | null {
  if (!elements.length) return null
  const found: Gs1 = {
    sscc: '', gtin: '', content: '', lot: '', production: '', due: '', packed: '', bestBefore: '', expiry: '', serial: '', count: 0, quantity: 0, weightGrams: 0,
    order: '', gln: '', others: {}, elements, problems: [...problems], ambiguous,
  }
  for (const { ai, value } of elements) {
    if ((ai === '00' || ai === '01' || ai === '02' || /^41\d$/.test(ai)) && !gtinOk(value)) found.problems.push('check_digit')
    if (DATES.includes(ai)) {
      const date = dateOf(value, today)
      if (!date) found.problems.push('date')
      else if (ai === '11') found.production = date
      else if (ai === '12') found.due = date
      else if (ai === '13') found.packed = date
      else if (ai === '15') found.bestBefore = date
      else found.expiry = date
    } else if (ai === '00') found.sscc = value
    else if (ai === '01') found.gtin = value
    else if (ai === '02') found.content = value
    else if (ai === '10') found.lot = value
    else if (ai === '21') found.serial = value
    else if (ai === '37') found.count = Number(value)
    else if (ai === '30') found.quantity = Number(value)
    else if (ai === '400') found.order = value
    else if (/^41\d$/.test(ai)) found.gln = value
    else if (/^310\d$/.test(ai)) found.weightGrams = Math.round((Number(value) * 1000) / 10 ** Number(ai[3]))
    else found.others[ai] = value
  }
  // What a case holds and how many belong together; one without the other counts nothing.
  if (Boolean(found.content) !== elements.some(({ ai }) => ai === '37')) found.problems.push('pairing')
  return found
}
