/**
 * Which parts of a text differ from another, so that the eye finds them: the longest common subsequence of their
 * characters, or of their words where single characters would leave the text in shreds.
 */
export type Run = { text: string; differs: boolean }

export function difference(text: string, other: string): Run[] {
  const fine = compare([...text], [...other])
  const shreds = fine.filter((run) => run.differs).length
  return shreds > 3 ? compare(words(text), words(other)) : fine
}

/** Words and numbers whole, everything else (Chinese too) by the character. */
const words = (text: string): string[] => text.match(/[\p{Script=Latin}\p{M}]+|\p{N}+|./gsu) ?? []

function compare(a: string[], b: string[]): Run[] {
  // Long texts are compared from both ends only: the table below grows with the product of their lengths.
  if (a.length * b.length > 250_000) return fromBothEnds(a, b)
  const common: Uint16Array[] = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
  const runs: Run[] = []
  let i = 0
  let j = 0
  while (i < a.length) {
    if (j < b.length && a[i] === b[j]) {
      append(runs, a[i++]!, false)
      j++
    } else if (j < b.length && common[i]![j + 1]! > common[i + 1]![j]!) j++
    else append(runs, a[i++]!, true)
  }
  return runs
}

function append(runs: Run[], part: string, differs: boolean): void {
  const last = runs.at(-1)
  if (last && last.differs === differs) last.text += part
  else runs.push({ text: part, differs })
}

function fromBothEnds(a: string[], b: string[]): Run[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return [
    { text: a.slice(0, head).join(''), differs: false },
    { text: a.slice(head, a.length - tail).join(''), differs: true },
    { text: a.slice(a.length - tail).join(''), differs: false },
  ].filter((run) => run.text)
}
