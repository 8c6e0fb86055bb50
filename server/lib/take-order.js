'use strict'

const Order = require('./order')

/**
 * An `onRequest` hook: reads what the header fields of a write say as `request.order`.
 * @param {import('fastify').FastifyRequest} request
 */
async function takeOrder (request) {
  request.order = new Order(request)
}

module.exports = takeOrder
