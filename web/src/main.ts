import './styles/index.css'

import { mount } from 'svelte'

import App from './App.svelte'
import { start } from './lib/app'
import { registerWorker } from './lib/update'
import { listen } from './router.svelte'

// What is too old to show the app has been told so already (static/old.js), if it can read this at all.
if (!('restowTooOld' in globalThis)) {
  listen()
  // Where the app is kept on the device, what somebody works with is read while the database opens.
  if (location.pathname.startsWith('/floor') && navigator.serviceWorker?.controller) void import('./screens/floor/Work.svelte')
  await start()
  const target = document.getElementById('app')!
  target.replaceChildren()
  mount(App, { target })
  void registerWorker()
}
