import { beforeEach, expect, test, vi } from 'vitest'
import { Problem, returns, Unreachable, whenSignedOut } from './api'
import { configureNet } from './net'

let asked: { path: string; init: RequestInit }[] = []
let answer: () => Promise<Response>

const json = (status: number, body: unknown) =>
  Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }))
const keys = () => asked.map(({ init }) => new Headers(init.headers).get('Idempotency-Key'))

beforeEach(() => {
  asked = []
  configureNet({
    fetch: (path, init) => {
      asked.push({ path: String(path), init: init ?? {} })
      return answer()
    },
  })
})

test('a write whose answer never came is the same write when it is tried again', async () => {
  answer = () => Promise.reject(new TypeError('network'))
  await expect(returns.submit('r1')).rejects.toBeInstanceOf(Unreachable)
  answer = () => json(500, {})
  await expect(returns.submit('r1')).rejects.toBeInstanceOf(Problem)
  answer = () => json(200, { status: 'applied' })
  await returns.submit('r1')
  expect(new Set(keys()).size).toBe(1)
})

test('the same words after an answer are another write', async () => {
  answer = () => json(200, { status: 'applied' })
  await returns.submit('r2')
  await returns.submit('r2')
  expect(new Set(keys()).size).toBe(2)
})

test('changed words are another write, even while the first has no answer', async () => {
  answer = () => Promise.reject(new TypeError('network'))
  await expect(returns.hold('r3', 'one')).rejects.toBeInstanceOf(Unreachable)
  await expect(returns.hold('r3', 'two')).rejects.toBeInstanceOf(Unreachable)
  expect(new Set(keys()).size).toBe(2)
})

test('a refusal is a sentence with facts', async () => {
  answer = () => json(409, { code: 'stale', detail: 'Somebody changed it.', content: 7 })
  const refused = await returns.hold('r4', '').catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Problem)
  expect((refused as Problem).detail).toBe('Somebody changed it.')
  expect((refused as Problem).facts['content']).toBe(7)
})

test('who is signed out is told, and what was asked fails', async () => {
  const told = vi.fn()
  whenSignedOut(told)
  answer = () => json(401, { code: 'not_signed_in', detail: 'Nobody is signed in here.' })
  await expect(returns.submit('r5')).rejects.toBeInstanceOf(Problem)
  expect(told).toHaveBeenCalledOnce()
})
