/** The badge scanned last, waiting for its PIN. Held in memory only: it is half of a secret. */
class Badge {
  scanned = $state('')
}
export const badge = new Badge()
