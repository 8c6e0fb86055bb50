'use strict'

const t = require('tap')
const net = require('node:net')
const { build, listen } = require('../helpers/server')

t.test('alive and ready', async t => {
  const { fastify } = await build(t)
  for (const url of ['/health/live', '/health/ready']) {
    const response = await fastify.inject(url)
    t.equal(response.statusCode, 200)
    t.same(response.json(), { status: 'ok' })
    t.equal(response.headers['cache-control'], 'no-store')
  }
})

t.test('not ready while stopping; what has begun is finished', async t => {
  const { fastify, port } = await listen(t)
  const socket = net.connect(port, '127.0.0.1')
  let answers = ''
  socket.on('data', data => { answers += data })
  const ended = new Promise(resolve => socket.on('close', resolve))
  const arrived = new Promise(resolve => fastify.server.once('request', resolve))
  socket.write('POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc')
  await arrived
  const closed = fastify.close()
  await new Promise(resolve => setTimeout(resolve, 200))
  socket.write('defGET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await ended
  await closed

  const [first, second] = answers.split(/(?<=abcdef)/)
  t.match(first, /^HTTP\/1.1 200 [^]*\r\n\r\nabcdef$/)
  t.match(second, /^HTTP\/1.1 503 /)
  t.match(second, /\r\nretry-after: 1\r\n/)
  t.match(second, /\r\nconnection: close\r\n/i)
  t.match(JSON.parse(second.split('\r\n\r\n')[1]), { status: 503, code: 'ERR_SHM_CLOSED' })
})
