'use strict'

// A variant's results as lines of text.

const cases = require('./cases')
const drivers = require('./drivers')
const { format } = require('./units')

const titleOf = name => drivers.find(driver => driver.name === name).title

function cell (metric, told) {
  if (told === undefined) return `${metric.title} -`
  const show = format[metric.unit]
  const tail = told.p99 === undefined ? '' : ` p99 ${show(told.p99)} p99.9 ${show(told.p999)}`
  const ratio = told.ratio === undefined ? '' : ` x${told.ratio.toFixed(2)}`
  return `${metric.title} ${show(told.median)} (${show(told.low)}-${show(told.high)})${tail}${ratio}`
}

function lines ({ case: id, variant, results }) {
  const peerCase = cases.find(one => one.id === id)
  const heading = `\n${peerCase.title}: ${peerCase.variants.find(one => one.id === variant).title}`
  return [heading, ...results.map(({ driver, skipped, metrics }) =>
    `  ${titleOf(driver).padEnd(26)} ${skipped === undefined ? peerCase.metrics.map(metric => cell(metric, metrics[metric.name])).join('; ') : `skipped: ${skipped}`}`)]
}

module.exports = { lines }
