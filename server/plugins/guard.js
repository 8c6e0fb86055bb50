'use strict'

const fp = require('fastify-plugin')
const HttpError = require('../lib/http-error')

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** A name or an address, and perhaps a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]@/?#\s]+)(?::\d{1,5})?$/i

/**
 * Refuses what a web page of somebody else could make a browser send: requests for a foreign host (DNS rebinding), and requests
 * from a foreign page.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ hosts: string[] | 'any' }} options the names and addresses by which the server may be called, besides those of loopback
 *   and the address that a connection came in by
 */
async function guard (fastify, { hosts }) {
  const isOurs = hosts === 'any' ? () => true : hostTest([...LOOPBACK_NAMES, ...hosts.map(bracketed)])
  fastify.addHook('onRequest', (request, reply, done) => done(refusal(request.raw, isOurs)))
}

function refusal (raw, isOurs) {
  const host = hostOf(raw)
  if (host === undefined) return new HttpError(400, 'ERR_HOST_COUNT', 'There must be exactly one Host header.')
  if (!isOurs(host, raw.socket)) return new HttpError(403, 'ERR_HOST_FOREIGN', 'The Host header does not name this server.')
  if (isCrossSite(raw, host)) return new HttpError(403, 'ERR_CROSS_SITE', 'Requests from the pages of other sites are refused.')
}

/** By what the server is called, if that is said once. */
function hostOf ({ httpVersionMajor, rawHeaders, headers }) {
  if (httpVersionMajor !== 2) return hostCount(rawHeaders) === 1 ? headers.host : undefined
  const { host, ':authority': authority = host } = headers
  return host === undefined || host === authority ? authority : undefined
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

function hostTest (hosts) {
  const names = new Set(hosts.map(host => host.toLowerCase()))
  let latest
  return (header, socket) => {
    if (header === latest) return true
    const name = HOST.exec(header)?.[1].toLowerCase()
    // Nobody can make a name of his own stand for an address.
    if (!names.has(name)) return name !== undefined && name === bracketed(socket.localAddress)
    latest = header
    return true
  }
}

/** An address as it is written in a URL. */
function bracketed (address = '') {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  return plain.includes(':') && !plain.startsWith('[') ? `[${plain}]` : plain
}

// A person who follows a link from elsewhere may read; a page that embeds or fetches may not.
function isCrossSite ({ method, headers }, host) {
  if (headers['sec-fetch-site'] === 'cross-site') return !(SAFE_METHODS.has(method) && headers['sec-fetch-mode'] === 'navigate')
  if (headers.origin === undefined || SAFE_METHODS.has(method)) return false
  return headers.origin !== `http://${host}` && headers.origin !== `https://${host}`
}

module.exports = fp(guard, { name: 'guard' })
