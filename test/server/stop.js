'use strict'

// What SIGTERM does to what the real process is at.

const t = require('tap')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { setTimeout } = require('node:timers/promises')
const shm = require('shmnode')
const { withoutLeakCheck } = require('../helpers/run')
const { uniqueKey, start, request } = require('../helpers/server')

const LARGE = 64 * 1024 * 1024
/** Far above what stopping takes if nothing holds it up, and less than any other limit that could end a connection meanwhile. */
const STOP_TIMEOUT = '9000'
const LIMITS = { STOP_TIMEOUT, LOCK_TIMEOUT: '60000' }
const POST = 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nConnection: close\r\n'

/** A connection on which so much has been said. */
async function say (t, port, text) {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Sends SIGTERM, and waits until nobody new is let in. */
async function stop (child, port) {
  child.kill('SIGTERM')
  const isLetIn = () => new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1').once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
  while (await isLetIn()) await setTimeout(5)
}

async function milliseconds (promise) {
  const begun = performance.now()
  await promise
  return performance.now() - begun
}

t.test('an answer on its way arrives whole', async t => {
  const key = uniqueKey(t)
  const { child, port } = await start(t, { SHM_KEY: String(key), SHM_CAPACITY: String(LARGE) })
  const segment = await shm.open(key)
  await segment.write(Buffer.alloc(LARGE))
  await segment.close()
  const [incoming] = await once(http.get({ host: '127.0.0.1', port, path: '/read', agent: false }), 'response')
  await stop(child, port)
  let received = 0
  for await (const chunk of incoming) received += chunk.length
  t.equal(received, LARGE)
  t.same(await child.ended, { code: 0, signal: null })
})

t.test('who says nothing, or stops in the middle of a request, does not hold it up', async t => {
  const begun = ['', 'GET /read HTTP/1.1\r\nHost: loc', `${POST}Content-Length: 9\r\n\r\nhalf`, `${POST}Transfer-Encoding: chunked\r\n\r\n`]
  // The look for leaks takes as long as what must not hold it up.
  for (const text of begun) {
    const { child, port } = await start(t, { SHM_KEY: String(uniqueKey(t)), ...LIMITS, ...withoutLeakCheck() })
    await say(t, port, text)
    await request(port) // By then the server has read what came before.
    child.kill('SIGTERM')
    t.ok(await milliseconds(child.ended) < Number(STOP_TIMEOUT), JSON.stringify(text))
    t.same(await child.ended, { code: 0, signal: null })
  }
})

t.test('who says nothing is cut off in time to end well', async t => {
  const { child, port } = await start(t, { SHM_KEY: String(uniqueKey(t)), STOP_TIMEOUT: '300' })
  await say(t, port, 'GET /read HTTP/1.1\r\nHost: loc')
  await request(port)
  child.kill('SIGTERM')
  t.same(await child.ended, { code: 0, signal: null })
})

t.test('a request of which the rest comes slowly is answered', async t => {
  const { child, port } = await start(t, { SHM_KEY: String(uniqueKey(t)), ...LIMITS })
  const text = `${POST}Content-Length: 5\r\n\r\nvalue`
  const half = text.length >> 1
  const socket = await say(t, port, text.slice(0, half))
  await request(port)
  await stop(child, port)
  // Longer in all than a silence may be.
  const rest = text.slice(half)
  const step = Math.ceil(rest.length / 8)
  for (let at = 0; at < rest.length; at += step) {
    socket.write(rest.slice(at, at + step))
    await setTimeout(200)
  }
  t.match((await socket.setEncoding('utf8').toArray()).join(''), /^HTTP\/1\.1 200 [^]*value$/)
  t.same(await child.ended, { code: 0, signal: null })
})
