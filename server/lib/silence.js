'use strict'

/**
 * Lets the connection of a request be silent for so long beyond what it may be otherwise, before it is cut off.
 * @param {import('fastify').FastifyRequest} request
 * @param {number} milliseconds
 * @returns {() => void} takes that back
 */
function allowSilence (request, milliseconds) {
  const { socket } = request.raw
  const usual = socket.timeout
  // 0 and absent: for ever.
  if (!usual) return () => {}
  socket.setTimeout(usual + milliseconds)
  return () => socket.setTimeout(usual)
}

module.exports = { allowSilence }
