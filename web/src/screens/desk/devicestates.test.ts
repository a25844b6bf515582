import { expect, test } from 'vitest'

import type { Device } from '../../lib/api'
import { deviceStates } from './devicestates'

const HOUR = 3_600_000
const now = 1_800_000_000_000
const well = {
  id: 'd1', code: 'A1', name: 'Dock 1', site_id: 's1', enrolled_at: 1, revoked_at: 0, last_contact_at: now - 60_000, last_person_id: '', app_version: '1.0.0', pending: 0,
  pending_photos: 0, oldest_pending_at: 0, skew_ms: 0, storage: { used: 1e8, quota: 1e10, persisted: true }, pack_at: now - HOUR, battery: 80, messages: [],
} satisfies Device
const states = (changed: Partial<Device>) => deviceStates({ ...well, ...changed }, now, 12 * HOUR, '1.0.0').map(({ is }) => is)

test('a handheld that is well is said to be', () => expect(states({})).toEqual(['well']))
test.each<[string, Partial<Device>]>([
  ['revoked', { revoked_at: 1, pending: 4 }],
  ['silent', { last_contact_at: now - 13 * HOUR, pack_at: now - 14 * HOUR }],
  ['unsent', { pending: 3 }],
  ['full', { storage: { used: 9.9e9, quota: 1e10 } }],
  ['not_kept', { storage: { used: 1, quota: 1e10, persisted: false } }],
  ['clock', { skew_ms: -600_000 }],
  ['old_version', { app_version: '0.9.0' }],
  ['old_pack', { pack_at: now - 30 * HOUR }],
  ['battery', { battery: 12 }],
])('%s is said', (is, changed) => expect(states(changed)).toEqual([is]))
test('what a browser does not tell is no fault', () => expect(states({ battery: -1, storage: {}, pack_at: 0, app_version: '' })).toEqual(['well']))
