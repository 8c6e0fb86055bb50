'use strict'

const HttpError = require('../lib/http-error')
const { toHttpError } = require('../lib/problem')
const { health: healthSchema, liveSchema, readySchema } = require('../schemas/health')

const READ_TIMEOUT = 1000
const PUBLIC = { access: 'public' }

/** `GET /health/live`: the process answers. `GET /health/ready`: it can read the segment and is not about to stop. */
async function health (fastify) {
  let closing = false
  fastify.addHook('preClose', async () => { closing = true })
  fastify.addSchema(healthSchema)

  fastify.get('/health/live', { schema: liveSchema, config: PUBLIC }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return { status: 'ok' }
  })

  fastify.get('/health/ready', { schema: readySchema, config: PUBLIC }, async (request, reply) => {
    if (closing) throw new HttpError(503, 'ERR_SHM_CLOSED', 'The server is stopping.')
    await fastify.shm.segment.use(tryRead).catch(unavailable)
    reply.header('cache-control', 'no-store')
    return { status: 'ok' }
  })
}

function tryRead (segment) {
  return segment.read({ length: 0, timeout: READ_TIMEOUT })
}

function unavailable (error) {
  const { code, message } = toHttpError(error)
  throw new HttpError(503, code, message)
}

module.exports = health
