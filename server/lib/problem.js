'use strict'

const { STATUS_CODES } = require('node:http')
const HttpError = require('./http-error')

/**
 * What a client is told of each error of the segment. Those of the library that are not here are the server's own
 * trouble: 500.
 */
const SHM_ERRORS = {
  ERR_SHM_TOO_LARGE: [413, 'The value is larger than the capacity of the segment.'],
  ERR_SHM_VERSION_CONFLICT: [412, 'The segment holds another version.'],
  ERR_SHM_TIMEOUT: [503, 'The lock of the segment was not to be had in time.'],
  ERR_SHM_BUSY: [503, 'The segment is locked.'],
  ERR_SHM_QUEUE_FULL: [503, 'Too many calls wait for the segment.'],
  ERR_SHM_DESTROYED: [503, 'The segment was destroyed.'],
  ERR_SHM_CLOSED: [503, 'The server is stopping.'],
  ERR_SHM_UNSUPPORTED: [501, 'The layout of the segment does not allow this.'],
  ERR_SHM_NO_SPACE: [507, 'There is no room for a new segment.'],
  ERR_SHM_LIMIT: [507, 'A limit of the kernel stands against a new segment.']
}

/** @typedef {{ status: number, headers: Record<string, string>, body: Buffer }} ProblemAnswer */

/**
 * The answer to a request that failed.
 * @param {Error} error
 * @param {string} [url] of the request
 * @returns {ProblemAnswer}
 */
function toAnswer (error, url) {
  const { statusCode: status, code, message: detail, headers } = toHttpError(error)
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail, code, instance: url && toPath(url) }
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 503 && { 'retry-after': '1' }),
      ...headers
    },
    body: Buffer.from(JSON.stringify(problem))
  }
}

function toHttpError (error) {
  if (error instanceof HttpError) return error
  if (Object.hasOwn(SHM_ERRORS, error.code)) {
    const [status, detail] = SHM_ERRORS[error.code]
    return new HttpError(status, error.code, detail)
  }
  // Of Fastify and its plugins: what a client did wrong, and that it may come again.
  const { statusCode: status } = error
  if ((status >= 400 && status < 500) || status === 503) return new HttpError(status, error.code, error.message)
  const code = String(error.code).startsWith('ERR_SHM_') ? error.code : 'ERR_INTERNAL'
  return new HttpError(500, code, 'The server failed; its log says why.')
}

function toPath (url) {
  return url.split('?', 1)[0]
}

module.exports = { toAnswer, toHttpError, toPath }
