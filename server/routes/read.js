'use strict'

const { opaqueTag, parseTags } = require('../lib/entity-tag')
const { Representation } = require('../lib/representation')

const schema = { response: { '4xx': { $ref: 'problem#' }, '5xx': { $ref: 'problem#' } } }

/** `GET` and `HEAD /read`: the value of the segment. */
async function read (fastify, { timeout }) {
  const take = snapshotTaker({ timeout })
  // Many reads see the same version: its header fields are made once.
  let latest = null

  fastify.get('/read', { schema }, async (request, reply) => {
    const { incarnation, snapshot } = await fastify.segment.use(take)
    if (!latest?.isOf(incarnation, snapshot.version)) latest = new Representation(incarnation, snapshot)
    const ifNoneMatch = request.headers['if-none-match']
    if (ifNoneMatch !== undefined && isCurrent(ifNoneMatch, latest)) return sendNothing(reply, 304, latest)
    if (snapshot.version === 0) return sendNothing(reply, 204, latest)
    reply.headers(latest.headers)
    return snapshot.data
  })
}

function snapshotTaker (wait) {
  return async segment => ({ incarnation: segment.incarnation, snapshot: await segment.snapshot(wait) })
}

// If-Modified-Since is left aside: many versions may be committed within the second that it can tell apart.
function isCurrent (ifNoneMatch, { incarnation, version }) {
  const tags = parseTags(ifNoneMatch)
  if (tags === '*') return version > 0
  const current = opaqueTag(incarnation, version)
  return tags !== null && tags.some(({ opaque }) => opaque === current)
}

function sendNothing (reply, status, { versionHeaders }) {
  return reply.code(status).headers(versionHeaders).send()
}

module.exports = read
