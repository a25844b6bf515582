import './styles/index.css'

import { mount } from 'svelte'

import App from './App.svelte'
import { start } from './lib/app'
import { registerWorker } from './lib/update'
import { listen } from './router.svelte'

// What is too old to show the app has been told so already (static/old.js), if it can read this at all.
if (!('restowTooOld' in globalThis)) {
  listen()
  await start()
  const target = document.getElementById('app')!
  target.replaceChildren()
  mount(App, { target })
  void registerWorker()
}
