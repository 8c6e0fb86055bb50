'use strict'

const path = require('node:path')
const serveFiles = require('@fastify/static')

const PUBLIC = path.join(__dirname, '../public')
const ASSETS = { schema: { hide: true }, config: { access: 'public' } }

/** What the page takes from other packages, under the addresses that its modules import it by. */
const VENDOR = {
  '/vendor/preact.mjs': besides('htm/preact', 'standalone.mjs'),
  '/vendor/uplot.mjs': besides('uplot', 'uPlot.esm.js'),
  '/vendor/uplot.css': besides('uplot', 'uPlot.min.css')
}

/** A file that lies where the main file of a package does. */
function besides (specifier, file) {
  return path.join(path.dirname(require.resolve(specifier)), file)
}

/** The page runs the scripts of its own server and nothing else, and makes no markup of texts. An image that is a value is a blob. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' blob: data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin'
}

/**
 * `/`: the live page, for whoever looks instead of reading. Everybody may load it; the values that it shows are asked for with a token,
 * if the server wants one.
 *
 * To be registered in a scope of its own, which its headers are for.
 */
async function page (fastify) {
  fastify.addHook('onRoute', route => Object.assign(route, { schema: ASSETS.schema, config: { ...route.config, ...ASSETS.config } }))
  fastify.addHook('onRequest', async (request, reply) => { reply.headers(HEADERS) })
  // A route for each file: what is not there is answered as everywhere else.
  await fastify.register(serveFiles, { root: PUBLIC, wildcard: false, cacheControl: false, setHeaders: alwaysAsk })
  for (const [url, file] of Object.entries(VENDOR)) {
    fastify.get(url, (request, reply) => reply.sendFile(path.basename(file), path.dirname(file)))
  }
}

/** A new version of the server has new modules, which must not meet old ones: the browser asks each time whether they have changed. */
function alwaysAsk (response) {
  response.setHeader('cache-control', 'no-cache')
}

module.exports = page
