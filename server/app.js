'use strict'

const { LogController } = require('fastify')
const fp = require('fastify-plugin')
const problem = require('./plugins/problem')
const guard = require('./plugins/guard')
const shm = require('./plugins/shm')
const drain = require('./plugins/drain')
const read = require('./routes/read')
const write = require('./routes/write')
const watch = require('./routes/watch')
const segments = require('./routes/segments')
const health = require('./routes/health')

/**
 * The application.
 * @param {import('fastify').FastifyInstance} fastify made with {@link serverOptions}
 * @param {object} options
 * @param {import('shmnode').OpenOptions & { key: import('shmnode').SegmentReference }} options.segment which one, and how to open it
 * @param {string} [options.host] the address that is listened on
 * @param {number} [options.timeout] how long a request may wait for the segment, in milliseconds
 */
async function app (fastify, options) {
  const { segment: segmentOptions, host = '127.0.0.1', timeout = 5000, heartbeat = 15000, maxStreams = 1000, maxCapacity = 64 * 1024 * 1024 } = options
  const { capacity = 2048 } = segmentOptions
  // Only the routes that want a body read one.
  fastify.removeAllContentTypeParsers()
  await fastify.register(problem)
  await fastify.register(guard, { host })
  await fastify.register(shm, { segment: segmentOptions, timeout, maxStreams })
  fastify.register(read)
  fastify.register(write, { timeout })
  fastify.register(watch, { heartbeat })
  fastify.register(segments, { timeout, heartbeat, capacity, maxCapacity })
  fastify.register(health)
  fastify.register(drain)
}

/**
 * What the Fastify instance of the application is to be made with.
 * @param {object} [options]
 * @param {boolean} [options.logRequests] each request costs a logger of its own then
 * @returns {import('fastify').FastifyServerOptions}
 */
function serverOptions ({ logRequests = false } = {}) {
  return {
    // A request is cut off after 3 s, its header fields after 2, however slowly it trickles.
    requestTimeout: 3000,
    connectionTimeout: 5000,
    keepAliveTimeout: 10000,
    http: { headersTimeout: 2000, connectionsCheckingInterval: 500 },
    // Who has a connection may finish; who asks /health/ready learns why not to come again.
    return503OnClosing: false,
    frameworkErrors: problem.sendProblem,
    clientErrorHandler: problem.answerClientError,
    logController: new LogController({ disableRequestLogging: !logRequests }),
    ...(!logRequests && { childLoggerFactory: logger => logger })
  }
}

module.exports = fp(app, { name: 'app', fastify: '5.x' })
module.exports.serverOptions = serverOptions
