// Right, attention, wrong: told apart without looking, by tone and by vibration, and said aloud for who wants that. The colour is the screen's.

import { lang } from './i18n'
import { settings } from './settings'

export type Feedback = 'right' | 'attention' | 'wrong'

interface Tone {
  at: number
  lasts: number
  from: number
  to: number
  shape: OscillatorType
}

export const TONES: Record<Feedback, Tone[]> = {
  right: [{ at: 0, lasts: 0.09, from: 1320, to: 1760, shape: 'sine' }],
  attention: [
    { at: 0, lasts: 0.12, from: 660, to: 660, shape: 'triangle' },
    { at: 0.18, lasts: 0.12, from: 660, to: 660, shape: 'triangle' },
  ],
  wrong: [
    { at: 0, lasts: 0.3, from: 220, to: 165, shape: 'sawtooth' },
    { at: 0.36, lasts: 0.5, from: 165, to: 110, shape: 'sawtooth' },
  ],
}

export const VIBRATIONS: Record<Feedback, number[]> = { right: [40], attention: [80, 60, 80], wrong: [600, 100, 400] }

let audio: AudioContext | null = null

/** Browsers are silent until somebody has touched the page: call it on the first touch. */
export function unlockAudio(): void {
  if (typeof AudioContext === 'undefined') return
  audio ??= new AudioContext({ latencyHint: 'interactive' })
  if (audio.state === 'suspended') void audio.resume()
}

export function feedback(kind: Feedback): void {
  const { sound, vibrate } = settings.get()
  if (vibrate) globalThis.navigator?.vibrate?.(VIBRATIONS[kind])
  if (!audio || audio.state !== 'running' || sound <= 0) return unlockAudio()
  for (const { at, lasts, from, to, shape } of TONES[kind]) {
    const begin = audio.currentTime + at
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.type = shape
    tone.frequency.setValueAtTime(from, begin)
    tone.frequency.linearRampToValueAtTime(to, begin + lasts)
    // Faded in and out: a tone that is cut clicks.
    volume.gain.setValueAtTime(0, begin)
    volume.gain.linearRampToValueAtTime(sound * 0.5, begin + 0.01)
    volume.gain.setValueAtTime(sound * 0.5, begin + lasts - 0.02)
    volume.gain.linearRampToValueAtTime(0, begin + lasts)
    tone.connect(volume).connect(audio.destination)
    tone.start(begin)
    tone.stop(begin + lasts)
  }
}

const speech = (): SpeechSynthesis | undefined => globalThis.speechSynthesis

/** A voice that speaks the language of the screen; one on the device itself before one that needs the network. */
export function voice(): SpeechSynthesisVoice | null {
  const ours = (speech()?.getVoices() ?? []).filter((one) => one.lang.toLowerCase().startsWith(lang.get().slice(0, 2)))
  return ours.find((one) => one.localService) ?? ours[0] ?? null
}

/** What is said now matters; what was being said of the scan before does not any more. */
export function say(text: string): void {
  const { speak, sound } = settings.get()
  const synthesis = speech()
  if (!speak || !synthesis || !text) return
  synthesis.cancel()
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.lang = lang.get()
  utterance.voice = voice()
  utterance.volume = sound
  utterance.rate = 1.2
  synthesis.speak(utterance)
}
