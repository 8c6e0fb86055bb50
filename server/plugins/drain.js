'use strict'

const net = require('node:net')
const { pendingAnswer } = require('../lib/pending-answer')

const SWEEP_INTERVAL = 50
/** A client that takes nothing of its answer, or sends nothing of its request, for so long is not waited for. */
const STALL = 1000

/**
 * Lets what runs finish when the server closes: waits until every connection has had its answers, or has shown that it does not
 * want them.
 *
 * `http.Server.close()` alone cuts off an answer that is complete but not yet written out, leaves connections open on
 * which no request has come, and stops enforcing the time-outs.
 *
 * To be registered last and in a scope of its own: only so its `preClose` hook comes after all others, which may have to
 * end what it waits for.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ timeout: number }} options milliseconds after which nobody is waited for any more
 */
async function drain (fastify, { timeout }) {
  const { server } = fastify
  const connections = new Connections(server)
  fastify.addHook('preClose', async () => {
    if (server.listening) await finish(server, connections, timeout)
  })
}

/** The sockets of a server, encrypted or not. */
class Connections {
  #sockets = new Set()
  /** Of TLS connections, what they run over; until the handshake is over, all there is of them. */
  #carriers = new Set()
  /** The time-outs of those that are in a hurry, as they were before. */
  #usual = new WeakMap()

  constructor (server) {
    const isEncrypted = server.listenerCount('secureConnection') > 0
    if (isEncrypted) server.on('secureConnection', socket => keep(this.#sockets, socket))
    server.on('connection', socket => keep(isEncrypted ? this.#carriers : this.#sockets, socket))
  }

  get areAllFlushed () {
    return [...this.#sockets].every(({ writableLength }) => writableLength === 0)
  }

  /** Ends those that have not begun a request, and gives those a little time that keep us waiting. */
  sweep () {
    for (const socket of this.#sockets) {
      if (socket.bytesRead === 0) socket.destroy()
      else if (isWaitedFor(socket)) this.#hurry(socket)
      else this.#relax(socket)
    }
    if (this.#sockets.size === 0) this.destroy()
  }

  destroy () {
    for (const socket of [...this.#sockets, ...this.#carriers]) socket.destroy()
  }

  #hurry (socket) {
    if (this.#usual.has(socket)) return
    this.#usual.set(socket, socket.timeout)
    // It starts anew whenever the client takes or sends something.
    socket.setTimeout(STALL)
  }

  #relax (socket) {
    if (!this.#usual.has(socket)) return
    socket.setTimeout(this.#usual.get(socket))
    this.#usual.delete(socket)
  }
}

/** Whether it is the client's turn: to take what is written, or to send what he has begun. */
function isWaitedFor (socket) {
  return socket.writableLength > 0 || pendingAnswer(socket) === null
}

// What becomes of a socket that times out, Node decides: it is destroyed.
function keep (sockets, socket) {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}

function finish (server, connections, timeout) {
  return new Promise(resolve => {
    const sweeper = setInterval(closeIdle, SWEEP_INTERVAL, server, connections)
    const limit = setTimeout(() => connections.destroy(), timeout)
    net.Server.prototype.close.call(server, () => {
      clearInterval(sweeper)
      clearTimeout(limit)
      resolve()
    })
    closeIdle(server, connections)
  })
}

// Node counts a connection as idle as soon as its answer is handed to the socket, even if most of it still waits there.
function closeIdle (server, connections) {
  connections.sweep()
  if (connections.areAllFlushed) server.closeIdleConnections()
}

module.exports = drain
