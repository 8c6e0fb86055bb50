'use strict'

const fp = require('fastify-plugin')
const { isUtf8 } = require('node:buffer')
const HttpError = require('../lib/http-error')
const readBody = require('../lib/read-body')
const { JSON_TYPE } = require('../lib/media-type')

// Readers of the stored bytes need not know of the mark, and JSON texts have none (RFC 8259).
const FIRST_BYTE_OF_BOM = 0xef

/**
 * Gives the routes of the scope it is registered in their bodies as Buffers. JSON is checked, but stays as it came. Sets no parser
 * for other scopes, where bodies are not read.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {object} options
 * @param {(request: import('fastify').FastifyRequest) => number | Promise<number>} options.limitOf the bytes that a body may have
 */
async function body (fastify, { limitOf }) {
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  const read = async (request, payload) => readBody(payload, await limitOf(request))

  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', read)
  fastify.addContentTypeParser(JSON_TYPE, async (request, payload) => checkJson(await read(request, payload), request, parseJson))
}

function checkJson (bytes, request, parseJson) {
  if (!isUtf8(bytes) || bytes[0] === FIRST_BYTE_OF_BOM) throw invalid('JSON must be UTF-8 without a byte order mark.')
  parseJson(request, bytes.toString(), error => {
    if (error) throw invalid('The body is not valid JSON, or sets a prototype.')
  })
  return bytes
}

function invalid (detail) {
  return new HttpError(400, 'ERR_JSON_INVALID', detail)
}

module.exports = fp(body, { name: 'body', dependencies: ['shm'] })
