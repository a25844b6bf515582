import { readFileSync } from 'node:fs'

import { defineConfig } from 'vite'

const version = /^version = "(.+)"$/m.exec(readFileSync(new URL('../pyproject.toml', import.meta.url), 'utf8'))![1]

/** The handheld without a screen that `restow lab` runs in Node: one file with all it needs, in a folder that is never served. */
export default defineConfig({
  publicDir: false,
  resolve: { alias: [{ find: /^dexie$/, replacement: 'dexie/dist/modern/dexie.mjs' }] },
  define: { __APP_VERSION__: JSON.stringify(version) },
  ssr: { noExternal: true },
  build: {
    ssr: 'src/lab/handheld.ts', outDir: 'dist/.lab', target: 'node22', minify: false,
    rollupOptions: { output: { entryFileNames: 'handheld.mjs', codeSplitting: false } },
  },
})
