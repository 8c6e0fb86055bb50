'use strict'

const fp = require('fastify-plugin')
const { completeOptions } = require('./lib/options')
const RequestTimes = require('./lib/request-times')
const docs = require('./plugins/docs')
const drain = require('./plugins/drain')
const gate = require('./plugins/gate')
const metrics = require('./plugins/metrics')
const page = require('./plugins/page')
const problem = require('./plugins/problem')
const requestTimes = require('./plugins/request-times')
const shm = require('./plugins/shm')
const routes = require('./routes')
const health = require('./routes/health')

/**
 * The application: all that the server's process serves.
 * @param {import('fastify').FastifyInstance} fastify made with the options of ./server-options.js
 * @param {import('.').Options & { stopTimeout?: number }} given `stopTimeout`: how long closing may take, in milliseconds;
 *   what the configuration has besides is of the process
 */
async function app (fastify, { stopTimeout = 8000, host, port, socket, socketMode, ...given }) {
  const options = completeOptions(given)
  const times = new RequestTimes()
  // Only the routes that want a body read one.
  fastify.removeAllContentTypeParsers()
  await fastify.register(requestTimes, { times })
  await fastify.register(problem)
  await fastify.register(gate, options)
  await fastify.register(docs)
  await fastify.register(shm, options)
  await fastify.register(metrics, { times })
  // Only the hooks of a limit on the rate add to what is sent.
  fastify.register(routes, { ...options, isAlone: options.rateLimit === 0 })
  fastify.register(health)
  fastify.register(page)
  fastify.register(drain, { timeout: stopTimeout })
}

module.exports = fp(app, { name: 'app', fastify: '5.x' })
