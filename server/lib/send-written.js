'use strict'

const { prefersMinimal } = require('./prefer')
const { valueHeaders, versionHeaders } = require('./representation')

/**
 * Answers a write with what the segment then held, or, if the client prefers, with its version alone.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {{ incarnation: string, version: number }} committed
 * @param {Buffer} body
 */
function sendWritten (request, reply, { incarnation, version }, body) {
  reply.headers(versionHeaders(incarnation, version))
  if (prefersMinimal(request.headers.prefer)) return reply.code(204).header('preference-applied', 'return=minimal').send()
  return reply.headers(valueHeaders(request.order.mediaType)).send(body)
}

module.exports = sendWritten
