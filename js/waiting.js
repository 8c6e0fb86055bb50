'use strict'

// Calls that are no segment's yet, or its last: open and destroy. They wait for locks in slices, like the lanes.

const { setTimeout: sleep } = require('node:timers/promises')
const { fromFailure } = require('./errors')
const { LONGEST_SLICE, PAUSE, now } = require('./lane')

const once = (attempt, slice) => new Promise(resolve => attempt(slice, (failure, value) => resolve({ failure, value })))

/**
 * Tries until it is had or the time is over.
 * @param {(slice: number, callback: (failure?: object, value?: any) => void) => void} attempt
 * @param {number} timeout milliseconds
 * @param {object} context for messages
 */
async function untilHad (attempt, timeout, context) {
  const begun = now()
  for (;;) {
    const departed = now()
    const left = begun + timeout - departed
    const { failure, value } = await once(attempt, Math.max(0, Math.min(LONGEST_SLICE, left)))
    if (failure === undefined) return value
    if (failure.code !== 'BUSY') throw fromFailure(failure, context)
    if (now() >= begun + timeout) throw fromFailure({ ...failure, code: 'TIMEOUT' }, { ...context, waited: timeout })
    if (now() - departed < PAUSE) await sleep(PAUSE)
  }
}

module.exports = { untilHad }
