'use strict'

const raw = require('./raw')
const read = require('./read')
const segments = require('./segments')
const watch = require('./watch')
const write = require('./write')

/** The segments as resources. */
async function routes (fastify, options) {
  fastify.addHook('onRoute', describeHeaders)
  const ofDefault = options.segment.layout === 'raw' ? [raw] : [read, write, watch]
  for (const plugin of [...ofDefault, segments]) fastify.register(plugin, options)
}

/**
 * What a schema says of header fields is for people, and goes to `config.headers`. They are texts in any case, and checking that took
 * as long as a fourth of a read.
 */
function describeHeaders (route) {
  if (route.schema?.headers === undefined) return
  const { headers, ...schema } = route.schema
  Object.assign(route, { schema, config: { ...route.config, headers } })
}

module.exports = routes
