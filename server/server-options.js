'use strict'

const { LogController } = require('fastify')
const answerClientError = require('./lib/client-error')
const { DEFAULTS } = require('./lib/options')
const { sendProblem } = require('./plugins/problem')

/** A connection on which nothing happens may stay for so long beyond what a request may wait, in milliseconds. */
const SILENCE = 5000

/**
 * What the Fastify instance of the application is to be made with.
 * @param {object} [options]
 * @param {boolean} [options.logRequests] each request costs a logger of its own then
 * @param {number} [options.timeout] how long a request may wait for a segment, in milliseconds
 * @param {number} [options.requestTimeout] in which a request must have come, however slowly it trickles; its header fields in 10 s at most
 * @param {{ cert: Buffer, key: Buffer }} [options.tls]
 * @returns {import('fastify').FastifyServerOptions}
 */
function serverOptions ({ logRequests = false, timeout = DEFAULTS.timeout, requestTimeout = 30_000, tls } = {}) {
  const headersTimeout = Math.min(10_000, requestTimeout)
  // Without a Host header is what the guard refuses: Node would not say why.
  const http = { requestTimeout, headersTimeout, connectionsCheckingInterval: 500, requireHostHeader: false }
  return {
    requestTimeout,
    connectionTimeout: timeout + SILENCE,
    keepAliveTimeout: 10_000,
    ...(tls === undefined ? { http } : { https: { ...http, handshakeTimeout: requestTimeout, ...tls } }),
    // Who has a connection may finish; who asks /health/ready learns why not to come again.
    return503OnClosing: false,
    frameworkErrors: sendProblem,
    clientErrorHandler: answerClientError,
    logController: new LogController({ disableRequestLogging: !logRequests }),
    ...(!logRequests && { childLoggerFactory: logger => logger })
  }
}

module.exports = serverOptions
