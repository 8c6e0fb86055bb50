'use strict'

// What has happened on a lane, counted as it goes; cheap enough to be always on.

const { createHistogram } = require('node:perf_hooks')

/** Waits are recorded in microseconds, up to an hour. */
const LONGEST_WAIT = 3600e6
const toMilliseconds = microseconds => microseconds / 1000

class LaneCounts {
  calls = 0
  batches = 0
  largestBatch = 0
  waits = 0
  /** Rounds of lock-free reads in which a writer was quicker. */
  retries = 0
  /** Calls that were served on the calling thread (option inlineLimit). */
  inline = 0
  /** Made at the first wait: it takes some memory. */
  #waitTime = null

  /** `again` of the calls have to travel once more. */
  addBatch (calls, again) {
    this.batches++
    this.calls += calls - again
    if (calls > this.largestBatch) this.largestBatch = calls
  }

  /** @param {number} milliseconds that the lane was without its lock */
  addWait (milliseconds) {
    this.waits++
    this.#waitTime ??= createHistogram({ highest: LONGEST_WAIT })
    this.#waitTime.record(Math.min(LONGEST_WAIT, Math.max(1, Math.round(milliseconds * 1000))))
  }

  /** @returns {import('..').QueueStats} */
  toStats () {
    const { calls, batches, largestBatch, inline, retries, waits } = this
    return { calls, batches, largestBatch, inline, retries, waits, waitTime: waits === 0 ? null : summary(this.#waitTime) }
  }
}

function summary (histogram) {
  return {
    min: toMilliseconds(histogram.min),
    mean: toMilliseconds(histogram.mean),
    p50: toMilliseconds(histogram.percentile(50)),
    p99: toMilliseconds(histogram.percentile(99)),
    max: toMilliseconds(histogram.max)
  }
}

module.exports = { LaneCounts }
