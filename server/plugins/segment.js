'use strict'

const fp = require('fastify-plugin')
const shm = require('shmnode')
const ReopeningSegment = require('../lib/reopening-segment')

/** Opens the segment, decorates the instance with it as `segment`, and closes it when no request is left. */
async function segment (fastify, { key, ...options }) {
  const segment = new ReopeningSegment(shm, key, options)
  await segment.open()
  fastify.decorate('segment', segment)
  fastify.addHook('onClose', () => segment.close())
}

module.exports = fp(segment, { name: 'segment' })
