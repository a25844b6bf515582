/**
 * Code 128 (set B, digits packed with set C): the barcode of badges and cards, readable by every scanner in the building.
 * A separator (GS) is FNC1: as the first character it makes a GS1-128 of it.
 */

// The widths of bar, space, bar, space, bar, space of each of the 103 symbols; stop has seven.
const WIDTHS = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 ' +
  '123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 ' +
  '232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 ' +
  '313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 ' +
  '111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 ' +
  '111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 ' +
  '114311 411113 411311 113141 114131 311141 411131'
).split(' ')
const START_B = '211214'
const START_C = '211232'
const STOP = '2331112'
const FNC1 = 102
const GS = '\x1d'

export function code128(text: string): { x: number; width: number }[] | null {
  if (!/^[\x1d\x20-\x7e]+$/.test(text)) return null
  const values: number[] = []
  let set: 'B' | 'C' = /^\x1d?\d{4}/.test(text) ? 'C' : 'B'
  const start = set
  for (let i = 0; i < text.length; ) {
    if (text[i] === GS) {
      values.push(FNC1)
      i++
      continue
    }
    const digits = /^\d+/.exec(text.slice(i))?.[0].length ?? 0
    if (set === 'B' && digits >= 6) {
      if (digits % 2) values.push(text.charCodeAt(i++) - 32)
      values.push(99)
      set = 'C'
    } else if (set === 'C' && digits < 2) {
      values.push(100)
      set = 'B'
    } else if (set === 'C') {
      values.push(Number(text.slice(i, i + 2)))
      i += 2
    } else values.push(text.charCodeAt(i++) - 32)
  }
  const check = values.reduce((sum, value, i) => sum + value * (i + 1), start === 'C' ? 105 : 104) % 103
  const symbols = [start === 'C' ? START_C : START_B, ...values.map((value) => WIDTHS[value]!), WIDTHS[check]!, STOP]
  const bars: { x: number; width: number }[] = []
  let x = 0
  for (const [i, width] of [...symbols.join('')].entries()) {
    if (i % 2 === 0) bars.push({ x, width: Number(width) })
    x += Number(width)
  }
  return bars
}
