// The list of waybills on the device: found without network, what is new laid into it, what is old forgotten.

import 'fake-indexeddb/auto'

import { beforeEach, expect, test } from 'vitest'

import * as app from './app'
import { db } from './db'
import type { WaybillPage } from './protocol'
import { fetchWaybills, listed, waybillState } from './waybills'

const DAY = 86_400_000
const page = (now: Partial<WaybillPage>): WaybillPage => ({
  epoch: 'e', cursor: 'c', revision: 1, more: false, reset: false, since: 100, outbound: { waybill: [], number: [], day: [] }, parcels: { waybill: [], carrier: [], day: [] }, ...now,
})
const left = (waybill: string[], number: string[], day: number) => ({ waybill, number, day: waybill.map(() => day) })
const came = (waybill: string[], day: number) => ({ waybill, carrier: waybill.map(() => 'sf'), day: waybill.map(() => day) })

/** A server with these pages to give, whatever the cursor. */
async function told(...pages: WaybillPage[]): Promise<void> {
  await fetchWaybills(() => Promise.resolve(pages.shift()!))
}

let n = 0
beforeEach(() => app.configure({ database: `waybills-${++n}` }))

test('thousands are found one by one, out and back', async () => {
  const many = Array.from({ length: 3000 }, (_, at) => `SF${String(at * 7).padStart(12, '0')}`)
  const numbers = many.map((_, at) => `OUT-${at}`)
  await told(page({ outbound: left(many.slice(0, 2000), numbers, 120), more: true }), page({ outbound: left(many.slice(2000), numbers.slice(2000), 121), parcels: came([many[5]!], 130) }))
  expect(await listed(many[0]!)).toEqual({ number: 'OUT-0', left_at: 120 * DAY, carrier: '', signed_at: 0 })
  expect(await listed(many[5]!)).toEqual({ number: 'OUT-5', left_at: 120 * DAY, carrier: 'sf', signed_at: 130 * DAY })
  expect(await listed(many[2999]!)).toMatchObject({ number: 'OUT-2999', left_at: 121 * DAY })
  for (const strange of ['SF000000000001', 'A', 'ZZ', many[0]!.slice(0, -1), `${many[0]}0`]) expect(await listed(strange)).toBeNull()
  expect((await waybillState())?.count).toBe(3001)
})

test('what is new is laid into it, a corrected waybill takes the place of the wrong one, and what is old goes', async () => {
  await told(page({ outbound: left(['W1', 'W2', 'W3'], ['O1', 'O2', 'O3'], 110) }))
  await told(page({ outbound: left(['W0', 'W9'], ['O2', 'O9'], 140), parcels: came(['W1'], 141) }))
  expect(await listed('W2')).toBeNull()
  expect(await listed('W0')).toMatchObject({ number: 'O2' })
  expect(await listed('W9')).toMatchObject({ number: 'O9' })
  expect(await listed('W1')).toMatchObject({ number: 'O1', signed_at: 141 * DAY })
  expect((await waybillState())?.count).toBe(5)
  await told(page({ since: 120, outbound: left(['W4'], ['O4'], 150) }))
  expect(await listed('W3')).toBeNull()
  expect(await listed('W1')).toEqual({ number: '', left_at: 0, carrier: 'sf', signed_at: 141 * DAY })
  expect((await waybillState())?.count).toBe(4)
  expect((await db.waybills.toArray()).flatMap(({ lines }) => lines.split('\n'))).toHaveLength(4)
})

test('a reset begins anew, and a load that was cut off leaves the old list standing', async () => {
  await told(page({ outbound: left(['W1'], ['O1'], 110) }))
  await expect(fetchWaybills((path) => (path.includes('cursor=c') ? Promise.resolve(page({ cursor: 'd', reset: true, more: true })) : Promise.reject(new Error('cut'))))).rejects.toThrow('cut')
  expect(await listed('W1')).toMatchObject({ number: 'O1' })
  await told(page({ reset: true, outbound: left(['W7'], ['O7'], 110) }))
  expect(await listed('W1')).toBeNull()
  expect(await listed('W7')).toMatchObject({ number: 'O7' })
})
