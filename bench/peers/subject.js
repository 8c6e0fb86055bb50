'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')
const readline = require('node:readline')
const shm = require('shmnode')

const NATIVE = path.join(__dirname, '../../build/Release/peers_bench')
const ACTOR = path.join(__dirname, 'actor.js')

/** Milliseconds in which a process has to be ready, or to answer beyond what it was given: a watchdog, not a measure. */
const PATIENCE = 30_000

/** Why a driver is left out, in a word for the report. */
class Skipped extends Error {}

function commandOf ({ module, driver, spec }) {
  const [processor] = spec.processors ?? []
  if (driver.native !== undefined) return [NATIVE, module, driver.native, spec.size, ...(spec.processors ?? [])]
  const pinned = processor === undefined || driver.name === 'worker' ? [] : ['taskset', '-c', processor]
  return [...pinned, process.execPath, ACTOR, JSON.stringify({ caseName: module, driverName: driver.name, spec })]
}

/** The processes of one driver in one case: the first of them, which has started the others. */
class Subject {
  #child
  #lines
  #errors = ''
  #polls

  /** @param {{ module: string, driver: import('./drivers').Driver, spec: object }} what */
  static async start (what) {
    const subject = new Subject(commandOf(what).map(String), what.driver.native === 'polled')
    try {
      await subject.#answer(0)
      return subject
    } catch (error) {
      await subject.end()
      throw error
    }
  }

  constructor ([command, ...args], polls) {
    this.#polls = polls
    const { NODE_OPTIONS, ...env } = process.env
    // A group of its own, so that all of it can be ended.
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true })
    this.ended = new Promise(resolve => {
      this.#child.on('close', resolve)
      this.#child.on('error', error => {
        this.#errors += error.message
        resolve()
      })
    })
    this.#child.stdin.on('error', () => {}) // it has ended: the next line will tell
    this.#child.stderr.setEncoding('utf8').on('data', text => { this.#errors = (this.#errors + text).slice(-4000) })
    this.#lines = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** What a round of so long brought. */
  round (milliseconds) {
    if (this.#polls) this.#signal('SIGCONT')
    this.#child.stdin.write(`${milliseconds}\n`)
    return this.#answer(milliseconds)
  }

  /** Lets it clean up; what it leaves behind is removed. */
  async end () {
    if (this.#polls) this.#signal('SIGCONT')
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#signal('SIGKILL'), PATIENCE)
    await this.ended
    clearTimeout(timer)
    if (this.#child.pid === undefined) return
    this.#signal('SIGKILL') // companions
    await destroyAllOf(this.#child.pid)
  }

  #signal (signal) {
    try {
      process.kill(-this.#child.pid, signal)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }

  async #answer (milliseconds) {
    const timer = setTimeout(() => {
      this.#errors += `no answer in ${PATIENCE / 1000} s`
      this.#signal('SIGKILL')
    }, PATIENCE + milliseconds)
    const { value, done } = await this.#lines.next()
    clearTimeout(timer)
    // Who looks again and again would keep a processor from those whose turn it is.
    if (this.#polls) this.#signal('SIGSTOP')
    if (done) {
      await this.ended
      throw new Skipped(`ended without a result: ${this.#errors.trim().split('\n').at(-1) || 'no word'}`)
    }
    const answer = JSON.parse(value)
    if (answer.skip !== undefined) throw new Skipped(answer.skip)
    if (answer.failed !== undefined) throw new Skipped(`failed: ${answer.failed.split('\n')[0]}`)
    return answer
  }
}

/** Segments that a process made and did not destroy. */
async function destroyAllOf (pid) {
  for (const layout of ['cell', 'raw']) {
    for (const { id, creatorPid } of await shm.list({ layout })) {
      if (creatorPid === pid) await shm.destroy({ id }, { layout }).catch(() => {})
    }
  }
}

module.exports = { Subject, Skipped }
