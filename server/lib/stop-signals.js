'use strict'

/** What asks the process to stop. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM']
/**
 * A signal within so many milliseconds of the first is an echo: a terminal sends Ctrl-C to every process of the group, and npm
 * passes on what it got as well.
 */
const ECHO = 200

/**
 * The first signal stops, one that comes after its echoes ends the process at once.
 * @param {(signal: string) => void} stop
 * @param {import('fastify').FastifyBaseLogger} log
 */
function onStopSignal (stop, log) {
  let first
  const handle = signal => {
    const now = performance.now()
    if (first === undefined) {
      first = now
      stop(signal)
    } else if (now - first > ECHO) {
      log.error(`second ${signal}, exiting`)
      process.exit(1)
    }
  }
  for (const signal of STOP_SIGNALS) process.on(signal, handle)
}

module.exports = { STOP_SIGNALS, onStopSignal }
