// GTINs, SSCCs and GLNs: their check digit, and the lengths one of them may be written in.

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
