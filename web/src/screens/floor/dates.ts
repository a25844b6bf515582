// Dates as they stand on boxes: 20260831, 260831, 2026-08-31, 2026.08; of a month, its last day.

const iso = (year: number, month: number, day: number): string => {
  const date = new Date(Date.UTC(year, month - 1, day))
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? date.toISOString().slice(0, 10) : ''
}

/** 'YYYY-MM-DD', or '' when these digits are no date. */
export function readDate(text: string): string {
  const digits = text.replace(/\D/g, '')
  const full = digits.length === 8 ? digits : digits.length === 6 ? `20${digits}` : ''
  if (!full) return ''
  const [year, month, day] = [Number(full.slice(0, 4)), Number(full.slice(4, 6)), Number(full.slice(6, 8))]
  if (month < 1 || month > 12) return ''
  if (day === 0) return iso(year, month, new Date(Date.UTC(year, month, 0)).getUTCDate())
  return iso(year, month, day)
}

/** `days` after a 'YYYY-MM-DD' day; negative goes back. */
export function daysAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)
}
