/**
 * 建退库单: what was shipped is known here without network, so a return is filed from the slip in the box, with its final number.
 *
 * Filing reserves what it asks back. What others may file meanwhile cannot be known offline: whoever goes where there is no network
 * reserves before (`take_claim`), and then no one else can.
 */

import { identity } from '../../../lib/auth'
import { derivedId, uuid7 } from '../../../lib/ids'
import { nextNumber, record, waitingOf } from '../../../lib/outbox'
import { missingDocuments } from '../../../lib/policy'
import type { Item, OutboundOrder, ReturnOrder } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import type { Listed } from '../../../lib/waybills'
import { go } from '../../../router.svelte'
import type { Say, Words } from '../say'
import { shift, type Filing } from '../shift.svelte'
import { attention, itemName, mayDo, right, shown, siteId } from './tell'

/** A shipped line as it may be filed here. `asking`: units this device wants reserved and the server has not answered for yet. */
export interface Returnable extends queries.Returnable {
  asking: number
}

export async function linesToFile(outboundId: string): Promise<Returnable[]> {
  const [lines, waiting] = await Promise.all([queries.returnable(outboundId, identity.get()?.device_id ?? ''), waitingOf('take_claim')])
  const asking = (id: string) => waiting.reduce((sum, claim) => sum + (claim.outbound_line_id === id ? claim.quantity : 0), 0)
  return lines.map((each) => ({ ...each, asking: asking(each.line.id) }))
}

export const asked = (filing: Filing): number => Object.values(filing.lines).reduce((sum, line) => sum + line.quantity, 0)

/** Outbound order, platform number or the waybill it left with: its lines, and how much of each may come back. */
export async function begin(outbound: OutboundOrder): Promise<void> {
  if (!(await mayDo('file'))) return attention((w) => w.t('lacks.file'), { more: (w) => w.t('lacks.file.todo') })
  const now = shift.work.filing
  go('/floor/file')
  if (now?.outboundId === outbound.id) return shown(() => outbound.number)
  if (now && asked(now) > 0) return attention((w) => w.t('file.finish_first'), { more: (w) => w.t('nothing_done') })
  shift.work.filing = { orderId: uuid7(), number: '', outboundId: outbound.id, lines: {}, type: '', reason: '', note: '' }
  const lines = await linesToFile(outbound.id)
  const left = lines.reduce((sum, line) => sum + line.left, 0)
  const customer = await queries.customer(outbound.customer_id)
  const told = { number: left, more: () => customer?.name ?? '' }
  if (left === 0) return attention((w) => w.t('file.nothing_left', { number: outbound.number }), told)
  right((w) => w.t('file.returnable', { number: outbound.number }), told)
}

/** A number that is no shipment's. */
export async function beginFrom(order: ReturnOrder | null, outbound: OutboundOrder | null, listed: Listed | null = null): Promise<void> {
  if (outbound) return begin(outbound)
  if (listed?.number)
    return attention((w) => w.t('receive.left_with', { number: listed.number, date: w.date(listed.left_at) }), { more: (w) => w.t('file.not_here') })
  if (order) attention((w) => w.t('file.is_return', { number: order.number }), { more: (w) => w.t('nothing_done') })
  else attention((w) => w.t('file.not_shipped'), { more: (w) => w.t('nothing_done') })
}

/** Goods in the hand: so many more of their line are asked back. */
export async function addItem(item: Item | null, quantity: number, serial = ''): Promise<void> {
  const filing = shift.work.filing
  if (!filing) return attention((w) => w.t('file.outbound_first'), { more: (w) => w.t('nothing_done') })
  const lines = (await linesToFile(filing.outboundId)).filter(({ line }) => line.item_id === item?.id)
  const line = lines.find(({ line }) => serial && line.serials.includes(serial)) ?? lines.find((each) => each.left > mine(filing, each)) ?? lines[0]
  if (!line) return attention((w) => w.t('file.not_on_it'), { more: itemName(item, serial) })
  if (serial && line.line.serials.length > 0 && !line.line.serials.includes(serial))
    return attention((w) => w.t('receive.serial_not_sold'), { more: () => serial })
  const there = filing.lines[line.line.id]
  if (serial && there?.serials.includes(serial)) return attention((w) => w.t('receive.serial_twice'), { more: () => serial })
  await setLine(line, (there?.quantity ?? 0) + (serial ? 1 : quantity * shift.work.times), serial)
  shift.work.times = 1
}

export const mine = (filing: Filing, { line }: Returnable): number => filing.lines[line.id]?.quantity ?? 0

/** So many of a shipped line, no more than may still come back; whoever asks for more is told the numbers. */
export async function setLine(returnable: Returnable, quantity: number, serial = ''): Promise<void> {
  const filing = shift.work.filing
  if (!filing) return
  const { line, item, left } = returnable
  if (quantity > left) return attention((w) => tooMany(returnable)(w), { number: left, of: line.quantity, more: itemName(item) })
  const before = filing.lines[line.id] ?? { quantity: 0, serials: [] }
  const { [line.id]: _, ...others } = filing.lines
  if (quantity <= 0) filing.lines = others
  else {
    const serials = quantity < before.quantity ? before.serials.slice(0, quantity) : serial ? [...before.serials, serial] : before.serials
    filing.lines = { ...others, [line.id]: { quantity, serials } }
  }
  right(itemName(item), { number: Math.max(0, quantity), of: left, more: () => serial })
}

/** The numbers behind 'no more than that'. */
export const tooMany =
  ({ line, filed, left }: Returnable): Say =>
  (w) =>
    w.t('file.too_many', { left, shipped: line.quantity, returned: line.returned, filed })

export async function askQuantity(returnable: Returnable): Promise<void> {
  const filing = shift.work.filing
  if (!filing) return
  const { item, left } = returnable
  const start = mine(filing, returnable) || left
  const n = await shift.ask('quantity', { item, pack: 1, start, title: (w) => w.t('file.how_many'), all: left })
  if (n !== null) await setLine(returnable, n)
}

/** Before the network is left behind: what is chosen here, or else all that may come back, nobody else can file. */
export async function reserve(): Promise<void> {
  const filing = shift.work.filing
  if (!filing) return attention((w) => w.t('file.outbound_first'))
  const lines = await linesToFile(filing.outboundId)
  const chosen = asked(filing) > 0
  let units = 0
  for (const each of lines) {
    const held = each.reserved.reduce((sum, claim) => sum + claim.open, 0) + each.asking
    const quantity = Math.min(each.left, chosen ? mine(filing, each) : each.left) - held
    if (quantity <= 0) continue
    await record('take_claim', { claim_id: uuid7(), outbound_line_id: each.line.id, quantity })
    units += quantity
  }
  if (units === 0) return attention((w) => w.t('file.reserved_already'))
  right((w) => w.t('file.reserve_asked'), { number: units, more: (w) => w.t('file.reserve_asked.more') })
}

export async function giveBack(): Promise<void> {
  const filing = shift.work.filing
  const reserved = filing ? (await linesToFile(filing.outboundId)).flatMap((each) => each.reserved) : []
  for (const claim of reserved) await record('give_back_claim', { claim_id: claim.id })
  if (reserved.length > 0) right((w) => w.t('file.given_back'))
  else attention((w) => w.t('file.nothing_reserved'))
}

export function leave(): void {
  shift.work.filing = null
  shown((w) => w.t('file.left'))
}

export function missing(filing: Filing): 'lines' | 'type' | '' {
  if (asked(filing) === 0) return 'lines'
  return filing.type ? '' : 'type'
}

export async function documentsOwed(type: string): Promise<string[]> {
  return missingDocuments((await queries.returnType(type))?.policy ?? {}, [])
}

/** Filed with its final number, and handed to the reviewers unless papers are owed, which the office adds. */
export async function submit(): Promise<void> {
  const filing = shift.filing
  const outbound = filing ? await queries.outboundOrder(filing.outboundId) : null
  if (!filing || !outbound) return attention((w) => w.t('file.outbound_first'))
  const lacks = missing(filing)
  if (lacks) return attention((w) => w.t(lacks === 'lines' ? 'file.choose_lines' : 'file.choose_type'))
  const lines = (await linesToFile(outbound.id)).filter((each) => mine(filing, each) > 0)
  const over = lines.find((each) => mine(filing, each) > each.left)
  if (over) return attention(tooMany(over), { more: itemName(over.item) })

  const { orderId, type, reason, note } = filing
  const number = filing.number || (await nextNumber())
  shift.work.filing = { ...filing, number } // if power fails now, the same number is used
  await record('create_return', {
    order_id: orderId, number, site_id: siteId(), type_code: type, reason_code: reason, note: note.trim(),
    customer_id: outbound.customer_id, owner_id: outbound.owner_id,
    lines: lines.map(({ line }) => ({
      line_id: derivedId('line', orderId, line.id), item_id: line.item_id, outbound_line_id: line.id, lot: line.lot, ...filing.lines[line.id]!,
    })),
  }) // prettier-ignore
  await handIn(orderId, type)
}

/** Power failed between writing it and handing it in. */
export async function resume(): Promise<void> {
  const filing = shift.filing
  const order = filing ? await queries.orderOf(filing.orderId) : null
  if (filing && order?.status === 'draft') await handIn(order.id, filing.type)
  else if (order) shift.work.filing = null
}

async function handIn(orderId: string, type: string): Promise<void> {
  const owed = await documentsOwed(type)
  if (owed.length === 0) await record('submit_return', { order_id: orderId })
  const order = await queries.orderOf(orderId)
  const units = (await queries.linesOf(orderId)).reduce((sum, view) => sum + view.line.expected, 0)
  shift.work.filing = null
  shift.work.look = { is: 'order', id: orderId }
  go('/floor')
  const more: Say = (w) => `${order?.number ?? ''} · ${owed.length > 0 ? w.t('file.draft_kept.more') : w.t('file.waits_review')}`
  if (owed.length > 0) attention((w) => w.t('file.draft_kept', { papers: papers(w, owed) }), { number: units, more })
  else right((w) => w.t('file.filed'), { number: units, more })
}

export const papers = (w: Words, kinds: string[]): string => kinds.map((kind) => w.core(`document.${kind as 'other'}`)).join(w.lang === 'en' ? ', ' : '、')
