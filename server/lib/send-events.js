'use strict'

const { departureOf } = require('./departure')
const { eventStream, lastSeen } = require('./event-stream')
const isGone = require('./is-gone')
const { overloaded } = require('./overload')

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx would collect events until it has a page of them.
  'x-accel-buffering': 'no'
}

/**
 * Answers with the versions of the segment as they come.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {import('./reopening-segment')} segment
 * @param {{ heartbeat: number, limits: import('../plugins/shm').Limits }} context
 * @param {() => void} [onEnd] called when the segment is not needed any more, unless this rejects
 */
async function sendEvents (request, reply, segment, { heartbeat, limits: { streams } }, onEnd = () => {}) {
  const { latest } = await segment.current.read()
  if (!streams.take()) throw overloaded('There are as many event streams as there may be.')
  const seen = lastSeen(request.headers['last-event-id'] ?? request.query.after, latest)
  const stream = eventStream(segment.current, { seen, ...request.query, heartbeat, signal: departureOf(reply.raw) })
  stream.once('close', () => {
    streams.give()
    onEnd()
  })
  // Nobody reads it then; and he may have no socket any more.
  if (isGone(reply.raw)) stream.destroy()
  // Who takes nothing in so long is given up.
  else request.raw.socket.setTimeout?.(heartbeat * 3)
  return reply.headers(HEADERS).send(stream)
}

module.exports = sendEvents
