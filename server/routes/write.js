'use strict'

const Order = require('../lib/order')
const sendWritten = require('../lib/send-written')
const body = require('../plugins/body')
const { writeSchema } = require('../schemas/value')

const NO_BYTES = Buffer.alloc(0)

/** `POST /write`: replaces the value of the default segment, and answers with what it now holds. */
async function write (fastify, { timeout }) {
  const { segment } = fastify.shm
  await fastify.register(body, { limitOf: () => segment.capacity })
  fastify.decorateRequest('order', null)

  fastify.post('/write', { schema: writeSchema, onRequest: takeOrder }, async (request, reply) => {
    const { body = NO_BYTES, order, signal } = request
    const committed = await segment.use(handle => order.commit(handle, body, { timeout, signal }))
    return sendWritten(request, reply, committed, body)
  })
}

async function takeOrder (request) {
  request.order = new Order(request)
}

module.exports = write
