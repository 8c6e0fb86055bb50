'use strict'

const fp = require('fastify-plugin')

/**
 * Counts the requests to each route that is registered after this, and to what is not there. (A hook of the instance would have to ask
 * each request for its route, for which Fastify makes an object every time.)
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ times: import('../lib/request-times') }} options
 */
async function requestTimes (fastify, { times }) {
  fastify.addHook('onRoute', route => {
    const own = times.ofRoute(route)
    route.onResponse = [route.onResponse ?? [], (request, reply, done) => {
      own.add(reply)
      done()
    }].flat()
  })
  const none = times.ofRoute({})
  fastify.addHook('onResponse', (request, reply, done) => {
    if (request.is404) none.add(reply)
    done()
  })
}

module.exports = fp(requestTimes, { name: 'request-times' })
