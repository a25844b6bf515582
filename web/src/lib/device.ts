// Will this device do? In facts, for the device screen, which says what to do about each.

import { syncState } from './syncstate'

export interface DeviceCheck {
  name: 'secure' | 'worker' | 'persist' | 'storage' | 'encryption' | 'camera' | 'sound' | 'pack' | 'clock'
  /** null: it cannot be said yet. */
  ok: boolean | null
  detail: string
}

export async function check(): Promise<DeviceCheck[]> {
  const storage = globalThis.navigator?.storage
  const estimate = await storage?.estimate?.()
  const free = estimate?.quota ? estimate.quota - (estimate.usage ?? 0) : 0
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? []
  const registration = await navigator.serviceWorker?.getRegistration?.()
  const { packAt, packReady, clockSkewMs, lastSuccess } = syncState.get()
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  return [
    { name: 'secure', ok: globalThis.isSecureContext, detail: location.origin },
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
