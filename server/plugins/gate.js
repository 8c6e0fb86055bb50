'use strict'

const fp = require('fastify-plugin')
const pressure = require('@fastify/under-pressure')
const rateLimit = require('@fastify/rate-limit')
const HttpError = require('../lib/http-error')
const { overloaded } = require('../lib/overload')
const auth = require('./auth')
const guard = require('./guard')
const pipeline = require('./pipeline')

/** A loop that is late by so many milliseconds on average, while so many clients are connected, is overloaded. (With few of them it is the machine that is busy, and to refuse them would help nobody.) */
const LATE = 1000
const MANY = 128

/**
 * What each request of the scope must get past: from a page or host that may ask, not too many, not too much at once, with a token.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ hosts: string[] | 'any', tokens: import('../lib/tokens').Token[], rateLimit: number }} options `rateLimit`: requests of one
 *   address in a second; 0: any number
 */
async function gate (fastify, options) {
  // First: all that is answered has its place in the order.
  await fastify.register(pipeline)
  await fastify.register(guard, options)
  await shedLoad(fastify)
  if (options.rateLimit > 0) await limitRate(fastify, options.rateLimit)
  await fastify.register(auth, options)
}

/** A hook of the scope, not of each route: those without a token and those who look for routes count too. */
async function limitRate (fastify, max) {
  await fastify.register(rateLimit, { global: false, max, timeWindow: 1000, allowList: isPublic, errorResponseBuilder: tooMany })
  fastify.addHook('onRequest', fastify.rateLimit())
}

function isPublic ({ routeOptions: { config } }) {
  return config.access === 'public'
}

async function shedLoad (fastify) {
  let clients = 0
  fastify.server.on('connection', socket => {
    clients++
    socket.once('close', () => { clients-- })
  })
  let isLate
  // In a scope without requests: its own hook asks each of them for its route, for which Fastify makes an object every time.
  await fastify.register(async scope => {
    await scope.register(pressure, { maxEventLoopDelay: LATE })
    isLate = scope.isUnderPressure
  })
  // Those who ask whether the server is well are told so even then.
  const isToGo = request => clients >= MANY && isLate() && !isPublic(request)
  fastify.addHook('onRequest', (request, reply, done) => done(isToGo(request) ? overloaded('The server has too much to do.') : undefined))
}

function tooMany () {
  return new HttpError(429, 'ERR_RATE_LIMIT', 'Too many requests from this address.')
}

module.exports = fp(gate, { name: 'gate' })
