// What the page and its reader in the worker say to each other. Apart, so that the worker carries nothing else.

import type { ReaderOptions } from 'zxing-wasm/reader'

export interface Found {
  /** With its symbology identifier, as a scanner sends it. */
  text: string
  shown: string
  format: string
  /** Four corners in pixels of the picture that was read. */
  corners: [number, number][]
}

export interface ToReader {
  n: number
  picture: ImageData | Blob
  /** A photo may take its time; a frame of the video is followed by another. */
  hard: boolean
}

export interface FromReader {
  n: number
  codes: Found[]
  failed: string
}

export const READER_OPTIONS: ReaderOptions = {
  formats: ['EANUPC', 'Code128', 'Code39', 'Code93', 'ITF', 'Codabar', 'DataBar', 'QRCode', 'DataMatrix', 'PDF417', 'Aztec'],
  textMode: 'Plain',
  tryHarder: true,
  maxNumberOfSymbols: 32,
}
