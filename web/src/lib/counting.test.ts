import { expect, test } from 'vitest'

import { countLines, type BinBook } from './counting'
import type { StockBalance } from './protocol'

const balance = (item_id: string, quantity: number, more: Partial<StockBalance> = {}): StockBalance => ({
  id: `${item_id}${more.lot ?? ''}${more.serial ?? ''}${more.container_id ?? ''}${more.status ?? ''}`, site_id: 's', owner_id: '', item_id, status: 'sellable', bin_id: 'b',
  container_id: '', lot: '', expiry: '', serial: '', quantity, ...more,
})
const book = (...balances: StockBalance[]): BinBook => ({ revision: 7, balances })
const told = (lines: { item_id?: string; lot?: string; serial?: string; text?: string; counted: number; book?: number }[]) =>
  lines.map((line) => `${line.text || line.item_id} ${line.lot ?? ''}${line.serial ?? ''} ${line.counted}/${line.book ?? 0}`)

test('what the book has and nobody found is none, once the bin is finished', () => {
  const here = book(balance('kettle', 3), balance('lamp', 2))
  expect(told(countLines(here, [{ item_id: 'kettle', counted: 4 }], [], true).lines)).toEqual(['kettle  4/3', 'lamp  0/2'])
  expect(told(countLines(here, [{ item_id: 'kettle', counted: 4 }], [], false).lines)).toEqual(['kettle  4/3'])
})

test('an item scanned without its lot fills the lots the book has, and the rest are of no lot', () => {
  const here = book(balance('kettle', 3, { lot: 'L1' }), balance('kettle', 2, { lot: 'L2' }))
  expect(told(countLines(here, [{ item_id: 'kettle', counted: 6 }], [], true).lines)).toEqual(['kettle L1 3/3', 'kettle L2 2/2', 'kettle  1/0'])
  expect(told(countLines(here, [{ item_id: 'kettle', counted: 4 }], [], true).lines)).toEqual(['kettle L1 3/3', 'kettle L2 1/2'])
})

test('a scanned lot or serial number is just that one', () => {
  const here = book(balance('kettle', 3, { lot: 'L1' }), balance('camera', 1, { serial: 'S1' }))
  const found = [{ item_id: 'kettle', lot: 'L2', counted: 1 }, { item_id: 'camera', serial: 'S2', counted: 1 }]
  expect(told(countLines(here, found, [], true).lines)).toEqual(['kettle L1 0/3', 'camera S1 0/1', 'kettle L2 1/0', 'camera S2 1/0'])
})

test('one kind in two states is counted as one', () => {
  expect(told(countLines(book(balance('kettle', 3), balance('kettle', 2, { status: 'quarantine' })), [{ item_id: 'kettle', counted: 5 }], [], true).lines)).toEqual(['kettle  5/5'])
})

test('a container counted whole has no lines, one that was opened has, one that nobody saw is missing', () => {
  const here = book(balance('kettle', 3, { container_id: 'seen' }), balance('kettle', 2, { container_id: 'opened' }), balance('kettle', 4, { container_id: 'gone' }))
  const { lines, missing } = countLines(here, [{ item_id: 'kettle', container_id: 'opened', counted: 1 }], ['seen'], true)
  expect(told(lines)).toEqual(['kettle  1/2'])
  expect(missing).toEqual(['gone'])
})

test('codes nobody knows are kept apart, each as it was scanned', () => {
  const { lines } = countLines(book(), [{ item_id: '', text: '690', counted: 1 }, { item_id: '', text: '691', counted: 1 }, { item_id: '', text: '690', counted: 1 }], [], true)
  expect(told(lines)).toEqual(['690  2/0', '691  1/0'])
})
