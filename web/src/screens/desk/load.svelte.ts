/**
 * Something read from the server, with its states: loading, here, refused, unreachable. What was read stays on the
 * screen while it is read again, so a poke never makes a page jump.
 */

import { listen } from '../../lib/api'

export class Load<T> {
  value = $state.raw<T | undefined>()
  error = $state.raw<unknown>()
  busy = $state(false)
  #turn = 0
  readonly #read: () => Promise<T>

  constructor(read: () => Promise<T>) {
    this.#read = read
  }

  /** Reads again; only the newest answer counts. */
  async again(): Promise<void> {
    const turn = ++this.#turn
    this.busy = true
    try {
      const value = await this.#read()
      if (turn === this.#turn) {
        this.value = value
        this.error = undefined
      }
    } catch (error) {
      if (turn === this.#turn) this.error = error
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }
}

/**
 * Reads now, whenever what `read` looks at changes, and softly whenever the server says something moved.
 * Call it while a component is being set up. `live: false` for what a poke never changes.
 */
export function load<T>(read: () => Promise<T>, { live = true } = {}): Load<T> {
  const loaded = new Load(read)
  $effect(() => {
    void loaded.again()
  })
  if (live) $effect(() => onPoke(() => void loaded.again()))
  return loaded
}

/** A list read page by page. The pages already shown are kept; a poke reads the first as far as it was read. */
export class Pages<Row> {
  rows = $state.raw<Row[]>([])
  next = $state<string | null>(null)
  total = $state<number | undefined>()
  error = $state.raw<unknown>()
  busy = $state(false)
  started = $state(false)
  #turn = 0
  readonly #read: (cursor: string) => Promise<{ rows: Row[]; next?: string | null; total?: number }>

  constructor(read: (cursor: string) => Promise<{ rows: Row[]; next?: string | null; total?: number }>) {
    this.#read = read
  }

  async from(start: 'first' | 'refresh' | 'more'): Promise<void> {
    const turn = ++this.#turn
    const want = start === 'refresh' ? this.rows.length : 0
    this.busy = true
    try {
      let page = await this.#read(start === 'more' ? (this.next ?? '') : '')
      let rows = start === 'more' ? [...this.rows, ...page.rows] : page.rows
      while (rows.length < want && page.next && turn === this.#turn) {
        page = await this.#read(page.next)
        rows = [...rows, ...page.rows]
      }
      if (turn !== this.#turn) return
      this.rows = rows
      this.next = page.next ?? null
      if (page.total !== undefined) this.total = page.total
      this.error = undefined
      this.started = true
    } catch (error) {
      if (turn === this.#turn) this.error = error
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }
}

export function pages<Row>(read: (cursor: string) => Promise<{ rows: Row[]; next?: string | null; total?: number }>): Pages<Row> {
  const list = new Pages<Row>(read)
  $effect(() => {
    void list.from('first')
  })
  $effect(() => onPoke(() => void list.from('refresh')))
  return list
}

// One stream for the whole desk, however many lists listen; pokes that come close together are one, and a busy dock
// makes the desk read every two seconds, not at every scan.
const SPACING = 2000
const listeners = new Set<() => void>()
let stop: (() => void) | null = null
let waiting: ReturnType<typeof setTimeout> | undefined
let last = 0
let missed = false

function poke(): void {
  // A hidden tab reads once when it is looked at again.
  if (document.hidden) {
    missed = true
    return
  }
  waiting ??= setTimeout(
    () => {
      waiting = undefined
      last = Date.now()
      for (const listener of [...listeners]) listener()
    },
    Math.max(300, last + SPACING - Date.now()),
  )
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && missed) {
    missed = false
    poke()
  }
})

export function onPoke(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function startListening(): void {
  stop ??= listen(poke)
}

export function stopListening(): void {
  stop?.()
  stop = null
}

/** Something was written here: what is on the screen is read again at once. */
export function changed(): void {
  for (const listener of [...listeners]) listener()
}
