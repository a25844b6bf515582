// The twins against the real server: whatever a handheld shows before it has synced is what the server makes of it. A shift of arbitrary
// work is recorded without network, then sent; the view before and after must be the same. tests/browser/test_twins.py runs it and gives the
// address; without one there is nothing to compare with.

import 'fake-indexeddb/auto'

import { expect, test } from 'vitest'

import * as app from './app'
import * as auth from './auth'
import { rowsOf } from './catalogue'
import { db, everyOf } from './db'
import { bookOf, countLines, type Found } from './counting'
import { containerId, parcelId, scanLineId, uuid7 } from './ids'
import { makeLabel } from './numbers'
import { attentionList, nextNumber, record } from './outbox'
import { allowedDispositions } from './policy'
import type { Bin, Container, Item, Parcel, Receipt, ReturnLine, ReturnOrder } from './protocol'
import * as ask from './queries'
import { loadSettings } from './settings'
import { syncNow, syncState } from './sync'

declare const process: { env: Record<string, string | undefined> }
const { RESTOW_ORIGIN: origin, RESTOW_CODE: code = '', RESTOW_BADGE: badge = '', RESTOW_PIN: pin = '', RESTOW_SEEDS: seeds = '1,2,3' } = process.env

/** Told by each clock for itself. */
const TIMES = ['at', 'raised_at', 'answered_at', 'made_at', 'signed_at', 'created_at', 'opened_at', 'completed_at', 'unclaimed_at', 'closed_at', 'reviewed_at']

let offline = false
const ROUNDS = 4
const WORKS = 50

function random(seed: number) {
  let state = seed * 2654435761
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return {
    chance: (part: number) => next() < part,
    upTo: (most: number) => 1 + Math.floor(next() * most),
    of: <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)],
  }
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(sorted) : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).sort().map(([k, v]) => [k, sorted(v)])) : value

async function shown(): Promise<Map<string, string>> {
  const rows = await db.view.toArray()
  return new Map(
    rows
      .filter(({ kind }) => kind !== 'barcode') // a confirmed one lives in the catalogue's pages
      .map(({ kind, key, value }) => [`${kind} ${key}`, JSON.stringify(sorted(Object.fromEntries(Object.entries(value).filter(([field]) => !TIMES.includes(field)))))]),
  )
}

test.skipIf(!origin).each(seeds.split(',').map(Number))('what is shown before syncing is what is so afterwards (seed %i)', async (seed) => {
  const dice = random(seed)
  app.configure({
    origin: origin!,
    database: `twins-${seed}`,
    fetch: (input, init) => (offline ? Promise.reject(new TypeError('offline')) : fetch(input, init)),
  })
  await loadSettings()
  await auth.loadIdentity()
  const { site_id: site } = await auth.enrol(code, `Twin ${seed}`)
  await syncNow()
  expect(syncState.get().error).toBe('')
  expect(await auth.signInByBadge(badge, pin)).toMatchObject({ ok: true })

  const goods = (await db.items.toArray()).flatMap((page) => rowsOf(page)).filter((item) => item.active).slice(0, 60)
  const bins = (await everyOf('bin')).filter((bin) => bin.site_id === site && bin.active)
  const types = (await everyOf('return_type')).filter((type) => type.active)
  const here = async () => ({
    parcels: (await everyOf('parcel')).filter((each) => each.site_id === site),
    orders: (await everyOf('return_order')).filter((each) => each.site_id === site),
    lines: (await everyOf('return_line')).filter((each) => each.site_id === site && !each.removed),
    containers: await everyOf('container'),
    receipts: await everyOf('receipt'),
  })
  let label = seed * 1000

  const WORK: Record<string, (now: Awaited<ReturnType<typeof here>>) => Promise<unknown>> = {
    sign: () => {
      const waybill = `SF${seed}${dice.upTo(40)}0000`
      return record('sign_parcel', { parcel_id: parcelId(site, 'sf', waybill), site_id: site, waybill, carrier: 'sf' })
    },
    refuse: async ({ parcels }) => act(dice.of(parcels.filter((each) => each.state === 'signed')), (each: Parcel) => record('refuse_parcel', { parcel_id: each.id, reason: 'wet' })),
    damage: async ({ parcels }) => act(dice.of(parcels), (each) => record('note_damage', { parcel_id: each.id, damage: 'crushed', photos: [{ sha256: 'f'.repeat(64), kind: 'outer' }] })),
    load: () => record('close_load', { load_id: uuid7(), site_id: site, carrier: 'sf', counted: dice.upTo(9) }),
    open: async ({ parcels }) => act(dice.of(parcels), (each) => record('open_parcel', { parcel_id: each.id })),
    bind: async ({ parcels, orders }) => act(dice.of(parcels), async (each) => act(dice.of(orders), (order: ReturnOrder) => record('bind_parcel', { parcel_id: each.id, order_id: order.id }))),
    close: async ({ parcels }) =>
      act(dice.of(parcels), (each) =>
        record('close_parcel', { parcel_id: each.id, unclaimed: dice.chance(0.3), empty: dice.chance(0.2), photos: [{ sha256: 'e'.repeat(64), kind: 'whole' }] }),
      ),
    tote: () => {
      const text = makeLabel('SH', ++label)
      return record('use_container', { container_id: containerId(site, text), site_id: site, label: text, bin_id: dice.chance(0.5) ? (dice.of(bins)?.id ?? '') : '' })
    },
    without: async () => record('open_return_without_order', { order_id: uuid7(), number: await nextNumber(), site_id: site, customer_id: '' }),
    scan: async ({ orders, lines, containers }) => {
      const order = dice.of(orders.filter((each) => ['approved', 'receiving', 'inspecting', 'disposing', 'completed'].includes(each.status)))
      if (!order) return
      const line = dice.chance(0.7) ? dice.of(lines.filter((each) => each.order_id === order.id && each.item_id)) : undefined
      const item = line ? await ask.item(line.item_id) : dice.chance(0.8) ? dice.of(goods) : undefined
      const text = item?.sku ?? `?${dice.upTo(5)}-${seed}`
      if (!item && (await ask.barcodeLookup(text)).length) return // the screen knows it by now, and says which goods it is
      const container = dice.chance(0.5) ? dice.of(containers) : undefined
      return record('scan_item', {
        receipt_id: uuid7(), order_id: order.id, line_id: line?.id ?? scanLineId(order.id, item?.id ?? '', text), site_id: site, item_id: item?.id ?? '',
        quantity: item?.serial_tracked ? 1 : dice.upTo(4), text, container_id: container?.id ?? '', bin_id: dice.chance(0.2) ? (dice.of(bins)?.id ?? '') : '',
        ...(item?.serial_tracked ? { serial: uuid7().slice(-10) } : {}), ...(item?.lot_tracked ? { lot: `L${dice.upTo(3)}` } : {}),
      })
    },
    unreceive: async ({ receipts }) =>
      act(dice.of(receipts.filter((each) => each.quantity > each.unreceived)), (each: Receipt) => record('unreceive', { receipt_id: each.id, quantity: dice.upTo(each.quantity), reason: 'undo' })),
    map: async ({ receipts }) => act(dice.of(receipts.filter((each) => !each.item_id)), (each) => act(dice.of(goods), (item: Item) => record('map_barcode', { barcode_id: uuid7(), text: each.text, item_id: item.id }))),
    inspect: async ({ lines }) =>
      act(dice.of(lines.filter((each) => each.received > each.inspected && each.item_id)), (each: ReturnLine) => {
        const good = dice.chance(0.6)
        const checks = (['appearance', 'function', 'accessories', 'packaging'] as const).map((check) => ({ check, outcome: good ? ('pass' as const) : ('fail' as const) }))
        const quantity = dice.upTo(each.received - each.inspected)
        return record('inspect', {
          inspection_id: uuid7(), line_id: each.id, site_id: site, quantity, sampled: dice.chance(0.2) ? dice.upTo(quantity) : 0, verdict: good ? 'pass' : 'fail', grade: good ? 'A' : 'D', checks,
        })
      }),
    correct: async () => {
      const earlier = dice.of((await everyOf('inspection')).filter((each) => !each.superseded_by && each.order_id))
      if (!earlier) return
      const line = (await ask.lineView(earlier.line_id))?.line
      if (!line || line.disposed > line.inspected - earlier.quantity) return
      return record('inspect', {
        inspection_id: uuid7(), line_id: earlier.line_id, site_id: site, quantity: earlier.quantity, verdict: 'conditional', grade: 'C', checks: earlier.checks, supersedes: earlier.id,
      })
    },
    dispose: async ({ lines, containers, orders }) =>
      act(dice.of(lines.filter((each) => each.inspected > each.disposed && each.inspected <= each.received)), async (each) => {
        const order = orders.find((one) => one.id === each.order_id)
        const kind = dice.of(allowedDispositions((await ask.returnType(order?.type_code ?? ''))?.policy ?? {}).filter((one) => one !== 'scrap'))
        if (!order || !kind || order.origin === 'unclaimed') return
        return record('dispose', {
          disposition_id: uuid7(), line_id: each.id, site_id: site, quantity: dice.upTo(each.inspected - each.disposed), kind, to_container_id: dice.chance(0.4) ? (dice.of(containers)?.id ?? '') : '',
        })
      }),
    putAway: async () => {
      const task = dice.of(await ask.toPutAway(site, 1000))
      const bin = task && (dice.chance(0.9) ? (task.suggestedBin ?? undefined) : dice.of(bins))
      if (!task || !bin) return
      return record('put_away', { line_id: task.disposition.line_id, site_id: site, quantity: dice.upTo(task.quantity), bin_id: bin.id, container_id: task.disposition.container_id })
    },
    move: async ({ containers }) => act(dice.of(containers.filter((each) => each.label)), (each: Container) => act(dice.of(bins), (bin: Bin) => record('move_container', { container_id: each.id, bin_id: bin.id }))),
    take: async ({ orders }) => act(dice.of(orders.filter((each) => !each.stub)), (each) => record('take_task', { order_id: each.id })),
    complete: async ({ orders }) => act(dice.of(orders.filter((each) => each.status === 'disposing')), (each) => record('complete_return', { order_id: each.id })),
    file: async () => {
      const lines = [1, 2].slice(0, dice.upTo(2)).map(() => ({ line_id: uuid7(), item_id: dice.of(goods)!.id, quantity: dice.upTo(5) }))
      return record('create_return', { order_id: uuid7(), number: await nextNumber(), site_id: site, type_code: dice.of(types)?.code ?? '', lines })
    },
    edit: async ({ orders }) =>
      act(dice.of(orders.filter((each) => each.status === 'draft')), (each) => record('edit_return', { id: each.id, set: { note: `n${dice.upTo(9)}` }, was: { note: each.note } })),
    editLine: async ({ orders, lines }) =>
      act(dice.of(lines.filter((each) => orders.some((order) => order.id === each.order_id && order.status === 'draft'))), (each) =>
        record('edit_return_line', { id: each.id, set: { expected: dice.upTo(9) }, was: { expected: each.expected } }),
      ),
    addLine: async ({ orders }) =>
      act(dice.of(orders.filter((each) => each.status === 'draft')), (each) => record('add_return_line', { order_id: each.id, line: { line_id: uuid7(), item_id: dice.of(goods)!.id, quantity: 1 } })),
    removeLine: async ({ orders, lines }) =>
      act(dice.of(lines.filter((each) => orders.some((order) => order.id === each.order_id && order.status === 'draft'))), (each) => record('remove_return_line', { line_id: each.id })),
    noun: async ({ orders, lines }) => {
      const order = dice.of(orders.filter((each) => each.status === 'draft'))
      if (!order) return record('create_record', { kind: 'return_order', id: uuid7(), set: { number: await nextNumber(), site_id: site, type_code: dice.of(types)?.code ?? '' } })
      const line = dice.of(lines.filter((each) => each.order_id === order.id))
      if (!line || dice.chance(0.3)) return record('create_record', { kind: 'return_line', id: uuid7(), set: { order_id: order.id, item_id: dice.of(goods)!.id, expected: dice.upTo(5) } })
      if (dice.chance(0.4)) return record('edit_record', { kind: 'return_line', id: line.id, set: { note: `n${dice.upTo(9)}` }, was: { note: line.note } })
      return dice.chance(0.7)
        ? record('remove_record', { kind: 'return_line', id: line.id, was: { expected: line.expected } })
        : record('remove_record', { kind: 'return_order', id: order.id, was: { note: order.note }, reason: 'mistake' })
    },
    count: async ({ containers }) => {
      const bin = dice.of(bins)!
      const book = await bookOf(site, bin.id)
      const whole = containers.filter((each) => each.bin_id === bin.id && dice.chance(0.6)).map((each) => each.id)
      if (dice.chance(0.2)) act(dice.of(containers.filter((each) => each.bin_id !== bin.id)), (each) => whole.push(each.id))
      const loose = book.balances.filter((each) => !each.container_id && dice.chance(0.7))
      const found: Found[] = loose.map(({ item_id, lot, serial, quantity }) => ({ item_id, lot: dice.chance(0.7) ? lot : '', serial, counted: serial ? 1 : Math.max(0, quantity + dice.upTo(3) - 2) }))
      if (dice.chance(0.4)) found.push({ item_id: dice.of(goods.filter((each) => !each.serial_tracked))!.id, counted: dice.upTo(3) })
      if (dice.chance(0.2)) found.push({ item_id: '', text: `counted ${dice.upTo(5)}-${seed}`, counted: 1 })
      const finished = dice.chance(0.8)
      const { lines, missing } = countLines(book, found, whole, finished)
      return record('count_bin', { count_id: uuid7(), site_id: site, bin_id: bin.id, revision: book.revision, lines, containers: whole, missing, finished })
    },
    answer: async () =>
      act(dice.of(await everyOf('task')), (each) =>
        record('answer_task', { answer_id: uuid7(), task_id: each.id, site_id: site, note: `seen ${dice.upTo(9)}`, photos: [{ sha256: 'c'.repeat(64), kind: 'label' }], found: dice.upTo(5) }),
      ),
    reply: async () =>
      act(dice.of(await everyOf('conflict')), (each) => record('reply_to_conflict', { reply_id: uuid7(), conflict_id: each.id, text: `as I saw it ${dice.upTo(9)}`, photos: [{ sha256: 'd'.repeat(64), kind: 'whole' }] })),
    message: async () => act(dice.of(await everyOf('device_message')), (each) => record('read_message', { message_id: each.id, site_id: site })),
    submit: async ({ orders }) => act(dice.of(orders.filter((each) => each.status === 'draft')), (each) => record('submit_return', { order_id: each.id })),
    cancel: async ({ orders }) => act(dice.of(orders.filter((each) => each.status === 'draft' || each.status === 'submitted')), (each) => record('cancel_return', { order_id: each.id, reason: 'mistake' })),
  }
  // What a shift is mostly made of comes up most.
  const often = [...Object.keys(WORK), ...Array<string>(12).fill('scan'), ...Array<string>(7).fill('inspect'), ...Array<string>(7).fill('dispose'), ...Array<string>(6).fill('putAway')]

  for (let round = 0; round < ROUNDS; round++) {
    offline = true
    const done: string[] = []
    for (let n = 0; n < WORKS; n++) {
      const name = dice.of(often)!
      if (await WORK[name]!(await here())) done.push(name)
    }
    const touched = new Map((await db.outbox.toArray()).map((row) => [row.id, row.touches]))
    const before = await shown()
    offline = false
    await syncNow()
    expect(syncState.get()).toMatchObject({ error: '', online: true })
    const after = await shown()
    // What the server decided otherwise is told to the person, and shown as it decided; whatever hangs on it differs too.
    const aside = await disputed((await attentionList()).flatMap((row) => touched.get(row.id) ?? []))
    const judged = new Set([...touched.values()].flat().filter((key) => !aside(key, before, after)))
    expect(judged.size).toBeGreaterThan(WORKS / 4) // there was something to judge
    const differ = [...new Set([...before.keys(), ...after.keys()])]
      .filter((key) => !aside(key, before, after) && before.get(key) !== after.get(key))
      .map((key) => `${key}\n  shown ${before.get(key) ?? 'nothing'}\n  is    ${after.get(key) ?? 'nothing'}`)
    expect(differ.join('\n'), `round ${round}, after ${done.join(' ')}`).toBe('')
    expect(await db.outbox.count()).toBe((await attentionList()).filter((row) => row.status === 'held').length)
  }
}, 120_000)

async function act<T>(one: T | undefined, work: (one: T) => Promise<unknown> | unknown): Promise<unknown> {
  return one === undefined ? undefined : work(one)
}

/** Does a document belong to an order, or is it stock of an item, about which the server decided otherwise? */
async function disputed(keys: string[]) {
  const [orders, items] = [new Set<string>(), new Set<string>()]
  const named = new Set(keys)
  for (const conflict of await everyOf('conflict')) if (conflict.blocking) orders.add(conflict.order_id)
  for (const kind of ['return_line', 'disposition', 'receipt', 'inspection'] as const)
    for (const each of await everyOf(kind)) if (named.has(`${kind} ${each.id}`)) orders.add(each.order_id)
  for (const each of await everyOf('stock_balance')) if (named.has(`stock_balance ${each.id}`)) items.add(each.item_id)
  for (const key of keys) if (key.startsWith('return_order ')) orders.add(key.slice('return_order '.length))
  for (const line of await everyOf('return_line')) if (orders.has(line.order_id)) items.add(line.item_id)
  return (key: string, ...views: Map<string, string>[]) =>
    named.has(key) ||
    orders.has(key.slice(key.indexOf(' ') + 1)) ||
    views.some((view) => {
      const shown = JSON.parse(view.get(key) ?? '{}') as { order_id?: string; item_id?: string }
      return orders.has(shown.order_id ?? '') || (key.startsWith('stock_balance ') && items.has(shown.item_id ?? ''))
    })
}
