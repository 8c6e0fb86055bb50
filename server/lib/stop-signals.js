'use strict'

/** What asks the process to stop. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM']
/**
 * A signal within so many milliseconds of the first is an echo: a terminal sends Ctrl-C to every process of the group, and npm
 * passes on what it got as well.
 */
const ECHO = 200

/**
 * Listens for signals from now on: the first one asks to stop, one that comes after its echoes ends the process at once.
 * @param {(name: string) => void} onSecond called before the process ends at once
 * @returns {AbortSignal} aborts with the name of the first
 */
function catchStopSignals (onSecond) {
  const stop = new AbortController()
  let first
  const handle = name => {
    const now = performance.now()
    if (first === undefined) {
      first = now
      stop.abort(name)
    } else if (now - first > ECHO) {
      onSecond(name)
      process.exit(1)
    }
  }
  for (const name of STOP_SIGNALS) process.on(name, handle)
  return stop.signal
}

module.exports = { STOP_SIGNALS, catchStopSignals }
