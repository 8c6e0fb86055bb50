import { html, useEffect, useRef, useState } from './vendor/preact.mjs'
import { announce } from './announcer.mjs'
import { Conflict } from './conflict.mjs'
import { Draft, JSON_TYPE, TEXT_TYPE } from './draft.mjs'
import { useRedraw } from './hooks.mjs'
import { formatBytes } from './units.mjs'

const TYPES = { [TEXT_TYPE]: 'Text', [JSON_TYPE]: 'JSON' }

/** The place to write. */
export function Editor ({ live, resource }) {
  const redraw = useRedraw()
  const [draft] = useState(() => new Draft(resource, redraw))
  const { value, status } = live
  // What it should replace must be there to be seen.
  const isKnown = value !== null || status === 'gone'
  useOutcome(draft)
  if (draft.theirs !== null) return html`<${Conflict} draft=${draft} writer=${writerOf(live, draft.theirs)} />`
  const submit = event => {
    event.preventDefault()
    if (!draft.isBusy && isKnown) draft.write(value)
  }
  const onKeyDown = event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event) }
  return html`
    <section class="card editor" aria-labelledby="editor-title">
      <form onSubmit=${submit}>
        <div class="card-head">
          <h3 id="editor-title">Write</h3>
          <button type="button" class="plain" disabled=${!isEditable(value)} onClick=${() => draft.takeOver(value)}>Edit the value</button>
        </div>
        <${Content} draft=${draft} value=${value} onKeyDown=${onKeyDown} />
        <div class="choices">
          <${TypeChoice} draft=${draft} />
          <${FileChoice} draft=${draft} value=${value} />
        </div>
        <${Base} draft=${draft} value=${value} />
        <div class="actions">
          <button class="primary" disabled=${draft.isBusy || !isKnown} title="Ctrl and Enter">Write</button>
          <${Outcome} outcome=${draft.outcome} />
        </div>
      </form>
    </section>`
}

const isEditable = value => value !== null && value.version > 0 && value.isWhole && value.isReadable
const writerOf = ({ facts }, { version }) => facts?.version === version ? facts.writerPid : null

function Content ({ draft, value, onKeyDown }) {
  if (draft.file !== null) {
    return html`
      <p class="file"><b>${draft.file.name}</b> ${formatBytes(draft.file.size)}
        <button type="button" class="plain" onClick=${() => draft.attach(null, value)}>Remove</button></p>`
  }
  return html`
    <textarea aria-label="New value" rows="7" spellcheck="false" autocapitalize="off" placeholder="The new value" value=${draft.text}
      onInput=${event => draft.type(event.target.value, value)} onKeyDown=${onKeyDown}></textarea>`
}

function TypeChoice ({ draft }) {
  const types = Object.keys(TYPES).includes(draft.mediaType) ? Object.keys(TYPES) : [...Object.keys(TYPES), draft.mediaType]
  return html`
    <label class="type">as
      <select aria-label="Media type" value=${draft.mediaType} onChange=${event => draft.choose({ mediaType: event.target.value })}>
        ${types.map(type => html`<option value=${type} selected=${type === draft.mediaType}>${TYPES[type] ?? type}</option>`)}
      </select>
    </label>`
}

function FileChoice ({ draft, value }) {
  const choose = ({ target }) => {
    if (target.files.length > 0) draft.attach(target.files[0], value)
    target.value = ''
  }
  return html`<label class="file-choice plain"><input type="file" class="unseen" onChange=${choose} />From a file …</label>`
}

/** What the draft was made from, and whether that is still what the segment holds. */
function Base ({ draft, value }) {
  const { base, isGuarded } = draft
  const isStale = base !== null && value !== null && value.etag !== base.etag
  const version = (base ?? value)?.version
  return html`
    <label class="guard">
      <input type="checkbox" checked=${isGuarded} onChange=${event => draft.choose({ isGuarded: event.target.checked })} />
      <span>Only if nobody else wrote ${version === undefined ? '' : version === 0 ? 'before' : `since version ${version}`}</span>
    </label>
    <p class="stale" role="status">${isStale && !draft.isBusy && isGuarded && !draft.isEmpty &&
      `Somebody has: it is version ${value.version} now. You will see both when you write.`}</p>`
}

function Outcome ({ outcome }) {
  if (outcome === null) return null
  if (outcome.error) return html`<span class="problem" role="alert">${outcome.error.message}</span>`
  return html`<span class="done">Written: version ${outcome.version}</span>`
}

function useOutcome ({ outcome, theirs }) {
  const wasConflict = useRef(false)
  useEffect(() => { if (outcome?.version) announce(`Written: version ${outcome.version}`, { atOnce: true }) }, [outcome])
  useEffect(() => {
    // The button that had the focus is gone.
    if (theirs === null && wasConflict.current) document.querySelector('.editor textarea, .editor .primary')?.focus()
    wasConflict.current = theirs !== null
  }, [theirs])
}
