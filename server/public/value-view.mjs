import { html, useState } from './vendor/preact.mjs'
import { useMedia, useObjectUrl } from './hooks.mjs'
import { hexOf } from './hex.mjs'
import { textOf } from './json.mjs'
import { formatBytes } from './units.mjs'

const NAMES = { json: 'JSON', text: 'Text', hex: 'Hex', image: 'Image' }
/** What is shown unless a person wants all: characters of a text, bytes in hexadecimal. More would take long to draw at each change. */
const SHOWN = { json: 16_384, text: 65_536, hex: 4096 }
/** Texts of more tokens have no colours. */
const COLOURED = 4000
const NARROW = '(max-width: 34rem)'

/** A value as JSON, text, hexadecimal or image. */
export function ValueView ({ value, isGone, title, onReadAll }) {
  const [wanted, setWanted] = useState(null)
  const [isAll, setAll] = useState(false)
  const showAll = () => {
    setAll(true)
    if (!value.isWhole) onReadAll()
  }
  const kinds = value?.kinds ?? []
  const kind = kinds.includes(wanted) ? wanted : kinds[0]
  return html`
    <section class="card value" aria-labelledby="value-title">
      <div class="card-head">
        <h3 id="value-title">Value</h3>
        ${value !== null && value.length > 0 && html`<${Kinds} kinds=${kinds} kind=${kind} onChoose=${setWanted} />`}
      </div>
      ${contentOf({ value, isGone, kind, isAll, title, showAll })}
    </section>`
}

function contentOf ({ value, isGone, ...how }) {
  if (isGone) return html`<p class="empty">This segment was destroyed. It appears again when somebody makes it.</p>`
  if (value === null) return html`<p class="empty">Reading …</p>`
  if (value.version === 0) return html`<p class="empty">Nothing was written yet.</p>`
  if (value.length === 0) return html`<p class="empty">An empty value.</p>`
  return html`<${Content} value=${value} ...${how} />`
}

function Kinds ({ kinds, kind, onChoose }) {
  // What cannot be chosen shall not look like it.
  if (kinds.length === 1) return html`<span class="only-kind">${NAMES[kind]}</span>`
  return html`
    <fieldset class="kinds">
      <legend class="unseen">Show the value as</legend>
      ${Object.keys(NAMES).filter(name => kinds.includes(name)).map(name => html`
        <label>
          <input type="radio" name="kind" value=${name} checked=${name === kind} onChange=${() => onChoose(name)} />
          <span>${NAMES[name]}</span>
        </label>`)}
    </fieldset>`
}

function Content ({ value, kind, isAll, title, showAll }) {
  const isNarrow = useMedia(NARROW)
  const imageUrl = useObjectUrl(kind === 'image' ? value.bytes : null, value.essence)
  if (kind === 'image') return html`<div class="picture">${imageUrl && html`<img src=${imageUrl} alt=${`The value of ${title}, version ${value.version}`} />`}</div>`
  const { shown, isCut } = draw(value, kind, { limit: isAll ? Infinity : SHOWN[kind], width: isNarrow ? 8 : 16 })
  return html`
    <pre class=${`content ${kind}`} tabindex="0" role="region" aria-label=${`The value as ${NAMES[kind]}`}>${shown}</pre>
    ${(isCut || !value.isWhole) && html`
      <p class="note">The beginning of ${formatBytes(value.length)}. <button type="button" class="plain" onClick=${showAll}>Show all of it</button></p>`}`
}

function draw (value, kind, { limit, width }) {
  if (kind === 'hex') return { shown: hexOf(value.bytes.subarray(0, limit), width), isCut: value.bytes.length > limit }
  if (kind === 'text') return { shown: value.text.slice(0, limit), isCut: value.text.length > limit }
  const { tokens } = value
  if (tokens.length <= COLOURED) return { shown: tokens.map(({ kind, text }) => kind === 'mark' ? text : html`<span class=${kind}>${text}</span>`), isCut: false }
  const text = textOf(tokens)
  return { shown: text.slice(0, limit), isCut: text.length > limit }
}
