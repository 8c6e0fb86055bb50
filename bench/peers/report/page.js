'use strict'

// The page: one file without scripts, with a plot and a table for each case.

const { format } = require('../units')
const { barChart, lineChart } = require('./charts')
const { reasonFor } = require('./reasons')
const { winners } = require('./winners')
const { isRace } = require('./table')

const MIB = 2 ** 20

const escaped = text => String(text).replace(/[&<>"]/g, char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char])

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 1px solid #ccc; padding-top: 1.5rem }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 1rem 0 } th, td { padding: .25rem .5rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left } .ours td:first-child { font-weight: 600 } .left { color: #666; text-align: left }
.torn { color: #a30000 } figure { margin: 1rem 0; overflow-x: auto }
.box { background: #f6f7f9; padding: .75rem 1rem; border-radius: 6px; margin: .75rem 0 } .behind { background: #fdecea }
svg { max-width: 100%; height: auto }`

/** What the variants of a case differ by, where that is one number. */
const AXES = {
  local: { of: ({ spec }) => spec.size },
  across: { of: ({ spec }) => spec.size, groups: { apart: 'a processor each', together: 'both on one processor' } },
  concurrent: { of: ({ spec }) => spec.width, name: String },
  segments: { of: ({ spec }) => spec.count, name: String }
}

const sizeName = bytes => bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`

const figure = (caption, svg) => svg === undefined ? '' : `<figure><figcaption>${escaped(caption)}</figcaption>${svg}</figure>`

function lineFigures ({ variants, metrics }, drivers, { of, name = sizeName, groups }) {
  const sets = groups === undefined ? [['', variants]] : Object.entries(groups).map(([placement, title]) => [`, ${title}`, variants.filter(variant => variant.placement === placement)])
  return sets.filter(([, set]) => set.length > 1).flatMap(([title, set]) =>
    metrics.map(metric => figure(`${metric.title}${title}; lower is better`, lineChart(set.map(variant => ({ ...variant, at: of(variant) })), drivers, metric, name)))).join('')
}

const barFigures = ({ variants, metrics }, drivers) => variants.flatMap(variant => metrics.filter(isRace).map(metric =>
  figure(`${variant.title}: ${metric.title}; ${metric.better === 'less' ? 'lower' : 'higher'} is better`, barChart(variant, drivers, metric)))).join('')

function cells (metrics, metric) {
  const told = metrics[metric.name]
  const show = format[metric.unit]
  if (told === undefined) return '<td>-</td><td></td>'
  const tail = told.p99 === undefined ? '' : `<br>p99 ${show(told.p99)}, p99.9 ${show(told.p999)}`
  const wrong = metric.unit === 'share' && metric.better === 'less' && told.median > 0 && metric.name !== 'least' ? ' class="torn"' : ''
  return `<td${wrong}>${show(told.median)}<br><small>${show(told.low)} to ${show(told.high)}${tail}</small></td><td>${told.ratio === undefined ? '' : told.ratio.toFixed(2)}</td>`
}

function variantTable (variant, { metrics }, drivers) {
  const shown = metrics.filter(({ name }) => variant.results.some(result => result.metrics?.[name] !== undefined))
  const rows = variant.results.map(result => {
    const driver = drivers.find(({ name }) => name === result.driver)
    const body = result.skipped === undefined
      ? shown.map(metric => cells(result.metrics, metric)).join('')
      : `<td class="left" colspan="${shown.length * 2}">left out: ${escaped(result.skipped)}</td>`
    return `<tr class="${driver.kind}"><td>${escaped(driver.title)}</td>${body}</tr>`
  })
  const head = shown.map(({ title }) => `<th>${escaped(title)}</th><th>over ours</th>`).join('')
  return `<h3>${escaped(variant.title)}</h3><table><tr><th></th>${head}</tr>${rows.join('')}</table>`
}

/** Where a peer is ahead of the best of ours. */
function behind (peerCase, drivers) {
  const lines = peerCase.variants.flatMap(variant => peerCase.metrics.filter(isRace).flatMap(metric => {
    const found = winners(variant.results, drivers, metric)
    return [...new Set([found?.peer, found?.any])].filter(one => one !== undefined && !one.first).map(({ driver, value, ratio }) => {
      const why = reasonFor(peerCase.id, driver.name)
      return `<li>${escaped(`${variant.title}, ${metric.title}: ${driver.title} ${format[metric.unit](value)}, ${ratio.toFixed(2)} of ours (${found.ours.driver.title}, ${format[metric.unit](found.ours.value)})${why ? `: ${why}` : ''}`)}</li>`
    })
  }))
  return lines.length === 0 ? '' : `<div class="box behind"><strong>Ahead of ours:</strong><ul>${[...new Set(lines)].join('')}</ul></div>`
}

/** Who gave values that are of two writes, or older than what was committed before. */
function wrong ({ variants, metrics }, drivers) {
  const lines = variants.flatMap(variant => metrics.filter(({ name }) => name === 'torn' || name === 'stale').flatMap(metric =>
    variant.results.filter(({ metrics }) => metrics?.[metric.name]?.median > 0).map(({ driver, metrics }) =>
      `<li>${escaped(`${variant.title}: ${drivers.find(({ name }) => name === driver).title}, ${format.share(metrics[metric.name].median)} ${metric.title}`)}</li>`)))
  return lines.length === 0 ? '' : `<div class="box"><strong>Read wrong:</strong><ul>${lines.join('')}</ul></div>`
}

function section (peerCase, drivers) {
  const axes = AXES[peerCase.id]
  const plots = axes !== undefined && peerCase.variants.length > 1 ? lineFigures(peerCase, drivers, axes) : barFigures(peerCase, drivers)
  return `<section id="${peerCase.id}"><h2>${escaped(peerCase.title)}</h2>${behind(peerCase, drivers)}${wrong(peerCase, drivers)}${plots}
<details><summary>All numbers</summary>${peerCase.variants.map(variant => variantTable(variant, peerCase, drivers)).join('')}</details></section>`
}

const KEEPS = { safe: 'whole, also if a process is killed', locked: 'whole; a killed holder keeps the lock', torn: 'torn under a writer' }

const driverTable = drivers => `<table><tr><th></th><th>a reader gets values</th><th class="left">by</th></tr>${drivers.map(driver =>
  `<tr class="${driver.kind}"><td>${escaped(driver.title)}</td><td>${KEEPS[driver.value] ?? ''}</td><td class="left">${escaped(driver.how)}</td></tr>`).join('')}</table>`

const factsOf = machine => Object.entries({ ...machine, memory: format.bytes(machine.memory), load: machine.load.toFixed(2) })
  .filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${value}`).join(', ')

/** @param {object} results the file's @returns {string} HTML */
function page ({ machine, began, quick, cases, drivers }) {
  const facts = factsOf(machine)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>shmnode beside its peers</title>
<link rel="icon" href="data:,"><style>${STYLE}</style>
<h1>shmnode beside its peers</h1>
<p>${escaped(facts)}; ${escaped(began)}${quick ? '; a quick run: take its numbers for hints' : ''}. Made by <code>npm run bench:peers</code> and <code>npm run bench:report</code>.</p>
<p class="box">Medians of rounds by turns, each driver in processes of its own. <em>Over ours</em> is the ratio to the best of ours from JavaScript in the same rounds: above 1 is more.
Ours are drawn solid, peers dashed, floors dotted. Peers that do not keep values whole are in the same plots; the first table tells which.</p>
<nav>${cases.map(({ id, title }) => `<a href="#${id}">${escaped(title)}</a>`).join(' · ')}</nav>
<h2>Who</h2>${driverTable(drivers)}
${cases.map(peerCase => section(peerCase, drivers)).join('\n')}
</html>
`
}

module.exports = { page }
