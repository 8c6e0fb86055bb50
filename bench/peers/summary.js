'use strict'

const { quantile } = require('../measure')

/**
 * What the rounds of all drivers come to.
 * @param {{ driver: object, rounds: object[], skipped?: string }[]} outcomes
 * @param {import('./cases').Metric[]} metrics
 */
function summary (outcomes, metrics) {
  const told = outcomes.map(({ driver, rounds, skipped }) => ({ driver, skipped, rounds, values: Object.fromEntries(metrics.map(metric => [metric.name, valuesOf(rounds, metric)])) }))
  return told.map(({ driver, skipped, rounds, values }) => {
    if (skipped !== undefined) return { driver: driver.name, skipped }
    const results = metrics.filter(({ name }) => values[name].length > 0).map(metric => [metric.name, {
      ...spread(values[metric.name]),
      ...latencies(rounds, metric),
      ratio: ratio(values[metric.name], bestOf(told, metric))
    }])
    return { driver: driver.name, metrics: Object.fromEntries(results), rss: Math.max(...rounds.map(({ rss }) => rss)) }
  })
}

/** One number a round: a median of samples, where there are such. */
function valuesOf (rounds, { name }) {
  return rounds.map(({ values, samples }) => samples?.[name] === undefined ? values?.[name] : quantile(samples[name], 0.5)).filter(value => value !== undefined)
}

const spread = values => ({ median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75), rounds: values })

function latencies (rounds, { name }) {
  const samples = rounds.flatMap(({ samples }) => samples?.[name] ?? [])
  if (samples.length === 0) return {}
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), p999: quantile(samples, 0.999), samples: samples.length }
}

/** Round by round, the best of ours from JavaScript, where the peers are: C++ is shown beside them. */
function bestOf (told, { name, better }) {
  const ours = told.filter(({ driver, skipped }) => driver.kind === 'ours' && driver.native === undefined && skipped === undefined).map(({ values }) => values[name]).filter(values => values.length > 0)
  if (ours.length === 0) return []
  const best = better === 'less' ? Math.min : Math.max
  return ours[0].map((_, round) => best(...ours.map(values => values[round])))
}

/** The median of the rounds' ratios to the best of ours, with the same round: below 1 is less than ours. Undefined without ours. */
function ratio (values, best) {
  const ratios = values.map((value, round) => value / best[round]).filter(Number.isFinite)
  return ratios.length === 0 ? undefined : quantile(ratios, 0.5)
}

module.exports = { summary }
