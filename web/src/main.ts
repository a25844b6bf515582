import './styles/index.css'

import { mount } from 'svelte'

import App from './App.svelte'
import { start } from './lib/app'
import { registerWorker } from './lib/update'
import { listen } from './router.svelte'

listen()
await start()
const target = document.getElementById('app')!
target.replaceChildren()
mount(App, { target })
void registerWorker()
