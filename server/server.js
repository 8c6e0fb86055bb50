'use strict'

const { STOP_SIGNALS, catchStopSignals } = require('./lib/stop-signals')

let log
// Before all else, as that takes a while to load: whoever stops what he has just started shall find it stopped, not failed.
const stop = catchStopSignals(name => log?.error(`second ${name}, exiting`))

const closeWithGrace = require('close-with-grace')
const Fastify = require('fastify')
const app = require('./app')
const { readConfig, ConfigError } = require('./config')
const listen = require('./lib/listen')
const serverOptions = require('./server-options')

/** How much longer than closing may take the process may live, in milliseconds. */
const MARGIN = 2000
const SHORT_TOKEN = 16
const REQUEST_LOG_LEVELS = new Set(['debug', 'trace'])

/** The process: starts the application, and stops it on a signal. */
async function main () {
  const config = readConfig(process.env)
  const server = build(config)
  log = server.log
  const grace = closeWithGrace({ delay: config.stopTimeout + MARGIN, logger: log, skip: STOP_SIGNALS }, async ({ err }) => {
    if (err) log.fatal({ err }, 'stopping')
    else log.info({ signal: stop.reason }, 'stopping')
    await listening.catch(() => {})
    await server.close()
  })
  stop.addEventListener('abort', () => grace.close())
  const listening = listen(server, { ...config, stop })
  try {
    const where = await listening
    if (where === null) return
    console.log(`shmnode listens on ${where}`)
    warn(log, config)
  } catch (error) {
    if (stop.aborted) return
    grace.uninstall()
    await server.close()
    throw error
  }
}

function build ({ logLevel, requestTimeout, maxConnections, tls, isLocal, ...options }) {
  const server = Fastify({
    ...serverOptions({ logRequests: REQUEST_LOG_LEVELS.has(logLevel), timeout: options.timeout, requestTimeout, tls }),
    logger: { level: logLevel, stream: process.stderr }
  })
  server.server.maxConnections = maxConnections
  server.register(app, { ...options, hosts: [options.host, ...options.hosts] })
  return server
}

/** Of what works, but should not stay so. */
function warn (log, { tokens, isLocal, tls }) {
  if (!isLocal && tls === undefined) log.warn('without TLS_CERT, tokens and values travel in clear: whoever can listen in can use them')
  if (tokens.some(({ token }) => token.length < SHORT_TOKEN)) log.warn(`a token has less than ${SHORT_TOKEN} characters: it may be guessed (openssl rand -hex 32 makes a good one)`)
}

// One line for a person; the stack only of what nobody foresaw.
function explain (error) {
  if (error instanceof ConfigError) return error.message
  if (error.code === 'EADDRINUSE') return `${whereOf(error)} is in use`
  if (error.code === 'EACCES' && error.syscall === 'listen') return `${whereOf(error)} is not allowed to this user`
  if (error.code === 'EADDRNOTAVAIL') return `${error.address} is not an address of this machine`
  if (error.syscall === 'listen') return `it cannot listen on ${error.address}: ${error.code}`
  if (String(error.code).startsWith('ERR_SHM_')) return `the segment cannot be opened: ${error.message} (${error.code})`
  return error.stack
}

/** Of a Unix socket Node gives a path as the address, and -1 as the port. */
function whereOf ({ address, port = -1 }) {
  return port === -1 ? address : `port ${port} of ${address}`
}

main().catch(error => {
  console.error(`shmnode cannot start: ${explain(error)}`)
  process.exit(1)
})
