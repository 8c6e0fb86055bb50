'use strict'

const read = require('./read')
const segments = require('./segments')
const watch = require('./watch')
const write = require('./write')

/** The segments as resources. */
async function routes (fastify, options) {
  for (const plugin of [read, write, watch, segments]) fastify.register(plugin, options)
}

module.exports = routes
