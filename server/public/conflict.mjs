import { html, useEffect, useRef } from './vendor/preact.mjs'
import { hexOf } from './hex.mjs'
import { textOf, tokensOf } from './json.mjs'

/** So much of a value is shown beside the other. */
const SHOWN = 20_000
const HEX_SHOWN = 1024

/** Somebody else wrote first: theirs beside mine, and what can be done. */
export function Conflict ({ draft, writer }) {
  const { theirs, base, isBusy, outcome } = draft
  const heading = useRef(null)
  // Again, when somebody wrote once more before it was overwritten.
  useEffect(() => heading.current.focus(), [theirs])
  const [their, my] = [readable(theirs), draft.file === null ? inLines(draft.text) : null]
  return html`
    <section class="card editor conflict" aria-labelledby="conflict-title">
      <h3 id="conflict-title" ref=${heading} tabindex="-1">Somebody else wrote first</h3>
      <p>You began with version ${base.version}. It is version ${theirs.version} now${writer === null ? '' : `, by process ${writer}`}. Nothing of yours is written yet.</p>
      <div class="sides">
        <${Side} title=${`Theirs: version ${theirs.version}`} text=${their} other=${my} />
        <${Side} title="Mine" text=${my ?? draft.file.name} other=${their} />
      </div>
      <div class="actions">
        <button type="button" disabled=${isBusy} onClick=${() => draft.takeOver(theirs)}>Take theirs</button>
        <button type="button" class="danger" disabled=${isBusy} onClick=${() => draft.overwrite()}>Overwrite with mine</button>
        <button type="button" class="plain" disabled=${isBusy} onClick=${() => draft.back()}>Go on editing</button>
        ${outcome?.error && html`<span class="problem" role="alert">${outcome.error.message}</span>`}
      </div>
    </section>`
}

function readable (value) {
  if (value.length === 0) return ''
  return value.isReadable ? inLines(value.text) : hexOf(value.bytes.subarray(0, HEX_SHOWN), 8)
}

/** JSON on one line would differ as a whole. */
function inLines (text) {
  const tokens = tokensOf(text)
  return tokens === null ? text : textOf(tokens)
}

/** The lines that the other side does not have are marked. */
function Side ({ title, text, other }) {
  const others = new Set((other ?? '').split('\n'))
  const lines = text.slice(0, SHOWN).split('\n')
  return html`
    <div class="side">
      <h4>${title}</h4>
      <pre tabindex="0" role="region" aria-label=${title}>${lines.map((line, i) => html`${i > 0 && '\n'}${others.has(line) ? line : html`<mark>${line}</mark>`}`)}</pre>
    </div>`
}
