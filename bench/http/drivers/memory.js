'use strict'

// The least that a POST costs: a route that keeps the value in the memory of its process, and answers with it.

const makeFastify = require('./make-fastify')

let value = Buffer.alloc(0)
const fastify = makeFastify({ bodyLimit: 2 ** 24 })

fastify.removeAllContentTypeParsers()
fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body))
fastify.post('/write', (request, reply) => {
  value = request.body
  return reply.header('content-type', 'application/octet-stream').send(value)
})

fastify.listen({ host: '127.0.0.1', port: 0 }).then(origin => console.log(`listens on ${origin}`))
