import { html, useEffect, useState } from './vendor/preact.mjs'

/** Who listens to the page hears of news once in so many milliseconds: the newest. */
const INTERVAL = 4000

let show = () => {}
let latest = null
let timer = null

/**
 * Tells those who hear the page what happened.
 * @param {string} text
 * @param {{ atOnce?: boolean }} [options] `atOnce` for what the person did himself
 */
export function announce (text, { atOnce = false } = {}) {
  latest = text
  if (atOnce || timer === null) flush()
}

function flush () {
  clearTimeout(timer)
  timer = latest === null ? null : setTimeout(flush, INTERVAL)
  if (latest !== null) show(latest)
  latest = null
}

/** Where the announcements are. */
export function Announcer () {
  const [text, setText] = useState('')
  useEffect(() => {
    show = setText
    return () => { show = () => {} }
  }, [])
  return html`<div class="unseen" role="status" aria-live="polite">${text}</div>`
}
