/**
 * 质检: four checks, a grade, and what is done with the goods, already proposed by the policy of their return type.
 *
 * All four checks are ✓ until told otherwise: a good unit is one scan and PASS, only exceptions are detailed.
 */

import { identity } from '../../../lib/auth'
import { containerId, uuid7 } from '../../../lib/ids'
import { record } from '../../../lib/outbox'
import { failedSample } from '../../../lib/mutations'
import { allowedDispositions, missingChecks, proposedDisposition, type Facts } from '../../../lib/policy'
import type { Bin, Check, CheckResult, Container, DispositionKind, Grade, Item, OutboundOrder, Policy, ReturnOrder, Step, Task, Verdict } from '../../../lib/protocol'
import * as queries from '../../../lib/queries'
import type { LineView } from '../../../lib/queries'
import { go } from '../../../router.svelte'
import type { Say } from '../say'
import { shift, type Bench, type Option } from '../shift.svelte'
import { nameUnknown } from './home'
import { alarm, attention, itemName, nameOfPerson, plainPhotos, right, shown, siteId, today } from './tell'

export const CHECKS: readonly Check[] = ['appearance', 'function', 'accessories', 'packaging']
export const GRADES: readonly Grade[] = ['A', 'B', 'C', 'D']

// —— judged from what is ticked ——————————————————————————————————————————————————————————————————————

export function verdictOf(checks: readonly CheckResult[]): Verdict {
  const failed = checks.filter((check) => check.outcome === 'fail')
  if (failed.length === 0) return 'pass'
  return failed.every((check) => check.severity === 'minor') ? 'conditional' : 'fail'
}

/** The gravest failure gives the grade; what does not work is never better than C. */
export function proposedGrade(checks: readonly CheckResult[]): Grade {
  const failed = checks.filter((check) => check.outcome === 'fail')
  if (failed.some((check) => check.severity === 'critical')) return 'D'
  if (failed.some((check) => check.severity !== 'minor' || check.check === 'function')) return 'C'
  return failed.length > 0 ? 'B' : 'A'
}

export function factsOf(bench: Bench, item: Item | null): Facts {
  const grade = bench.grade || proposedGrade(bench.checks)
  return { verdict: verdictOf(bench.checks), grade, expiry: bench.expiry, min_days_to_sell: item?.min_days_to_sell ?? 0, today: today(), lot_held: bench.lotHeld ?? false }
}

/** What will be done with it: what was chosen, if it is still allowed, else what the policy proposes. */
export function dispositionOf(bench: Bench, item: Item | null, policy: Partial<Policy>): DispositionKind | '' {
  const facts = factsOf(bench, item)
  if (bench.kind && allowedDispositions(policy, facts).includes(bench.kind)) return bench.kind
  return proposedDisposition(policy, facts)
}

export async function policyOf(order: ReturnOrder | null): Promise<Partial<Policy>> {
  return (order ? await queries.returnType(order.type_code) : null)?.policy ?? {}
}

/** Nobody knows whose these are: they are inspected and wait in their own zone. */
export const isUnclaimed = (order: ReturnOrder | null): boolean => order !== null && order.origin !== 'filed' && !order.customer_id

export function missingSteps(bench: Bench, item: Item | null): Step[] {
  return (item?.steps ?? []).filter((step) => {
    if (!step.required) return false
    if (step.kind === 'photo') return bench.photos.length === 0
    return !bench.steps.some(({ code, value }) => code === step.code && value !== '')
  })
}

// —— onto the bench ——————————————————————————————————————————————————————————————————————————————————

/** As many as this verdict may be about. */
export const mostOf = (bench: Pick<Bench, 'again'>, view: LineView): number => (bench.again ? view.line.received : uninspected(view))

export const uninspected = (view: LineView): number => Math.max(0, view.line.received - view.line.inspected)

/** Lines waiting here, within what was scanned before: a parcel, an order, a tote. */
export async function waitingLines(): Promise<LineView[]> {
  const { parcelId, orderId, containerId } = shift.work.filter
  let views = await queries.toInspect(siteId())
  if (orderId) views = views.filter((view) => view.line.order_id === orderId)
  if (parcelId) views = views.filter((view) => view.receipts.some((receipt) => receipt.parcel_id === parcelId))
  if (containerId) views = views.filter((view) => view.receipts.some((receipt) => receipt.container_id === containerId))
  return views
}

/** Something was found of what is on the bench: a scan of other goods must not throw that away. */
function begun(): boolean {
  const { bench } = shift.work
  if (!bench) return false
  const { checks, steps, grade, kind, note, photos } = bench
  return checks.some(({ outcome }) => outcome !== 'pass') || steps.length + photos.length > 0 || `${grade}${kind}${note}` !== ''
}

export function clearBench(): void {
  shift.work.bench = null
}

/** Put a group, or one serial unit, on the bench; asks which lot when there are several and none was said. */
export async function bring(view: LineView, serial = '', lot = ''): Promise<void> {
  await onto(view, serial, await groupOf(view, serial, lot))
}

/** Another look at what was inspected already: the new verdict takes the place of the old one, which is kept. */
export async function inspectAgain(view: LineView): Promise<void> {
  if (shift.work.bench) return attention((w) => w.t('inspect.finish_first'))
  go('/floor/inspect')
  const mine = view.inspections.filter((one) => !one.superseded_by && one.device_id === identity.get()?.device_id)
  const before = mine.at(-1)
  if (!before || uninspected(view) > 0) return bring(view)
  const { quantity, serial, lot, container_id } = before
  await onto(view, serial, { quantity, lot, expiry: '', containerId: container_id }, { supersedes: before.id, again: true })
}

/** Somebody asked for another look: at what waits, or at what was inspected; the server knows which verdicts it takes the place of. */
export async function inspectTask(view: LineView, task: Task): Promise<void> {
  if (shift.work.bench) return attention((w) => w.t('inspect.finish_first'))
  go('/floor/inspect')
  const standing = view.inspections.filter((one) => !one.superseded_by && one.serial === task.serial)
  if (standing.length === 0 || (!task.serial && uninspected(view) > 0)) return bring(view, task.serial)
  const [latest, quantity] = [standing.at(-1)!, Math.max(...standing.map((one) => one.quantity))]
  await onto(view, task.serial, { quantity, lot: latest.lot, expiry: '', containerId: latest.container_id }, { again: true })
}

async function onto(view: LineView, serial: string, group: Group, { supersedes = '', again = false } = {}): Promise<void> {
  const hold = await queries.lotHold(view.item?.id ?? '', group.lot)
  shift.work.bench = {
    inspectionId: uuid7(),
    dispositionId: uuid7(),
    lineId: view.line.id,
    serial,
    ...group,
    lotHeld: hold !== null,
    supersedes,
    again,
    sampled: 0,
    checks: CHECKS.map((check) => ({ check, outcome: 'pass', severity: '', defects: [], note: '' })),
    steps: [],
    grade: '',
    kind: '',
    note: '',
    photos: [],
  }
  const order = await queries.orderOf(view.line.order_id)
  const blocked = await queries.blockingOf(view.line.order_id, view.line.id)
  const told = { number: group.quantity, more: ((w) => [order?.number, serial, group.lot].filter(Boolean).join(' · ')) satisfies Say }
  if (hold)
    return alarm({
      what: (w) => w.t('lot.held', { lot: hold.lot }),
      kept: (w) => w.t('lot.held.kept', { reason: hold.reason }),
      todo: (w) => w.t('lot.held.todo'),
    })
  if (blocked) attention((w) => w.t('inspect.blocked'), told)
  else if (group.expiry && group.expiry < today()) attention((w) => w.t('receive.expired', { date: group.expiry }), told)
  else shown(itemName(view.item, view.line.text), told)
}

interface Group {
  quantity: number
  lot: string
  expiry: string
  containerId: string
}

async function groupOf(view: LineView, serial: string, said: string): Promise<Group> {
  const here = view.receipts.filter((receipt) => receipt.quantity > receipt.unreceived)
  const unit = serial ? here.find((receipt) => receipt.serial === serial) : undefined
  if (unit) return { quantity: 1, lot: unit.lot, expiry: unit.expiry, containerId: unit.container_id }

  const wanted = shift.work.filter.containerId
  const groups = new Map<string, Group>()
  for (const { quantity, unreceived, lot, expiry, container_id } of here) {
    if (wanted && container_id !== wanted) continue
    const key = [lot, expiry, container_id].join(' ')
    const group = groups.get(key) ?? { quantity: 0, lot, expiry, containerId: container_id }
    groups.set(key, { ...group, quantity: group.quantity + quantity - unreceived })
  }
  // What was inspected is taken off its own lot and tote first.
  for (const done of view.inspections) {
    if (done.superseded_by) continue
    let left = done.quantity
    for (const group of groups.values()) {
      if (group.lot !== done.lot || group.containerId !== done.container_id) continue
      const off = Math.min(left, group.quantity)
      group.quantity -= off
      left -= off
    }
  }
  const waiting = [...groups.values()].filter((group) => group.quantity > 0)
  const narrowed = waiting.filter((group) => group.lot === said)
  const open = said && narrowed.length ? narrowed : waiting
  const left = uninspected(view)
  if (open.length <= 1) return { ...(open[0] ?? { lot: '', expiry: '', containerId: wanted }), quantity: Math.min(left, open[0]?.quantity ?? left) || 1 }
  const labels = await Promise.all(open.map(async (group) => (await queries.containerOf(group.containerId))?.label ?? ''))
  const options: Option<Group>[] = open.map((group, n) => ({
    id: String(n),
    value: group,
    icon: 'lot',
    words: (w) => group.lot || labels[n] || w.t('inspect.no_lot'),
    more: (w) => [w.t('inspect.units', { n: group.quantity }), group.expiry, group.lot && labels[n]].filter(Boolean).join(' · '),
  }))
  const chosen = (await shift.ask('choose', { title: (w) => w.t('inspect.which_group'), options })) as Group | null
  const group = chosen ?? open[0]!
  return { ...group, quantity: Math.min(left, group.quantity) || 1 }
}

/** Item code: the group of that item; a lot narrows it. */
export async function bringItem(item: Item, lot: string, serial: string): Promise<void> {
  if (serial) return bringSerial(serial, item)
  const views = (await waitingLines()).filter((view) => view.line.item_id === item.id)
  const fitting = lot ? views.filter((view) => view.receipts.some((receipt) => receipt.lot === lot)) : views
  const first = fitting[0] ?? views[0]
  if (!first) return nothingToInspect(item)
  const { bench } = shift.work
  if (bench?.lineId === first.line.id && (!lot || bench.lot === lot)) return shown((w) => w.t('inspect.on_bench'), { more: itemName(item) })
  if (begun()) return attention((w) => w.t('inspect.finish_first'))
  await bring(first, '', lot)
}

/** A code nobody knows: goods that were received under it and wait here, else the person is asked what it is. */
export async function bringUnknown(text: string): Promise<void> {
  const waiting = (await waitingLines()).find(({ line }) => !line.item_id && (line.text === text || line.text === shift.now?.text))
  if (waiting) return bring(waiting)
  const item = await nameUnknown(text)
  if (item) await bringItem(item, '', '')
  else attention((w) => w.t('inspect.unknown'), { more: () => text })
}

/** Outbound or platform number: what came back of that shipment and waits. */
export async function bringShipped(outbound: OutboundOrder | null): Promise<void> {
  const shipped = new Set((outbound ? await queries.outboundLines(outbound.id) : []).map((line) => line.id))
  const waiting = (await queries.toInspect(siteId())).find(({ line }) => shipped.has(line.outbound_line_id))
  if (!waiting) return attention((w) => w.t('inspect.nothing_here'), { more: () => outbound?.number ?? '' })
  await filterBy({ orderId: waiting.line.order_id }, () => outbound?.number ?? '')
}

/** Serial: that very unit. */
export async function bringSerial(serial: string, item: Item | null): Promise<void> {
  const receipt = (await queries.receiptsOfSerial(serial)).find((one) => one.quantity > one.unreceived)
  const view = receipt ? await queries.lineView(receipt.line_id) : null
  if (!view) return attention((w) => w.t('inspect.not_received'), { more: (w) => [itemName(item)(w), serial].filter(Boolean).join(' · ') })
  const done = view.inspections.find((one) => one.serial === serial && !one.superseded_by)
  if (done) {
    const by = await nameOfPerson(done.by)
    attention((w) => w.t('inspect.done_by', { name: by, time: w.time(done.made_at), grade: done.grade }), { more: () => serial })
    return
  }
  if (shift.work.bench?.serial === serial) return shown((w) => w.t('inspect.on_bench'), { more: () => serial })
  if (begun()) return attention((w) => w.t('inspect.finish_first'))
  await bring(view, serial)
}

async function nothingToInspect(item: Item): Promise<void> {
  attention((w) => w.t('inspect.nothing_of_item'), { more: itemName(item) })
}

/** Waybill, order or tote: what of it waits to be inspected. */
export async function filterBy(filter: Partial<typeof shift.work.filter>, words: Say): Promise<void> {
  if (shift.work.bench) return attention((w) => w.t('inspect.finish_first'))
  shift.work.filter = { parcelId: '', orderId: '', containerId: '', ...filter }
  go('/floor/inspect')
  const views = await waitingLines()
  const units = views.reduce((sum, view) => sum + uninspected(view), 0)
  if (units === 0) return attention((w) => w.t('inspect.nothing_here'), { more: words })
  shown(words, { number: units, more: (w) => w.t('inspect.scan_unit') })
  const only = views.length === 1 ? views[0] : undefined
  if (only && !only.item?.serial_tracked) await bring(only)
}

/** A tote: an empty one collects the outcome on the bench, a full one is opened. */
export async function openTote(container: Container): Promise<void> {
  const contents = await queries.containerContents(container.id)
  const kind = await kindNow()
  if (shift.work.bench && kind && !contents.some((content) => content.status === 'quarantine')) return collectInto(container, kind)
  await filterBy({ containerId: container.id }, () => container.label)
}

export async function startOutcomeTote(label: string): Promise<void> {
  const kind = await kindNow()
  if (!kind) return attention((w) => w.t('inspect.unit_first'))
  const id = containerId(siteId(), label)
  await record('use_container', { container_id: id, site_id: siteId(), label, kind: 'tote', bin_id: '', outcome: kind }, { scan: shift.now ?? undefined })
  await collectInto((await queries.containerOf(id))!, kind)
}

async function collectInto(container: Container, kind: DispositionKind): Promise<void> {
  shift.work.totes = { ...shift.work.totes, [kind]: container.id }
  right((w) => w.t('inspect.tote', { kind: w.core(`disposition.${kind}`) }), { more: () => container.label })
}

async function kindNow(): Promise<DispositionKind | ''> {
  const bench = shift.work.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return ''
  return dispositionOf(bench, view.item, await policyOf(await queries.orderOf(view.line.order_id)))
}

export async function benchAt(bin: Bin): Promise<void> {
  const tote = shift.work.filter.containerId
  if (!tote) return attention((w) => w.t('inspect.bin_here'), { more: () => bin.code })
  await record('move_container', { container_id: tote, bin_id: bin.id }, { scan: shift.now ?? undefined })
  right((w) => w.t('receive.tote_stands', { bin: bin.code }))
}

// —— judging ——————————————————————————————————————————————————————————————————————————————————————————

export function setOutcome(check: Check, outcome: CheckResult['outcome']): void {
  const bench = shift.work.bench
  if (!bench) return attention((w) => w.t('inspect.unit_first'))
  const empty = { severity: '', defects: [], note: '' } as const
  bench.checks = bench.checks.map((row) => {
    if (row.check !== check) return row
    return outcome === 'fail' ? { ...row, outcome, severity: row.severity || 'major' } : { check, outcome, ...empty, defects: [] }
  })
}

/** The first thing wrong with a group is seldom wrong with all of it: how many are so? The rest stays on the bench. */
export async function failCheck(check: Check): Promise<void> {
  const bench = shift.work.bench
  if (!bench) return attention((w) => w.t('inspect.unit_first'))
  const first = bench.checks.every((row) => row.outcome !== 'fail')
  setOutcome(check, 'fail')
  attention((w) => w.t('inspect.failed', { check: w.core(`check.${check}`) }), { number: bench.quantity, more: (w) => w.t('inspect.failed.more') })
  if (!first || bench.serial || bench.quantity < 2 || bench.sampled) return
  const view = await queries.lineView(bench.lineId)
  const n = await shift.ask('quantity', { item: view?.item ?? null, pack: 1, start: bench.quantity, title: (w) => w.t('inspect.how_many_failed', { n: bench.quantity }), all: 0 })
  if (n !== null && view) setBenchQuantity(n, mostOf(bench, view))
}

export async function askWhatFailed(): Promise<void> {
  if (!shift.work.bench) return attention((w) => w.t('inspect.unit_first'))
  const options: Option<Check>[] = CHECKS.map((check) => ({ id: check, value: check, icon: 'bad', words: (w) => w.core(`check.${check}`), card: `FAIL-${check.toUpperCase()}` }))
  const check = (await shift.ask('choose', { title: (w) => w.t('inspect.what_failed'), options })) as Check | null
  if (check) await failCheck(check)
}

/** A defect's card. The same code may stand under several checks: then the one that failed already is meant. */
export async function failForDefect(code: string): Promise<void> {
  if (!shift.work.bench) return attention((w) => w.t('inspect.unit_first'))
  if (!(await scanDefect(code))) attention((w) => w.t('inspect.no_such_defect', { code }), { more: (w) => w.t('nothing_done') })
}

/** A defect code scanned at the bench counts for its check, which thereby fails. */
export async function scanDefect(text: string): Promise<boolean> {
  const bench = shift.work.bench
  if (!bench) return false
  const failed = (check: Check) => bench.checks.some((row) => row.check === check && row.outcome === 'fail')
  const code = text.trim().toUpperCase()
  for (const check of [...CHECKS].sort((a, b) => Number(failed(b)) - Number(failed(a)))) {
    const defect = (await queries.defectsOf(check)).find((one) => one.code.toUpperCase() === code)
    if (!defect) continue
    setOutcome(check, 'fail')
    toggleDefect(check, defect.code, true)
    attention((w) => w.name(defect), { more: (w) => w.core(`check.${check}`) })
    return true
  }
  return false
}

export function toggleDefect(check: Check, code: string, on?: boolean): void {
  const row = shift.work.bench?.checks.find((one) => one.check === check)
  if (!row) return
  const has = row.defects?.includes(code) ?? false
  if (on ?? !has) row.defects = [...new Set([...(row.defects ?? []), code])]
  else row.defects = (row.defects ?? []).filter((one) => one !== code)
}

export async function chooseKind(kind: DispositionKind): Promise<void> {
  const bench = shift.work.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return attention((w) => w.t('inspect.unit_first'))
  const policy = await policyOf(await queries.orderOf(view.line.order_id))
  if (!allowedDispositions(policy, factsOf(bench, view.item)).includes(kind))
    return attention((w) => w.t('inspect.kind_not_allowed', { kind: w.core(`disposition.${kind}`) }))
  bench.kind = kind
  shown((w) => w.core(`disposition.${kind}`), { more: itemName(view.item, view.line.text) })
}

export function chooseGrade(grade: Grade): void {
  const bench = shift.work.bench
  if (!bench) return attention((w) => w.t('inspect.unit_first'))
  bench.grade = grade
  shown((w) => w.core(`grade.${grade}`), { number: grade })
}

export async function photographUnit(): Promise<void> {
  const bench = shift.work.bench
  if (!bench) return attention((w) => w.t('inspect.unit_first'))
  const failed = bench.checks.some((check) => check.outcome === 'fail')
  const itemId = (await queries.lineView(bench.lineId))?.item?.id
  const photo = await shift.ask('photo', { kind: failed ? 'defect' : 'whole', title: (w) => w.t('inspect.photo'), required: false, itemId })
  if (photo && shift.work.bench) shift.work.bench.photos = [...shift.work.bench.photos, photo]
}

export async function splitQuantity(): Promise<void> {
  const bench = shift.work.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return attention((w) => w.t('inspect.unit_first'))
  if (bench.serial) return attention((w) => w.t('receive.serial_is_one'))
  const most = mostOf(bench, view)
  const n = await shift.ask('quantity', { item: view.item, pack: 1, start: bench.quantity, title: (w) => w.t('inspect.how_many'), all: most })
  if (n !== null && shift.work.bench) setBenchQuantity(n, most)
}

/** So many of the group are looked at, and their verdict decides for all of it; 0: every unit is looked at. */
export async function sample(): Promise<void> {
  const bench = shift.work.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return attention((w) => w.t('inspect.unit_first'))
  if (bench.serial || bench.quantity < 2) return attention((w) => w.t('sample.group_only'))
  if (failedSample(view.inspections, bench.lot, bench.containerId)) return attention((w) => w.t('sample.failed_before'), { more: (w) => w.t('sample.each') })
  const n = await shift.ask('quantity', { item: view.item, pack: 1, start: bench.sampled || 1, title: (w) => w.t('sample.how_many', { n: bench.quantity }), all: 0 })
  if (n === null || !shift.work.bench) return
  if (n >= bench.quantity) return attention((w) => w.t('sample.fewer', { n: bench.quantity }))
  setSample(n)
}

export function setSample(n: number): void {
  if (!shift.work.bench || n < 0) return
  shift.work.bench.sampled = n
  if (n > 0) shown((w) => w.t('sample.of', { n, of: shift.work.bench?.quantity ?? 0 }), { number: n, more: (w) => w.t('sample.decides') })
  else shown((w) => w.t('sample.each'))
}

export function setBenchQuantity(n: number, most: number): void {
  if (!shift.work.bench || n < 1) return
  if (n > most) return attention((w) => w.t('inspect.only', { n: most }))
  shift.work.bench.quantity = n
  if (shift.work.bench.sampled >= n) shift.work.bench.sampled = 0
  shown((w) => w.t('inspect.units', { n }), { number: n })
}

/** PASS: all four ✓, the proposed grade and disposition, next. */
export async function pass(): Promise<void> {
  const bench = shift.work.bench
  if (!bench) return attention((w) => w.t('inspect.unit_first'))
  for (const check of CHECKS) setOutcome(check, 'pass')
  bench.grade = ''
  await save()
}

/** Record the verdict and what is done with the goods; what is left of the group stays on the bench. */
export async function save(): Promise<void> {
  const bench = shift.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return attention((w) => w.t('inspect.unit_first'))
  const order = await queries.orderOf(view.line.order_id)
  const policy = await policyOf(order)
  const step = missingSteps(bench, view.item)[0]
  if (step) return attention((w) => w.t('inspect.step_missing', { step: w.name(step) }), { more: (w) => w.t('inspect.not_saved') })
  const check = missingChecks(policy, bench.checks)[0]
  if (check) return attention((w) => w.t('inspect.check_missing', { check: w.core(`check.${check}`) }), { more: (w) => w.t('inspect.not_saved') })

  const grade = bench.grade || proposedGrade(bench.checks)
  const { inspectionId, dispositionId, lineId, quantity, serial, lot, expiry, note } = bench
  await record('inspect', {
    inspection_id: inspectionId, line_id: lineId, site_id: siteId(), quantity, verdict: verdictOf(bench.checks), grade, checks: bench.checks,
    serial, lot, container_id: bench.containerId, steps: bench.steps, note, photos: bench.photos, supersedes: bench.supersedes, sampled: bench.sampled,
  }) // prettier-ignore
  // What was disposed of before another look stays so: a supervisor decides about it, not a second disposition.
  const after = (await queries.lineView(lineId))?.line
  const open = after ? after.inspected - after.disposed : quantity
  const kind = isUnclaimed(order) || open < quantity ? '' : dispositionOf(bench, view.item, policy)
  if (kind)
    await record('dispose', {
      disposition_id: dispositionId, line_id: lineId, site_id: siteId(), quantity, kind, inspection_id: inspectionId,
      lot, expiry, serial, container_id: bench.containerId, to_container_id: shift.work.totes[kind] ?? '',
    }) // prettier-ignore
  await putNext(lineId, serial)
  if (bench.sampled && verdictOf(bench.checks) === 'fail')
    return attention((w) => w.t('sample.failed'), { number: quantity, more: (w) => w.t('sample.each') })
  await sayJudged(kind, grade, order, dispositionId, quantity)
}

async function putNext(lineId: string, serial: string): Promise<void> {
  shift.work.bench = null
  const after = await queries.lineView(lineId)
  if (after && !serial && !after.item?.serial_tracked && uninspected(after) > 0) await bring(after)
}

async function sayJudged(kind: DispositionKind | '', grade: Grade, order: ReturnOrder | null, dispositionId: string, quantity: number): Promise<void> {
  const left = (await waitingLines()).reduce((sum, view) => sum + uninspected(view), 0)
  const told = { number: left, more: ((w) => w.t('inspect.left', { n: left })) satisfies Say }
  const what: Say = (w) => [`${grade} ×${quantity}`, kind && w.core(`disposition.${kind}`)].filter(Boolean).join(' → ')
  const disposition = await queries.dispositionOf(dispositionId)
  if (!kind && isUnclaimed(order)) {
    const place = await queries.zoneFor(siteId(), 'unclaimed')
    return right((w) => w.t('inspect.saved_unclaimed', { zone: w.name(place?.zone) }), told)
  }
  if (disposition?.state === 'proposed') return attention((w) => w.t('inspect.proposed', { kind: w.core(`disposition.${disposition.kind}`) }), told)
  if (order && !order.authorised) return attention((w) => w.t('inspect.waits_approval'), { ...told, more: what })
  if (order && await queries.blockingOf(order.id)) return attention((w) => w.t('inspect.saved_blocked'), { ...told, more: what })
  right(what, told)
}

/** Card ×N: this many of the group on the bench. */
export async function setQuantityByCard(n: number): Promise<void> {
  const bench = shift.work.bench
  const view = bench ? await queries.lineView(bench.lineId) : null
  if (!bench || !view) return attention((w) => w.t('inspect.unit_first'))
  setBenchQuantity(n, mostOf(bench, view))
}
