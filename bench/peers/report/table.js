'use strict'

// The Markdown table for the README: for each case and variant the best of ours and the best of the others.

const { format } = require('../units')
const { winners } = require('./winners')

/** Rows that would say the same as others, and those that are no race. */
const isRace = ({ unit, name }) => unit !== 'share' && unit !== 'bytes' && name !== 'max'

function row (peerCase, variant, metric, drivers) {
  const found = winners(variant.results, drivers, metric)
  if (found === undefined) return undefined
  const { ours, peer, any } = found
  const show = one => one === undefined ? '-' : `${format[metric.unit](one.value)}, ${one.driver.title}`
  const times = one => one === undefined ? '-' : `${one.first ? '' : '**'}${one.ratio.toFixed(2)}${one.first ? '' : '**'}`
  const unlike = any !== undefined && any.driver !== peer?.driver ? `${show(any)}: ${times(any)}` : ''
  return `| ${variant.title}: ${metric.title} | ${show(ours)} | ${show(peer)} | ${times(peer)} | ${unlike} |`
}

/** @param {object} results the file's @returns {string} Markdown */
function table ({ cases, drivers }) {
  const lines = ['| | best of ours | best peer that keeps values whole | over ours | faster without that |', '| --- | --- | --- | --- | --- |']
  for (const peerCase of cases) {
    const rows = peerCase.variants.flatMap(variant => peerCase.metrics.filter(isRace).map(metric => row(peerCase, variant, metric, drivers))).filter(Boolean)
    if (rows.length > 0) lines.push(`| **${peerCase.title}** | | | | |`, ...rows)
  }
  return `${lines.join('\n')}\n`
}

module.exports = { table, isRace }
