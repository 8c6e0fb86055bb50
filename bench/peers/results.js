'use strict'

// The file of results: version 1 of its format is what this makes.
//   { format, machine, began, quick, drivers, cases: [{ id, title, metrics, variants: [{ id, title, machine, results }] }] }
// A result is { driver, skipped } or { driver, rss, metrics: { name: { median, low, high, rounds, ratio, p50, p99, p999, samples } } }:
// nanoseconds, calls a second, parts of 1, or bytes, as the metric's unit says; `ratio` is to the best of ours from JavaScript in the same rounds.

const cases = require('./cases')
const drivers = require('./drivers')

const FORMAT = 'shmnode-bench-peers/1'

const variantsOf = ({ id, variants }, measured, before, machine) => variants.map(variant => {
  const now = measured.find(one => one.case === id && one.variant === variant.id)
  if (now === undefined) return before?.cases.find(old => old.id === id)?.variants.find(old => old.id === variant.id)
  return { id: variant.id, title: variant.title, size: variant.spec.size, placement: variant.placement, spec: variant.spec, machine, results: now.results }
}).filter(Boolean)

/** What was found before, with what was found now in its place. */
function merge (before, { machine, began, quick, measured }) {
  if (before !== undefined && before.format !== FORMAT) throw new RangeError(`results of another format: ${before.format}`)
  const all = cases.map(peerCase => ({ id: peerCase.id, title: peerCase.title, metrics: peerCase.metrics, variants: variantsOf(peerCase, measured, before, machine) }))
  return { format: FORMAT, machine, began: before?.began ?? began, quick: quick || before?.quick || false, drivers, cases: all.filter(({ variants }) => variants.length > 0) }
}

module.exports = { merge, FORMAT }
