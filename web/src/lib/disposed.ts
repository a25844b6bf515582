// What a disposition does to goods. Apart from the commands, so that looking something up does not need them.

import type { DispositionKind, StockStatus, ZoneKind } from './protocol'

/** Where goods of a disposition go in the book, and in which zones they may stand then (`EFFECTS` in server/domain/dispositions.py). */
export const DISPOSED: Record<DispositionKind, { status: StockStatus; zones: readonly ZoneKind[] }> = {
  restock: { status: 'sellable', zones: ['sellable'] },
  repair: { status: 'in_repair', zones: ['repair'] },
  scrap: { status: 'scrap_pending', zones: ['scrap', 'hazard'] },
  exchange: { status: 'defective', zones: ['defective'] },
  return_to_vendor: { status: 'vendor_pending', zones: ['vendor', 'defective'] },
  return_to_customer: { status: 'customer_pending', zones: ['exception', 'defective', 'dock'] },
}
