// 上架: what was decided goes where it belongs. A whole tote is two scans: its label, the bin.

import { DISPOSED } from '../../../lib/mutations'
import { record } from '../../../lib/outbox'
import type { Bin, Container, Disposition, Item, StockStatus, ZoneKind } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import type { Content, PutAwayTask } from '../../../lib/queries'
import { go } from '../../../router.svelte'
import { shift } from '../shift.svelte'
import { alarm, attention, itemName, right, shown, siteId } from './tell'

/** The zones a stock status may stand in, the best first. */
const ZONES_OF_STATUS: Partial<Record<StockStatus, readonly ZoneKind[]>> = {
  ...Object.fromEntries(Object.values(DISPOSED).map(({ status, zones }) => [status, zones])),
  quarantine: ['quarantine'],
  held: ['exception'],
}

export interface Held {
  contents: Content[]
  units: number
  /** The zones where all of it may stand, the best first; none when its goods belong in different ones. */
  zones: ZoneKind[]
  mixed: boolean
  suggested: Bin | null
  blocked: boolean
}

const zonesOf = (task: PutAwayTask): readonly ZoneKind[] =>
  task.zoneKind === 'exception' || task.zoneKind === 'hazard' ? [task.zoneKind] : DISPOSED[task.disposition.kind].zones

const waitingOf = (mine: (disposition: Disposition) => boolean) => queries.toPutAway(siteId(), Infinity, mine)

/** Everything in my hands: whole containers and single units. */
export async function held(): Promise<Held> {
  const { containers, picks } = shift.work
  const mine = await waitingOf((one) => containers.includes(one.container_id) || picks.some((pick) => pick.dispositionId === one.id))
  const contents: Content[] = []
  const wanted: (readonly ZoneKind[])[] = mine.map(zonesOf)
  for (const id of containers)
    for (const content of await queries.containerContents(id)) {
      contents.push(content)
      // Goods to be restocked are 待检 in the book until they are put away: what was decided for them says where they go.
      const decided = mine.filter((task) => task.container?.id === id && task.disposition.item_id === content.balance.item_id)
      const covered = decided.reduce((sum, task) => sum + task.quantity, 0) >= content.quantity
      const zones = ZONES_OF_STATUS[content.status]
      if (zones && !covered) wanted.push(zones)
    }
  const blocked = mine.some((task) => task.blocked)
  const zones = blocked ? (['exception'] as const) : (wanted[0] ?? []).filter((zone) => wanted.every((each) => each.includes(zone)))
  const itemId = mine[0]?.disposition.item_id ?? contents[0]?.balance.item_id ?? ''
  const suggested = zones[0] ? await queries.suggestBin(siteId(), zones[0], itemId) : null
  const units = contents.reduce((sum, content) => sum + content.quantity, 0) + picks.reduce((sum, pick) => sum + pick.quantity, 0)
  return { contents, units, zones: [...zones], mixed: wanted.length > 0 && zones.length === 0, suggested, blocked }
}

/** Own label in use, or SSCC: the whole container is in my hands. */
export async function pickContainer(container: Container): Promise<void> {
  go('/floor/put-away')
  if (shift.work.containers.includes(container.id)) return shown((w) => w.t('put.already_held'), { more: () => container.label })
  shift.work.containers = [...shift.work.containers, container.id]
  await sayHeld(() => container.label)
}

async function sayHeld(more: () => string): Promise<void> {
  const now = await held()
  if (now.blocked) return blockedAlarm()
  const zone = now.zones[0] ? await queries.zoneFor(siteId(), now.zones[0]) : null
  const told = { number: now.units, more }
  if (now.units === 0) return attention((w) => w.t('put.empty_tote'), told)
  if (now.mixed) return attention((w) => w.t('put.mixed'), told)
  right((w) => w.t('put.goes_to', { zone: w.name(zone?.zone), bin: now.suggested?.code ?? '' }), told)
}

async function blockedAlarm(): Promise<void> {
  const place = await queries.zoneFor(siteId(), 'exception')
  alarm({
    what: (w) => w.t('put.blocked'),
    kept: (w) => w.t('put.blocked.kept'),
    todo: (w) => w.t('put.blocked.todo', { zone: w.name(place?.zone), bin: place?.bin?.code ?? '' }),
  })
}

/** Item or serial: units of it that are decided and not yet put away, one scan a unit. */
export async function pickItem(item: Item | null, serial: string, quantity: number, lot: string): Promise<void> {
  const { picks, containers } = shift.work
  const tasks = await waitingOf((one) => {
    if (serial ? one.serial !== serial : one.item_id !== item?.id || (lot !== '' && one.lot !== lot)) return false
    return !containers.includes(one.container_id)
  })
  const picked = (task: PutAwayTask) => picks.filter((pick) => pick.dispositionId === task.disposition.id).reduce((sum, pick) => sum + pick.quantity, 0)
  const task = tasks.find((one) => one.quantity > picked(one))
  if (!task && (await held()).contents.some((content) => (serial ? content.serial === serial : content.item?.id === item?.id)))
    return shown((w) => w.t('put.in_tote'), { more: itemName(item) })
  if (!task) {
    const waits = (await queries.toInspect(siteId())).some((view) => view.line.item_id === item?.id)
    return attention((w) => w.t(tasks.length > 0 ? 'put.no_more' : waits ? 'put.not_inspected' : 'put.nothing_of_item'), { more: itemName(item) })
  }
  const now = await held()
  if (now.units > 0 && now.zones.length > 0 && !zonesOf(task).includes(now.zones[0]!))
    return attention((w) => w.t('put.other_goods'), { more: (w) => w.t('put.other_goods.more') })

  const n = Math.min(quantity * shift.work.times, task.quantity - picked(task))
  shift.work.times = 1
  const { id, lot: itsLot, expiry, serial: itsSerial } = task.disposition
  const mine = picks.find((pick) => pick.dispositionId === id)
  if (mine) mine.quantity += n
  else
    shift.work.picks = [
      ...picks,
      { id, lineId: task.disposition.line_id, dispositionId: id, quantity: n, lot: itsLot, expiry, serial: itsSerial, containerId: task.container?.id ?? '' },
    ]
  go('/floor/put-away')
  await sayHeld(() => [task.item?.sku, itsSerial, itsLot].filter(Boolean).join(' · '))
}

/** How many of what was picked last are in my hands: a whole stack by two scans. */
export async function setPicked(): Promise<void> {
  const pick = shift.work.picks.at(-1)
  const [task] = pick ? await waitingOf((one) => one.id === pick.dispositionId) : []
  if (!pick || !task) return attention((w) => w.t('put.pick_first'))
  if (pick.serial) return attention((w) => w.t('receive.serial_is_one'))
  const barcodes = task.item ? await queries.codesOfItem(task.item.id) : []
  const pack = Math.max(1, ...barcodes.map((barcode) => barcode.quantity))
  const n = await shift.ask('quantity', { item: task.item, pack, start: pick.quantity, title: (w) => w.t('put.how_many'), all: task.quantity })
  const mine = shift.work.picks.find((other) => other.id === pick.id)
  if (!n || !mine) return
  if (n > task.quantity) return attention((w) => w.t('put.only', { n: task.quantity }), { more: itemName(task.item) })
  mine.quantity = n
  await sayHeld(() => task.item?.sku ?? '')
}

/** Bin: everything in hand is put there. Into a zone it does not belong in only when the bin is scanned twice. */
export async function putInto(bin: Bin): Promise<void> {
  const now = await held()
  if (shift.work.containers.length === 0 && shift.work.picks.length === 0)
    return attention((w) => w.t('put.nothing_held'), { more: () => bin.code })
  const fits = now.zones.includes(bin.kind)
  if (!fits && now.zones.length + Number(now.mixed) > 0 && shift.work.anyway !== bin.id) {
    shift.work.anyway = bin.id
    const zone = now.zones[0] ? await queries.zoneFor(siteId(), now.zones[0]) : null
    return attention((w) => (zone ? w.t('put.wrong_zone', { bin: bin.code, zone: w.name(zone.zone) }) : w.t('put.mixed_zone', { bin: bin.code })), {
      more: (w) => w.t('put.scan_again'),
    })
  }
  const { containers, picks } = shift.work
  const scan = shift.now ?? undefined
  for (const id of containers) {
    await record('move_container', { container_id: id, bin_id: bin.id }, { scan })
    shift.work.containers = shift.work.containers.filter((other) => other !== id)
  }
  for (const pick of picks) {
    const { lineId, quantity, containerId, lot, expiry, serial } = pick
    await record('put_away', { line_id: lineId, site_id: siteId(), quantity, bin_id: bin.id, container_id: containerId, lot, expiry, serial }, { scan })
    shift.work.picks = shift.work.picks.filter((other) => other.id !== pick.id)
  }
  shift.work.anyway = ''
  const left = (await queries.counters(siteId())).toPutAway
  const words = (w: Parameters<ReturnType<typeof itemName>>[0]) => w.t('put.done', { bin: bin.code })
  if (fits || !(now.zones.length || now.mixed)) right(words, { number: now.units, more: (w) => (left ? w.t('put.left', { n: left }) : w.t('put.all_done')) })
  else attention(words, { number: now.units, more: (w) => w.t('put.noted_other_zone') })
}

export function putDown(): void {
  shift.work.containers = []
  shift.work.picks = []
  shift.work.anyway = ''
  shown((w) => w.t('put.put_down'))
}
