'use strict'

// Many clients of one server process, whose memory is looked at.

const t = require('tap')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const shm = require('shmnode')
const { uniqueKey, start, request, watch } = require('../helpers/server')

const MEBIBYTE = 1024 * 1024

function residentBytes (pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

/** A server process, and a handle on its segment. */
async function serve (t, env) {
  const key = uniqueKey(t)
  const { child, port } = await start(t, { SHM_KEY: String(key), ...env })
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  return { child, port, segment }
}

async function connect (t, port) {
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

t.test('a thousand idle connections', async t => {
  const { child, port } = await serve(t)
  await request(port)
  const before = residentBytes(child.pid)
  const silent = []
  for (let i = 0; i < 1000; i++) silent.push(await connect(t, port))
  for (let i = 0; i < 20; i++) t.equal((await request(port)).statusCode, 204)
  const grown = residentBytes(child.pid) - before
  t.ok(grown < 100 * MEBIBYTE, `${grown} bytes for 1000 connections`)
  await Promise.all(silent.map(socket => new Promise(resolve => socket.resume().once('close', resolve))))
  t.pass('in time, the server hangs up')
  t.equal((await request(port)).statusCode, 204)
})

t.test('a hundred event streams that nobody reads', async t => {
  const { child, port, segment } = await serve(t, { SHM_CAPACITY: '65536', HEARTBEAT: '60000' })
  const sockets = []
  for (let i = 0; i < 100; i++) {
    const socket = await connect(t, port)
    socket.pause()
    socket.write('GET /watch?value=base64 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    sockets.push(socket)
  }
  const quick = await watch(t, port, { path: '/watch?value=base64' })
  const value = Buffer.alloc(65536)
  const write = async (from, to) => {
    for (let version = from; version <= to; version++) {
      await segment.write(value.fill(version))
      let latest
      do latest = Number((await quick.next()).id); while (latest < version)
    }
  }
  await write(1, 150)
  const before = residentBytes(child.pid)
  await write(151, 500)
  const grown = residentBytes(child.pid) - before
  // Each stream was sent 30 MB of events, if it was sent all of them.
  t.ok(grown < 150 * MEBIBYTE, `${grown} bytes`)

  const [slow] = sockets
  let text = ''
  slow.setEncoding('utf8').on('data', chunk => { text += chunk }).resume()
  while (!text.includes('\nid: 500\n')) await pause(10)
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
  t.same(ids, [...ids].sort((a, b) => a - b), 'rising')
  t.ok(ids.length < 250, `skipped to the newest: ${ids.length} of 500 events`)
})

t.test('a hundred clients that ask and ask for large values, and take none', async t => {
  const length = 8 * MEBIBYTE
  const { child, port, segment } = await serve(t, { SHM_CAPACITY: String(length), MAX_ANSWER_BYTES: String(8 * length) })
  await segment.write(Buffer.alloc(length))
  t.equal((await request(port)).body.length, length)
  const before = residentBytes(child.pid)
  for (let i = 0; i < 100; i++) {
    const socket = await connect(t, port)
    socket.pause()
    socket.write('GET /read HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20))
    // Not two of them have the same value.
    await segment.write(Buffer.alloc(length, i))
  }
  let most = 0
  for (let i = 0; i < 30; i++) {
    most = Math.max(most, residentBytes(child.pid) - before)
    t.equal((await request(port, { path: '/health/live' })).statusCode, 200)
    await pause(50)
  }
  // As many as may be on their way, and as much again that waits to be collected.
  t.ok(most < 2 * 8 * length + 64 * MEBIBYTE, `${most} bytes`)
})
