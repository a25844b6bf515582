// Codes read by the camera: the browser's own detector where there is a whole one, else zxing in a worker, with its wasm served by us.
//
// A frame is cut to what is aimed at. What is seen there is gathered over a few frames: one code is taken, several are offered, and a
// symbology without a check digit must be read twice. A code stays taken until it has left the picture, or one item would count on and on.

import { deviceToken } from './auth'
import { gtinOk } from './gtin'
import { problemOf, send } from './net'
import type { Found, FromReader, ToReader } from './reader'

export type { Found }

export type CameraProblem = 'insecure' | 'denied' | 'none' | 'busy' | 'failed'

export class CameraFailed extends Error {
  constructor(
    readonly problem: CameraProblem,
    options?: ErrorOptions,
  ) {
    super(`The camera cannot be used: ${problem}`, options)
    this.name = 'CameraFailed'
  }
}

/** The part of the picture that is aimed at, in its middle. */
export const FRAME = { width: 0.86, height: 0.6 }
const LONGEST_SIDE = 1280
const BETWEEN_FRAMES = 80
/** So long is gathered after the first code before one is taken: a second one on the same label is often read a moment later. */
const GATHER_MS = 250
/** Gone from so many frames in a row: the next one is another item. */
const GONE_FRAMES = 6

// The browser's own detector. It tells no symbology identifier, so only what is certain is named.

interface Detected {
  rawValue: string
  format: string
  cornerPoints: { x: number; y: number }[]
}
interface Detector {
  detect(source: ImageData | ImageBitmap): Promise<Detected[]>
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector
  getSupportedFormats(): Promise<string[]>
}

const NEEDED = ['ean_13', 'ean_8', 'code_128', 'code_39', 'itf', 'qr_code', 'data_matrix', 'upc_a', 'upc_e']
const IDENTIFIERS: Record<string, string> = { ean_13: ']E0', ean_8: ']E4', upc_a: ']E0', upc_e: ']E0', code_39: ']A0', itf: ']I0' }

async function ownDetector(): Promise<Detector | null> {
  const Own = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector
  if (!Own) return null
  const formats = await Own.getSupportedFormats().catch((): string[] => [])
  return NEEDED.every((format) => formats.includes(format)) ? new Own({ formats: NEEDED }) : null
}

// zxing, in a worker

let worker: Worker | null = null
let asked = 0
const waiting = new Map<number, (answer: FromReader) => void>()

function byZxing(picture: ImageData | Blob, hard: boolean): Promise<Found[]> {
  worker ??= Object.assign(new Worker(new URL('./camera.worker.ts', import.meta.url), { type: 'module' }), {
    onmessage: ({ data }: MessageEvent<FromReader>) => {
      waiting.get(data.n)?.(data)
      waiting.delete(data.n)
    },
    onerror: () => {
      for (const [n, done] of waiting) done({ n, codes: [], failed: 'the reader could not be loaded' })
      waiting.clear()
      worker = null
    },
  })
  const n = ++asked
  return new Promise((resolve, reject) => {
    waiting.set(n, ({ codes, failed }) => (failed ? reject(new CameraFailed('failed', { cause: failed })) : resolve(codes)))
    worker!.postMessage({ n, picture, hard } satisfies ToReader)
  })
}

type Read = (picture: ImageData) => Promise<Found[]>

async function reader(): Promise<Read> {
  const own = await ownDetector()
  if (!own) return (picture) => byZxing(picture, false)
  return async (picture) =>
    (await own.detect(picture)).map(({ rawValue, format, cornerPoints }) => ({
      text: (IDENTIFIERS[format] ?? '') + rawValue, shown: rawValue, format, corners: cornerPoints.map(({ x, y }) => [x, y] as [number, number]),
    }))
}

/** Fetches what the camera needs, so that its first use may be offline. */
export async function prepareCamera(): Promise<void> {
  if (await ownDetector()) return
  await byZxing(new ImageData(8, 8), false).catch(() => {})
}

/** A tilted ITF yields pieces of itself: only a whole, valid one counts. What has no check digit is asked for twice. */
export const plausible = ({ format, shown }: Found) => !/^itf/i.test(format) || (shown.length === 14 && gtinOk(shown))
export const needsTwo = ({ format }: Found) => /^(code_?39|codabar|code_?93)/i.test(format)

// The video

export interface Camera {
  stop(): void
  /** null: this camera has none. */
  torch: boolean | null
  setTorch(on: boolean): Promise<void>
  zoom: { min: number; max: number; step: number; value: number } | null
  setZoom(value: number): Promise<void>
}

/** The camera that looks away from the person, shown in this element. Throws CameraFailed. */
export async function openCamera(video: HTMLVideoElement): Promise<Camera> {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) throw new CameraFailed('insecure')
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } } })
  } catch (reason) {
    const problems: Record<string, CameraProblem> = { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none', NotReadableError: 'busy', AbortError: 'busy' }
    throw new CameraFailed(problems[(reason as Error).name] ?? 'failed', { cause: reason })
  }
  const track = stream.getVideoTracks()[0]!
  const can = (track.getCapabilities?.() ?? {}) as MediaTrackCapabilities & { torch?: boolean; zoom?: { min: number; max: number; step: number } }
  const apply = (wanted: object) => track.applyConstraints({ advanced: [wanted as MediaTrackConstraintSet] })
  video.srcObject = stream
  video.muted = true
  await video.play().catch(() => {})
  const camera: Camera = {
    stop() {
      for (const each of stream.getTracks()) each.stop()
      video.srcObject = null
    },
    torch: can.torch ? false : null,
    async setTorch(on) {
      await apply({ torch: on })
      camera.torch = on
    },
    zoom: can.zoom && can.zoom.max > can.zoom.min ? { ...can.zoom, value: (track.getSettings() as { zoom?: number }).zoom ?? can.zoom.min } : null,
    async setZoom(value) {
      await apply({ zoom: value })
      if (camera.zoom) camera.zoom.value = value
    },
  }
  return camera
}

/**
 * Calls back with what is aimed at: one code to take, or several to choose from. It goes on when `again` is called, and then takes a
 * code that never left the picture only once it has. Returns what ends it.
 */
export function watch(video: HTMLVideoElement, taken: readonly string[], onFound: (found: Found[]) => void, onFailed: (reason: unknown) => void): () => void {
  const canvas = document.createElement('canvas')
  const paper = canvas.getContext('2d', { willReadFrequently: true })!
  const gathered = new Map<string, { found: Found; times: number }>()
  const absent = new Map(taken.map((text) => [text, 0]))
  let since = 0
  let ended = false

  const frame = (): ImageData | null => {
    const [width, height] = [Math.round(video.videoWidth * FRAME.width), Math.round(video.videoHeight * FRAME.height)]
    if (!width || !height) return null
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height))
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    paper.drawImage(video, (video.videoWidth - width) / 2, (video.videoHeight - height) / 2, width, height, 0, 0, canvas.width, canvas.height)
    return paper.getImageData(0, 0, canvas.width, canvas.height)
  }

  void (async () => {
    const read = await reader()
    while (!ended) {
      const picture = frame()
      if (picture) {
        const seen = (await read(picture)).filter(plausible)
        if (ended) return
        for (const [text, frames] of absent) {
          if (seen.some((one) => one.text === text)) absent.set(text, 0)
          else if (frames + 1 >= GONE_FRAMES) absent.delete(text)
          else absent.set(text, frames + 1)
        }
        for (const found of seen) {
          if (absent.has(found.text)) continue
          if (!gathered.size) since = Date.now()
          gathered.set(found.text, { found, times: (gathered.get(found.text)?.times ?? 0) + 1 })
        }
        const sure = [...gathered.values()].filter(({ found, times }) => times > 1 || !needsTwo(found))
        if (sure.length && Date.now() - since >= GATHER_MS) {
          ended = true
          onFound(sure.map(({ found }) => found))
          return
        }
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_FRAMES))
    }
  })().catch((reason: unknown) => {
    ended = true
    onFailed(reason)
  })
  return () => void (ended = true)
}

// A picture

/** The codes of a photo: read here first, then, when nothing is found and there is a network, by the server, which tries harder. */
export async function readPicture(picture: Blob): Promise<Found[]> {
  const here = (await byZxing(picture, true).catch(() => [])).filter(plausible)
  return here.length ? here : byServer(picture)
}

async function byServer(picture: Blob): Promise<Found[]> {
  const form = new FormData()
  form.append('image', picture, 'picture')
  const token = await deviceToken()
  const response = await send('/api/barcodes/decode', { method: 'POST', headers: token ? { Authorization: `Bearer ${token}` } : {}, credentials: 'omit', body: form, timeout: 30_000 })
  if (!response.ok) throw await problemOf(response)
  const { codes } = (await response.json()) as { codes: { text: string; symbology: string; identifier?: string }[] }
  return codes.map(({ text, symbology, identifier }) => ({ text: (identifier ?? '') + text, shown: text, format: symbology, corners: [] }))
}
