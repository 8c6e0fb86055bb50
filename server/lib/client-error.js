'use strict'

const { STATUS_CODES } = require('node:http')
const HttpError = require('./http-error')
const { pendingAnswer } = require('./pending-answer')
const { toAnswer } = require('./problem')

/** Connections that end with this answer, or with the one that is awaited: what else comes on them means nothing. */
const ending = new WeakSet()

/**
 * Answers bytes that are no HTTP request, or do not become one in time, when the requests before them have had their answers; then
 * closes the connection. `this` is the Fastify instance.
 * @param {Error & { code: string }} error
 * @param {import('node:net').Socket} socket
 */
function answerClientError (error, socket) {
  this.log.trace({ err: error }, 'client error')
  if (!isOfHttp(error)) return socket.destroy()
  const pending = pendingAnswer(socket)
  // Node does so too, where nothing is wrong: who sends no more is sent only what is on its way.
  if (pending !== null && socket.readableEnded) socket.end()
  if (ending.has(socket)) return
  ending.add(socket)
  if (pending === null) end(socket, error)
  else pending.once('close', () => end(socket, error))
}

/** Else it is of the connection, which may not even be encrypted yet: there is no way to answer. */
function isOfHttp ({ code = '' }) {
  return code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
}

function end (socket, error) {
  if (socket.writable) socket.end(toMessage(toAnswer(toHttpError(error))), () => socket.destroy())
  else socket.destroy()
}

function toMessage ({ status, headers, body }) {
  const fields = Object.entries({ ...headers, connection: 'close', 'content-length': body.length })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}

function toHttpError ({ code }) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HttpError(408, 'ERR_REQUEST_TIMEOUT', 'The request did not arrive in time.')
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'ERR_HEADERS_TOO_LARGE', 'The header fields are too large.')
  return new HttpError(400, 'ERR_REQUEST_MALFORMED', 'This is not an HTTP request.')
}

module.exports = answerClientError
