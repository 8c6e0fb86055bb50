import { html, useEffect, useRef, useState } from './vendor/preact.mjs'
import { announce } from './announcer.mjs'
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
  const facts = { ...segment, ...live.facts }
  useAnnouncements(live, resource.title)
  const [text, kind] = STATUS[status]
  return html`
    <div class="title">
      <h2 id="segment-title">${resource.title}</h2>
      <span class=${`status ${kind}`}>${text}</span>
      ${status === 'lost' && html`<span class="problem" role="alert">${error.message}</span>`}
    </div>
    <${Facts} facts=${facts} age=${list.ageOf(facts.committedAt)} />
    <div class="panels">
      <${ValueView} value=${value} isGone=${status === 'gone'} title=${resource.title} onReadAll=${() => live.readAll()} />
      <${Editor} live=${live} resource=${resource} />
    </div>
    <${Chart} series=${series} />`
}

function Facts ({ facts: { version, length, capacity, writerPid, committedAt, mediaType }, age }) {
  const facts = [
    ['Version', version],
    ['Size', html`${formatBytes(length)} <small>of ${formatBytes(capacity)}</small>`, `${length} of ${capacity} bytes`],
    ['Media type', mediaType ?? '–'],
    ['Writer', writerPid === null ? '–' : html`<small>process</small> ${writerPid}`],
    ['Written', age === null ? 'never' : age < 1000 ? 'now' : html`${formatAge(age)} <small>ago</small>`, formatTime(committedAt)]
  ]
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
  const version = value?.version
  useEffect(() => {
    if (version === undefined) return
    if (!first.current) announce(`${title}: version ${version}${facts === null ? '' : `, written by process ${facts.writerPid}`}`)
    first.current = false
  }, [version])
  useEffect(() => {
    if (status === 'gone') announce(`${title} was destroyed`)
    if (status === 'lost') announce(`The connection to ${title} is interrupted`)
  }, [status])
}
