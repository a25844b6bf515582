import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

import { svelte } from '@sveltejs/vite-plugin-svelte'
import { transformWithOxc, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** One version for server and app. */
const version = /^version = "(.+)"$/m.exec(readFileSync(new URL('../pyproject.toml', import.meta.url), 'utf8'))![1]

/** Everything under a folder, as addresses. */
function files(folder: string, root = folder): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path, root) : [relative(root, path).split(sep).join('/')]
  })
}

/**
 * Writes sw.js: src/sw.ts with the list of what the app needs to start without network, and a version that is the hash of all of it,
 * so that the browser sees a new worker whenever, and only when, something in it changed.
 */
function serviceWorker(): Plugin {
  return {
    name: 'restow-service-worker',
    apply: 'build',
    enforce: 'post',
    async generateBundle(_, bundle) {
      const root = process.cwd()
      const hash = createHash('sha256')
      const built = Object.values(bundle)
        .filter(({ fileName }) => !fileName.endsWith('.map'))
        .sort((a, b) => (a.fileName < b.fileName ? -1 : 1))
      for (const part of built) hash.update(part.fileName).update(part.type === 'chunk' ? part.code : part.source)
      const fixed = files(join(root, 'static')).sort()
      for (const file of fixed) hash.update(file).update(readFileSync(join(root, 'static', file)))
      const urls = [...new Set(['/', ...built.map(({ fileName }) => `/${fileName}`), ...fixed.map((file) => `/${file}`)])].filter(
        (url) => url !== '/index.html',
      )
      const later = urls.filter((url) => url.endsWith('.wasm'))
      const path = join(root, 'src/sw.ts')
      const { code } = await transformWithOxc(readFileSync(path, 'utf8').replace(/^export \{\}\n\n/m, ''), path, { sourcemap: false })
      const head = `const VERSION = ${JSON.stringify(hash.digest('hex').slice(0, 16))};\nconst ASSETS = ${JSON.stringify(urls.filter((url) => !later.includes(url)))};\nconst LATER = ${JSON.stringify(later)};\n`
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: head + code })
    },
  }
}

const WORTH_COMPRESSING = ['.js', '.css', '.html', '.svg', '.wasm', '.webmanifest']

/** Lays the smallest form of each file beside it, once: the server sends it to every browser that speaks HTTPS. */
function compressed(): Plugin {
  return {
    name: 'restow-compressed',
    apply: 'build',
    closeBundle() {
      const dist = join(process.cwd(), 'dist')
      for (const file of files(dist).filter((name) => !name.startsWith('.') && WORTH_COMPRESSING.includes(extname(name)))) {
        const whole = readFileSync(join(dist, file))
        const small = brotliCompressSync(whole, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: whole.length } })
        if (small.length < whole.length * 0.9) writeFileSync(join(dist, `${file}.br`), small)
      }
    },
  }
}

export default defineConfig({
  plugins: [svelte(), serviceWorker(), compressed()],
  publicDir: 'static',
  // Dexie's own entry is its build for browsers of 2015.
  resolve: { alias: [{ find: /^dexie$/, replacement: 'dexie/dist/modern/dexie.mjs' }] },
  define: { __APP_VERSION__: JSON.stringify(version) },
  worker: { format: 'es' },
  build: { outDir: 'dist', target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/sync': 'http://127.0.0.1:8000', '/blobs': 'http://127.0.0.1:8000' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
