// What supervisors decided about this handheld's work in the last two weeks.

import { identity } from '../../lib/auth'
import type { Conflict, ReturnOrder } from '../../lib/protocol'
import { attentionList } from '../../lib/outbox'
import { orderOf, verdicts } from '../../lib/queries'

const TWO_WEEKS = 14 * 86_400_000

export async function lately(limit: number): Promise<{ conflict: Conflict; order: ReturnOrder | null }[]> {
  // Also where another handheld clashed after this one: the case names only the latest.
  const mine = new Set((await attentionList()).map((row) => row.conflict))
  const found = await verdicts(identity.get()?.device_id ?? '', mine, Math.max(1, Date.now() - TWO_WEEKS))
  return Promise.all(found.slice(0, limit).map(async (conflict) => ({ conflict, order: await orderOf(conflict.order_id) })))
}
