// 签收: what arrives at the dock is signed for by its waybill, before anybody knows whose it is.

import { parcelId, uuid7 } from '../../../lib/ids'
import { carrierOf, normalWaybill } from '../../../lib/numbers'
import { record } from '../../../lib/outbox'
import type { Bin, OutboundOrder, Parcel, Photo, ReturnOrder } from '../../../lib/protocol'
import { carriers, parcelOf, parcelsSigned } from '../../../lib/queries'
import type { Scan } from '../../../lib/scanner'
import { saveSettings, settings } from '../../../lib/settings'
import type { Listed } from '../../../lib/waybills'
import type { Say } from '../say'
import { shift } from '../shift.svelte'
import { attention, nameOfPerson, right, siteId } from './tell'

/** The parcels of the load that is being handed over. */
export async function parcelsOfLoad(): Promise<Parcel[]> {
  const load = shift.work.load
  if (!load) return []
  return parcelsSigned(siteId(), { load_id: load.id }, 5000)
}

/** Sign for a waybill nobody signed for yet, in any load; the parcel it made, or that was there. */
export async function signFor(text: string): Promise<{ parcel: Parcel; fresh: boolean }> {
  const waybill = normalWaybill(text)
  const carrier = carrierOf(waybill, await carriers())
  const id = parcelId(siteId(), carrier, waybill)
  const known = await parcelOf(id)
  if (known && known.signed_at > 0) return { parcel: known, fresh: false }

  const args = { parcel_id: id, site_id: siteId(), waybill, carrier, load_id: shift.work.load?.id ?? '', door_id: settings.get().door }
  await record('sign_parcel', args, { scan: shift.now ?? undefined })
  shift.work.lastParcelId = id
  return { parcel: (await parcelOf(id))!, fresh: true }
}

/** On the screen of the load. */
export async function signIntoLoad(waybill: string, listed: Listed | null = null): Promise<void> {
  shift.work.load ??= { id: uuid7() }
  const { parcel, fresh } = await signFor(waybill)
  if (!fresh) return alreadySigned(parcel)
  // Long done, and no document of this handheld any more: it is written down all the same, and the server knows it for the same parcel.
  if (listed?.signed_at) return attention((w) => w.t('sign.already_on', { date: w.date(listed.signed_at) }), { more: (w) => w.t('sign.already.more') })
  right((w) => w.t('sign.signed'), { number: (await parcelsOfLoad()).length, more: (w) => parcel.carrier || w.t('sign.carrier_unknown') })
}

export async function alreadySigned(parcel: Parcel): Promise<void> {
  shift.work.lastParcelId = parcel.id
  const by = await nameOfPerson(parcel.signed_by)
  attention((w) => w.t('sign.already', { time: w.time(parcel.signed_at), name: by }), { more: (w) => w.t('sign.already.more') })
}

/** Goods before their parcel: the scan is kept in line and counted once the waybill is known. */
export async function waybillFirst(_: unknown, scan: Scan): Promise<void> {
  shift.work.early = [...shift.work.early, scan]
  attention((w) => w.t('sign.waybill_first'), { more: (w) => w.t('sign.waits', { n: shift.work.early.length }), number: shift.work.early.length })
}

export async function setDoor(bin: Bin): Promise<void> {
  await saveSettings({ door: bin.id })
  right((w) => w.t('sign.door_set', { door: bin.code }))
}

export async function bindLast(order: ReturnOrder | null, outbound: OutboundOrder | null): Promise<void> {
  const parcel = await parcelOf(shift.work.lastParcelId)
  if (!parcel) return attention((w) => w.t('sign.waybill_before_document'))
  if (!order) return attention((w) => w.t('sign.only_returns', { number: outbound?.number ?? '' }))
  await record('bind_parcel', { parcel_id: parcel.id, order_id: order.id }, { scan: shift.now ?? undefined })
  right((w) => w.t('sign.bound', { number: order.number }), { more: () => parcel.waybill })
}

export async function noteDamage(): Promise<void> {
  const parcel = await parcelOf(shift.work.lastParcelId)
  if (!parcel) return attention((w) => w.t('sign.scan_first'))
  const photo = await shift.ask('photo', { kind: 'outer', title: (w) => w.t('sign.damage.photo'), required: false })
  const photos: Photo[] = photo ? [photo] : []
  await record('note_damage', { parcel_id: parcel.id, damage: 'outer', photos: photos.map(({ sha256, kind }) => ({ sha256, kind: kind ?? 'outer' })) })
  attention((w) => w.t('sign.damage.noted'), { more: () => parcel.waybill })
}

const REFUSALS = ['damaged', 'wet', 'opened', 'not_ours', 'cash', 'other'] as const

export async function refuse(): Promise<void> {
  const parcel = await parcelOf(shift.work.lastParcelId)
  if (!parcel) return attention((w) => w.t('sign.scan_first'))
  const options = REFUSALS.map((code) => ({ id: code, value: code as string, icon: 'stop' as const, words: ((w) => w.t(`refuse.${code}`)) satisfies Say }))
  const reason = await shift.ask('reason', { title: (w) => w.t('sign.refuse.title', { waybill: parcel.waybill }), options })
  if (!reason) return
  await record('refuse_parcel', { parcel_id: parcel.id, reason })
  attention((w) => w.t('sign.refused'), { more: () => parcel.waybill })
}

export async function closeLoad(listed: number): Promise<void> {
  const load = shift.work.load
  if (!load) return attention((w) => w.t('sign.nothing_to_close'))
  const counted = (await parcelsOfLoad()).length
  await record('close_load', { load_id: load.id, site_id: siteId(), carrier: settings.get().carrier, counted, listed })
  shift.work.load = null
  const difference = counted - listed
  if (listed < 0 || difference === 0) right((w) => w.t('sign.closed'), { number: counted })
  else attention((w) => (difference < 0 ? w.t('sign.fewer', { n: -difference }) : w.t('sign.surplus', { n: difference })), { number: counted, of: listed })
}

/** DONE, and the button: how many does the carrier's list say? An empty answer means there is no list. */
export async function finishLoad(): Promise<void> {
  if (!shift.work.load) return attention((w) => w.t('sign.nothing_to_close'))
  const counted = (await parcelsOfLoad()).length
  const listed = await shift.ask('quantity', { item: null, pack: 1, start: counted, title: (w) => w.t('sign.listed.title'), all: 0, none: (w) => w.t('sign.listed.none') })
  if (listed !== null) await closeLoad(listed)
}
