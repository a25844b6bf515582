// What a handheld's figures mean, in the order in which somebody should care.

import type { Device } from '../../lib/api'

export interface DeviceState {
  is: 'revoked' | 'silent' | 'unsent' | 'full' | 'not_kept' | 'clock' | 'old_version' | 'old_pack' | 'battery' | 'well'
  tone: 'bad' | 'warn' | 'ok'
  n: number
}

const HOUR = 3_600_000
const PACK_HOURS = 24
const FREE_BYTES = 200e6

export function deviceStates(device: Device, now: number, silentAfter: number, newest: string): DeviceState[] {
  const states: DeviceState[] = []
  const say = (holds: boolean, is: DeviceState['is'], tone: DeviceState['tone'], n = 0) => void (holds && states.push({ is, tone, n }))
  if (device.revoked_at) return [{ is: 'revoked', tone: 'bad', n: 0 }]
  const { used = 0, quota = 0, persisted } = device.storage
  say(now - device.last_contact_at > silentAfter, 'silent', 'bad', Math.round((now - device.last_contact_at) / HOUR))
  say(quota > 0 && quota - used < FREE_BYTES, 'full', 'bad', Math.round((quota - used) / 1e6))
  say(device.pending > 0, 'unsent', 'warn', device.pending)
  say(persisted === false, 'not_kept', 'warn')
  say(Math.abs(device.skew_ms) > 120_000, 'clock', 'warn', Math.round(device.skew_ms / 60_000))
  say(device.app_version !== '' && newest !== '' && device.app_version !== newest, 'old_version', 'warn')
  say(device.pack_at > 0 && device.last_contact_at - device.pack_at > PACK_HOURS * HOUR, 'old_pack', 'warn', Math.round((device.last_contact_at - device.pack_at) / HOUR))
  say(device.battery >= 0 && device.battery < 20, 'battery', 'warn', device.battery)
  return states.length ? states : [{ is: 'well', tone: 'ok', n: 0 }]
}
