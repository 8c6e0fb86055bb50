'use strict'

const http = require('node:http')
const shm = require('../..')
const { uniqueName } = require('../helpers/keys')
const { Server } = require('./ground')
const { isWhole } = require('./value')
const { readOn, replaceOn, writeOn, watchOn, leaveOn } = require('./workers')

const CAPACITY = 400_000
/** Of the time, before memory counts: caches fill, code is compiled. */
const WARM = 0.4
/** So much more memory in the second half of what counts than in its first is a leak: a fraction, and some bytes. */
const GROWTH = 1.1
const SLACK = 16 * 1024 * 1024

/** A run of the soak. */
class Soak {
  #milliseconds
  #began = 0
  #stopped = false
  #enders = []
  #counts = { kills: 0, writes: 0, reads: 0, events: 0 }
  /** By path: the newest version that a client was told of. */
  #acknowledged = new Map()
  /** The entity-tags that were replaced: each by one at most. */
  #replaced = new Set()
  #memory = []
  findings = []

  /** @param {number} milliseconds how long it takes */
  constructor (milliseconds) {
    this.#milliseconds = milliseconds
  }

  get isRunning () {
    return !this.#stopped && this.progress < 1
  }

  get progress () {
    return this.#began === 0 ? 0 : Math.min(1, (performance.now() - this.#began) / this.#milliseconds)
  }

  get facts () {
    return { ...this.#counts, found: this.findings.length, memory: Math.round((this.#memory.at(-1) ?? 0) / 2 ** 20) }
  }

  get report () {
    const { kills, writes, reads, events } = this.#counts
    const memory = this.#memory.length === 0 ? '' : `; memory ${this.#halves.map(bytes => `${Math.round(bytes / 2 ** 20)} MiB`).join(', then ')}`
    const done = `${kills} kills, ${writes} writes, ${reads} reads, ${events} events${memory}`
    return this.findings.length === 0 ? `${done}: nothing lost, torn or stale` : `${done}\n${this.findings.slice(0, 20).join('\n')}`
  }

  stop () {
    this.#stopped = true
  }

  async run () {
    const names = [uniqueName(), uniqueName()]
    const segments = await Promise.all(names.map(name => shm.open(name, { capacity: CAPACITY })))
    try {
      await this.#load(names)
      await Promise.all([this.#checkLast('/read', segments[0]), this.#checkLast(`/segments/${names[1]}`, segments[1])])
      this.#checkMemory()
    } finally {
      await Promise.all(segments.map(segment => segment.destroy()))
    }
  }

  count (what) {
    this.#counts[what]++
  }

  find (what) {
    this.findings.push(what)
  }

  /** What a client was told that the segment holds. */
  acknowledged (path) {
    return this.#acknowledged.get(path) ?? 0
  }

  /** A client was told that his value is this version now, which replaced another if he wanted a certain one to be replaced. */
  acknowledge (path, version, replaced) {
    const known = path === '/write' ? '/read' : path
    this.#acknowledged.set(known, Math.max(this.acknowledged(known), version))
    if (replaced === undefined) return
    if (this.#replaced.has(replaced)) this.find(`lost: two writes replaced ${replaced}`)
    this.#replaced.add(replaced)
  }

  /** A server that was not killed may not go away. */
  async lost (target, error) {
    if (!target.isMortal && this.isRunning) this.find(`no answer: ${error.message}`)
    await this.pause(50)
  }

  onStop (fn) {
    this.#enders.push(fn)
    if (this.#enders.length > 100) this.#enders.shift()
  }

  pause (milliseconds) {
    return new Promise(resolve => setTimeout(resolve, milliseconds))
  }

  async #load (names) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
    const steady = await Server.start(names[0])
    const target = { origin: steady.origin, agent, isMortal: false }
    const mortal = { origin: steady.origin, agent, isMortal: true }
    this.#began = performance.now()
    const sampler = setInterval(() => this.#sample(steady), 1000)
    const workers = [...this.#workers(target, names), ...this.#workers(mortal, names)]
    await this.#killOn(mortal, names[0])
    clearInterval(sampler)
    for (const end of this.#enders) end()
    await Promise.all(workers)
    agent.destroy()
    if (!steady.isRunning) this.find('the server that nobody killed has ended')
    else if (await steady.kill('SIGTERM') !== 0) this.find('the server did not end well')
  }

  #workers (target, names) {
    const path = `/segments/${names[1]}`
    return [
      readOn(this, target, '/read'), readOn(this, target, path), readOn(this, target, '/read'),
      writeOn(this, target, '/write', 'POST'), writeOn(this, target, path, 'PUT'),
      replaceOn(this, target, path, 'PUT'), replaceOn(this, target, path, 'PUT'),
      watchOn(this, target, '/watch'), watchOn(this, target, `${path}/watch`),
      leaveOn(this, target, '/write', 'POST')
    ]
  }

  /** The second server comes, works, and is killed. */
  async #killOn (target, key) {
    while (this.isRunning) {
      const server = await Server.start(key)
      if (server === null) { this.find('the second server did not start'); continue }
      target.origin = server.origin
      const end = Math.random() * 3000
      for (let waited = 0; waited < end && this.isRunning; waited += 50) await this.pause(50)
      await server.kill('SIGKILL')
      this.count('kills')
    }
  }

  #sample (server) {
    if (server.isRunning) this.#memory.push(server.memory)
  }

  /** The mean memory in both halves of the time that counts. */
  get #halves () {
    const warm = this.#memory.slice(Math.floor(this.#memory.length * WARM))
    const middle = Math.ceil(warm.length / 2)
    const mean = list => list.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, list.length)
    return [mean(warm.slice(0, middle)), mean(warm.slice(middle))]
  }

  #checkMemory () {
    const [first, second] = this.#halves
    if (second > first * GROWTH + SLACK) this.find(`the memory grows: ${Math.round(first / 2 ** 20)} MiB, then ${Math.round(second / 2 ** 20)} MiB`)
  }

  async #checkLast (path, segment) {
    const { data, version } = await segment.snapshot()
    if (!isWhole(data)) this.find(`torn: ${path} in the end`)
    if (version < this.acknowledged(path)) this.find(`lost: ${path} has version ${version}, and ${this.acknowledged(path)} was acknowledged`)
  }
}

module.exports = { Soak }
