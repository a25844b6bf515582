/**
 * 盘点·复核: what stands in a bin is counted without being told what should, and whoever was sent to look says what they saw.
 *
 * Nothing is recorded before the bin is finished: until then the count lies in hand, through reload and lock, and a scan can be undone.
 */

import { bookOf, countLines, type Found } from '../../../lib/counting'
import { uuid7 } from '../../../lib/ids'
import { record } from '../../../lib/outbox'
import type { Gs1 } from '../../../lib/gs1'
import type { Bin, Container, Item, Task, TaskOutcome } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import { syncState } from '../../../lib/syncstate'
import { go } from '../../../router.svelte'
import type { Say } from '../say'
import { shift, type Counting } from '../shift.svelte'
import { inspectTask } from './inspect'
import { attention, itemName, nameOfPerson, plainPhotos, right, shown, siteId } from './tell'

// —— the bin ——————————————————————————————————————————————————————————————————————————————————————————

export const units = (counting: Counting): number => counting.found.reduce((sum, each) => sum + each.counted, 0)

/** Its label says where one stands: begin to count it. */
export async function beginBin(bin: Bin): Promise<void> {
  const now = shift.work.counting
  if (now?.binId === bin.id) {
    now.inside = ''
    return shown(() => bin.code, { number: units(now), more: (w) => w.t('count.go_on') })
  }
  if (now && (now.found.length > 0 || now.containers.length > 0)) return attention((w) => w.t('count.finish_first'), { more: (w) => w.t('nothing_done') })
  const asked = await taskInHand()
  const wanted = asked?.bin_id && asked.bin_id !== bin.id ? await queries.bin(asked.bin_id) : null
  shift.work.counting = { countId: uuid7(), binId: bin.id, taskId: asked && !wanted ? asked.id : '', since: Date.now(), found: [], containers: [], inside: '', trail: [], scan: '' }
  go('/floor/count')
  if (wanted) return attention((w) => w.t('count.other_bin', { bin: bin.code, wanted: wanted.code }))
  right((w) => w.t('count.begun', { bin: bin.code }), { more: (w) => w.t('count.begun.more') })
}

async function inBin(): Promise<Counting | null> {
  const counting = shift.work.counting
  if (!counting) attention((w) => w.t('count.bin_first'), { more: (w) => w.t('nothing_done') })
  // A scan that comes again after a crash was counted, or it was not: never twice.
  else if (shift.now && counting.scan === shift.now.id) return null
  return counting
}

const same = (a: Found, b: Omit<Found, 'counted'>) =>
  a.item_id === b.item_id && (a.text ?? '') === (b.text ?? '') && a.lot === b.lot && a.expiry === b.expiry && a.serial === b.serial && a.container_id === b.container_id

function add(counting: Counting, kind: Omit<Found, 'counted'>, n: number): number {
  const known = counting.found.find((each) => same(each, kind))
  if (known) known.counted += n
  else counting.found.push({ ...kind, counted: n })
  counting.trail.push({ kind, n })
  done(counting)
  return known?.counted ?? n
}

/** Only what has been counted counts as done: a question about it may still be open when the device dies. */
function done(counting: Counting): void {
  if (shift.now) counting.scan = shift.now.id
}

/** Goods: +1, a case its units, of the lot its label names. */
export async function countItem(item: Item | null, gs1: Gs1 | null, pack: number, serial = ''): Promise<void> {
  const counting = await inBin()
  if (!counting) return
  const kind = {
    item_id: item?.id ?? '', text: item ? '' : (shift.now?.text ?? serial), symbology: '', lot: gs1?.lot ?? '', expiry: gs1?.expiry ?? gs1?.bestBefore ?? '', serial,
    container_id: counting.inside,
  } // prettier-ignore
  if (serial && counting.found.some((each) => each.serial === serial && each.item_id === kind.item_id))
    return attention((w) => w.t('count.serial_again'), { more: () => serial })
  if (item?.serial_tracked && !serial) {
    const asked = await shift.ask('serial', { item })
    if (asked && counting.found.some((each) => each.serial === asked && each.item_id === item.id))
      return attention((w) => w.t('count.serial_again'), { more: () => asked })
    kind.serial = asked ?? ''
  }
  const n = kind.serial ? 1 : pack * (gs1?.count || 1) * shift.work.times
  shift.work.times = 1
  const total = add(counting, kind, n)
  right(itemName(item, kind.text), { number: total, more: () => [n > 1 ? `+${n}` : '', kind.serial, kind.lot].filter(Boolean).join(' · ') })
}

/** A code nobody knows is counted as it is, and named later like those that were received. */
export async function countUnknown(text: string, gs1: Gs1 | null): Promise<void> {
  const counting = await inBin()
  if (!counting) return
  const n = shift.work.times
  shift.work.times = 1
  const kind = { item_id: '', text, symbology: shift.now?.symbology ?? '', lot: gs1?.lot ?? '', expiry: gs1?.expiry ?? '', serial: gs1?.serial ?? '', container_id: counting.inside }
  attention((w) => w.t('count.unknown_kept'), { number: add(counting, kind, n), more: () => text })
}

/** A container stands here with all it holds. */
export async function countContainer(container: Container): Promise<void> {
  const counting = await inBin()
  if (!counting) return
  counting.inside = ''
  if (counting.containers.includes(container.id)) return shown((w) => w.t('count.container_again'), { more: () => container.label })
  counting.containers = [...counting.containers, container.id]
  counting.found = counting.found.filter((each) => each.container_id !== container.id)
  counting.trail = [...counting.trail, { containerId: container.id, n: 1 }]
  done(counting)
  const from = container.bin_id && container.bin_id !== counting.binId ? await queries.bin(container.bin_id) : null
  if (from) attention((w) => w.t('count.container_elsewhere', { bin: from.code }), { more: () => container.label })
  else right((w) => w.t('count.container_whole'), { more: () => container.label })
}

/** Not whole, but piece by piece: the container scanned last. */
export async function countInside(): Promise<void> {
  const counting = shift.work.counting
  const id = counting?.containers.at(-1)
  const container = id ? await queries.containerOf(id) : null
  if (!counting || !id || !container) return attention((w) => w.t('count.container_first'))
  counting.containers = counting.containers.filter((other) => other !== id)
  counting.trail = counting.trail.filter((step) => step.containerId !== id)
  counting.inside = id
  shown((w) => w.t('count.inside', { label: container.label }), { more: (w) => w.t('count.inside.more') })
}

/** How many in all of one kind. */
export async function setCounted(found: Found, item: Item | null): Promise<void> {
  if (found.serial) return attention((w) => w.t('receive.serial_is_one'))
  const barcodes = item ? await queries.codesOfItem(item.id) : []
  const pack = Math.max(1, ...barcodes.map((barcode) => barcode.quantity))
  const total = await shift.ask('quantity', { item, pack, start: found.counted, title: (w) => w.t('quantity.title'), all: 0 })
  const counting = shift.work.counting
  const known = counting?.found.find((each) => same(each, found))
  if (total === null || !counting || !known || total === known.counted) return
  counting.trail.push({ kind: kindOf(found), n: total - known.counted })
  known.counted = total
  right(itemName(item, found.text), { number: total })
}

const kindOf = ({ counted: _, ...kind }: Found): Omit<Found, 'counted'> => kind

export function undoCount(): void {
  const counting = shift.work.counting
  const last = counting?.trail.at(-1)
  if (!counting || !last) return attention((w) => w.t('undo.nothing'))
  counting.trail = counting.trail.slice(0, -1)
  if (last.containerId) counting.containers = counting.containers.filter((id) => id !== last.containerId)
  else if (last.kind) {
    const { kind } = last
    counting.found = counting.found.map((each) => (same(each, kind) ? { ...each, counted: each.counted - last.n } : each)).filter((each) => each.counted > 0)
  }
  right((w) => w.t('undo.done', { what: last.kind?.text ?? '' }), { number: `−${last.n}` })
}

/** This long without hearing of others, what they moved in the bin may be missing from the book. */
const HEARD = 10 * 60_000

/** Since when others have not been heard of, if that is too long to be sure of the book; 0 when it is not. */
export function unheardSince({ since }: Counting): number {
  const { online, lastSuccess } = syncState.get()
  return online === false || Date.now() - lastSuccess > HEARD ? lastSuccess || since : 0
}

/** DONE: whatever the book has here and nobody counted is not here. `finished` false: only what was counted is said. */
export async function finishBin(finished = true): Promise<void> {
  const counting = shift.counting
  const bin = counting ? await queries.bin(counting.binId) : null
  if (!counting || !bin) return attention((w) => w.t('count.bin_first'))
  if (!finished && counting.found.length + counting.containers.length === 0) return attention((w) => w.t('count.nothing_counted'))
  const unheard = unheardSince(counting)
  const book = await bookOf(siteId(), bin.id)
  const { lines, missing } = countLines(book, counting.found, counting.containers, finished)
  const { countId: count_id, taskId: task_id, containers } = counting
  await record('count_bin', { count_id, site_id: siteId(), bin_id: bin.id, lines, revision: book.revision, finished, containers, missing, task_id })
  const task = task_id ? await queries.taskOf(task_id) : null
  shift.work.counting = null
  if (task && task.state !== 'open') shift.work.task = null
  const told = { number: units(counting) }
  if (unheard) attention((w) => w.t('count.done', { bin: bin.code }), { ...told, more: (w) => w.t('count.recomputed') })
  else right((w) => w.t('count.done', { bin: bin.code }), { ...told, more: (w) => w.t('count.scan_next') })
}

export function leaveBin(): void {
  shift.work.counting = null
  shown((w) => w.t('count.left'), { more: (w) => w.t('nothing_done') })
}

// —— who was sent ————————————————————————————————————————————————————————————————————————————————————

export async function taskInHand(): Promise<Task | null> {
  return shift.work.task ? queries.taskOf(shift.work.task.id) : null
}

/** What is asked, in words, when the supervisor wrote none. */
export const asks =
  ({ question, kind }: Pick<Task, 'question' | 'kind'>): Say =>
  (w) =>
    question || w.t(`task.${kind}.do`)

/** From Home: the goods go on the bench, everything else is looked at. */
export async function openTask(task: Task): Promise<void> {
  if (task.kind === 'reinspect') {
    const view = await queries.lineView(task.line_id)
    if (!view) return attention((w) => w.t('task.goods_unknown'), { more: asks(task) })
    return inspectTask(view, task)
  }
  if (shift.work.task?.id !== task.id) shift.work.task = { id: task.id, answerId: uuid7(), note: '', photos: [], found: '' }
  go('/floor/count')
  const bin = await queries.bin(task.bin_id)
  shown(asks(task), { more: (w) => (task.kind === 'recount' && bin ? w.t('count.scan_this_bin', { bin: bin.code }) : (bin?.code ?? '')) })
}

export async function photographAnswer(): Promise<void> {
  const task = await taskInHand()
  if (!task) return attention((w) => w.t('task.none_in_hand'))
  const photo = await shift.ask('photo', { kind: task.kind === 'retake' ? 'label' : 'whole', title: asks(task), required: task.kind === 'retake' })
  if (photo && shift.work.task) shift.work.task.photos = [...shift.work.task.photos, photo]
}

export async function answerTask(outcome: TaskOutcome): Promise<void> {
  const mine = shift.taskInHand
  const task = await taskInHand()
  if (!mine || !task) return attention((w) => w.t('task.none_in_hand'))
  if (outcome === 'done' && task.kind === 'retake' && mine.photos.length === 0) return attention((w) => w.t('task.photo_first'), { more: asks(task) })
  if (outcome === 'done' && task.kind === 'look' && !mine.note.trim() && mine.photos.length === 0) return attention((w) => w.t('task.say_something'), { more: asks(task) })
  const found = mine.found === '' ? -1 : Number(mine.found)
  if (outcome === 'done' && task.kind === 'recount' && found < 0) return attention((w) => w.t('task.count_first'), { more: asks(task) })
  await record('answer_task', {
    answer_id: mine.answerId, task_id: task.id, site_id: task.site_id, outcome, note: mine.note.trim(), photos: plainPhotos(mine.photos) as typeof mine.photos, found,
  }) // prettier-ignore
  const second = task.state !== 'open' ? await nameOfPerson(task.answered_by) : ''
  shift.work.task = null
  right((w) => w.t('task.answered'), { more: (w) => (second ? w.t('task.second', { name: second }) : w.t(`task.${outcome}`)) })
}

export function leaveTask(): void {
  shift.work.task = null
  shown((w) => w.t('task.left'))
}

/** DONE: the bin if one is being counted, else the answer. */
export async function finish(): Promise<void> {
  if (shift.work.counting) await finishBin()
  else await answerTask('done')
}
