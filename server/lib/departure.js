'use strict'

const isGone = require('./is-gone')

const signals = new WeakMap()

/**
 * What tells that the client of an answer has left before he had it. Costs more than most answers do: to be asked for where somebody
 * waits. The signal that Fastify has for a request goes by what is read of it, and is silent once its body is there.
 * @param {import('node:http').ServerResponse} answer
 * @returns {AbortSignal} the same for each call
 */
function departureOf (answer) {
  let signal = signals.get(answer)
  if (signal === undefined) signals.set(answer, signal = isGone(answer) ? AbortSignal.abort() : signalAtClose(answer))
  return signal
}

function signalAtClose (answer) {
  const departure = new AbortController()
  answer.once('close', () => departure.abort())
  return departure.signal
}

module.exports = { departureOf }
