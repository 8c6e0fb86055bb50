'use strict'

const fp = require('fastify-plugin')
const { isUtf8 } = require('node:buffer')
const HttpError = require('../lib/http-error')
const readBody = require('../lib/read-body')
const whenSent = require('../lib/when-sent')
const { JSON_TYPE } = require('../lib/media-type')

// Readers of the stored bytes need not know of the mark, and JSON texts have none (RFC 8259).
const FIRST_BYTE_OF_BOM = 0xef

/**
 * Gives the routes of the scope it is registered in their bodies as Buffers. JSON is checked, but stays as it came. Sets no parser
 * for other scopes, where bodies are not read.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {object} options
 * @param {(request: import('fastify').FastifyRequest) => number | Promise<number>} options.limitOf the bytes that a body may have
 * @param {import('../lib/quota')} options.quota the bytes of all bodies whose answers have not been sent
 */
async function body (fastify, { limitOf, quota }) {
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  fastify.decorateRequest('countedBody', null)

  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', async (request, payload) => (await read(request, payload)).toBuffer())
  fastify.addContentTypeParser(JSON_TYPE, async (request, payload) => {
    const body = await read(request, payload)
    const bytes = body.toBuffer()
    const mistake = mistakeIn(bytes, request, parseJson)
    if (mistake === undefined) return bytes
    body.drop()
    throw new HttpError(400, 'ERR_JSON_INVALID', mistake)
  })
  fastify.addHook('preValidation', (request, reply, done) => {
    const { countedBody } = request
    if (countedBody !== null) whenSent(reply.raw, () => countedBody.drop())
    done()
  })

  async function read (request, payload) {
    const body = await readBody(payload, await limitOf(request), quota)
    if (body.counted > 0) request.countedBody = body
    return body
  }
}

/** What is wrong with a text in JSON. */
function mistakeIn (bytes, request, parseJson) {
  if (!isUtf8(bytes) || bytes[0] === FIRST_BYTE_OF_BOM) return 'JSON must be UTF-8 without a byte order mark.'
  let mistake
  parseJson(request, bytes.toString(), error => {
    if (error) mistake = 'The body is not valid JSON, or sets a prototype.'
  })
  return mistake
}

module.exports = fp(body, { name: 'body', dependencies: ['shm'] })
