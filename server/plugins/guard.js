'use strict'

const fp = require('fastify-plugin')
const HttpError = require('../lib/http-error')

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what a web page of somebody else could make a browser on this machine send: requests for a foreign host
 * (DNS rebinding), and requests from a foreign page.
 */
async function guard (fastify, { host }) {
  const isOurHost = hostTest(host)
  fastify.addHook('onRequest', (request, reply, done) => done(refusal(request.raw, isOurHost)))
}

function refusal (raw, isOurHost) {
  if (hostCount(raw.rawHeaders) !== 1) return new HttpError(400, 'ERR_HOST_COUNT', 'There must be exactly one Host header.')
  if (!isOurHost(raw.headers.host)) return new HttpError(403, 'ERR_HOST_FOREIGN', 'The Host header does not name this server.')
  if (isCrossSite(raw)) return new HttpError(403, 'ERR_CROSS_SITE', 'Requests from the pages of other sites are refused.')
}

// Node keeps the first of two Host headers and says nothing.
function hostCount (rawHeaders) {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}

function hostTest (host) {
  const own = host.includes(':') ? `[${host}]` : host
  return header => LOOPBACK_HOST.test(header) || header === own || header.startsWith(`${own}:`)
}

// A person who follows a link from elsewhere may read; a page that embeds or fetches may not.
function isCrossSite ({ method, headers }) {
  if (headers['sec-fetch-site'] === 'cross-site') return !(SAFE_METHODS.has(method) && headers['sec-fetch-mode'] === 'navigate')
  if (headers.origin === undefined || SAFE_METHODS.has(method)) return false
  return headers.origin !== `http://${headers.host}` && headers.origin !== `https://${headers.host}`
}

module.exports = fp(guard, { name: 'guard' })
