'use strict'

const Order = require('./order')

/**
 * An `onRequest` hook: reads what the header fields of a write say as `request.order`.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {() => void} done
 */
function takeOrder (request, reply, done) {
  request.order = new Order(request)
  done()
}

module.exports = takeOrder
