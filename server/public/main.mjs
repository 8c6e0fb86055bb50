import { html, render } from './vendor/preact.mjs'
import { App } from './app.mjs'

render(html`<${App} />`, document.getElementById('page'))
