'use strict'

// Other processes. What they print counts by the line.

const { spawn } = require('node:child_process')
const path = require('node:path')
const readline = require('node:readline')
const { isPosix } = require('./memory')

const FIXTURES = path.join(__dirname, '../fixtures')

/** For suites that run over POSIX shared memory, in all their processes. */
const OVER_POSIX = `--require=${path.join(__dirname, 'over-posix.js')}`

/** Without the runner's NODE_OPTIONS, whose loaders make the start of a process take a second. */
const plainEnv = env => ({ ...process.env, NODE_OPTIONS: isPosix ? OVER_POSIX : undefined, ...env })

/** A running process. */
class Child {
  #lines = []
  #waiting = []
  #ended = false

  constructor (command, args, env) {
    this.process = spawn(command, args, { env: plainEnv(env), stdio: ['pipe', 'pipe', 'pipe'] })
    this.pid = this.process.pid
    this.stderr = ''
    this.process.stdin.on('error', () => {}) // it has died: `ended` tells
    this.process.stderr.setEncoding('utf8').on('data', text => { this.stderr += text })
    readline.createInterface({ input: this.process.stdout }).on('line', line => this.#take(line))
    /** How it came to its end: { code, signal, stderr }. */
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject)
      this.process.on('close', (code, signal) => {
        this.#end()
        resolve({ code, signal, stderr: this.stderr })
      })
    })
  }

  /** The next line that it prints. */
  line () {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift())
    if (this.#ended) return Promise.reject(this.#noLine())
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Lines that it has printed and nobody has asked for. */
  get lines () {
    return this.#lines
  }

  send (line) {
    this.process.stdin.write(`${line}\n`)
  }

  kill (signal = 'SIGKILL') {
    this.process.kill(signal)
    return this.ended
  }

  #take (line) {
    if (this.#waiting.length > 0) this.#waiting.shift().resolve(line)
    else this.#lines.push(line)
  }

  #end () {
    this.#ended = true
    for (const { reject } of this.#waiting.splice(0)) reject(this.#noLine())
  }

  #noLine () {
    return new Error(`the process ended without another line. ${this.stderr}`)
  }
}

/** Starts any program; killed when the test ends. */
function start (t, command, args, env) {
  const child = new Child(command, args.map(String), env)
  t.teardown(() => child.kill())
  return child
}

/** Starts a script of test/fixtures in a process of its own. */
function child (t, script, args = [], { env, execArgv = [] } = {}) {
  return start(t, process.execPath, [...execArgv, path.join(FIXTURES, script), ...args], env)
}

module.exports = { start, child, plainEnv, FIXTURES, OVER_POSIX }
