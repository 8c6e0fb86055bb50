'use strict'

const sendEvents = require('../lib/send-events')
const { watchSchema } = require('../schemas/value')

/** `GET /watch`: the versions of the default segment as they come. */
async function watch (fastify, { heartbeat }) {
  const { segment, limits } = fastify.shm
  const context = { heartbeat, limits }
  fastify.get('/watch', { schema: watchSchema, exposeHeadRoute: false }, (request, reply) => sendEvents(request, reply, segment, context))
}

module.exports = watch
