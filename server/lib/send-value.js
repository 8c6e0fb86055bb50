'use strict'

const { departureOf } = require('./departure')
const { opaqueTag, parseTags } = require('./entity-tag')
const HttpError = require('./http-error')
const Loan = require('./loan')
const { overloaded } = require('./overload')
const Patience = require('./patience')
const Preconditions = require('./preconditions')
const { secondsToWait } = require('./prefer')
const { rangeOf, UNSATISFIABLE } = require('./range')
const { UNCOUNTED_LENGTH } = require('./representation')
const sendAtOnce = require('./send-at-once')
const { allowSilence } = require('./silence')

/**
 * Answers GET and HEAD with what the segment holds.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {import('./reopening-segment')} segment
 * @param {{ timeout: number, limits: import('../plugins/shm').Limits, isAlone: boolean }} context `isAlone`: no hooks wait for what is sent
 * @returns {import('fastify').FastifyReply | Promise<import('fastify').FastifyReply> | undefined}
 */
function sendValue (request, reply, segment, context) {
  const latest = segment.current.known
  if (latest === null || !isPlain(request.headers)) return sendWanted(request, reply, segment, context)
  // By far the most frequent case is worth a way without promises.
  if (context.isAlone && isWhole(request, latest)) return sendWhole(reply, latest, context.limits)
  return sendAll(reply, new Loan({ latest, data: latest.data }, context.limits.answerBytes))
}

function isPlain (headers) {
  return headers['if-none-match'] === undefined && headers.range === undefined && headers['if-match'] === undefined
}

function isWhole ({ method }, { version }) {
  return method === 'GET' && version > 0
}

function sendWhole (reply, latest, { answerBytes }) {
  const { data, length } = latest
  if (length > UNCOUNTED_LENGTH) new Loan({ latest, data }, answerBytes).endWith(reply.raw)
  sendAtOnce(reply, latest.allHeaders, data)
}

async function sendWanted (request, reply, segment, { timeout, limits }) {
  const { 'if-none-match': noneMatch } = request.headers
  const preconditions = Preconditions.ofRead(request.headers)
  const loan = await Loan.take(segment.current, limits.answerBytes, new Patience(reply.raw, timeout))
  if (preconditions !== null) check(preconditions, loan)
  if (noneMatch === undefined) return sendPart(request, reply, loan)
  const isSeen = seenTest(noneMatch)
  if (!isSeen(loan.latest)) return sendPart(request, reply, loan)
  loan.end()
  const other = await waitForOther(request, reply, segment, { seen: loan.latest, isSeen, limits })
  if (other === null) return sendNothing(reply, 304, loan.latest)
  const later = new Loan(other, limits.answerBytes)
  if (preconditions !== null) check(preconditions, later)
  return sendPart(request, reply, later)
}

function check (preconditions, loan) {
  const { incarnation, version } = loan.latest
  if (preconditions.allow(incarnation, version)) return
  loan.end()
  throw Preconditions.failed(loan.latest)
}

// If-Modified-Since is left aside: many versions may be committed within the second that it can tell apart.
function seenTest (ifNoneMatch) {
  const tags = parseTags(ifNoneMatch)
  if (tags === '*') return ({ version }) => version > 0
  return ({ incarnation, version }) => tags?.some(({ opaque }) => opaque === opaqueTag(incarnation, version)) ?? false
}

/** Prefer: wait. What comes after `*` would match it too. */
async function waitForOther (request, reply, segment, { seen, isSeen, limits: { streams } }) {
  const timeout = secondsToWait(request.headers.prefer) * 1000
  if (timeout === 0 || request.headers['if-none-match'].trim() === '*') return null
  if (!streams.take()) throw overloaded('Too many requests wait for a change.')
  reply.header('preference-applied', `wait=${timeout / 1000}`)
  const restore = allowSilence(request, timeout)
  try {
    return await nextUnseen(segment, seen, isSeen, { timeout, signal: departureOf(reply.raw) })
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

function sendAll (reply, loan) {
  const { latest, data } = loan
  if (latest.version === 0) return sendNothing(reply, 204, latest)
  loan.endWith(reply.raw)
  return reply.headers(latest.headers).send(data)
}

function sendNothing (reply, status, { versionHeaders }) {
  return reply.code(status).headers(versionHeaders).send()
}

/** One range of bytes, where that is what the request asks for; else all of them. */
function sendPart (request, reply, loan) {
  const { latest, data } = loan
  const range = wantsPart(request, latest) ? rangeOf(request.headers.range, latest.length) : null
  if (range === null) return sendAll(reply, loan)
  if (range === UNSATISFIABLE) {
    loan.end()
    throw unsatisfiable(latest)
  }
  loan.endWith(reply.raw)
  reply.code(206).headers(latest.headers).header('content-range', `bytes ${range.start}-${range.end - 1}/${latest.length}`)
  return reply.send(data.subarray(range.start, range.end))
}

function wantsPart ({ method, headers: { 'if-range': ifRange } }, { version, etag }) {
  return method === 'GET' && version > 0 && (ifRange === undefined || ifRange === etag)
}

function unsatisfiable ({ versionHeaders: { etag }, length }) {
  return new HttpError(416, 'ERR_RANGE', `The value has ${length} bytes.`, { etag, 'content-range': `bytes */${length}` })
}

module.exports = sendValue
