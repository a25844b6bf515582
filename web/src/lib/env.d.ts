/// <reference types="vite/client" />

/** What built this: put in by vite.config.ts. */
declare const __APP_VERSION__: string
