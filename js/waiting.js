'use strict'

// Calls that are no segment's yet, or its last: open and destroy. They wait for locks in slices, like the lanes.

const { offAbort, onAbort } = require('./abort')
const { fromFailure } = require('./errors')
const { LONGEST_SLICE, PAUSE, now } = require('./time')

const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const once = (attempt, slice) => new Promise(resolve => attempt(slice, (failure, value) => resolve({ failure, value })))

/**
 * Tries until it is had or the time is over.
 * @param {(slice: number, callback: (failure?: object, value?: any) => void) => void} attempt
 * @param {{ timeout: number, signal?: AbortSignal, giveBack?: (value: any) => void }} wait `giveBack` takes what an attempt
 *   brings after the signal has aborted
 * @param {object} context for messages
 */
function untilHad (attempt, { timeout, signal, giveBack }, context) {
  if (signal === undefined) return tries(attempt, timeout, context)
  return new Promise((resolve, reject) => {
    let isAborted = false
    const listener = {
      abort (reason) {
        isAborted = true
        reject(reason)
      }
    }
    onAbort(signal, listener)
    const settling = tries(attempt, timeout, context, () => isAborted).finally(() => offAbort(signal, listener))
    settling.then(value => isAborted ? giveBack?.(value) : resolve(value), reject)
  })
}

async function tries (attempt, timeout, context, isOver = () => false) {
  const begun = now()
  for (;;) {
    const departed = now()
    const left = begun + timeout - departed
    const { failure, value } = await once(attempt, Math.max(0, Math.min(LONGEST_SLICE, left)))
    if (failure === undefined) return value
    if (failure.code !== 'BUSY') throw fromFailure(failure, context)
    if (now() >= begun + timeout || isOver()) throw fromFailure({ ...failure, code: 'TIMEOUT' }, { ...context, waited: timeout })
    if (now() - departed < PAUSE) await sleep(PAUSE)
  }
}

module.exports = { untilHad }
