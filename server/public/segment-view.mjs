import { html, useEffect, useRef, useState } from './vendor/preact.mjs'
import { announce } from './announcer.mjs'
import { breakable, breakableType } from './breakable.mjs'
import { Chart } from './chart.mjs'
import { Editor } from './editor.mjs'
import { useRedraw, useVisible } from './hooks.mjs'
import { LiveSegment } from './live-segment.mjs'
import { formatAge, formatBytes, formatTime } from './units.mjs'
import { ValueView } from './value-view.mjs'

/** What a state of the connection is called, and looks like. */
const STATUS = { connecting: ['connecting', 'idle'], live: ['live', 'live'], gone: ['destroyed', 'lost'], lost: ['interrupted', 'lost'] }

/** One segment: what it holds, how fast that changes, and a place to write. */
export function SegmentView ({ segment, resource, list }) {
  const live = useLive(resource, segment.length)
  const { status, error, value, series } = live
  const facts = status === 'gone' ? null : { ...segment, ...live.facts }
  useAnnouncements(live, resource.title)
  const [text, kind] = STATUS[status]
  return html`
    <div class="title">
      <h2 id="segment-title">${breakable(resource.title)}</h2>
      <span class=${`status ${kind}`}>${text}</span>
      ${status === 'lost' && html`<span class="problem" role="alert">${error.message}</span>`}
    </div>
    <${Facts} facts=${facts === null ? NO_FACTS : factsOf(facts, list.ageOf(facts.committedAt))} />
    <div class="panels">
      <${ValueView} value=${value} isGone=${status === 'gone'} title=${resource.title} onReadAll=${() => live.readAll()} />
      <${Editor} live=${live} resource=${resource} />
    </div>
    <${Chart} series=${series} />`
}

/** Of a segment that is not there. */
const NO_FACTS = ['Version', 'Size', 'Media type', 'Writer', 'Written'].map(name => [name, '–'])

/** What there is to say of a segment: names, values, and what those are more exactly. */
function factsOf ({ version, length, capacity, writerPid, committedAt, mediaType }, age) {
  return [
    ['Version', version],
    ['Size', html`${formatBytes(length)} <small>of ${formatBytes(capacity)}</small>`, `${length} of ${capacity} bytes`],
    ['Media type', mediaType === null ? '–' : breakableType(mediaType)],
    ['Writer', writerPid === null ? '–' : html`<small>process</small> ${writerPid}`],
    ['Written', age === null ? 'never' : age < 1000 ? 'now' : html`${formatAge(age)} <small>ago</small>`, formatTime(committedAt)]
  ]
}

function Facts ({ facts }) {
  return html`
    <dl class="facts card">
      ${facts.map(([name, fact, title]) => html`<div><dt>${name}</dt><dd title=${title}>${fact}</dd></div>`)}
    </dl>`
}

function useLive (resource, length) {
  const isVisible = useVisible()
  const redraw = useRedraw()
  const [live, setLive] = useState(() => new LiveSegment(resource, length, redraw))
  useEffect(() => {
    if (!isVisible) return
    const next = new LiveSegment(resource, length, redraw)
    next.start()
    setLive(next)
    return () => next.stop()
  }, [isVisible, resource.read])
  return live
}

function useAnnouncements ({ value, status, facts }, title) {
  const first = useRef(true)
  const wasGone = useRef(false)
  const version = value?.version
  useEffect(() => {
    if (version === undefined) return
    // That it was destroyed must not stay as the last that is said of it.
    if (!first.current) announce(`${title}: version ${version}${facts === null ? '' : `, written by process ${facts.writerPid}`}`, { atOnce: wasGone.current })
    first.current = wasGone.current = false
  }, [version])
  useEffect(() => {
    if (status === 'gone') announce(`${title} was destroyed`)
    wasGone.current ||= status === 'gone'
    if (status === 'lost') announce(`The connection to ${title} is interrupted`)
  }, [status])
}
