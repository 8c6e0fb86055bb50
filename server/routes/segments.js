'use strict'

const HttpError = require('../lib/http-error')
const { withTurn } = require('../lib/overload')
const Patience = require('../lib/patience')
const sendEvents = require('../lib/send-events')
const sendValue = require('../lib/send-value')
const sendWritten = require('../lib/send-written')
const { ORDER, takeOrder } = require('../lib/take-order')
const validateEarly = require('../lib/validate-early')
const body = require('../plugins/body')
const { sendProblem } = require('../plugins/problem')
const { listSchema, readSchema, watchSchema, writeSchema, destroySchema } = require('../schemas/segments')

const NO_BYTES = Buffer.alloc(0)
/** A segment that others destroy all the time is not made again for ever. */
const TRIES = 10

/** What is the client's business where he chose the segment. */
const ERRORS = {
  ERR_SHM_NOT_FOUND: [404, 'There is no segment of this name.'],
  ERR_SHM_DESTROYED: [404, 'The segment was destroyed.'],
  ERR_SHM_OWNER: [403, 'The segment was made by another user, or is open to others.'],
  ERR_SHM_ACCESS: [403, 'The segment is not open to the user of this server.'],
  ERR_SHM_CAPACITY: [409, 'The segment has less capacity, and never grows: delete it first.'],
  ERR_SHM_NAME_COLLISION: [409, 'The key of this name has a segment of another name.'],
  ERR_SHM_LAYOUT: [409, 'The key of this name has something that shmnode did not make.']
}

/** `/segments`: those of this machine, and each by its name. */
async function segments (fastify, { timeout, heartbeat, maxCapacity, segment: { capacity = 2048 } }) {
  const { named, limits } = fastify.shm
  const context = { timeout, heartbeat, limits }
  await fastify.register(body, { limitOf, quota: limits.bodyBytes })
  fastify.decorateRequest(ORDER, null)
  fastify.setErrorHandler((error, request, reply) => sendProblem(translate(error), request, reply))

  fastify.get('/segments', { schema: listSchema }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return fastify.shm.list()
  })

  fastify.get('/segments/:name', { schema: readSchema }, (request, reply) =>
    named.use(request.params.name, segment => sendValue(request, reply, segment, context)))

  fastify.get('/segments/:name/watch', { schema: watchSchema, exposeHeadRoute: false }, async (request, reply) => {
    const { segment, release } = named.hold(request.params.name)
    try {
      return await sendEvents(request, reply, segment, context, release)
    } catch (error) {
      release()
      throw error
    }
  })

  fastify.put('/segments/:name', { schema: writeSchema, onRequest: [validateEarly, takeOrder] }, async (request, reply) => {
    const committed = await withTurn(limits.writes, () => named.use(request.params.name, segment => put(segment, request, new Patience(reply.raw, timeout))))
    if (committed.version === 1) reply.code(201)
    return sendWritten(request, reply, committed, request.body ?? NO_BYTES)
  })

  fastify.delete('/segments/:name', { schema: destroySchema, onRequest: takeOrder }, async (request, reply) => {
    const patience = new Patience(reply.raw, timeout)
    await named.use(request.params.name, segment => segment.use(handle => request[ORDER].destroy(handle, patience)))
    return reply.code(204).send()
  })

  /** What a body may have: the capacity of the segment, or that of one that is to be made. */
  async function limitOf ({ params: { name }, query }) {
    const existing = await named.use(name, segment => segment.open().then(() => segment.capacity)).catch(isAbsent)
    return existing ?? Math.min(query.capacity ?? maxCapacity, maxCapacity)
  }

  async function put (segment, request, patience) {
    const { body = NO_BYTES, [ORDER]: order } = request
    for (let tries = TRIES; ; tries--) {
      await openOrMake(segment, request)
      try {
        return await segment.use(handle => order.commit(handle, body, patience))
      } catch (error) {
        if (error.code !== 'ERR_SHM_NOT_FOUND' || tries === 0) throw error
      }
    }
  }

  async function openOrMake (segment, { body = NO_BYTES, [ORDER]: order, query }) {
    if (await segment.open().catch(isAbsent) === null) {
      order.checkAbsent()
      if (query.capacity > maxCapacity) throw new HttpError(413, 'ERR_SHM_TOO_LARGE', `This server makes segments of at most ${maxCapacity} bytes.`)
      await segment.make(query.capacity ?? Math.max(capacity, body.length))
    }
    if (query.capacity > segment.capacity) throw new HttpError(409, 'ERR_SHM_CAPACITY', ERRORS.ERR_SHM_CAPACITY[1])
  }
}

function isAbsent (error) {
  if (error.code !== 'ERR_SHM_NOT_FOUND') throw error
  return null
}

function translate (error) {
  if (!Object.hasOwn(ERRORS, error.code) || error instanceof HttpError) return error
  const [status, detail] = ERRORS[error.code]
  return new HttpError(status, error.code, detail)
}

module.exports = segments
