'use strict'

const { STATUS_CODES } = require('node:http')
const fp = require('fastify-plugin')
const HttpError = require('../lib/http-error')
const { toAnswer, toPath } = require('../lib/problem')
const problemSchema = require('../schemas/problem')

/** Answers errors and unknown routes with application/problem+json. */
async function problem (fastify) {
  fastify.addSchema(problemSchema)
  fastify.setErrorHandler(sendProblem)
  fastify.setNotFoundHandler(async request => { throw noRoute(fastify, request) })
}

/**
 * Answers a request that failed.
 * @param {Error} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function sendProblem (error, request, reply) {
  const { status, headers, body } = toAnswer(error, request.url)
  if (status >= 500) request.log[levelOf(status, request)]({ err: error, requestId: request.id, method: request.method, url: request.url }, 'request failed')
  // Fastify closes the connection after some; HTTP/2 has no such field.
  if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection')
  return reply.code(status).headers(headers).send(body)
}

/** Nobody will see what is answered to a client that has left. */
function levelOf (status, { raw }) {
  if (raw.socket?.destroyed) return 'debug'
  return status === 503 ? 'warn' : 'error'
}

/** Answers bytes that are no HTTP request, or do not become one in time. `this` is the Fastify instance. */
function answerClientError (error, socket) {
  this.log.trace({ err: error }, 'client error')
  if (socket.writable) socket.write(toMessage(toAnswer(toClientError(error))))
  socket.destroy(error)
}

function toMessage ({ status, headers, body }) {
  const fields = Object.entries({ ...headers, connection: 'close', 'content-length': body.length })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}

function toClientError ({ code }) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HttpError(408, 'ERR_REQUEST_TIMEOUT', 'The request did not arrive in time.')
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'ERR_HEADERS_TOO_LARGE', 'The header fields are too large.')
  return new HttpError(400, 'ERR_REQUEST_MALFORMED', 'This is not an HTTP request.')
}

function noRoute (fastify, request) {
  const url = toPath(request.url)
  const methods = fastify.supportedMethods.filter(method => fastify.findRoute({ method, url }))
  if (methods.length === 0) return new HttpError(404, 'ERR_ROUTE_NOT_FOUND', 'There is nothing here.')
  const allow = methods.join(', ')
  return new HttpError(405, 'ERR_METHOD_NOT_ALLOWED', `Only ${allow} will do here.`, { allow })
}

module.exports = fp(problem, { name: 'problem' })
module.exports.sendProblem = sendProblem
module.exports.answerClientError = answerClientError
