// How far the conversation with the server is, for every screen. sync.ts says it.

import { online } from './net'
import { store, type Readable } from './observable'

export interface SyncState {
  /** By what became of the last request; null before the first. */
  online: boolean | null
  syncing: boolean
  /** Recorded here and not yet answered by the server. */
  pending: number
  oldestPendingAt: number
  /** At the server, waiting for what another handheld has not sent. */
  waiting: number
  needsAttention: number
  photosPending: number
  lastSuccess: number
  /** The hold switch: nothing is sent by itself. */
  held: boolean
  clockSkewMs: number
  revoked: boolean
  forked: boolean
  /** The code of what went wrong last, '' when nothing did. Being offline is no error. */
  error: string
  packReady: boolean
  packAt: number
  /** The disk is almost full: the next photo may not fit. */
  roomLow: boolean
}

/** For sync.ts alone. */
export const current = store<SyncState>({
  online: null, syncing: false, pending: 0, oldestPendingAt: 0, waiting: 0, needsAttention: 0, photosPending: 0, lastSuccess: 0, held: false,
  clockSkewMs: 0, revoked: false, forked: false, error: '', packReady: false, packAt: 0, roomLow: false,
})
export const syncState: Readable<SyncState> = current
export const say = (change: Partial<SyncState>) => current.update((now) => ({ ...now, ...change }))

online.subscribe((reached) => say({ online: reached }))
