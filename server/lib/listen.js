'use strict'

const fs = require('node:fs/promises')
const net = require('node:net')

/**
 * Listens where the configuration says, unless the server is stopped before. Who stops it meanwhile waits for this before he closes it:
 * Fastify and Node take the signal too, but then Node stops listening before the hooks that see to what still runs.
 * @param {import('fastify').FastifyInstance} server
 * @param {{ host: string, port: number, socket?: string, socketMode: number, stop: AbortSignal }} config
 * @returns {Promise<string | null>} where, for a person; null if it does not
 */
async function listen (server, { host, port, socket, socketMode, stop }) {
  await server.ready()
  if (stop.aborted) return null
  if (socket === undefined) await server.listen({ host, port })
  else await listenOnSocket(server, socket, socketMode)
  return stop.aborted ? null : socket ?? server.listeningOrigin
}

async function listenOnSocket (server, socket, mode) {
  if (await isLeftOver(socket)) await fs.unlink(socket)
  // Nobody may come in before the mode is set.
  const usual = process.umask(0o777 & ~mode)
  try {
    await server.listen({ path: socket })
  } finally {
    process.umask(usual)
  }
}

/** True for a socket that a server which was killed has left behind. */
async function isLeftOver (path) {
  const stat = await fs.lstat(path).catch(() => null)
  return stat !== null && stat.isSocket() && !await isAnswered(path)
}

function isAnswered (path) {
  return new Promise(resolve => {
    const client = net.connect(path)
    client.once('connect', () => resolve(true))
    client.once('error', error => resolve(error.code !== 'ECONNREFUSED'))
    client.once('connect', () => client.destroy())
  })
}

module.exports = listen
