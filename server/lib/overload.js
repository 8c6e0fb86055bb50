'use strict'

const HttpError = require('./http-error')

/** What the server has too much of just now; the client may come again. */
function overloaded (detail) {
  return new HttpError(503, 'ERR_OVERLOAD', detail)
}

/**
 * Calls `fn` if not too many others are at it. Those who wait for the lock of a segment must not keep its readers out.
 * @template T
 * @param {import('./quota')} quota
 * @param {() => Promise<T>} fn
 * @returns {Promise<T>}
 */
async function withTurn (quota, fn) {
  if (!quota.take()) throw overloaded('Too many requests wait to write.')
  try {
    return await fn()
  } finally {
    quota.give()
  }
}

module.exports = { overloaded, withTurn }
