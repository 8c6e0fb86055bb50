'use strict'

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
  return reply.code(status).headers(headers).send(body)
}

/** Nobody will see what is answered to a client that has left. */
function levelOf (status, { raw }) {
  if (raw.socket?.destroyed) return 'debug'
  return status === 503 ? 'warn' : 'error'
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
