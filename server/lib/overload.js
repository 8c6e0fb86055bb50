'use strict'

const HttpError = require('./http-error')

/** What the server has too much of just now; the client may come again. */
function overloaded (detail) {
  return new HttpError(503, 'ERR_OVERLOAD', detail)
}

module.exports = { overloaded }
