'use strict'

const net = require('node:net')

const SWEEP_INTERVAL = 50

/**
 * Lets what runs finish when the server closes: waits until every connection has had its answers.
 *
 * `http.Server.close()` alone cuts off an answer that is complete but not yet written out, leaves connections open on
 * which no request has come, and stops enforcing the time-outs.
 *
 * To be registered last and in a scope of its own: only so its `preClose` hook comes after all others, which may have to
 * end what it waits for.
 */
async function drain (fastify) {
  const { server } = fastify
  const sockets = new Set()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  fastify.addHook('preClose', async () => {
    if (server.listening) await finish(server, sockets)
  })
}

function finish (server, sockets) {
  return new Promise(resolve => {
    const sweeper = setInterval(closeIdle, SWEEP_INTERVAL, server, sockets)
    net.Server.prototype.close.call(server, () => {
      clearInterval(sweeper)
      resolve()
    })
    closeIdle(server, sockets)
  })
}

// Node counts a connection as idle as soon as its answer is handed to the socket, even if most of it still waits there.
function closeIdle (server, sockets) {
  for (const socket of sockets) {
    if (socket.bytesRead === 0) socket.destroy()
  }
  if ([...sockets].every(socket => socket.writableLength === 0)) server.closeIdleConnections()
}

module.exports = drain
