'use strict'

// Who is first in a variant, and how far ours is from that.

/** Drivers that do the same as ours: whole values, also after a kill, between processes. */
const doesTheSame = ({ kind, value }) => kind !== 'floor' && value !== 'torn' && value !== 'locked'

/**
 * @param {object[]} results of a variant
 * @param {object[]} drivers
 * @param {import('../cases').Metric} metric
 * @returns {undefined | { ours: object, peer?: object, any?: object }} the best of ours from JavaScript; the best peer that does the same, and
 *   the best of all peers; each { driver, value, ratio } with its value over ours. Undefined where ours has no value
 */
function winners (results, drivers, metric) {
  const ranked = results.filter(({ metrics }) => metrics?.[metric.name] !== undefined)
    .map(({ driver, metrics }) => ({ driver: drivers.find(({ name }) => name === driver), value: metrics[metric.name].median }))
    .sort((a, b) => metric.better === 'less' ? a.value - b.value : b.value - a.value)
  const ours = ranked.find(({ driver }) => driver.kind === 'ours' && driver.native === undefined)
  if (ours === undefined) return undefined
  const against = found => found && { ...found, ratio: found.value / ours.value, first: metric.better === 'less' ? found.value >= ours.value : found.value <= ours.value }
  const peers = ranked.filter(({ driver }) => driver.kind === 'peer')
  return { ours, peer: against(peers.find(({ driver }) => doesTheSame(driver))), any: against(peers[0]) }
}

module.exports = { winners, doesTheSame }
