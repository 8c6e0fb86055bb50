'use strict'

const fp = require('fastify-plugin')
const { isUtf8 } = require('node:buffer')
const Body = require('../lib/body')
const checkJson = require('../lib/check-json')
const HttpError = require('../lib/http-error')
const { incomplete, readBody, readSmallBody } = require('../lib/read-body')
const whenSent = require('../lib/when-sent')
const { JSON_TYPE } = require('../lib/media-type')

const { UNCOUNTED_BYTES } = Body
// Readers of the stored bytes need not know of the mark, and JSON texts have none (RFC 8259).
const FIRST_BYTE_OF_BOM = 0xef
/** What a request has its body by, if that is counted. */
const COUNTED = Symbol('counted body')

/**
 * Gives the routes of the scope it is registered in their bodies as Buffers. JSON is checked, but stays as it came. Sets no parser
 * for other scopes, where bodies are not read.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {object} options
 * @param {(request: import('fastify').FastifyRequest) => number | Promise<number>} options.limitOf the bytes that a body may have
 * @param {import('../lib/quota')} options.quota the bytes of all bodies whose answers have not been sent; no single one may have more
 */
async function body (fastify, { limitOf, quota }) {
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  const smallBytes = Math.min(quota.limit, UNCOUNTED_BYTES)
  fastify.decorateRequest(COUNTED, null)

  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', read)
  fastify.addContentTypeParser(JSON_TYPE, (request, payload, done) => read(request, payload, (error, bytes) => {
    if (error) done(error)
    else if (bytes.length <= UNCOUNTED_BYTES) done(isJson(bytes, request, parseJson) ? null : notJson(), bytes)
    else checkCounted(bytes, request).then(() => done(null, bytes), done)
  }))
  // Before the body is there: hooks of others may come between, and refuse it or wait while the client leaves.
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    if (request.raw.httpVersionMajor === 2) announceBody(request)
    if (mayCount(request, payload)) whenSent(reply.raw, isOver => finish(request, isOver))
    done(null, payload)
  })

  function read (request, payload, done) {
    const limit = limitOf(request)
    // By far the most frequent case is worth a way without promises.
    if (isSmall(payload, Math.min(limit, smallBytes))) readSmallBody(payload, done)
    else readCounted(request, payload, limit).then(bytes => done(null, bytes), done)
  }

  async function readCounted (request, payload, limit) {
    const body = new Body(quota)
    request[COUNTED] = body
    return readBody(payload, Math.min(await limit, quota.limit), body)
  }
}

/** Fastify takes a body of which no header field tells for none, and over HTTP/2 none has to. */
function announceBody ({ raw: { stream, headers } }) {
  if (!stream.endAfterHeaders) headers['transfer-encoding'] ??= 'chunked'
}

function finish ({ [COUNTED]: body }, isOver) {
  if (isOver) body?.end()
  else body?.drop()
}

/** What others have made of a body may be larger than it says. */
function mayCount ({ method, raw }, payload) {
  return method !== 'GET' && (payload !== raw || !isSmall(payload, UNCOUNTED_BYTES))
}

/** A body whose length is known, and not over the limit. */
function isSmall ({ headers, destroyed }, limit) {
  const length = headers?.['content-length']
  return length !== undefined && !destroyed && Number(length) <= limit
}

function isJson (bytes, request, parseJson) {
  if (!isUtf8(bytes) || bytes[0] === FIRST_BYTE_OF_BOM) return false
  let isValid
  parseJson(request, bytes.toString(), error => { isValid = !error })
  return isValid
}

/** Its values are never made: they would take up to fifty times its memory, and the loop for as long. */
async function checkCounted (bytes, { [COUNTED]: body }) {
  if (await checkJson(bytes, () => body.isWhole)) return
  const error = body.isWhole ? notJson() : incomplete()
  body.drop()
  throw error
}

function notJson () {
  return new HttpError(400, 'ERR_JSON_INVALID', 'The body is not valid JSON in UTF-8 without a byte order mark, or sets a prototype.')
}

module.exports = fp(body, { name: 'body', dependencies: ['shm'] })
