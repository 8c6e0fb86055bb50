'use strict'

// Reads on the calling thread, which never wait.

const { fromFailure } = require('./errors')
const { allocate, shorten } = require('./result-memory')
const { READ } = require('./table')

/** A value that has grown between the look at its length and the read is read again so often. */
const TRIES = 16

/**
 * The value, or a part of it, in a new Buffer.
 * @param {object} handle of the addon
 * @param {Float64Array} facts the row of a table that the handle was made with
 * @param {{ offset: number, length: number } | undefined} range
 * @param {object} context for messages
 */
function readNow (handle, facts, range, context) {
  const { offset = 0, length = Infinity } = range ?? {}
  let room = handle.lengthHint()
  for (let tries = 0; tries < TRIES; tries++) {
    const data = allocate(Math.min(length, Math.max(0, room - offset)))
    const failure = handle.readSync(data, offset, false)
    if (failure !== undefined) throw fromFailure(failure, context)
    const { [READ.LENGTH]: total, [READ.COPIED]: copied } = facts
    if (copied === Math.min(length, Math.max(0, total - offset))) return shorten(data, copied)
    room = total
  }
  throw fromFailure({ code: 'BUSY' }, context)
}

module.exports = { readNow }
