'use strict'

const fp = require('fastify-plugin')
const { queueAnswer } = require('../lib/pending-answer')

/** How many requests of a connection wait for the answers before theirs. */
const WAITING = Symbol('waiting requests')
/** Nobody who reads his answers has so many. */
const MOST_WAITING = 256

/**
 * Serves the requests of one connection one after the other: whoever sends many and takes no answers has one value in memory, not
 * many. HTTP/2 has its own bound on them, and one that lasts, such as an event stream, must not keep the others waiting.
 */
async function pipeline (fastify) {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { httpVersionMajor, socket } = request.raw
    if (httpVersionMajor === 2) return done()
    const before = queueAnswer(socket, reply.raw)
    if (before === null) done()
    else waitFor(before, socket, done)
  })
}

function waitFor (before, socket, done) {
  socket[WAITING] = (socket[WAITING] ?? 0) + 1
  if (socket[WAITING] > MOST_WAITING) return socket.destroy()
  before.once('close', () => {
    socket[WAITING]--
    // Nobody would be there for the answer.
    if (socket.writable) done()
  })
}

module.exports = fp(pipeline, { name: 'pipeline' })
