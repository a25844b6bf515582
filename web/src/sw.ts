// The service worker: what makes the app start without network. VERSION and ASSETS are put before this file by vite.config.ts.
//
// Everything the app is made of is fetched once, under its hashed name, before this version is put on. What is asked of the server
// (/api, /sync, /blobs) never passes through a cache: an answer of yesterday must not look like one of today.

export {}

declare const self: ServiceWorkerGlobalScope
declare const VERSION: string
declare const ASSETS: string[]
/** Large, and not needed to start: kept from the first time they are asked for. */
declare const LATER: string[]

const CACHE = `restow-${VERSION}`

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CACHE).then(async (cache) => {
      const old = await newestOther()
      // What has not changed has kept its hashed name and is copied from the version before: an update costs what changed.
      await Promise.all(
        ASSETS.map(async (url) => {
          const known = url.startsWith('/assets/') ? await old?.match(url) : undefined
          if (known) return cache.put(url, known)
          const response = await fetch(new Request(url, { cache: 'reload' }))
          if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`)
          await cache.put(url, response)
        }),
      )
      for (const url of LATER) {
        const known = await old?.match(url)
        if (known) await cache.put(url, known)
      }
    }),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // The version before stays too: another tab may be in the middle of something with it, and has not read all its parts yet.
      const before = (await others()).at(-1)
      for (const name of await others()) if (name !== before) await caches.delete(name)
      await self.clients.claim()
    })(),
  )
})

// Only when a person said so: an update under an open form would take it away.
self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (/^\/(api|sync|blobs|health|metrics|enrol-ca)(\/|$)/.test(url.pathname)) return
  if (request.mode === 'navigate') {
    // Every address of the app is the same page; which screen it is, the page finds out.
    event.respondWith(answer('/', request))
    return
  }
  if (LATER.includes(url.pathname)) event.respondWith(answerAndKeep(url.pathname, request))
  else if (ASSETS.includes(url.pathname) || url.pathname.startsWith('/assets/')) event.respondWith(answer(url.pathname, request))
})

/** From this version, or from the one before: its parts have other names. */
async function answer(url: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(url)) ?? (await (await newestOther())?.match(url)) ?? fetch(request)
}

async function answerAndKeep(url: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  const known = await cache.match(url)
  if (known) return known
  const response = await fetch(request)
  if (response.ok) await cache.put(url, response.clone())
  return response
}

/** The caches of other versions, the oldest first. */
const others = async (): Promise<string[]> => (await caches.keys()).filter((name) => name.startsWith('restow-') && name !== CACHE)

async function newestOther(): Promise<Cache | null> {
  const name = (await others()).at(-1)
  return name ? caches.open(name) : null
}
