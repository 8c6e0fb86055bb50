'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { existsSync } = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const readline = require('node:readline')
const Fastify = require('fastify')
const shm = require('shmnode')
const app = require('../../server/app')
const serverOptions = require('../../server/server-options')
const keys = require('./keys')

const PEER = path.join(__dirname, '../../build/Release/peer')
const SERVER = path.join(__dirname, '../../server/server.js')

/** A key that no other test has. Its segment is destroyed when the test ends. */
function uniqueKey (t) {
  const key = keys.uniqueKey()
  t.teardown(() => destroy(key))
  return key
}

/** A name that no other test has. Its segment is destroyed when the test ends. */
function uniqueName (t) {
  const name = keys.uniqueName()
  t.teardown(() => destroy(name))
  return name
}

async function destroy (key) {
  await shm.destroy(key).catch(error => {
    if (error.code === 'ERR_SHM_LAYOUT') return shm.destroy(key, { layout: 'raw' })
    if (error.code !== 'ERR_SHM_NOT_FOUND') throw error
  })
}

/** The application on a segment of its own, and the segment's key. */
async function build (t, { segment, requestTimeout, ...options } = {}) {
  const key = segment?.key ?? uniqueKey(t)
  const fastify = Fastify(serverOptions({ requestTimeout }))
  fastify.register(app, { ...options, segment: { key, ...segment } })
  t.teardown(() => fastify.close())
  await fastify.ready()
  return { fastify, key }
}

/** The same, listening. */
async function listen (t, options) {
  const built = await build(t, options)
  await built.fastify.listen({ host: '127.0.0.1', port: 0 })
  return { ...built, port: built.fastify.server.address().port }
}

/** Shorthand for a write by inject. */
function write (fastify, payload, headers = {}) {
  return fastify.inject({ method: 'POST', url: '/write', payload, headers })
}

/** Shorthand for a read by inject. */
function read (fastify, headers = {}) {
  return fastify.inject({ url: '/read', headers })
}

/** Checks that an answer is a problem as RFC 9457 has it. */
function isProblem (t, response, status, code) {
  const type = response.headers['content-type']
  const problem = JSON.parse(response.body)
  t.equal(response.statusCode, status, `status ${status}`)
  t.equal(type, 'application/problem+json')
  t.match(problem, { type: 'about:blank', title: String, status, detail: String, code })
}

/** One request over a real connection. An answer that ends too early rejects with `isCutOff`. */
async function request (port, { method = 'GET', path = '/read', headers, body, agent } = {}) {
  const outgoing = http.request({ host: '127.0.0.1', port, method, path, headers, agent })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  const chunks = await incoming.toArray().catch(error => { throw Object.assign(error, { isCutOff: true }) })
  return { statusCode: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks).toString() }
}

/** Sends bytes that need not be HTTP, and gives all that comes back until the server hangs up. */
async function exchange (port, text) {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  const chunks = []
  socket.on('data', chunk => chunks.push(chunk))
  await new Promise(resolve => socket.on('close', resolve))
  return Buffer.concat(chunks).toString('latin1')
}

/** Takes the exclusive lock of a segment in another process, for so long or until released. */
async function hold (t, key, milliseconds) {
  const holder = spawn(PEER, ['hold', String(key), 'exclusive', String(milliseconds)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill('SIGKILL'))
  await once(readline.createInterface(holder.stdout), 'line')
  return holder
}

/** Why tests that need the lock held must be skipped, or false. */
const noPeer = existsSync(PEER) ? false : 'build/Release/peer is not built'

/** The server process, not yet listening. */
function launch (t, env) {
  // tap's NODE_OPTIONS would load it into the child too.
  const { NODE_OPTIONS, HOST, PORT, SOCKET, AUTH_TOKENS, SHM_KEY, SHM_CAPACITY, SHM_LAYOUT, SHM_SEMAPHORE, LOG_LEVEL, ...inherited } = process.env
  const child = spawn(process.execPath, [SERVER], { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  child.errors = ''
  child.stderr.setEncoding('utf8').on('data', text => { child.errors += text })
  child.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return child
}

/** What a server process says when it listens. */
async function untilListening (child) {
  const lines = readline.createInterface(child.stdout)
  const [line] = await Promise.race([once(lines, 'line'), child.ended.then(() => { throw new Error(child.errors) })])
  return line
}

/** A server process that listens on a port of its own. */
async function start (t, env) {
  const child = launch(t, { PORT: '0', ...env })
  const { port, hostname } = new URL(/https?:\S+/.exec(await untilListening(child))[0])
  return { child, port: Number(port), hostname }
}

/** The events of a stream over a real connection. */
class EventStream {
  #incoming
  #text = ''

  /** @param {import('node:http').IncomingMessage} incoming */
  constructor (incoming) {
    this.#incoming = incoming.setEncoding('utf8')
    this.statusCode = incoming.statusCode
    this.headers = incoming.headers
  }

  /** The next block of lines: { id, data, event }, { retry } or {} for a sign of life; null at the end. */
  async block () {
    while (!this.#text.includes('\n\n')) {
      const chunk = this.#incoming.read()
      if (chunk !== null) this.#text += chunk
      else if (this.#incoming.readableEnded) return null
      else await Promise.race([once(this.#incoming, 'readable'), once(this.#incoming, 'end')])
    }
    const end = this.#text.indexOf('\n\n')
    const fields = Object.fromEntries(this.#text.slice(0, end).split('\n').filter(line => !line.startsWith(':')).map(line => line.split(/: (.*)/)))
    this.#text = this.#text.slice(end + 2)
    return fields.data === undefined ? fields : { ...fields, data: JSON.parse(fields.data) }
  }

  /** The next event. */
  async next () {
    for (;;) {
      const block = await this.block()
      if (block === null || block.id !== undefined) return block
    }
  }

  close () {
    this.#incoming.destroy()
  }
}

/** Opens an event stream. */
async function watch (t, port, { path = '/watch', headers } = {}) {
  const outgoing = http.get({ host: '127.0.0.1', port, path, headers, agent: false })
  const [incoming] = await once(outgoing, 'response')
  t.teardown(() => outgoing.destroy())
  incoming.on('error', () => {})
  return new EventStream(incoming)
}

module.exports = { uniqueKey, uniqueName, watch, build, listen, write, read, isProblem, request, exchange, hold, noPeer, launch, untilListening, start }
