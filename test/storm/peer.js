'use strict'

// A process of the storm, in any language.

const { spawn } = require('node:child_process')
const path = require('node:path')
const { plainEnv } = require('../helpers/child')
const { STORM_PEER } = require('../helpers/peer')
const { PYTHON } = require('../helpers/python')
const { BY_EXIT_CODE } = require('./findings')
const { whereWaits } = require('./waits')

const PROGRAMS = {
  'C++': [STORM_PEER],
  'Node.js': [process.execPath, path.join(__dirname, 'node-peer.js')],
  Python: [PYTHON, path.join(__dirname, '../conformance/python/storm_peer.py')]
}

class Peer {
  #process
  #killed = false
  #rest = ''
  #errors = ''
  #ready = false
  #holds = false

  /** `hear(words)` is given the words of each line that it prints, apart from its own state. */
  constructor ({ language, role, ground }, seed, hear) {
    const [program, ...args] = PROGRAMS[language]
    // In a process group of its own: an interrupt from the keyboard is for the driver.
    this.#process = spawn(program, [...args, role, ground.key, ground.capacity, seed].map(String),
      { env: plainEnv(), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#process.stdout.setEncoding('latin1').on('data', text => this.#take(text, hear))
    this.#process.stderr.setEncoding('utf8').on('data', text => { this.#errors = (this.#errors + text).slice(-1000) })
    /** What it has found or how it crashed, as { kind, text }; null where it lived until it was killed. After all that it has said. */
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => resolve(this.#end(code, signal)))
    })
  }

  get isReady () {
    return this.#ready
  }

  get isKilled () {
    return this.#killed
  }

  /** For the report: where in its life a kill reaches it. */
  get state () {
    if (!this.#ready) return 'starting'
    return this.#holds ? 'holding the lock' : whereWaits(this.#process.pid) ?? 'elsewhere'
  }

  kill () {
    this.#killed = true
    this.#process.kill('SIGKILL')
  }

  stop () {
    this.#process.kill('SIGSTOP')
  }

  goOn () {
    this.#process.kill('SIGCONT')
  }

  #take (text, hear) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) {
      if (line === 'ready') this.#ready = true
      else if (line === 'holding') this.#holds = true
      else if (line === 'free') this.#holds = false
      else hear(line.split(' '))
    }
  }

  #end (code, signal) {
    if (this.#killed && signal === 'SIGKILL') return null
    return { kind: BY_EXIT_CODE[code] ?? 'crashed', text: `${signal ?? `exit code ${code}`}: ${this.#errors.trim()}` }
  }
}

module.exports = { Peer }
