// The scanner, on any screen: no field needs to be touched first, and no soft keyboard opens. What people type into real fields is theirs.

import { uuid7 } from './ids'
import { characterOf, halfWidth } from './keys'
import { settings } from './settings'
import { read, Wedge, type Reading } from './wedge'

export type { ScannerSettings } from './wedge'

export interface Scan extends Reading {
  id: string
  source: 'wedge' | 'typed' | 'camera'
  at: number
  /** Who scanned it, where it has to wait: whoever holds the device by then is not its author. */
  by?: string
}

type Handler = (scan: Scan) => void

/** Exactly what came, before anything is made of it: the set-up screen shows it, and reads the scanner's habits from it. */
export interface Heard {
  at: number
  by: 'key' | 'text' | 'end'
  /** The characters as they came, or the name of a key that types none. */
  text: string
  /** The physical key, where the system tells. */
  code: string
  /** What that key means on the scanner's own keyboard. */
  meant: string
}

/** Within a field: no hand types six characters and Enter with less than this between any two. */
const FIELD_PACE = 60
const SHORTEST_IN_A_FIELD = 6
/** An input method lets go of what it had in hand a little after the Enter that told it to. */
const HUSH_MS = 150

const handlers: Handler[] = []
let attached: (() => void) | null = null
/** One for as long as the page lives: what it has learned of this scanner outlasts a change of screens. */
let wedge: Wedge | null = null

/** Scans go to this handler until the returned function is called; of several the newest has them. */
export function startScanner(onScan: Handler): () => void {
  handlers.push(onScan)
  attached ??= attach()
  return () => {
    const at = handlers.lastIndexOf(onScan)
    if (at >= 0) handlers.splice(at, 1)
    if (!handlers.length) {
      attached?.()
      attached = null
    }
  }
}

const listeners = new Set<(heard: Heard) => void>()

/** Everything the scanner sends, as it comes. While somebody listens nothing is taken for a click. */
export function listenIn(listener: (heard: Heard) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** A code typed on the pad, or read by the camera: read the same way, so that it is judged the same way. */
export function typed(text: string, source: Scan['source'] = 'typed'): Scan {
  const reading = read(text, settings.get().scanner)
  return { ...reading, text: reading.whole, doubled: false, bounce: false, garbled: false, id: uuid7(), source, at: Date.now() }
}

/** Gives a reading to whoever listens now: the camera does this. */
export function deliver(reading: Reading, source: Scan['source']): void {
  handlers.at(-1)?.({ ...reading, id: uuid7(), source, at: Date.now() })
}

function attach(): () => void {
  wedge ??= new Wedge(
    () => settings.get().scanner,
    (reading) => deliver(reading, 'wedge'),
  )
  return attachTo(wedge)
}

function attachTo(wedge: Wedge): () => void {
  const field = makeField()
  let timer: ReturnType<typeof setTimeout> | undefined
  let composing: number | null = null
  /** An input method is on, but the system says which keys were pressed: what it makes of them is not needed. */
  let byKeys = false
  /** Until then what it puts in still belongs to keys that were already taken. */
  let hushed = -Infinity
  /** When the key went down whose character is about to be put in: on a busy device that may be long before. */
  let keyAt: number | null = null
  let walking = false
  let seen = ''

  const tell = (heard: Omit<Heard, 'code' | 'meant'>, event?: KeyboardEvent) => {
    if (!listeners.size) return
    const meant = event ? characterOf(event.code, event.shiftKey, event.getModifierState('CapsLock')) : ''
    for (const listener of listeners) listener({ ...heard, code: event?.code ?? '', meant })
  }

  function wait(): void {
    clearTimeout(timer)
    const due = performance.now() + wedge.patience
    timer = setTimeout(() => {
      // A timer that comes late says that this device was busy, not that the scanner was silent: the rest of the code may be in line.
      if ((composing !== null && !byKeys) || performance.now() > due + 50) return wait()
      wedge.silence()
      empty()
    }, wedge.patience)
  }

  function empty(): void {
    // What an input method has in hand is let go of, or it would be put in after the next code.
    if (composing !== null && document.activeElement === field) field.blur()
    composing = null
    if (byKeys) hushed = performance.now() + HUSH_MS
    byKeys = false
    seen = ''
    field.value = ''
  }

  function finish(at: number): boolean {
    clearTimeout(timer)
    const scanned = wedge.end(at)
    empty()
    if (!walking) focusField()
    return scanned
  }

  // Into the hidden field: characters one by one, or the whole string at once, through an input method or not. What is new in it counts.
  function onInput(event: Event): void {
    if (byKeys) return
    if (event.timeStamp < hushed) return void (field.value = seen)
    const value = field.value
    const added = value.startsWith(seen) ? value.slice(seen.length) : value
    if (composing !== null || !added) return
    seen = value
    put(added, added.length === 1 && keyAt !== null ? keyAt : event.timeStamp)
  }

  function put(text: string, at: number, garbled = false): void {
    tell({ at, by: 'text', text })
    if (text.length === 1) wedge.key(text, at)
    else wedge.text(halfWidth(text), at, garbled)
    wait()
  }

  function onComposed(event: CompositionEvent): void {
    const began = composing ?? event.timeStamp
    composing = null
    if (byKeys) return
    if (event.timeStamp < hushed) return void (field.value = seen)
    const value = field.value
    const added = halfWidth(value.startsWith(seen) ? value.slice(seen.length) : value)
    seen = value
    if (!added) return
    // A word that took as long as a hand needs for it was written by one.
    if (event.timeStamp - began > settings.get().scanner.gapMs * Math.max(added.length, 3)) return empty()
    put(added, event.timeStamp, /[^\x00-\x7f]/.test(added))
  }

  function onKey(event: KeyboardEvent): void {
    const toField = event.target === field
    const at = event.timeStamp
    keyAt = event.key.length === 1 ? at : null
    if (!toField && isEditable(event.target)) return inAField(event)
    if (event.ctrlKey && event.key === ']') {
      // How many scanners type the separator of GS1 fields.
      event.preventDefault()
      tell({ at, by: 'key', text: '\x1d' }, event)
      wedge.key('\x1d', at)
      return wait()
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const hidden = event.isComposing || event.key === 'Process' || event.key === 'Unidentified'
    if (event.key === 'Enter' || event.key === 'Tab' || (hidden && /^(Enter|NumpadEnter|Tab)$/.test(event.code))) {
      if (toField && !wedge.busy && field.value && !byKeys) onInput(event)
      tell({ at, by: 'end', text: event.key === 'Process' ? event.code : event.key }, event)
      // The end of a code, or what a scanner sends behind it: not a press on whatever button has the focus.
      const late = wedge.justDone(at)
      if ((wedge.busy && finish(at)) || late || listeners.size) {
        event.preventDefault()
        event.stopImmediatePropagation()
        return
      }
      walking ||= event.key === 'Tab'
      return
    }
    if (hidden) {
      focusField()
      const meant = characterOf(event.code, event.shiftKey, event.getModifierState('CapsLock'))
      if (!meant) return
      byKeys = true
      event.preventDefault()
      tell({ at, by: 'key', text: meant }, event)
      wedge.key(meant, at)
      return wait()
    }
    if (event.key.length !== 1) {
      if (!['Shift', 'CapsLock', 'Control', 'Alt', 'Meta'].includes(event.key)) tell({ at, by: 'key', text: event.key }, event)
      return
    }
    if (event.repeat) {
      wedge.held(at)
      return wait()
    }
    if (byKeys) empty() // the input method has been switched off
    if (event.key === ' ' && !wedge.busy) return // a space presses the button that has the focus
    const byKey = settings.get().scanner.byKey && characterOf(event.code, event.shiftKey, event.getModifierState('CapsLock'))
    // Into the field it goes by itself, unless it is to mean something else than it says.
    if (toField && !byKey && !listeners.size) return
    event.preventDefault()
    tell({ at, by: 'key', text: event.key }, event)
    wedge.key(byKey || event.key, at)
    wait()
  }

  function onPaste(event: ClipboardEvent): void {
    if (isEditable(event.target) && event.target !== field) return
    const text = event.clipboardData?.getData('text') ?? ''
    if (!text) return
    event.preventDefault()
    tell({ at: event.timeStamp, by: 'text', text })
    wedge.text(text, event.timeStamp)
    finish(event.timeStamp)
  }

  // A field was left with the focus in it, and the next unit is scanned: the code is not for the note somebody wrote. What a hand
  // types is the field's; only what came as no hand types, its Enter too, is taken out of it again.
  let into: { field: Field; before: string; text: string; first: number; last: number } | null = null
  function onBeforeInput(event: InputEvent): void {
    const target = event.target
    if (target === field || !isField(target) || target.dataset.scan === 'here' || !event.data || event.isComposing) return
    const at = event.data.length === 1 && keyAt !== null ? keyAt : event.timeStamp
    if (into?.field !== target || at - into.last > FIELD_PACE) into = { field: target, before: target.value, text: '', first: at, last: at }
    into.text += event.data
    into.last = at
  }
  function inAField(event: KeyboardEvent): void {
    if (event.ctrlKey && event.key === ']' && into && event.timeStamp - into.last < FIELD_PACE) {
      event.preventDefault()
      into.text += '\x1d'
      into.last = event.timeStamp
    }
    if (event.key !== 'Enter' && event.key !== 'Tab') return
    const came = into
    into = null
    if (came?.field !== event.target || event.timeStamp - came.last > FIELD_PACE || came.text.length < SHORTEST_IN_A_FIELD) return
    event.preventDefault()
    event.stopImmediatePropagation()
    came.field.value = came.before
    came.field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    wedge.text(came.text, event.timeStamp)
    finish(event.timeStamp)
  }

  function focusField(): void {
    if (!document.hasFocus() || isEditable(document.activeElement) || document.querySelector('dialog[open]')) return
    field.focus({ preventScroll: true })
  }

  // A scanner that puts its code in as one string needs the field: a tap on a button or a heading that was given the focus must not
  // keep it. Who walks through the buttons by keyboard does.
  function onFocusMoved(): void {
    setTimeout(() => {
      if (document.activeElement === document.body || !walking) focusField()
    }, 50)
  }
  function onPointer(): void {
    walking = false
    onFocusMoved()
  }

  const begin = (event: CompositionEvent) => (composing = event.timeStamp)
  document.body.append(field)
  field.addEventListener('input', onInput)
  field.addEventListener('compositionstart', begin)
  field.addEventListener('compositionend', onComposed)
  document.addEventListener('keydown', onKey, true)
  document.addEventListener('paste', onPaste, true)
  document.addEventListener('beforeinput', onBeforeInput, true)
  document.addEventListener('focusin', onFocusMoved)
  document.addEventListener('focusout', onFocusMoved)
  document.addEventListener('pointerup', onPointer, true)
  window.addEventListener('focus', onFocusMoved)
  onFocusMoved()
  return () => {
    clearTimeout(timer)
    field.remove()
    document.removeEventListener('keydown', onKey, true)
    document.removeEventListener('paste', onPaste, true)
    document.removeEventListener('beforeinput', onBeforeInput, true)
    document.removeEventListener('focusin', onFocusMoved)
    document.removeEventListener('focusout', onFocusMoved)
    document.removeEventListener('pointerup', onPointer, true)
    window.removeEventListener('focus', onFocusMoved)
  }
}

/** Takes what a scanner types on systems that give keys no names. `inputmode=none` keeps the soft keyboard away. */
function makeField(): HTMLInputElement {
  const field = document.createElement('input')
  field.inputMode = 'none'
  field.autocomplete = 'off'
  field.spellcheck = false
  field.tabIndex = -1
  field.setAttribute('autocapitalize', 'off')
  field.setAttribute('aria-hidden', 'true')
  field.className = 'scanner-field'
  field.style.cssText = 'position:fixed;top:0;left:0;width:1px;height:1px;opacity:0;border:0;padding:0;pointer-events:none'
  return field
}

type Field = HTMLInputElement | HTMLTextAreaElement

const isField = (target: EventTarget | null): target is Field => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement

function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target.classList.contains('scanner-field')) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['button', 'checkbox', 'radio', 'submit', 'reset', 'range', 'file', 'color'].includes(target.type)
}
