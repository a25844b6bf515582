// 扫一扫: look up anything, start anything.

import { noteArrival } from '../../../lib/carry'
import { record } from '../../../lib/outbox'
import type { Bin, Container, Item, OutboundOrder, ReturnOrder } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import { undoLast } from '../../../lib/undo'
import { uuid7 } from '../../../lib/ids'
import { go } from '../../../router.svelte'
import { shift } from '../shift.svelte'
import { attention, itemName, right, shown, siteId } from './tell'

export async function lookAtOrder(order: ReturnOrder | null, outbound: OutboundOrder | null): Promise<void> {
  if (order) {
    shift.work.look = { is: 'order', id: order.id }
    const customer = await queries.customer(order.customer_id)
    return shown(() => order.number, { more: (w) => [w.core(`status.${order.status}`), customer?.name].filter(Boolean).join(' · ') })
  }
  if (!outbound) return
  shift.work.look = { is: 'outbound', id: outbound.id }
  const customer = await queries.customer(outbound.customer_id)
  shown((w) => w.t('home.outbound', { number: outbound.number }), { more: () => customer?.name ?? '' })
}

export async function lookAtItem(item: Item, lot: string): Promise<void> {
  shift.work.look = { is: 'item', id: item.id }
  shown(itemName(item), { more: () => [item.sku, item.spec, lot].filter(Boolean).join(' · ') })
}

export async function lookAtSerial(serial: string, item: Item | null): Promise<void> {
  shift.work.look = { is: 'serial', id: serial }
  const history = await queries.serialHistory(serial)
  shown(itemName(item, serial), { number: history.length || undefined, more: (w) => w.t('home.serial', { serial, n: history.length }) })
}

export async function lookAtContainer(container: Container): Promise<void> {
  shift.work.look = { is: 'container', id: container.id }
  const units = (await queries.containerContents(container.id)).reduce((sum, content) => sum + content.quantity, 0)
  const bin = await queries.bin(container.bin_id)
  shown(() => container.label, { number: units, more: (w) => (bin ? w.t('home.stands', { bin: bin.code }) : w.t('home.stands_nowhere')) })
}

export async function lookAtBin(bin: Bin): Promise<void> {
  shift.work.look = { is: 'bin', id: bin.id }
  const { containers, loose } = await queries.binContents(bin.id)
  const inside = await Promise.all(containers.map((container) => queries.containerContents(container.id)))
  const units = [...loose, ...inside.flat()].reduce((sum, content) => sum + content.quantity, 0)
  shown(() => bin.code, { number: units, more: (w) => w.core(`zone.${bin.kind}`) })
}

/** An unknown code on Home: what is it? It may be named, photographed, or left. */
export async function lookAtUnknown(text: string): Promise<void> {
  const waits = (await queries.unknownCodes(siteId())).find((code) => code.text === text)
  const item = await nameUnknown(text)
  if (!item) return attention((w) => w.t('home.unknown'), { more: (w) => w.t('home.unknown.more') })
  if (waits) return right(itemName(item), { number: waits.units, more: (w) => w.t('unknown.named', { text }) })
  await lookAtItem(item, '')
}

/** Named here, the code is known from now on, and so is everything received under it. */
export async function nameUnknown(text: string): Promise<Item | null> {
  const answer = await shift.ask('unknown', { text })
  if (answer?.item) await record('map_barcode', { barcode_id: uuid7(), text, item_id: answer.item.id, quantity: 1 })
  return answer?.item ?? null
}

export async function undo(): Promise<void> {
  const undone = await undoLast()
  if (!undone) return attention((w) => w.t('undo.nothing'))
  if ('stands' in undone) return attention((w) => w.t('undo.stands', { what: w.core(`mutation.${undone.stands}`) }), { more: (w) => w.t('undo.stands.more') })
  right((w) => w.t('undo.done', { what: undone.text }), { number: undone.quantity ? `−${undone.quantity}` : undefined })
}

/** ×N: the next scan of goods counts this many. */
export function times(n: number): void {
  shift.work.times = n
  shown((w) => w.t('times', { n }), { number: `×${n}` })
}

/** The receipt for a file that was carried home: only this device's own is believed. */
export async function arrived(card: string): Promise<void> {
  const arrival = await noteArrival(card)
  if (!arrival) return attention((w) => w.t('carry.not_mine'), { more: (w) => w.t('carry.not_mine.more') })
  right((w) => w.t('carry.receipt_read', { n: arrival.seq }), { more: (w) => w.t('carry.arrived.more') })
}
