'use strict'

const closeWithGrace = require('close-with-grace')
const Fastify = require('fastify')
const app = require('./app')
const { readConfig, ConfigError } = require('./config')
const { STOP_SIGNALS, onStopSignal } = require('./lib/stop-signals')

const GRACE_PERIOD = 10000
const REQUEST_LOG_LEVELS = new Set(['debug', 'trace'])

/** The process: starts the application, and stops it on a signal. */
async function main () {
  const config = readConfig(process.env)
  const server = build(config)
  const grace = closeWithGrace({ delay: GRACE_PERIOD, logger: server.log, skip: STOP_SIGNALS }, async ({ err, signal }) => {
    if (err) server.log.fatal({ err }, 'stopping')
    else server.log.info({ signal }, 'stopping')
    await server.close()
  })
  onStopSignal(() => grace.close(), server.log)
  try {
    await server.listen({ host: config.host, port: config.port })
  } catch (error) {
    grace.uninstall()
    await server.close()
    throw error
  }
  console.log(`shmnode listens on ${server.listeningOrigin}`)
}

function build ({ host, logLevel, segment }) {
  const server = Fastify({
    ...app.serverOptions({ logRequests: REQUEST_LOG_LEVELS.has(logLevel) }),
    logger: { level: logLevel, stream: process.stderr }
  })
  server.register(app, { host, segment })
  return server
}

// One line for a person; the stack only of what nobody foresaw.
function explain (error) {
  if (error instanceof ConfigError) return error.message
  if (error.code === 'EADDRINUSE') return `port ${error.port} of ${error.address} is in use`
  if (error.code === 'EACCES' && error.syscall === 'listen') return `port ${error.port} of ${error.address} is not allowed to this user`
  if (error.code === 'EADDRNOTAVAIL') return `${error.address} is not an address of this machine`
  if (String(error.code).startsWith('ERR_SHM_')) return `the segment cannot be opened: ${error.message} (${error.code})`
  return error.stack
}

main().catch(error => {
  console.error(`shmnode cannot start: ${explain(error)}`)
  process.exit(1)
})
