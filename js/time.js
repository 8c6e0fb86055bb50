'use strict'

/** No wait in the pool is longer, in milliseconds. The addon holds it to that. */
const LONGEST_SLICE = 50
/** Until the next try of what came back without the lock, in milliseconds. */
const PAUSE = 2

/** Monotonic, in milliseconds. */
const now = () => performance.now()

module.exports = { LONGEST_SLICE, PAUSE, now }
