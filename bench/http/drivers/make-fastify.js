'use strict'

const Fastify = require('fastify')
const serverOptions = require('../../../server/server-options')

/** As our server makes its own: with time-outs, and a logger that says nothing. With BARE in the environment, without either. */
function makeFastify (options) {
  return Fastify({ ...(process.env.BARE === undefined && { ...serverOptions(), logger: { level: 'silent' } }), ...options })
}

module.exports = makeFastify
