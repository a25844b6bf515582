// Reads codes apart from the page, so that the picture never stutters. The wasm is served by us and loaded when the first picture comes.

import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url'

import { READER_OPTIONS, type Found, type FromReader, type ToReader } from './reader'

prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith('.wasm') ? wasm : prefix + path) } })

self.onmessage = async ({ data }: MessageEvent<ToReader>) => {
  let answer: FromReader
  try {
    const read = await readBarcodes(data.picture, { ...READER_OPTIONS, ...(data.hard ? {} : { tryInvert: false, maxNumberOfSymbols: 8 }) })
    const codes = read
      .filter((one) => one.isValid && one.text !== '')
      .map(({ text, symbologyIdentifier, format, position }): Found => {
        const corners = [position.topLeft, position.topRight, position.bottomRight, position.bottomLeft]
        return { text: symbologyIdentifier + text, shown: text, format, corners: corners.map(({ x, y }) => [x, y]) }
      })
    answer = { n: data.n, codes, failed: '' }
  } catch (reason) {
    answer = { n: data.n, codes: [], failed: String(reason) }
  }
  self.postMessage(answer)
}
