import { html, useEffect, useRef } from './vendor/preact.mjs'
import uPlot from './vendor/uplot.mjs'
import { useMedia } from './hooks.mjs'
import { formatLatency, formatRate } from './units.mjs'

const HEIGHT = 200
/** In seconds. */
const SHORTEST = 30
/** The least that an axis spans, so that a few versions do not look like many. */
const LEAST = { versions: 5, latency: 2 }

/** Versions per second and how long reads take, of the last minute and a half. */
export function Chart ({ series }) {
  const place = useRef(null)
  const plot = useRef(null)
  const isDark = useMedia('(prefers-color-scheme: dark)')
  useEffect(() => {
    plot.current = new uPlot(optionsOf(place.current.clientWidth), dataOf(series), place.current) // eslint-disable-line new-cap
    const observer = new ResizeObserver(([{ contentRect }]) => plot.current.setSize({ width: Math.floor(contentRect.width), height: HEIGHT }))
    observer.observe(place.current)
    return () => {
      observer.disconnect()
      plot.current.destroy()
    }
  }, [isDark])
  useEffect(() => plot.current.setData(dataOf(series)), [series, series.times.at(-1)])
  const rate = series.versions.at(-1) ?? null
  const latency = series.latencies.at(-1) ?? null
  return html`
    <section class="card chart" aria-labelledby="chart-title">
      <div class="card-head">
        <h3 id="chart-title">Speed</h3>
        <p class="legend">
          <span class="versions">versions <b>${formatRate(rate)}</b></span>
          <span class="latency">read latency <b>${formatLatency(latency)}</b></span>
        </p>
      </div>
      <div ref=${place} role="img" aria-label=${`Versions per second, now ${formatRate(rate)}, and read latency, now ${formatLatency(latency)}, over the last 90 seconds`}></div>
    </section>`
}

function optionsOf (width) {
  const style = getComputedStyle(document.documentElement)
  const colour = name => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--faint'), font: '11px system-ui, sans-serif', grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
  const wide = { ...axis, size: 60 }
  return {
    width,
    height: HEIGHT,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, range: lastSeconds }, versions: { range: fromZero(LEAST.versions) }, latency: { range: fromZero(LEAST.latency) } },
    series: [
      {},
      { label: 'versions/s', scale: 'versions', stroke: colour('--versions'), fill: colour('--versions-fill'), width: 2, points: { show: false } },
      { label: 'read latency', scale: 'latency', stroke: colour('--latency'), width: 2, points: { show: false } }
    ],
    axes: [
      { ...axis, size: 36, gap: 12, grid: { show: false }, space: 70, values: [[1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1]] },
      { ...wide, scale: 'versions', values: (plot, values) => values.map(value => `${value}/s`) },
      { ...wide, scale: 'latency', side: 1, grid: { show: false }, values: (plot, values) => values.map(value => `${value} ms`) }
    ]
  }
}

const dataOf = ({ times, versions, latencies }) => [times, versions, latencies]
const fromZero = least => (plot, min, max) => [0, Math.max(least, (max ?? 0) * 1.15)]

function lastSeconds (plot, min, max) {
  const end = max ?? Math.round(Date.now() / 1000)
  return [Math.min(min ?? end, end - SHORTEST), end]
}
