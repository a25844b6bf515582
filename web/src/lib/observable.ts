// Values that tell when they change: the store contract of Svelte, without Svelte, so that Node can use them too.

import Dexie, { liveQuery } from 'dexie'

export interface Readable<T> {
  subscribe(run: (value: T) => void): () => void
  get(): T
}

export interface Writable<T> extends Readable<T> {
  set(value: T): void
  update(change: (value: T) => T): void
}

export function store<T>(initial: T): Writable<T> {
  let value = initial
  const listeners = new Set<(value: T) => void>()
  function set(next: T): void {
    if (Object.is(next, value)) return
    value = next
    for (const listener of [...listeners]) listener(value)
  }
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(run) {
      listeners.add(run)
      run(value)
      return () => listeners.delete(run)
    },
  }
}

/**
 * What a query answers, asked again whenever what it read has changed, in this tab or another: once a frame, and after that frame was
 * painted. What a scan came to is shown at once by whoever did it; all that looks on comes a moment later.
 */
export function live<T>(query: () => Promise<T> | T, initial: T): Readable<T> {
  let value = initial
  return {
    get: () => value,
    subscribe(run) {
      run(value)
      let asked = 0
      const ask = async () => {
        const mine = ++asked
        if (mine > 1) await painted()
        // Dexie has begun another since and does not look at this answer.
        return mine === asked ? query() : value
      }
      const subscription = liveQuery(ask).subscribe({
        next(found) {
          value = found
          run(found)
        },
        error(reason: unknown) {
          console.error('A query failed', reason)
        },
      })
      return () => subscription.unsubscribe()
    },
  }
}

/** The turn after the next frame. Nothing is painted in Node, nor on a page that nobody sees. A promise of Dexie's own, for it watches what is read after it. */
const painted = (): PromiseLike<void> =>
  new Dexie.Promise((resolve) => {
    if (globalThis.document?.visibilityState !== 'visible') return setTimeout(resolve)
    requestAnimationFrame(() => setTimeout(resolve))
  })

/** A value computed from another one. */
export function derived<S, T>(source: Readable<S>, compute: (value: S) => T): Readable<T> {
  return {
    get: () => compute(source.get()),
    subscribe: (run) => source.subscribe((value) => run(compute(value))),
  }
}
