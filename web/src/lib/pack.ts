// What this device has with it when there is no network: how much of what, how large, how old.

import { countOf } from './catalogue'
import { db, dueEntry, readMeta } from './db'
import { room, type Room } from './room'
import { waybillState } from './waybills'

export interface Pack {
  /** When it was last the same as the server's; 0 never. */
  at: number
  /** Bytes of the database, as the browser tells, without the photos; 0 where it does not. */
  bytes: number
  counts: Record<'items' | 'barcodes' | 'bins' | 'people' | 'open' | 'shipped' | 'waybills', number>
  room: Room | null
}

type Estimate = StorageEstimate & { usageDetails?: { indexedDB?: number } }

export async function packFacts(siteId: string): Promise<Pack> {
  const reference = (kind: string) => db.reference.where('[kind+key]').between([kind, ''], [kind, '\uffff']).count()
  const estimate: Estimate = (await globalThis.navigator?.storage?.estimate?.()) ?? {}
  const photos = ((await db.photos.orderBy('[state+at+size]').keys()) as unknown as [string, number, number][]).reduce((sum, [, , size]) => sum + size, 0)
  const [items, barcodes, bins, people, shipped, open, waybills] = await Promise.all([
    countOf('items'), countOf('barcodes'), reference('bin'), reference('person'), reference('outbound_order'),
    db.view.where('by').equals(dueEntry('open', siteId)).count(), waybillState().then((state) => state?.count ?? 0),
  ])
  return {
    at: (await readMeta<number>('pack')) ?? 0,
    bytes: Math.max(0, (estimate.usageDetails?.indexedDB ?? estimate.usage ?? 0) - photos),
    counts: { items, barcodes, bins, people, open, shipped, waybills },
    room: await room(),
  }
}
