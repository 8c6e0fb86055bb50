'use strict'

const { refuseCodings } = require('../lib/codings')
const HttpError = require('../lib/http-error')
const { withTurn } = require('../lib/overload')
const Patience = require('../lib/patience')
const body = require('../plugins/body')
const { readSchema, writeSchema, watchSchema } = require('../schemas/raw')

const NO_BYTES = Buffer.alloc(0)
const NUL = 0

/** Any program may have stored it: a browser must neither guess what it is nor run it, nor keep it, as nothing tells one text from the next. */
const TEXT_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'sandbox'
}

/** `GET` and `HEAD /read`, `POST /write`: the text of a raw segment, which has neither versions nor a media type. */
async function raw (fastify, { timeout }) {
  const { segment, limits } = fastify.shm
  await fastify.register(body, { limitOf, quota: limits.bodyBytes })

  fastify.get('/read', { schema: readSchema, onRequest: refuseConditions }, async (request, reply) => {
    const patience = new Patience(reply.raw, timeout)
    const text = await segment.use(handle => patience.spend(wait => handle.read(wait)))
    reply.headers(TEXT_HEADERS)
    return text
  })

  fastify.post('/write', { schema: writeSchema, onRequest: [refuseConditions, async ({ headers }) => refuseCodings(headers)] }, async ({ body: text = NO_BYTES }, reply) => {
    if (text.includes(NUL)) throw new HttpError(400, 'ERR_TEXT_NUL', 'The text of a raw segment ends at its first NUL: it cannot have one inside.')
    const patience = new Patience(reply.raw, timeout)
    await withTurn(limits.writes, () => segment.use(handle => patience.spend(wait => handle.write(text, wait))))
    reply.headers(TEXT_HEADERS)
    return text
  })

  fastify.get('/watch', { schema: watchSchema, exposeHeadRoute: false }, async () => {
    throw new HttpError(501, 'ERR_SHM_UNSUPPORTED', 'A raw segment has no versions to watch.')
  })

  async function limitOf () {
    await segment.open()
    return segment.capacity
  }
}

async function refuseConditions ({ headers }) {
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return
  throw new HttpError(501, 'ERR_SHM_UNSUPPORTED', 'A raw segment has no versions that a condition could be about.')
}

module.exports = raw
