'use strict'

const HttpError = require('./http-error')

/**
 * Refuses a body that is coded in a way that would be stored with it. (Node takes `chunked` off, and nothing else.)
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @throws {HttpError}
 */
function refuseCodings ({ 'content-encoding': content = 'identity', 'transfer-encoding': transfer = 'chunked' }) {
  if (content !== 'identity') throw new HttpError(415, 'ERR_CONTENT_ENCODING', 'What is sent is stored as it comes: send it without a Content-Encoding.')
  if (transfer.toLowerCase() !== 'chunked') throw new HttpError(501, 'ERR_TRANSFER_ENCODING', 'Of the transfer codings, only chunked is understood.')
}

module.exports = { refuseCodings }
