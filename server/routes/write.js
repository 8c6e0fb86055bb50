'use strict'

const { withTurn } = require('../lib/overload')
const Patience = require('../lib/patience')
const sendWritten = require('../lib/send-written')
const takeOrder = require('../lib/take-order')
const body = require('../plugins/body')
const { writeSchema } = require('../schemas/value')

const NO_BYTES = Buffer.alloc(0)

/** `POST /write`: replaces the value of the default segment, and answers with what it now holds. */
async function write (fastify, { timeout }) {
  const { segment, limits } = fastify.shm
  await fastify.register(body, { limitOf, quota: limits.bodyBytes })
  fastify.decorateRequest('order', null)

  fastify.post('/write', { schema: writeSchema, onRequest: takeOrder }, async (request, reply) => {
    const { body = NO_BYTES, order } = request
    const patience = new Patience(request, timeout)
    const committed = await withTurn(limits.writes, () => segment.use(handle => order.commit(handle, body, patience)))
    return sendWritten(request, reply, committed, body)
  })

  async function limitOf () {
    await segment.open()
    return segment.capacity
  }
}

module.exports = write
