import { html, useEffect, useRef, useState } from './vendor/preact.mjs'
import { Announcer } from './announcer.mjs'
import { useHash, useRedraw, useVisible } from './hooks.mjs'
import { isSelected, resourceOf } from './resource.mjs'
import { SegmentList } from './segment-list.mjs'
import { SegmentTable } from './segment-table.mjs'
import { SegmentView } from './segment-view.mjs'
import { TokenForm } from './token-form.mjs'
import { getToken, setToken } from './token.mjs'

/** The page. */
export function App () {
  const [tokenCount, setTokenCount] = useState(0)
  const list = useList(tokenCount)
  const selected = useSelected(list)
  const giveToken = token => {
    setToken(token)
    setTokenCount(tokenCount + 1)
  }
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the value</a>
    <${Header} status=${statusOf(list)} onForget=${getToken() === null ? null : () => giveToken(null)} />
    ${list.error?.status === 401
      ? html`<main id="main" tabindex="-1"><${TokenForm} isRefused=${getToken() !== null} onToken=${giveToken} /></main>`
      : html`<${Columns} list=${list} selected=${selected} key=${tokenCount} />`}
    <${Announcer} />`
}

function Columns ({ list, selected }) {
  if (list.segments === null) return html`<main id="main" tabindex="-1"><p class="empty">${list.error?.message ?? 'Looking for segments …'}</p></main>`
  return html`
    <div class="columns">
      <nav aria-label="Segments"><${SegmentTable} list=${list} selected=${selected} /></nav>
      <main id="main" tabindex="-1">
        ${selected === null
          ? html`<p class="empty">${list.segments.length === 0 ? 'There are no segments yet.' : 'There is no such segment. Choose one from the list.'}</p>`
          : html`<${SegmentView} key=${selected.resource.hash} segment=${selected.segment} resource=${selected.resource} list=${list} />`}
      </main>
    </div>`
}

function Header ({ status: { text, kind }, onForget }) {
  return html`
    <header>
      <h1><a href="#/">shmnode</a></h1>
      <span class="host">${location.host}</span>
      <span class=${`status ${kind}`}>${text}</span>
      <span class="links">
        <a href="docs">API</a>
        ${onForget && html`<button type="button" class="plain" onClick=${onForget}>Forget the token</button>`}
      </span>
    </header>`
}

// The hash says which segment is shown, so a link cannot lead to a place.
function skip (event) {
  event.preventDefault()
  document.getElementById('main').focus()
}

function statusOf ({ segments, error }) {
  if (error?.status === 401) return { text: 'locked', kind: 'idle' }
  if (error !== null) return { text: error.status === undefined ? 'server not reached' : error.message, kind: 'lost' }
  return segments === null ? { text: 'connecting', kind: 'idle' } : { text: 'connected', kind: 'live' }
}

function useList (tokenCount) {
  const isVisible = useVisible()
  const redraw = useRedraw()
  const [list, setList] = useState(() => new SegmentList(redraw))
  useEffect(() => {
    if (!isVisible) return
    const next = new SegmentList(redraw)
    // What was there stays to be seen until there is news.
    next.segments = getToken() === null && tokenCount > 0 ? null : list.segments
    next.start()
    setList(next)
    return () => next.stop()
  }, [isVisible, tokenCount])
  return list
}

/** The segment that the address names. It stays when it is destroyed, for somebody may make it again. */
function useSelected ({ segments }) {
  const hash = useHash()
  const last = useRef(null)
  const choices = (segments ?? []).map(segment => ({ segment, resource: resourceOf(segment) })).filter(({ resource }) => resource !== null)
  // A raw default segment is not listed.
  const found = choices.find(({ resource }) => isSelected(resource, hash)) ?? (hash === '' ? choices[0] : undefined)
  if (found !== undefined) last.current = found
  else if (!isSelected(last.current?.resource ?? null, hash)) last.current = null
  return last.current
}
