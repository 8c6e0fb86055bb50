'use strict'

const fp = require('fastify-plugin')
const shm = require('shmnode')
const NamedSegments = require('../lib/named-segments')
const Quota = require('../lib/quota')
const ReopeningSegment = require('../lib/reopening-segment')

/**
 * Opens the default segment, decorates the instance with it and what else the routes share as `shm`, and closes what is open
 * when no request is left.
 */
async function segments (fastify, { segment: { key, ...options }, timeout, maxStreams }) {
  const segment = new ReopeningSegment(shm, key, { timeout, ...options })
  const named = new NamedSegments(shm, { timeout })
  await segment.open()
  fastify.decorate('shm', { segment, named, list, streams: new Quota(maxStreams) })
  fastify.addHook('preClose', async () => {
    segment.current.end()
    named.end()
  })
  fastify.addHook('onClose', () => Promise.all([segment.close(), named.close()]))

  /** All cell segments; `default` tells which of them is the one of `/read` and `/write`. */
  async function list () {
    const ours = segment.handle?.id
    return (await shm.list()).map(info => ({ ...info, default: info.id === ours }))
  }
}

module.exports = fp(segments, { name: 'shm' })
