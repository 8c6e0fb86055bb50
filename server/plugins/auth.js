'use strict'

const fp = require('fastify-plugin')
const HttpError = require('../lib/http-error')
const { Tokens } = require('../lib/tokens')

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Demands a token of every request, but for routes whose `config.access` is 'public'. A read-only token will do for GET and HEAD.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ tokens: import('../lib/tokens').Token[] }} options without any, nothing is demanded
 */
async function auth (fastify, { tokens }) {
  if (tokens.length === 0) return
  const known = new Tokens(tokens)
  fastify.addHook('onRequest', (request, reply, done) => done(refusal(request, known)))
}

function refusal ({ method, headers, routeOptions: { config } }, known) {
  if (config.access === 'public') return
  const access = known.accessOf(headers.authorization)
  if (access === null) return unauthorized(headers.authorization)
  if (access === 'read' && !SAFE_METHODS.has(method)) return readOnly()
}

function unauthorized (authorization) {
  const challenge = authorization === undefined ? 'Bearer realm="shmnode"' : 'Bearer realm="shmnode", error="invalid_token"'
  return new HttpError(401, 'ERR_TOKEN', 'This needs a token: Authorization: Bearer TOKEN.', { 'www-authenticate': challenge })
}

function readOnly () {
  const challenge = 'Bearer realm="shmnode", error="insufficient_scope"'
  return new HttpError(403, 'ERR_TOKEN_READ_ONLY', 'This token is for reading only.', { 'www-authenticate': challenge })
}

module.exports = fp(auth, { name: 'auth' })
