// Talking to the server. Whether we are online is judged by what became of the last request, here and nowhere else.

import { store, type Readable } from './observable'

/** The server refused, and says why in words (application/problem+json). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly facts: Record<string, unknown>,
  ) {
    super(detail || code)
    this.name = 'Problem'
  }
}

/** There was no answer at all: no network, no server, or something in between that is not ours. */
export class Unreachable extends Error {
  constructor(readonly reason: unknown) {
    super('The server cannot be reached')
    this.name = 'Unreachable'
  }
}

let origin = ''
let fetcher: typeof fetch = (...args) => fetch(...args)

/** For tests and Node, where there is no page to be relative to. */
export function configureNet(options: { origin?: string; fetch?: typeof fetch }): void {
  origin = options.origin ?? origin
  fetcher = options.fetch ?? fetcher
}

const reached = store<boolean | null>(null)
export const online: Readable<boolean | null> = reached

export interface Request extends RequestInit {
  /** Give up after so long; a handheld at the edge of the network otherwise waits for minutes. */
  timeout?: number
}

/** The response, whatever its status. Throws Unreachable when there is none. */
export async function send(path: string, { timeout = 30_000, ...init }: Request = {}): Promise<Response> {
  const giveUp = new AbortController()
  const timer = init.signal ? undefined : setTimeout(() => giveUp.abort(), timeout)
  try {
    const response = await fetcher(origin + path, { credentials: 'same-origin', ...init, signal: init.signal ?? giveUp.signal })
    // A proxy that answers for a server that is gone is no server.
    const gone = response.status === 502 || response.status === 503 || response.status === 504
    reached.set(!gone)
    if (gone) throw new Unreachable(response.status)
    return response
  } catch (reason) {
    if (reason instanceof Unreachable) throw reason
    reached.set(false)
    throw new Unreachable(reason)
  } finally {
    clearTimeout(timer)
  }
}

/** The response of a request that went well. Throws Problem when the server refused, Unreachable when it is not there. */
export async function request(path: string, init: Request = {}): Promise<Response> {
  const response = await send(path, init)
  if (!response.ok) throw await problemOf(response)
  return response
}

/** Sends and reads JSON. A body that is not a string is encoded. */
export async function json<T>(path: string, init: Omit<Request, 'body'> & { body?: unknown } = {}): Promise<T> {
  const headers = new Headers(init.headers)
  headers.set('Accept', 'application/json')
  let body: string | undefined
  if (init.body !== undefined) {
    headers.set('Content-Type', 'application/json')
    body = typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
  }
  const response = await request(path, { ...init, headers, body: body ?? null })
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T)
}

export async function problemOf(response: Response): Promise<Problem> {
  let facts: Record<string, unknown> = {}
  try {
    const body: unknown = await response.json()
    if (body && typeof body === 'object') facts = body as Record<string, unknown>
  } catch {
    // Not ours, or cut off: the status is all there is to say.
  }
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
  return new Problem(response.status, text(facts.code, `http_${response.status}`), text(facts.detail, response.statusText), facts)
}
