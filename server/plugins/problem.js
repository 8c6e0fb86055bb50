'use strict'

const fp = require('fastify-plugin')
const HttpError = require('../lib/http-error')
const { toAnswer, toHttpError, toPath } = require('../lib/problem')
const problemSchema = require('../schemas/problem')

/** Answers errors and unknown routes with application/problem+json. */
async function problem (fastify) {
  fastify.addSchema(problemSchema)
  fastify.setErrorHandler(sendProblem)
  fastify.setNotFoundHandler(async request => { throw noRoute(fastify, request) })
  fastify.server.on('checkExpectation', refuseExpectation)
}

/**
 * Answers a request that failed.
 * @param {Error} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function sendProblem (error, request, reply) {
  const { status, headers, body } = toAnswer(error, request.url)
  if (status >= 500) log(error, request)
  // Fastify closes the connection after some; HTTP/2 has no such field.
  if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection')
  return reply.code(status).headers(headers).send(body)
}

/** Where it failed is told of what nobody foresaw; clients can bring about the rest as often as they like. */
function log (error, request) {
  const { statusCode: status, code } = toHttpError(error)
  const { id: requestId, method, url } = request
  const what = status === 500 ? { err: error } : { status, code, reason: error.message }
  request.log[levelOf(status, request)]({ ...what, requestId, method, url }, 'request failed')
}

/** Nobody will see what is answered to a client that has left. */
function levelOf (status, { raw }) {
  if (raw.socket?.destroyed) return 'debug'
  if (status === 500) return 'error'
  return status === 501 ? 'info' : 'warn'
}

/** Node hands those requests to nobody else. */
function refuseExpectation (request, response) {
  const error = new HttpError(417, 'ERR_EXPECTATION', 'Of what Expect can ask for, only 100-continue is understood.')
  const { status, headers, body } = toAnswer(error, request.url)
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
}

function noRoute (fastify, request) {
  const url = toPath(request.url)
  const methods = fastify.supportedMethods.filter(method => fastify.findRoute({ method, url }))
  // A route that takes this method, and has nothing under this name: that of a folder of files.
  if (methods.length === 0 || methods.includes(request.method)) return new HttpError(404, 'ERR_ROUTE_NOT_FOUND', 'There is nothing here.')
  const allow = methods.join(', ')
  return new HttpError(405, 'ERR_METHOD_NOT_ALLOWED', `Only ${allow} will do here.`, { allow })
}

module.exports = fp(problem, { name: 'problem' })
module.exports.sendProblem = sendProblem
