// What a physical key means on the keyboard every scanner is delivered with (US English), whatever this computer makes of it.

const SHIFTED: Record<string, string> = {
  Digit1: '!', Digit2: '@', Digit3: '#', Digit4: '$', Digit5: '%', Digit6: '^', Digit7: '&', Digit8: '*', Digit9: '(', Digit0: ')',
} // prettier-ignore
const PAIRS: Record<string, string> = {
  Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Semicolon: ';:', Quote: '\'"', Backquote: '`~',
  Comma: ',<', Period: '.>', Slash: '/?', Space: '  ', NumpadDecimal: '..', NumpadSubtract: '--', NumpadAdd: '++', NumpadMultiply: '**', NumpadDivide: '//',
} // prettier-ignore

/** An input method hides what a key means, never which key it was. '' for keys that type nothing. */
export function characterOf(code: string, shift: boolean, capsLock: boolean): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  if (letter) return shift === capsLock ? letter.toLowerCase() : letter
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1]
  if (digit) return shift && code.startsWith('D') ? SHIFTED[code]! : digit
  return PAIRS[code]?.[shift ? 1 : 0] ?? ''
}

/** Full-width letters and digits, as an input method makes them, as they were sent. Other writing is left alone: a QR code may hold it. */
export function halfWidth(text: string): string {
  const half = text.replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)).replaceAll('\u3000', ' ')
  return /^[\x00-\x7f]*$/.test(half) ? half : text
}
