'use strict'

const rangeParser = require('range-parser')
const { opaqueTag, parseTags } = require('./entity-tag')
const HttpError = require('./http-error')
const { overloaded } = require('./overload')
const { secondsToWait } = require('./prefer')
const { allowSilence } = require('./silence')

const UNSATISFIABLE = -1

/**
 * Answers GET and HEAD with what the segment holds.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {import('./reopening-segment')} segment
 */
async function sendValue (request, reply, segment) {
  const found = await segment.current.read()
  const { 'if-none-match': noneMatch, range } = request.headers
  if (noneMatch === undefined) return range === undefined ? sendAll(reply, found) : sendPart(request, reply, found)
  const isSeen = seenTest(noneMatch)
  const wanted = isSeen(found.latest) ? await waitForOther(request, reply, segment, found, isSeen) : found
  if (wanted === null) return sendNothing(reply, 304, found.latest)
  return sendPart(request, reply, wanted)
}

function sendAll (reply, { latest, data }) {
  if (latest.version === 0) return sendNothing(reply, 204, latest)
  return reply.headers(latest.headers).send(data)
}

function sendNothing (reply, status, { versionHeaders }) {
  return reply.code(status).headers(versionHeaders).send()
}

// If-Modified-Since is left aside: many versions may be committed within the second that it can tell apart.
function seenTest (ifNoneMatch) {
  const tags = parseTags(ifNoneMatch)
  if (tags === '*') return ({ version }) => version > 0
  return ({ incarnation, version }) => tags?.some(({ opaque }) => opaque === opaqueTag(incarnation, version)) ?? false
}

/** Prefer: wait. What comes after `*` would match it too. */
async function waitForOther (request, reply, segment, { latest }, isSeen) {
  const seconds = secondsToWait(request.headers.prefer)
  if (seconds === 0 || request.headers['if-none-match'].trim() === '*') return null
  reply.header('preference-applied', `wait=${seconds}`)
  const { streams } = request.server.shm
  if (!streams.take()) throw overloaded('Too many requests wait for a change.')
  const restore = allowSilence(request, seconds * 1000)
  try {
    return await nextUnseen(segment, latest, isSeen, { timeout: seconds * 1000, signal: request.signal })
  } finally {
    restore()
    streams.give()
  }
}

async function nextUnseen (segment, seen, isSeen, { timeout, signal }) {
  const deadline = performance.now() + timeout
  for (;;) {
    const found = await segment.current.after(seen, { timeout: deadline - performance.now(), signal })
    if (found === null || !isSeen(found.latest)) return found
    seen = found.latest
  }
}

/** One range of bytes, where that is what the request asks for; else all of them. */
function sendPart (request, reply, found) {
  const { latest, data } = found
  const { range, 'if-range': ifRange } = request.headers
  const isPart = range !== undefined && request.method === 'GET' && latest.version > 0 && (ifRange === undefined || ifRange === latest.etag)
  const ranges = isPart ? rangeParser(data.length, range) : undefined
  if (ranges === UNSATISFIABLE) throw unsatisfiable(latest, data.length)
  if (!Array.isArray(ranges) || ranges.type !== 'bytes' || ranges.length !== 1) return sendAll(reply, found)
  const [{ start, end }] = ranges
  reply.code(206).headers(latest.headers).header('content-range', `bytes ${start}-${end}/${data.length}`)
  return reply.send(data.subarray(start, end + 1))
}

function unsatisfiable ({ versionHeaders: { etag } }, length) {
  return new HttpError(416, 'ERR_RANGE', `The value has ${length} bytes.`, { etag, 'content-range': `bytes */${length}` })
}

module.exports = sendValue
