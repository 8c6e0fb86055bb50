'use strict'

const fp = require('fastify-plugin')
const shm = require('shmnode')
const { addTotals } = require('../lib/lane-totals')
const NamedSegments = require('../lib/named-segments')
const Quota = require('../lib/quota')
const ReopeningSegment = require('../lib/reopening-segment')

/**
 * @typedef {object} Limits of what all requests together may have at a time
 * @property {Quota} streams event streams, and requests that wait for a change
 * @property {Quota} writes
 * @property {Quota} bodyBytes bodies whose answers have not been sent
 * @property {Quota} answerBytes values on their way
 */

/** Unless it is said otherwise, or one body may have more. */
const BODY_BYTES = 256 * 1024 * 1024
const TWICE = "this Fastify instance has a decoration 'shm' already: register @shmnode/server once in each scope, as in " +
  'fastify.register(async scope => { await scope.register(shared, { prefix, segment }) })'

/**
 * Opens the default segment, decorates the instance with it and what else the routes share as `shm`, and closes what is open
 * when no request is left.
 */
async function segments (fastify, { segment: { key, ...options }, timeout, maxCapacity, maxStreams, maxWrites, maxBodyBytes, maxAnswerBytes }) {
  if (Object.hasOwn(fastify, 'shm')) throw new Error(TWICE)
  const segment = new ReopeningSegment(shm, key, { timeout, ...options })
  const named = new NamedSegments(shm, { timeout })
  await segment.open()
  const limits = {
    streams: new Quota(maxStreams),
    writes: new Quota(maxWrites),
    bodyBytes: new Quota(maxBodyBytes ?? Math.max(BODY_BYTES, maxCapacity, segment.capacity)),
    answerBytes: new Quota(maxAnswerBytes)
  }
  fastify.decorate('shm', { segment, named, limits, list, totals, pending })
  fastify.addHook('preClose', async () => {
    segment.current.end()
    named.end()
  })
  fastify.addHook('onClose', () => Promise.all([segment.close(), named.close()]))

  /** What the calls of this instance have come to. */
  function totals () {
    return addTotals(segment.totals, named.totals)
  }

  /** Its calls that have not settled. */
  function pending () {
    return segment.pending + named.pending
  }

  /** All System V cell segments, since routes name no others; `default` tells which of them is the one of `/read` and `/write`. */
  async function list () {
    const ours = segment.handle?.id
    return (await shm.list()).filter(({ posix }) => !posix).map(info => ({ ...info, default: info.id === ours }))
  }
}

module.exports = fp(segments, { name: 'shm' })
