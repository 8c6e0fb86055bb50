'use strict'

const t = require('tap')
const net = require('node:net')
const shm = require('shmnode')
const { listen, request, hold, noPeer } = require('../helpers/server')

const LARGE = 16 * 1024 * 1024
const REQUEST = 'GET /read HTTP/1.1\r\nHost: localhost\r\n\r\n'

const connect = async port => {
  const socket = net.connect(port, '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  return socket
}

t.test('a slow reader gets the whole answer', async t => {
  const { fastify, key, port } = await listen(t, { stopTimeout: 60_000, segment: { capacity: LARGE } })
  const segment = await shm.open(key)
  await segment.write(Buffer.alloc(LARGE, 'x'), { mediaType: 'text/plain' })
  await segment.close()

  const socket = await connect(port)
  let received = 0
  socket.write(REQUEST)
  await new Promise(resolve => socket.once('data', data => {
    received += data.length
    socket.pause()
    resolve()
  }))
  const closed = fastify.close()
  await new Promise(resolve => setTimeout(resolve, 300))
  socket.on('data', data => { received += data.length })
  socket.resume()
  await new Promise(resolve => socket.once('close', resolve))
  t.ok(received > LARGE, `${received} bytes`)
  await closed
})

t.test('connections on which nothing happens do not hold it up', async t => {
  const { fastify, port } = await listen(t)
  const silent = await connect(port)
  const idle = await connect(port)
  idle.write(REQUEST)
  await new Promise(resolve => idle.once('data', resolve))
  const hungUp = Promise.all([silent, idle].map(socket => new Promise(resolve => socket.resume().once('close', resolve))))
  await fastify.close()
  await hungUp
  t.pass('both were closed')
})

t.test('a client that does not take its answer is not waited for', async t => {
  const { fastify, key, port } = await listen(t, { segment: { capacity: LARGE } })
  const segment = await shm.open(key)
  await segment.write(Buffer.alloc(LARGE, 'x'))
  await segment.close()

  const socket = await connect(port)
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  socket.write(REQUEST)
  while (fastify.shm.limits.answerBytes.used === 0) await new Promise(resolve => setTimeout(resolve, 10))
  const begun = performance.now()
  await fastify.close()
  t.comment(`closed within ${Math.round(performance.now() - begun)} ms`)
  t.notOk(fastify.server.listening)
})

t.test('what goes on for longer than closing may take is cut off', { skip: noPeer }, async t => {
  const { fastify, key, port } = await listen(t, { stopTimeout: 300, timeout: 60_000 })
  await hold(t, key, 60_000)
  const waiting = request(port, { method: 'POST', path: '/write', body: 'x' }).catch(error => error.code)
  while (fastify.shm.limits.writes.used === 0) await new Promise(resolve => setTimeout(resolve, 10))
  await fastify.close()
  t.equal(await waiting, 'ECONNRESET')
})
