'use strict'

const body = require('../plugins/body')
const HttpError = require('../lib/http-error')
const Preconditions = require('../lib/preconditions')
const { mediaTypeToStore } = require('../lib/media-type')
const { versionHeaders, valueHeaders } = require('../lib/representation')

const NO_BYTES = Buffer.alloc(0)
const schema = { response: { '4xx': { $ref: 'problem#' }, '5xx': { $ref: 'problem#' } } }

/** `POST /write`: replaces the value of the segment, and answers with what it now holds. */
async function write (fastify, { timeout }) {
  await fastify.register(body)
  fastify.decorateRequest('order', null)

  fastify.post('/write', { schema, onRequest: takeOrder }, async (request, reply) => {
    const { body = NO_BYTES, order: { mediaType, preconditions } } = request
    const { incarnation, version } = await fastify.segment.use(segment => commit(segment, body, { mediaType, timeout }, preconditions))
    reply.headers(valueHeaders(mediaType)).headers(versionHeaders(incarnation, version))
    return body
  })
}

// What is wrong with the header fields is said before the body is read.
async function takeOrder (request) {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new HttpError(415, 'ERR_CONTENT_ENCODING', 'The value is stored as it comes: send it without a Content-Encoding.')
  request.order = { mediaType: mediaTypeToStore(request), preconditions: Preconditions.of(request.headers) }
}

async function commit (segment, data, options, preconditions) {
  const { incarnation } = segment
  const version = await (preconditions === null ? segment.write(data, options) : commitIf(preconditions, segment, data, options))
  return { incarnation, version }
}

/**
 * The segment compares the version and commits in one step. Where another writer came first, the conditions are looked
 * at again; that ends, because they name finitely many versions.
 */
async function commitIf (preconditions, segment, data, options) {
  const { incarnation } = segment
  // Not the property: this one finds out if the segment is gone, and with it the version that the conditions are about.
  let { version } = await segment.readInto(NO_BYTES, { length: 0, timeout: options.timeout })
  for (;;) {
    if (!preconditions.allow(incarnation, version)) throw preconditionFailed(incarnation, version)
    const ifVersion = preconditions.allowAllAfter(incarnation, version) ? undefined : version
    try {
      return await segment.write(data, { ...options, ifVersion })
    } catch (error) {
      if (error.code !== 'ERR_SHM_VERSION_CONFLICT') throw error
      version = error.version
    }
  }
}

function preconditionFailed (incarnation, version) {
  return new HttpError(412, 'ERR_SHM_VERSION_CONFLICT', `The segment holds version ${version}.`, versionHeaders(incarnation, version))
}

module.exports = write
