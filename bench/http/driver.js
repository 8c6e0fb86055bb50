'use strict'

const { fork } = require('node:child_process')
const { randomInt } = require('node:crypto')
const { once } = require('node:events')
const path = require('node:path')
const shm = require('shmnode')

const GAUGES = path.join(__dirname, 'gauges.js')
const OURS = path.join(__dirname, '../../server/server.js')
const PEERS = path.join(__dirname, 'drivers')
const CAPACITY = 1024 * 1024

/** A server in a process of its own, which tells what it costs. */
class Driver {
  #child
  #key

  /** Ours, on a segment of its own. */
  static ours (options) {
    const key = 0x5e000000 + randomInt(2 ** 24)
    return Driver.#start(OURS, { SHM_KEY: String(key), SHM_CAPACITY: String(CAPACITY), LOG_LEVEL: 'silent' }, options, key)
  }

  /** One of ./drivers. */
  static peer (name, { isBare = false }) {
    return Driver.#start(path.join(PEERS, `${name}.js`), isBare ? { BARE: '1' } : {}, {})
  }

  static async #start (script, env, { profile }, key) {
    const execArgv = ['--require', GAUGES, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])]
    const { HOST, SOCKET, AUTH_TOKENS, BARE, ...inherited } = process.env
    const child = fork(script, { execArgv, env: { ...inherited, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => { throw new Error(`${script} ended`) })])
    child.stdout.resume()
    return new Driver(child, new URL(/http:\S+/.exec(line)[0]).origin, key)
  }

  constructor (child, origin, key) {
    this.#child = child
    this.#key = key
    this.origin = origin
  }

  /** What it has used since it was last asked: processor time in microseconds, and how late its loop was, p99 in milliseconds. */
  async gauges () {
    this.#child.send('gauges')
    const [gauges] = await once(this.#child, 'message')
    return gauges
  }

  async stop () {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
    if (this.#key !== undefined) await shm.destroy(this.#key)
  }
}

module.exports = { Driver }
