'use strict'

const { withTurn } = require('../lib/overload')
const Patience = require('../lib/patience')
const sendWritten = require('../lib/send-written')
const { ORDER, takeOrder } = require('../lib/take-order')
const body = require('../plugins/body')
const { writeSchema } = require('../schemas/value')

const NO_BYTES = Buffer.alloc(0)

/** `POST /write`: replaces the value of the default segment, and answers with what it now holds. */
async function write (fastify, { timeout, isAlone }) {
  const { segment, limits } = fastify.shm
  await fastify.register(body, { limitOf, quota: limits.bodyBytes })
  fastify.decorateRequest(ORDER, null)

  fastify.post('/write', { schema: writeSchema, onRequest: takeOrder }, (request, reply) => {
    const { body = NO_BYTES, [ORDER]: order } = request
    // Not before those who wait.
    const committed = limits.writes.used === 0 ? order.commitNow(segment, body) : null
    return committed === null ? writeInTurn(request, reply, body) : sendWritten(request, reply, committed, body, isAlone)
  })

  async function writeInTurn (request, reply, body) {
    const patience = new Patience(reply.raw, timeout)
    const committed = await withTurn(limits.writes, () => segment.use(handle => request[ORDER].commit(handle, body, patience)))
    return sendWritten(request, reply, committed, body, isAlone)
  }

  function limitOf () {
    return segment.isTrusted ? segment.capacity : segment.open().then(() => segment.capacity)
  }
}

module.exports = write
