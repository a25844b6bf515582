// A new version of the app: fetched beside the old one, and put on only when somebody says so.

import { store, type Readable } from './observable'

const ready = store(false)
/** A new version waits. Offer it where nobody has an open form; it reloads the page. */
export const updateReady: Readable<boolean> = ready

const refused = store('')
/** Why this browser takes no service worker, in its own words. A certificate it does not trust is the usual reason. */
export const workerRefused: Readable<string> = refused

let waiting: ServiceWorker | null = null

/** Makes the app start without network. Nothing happens where the browser has no service worker (a page without HTTPS), or forbids it. */
export async function registerWorker(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  const registration = await navigator.serviceWorker.register('/sw.js', { scope: '/' }).catch((reason: unknown) => {
    console.info('No service worker here', reason)
    refused.set(String(reason))
  })
  if (!registration) return
  const offer = (worker: ServiceWorker | null) => {
    // The very first one has nothing to replace.
    if (!worker || !navigator.serviceWorker.controller) return
    waiting = worker
    ready.set(true)
  }
  // In another tab somebody has put it on: here it is offered too, and until then the version before goes on.
  let put = navigator.serviceWorker.controller !== null
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (put) ready.set(true)
    put = true
  })
  offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => worker.state === 'installed' && offer(worker))
  })
  const look = () => void registration.update().catch(() => {})
  setInterval(look, 30 * 60_000)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look())
}

export function applyUpdate(): void {
  if (waiting?.state !== 'installed') return location.reload()
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waiting.postMessage('take over')
}
