'use strict'

const raw = require('./raw')
const read = require('./read')
const segments = require('./segments')
const watch = require('./watch')
const write = require('./write')

/** The segments as resources. */
async function routes (fastify, options) {
  const ofDefault = options.segment.layout === 'raw' ? [raw] : [read, write, watch]
  for (const plugin of [...ofDefault, segments]) fastify.register(plugin, options)
}

module.exports = routes
