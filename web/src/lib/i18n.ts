// Two languages, as plain typed dictionaries: a key that is missing, or a value left out, does not compile.

import { derived, store, type Readable } from './observable'
import { saveSettings } from './settings'
import { today } from './today'

export type Language = 'zh-CN' | 'en'

const current = store<Language>('zh-CN')

/** Set by settings; a switch changes every `$t` on the screen and nothing else. */
export const lang: Readable<Language> = current

const fetching: ((language: Language) => Promise<void> | void)[] = []

/** Chinese is always here, English comes when it is asked for: half of the words of the first load are words nobody reads. */
export async function useLanguage(language: Language): Promise<void> {
  await Promise.all(fetching.map((fetch) => fetch(language)))
  current.set(language)
  if (globalThis.document) document.documentElement.lang = language
}

/** After a part of the app with words of its own has been loaded: resolves when they are there. */
export const wordsReady = (): Promise<void> => useLanguage(current.get())

/** Remembers it on this device, and switches: what is seen to be chosen outlives a reload. */
export async function setLang(language: Language): Promise<void> {
  await saveSettings({ language }).catch((reason: unknown) => console.error('The language is not kept', reason))
  await useLanguage(language)
}

/** The names between braces: '{n} of {total}' asks for n and total. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
type Values<Text extends string> = { [Name in Names<Text>]: string | number }

export type Dictionary = Record<string, string>
/** The other language: the same keys. */
export type Words<Chinese extends Dictionary> = { readonly [Key in keyof Chinese]: string }

export type Translate<Chinese extends Dictionary> = <Key extends keyof Chinese & string>(
  key: Key,
  ...values: [Names<Chinese[Key]>] extends [never] ? [] : [Values<Chinese[Key]>]
) => string

/** A dictionary as a store of a function: `$t('key', {n: 3})` in a component, `t.get()('key')` elsewhere. */
export function translator<const Chinese extends Dictionary>(zh: Chinese, en: () => Promise<{ default: Words<Chinese> }>): Readable<Translate<Chinese>> {
  const speak = (words: Words<Chinese>): Translate<Chinese> => (key, ...values) => fill(words[key], values[0] ?? {})
  const chinese = speak(zh)
  let english: Translate<Chinese> | null = null
  const spoken = store<Translate<Chinese>>(chinese)
  fetching.push(async (language) => {
    if (language !== 'en' || english) return
    english = speak((await en()).default)
    if (current.get() === 'en') spoken.set(english)
  })
  current.subscribe((language) => spoken.set(language === 'en' && english ? english : chinese))
  return spoken
}

/** Puts values in. English may say {n:parcel|parcels} for the word that goes with n. */
function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = values[name] ?? ''
    if (one === undefined) return typeof value === 'number' ? value.toLocaleString(current.get()) : value
    return Number(value) === 1 ? one : (many ?? one)
  })
}

// Times, in the language of the screen. Each is a store of a function, so that a switch changes them too.

/** How long something has waited: 2小时, 2 h. */
export const ago = derived(current, (language) => (since: number, now = Date.now()) => {
  const minutes = Math.max(0, Math.floor((now - since) / 60_000))
  const zh = language === 'zh-CN'
  if (minutes < 1) return zh ? '刚刚' : 'just now'
  if (minutes < 60) return zh ? `${minutes}分钟` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return zh ? `${hours}小时` : `${hours} h`
  return zh ? `${Math.floor(hours / 24)}天` : `${Math.floor(hours / 24)} days`
})

const format = (options: Intl.DateTimeFormatOptions) =>
  derived(current, (language) => {
    // Made when the first time is told: a calendar takes longer to load than the whole first screen to draw.
    let formatter: Intl.DateTimeFormat | undefined
    return (at: number) => (at ? (formatter ??= new Intl.DateTimeFormat(language, options)).format(at) : '')
  })

export const timeOf = format({ hour: '2-digit', minute: '2-digit', hour12: false })
export const dateOf = format({ year: 'numeric', month: '2-digit', day: '2-digit' })
export const momentOf = format({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false })

/** Days from today until this date; negative when it is past. */
export function daysLeft(date: string, from = today()): number {
  return Math.round((Date.parse(date) - Date.parse(from)) / 86_400_000)
}

/** Whichever of its two names fits the language: items, sites, zones and types carry both. */
export const nameOf = derived(current, (language) => (named: { name: string; name_en?: string } | null | undefined) =>
  (language === 'en' && named?.name_en) || named?.name || '',
)
