'use strict'

const LANES = ['reads', 'writes', 'locks']

/**
 * What handles did, those that have been closed included: their `stats()` added up.
 * @typedef {Record<'reads' | 'writes' | 'locks', { calls: number, batches: number, largestBatch: number, retries: number, waits: number, waitSeconds: number }>} Totals
 */

/** @returns {Totals} of nothing */
function noTotals () {
  return Object.fromEntries(LANES.map(lane => [lane, { calls: 0, batches: 0, largestBatch: 0, retries: 0, waits: 0, waitSeconds: 0 }]))
}

/**
 * @param {import('shmnode').Stats} stats
 * @returns {Totals}
 */
function toTotals (stats) {
  return Object.fromEntries(LANES.map(lane => {
    const { calls, batches, largestBatch, retries, waits, waitTime } = stats[lane]
    return [lane, { calls, batches, largestBatch, retries, waits, waitSeconds: waits * (waitTime?.mean ?? 0) / 1000 }]
  }))
}

/**
 * @param {Totals} one
 * @param {Totals} other
 * @returns {Totals} both together
 */
function addTotals (one, other) {
  return Object.fromEntries(LANES.map(lane => [lane, addLanes(one[lane], other[lane])]))
}

function addLanes (one, other) {
  const sums = Object.keys(one).map(name => [name, one[name] + other[name]])
  return { ...Object.fromEntries(sums), largestBatch: Math.max(one.largestBatch, other.largestBatch) }
}

module.exports = { noTotals, toTotals, addTotals }
