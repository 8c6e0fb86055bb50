'use strict'

const Fastify = require('fastify')
const { LogController } = Fastify

/** The time-outs that the server has unless it is told otherwise, and a logger that hears nothing of single requests. */
const SERVED = {
  requestTimeout: 30_000,
  connectionTimeout: 10_000,
  keepAliveTimeout: 10_000,
  http: { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 500, requireHostHeader: false },
  logger: { level: 'silent' },
  childLoggerFactory: logger => logger
}

/** As our server makes its own. With BARE in the environment, as Fastify is by itself. */
function makeFastify (options) {
  if (process.env.BARE !== undefined) return Fastify(options)
  return Fastify({ ...SERVED, logController: new LogController({ disableRequestLogging: true }), ...options })
}

module.exports = makeFastify
