'use strict'

const sendValue = require('../lib/send-value')
const { readSchema } = require('../schemas/value')

/** `GET` and `HEAD /read`: the value of the default segment. */
async function read (fastify, { timeout, isAlone }) {
  const { segment, limits } = fastify.shm
  const context = { timeout, limits, isAlone }
  fastify.get('/read', { schema: readSchema }, (request, reply) => sendValue(request, reply, segment, context))
}

module.exports = read
