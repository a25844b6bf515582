// The conformance vectors of docs/vectors, as far as they are about the protocol alone: the server in memory, on which the tests of this
// folder stand, answers as the real one does (tests/sync/test_vectors.py holds that to the same files).

import { expect, test } from 'vitest'

import { FakeServer } from './fake.test.server'

interface Step {
  request: string
  body?: Record<string, unknown>
  status: number
  answer?: unknown
}
interface Vector {
  about: string
  steps: Step[]
}

const files = import.meta.glob('../../../docs/vectors/*.json', { eager: true, import: 'default' }) as Record<string, Vector>

/** Those that ask nothing of the trade but that one device signs for parcels. */
const OF_THE_PROTOCOL = ['parcel-again', 'gap', 'hole-between', 'device-forked', 'numbers-lost', 'pull-reset']

for (const name of OF_THE_PROTOCOL)
  test(name, async () => {
    const vector = files[`../../../docs/vectors/${name}.json`]!
    const server = new FakeServer()
    const kept: Record<string, unknown> = { $epoch: server.epoch, 'site:site-sh': 'site:s1' }
    for (const step of vector.steps) {
      const [method, path] = filled(step.request, kept).split(' ') as [string, string]
      const body = step.body && filled(JSON.stringify(step.body), kept)
      const response = await server.fetch(`http://server${path}`, { method, ...(body && { body }) })
      const answer = (await response.json()) as Record<string, unknown>
      const told = `${step.request}: ${response.status} ${JSON.stringify(answer)}`
      expect(response.status, told).toBe(step.status)
      if (step.answer) expect(matches(JSON.parse(filled(JSON.stringify(step.answer), kept)), answer), `${told}\nis not ${JSON.stringify(step.answer)}`).toBe(true)
    }
  })

function filled(text: string, kept: Record<string, unknown>): string {
  return Object.entries(kept).reduce((so_far, [name, value]) => so_far.replaceAll(name, String(value)), text)
}

/** As docs/vectors/README.md says; what holds its default may be left out of an answer. */
function matches(expected: unknown, found: unknown): boolean {
  if (expected === '*') return found !== undefined && found !== null && found !== ''
  if (Array.isArray(expected)) {
    if (!Array.isArray(found)) return false
    if (expected[0] === '…') return expected.slice(1).every((each) => found.some((other) => matches(each, other)))
    return expected.length === found.length && expected.every((each, n) => matches(each, found[n]))
  }
  if (expected && typeof expected === 'object')
    return !!found && typeof found === 'object' && Object.entries(expected).every(([name, each]) => matches(each, (found as Record<string, unknown>)[name]))
  return expected === found
}
