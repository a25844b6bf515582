/** The date where this device is, which at a warehouse in Shanghai is a day further than in Greenwich for a third of the day. */
export function today(now = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
