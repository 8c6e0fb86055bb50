'use strict'

const { execFile, spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const autocannon = require('autocannon')

const execute = promisify(execFile)
const SCRIPT = path.join(__dirname, 'wrk.lua')

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {'GET' | 'POST'} method
 * @property {Buffer} body
 * @property {number} connections
 * @property {number} seconds
 */

/** Debian's wrk: takes less of the machine than what it measures. */
const wrk = {
  name: 'wrk',
  /** @param {Load} load @returns {Promise<{ requests: number, seconds: number }>} */
  async run ({ url, method, body, connections, seconds }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'shmnode-bench-'))
    const file = path.join(folder, 'body')
    writeFileSync(file, body)
    try {
      // It knows whole seconds only: its script counts, and tells how long it took.
      const { stdout } = await execute('wrk', ['-t1', `-c${connections}`, `-d${Math.max(1, Math.round(seconds))}s`, '-s', SCRIPT, url, '--', method, file])
      return check(JSON.parse(stdout.slice(stdout.indexOf('{"'))))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

/** Where there is no wrk. It needs as much of the processor as the server, so that differences look smaller. */
const cannon = {
  name: 'autocannon',
  async run ({ url, method, body, connections, seconds }) {
    const headers = method === 'POST' ? { 'content-type': 'application/octet-stream' } : {}
    const { requests, duration, errors, non2xx } = await autocannon({ url, method, connections, duration: seconds, headers, body: method === 'POST' ? body : undefined })
    return check({ requests: requests.total, seconds: duration, errors: errors + non2xx })
  }
}

function check (result) {
  if (result.errors > 0 || result.requests === 0) throw new Error(`${result.requests} requests, ${result.errors} of which failed`)
  return result
}

const CLIENTS = { wrk, autocannon: cannon }

/** @param {string} [name] one of CLIENTS; without one: wrk, if there is one */
function clientOf (name) {
  return CLIENTS[name] ?? (spawnSync('wrk', ['-v']).error === undefined ? wrk : cannon)
}

module.exports = { CLIENTS, clientOf }
