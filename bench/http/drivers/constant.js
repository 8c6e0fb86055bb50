'use strict'

// The least that a GET costs: a route that returns a constant Buffer.

const { randomBytes } = require('node:crypto')
const makeFastify = require('./make-fastify')

const values = new Map()
const fastify = makeFastify()

// As large as the path says.
fastify.get('/read/:size', (request, reply) => {
  const { size } = request.params
  let value = values.get(size)
  if (value === undefined) values.set(size, value = randomBytes(Number(size)))
  return reply.header('content-type', 'application/octet-stream').send(value)
})

fastify.listen({ host: '127.0.0.1', port: 0 }).then(origin => console.log(`listens on ${origin}`))
