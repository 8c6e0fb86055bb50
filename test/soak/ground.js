'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')

const SERVER = path.join(__dirname, '../../server/server.js')
const PAGE = 4096

/** A server process. */
class Server {
  /** @param {string} key of its default segment */
  static async start (key) {
    const { NODE_OPTIONS, HOST, SOCKET, AUTH_TOKENS, ...inherited } = process.env
    const child = spawn(process.execPath, [SERVER], { env: { ...inherited, PORT: '0', SHM_KEY: key, LOG_LEVEL: 'error', REQUEST_TIMEOUT: '60000' }, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    const line = await Promise.race([once(readline.createInterface(child.stdout), 'line'), ended.then(() => null)])
    return line === null ? null : new Server(child, ended, new URL(/http:\S+/.exec(line[0])[0]).origin)
  }

  constructor (child, ended, origin) {
    this.child = child
    this.ended = ended
    this.origin = origin
  }

  /** Resident memory in bytes. */
  get memory () {
    return Number(readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1]) * PAGE
  }

  get isRunning () {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  async kill (signal) {
    this.child.kill(signal)
    const [code] = await this.ended
    return code
  }
}

module.exports = { Server }
