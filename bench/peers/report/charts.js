'use strict'

// Plots as SVG, made by Apache ECharts on this side: the page needs no script.

const echarts = require('echarts')
const { format } = require('../units')

const WIDTH = 860
const HEIGHT = 420

// Ours in blues, peers in warm colours, the floor in grey. Dashes tell them apart without colour.
const COLOURS = {
  shm: '#0b3d91',
  'shm-sync': '#1f77ff',
  'shm-spin': '#00c853',
  'shm-inline': '#5bc0eb',
  'shm-signal': '#00a6a6',
  cpp: '#4b0082',
  'cpp-polled': '#9b5de5',
  'shm-typed-array': '#e07a5f',
  'mmap-io': '#f2a541',
  lmdb: '#7a9e00',
  redis: '#d00000',
  socket: '#6d4c41',
  'child-process': '#b08968',
  zeromq: '#ff5fa2',
  worker: '#2e7d32',
  floor: '#888888'
}
const lineOf = ({ kind }) => ({ width: kind === 'ours' ? 3 : 2, type: { ours: 'solid', peer: 'dashed', floor: 'dotted' }[kind] })

function rendered (option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: option.height ?? HEIGHT })
  chart.setOption({ animation: false, textStyle: { fontFamily: 'sans-serif' }, backgroundColor: '#fff', ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

const axis = ({ title, unit }) => ({ type: 'log', name: title, nameLocation: 'middle', nameGap: 70, axisLabel: { formatter: value => format[unit](value) } })

/**
 * Lines over what grows from variant to variant.
 * @param {object[]} variants of the results, each with `at`, a number above 0
 * @param {object[]} drivers
 * @param {import('../cases').Metric} metric
 * @param {(at: number) => string} name of a place on the axis
 */
function lineChart (variants, drivers, metric, name) {
  const places = variants.map(({ at }) => name(at))
  const series = drivers.map(driver => ({
    name: driver.title,
    type: 'line',
    symbolSize: driver.kind === 'ours' ? 8 : 6,
    color: COLOURS[driver.name],
    lineStyle: lineOf(driver),
    connectNulls: false,
    data: variants.map(({ results }) => results.find(one => one.driver === driver.name)?.metrics?.[metric.name]?.median ?? null)
  })).filter(({ data }) => data.some(value => value !== null))
  return rendered({
    grid: { left: 100, right: 260, top: 20, bottom: 40 },
    legend: { orient: 'vertical', right: 0, top: 20, itemWidth: 40, textStyle: { fontSize: 12 } },
    xAxis: { type: 'category', data: places, axisLabel: { interval: 0 } },
    yAxis: axis(metric),
    series
  })
}

/** One bar a driver, the best first; where there are percentiles, marks for p99 and p99.9. */
function barChart (variant, drivers, metric) {
  const rows = variant.results.filter(({ metrics }) => metrics?.[metric.name]?.median > 0)
    .map(({ driver, metrics }) => ({ driver: drivers.find(({ name }) => name === driver), told: metrics[metric.name] }))
    .sort((a, b) => metric.better === 'less' ? b.told.median - a.told.median : a.told.median - b.told.median)
  if (rows.length === 0) return undefined
  const marks = (name, pick, symbol) => ({ name, type: 'scatter', symbol, symbolSize: 9, color: '#222', data: rows.map(({ told }, y) => [pick(told), y]) })
  const latencies = rows[0].told.p99 === undefined ? [] : [marks('p99', ({ p99 }) => p99, 'diamond'), marks('p99.9', ({ p999 }) => p999, 'triangle')]
  return rendered({
    height: 70 + rows.length * 26,
    grid: { left: 200, right: 90, top: 30, bottom: 40 },
    legend: latencies.length === 0 ? undefined : { data: ['p99', 'p99.9'], top: 0 },
    // From the power of ten below the least, so that every bar has a length.
    xAxis: { type: 'log', min: ({ min }) => 10 ** (Math.ceil(Math.log10(min)) - 1), axisLabel: { formatter: value => format[metric.unit](value) } },
    yAxis: { type: 'category', data: rows.map(({ driver }) => driver.title) },
    series: [{
      type: 'bar',
      data: rows.map(({ driver, told }) => ({ value: told.median, itemStyle: { color: COLOURS[driver.name] } })),
      label: { show: true, position: latencies.length === 0 ? 'right' : 'insideLeft', color: latencies.length === 0 ? '#222' : '#fff', formatter: ({ value }) => format[metric.unit](value) }
    }, ...latencies]
  })
}

module.exports = { lineChart, barChart }
