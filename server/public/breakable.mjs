import { html } from './vendor/preact.mjs'

/** A name that is broken, if it must be, after one of the characters that part it. */
export function breakable (name) {
  return name.split(/(?<=[._-])/).map((part, i) => html`${i > 0 && html`<wbr />`}${part}`)
}

/** A media type that is broken after its slash, and not at a hyphen before that. */
export function breakableType (mediaType) {
  const [, type, rest] = /^([^/]*\/)(.*)$/.exec(mediaType) ?? [null, mediaType, '']
  return html`${type}<wbr /><span class="whole">${rest}</span>`
}
