// The beginning: opens what is kept here, says who and what this device is, and begins to sync.

import { identity, loadIdentity, lockWhenIdle, stillHere } from './auth'
import { readMeta, reindex, sumUp, upToDate, useDatabase } from './db'
import { lang, useLanguage, type Language } from './i18n'
import { configureNet } from './net'
import { sealWhatLiesOpen } from './personal'
import { loadSettings, settings } from './settings'
import { PRACTICE_DATABASE, practising } from './practising'
import { say } from './syncstate'
import { forgetKey } from './vault'

/** For tests and Node: another server, another database. */
export function configure(options: { origin?: string; fetch?: typeof fetch; database?: string }): void {
  configureNet(options)
  if (options.database) {
    useDatabase(options.database)
    forgetKey()
  }
}

/** Once, before anything is shown. Syncing begins when its part of the app has come, which no screen waits for. Resolves to what stops it. */
export async function start(): Promise<() => void> {
  const practice = practising()
  if (practice) {
    configure({ database: PRACTICE_DATABASE })
    await (await import('./practice')).prepare(practice)
  }
  await Promise.all([loadSettings(), bringUpToDate()])
  // Without its words English has to wait; the screens do not.
  const speak = (language: Language) => useLanguage(language).catch((reason: unknown) => console.error('No words', reason))
  const [, , packAt = 0] = await Promise.all([speak(settings.get().language), loadIdentity(), readMeta<number>('pack')])
  say({ packAt, packReady: packAt > 0 })
  // Only what is enrolled has anybody to talk to, and practice talks to nobody.
  let syncing: Promise<() => void> | undefined
  const enrolled = identity.subscribe((known) => void (known && !practice && (syncing ??= import('./sync').then(({ startSync }) => startSync()))))
  const ends = [settings.subscribe(({ language }) => void (language === lang.get() || speak(language))), watchHolder(), enrolled, () => void syncing?.then((end) => end())]
  return () => ends.forEach((end) => end())
}

/** What an earlier version of the app stored becomes what this one expects. */
async function bringUpToDate(): Promise<void> {
  if (await upToDate()) return
  await reindex()
  await sealWhatLiesOpen()
  await sumUp()
}

/** Who lays the device down has to show that it is them when they come back. */
function watchHolder(): () => void {
  if (!globalThis.document) return () => {}
  let told = 0
  const seen = () => {
    if (Date.now() - told < 20_000) return
    told = Date.now()
    stillHere().catch((reason: unknown) => console.error('Not kept', reason))
  }
  const timer = setInterval(() => void lockWhenIdle().catch((reason: unknown) => console.error('Not kept', reason)), 20_000)
  document.addEventListener('pointerdown', seen, true)
  document.addEventListener('keydown', seen, true)
  return () => {
    clearInterval(timer)
    document.removeEventListener('pointerdown', seen, true)
    document.removeEventListener('keydown', seen, true)
  }
}
