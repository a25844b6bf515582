// Whoever scans goes first: what can wait does, until the hand rests for a moment.

/** So long after the last scan, and never longer than this in all: with hands that never rest it is uploaded too. */
const REST = 400
const LONGEST = 10_000

let scannedAt = -Infinity

/** Somebody scans. */
export const atWork = (): void => void (scannedAt = performance.now())

/** Resolves when nobody has scanned for a moment. To be waited for between two steps of something long, outside any transaction. */
export async function calm(): Promise<void> {
  const until = performance.now() + LONGEST
  for (;;) {
    const now = performance.now()
    const rests = Math.min(scannedAt + REST, until) - now
    if (rests <= 0) return
    await new Promise((resolve) => setTimeout(resolve, rests))
  }
}
