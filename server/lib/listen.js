'use strict'

const fs = require('node:fs/promises')
const net = require('node:net')

/**
 * Listens where the configuration says.
 * @param {import('fastify').FastifyInstance} server
 * @param {{ host: string, port: number, socket?: string, socketMode: number }} config
 * @returns {Promise<string>} where, for a person
 */
async function listen (server, { host, port, socket, socketMode }) {
  if (socket === undefined) {
    await server.listen({ host, port })
    return server.listeningOrigin
  }
  if (await isLeftOver(socket)) await fs.unlink(socket)
  // Nobody may come in before the mode is set.
  const usual = process.umask(0o777 & ~socketMode)
  try {
    await server.listen({ path: socket })
  } finally {
    process.umask(usual)
  }
  return socket
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
