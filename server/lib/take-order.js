'use strict'

const Order = require('./order')

/** What requests have it by. The application that this is a part of may use any name. */
const ORDER = Symbol('order')

/**
 * An `onRequest` hook: reads what the header fields of a write say as `request[ORDER]`.
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 * @param {() => void} done
 */
function takeOrder (request, reply, done) {
  request[ORDER] = new Order(request)
  done()
}

module.exports = { ORDER, takeOrder }
