'use strict'

const { entityTag } = require('./entity-tag')
const { prefersMinimal } = require('./prefer')
const { valueHeaders, versionHeaders } = require('./representation')
const sendAtOnce = require('./send-at-once')
const { ORDER } = require('./take-order')

let latest

/**
 * Answers a write with what the segment then held, or, if the client prefers, with its version alone.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {{ incarnation: string, version: number }} committed
 * @param {Buffer} body
 * @param {boolean} [isAlone] no hooks wait for what is sent
 */
function sendWritten (request, reply, { incarnation, version }, body, isAlone = false) {
  const isMinimal = prefersMinimal(request.headers.prefer)
  const { mediaType } = request[ORDER]
  if (isAlone && !isMinimal) {
    const tag = ['etag', entityTag(incarnation, version), 'shm-version', `${version}`, 'content-length', `${body.length}`]
    return sendAtOnce(reply, tag.concat(fieldsOf(mediaType)), body)
  }
  reply.headers(versionHeaders(incarnation, version))
  if (isMinimal) return reply.code(204).header('preference-applied', 'return=minimal').send()
  return reply.headers(valueHeaders(mediaType)).send(body)
}

/** Most writes have the media type of the one before. */
function fieldsOf (mediaType) {
  if (latest === undefined || latest.mediaType !== mediaType) latest = { mediaType, fields: Object.entries(valueHeaders(mediaType)).flat() }
  return latest.fields
}

module.exports = sendWritten
