// Will this device do? In facts, for the device screen, which says what to do about each.

import { syncState } from './syncstate'
import { workerRefused } from './update'

export interface DeviceCheck {
  name: 'browser' | 'secure' | 'certificate' | 'worker' | 'persist' | 'storage' | 'encryption' | 'camera' | 'sound' | 'pack' | 'clock'
  /** null: it cannot be said yet. */
  ok: boolean | null
  detail: string
}

/** The least Chromium the app can be read by (static/old.js), and the one from which on everything looks as it should. */
export const OLDEST = 99
export const GOOD = 111

/** 'Chrome 118', 'Android WebView 95', or what it calls itself. */
export function browserOf(agent: string): { name: string; version: number } {
  const version = Number(/Chrom(?:e|ium)\/(\d+)/.exec(agent)?.[1] ?? 0)
  const name = /EdgA?\//.test(agent) ? 'Edge' : /; wv\)/.test(agent) ? 'Android WebView' : version ? 'Chrome' : (/(Firefox|Safari)/.exec(agent)?.[1] ?? '?')
  return { name, version }
}

export async function check(): Promise<DeviceCheck[]> {
  const storage = globalThis.navigator?.storage
  const estimate = await storage?.estimate?.()
  const free = estimate?.quota ? estimate.quota - (estimate.usage ?? 0) : 0
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? []
  const registration = await navigator.serviceWorker?.getRegistration?.()
  const { packAt, packReady, clockSkewMs, lastSuccess } = syncState.get()
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  const browser = browserOf(navigator.userAgent)
  const untrusted = /SSL|certificate/i.test(workerRefused.get())
  return [
    { name: 'browser', ok: browser.version >= GOOD, detail: `${browser.name} ${browser.version || ''}`.trim() },
    { name: 'secure', ok: globalThis.isSecureContext, detail: location.origin },
    { name: 'certificate', ok: location.protocol === 'https:' ? !untrusted : null, detail: '' },
    { name: 'worker', ok: Boolean(registration?.active), detail: '' },
    { name: 'persist', ok: (await storage?.persisted?.()) ?? false, detail: '' },
    { name: 'storage', ok: estimate ? free > 200e6 : null, detail: estimate ? mega(free) : '' },
    { name: 'encryption', ok: Boolean(globalThis.crypto?.subtle), detail: '' },
    { name: 'camera', ok: devices.some((each) => each.kind === 'videoinput'), detail: '' },
    { name: 'sound', ok: typeof AudioContext !== 'undefined', detail: '' },
    { name: 'pack', ok: packReady, detail: packAt ? new Date(packAt).toISOString() : '' },
    { name: 'clock', ok: lastSuccess ? Math.abs(clockSkewMs) < 5 * 60_000 : null, detail: String(clockSkewMs) },
  ]
}

/** Asks the browser to keep what is stored here. */
export const keepStorage = async (): Promise<boolean> => (await globalThis.navigator?.storage?.persist?.()) ?? false
