// The scanner, on any screen: no field needs to be touched first, and no soft keyboard opens. What people type into real fields is theirs.

import { uuid7 } from './ids'
import { settings } from './settings'
import { read, Wedge, type Reading } from './wedge'

export type { ScannerSettings } from './wedge'

export interface Scan extends Reading {
  id: string
  source: 'wedge' | 'typed' | 'camera'
  at: number
}

type Handler = (scan: Scan) => void

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

/** A code typed on the pad, or read by the camera: read the same way, so that it is judged the same way. */
export function typed(text: string, source: Scan['source'] = 'typed'): Scan {
  return { ...read(text, settings.get().scanner), doubled: false, bounce: false, text: read(text, settings.get().scanner).whole, id: uuid7(), source, at: Date.now() }
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
  let composing = false
  let walking = false
  let seen = ''

  function wait(): void {
    clearTimeout(timer)
    const due = performance.now() + wedge.patience
    timer = setTimeout(() => {
      // A timer that comes late says that this device was busy, not that the scanner was silent: the rest of the code may be in line.
      if (composing || performance.now() > due + 50) return wait()
      wedge.silence(performance.now())
      empty()
    }, wedge.patience)
  }

  function empty(): void {
    seen = ''
    field.value = ''
  }

  function finish(): void {
    clearTimeout(timer)
    wedge.end(performance.now())
    empty()
  }

  // Into the hidden field: characters one by one, or the whole string at once, through an IME or not. What is new in it counts.
  function onInput(): void {
    const value = field.value
    const added = value.startsWith(seen) ? value.slice(seen.length) : value
    if (composing || !added) return
    seen = value
    if (added.length === 1) wedge.key(added, performance.now())
    else wedge.text(added, performance.now())
    wait()
  }

  function onKey(event: KeyboardEvent): void {
    const toField = event.target === field
    if (!toField && isEditable(event.target)) return
    if (event.ctrlKey && event.key === ']') {
      // How many scanners type the separator of GS1 fields.
      event.preventDefault()
      wedge.key('\x1d', performance.now())
      return wait()
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.isComposing || event.key === 'Process' || event.key === 'Unidentified') return focusField()
    if (event.key === 'Enter' || event.key === 'Tab') {
      if (toField && !wedge.busy && field.value) onInput()
      if (!wedge.busy) {
        walking ||= event.key === 'Tab'
        return
      }
      // The end of a code, not a press on whatever button has the focus.
      event.preventDefault()
      event.stopImmediatePropagation()
      return finish()
    }
    if (toField || event.key.length !== 1) return
    if (event.key === ' ' && !wedge.busy) return // a space presses the button that has the focus
    event.preventDefault()
    wedge.key(event.key, performance.now())
    wait()
  }

  function onPaste(event: ClipboardEvent): void {
    if (isEditable(event.target) && event.target !== field) return
    const text = event.clipboardData?.getData('text') ?? ''
    if (!text) return
    event.preventDefault()
    wedge.text(text, performance.now())
    finish()
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

  const begin = () => (composing = true)
  const finishComposing = () => {
    composing = false
    onInput()
  }
  document.body.append(field)
  field.addEventListener('input', onInput)
  field.addEventListener('compositionstart', begin)
  field.addEventListener('compositionend', finishComposing)
  document.addEventListener('keydown', onKey, true)
  document.addEventListener('paste', onPaste, true)
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

function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target.classList.contains('scanner-field')) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['button', 'checkbox', 'radio', 'submit', 'reset', 'range', 'file', 'color'].includes(target.type)
}
