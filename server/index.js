'use strict'

const fp = require('fastify-plugin')
const { completeOptions } = require('./lib/options')
const setOwnCompilers = require('./lib/own-compilers')
const gate = require('./plugins/gate')
const { sendProblem } = require('./plugins/problem')
const shm = require('./plugins/shm')
const routes = require('./routes')
const problemSchema = require('./schemas/problem')

/**
 * Shared memory on anybody's Fastify: decorates the instance with `shm`, and serves the segments under `prefix`. What the routes need
 * (hooks, parsers of bodies, the error handler) stays in a scope of its own. index.d.ts describes the options.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {import('.').Options} given
 */
async function plugin (fastify, { prefix, serve = true, logLevel, logSerializers, ...given }) {
  if (typeof serve !== 'boolean') throw new TypeError("the option 'serve' must be true or false")
  const options = completeOptions(given)
  await fastify.register(shm, options)
  if (serve) fastify.register(resources, { prefix, logLevel, logSerializers, ...options })
}

async function resources (fastify, { prefix, ...options }) {
  if (fastify.getSchema('problem') === undefined) fastify.addSchema(problemSchema)
  setOwnCompilers(fastify)
  fastify.setErrorHandler(sendProblem)
  await fastify.register(gate, options)
  await fastify.register(routes, options)
}

module.exports = fp(plugin, { name: '@shmnode/server', fastify: '5.x' })
// For `import plugin from` where a compiler asks for it.
module.exports.default = module.exports
