// The beginning: opens what is kept here, says who and what this device is, and begins to sync.

import { loadIdentity, lockWhenIdle, stillHere } from './auth'
import { useDatabase } from './db'
import { useLanguage } from './i18n'
import { configureNet } from './net'
import { loadSettings, settings } from './settings'
import { startSync } from './sync'
import { forgetKey } from './vault'

/** For tests and Node: another server, another database. */
export function configure(options: { origin?: string; fetch?: typeof fetch; database?: string }): void {
  configureNet(options)
  if (options.database) {
    useDatabase(options.database)
    forgetKey()
  }
}

/** Once, before anything is shown. Resolves to what stops it. */
export async function start(): Promise<() => void> {
  await loadSettings()
  useLanguage(settings.get().language)
  await loadIdentity()
  const ends = [settings.subscribe(({ language }) => useLanguage(language)), startSync(), watchHolder()]
  return () => ends.forEach((end) => end())
}

/** Who lays the device down has to show that it is them when they come back. */
function watchHolder(): () => void {
  if (!globalThis.document) return () => {}
  let told = 0
  const seen = () => {
    if (Date.now() - told < 20_000) return
    told = Date.now()
    void stillHere()
  }
  const timer = setInterval(() => void lockWhenIdle(), 20_000)
  document.addEventListener('pointerdown', seen, true)
  document.addEventListener('keydown', seen, true)
  return () => {
    clearInterval(timer)
    document.removeEventListener('pointerdown', seen, true)
    document.removeEventListener('keydown', seen, true)
  }
}
