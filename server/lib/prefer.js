'use strict'

/** Nobody waits longer for one answer, in seconds. */
const LONGEST_WAIT = 60

// One preference of RFC 7240: a token with a value, which may be quoted, and parameters.
const WAIT = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;|$)/i
const MINIMAL = /^\s*return\s*=\s*"?minimal"?\s*(?:;|$)/i

/**
 * How long a client prefers to wait, in seconds.
 * @param {string | undefined} prefer the Prefer header
 * @returns {number} 0 if it does not, at most {@link LONGEST_WAIT}
 */
function secondsToWait (prefer) {
  const wait = prefer?.split(',').map(preference => WAIT.exec(preference)).find(found => found !== null)
  return wait === undefined ? 0 : Math.min(Number(wait[1]), LONGEST_WAIT)
}

/** @param {string | undefined} prefer the Prefer header */
function prefersMinimal (prefer) {
  return prefer !== undefined && prefer.split(',').some(preference => MINIMAL.test(preference))
}

module.exports = { secondsToWait, prefersMinimal, LONGEST_WAIT }
